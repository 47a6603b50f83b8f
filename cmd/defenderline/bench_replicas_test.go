package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// How long one and two replicas are measured at a time, and how often in turns.
const (
	replicaTurn  = 4 * time.Second
	replicaTurns = 2
)

// BenchmarkReplicas lets the same 200 people talk to one replica and to two, in turns, by webhooks that go to either. All
// replicas share one processor, the simulated Telegram and Redis have the other: a second replica then adds nothing but what it costs, and
// its throughput must not fall. What more processors add cannot be seen on a machine of two; it follows from the CPU time of
// a conversation, if that stays the same.
func BenchmarkReplicas(b *testing.B) {
	l := &benched{}
	l.rig = newRigWith(b, rigOptions{webhook: true, replicas: 2, change: []func(*rig, *string){func(r *rig, config *string) {
		*config = l.tapped(b, r, *config, "everysec")
	}}})
	l.ready()
	pinned := pin(b, "0", os.Getpid(), l.redisPID)
	both := l.replicas
	l.crowd(chats, upTo(warmUp))
	var one, two replicated
	for b.Loop() {
		for range replicaTurns {
			two.turn(l, both)
			l.replicas = both[:1]
			if status := both[1].stop(); status != 0 {
				b.Fatalf("stopped with %d\n%s", status, both[1].log)
			}
			one.turn(l, both[:1])
			both[1].start()
			if !l.eventually(func() bool { return both[1].status("/readyz") == http.StatusOK }) {
				b.Fatalf("the second replica did not become ready:\n%s", both[1].log)
			}
			l.replicas = both
		}
	}
	how := "each side on a processor of its own"
	if !pinned {
		how = "not pinned: taskset is not there"
	}
	fmt.Fprintf(os.Stdout, "\nreplicas on one processor; %s; load of the machine %s\n%-28s%12s%12s%14s\n", how, load(b), "", "one", "two", "two / one")
	for _, row := range []struct {
		title    string
		one, two float64
	}{
		{"conversations/s", one.rate(), two.rate()},
		{"CPU ms/conversation", one.each(), two.each()},
	} {
		fmt.Fprintf(os.Stdout, "%-28s%12s%12s%14.2f\n", row.title, number(row.one), number(row.two), row.two/row.one)
	}
	b.ReportMetric(two.rate()/one.rate(), "two/one")
}

// replicated is what was measured with a number of replicas.
type replicated struct {
	conversations int64
	wall, cpu     time.Duration
}

func (m *replicated) rate() float64 { return float64(m.conversations) / m.wall.Seconds() }

func (m *replicated) each() float64 { return ms(m.cpu) / float64(m.conversations) }

// turn lets people converse with replicas, which share a processor.
func (m *replicated) turn(l *benched, with []*replica) {
	l.t.Helper()
	for _, p := range with {
		pin(l.t, "1", p.process.Process.Pid)
	}
	l.crowd(chats, upTo(warmUp))
	used := func() (sum time.Duration) {
		for _, p := range with {
			sum += cpuOf(l.t, p.process.Process.Pid)
		}
		return sum
	}
	before, cpu := l.sent.Load(), used()
	_, wall := l.crowd(chats, until(time.Now().Add(replicaTurn)))
	m.conversations, m.wall, m.cpu = m.conversations+l.sent.Load()-before, m.wall+wall, m.cpu+used()-cpu
}

// pin keeps processes on one processor until the benchmark ends; false where there is no taskset.
func pin(b testing.TB, processor string, pids ...int) bool {
	b.Helper()
	program, err := exec.LookPath("taskset")
	if err != nil {
		return false
	}
	set := func(to string, pid int) {
		if out, err := exec.Command(program, "-a", "-c", "-p", to, strconv.Itoa(pid)).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	for _, pid := range pids {
		set(processor, pid)
	}
	b.Cleanup(func() { set("0-1", os.Getpid()) })
	return true
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
