package bot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/prometheus/client_golang/prometheus"

	"defenderline/referrals"
)

// keeping is an inbox and the leases of one test.
type keeping struct {
	mu    sync.Mutex
	away  error
	posts []referrals.Post
	owner string
	lost  bool // somebody else takes the lease
}

func (k *keeping) Chat(bot string, chat int64) referrals.Member {
	return referrals.Member{Slot: "p07", Name: fmt.Sprint("c", bot, chat)}
}

func (k *keeping) Keep(_ context.Context, posts []referrals.Post) ([]referrals.Work, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.away != nil {
		return nil, k.away
	}
	k.posts = append(k.posts, posts...)
	return []referrals.Work{{Member: posts[0].To}}, nil
}

func (k *keeping) Lease(_ context.Context, _, owner string, _ time.Duration) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lost {
		k.owner = "another"
	}
	if k.owner == "" {
		k.owner = owner
	}
	return k.owner == owner, nil
}

func (k *keeping) Unlease(_ context.Context, _, owner string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.owner == owner {
		k.owner = ""
	}
	return nil
}

func (k *keeping) ids() (out []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.posts {
		out = append(out, p.ID)
	}
	return out
}

func newReceiver(k *keeping, log *bytes.Buffer) *receiver {
	texts, _ := loadTexts() // where that fails, other tests say so
	return &receiver{bot: lineBot, store: k, hand: func([]referrals.Work) {}, log: slog.New(slog.NewTextHandler(log, nil)),
		meters: NewMeters(prometheus.NewRegistry()), away: &away{texts: texts, dir: testDesks(), out: newOutbox(false, time.Now), now: time.Now}}
}

func TestReceiverSetsAsideWhatItCannotRead(t *testing.T) {
	k, log := &keeping{}, &bytes.Buffer{}
	handed := 0
	r := newReceiver(k, log)
	r.hand = func(w []referrals.Work) { handed += len(w) }
	raws := []jsontext.Value{[]byte(say(3, "words")), []byte(`{"update_id":9,"message":{"date":"` + canary + `"}}`), []byte(`{"update_id":8,"poll":{}}`),
		[]byte(`"` + canary + `"`), []byte(say(4, "more"))}
	last, err := r.keep(t.Context(), raws)
	if err != nil || last != 9 || handed != 1 {
		t.Fatalf("last %d, handed %d, %v", last, handed, err)
	}
	if !slices.Equal(k.ids(), []string{"l3", "l4"}) || k.posts[0].Order != 3 || string(k.posts[0].Body) != "l"+say(3, "words") {
		t.Errorf("kept %q", k.ids())
	}
	if strings.Contains(log.String(), canary) {
		t.Error("the log holds what was written")
	}
	last, err = r.keep(t.Context(), raws[1:4])
	if err != nil || last != 9 {
		t.Errorf("a batch of poison: last %d, %v", last, err)
	}
	k.away = errors.New("away")
	if last, err = r.keep(t.Context(), raws); err == nil || last != 0 {
		t.Errorf("kept without a store: last %d, %v", last, err)
	}
}

// polling runs a poller against a Bot API in memory until the test ends.
func polling(t *testing.T, k *keeping, api server) (stop func()) {
	p := &poller{receiver: newReceiver(k, &bytes.Buffer{}), client: clientOf(api), lease: k, owner: "me", heard: func(error) {}}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.run(ctx) })
	return func() { cancel(); running.Wait() }
}

// offsetOf is the offset a poll confirms up to.
func offsetOf(body []byte) int64 {
	var p struct {
		Offset int64 `json:"offset"`
	}
	_ = json.Unmarshal(body, &p)
	return p.Offset
}

func TestPollConfirmsOnlyWhatIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeping{away: errors.New("away")}
		var mu sync.Mutex
		var offsets []int64
		stop := polling(t, k, func(_ string, body []byte, r *http.Request) (int, string) {
			mu.Lock()
			offsets = append(offsets, offsetOf(body))
			mu.Unlock()
			if offsetOf(body) == 0 {
				return 200, `{"ok":true,"result":[` + say(41, "words") + `]}`
			}
			<-r.Context().Done()
			return 0, ""
		})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		mu.Lock()
		if len(offsets) < 2 || slices.Max(offsets) != 0 {
			t.Errorf("offsets %v while nothing could be kept", offsets)
		}
		mu.Unlock()
		k.mu.Lock()
		k.away = nil
		k.mu.Unlock()
		time.Sleep(longestGap + time.Second)
		synctest.Wait()
		stop()
		if got := offsets[len(offsets)-1]; got != 42 || !slices.Equal(k.ids(), []string{"l41"}) {
			t.Errorf("offset %d, kept %q", got, k.ids())
		}
		if k.owner != "" {
			t.Error("the lease was not given back")
		}
	})
}

func TestPollPassesOverPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeping{}
		asked := make(chan int64, 10)
		stop := polling(t, k, func(_ string, body []byte, r *http.Request) (int, string) {
			asked <- offsetOf(body)
			if offsetOf(body) == 0 {
				return 200, `{"ok":true,"result":[{"update_id":50,"message":{"date":"x"}}]}`
			}
			<-r.Context().Done()
			return 0, ""
		})
		synctest.Wait()
		stop()
		if <-asked != 0 || <-asked != 51 {
			t.Error("an update that cannot be read comes again for ever")
		}
	})
}

func TestPollEndsWhenItsLeaseIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeping{}
		var mu sync.Mutex
		calls := 0
		stop := polling(t, k, func(_ string, _ []byte, r *http.Request) (int, string) {
			mu.Lock()
			calls++
			mu.Unlock()
			<-r.Context().Done()
			return 0, ""
		})
		synctest.Wait()
		k.mu.Lock()
		k.lost = true
		k.mu.Unlock()
		time.Sleep(leaseFor)
		synctest.Wait()
		mu.Lock()
		before := calls
		mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if calls != before || before != 1 {
			t.Errorf("%d polls, %d after another replica took over", before, calls-before)
		}
	})
}

func TestPollSurvivesAnswersThatAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeping{}
		answers := []string{"<html>", `{"ok":true,"result":{"a":1}}`, `{"ok":true,"result":null}`, `{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request"}`}
		n := 0
		stop := polling(t, k, func(_ string, _ []byte, r *http.Request) (int, string) {
			if n < len(answers) {
				n++
				return 200, answers[n-1]
			}
			if n == len(answers) {
				n++
				return 200, `{"ok":true,"result":[` + say(7, "x") + `]}`
			}
			<-r.Context().Done()
			return 0, ""
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if !slices.Equal(k.ids(), []string{"l7"}) {
			t.Errorf("kept %q", k.ids())
		}
	})
}

func TestWebhook(t *testing.T) {
	const secret = "a-secret"
	large := `{"update_id":1,"x":"` + strings.Repeat("x", largestUpdate) + `"}`
	tests := map[string]struct {
		method, secret, body string
		away                 error
		want, kept           int
	}{
		"an update":            {"POST", secret, say(1, "x"), nil, 200, 1},
		"the store is away":    {"POST", secret, say(1, "x"), errors.New("away"), 503, 0},
		"a wrong secret":       {"POST", "another", say(1, "x"), nil, 401, 0},
		"no secret":            {"POST", "", say(1, "x"), nil, 401, 0},
		"a longer secret":      {"POST", secret + "x", say(1, "x"), nil, 401, 0},
		"GET":                  {"GET", secret, "", nil, 405, 0},
		"GET without a secret": {"GET", "", "", nil, 401, 0},
		"too large":            {"POST", secret, large, nil, 413, 0},
		"poison":               {"POST", secret, `{"update_id":1,"message":{"date":"` + canary + `"}}`, nil, 200, 0},
		"no JSON":              {"POST", secret, canary, nil, 200, 0},
		"empty":                {"POST", secret, "", nil, 200, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			k, log := &keeping{away: tt.away}, &bytes.Buffer{}
			h := &webhook{receiver: newReceiver(k, log), secret: sha256.Sum256([]byte(secret))}
			req := httptest.NewRequest(tt.method, "/telegram", strings.NewReader(tt.body))
			if tt.secret != "" {
				req.Header.Set(secretHeader, tt.secret)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, req)
			if w.Code != tt.want || len(k.posts) != tt.kept || w.Body.Len() != 0 {
				t.Errorf("answered %d with %q, kept %d", w.Code, w.Body, len(k.posts))
			}
			if strings.Contains(log.String(), canary) || strings.Contains(log.String(), secret) {
				t.Errorf("logged %q", log)
			}
		})
	}
}
