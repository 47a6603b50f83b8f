package telegramsim

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "4242:line-token"

// scene is a server with one bot and one person who has started it.
type scene struct {
	t     *testing.T
	srv   *Server
	bot   *Bot
	ann   *Person
	phone *Phone
}

func newScene(t *testing.T, o Options) *scene {
	t.Helper()
	s := &scene{t: t, srv: New(o)}
	t.Cleanup(s.srv.Close)
	s.bot = must(s.srv.AddBot(token, "line_bot"))
	s.ann = must(s.srv.AddPerson(User{ID: 5_000_000_001, FirstName: "Ann", LanguageCode: "es"}))
	s.phone = s.ann.With(s.bot)
	must(s.phone.Start(""))
	return s
}

// must gives the value of a call that has to succeed.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// answer is what the API answered.
type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int `json:"retry_after"`
	} `json:"parameters"`
}

// call posts JSON parameters.
func (s *scene) call(method, params string) answer {
	s.t.Helper()
	a, err := s.try(context.Background(), method, params)
	if err != nil {
		s.t.Fatalf("%s: %v", method, err)
	}
	return a
}

func (s *scene) try(ctx context.Context, method, params string) (answer, error) {
	var a answer
	target := "http://sim/bot" + token + "/" + method
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(params))
	if err != nil {
		return a, err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := s.srv.Client().Do(r)
	if err != nil {
		return a, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(body, &a)
}

// form posts urlencoded parameters.
func (s *scene) form(method string, values url.Values) answer {
	s.t.Helper()
	response, err := s.srv.Client().PostForm("http://sim/bot"+token+"/"+method, values)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var a answer
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		s.t.Fatal(err)
	}
	return a
}

// done calls a method that has to succeed and gives its result.
func (s *scene) done(method, params string) json.RawMessage {
	s.t.Helper()
	a := s.call(method, params)
	if !a.OK {
		s.t.Fatalf("%s %s: %s", method, params, a.Description)
	}
	return a.Result
}

// sent calls a sending method and gives the message.
func (s *scene) sent(method, params string) *Message {
	s.t.Helper()
	var m Message
	if err := json.Unmarshal(s.done(method, params), &m); err != nil {
		s.t.Fatal(err)
	}
	return &m
}

// fetched is an update as the tests read it.
type fetched struct {
	ID       int64    `json:"update_id"`
	Message  *Message `json:"message"`
	Edited   *Message `json:"edited_message"`
	Callback *struct {
		ID      string   `json:"id"`
		Data    string   `json:"data"`
		Message *Message `json:"message"`
	} `json:"callback_query"`
	Member json.RawMessage `json:"my_chat_member"`
}

func (s *scene) updates(params string) []fetched {
	s.t.Helper()
	var list []fetched
	if err := json.Unmarshal(s.done("getUpdates", params), &list); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// clock is a clock the test moves.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) forward(d time.Duration) { c.now = c.now.Add(d) }

// roundTrip is a transport made of a function, so that no test reaches a network it did not open.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func noNetwork(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe }
