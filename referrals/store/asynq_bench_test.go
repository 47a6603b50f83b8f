package store

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"defenderline/referrals/store/redistest"
)

// BenchmarkAgainstAsynq lets 8 workers offer, claim and complete referrals, and 8 workers of asynq enqueue and process
// tasks of the same size, on the same redis-server (append-only, everysec), in turns. asynq has its default options
// but for the number of workers. In either, all is waiting before the first is taken, so that nobody waits for work: asynq,
// when its queue is empty, sleeps for up to 1.5 s. The queues are compared: three moves, with a state, a claim's number, a
// clock, an event and a place in the order of urgency, and three scripts of asynq. The last row has what the line adds: the errand
// that each move leaves, sealed, kept and settled. CPU times say more than rates while the machine has other work.
func BenchmarkAgainstAsynq(b *testing.B) {
	const n, workers, turns = 2000, 8, 5
	server := redistest.Start(b)
	db, s := server.Client(), openNow(b, server.URL())
	ways := []*way{
		{title: "asynq: enqueue, process", one: func(codes []string) time.Duration { return asynqCycle(b, server.Addr, codes, workers) }},
		{title: "referral: offer, claim, complete", one: func(codes []string) time.Duration { return cycle(b, s, codes, workers, false) }},
		{title: "  the same, errands sealed, kept, settled", one: func(codes []string) time.Duration { return cycle(b, s, codes, workers, true) }},
	}
	for b.Loop() {
		for range turns {
			for _, w := range ways {
				w.turn(b, db, n)
			}
		}
	}
	var t strings.Builder
	fmt.Fprintf(&t, "\n%d at a time, 8 workers, everysec; load of the machine %s\n%-42s%10s%9s%7s%7s%12s%12s\n", n, load(b), "",
		"cycles/s", "x asynq", "least", "most", "Go CPU µs", "Redis µs")
	for _, w := range ways {
		r, each := w.against(ways[0]), 1e6/float64(n*len(w.took))
		fmt.Fprintf(&t, "%-42s%10.0f%9.2f%7.2f%7.2f%12.0f%12.0f\n", w.title, n/middle(w.took), middle(r), slices.Min(r), slices.Max(r), w.own*each, w.redis*each)
	}
	fmt.Fprintln(os.Stdout, t.String())
	b.ReportMetric(middle(ways[1].against(ways[0])), "x-asynq")
}

// way is one of the ways that are compared: how long its turns took, and the CPU time of this process and of Redis, in seconds.
type way struct {
	title      string
	one        func(codes []string) time.Duration
	took       []float64
	own, redis float64
}

// turn measures once, with nothing before it on the server.
func (w *way) turn(b *testing.B, db *redis.Client, n int) {
	b.Helper()
	codes := newCodes(b, n, 1)
	own, theirs := cpu(b, db)
	w.took = append(w.took, w.one(codes).Seconds())
	own2, theirs2 := cpu(b, db)
	w.own, w.redis = w.own+own2-own, w.redis+theirs2-theirs
	if err := db.FlushDB(context.Background()).Err(); err != nil {
		b.Fatal(err)
	}
}

// against is how many times faster w was than another, turn by turn.
func (w *way) against(other *way) (ratios []float64) {
	for i, d := range w.took {
		ratios = append(ratios, other.took[i]/d)
	}
	return ratios
}

func middle(of []float64) float64 { return slices.Sorted(slices.Values(of))[len(of)/2] }

// cpu is the CPU time used so far by this process and by the server, in seconds.
func cpu(b testing.TB, db *redis.Client) (own, server float64) {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds(),
		info(b, db, "cpu", "used_cpu_sys") + info(b, db, "cpu", "used_cpu_user")
}

// info is one figure that the server says of itself.
func info(b testing.TB, db *redis.Client, section, name string) float64 {
	b.Helper()
	text, err := db.Info(context.Background(), section).Result()
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(text, "\n"+name+":")
	v, err := strconv.ParseFloat(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// asynqCycle has as many tasks as there are codes enqueued and processed.
func asynqCycle(b testing.TB, addr string, codes []string, workers int) time.Duration {
	b.Helper()
	opt := asynq.RedisClientOpt{Addr: addr}
	client := asynq.NewClient(opt)
	defer client.Close()
	tasks := make([]*asynq.Task, len(codes))
	for i, code := range codes {
		tasks[i] = asynq.NewTask("referral", payload(b, code))
	}
	var left sync.WaitGroup
	left.Add(len(tasks))
	srv := asynq.NewServer(opt, asynq.Config{Concurrency: workers, LogLevel: asynq.FatalLevel})
	from := time.Now()
	err := sideBySide(workers, len(tasks), func(i int) error {
		_, err := client.Enqueue(tasks[i])
		return err
	})
	if err == nil {
		err = srv.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { left.Done(); return nil }))
	}
	if err != nil {
		b.Fatal(err)
	}
	left.Wait()
	wall := time.Since(from)
	srv.Shutdown()
	return wall
}

// load is the machine's load average of the last minute.
func load(b testing.TB) string {
	b.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		b.Fatal(err)
	}
	return strings.Fields(string(text))[0]
}
