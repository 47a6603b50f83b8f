package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/bot/telegramsim"
)

// What BenchmarkLine does: so many chats side by side, so many conversations to warm up, so long measured.
const (
	chats  = 200
	warmUp = 200
	steady = 12 * time.Second
	rounds = 3 // that it is measured in, each followed by the floor and its parts: the machine may have other work at times
)

// BenchmarkLine runs the real binary, without the race detector, over a real redis-server with its append-only
// file, and the simulated Telegram: 200 people side by side, each conversation an emergency of eight answers
// between "emergency" and "send", that ends with a signed, padded, sealed document at an officer. Beside it,
// measured in the same run by a process of its own, stands the floor: the same calls, decodings, round trips
// to Redis and seals with nothing around them. What does not hang on how Redis syncs is measured with "everysec" only. A
// table is printed at the end.
func BenchmarkLine(b *testing.B) {
	var table report
	var work workload
	for _, mode := range []string{"polling", "webhook"} {
		for _, fsync := range []string{"everysec", "always"} {
			b.Run(mode+"/"+fsync, func(b *testing.B) {
				f := measure(b, mode, fsync, &work)
				b.ReportMetric(float64(f.wall())/float64(f.conversations()), "ns/op")
				for _, c := range columns {
					if v := c.of(f); c.unit != "" && !math.IsNaN(v) {
						b.ReportMetric(v, c.unit)
					}
				}
				table = append(table, f)
			})
		}
	}
	fmt.Fprint(os.Stdout, table)
}

// figures are what was measured of one way to receive and to keep.
type figures struct {
	name, load    string
	rounds        []round
	busy, quiet   []time.Duration // times of replies: 200 chats at once, 10 chats at once
	began         []time.Duration // times of replies to "/start" among the 200
	slow          []time.Duration // the same of 20 chats with an API that takes 50 ms
	pairs, beside int             // presses answered by two calls; both under way at once
	counted       counted
	countedOver   int64 // conversations
	idle          counted
	idleOver      time.Duration
	idleCPU       time.Duration
	started       time.Duration
	idleMB, ownMB float64
	peakMB        float64
	processors    float64 // that Go runs the line on
}

// round is one stretch of the measured run and the floor measured right after it.
type round struct {
	conversations int64
	wall          time.Duration
	from, to      snapshot
	floor         partCost
	sharing       partCost // the floor on as many processors as the line takes
	parts         floor
}

// measure takes all figures of one mode, one after another, on one server. The first one also fills work with
// a sample of what the line says and hears, for the floor.
func measure(b *testing.B, mode, fsync string, work *workload) figures {
	l := newBenched(b, mode, fsync)
	f := figures{name: mode + ", " + fsync, load: load(b)}
	apart := fsync == "everysec" || len(work.Calls) == 0
	if apart {
		l.counting(&f)
	}
	if len(work.Calls) == 0 {
		l.again(l.polling)
		l.tap.sample.on.Store(true)
		l.crowd(chats, upTo(warmUp))
		work.learn(l, l.tap.sample.take())
	}
	l.again(l.text)
	f.started = l.startedIn
	time.Sleep(time.Second) // what it took to start is given back once it listens
	f.idleMB = memoryOf(b, l.process.Process.Pid, "VmRSS")
	f.ownMB = memoryOf(b, l.process.Process.Pid, "RssAnon")
	var ok bool
	if f.processors, ok = l.metric("go_sched_gomaxprocs_threads"); !ok {
		b.Fatal("the line does not say on how many processors it runs")
	}
	l.crowd(chats, upTo(warmUp))
	l.began = nil
	for range rounds {
		l.round(&f)
		work.prepare(l, &f)
		r := &f.rounds[len(f.rounds)-1]
		r.floor = work.process(b, "all")
		r.sharing = work.process(b, "all", fmt.Sprintf("GOMAXPROCS=%.0f", f.processors))
		if apart {
			r.parts = work.parts(b)
		}
	}
	f.began = slices.Sorted(slices.Values(l.began))
	f.peakMB = memoryOf(b, l.process.Process.Pid, "VmHWM")
	f.quiet, _ = l.crowd(10, upTo(100))
	if apart {
		l.slowly(&f)
	}
	return f
}

// round measures one stretch.
func (l *benched) round(f *figures) {
	r := round{from: l.snapshot()}
	before := l.sent.Load()
	took, wall := l.crowd(chats, until(time.Now().Add(steady/rounds)))
	r.to, r.wall, r.conversations = l.snapshot(), wall, l.sent.Load()-before
	f.rounds = append(f.rounds, r)
	f.busy = append(f.busy, took...)
	slices.Sort(f.busy)
}

// slowly talks to an API that takes 50 ms for each answer.
func (l *benched) slowly(f *figures) {
	remove := l.sim.Inject(telegramsim.Fault{Kind: telegramsim.FaultLatency, Latency: 50 * time.Millisecond})
	defer remove()
	f.slow, _ = l.crowd(20, upTo(100))
	l.tap.spans.on.Store(true)
	l.crowd(1, upTo(3))
	f.pairs, f.beside = sideBySide(l.tap.spans.take())
}

// counting runs the line behind a counter of commands, at rest and busy: what a client sends cannot be told
// from Redis itself. It is a run of its own, because the counter takes time.
func (l *benched) counting(f *figures) {
	c := newCounter(l.t, l.redis.Addr)
	l.again(strings.Replace(l.text, l.redis.Addr, c.addr, 1))
	time.Sleep(time.Second) // at rest nothing happens that could be waited for
	before, cpu, at := c.now(), cpuOf(l.t, l.process.Process.Pid), time.Now()
	time.Sleep(3 * time.Second)
	f.idle, f.idleOver = c.now().since(before), time.Since(at)
	f.idleCPU = cpuOf(l.t, l.process.Process.Pid) - cpu
	l.crowd(chats, upTo(warmUp))
	before = c.now()
	f.countedOver = 2 * warmUp
	l.crowd(chats, upTo(f.countedOver))
	f.counted = c.now().since(before)
}
