package store

import (
	"context"
	"fmt"
	"os"
	"runtime"
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
// tasks of the same size, on the same redis-server (append-only, everysec), in turns of a third of a second. Each turn begins with another
// way, with nothing stored and nothing to collect, and the server rewrites its file in nobody's. A ratio is of two ways in one turn; told are the
// middle of all turns, and between what the middle half of them lies. The line runs on half of the processors, as it does when it serves
// (cmd/defenderline/processors.go); asynq has its default options but for the number of workers, and is measured on all processors, as Go runs a program by
// itself, and on as many as the line. Its connections, like the store's, last for all turns. In either, all is waiting before the first is taken, so
// that nobody waits for work: asynq, when its queue is empty, sleeps for up to 1.5 s. The queues are compared: three moves, with a state, a claim's
// number, a clock, an event, a line of the audit trail, a sealed outcome and a place in the order of urgency, and three scripts of asynq, of
// which the last eight may still run when its turn ends. The last row has what the line adds: the errand that each move leaves, sealed, kept
// and settled. CPU times say more than rates while the machine has other work.
func BenchmarkAgainstAsynq(b *testing.B) {
	const n, workers, turns = 2000, 8, 21
	server := redistest.Start(b, "--auto-aof-rewrite-percentage", "0")
	db, s, tasks := server.Client(), openNow(b, server.URL()), asynqConnections(b, server.Addr)
	all := runtime.GOMAXPROCS(0)
	b.Cleanup(func() { runtime.GOMAXPROCS(all) })
	theirs := func(codes []string) time.Duration { return asynqCycle(b, tasks, codes, workers) }
	half := (all + 1) / 2
	ways := []*way{
		{title: "asynq: enqueue, process", processors: all, one: theirs},
		{title: "the same on as many processors as the line", processors: half, one: theirs},
		{title: "referral: offer, claim, complete", processors: half, one: func(codes []string) time.Duration { return cycle(b, s, codes, workers, false) }},
		{title: "  and errands sealed, kept, settled", processors: half, one: func(codes []string) time.Duration { return cycle(b, s, codes, workers, true) }},
	}
	for b.Loop() {
		for i := range turns {
			for j := range ways {
				ways[(i+j)%len(ways)].turn(b, db, n)
			}
		}
	}
	var t strings.Builder
	fmt.Fprintf(&t, "\n%d at a time, 8 workers, everysec, %d turns; load of the machine %s\n%-44s%10s", n, len(ways[0].took), load(b), "", "cycles/s")
	for _, title := range []string{"x asynq", "x on as many"} {
		fmt.Fprintf(&t, "%14s%14s", title, "middle half")
	}
	fmt.Fprintf(&t, "%12s%10s\n", "Go CPU µs", "Redis µs")
	for _, w := range ways {
		each := 1e6 / float64(n*len(w.took))
		fmt.Fprintf(&t, "%-44s%10.0f", w.title, n/quantile(w.took, .5))
		for _, other := range ways[:2] {
			r := w.against(other)
			fmt.Fprintf(&t, "%14.2f%14s", quantile(r, .5), fmt.Sprintf("%.2f-%.2f", quantile(r, .25), quantile(r, .75)))
		}
		fmt.Fprintf(&t, "%12.0f%10.0f\n", w.own*each, w.redis*each)
	}
	fmt.Fprintln(os.Stdout, t.String())
	b.ReportMetric(quantile(ways[2].against(ways[0]), .5), "x-asynq")
	b.ReportMetric(quantile(ways[2].against(ways[1]), .5), "x-asynq-on-as-many")
}

// way is one of the ways that are compared: on how many processors Go runs it, how long its turns took, and the CPU time of this process and of
// Redis, in seconds.
type way struct {
	title      string
	processors int
	one        func(codes []string) time.Duration
	took       []float64
	own, redis float64
}

// turn measures once, with nothing before it on the server and nothing to collect.
func (w *way) turn(b *testing.B, db *redis.Client, n int) {
	b.Helper()
	codes := newCodes(b, n, 1)
	runtime.GOMAXPROCS(w.processors)
	runtime.GC()
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

// quantile is the value that such a share of some lie below.
func quantile(of []float64, share float64) float64 {
	return slices.Sorted(slices.Values(of))[int(share*float64(len(of)-1)+.5)]
}

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

// asynqConnections are connections as asynq makes them.
func asynqConnections(b testing.TB, addr string) redis.UniversalClient {
	b.Helper()
	db, ok := asynq.RedisClientOpt{Addr: addr}.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		b.Fatal("asynq makes connections of another driver")
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// asynqCycle has as many tasks as there are codes enqueued and processed.
func asynqCycle(b testing.TB, db redis.UniversalClient, codes []string, workers int) time.Duration {
	b.Helper()
	client := asynq.NewClientFromRedisClient(db)
	tasks := make([]*asynq.Task, len(codes))
	for i, code := range codes {
		tasks[i] = asynq.NewTask("referral", payload(b, code))
	}
	var left sync.WaitGroup
	left.Add(len(tasks))
	srv := asynq.NewServerFromRedisClient(db, asynq.Config{Concurrency: workers, LogLevel: asynq.FatalLevel})
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
