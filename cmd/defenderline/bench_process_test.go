package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// tick is the unit of CPU times in /proc (USER_HZ, 100 a second on Linux).
const tick = 10 * time.Millisecond

// cpuOf is the CPU time a process has used, in user and in kernel mode.
func cpuOf(b testing.TB, pid int) time.Duration {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), ") ") // the name may hold spaces
	fields := strings.Fields(rest)
	var sum time.Duration
	for _, i := range []int{11, 12} { // utime and stime
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(n) * tick
	}
	return sum
}

// memoryOf is a figure of /proc/PID/status, such as VmRSS or VmHWM, in MB.
func memoryOf(b testing.TB, pid int, what string) float64 {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), what+":")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kb) / 1024
}

// metric reads one of the line's own meters; false when it is not there.
func (r *rig) metric(name string) (float64, bool) {
	for line := range strings.Lines(r.get("/metrics")) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return v, err == nil
		}
	}
	return 0, false
}

// snapshot is everything that is counted, at one moment.
type snapshot struct {
	at             time.Time
	cpu, redisCPU  time.Duration
	mallocs, bytes float64
	calls          map[string]int64
	connections    int64
	scripts        int64   // EVALSHA calls, as the server counts them
	redisBytes     float64 // the server's memory
}

func (l *benched) snapshot() snapshot {
	s := snapshot{calls: l.sim.Counts(), connections: l.sim.Connections()}
	s.mallocs, _ = l.metric("go_memstats_mallocs_total")
	s.bytes, _ = l.metric("go_memstats_alloc_bytes_total")
	s.scripts = scriptCalls(l.t, l.db)
	s.redisBytes = redisInfo(l.t, l.db, "memory", "used_memory")
	s.redisCPU = cpuOf(l.t, l.redisPID)
	s.cpu, s.at = cpuOf(l.t, l.process.Process.Pid), time.Now()
	return s
}

// scriptCalls counts the scripts run so far, from INFO commandstats.
func scriptCalls(b testing.TB, db *redis.Client) int64 {
	b.Helper()
	text, err := db.Info(context.Background(), "commandstats").Result()
	if err != nil {
		b.Fatal(err)
	}
	var sum int64
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "cmdstat_evalsha:calls=")
		if !ok {
			continue
		}
		n, _, _ := strings.Cut(rest, ",")
		calls, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += calls
	}
	return sum
}

// redisInfo is one number that a server says of itself.
func redisInfo(b testing.TB, db *redis.Client, section, name string) float64 {
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
