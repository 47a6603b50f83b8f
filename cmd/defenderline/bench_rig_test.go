package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/bot/telegramsim"
	"defenderline/referrals/store/redistest"
)

// benched is a whole line as it is measured: the binary without the race detector, a redis-server with its
// append-only file, the simulated Telegram behind a tap.
type benched struct {
	*rig
	tap       *tap
	db        *redis.Client
	redisPID  int
	text      string // the configuration
	polling   string // the same without a webhook
	sent      atomic.Int64
	startedIn time.Duration
	began     []time.Duration // times of replies to first acts, which wait while others are in an emergency
}

// newBenched starts a line that receives by "polling" or "webhook", over a Redis that syncs "everysec" or "always".
func newBenched(b *testing.B, mode, fsync string) *benched {
	b.Helper()
	l := &benched{}
	l.rig = newRig(b, func(r *rig, config *string) {
		l.text = l.tapped(b, r, *config, fsync)
		l.polling = l.text
		if mode == "webhook" {
			listen := redistest.FreeAddr(b)
			r.write("hook-secret", "s3cret-of-the-hook")
			l.text = strings.Replace(l.text, "telegram: {token_file: token,", fmt.Sprintf(
				"telegram: {token_file: token, webhook: {url: \"http://%s/telegram\", listen: \"%s\", secret_file: hook-secret},", listen, listen), 1)
		}
		*config = l.text
	})
	l.ready()
	return l
}

// tapped stands the tap before the simulated Telegram, sets the server and lifts the limits of a configuration.
func (l *benched) tapped(b *testing.B, r *rig, config, fsync string) string {
	l.tap = &tap{next: r.sim}
	api := httptest.NewUnstartedServer(l.tap)
	api.Config.ConnState = r.sim.ConnState
	api.Start()
	b.Cleanup(func() {
		for _, p := range r.replicas {
			p.kill()
		}
		api.Close()
	})
	l.db = r.redis.Client()
	if err := l.db.ConfigSet(context.Background(), "appendfsync", fsync).Err(); err != nil {
		b.Fatal(err)
	}
	return strings.Replace(config, r.api.URL, api.URL, 1) +
		"limits: {updates_per_chat_per_minute: 1000000, open_cases_per_chat: 1000000}\n"
}

// ready seats the officer who gets the documents.
func (l *benched) ready() {
	l.redisPID = int(redisInfo(l.t, l.db, "server", "process_id"))
	l.desk(lima1)
	l.sent.Store(l.documents())
}

// again stops the line and starts it with a configuration, and notes how long it took to listen.
func (l *benched) again(config string) {
	l.t.Helper()
	if status := l.stop(); status != 0 {
		l.t.Fatalf("stopped with %d\n%s", status, l.log)
	}
	l.write(l.file, config)
	from := time.Now()
	l.start()
	l.startedIn = listened(l.t, l.log.String()).Sub(from)
	if !l.eventually(func() bool { return l.status("/readyz") == 200 }) {
		l.t.Fatalf("the line did not become ready:\n%s", l.log)
	}
}

// listened is when the log says that the line listens.
func listened(t testing.TB, log string) time.Time {
	t.Helper()
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `"msg":"listening"`) {
			continue
		}
		_, rest, _ := strings.Cut(line, `"time":"`)
		text, _, _ := strings.Cut(rest, `"`)
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	t.Fatalf("the line does not listen:\n%s", log)
	return time.Time{}
}

// words are what a person writes; 8 answers follow the first press, and then "send".
const words = "They came to the office this morning, four men in a grey car without plates, and asked for me by name. " +
	"They took the computers and the case files of the families. A neighbour says that the car stands in front of my house now. " +
	"My sister and her children are inside. We are waiting at the parish until somebody tells us where to go."

// conversation is every act of a person and what is on the screen afterwards. The acts are /start, "emergency",
// eight answers (notice, safe, urgency, country, subject, the account in words, its end, consent) and "send".
var conversation = [...]struct{ act, then string }{
	{"/start", "menu:emergency"}, {"menu:emergency", "notice:understood"},
	{"notice:understood", "safe:yes"}, {"safe:yes", "urgency:now"}, {"urgency:now", "country:PE"}, {"country:PE", "subject:self"},
	{"subject:self", "nav:back"}, {words, "nav:done"}, {"nav:done", "consent:mission"}, {"consent:mission", "review:send"},
	{"review:send", ""},
}

// converse is one new person's conversation, from the first act until the screen after "send".
func (l *benched) converse(c *stopwatch) error {
	p, err := l.sim.AddPerson(telegramsim.User{FirstName: "Somebody", LanguageCode: "en"})
	if err != nil {
		return err
	}
	phone := p.With(l.bot)
	l.tap.clocks.Store(phone.ID(), c)
	defer l.tap.clocks.Delete(phone.ID())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for i, step := range conversation {
		before := screen(phone.View())
		c.started(i == 0)
		if strings.Contains(step.act, ":") {
			_, err = phone.Press(step.act)
		} else {
			_, err = phone.Send(step.act)
		}
		if err != nil {
			return err
		}
		view, err := phone.Wait(ctx, func(v telegramsim.View) bool {
			now := screen(v)
			return !slices.Equal(now, before) && (step.then == "" && !shows(now, "review:send") || step.then != "" && shows(now, step.then))
		})
		if err != nil {
			return fmt.Errorf("after %.20s: %w\n%s", step.act, err, transcript(view))
		}
	}
	l.sent.Add(1)
	return nil
}

func shows(buttons []string, data string) bool {
	return slices.ContainsFunc(buttons, func(b string) bool { return strings.HasPrefix(b, data) })
}

// crowd lets so many people converse side by side, each followed by the next one for as long as more allows it,
// and waits until everything they caused was done. It gives the times their replies took, sorted, but for those to first
// acts, and how long they conversed.
func (l *benched) crowd(people int, more func(done int64) bool) (took []time.Duration, wall time.Duration) {
	l.t.Helper()
	var done atomic.Int64
	var all sync.WaitGroup
	clocks := make([]*stopwatch, people)
	from := time.Now()
	failed := make(chan error, people)
	for i := range clocks {
		c := &stopwatch{begin: time.Now()}
		clocks[i] = c
		all.Go(func() {
			for more(done.Add(1) - 1) {
				if err := l.converse(c); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	wall = time.Since(from)
	close(failed)
	for err := range failed {
		l.t.Fatalf("%v\nlog:\n%s", err, l.log)
	}
	l.drain()
	for _, c := range clocks {
		took, l.began = append(took, c.took...), append(l.began, c.began...)
	}
	slices.Sort(took)
	return took, wall
}

// documents is how many sealed documents have reached the officer.
func (l *benched) documents() int64 { return l.sim.Counts()["sendDocument"] }

// drain waits until every case's document has reached the officer and no call has come for a while.
func (l *benched) drain() {
	l.t.Helper()
	quiet, last := 0, map[string]int64{}
	if !l.eventually(func() bool {
		now := l.sim.Counts()
		if quiet++; !maps.Equal(now, last) {
			quiet, last = 0, now
		}
		return l.documents() >= l.sent.Load() && quiet > 20
	}) {
		l.t.Fatalf("%d cases were sent, %d documents arrived\nlog:\n%s", l.sent.Load(), l.documents(), l.log)
	}
	if l.documents() != l.sent.Load() {
		l.t.Fatalf("%d cases were sent, %d documents arrived", l.sent.Load(), l.documents())
	}
}

// percentile of sorted times, in milliseconds; not a number when there are none.
func percentile(sorted []time.Duration, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return ms(sorted[min(len(sorted)-1, int(p*float64(len(sorted))))])
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// upTo allows so many conversations.
func upTo(n int64) func(int64) bool { return func(done int64) bool { return done < n } }

// until allows conversations to begin until a moment.
func until(at time.Time) func(int64) bool { return func(int64) bool { return time.Now().Before(at) } }
