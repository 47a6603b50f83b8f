package bot

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A bot that Telegram refuses or does not answer is named, whatever happens to the other.
func TestReachIsOfOneBot(t *testing.T) {
	now, log := noon, &bytes.Buffer{}
	r := &reach{bot: deskBot, now: func() time.Time { return now }, log: slog.New(slog.NewTextHandler(log, nil))}
	is := func(when, want string) {
		t.Helper()
		if got := r.problem(); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	is("before the first answer", "desk bot was not reachable")
	r.note(nil)
	is("answered", "")
	r.note(errors.New("the connection failed"))
	is("one failure", "")
	now = now.Add(42 * time.Second)
	r.note(&apiError{Code: 502})
	r.note(nil)
	if !strings.Contains(log.String(), `msg="telegram answers again" bot=desk after=42s`) {
		t.Errorf("the end of an outage is not told: %s", log)
	}
	log.Reset()
	r.note(&apiError{Code: 502})
	now = now.Add(time.Second)
	r.note(nil)
	if log.Len() != 0 {
		t.Errorf("a hiccup is told: %s", log)
	}
	for _, code := range []int{401, 404} {
		r.note(&apiError{Code: code})
		is("refused", "check telegram.desk_token_file")
		r.note(errors.New("the connection failed"))
		is("refused, then cut", "check telegram.desk_token_file")
		r.note(&apiError{Code: http.StatusConflict})
		is("another reader: it is there", "")
	}
	now = now.Add(deafAfter + time.Second)
	r.note(context.Canceled)
	is("silent for longer", "desk bot was not reachable")
}

// A line is not ready while one of its bots is refused, although the other is answered; also a bot that is told of its
// updates and never asks.
func TestListenAsksForEveryBot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		asked := map[string]int{}
		answer := func(token string, refuse bool) *Client {
			return clientOf(server(func(method string, _ []byte, _ *http.Request) (int, string) {
				mu.Lock()
				defer mu.Unlock()
				if asked[token+" "+method]++; refuse {
					return refusal(401, "Unauthorized", 0)
				}
				return 200, `{"ok":true,"result":{}}`
			}))
		}
		log, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
		l := &Line{o: Options{Now: time.Now, Log: log, Meters: NewMeters(registry)}, clients: map[byte]*Client{lineBot: answer("line", false), deskBot: answer("desk", true)},
			reaches: map[byte]*reach{}}
		ctx, stop := context.WithCancel(t.Context())
		var listening sync.WaitGroup
		for b := range l.clients {
			l.reaches[b] = &reach{bot: b, now: time.Now, log: log}
			l.reaches[b].note(nil)
		}
		for b := range l.clients {
			listening.Go(func() { l.listen(ctx, b) })
		}
		time.Sleep(2 * probeEvery)
		synctest.Wait()
		problems := l.Problems()
		if len(problems) != 1 || !strings.Contains(problems[0], "refuses the token of the desk bot (401)") {
			t.Errorf("problems: %q", problems)
		}
		l.reaches[lineBot].note(&apiError{Code: 404})
		if problems := l.Problems(); len(problems) != 2 || !strings.Contains(problems[0], "check telegram.token_file") {
			t.Errorf("problems of both: %q", problems)
		}
		stop()
		listening.Wait()
		if asked["line getMe"] == 0 || asked["desk getMe"] == 0 {
			t.Errorf("asked %v", asked)
		}
		if counted(t, registry, "defenderline_telegram_calls_total", "refused") == 0 {
			t.Error("the refusals are not counted")
		}
	})
}
