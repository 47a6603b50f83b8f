package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"defenderline/flows"
	"defenderline/i18n"
	"defenderline/referrals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testToken and canary are looked for wherever they must not be.
const (
	testToken = "1000001:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	canary    = "canary-of-a-person"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// The chats of desks.
const (
	limaChat, limaSecond, hqChat, fldChat, pbiChat = 900001, 900002, 900099, 910001, 910002
	deskGroup                                      = -100900
)

// testDesks are a mission with two rungs, headquarters and two NGOs.
func testDesks() *referrals.Directory {
	return referrals.NewDirectory([]*referrals.Desk{
		{ID: "lima", Kind: referrals.MissionDesk, Name: "British Embassy Lima", Countries: []string{"PE"}, Languages: []string{"es", "en"},
			Zone: time.UTC, Ladder: []referrals.Rung{{Chat: limaChat, Within: 10 * time.Minute}, {Chat: limaSecond, Within: 20 * time.Minute}},
			Asks: []string{"meeting", "visit"}},
		{ID: referrals.Headquarters, Kind: referrals.HeadquartersDesk, Name: "Human Rights Desk", AllCountries: true, Zone: time.UTC,
			Ladder: []referrals.Rung{{Chat: hqChat, Within: 30 * time.Minute}, {Within: time.Hour}}},
		{ID: "fld", Kind: referrals.NGODesk, Name: "Front Line Defenders", AllCountries: true, Zone: time.UTC, Accepting: true,
			Ladder: []referrals.Rung{{Chat: fldChat}}, AcceptWithin: 30 * time.Minute, Languages: []string{"en"},
			Needs: []string{"relocation", "legal"}, Applicants: []string{"individual", "organisation"}},
		{ID: "pbi", Kind: referrals.NGODesk, Name: "Peace Brigades", Countries: []string{"CO"}, Zone: time.UTC, Accepting: true,
			Ladder: []referrals.Rung{{Chat: pbiChat}}, AcceptWithin: 30 * time.Minute, Languages: []string{"en"},
			Needs: []string{"accompaniment"}, Applicants: []string{"organisation"}},
		{ID: "kyiv", Kind: referrals.MissionDesk, Name: "British Embassy Kyiv", Countries: []string{"UA"}, Languages: []string{"en"},
			Zone: time.UTC, Ladder: []referrals.Rung{{Chat: deskGroup, Within: 10 * time.Minute}}},
	})
}

var loadTexts = sync.OnceValues(func() (*i18n.Catalogue, error) { return i18n.Load([]string{"en", "es", "ar"}) })

func testTexts(t testing.TB) *i18n.Catalogue {
	t.Helper()
	texts, err := loadTexts()
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// glass is a seal that can be looked through. Desks in dead cannot be sealed to; those in late fail
// only when it comes to it.
type glass struct {
	dead, late map[string]bool
	sealed     map[string][]byte // the last plaintext of each desk
	files      map[string]string // by desk: what was sealed
}

var errDead = errors.New("the desk has no usable key")

func (g *glass) Usable(desk string) error {
	if g.dead[desk] {
		return errDead
	}
	return nil
}

func (g *glass) SealNamed(desk, _ string, text []byte) ([]byte, error) {
	if g.dead[desk] || g.late[desk] {
		return nil, errDead
	}
	if g.sealed == nil {
		g.sealed = map[string][]byte{}
	}
	g.sealed[desk] = bytes.Clone(text)
	return []byte("sealed for " + desk), nil
}

func (g *glass) SealFileNamed(desks []string, _, _ string, src io.Reader, body io.Writer) (map[string][]byte, error) {
	raw, err := io.ReadAll(src)
	if err != nil {
		return nil, err
	}
	if _, err := body.Write(raw); err != nil {
		return nil, err
	}
	heads := map[string][]byte{}
	g.files = map[string]string{}
	for _, d := range desks {
		if g.late[d] {
			return nil, errDead
		}
		heads[d], g.files[d] = []byte("head for "+d), string(raw)
	}
	return heads, nil
}

// moving makes moves without starting their errands.
type moving struct{ *memory }

func (m moving) Move(ctx context.Context, mv referrals.Move) (referrals.Holding, error) {
	h, _, err := m.memory.Move(ctx, mv)
	return h, err
}

// bench0 is a turner with everything around it that a test looks at.
type bench0 struct {
	*turner
	t     testing.TB
	store *memory
	glass *glass
	log   *bytes.Buffer
	work  referrals.Work
	id    int64
	last  referrals.Commit
	reg   *prometheus.Registry
}

// counted is the sum of a meter over its labels.
func (b *bench0) counted(name string) (sum float64) {
	b.t.Helper()
	families, err := b.reg.Gather()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// newBench makes a turner for a chat that is new.
func newBench(t testing.TB) *bench0 {
	t.Helper()
	b := &bench0{t: t, store: newMemory(), glass: &glass{dead: map[string]bool{}, late: map[string]bool{}}, log: &bytes.Buffer{}, reg: prometheus.NewRegistry()}
	dir, texts := testDesks(), testTexts(t)
	engine, err := flows.New(&guide{dir: dir, seal: b.glass, texts: texts})
	if err != nil {
		t.Fatal(err)
	}
	b.turner = &turner{engine: engine, texts: texts, dir: dir, seal: b.glass, holding: b.store, counts: b.store, mover: moving{b.store}, trail: b.store, history: b.store,
		now: func() time.Time { return noon }, random: rand.NewChaCha8([32]byte{7}), keep: Retention{Draft: 24 * time.Hour, Sealed: 168 * time.Hour},
		log: slog.New(slog.NewTextHandler(b.log, nil)), meters: NewMeters(b.reg), acts: &recentActs{}}
	b.work = referrals.Work{Member: referrals.Member{Slot: "p07", Name: "cHASH"}}
	return b
}

// take hands raw updates to a turn, as the store does, and keeps what it leaves.
func (b *bench0) take(updates ...string) []call {
	b.t.Helper()
	b.work.Inbox = nil
	for _, u := range updates {
		b.entry(lineBot, u)
	}
	return b.taken()
}

// entry puts an update into the inbox.
func (b *bench0) entry(mark byte, body string) {
	b.id++
	b.work.Inbox = append(b.work.Inbox, referrals.Entry{ID: fmt.Sprint(string(mark), b.id), Order: b.id, Body: append([]byte{mark}, body...)})
}

// taken takes the turn.
func (b *bench0) taken() []call {
	b.t.Helper()
	b.work.Number++
	c, err := b.turner.take(b.t.Context(), b.work)
	if err != nil {
		b.t.Fatalf("the turn failed: %v", err)
	}
	for i, e := range b.work.Inbox {
		if c.Done[i] != e.ID {
			b.t.Fatalf("done %v", c.Done)
		}
	}
	b.last, b.work.State = c, c.State
	return callsOf(b.t, c.Errands)
}

// callsOf are the calls among errands, in order.
func callsOf(t testing.TB, errands []referrals.Errand) []call {
	t.Helper()
	var out []call
	for _, e := range errands {
		if e.Send == nil {
			continue
		}
		c, ok := callOf(referrals.Send{Body: e.Send.Body}) // as after a restart
		if !ok {
			t.Fatalf("cannot be read: %q", e.Send.Body)
		}
		out = append(out, c)
	}
	return out
}

// state is the record as it stands.
func (b *bench0) state() chatState {
	b.t.Helper()
	s, err := openState(b.work.State)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// say is an update with words of the defender, chat 5.
func say(message int, text string) string {
	return fmt.Sprintf(`{"update_id":%d,"message":{"message_id":%d,"date":%d,"from":{"id":5,"language_code":"en"},"chat":{"id":5,"type":"private"},"text":%s}}`,
		message, message, noon.Unix(), quoted(text))
}

// pressOn is the press of a button on a message.
func pressOn(message int, data string) string {
	return fmt.Sprintf(`{"update_id":%d,"callback_query":{"id":"q%s","from":{"id":5,"language_code":"en"},"data":%s,"message":{"message_id":%d,"date":%d,"chat":{"id":5,"type":"private"}}}}`,
		message, strings.ReplaceAll(data, `"`, ""), quoted(data), message, noon.Unix())
}

func quoted(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// methods are the methods of calls.
func methods(calls []call) []string {
	var out []string
	for _, c := range calls {
		out = append(out, c.Method)
	}
	return out
}

// find is the first call of a method.
func find(calls []call, method string) (call, bool) {
	for _, c := range calls {
		if c.Method == method {
			return c, true
		}
	}
	return call{}, false
}

// text is what a call says.
func (c call) text() string {
	var p struct {
		Text    string `json:"text"`
		Caption string `json:"caption"`
	}
	_ = json.Unmarshal(c.Params, &p)
	return p.Text + p.Caption
}

// screenText is the text of the only screen among calls.
func screenText(t testing.TB, calls []call) string {
	t.Helper()
	var found []string
	for _, c := range calls {
		if c.Method == "sendMessage" || c.Method == "editMessageText" {
			found = append(found, c.text())
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d screens, want one: %q", len(found), methods(calls))
	}
	return found[0]
}

// has says whether a keyboard of a call shows a button with this data, before any token.
func (c call) has(data string) bool {
	return slices.ContainsFunc(c.buttons(), func(b string) bool {
		before, _, _ := strings.Cut(b, "#")
		return b == data || before == data
	})
}

// buttons are the data of a call's buttons.
func (c call) buttons() []string {
	var p struct {
		Markup keyboard `json:"reply_markup"`
	}
	_ = json.Unmarshal(c.Params, &p)
	var out []string
	for _, row := range p.Markup.Rows {
		for _, b := range row {
			out = append(out, b.Data)
		}
	}
	return out
}

// server answers calls of the Bot API in memory.
type server func(method string, body []byte, r *http.Request) (status int, answer string)

func (s server) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	status, answer := s(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], body, r)
	if status == 0 {
		return nil, errors.New("dial tcp: " + r.URL.String() + " " + answer)
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r,
		ContentLength: int64(len(answer))}, nil
}

// clientOf is a client whose calls go to a server in memory.
func clientOf(s http.RoundTripper) *Client {
	c := NewClient("https://api.example.org", testToken, 2)
	c.http.Transport = s
	return c
}

const fine = `{"ok":true,"result":{"message_id":77}}`

func refusal(code int, text string, after int) (int, string) {
	return code, fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%s,"parameters":{"retry_after":%d}}`, code, quoted(text), after)
}

// quiet is a logger whose lines are thrown away.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
