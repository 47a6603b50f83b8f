package redistest

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Group is a master with one replica, watched by sentinels.
type Group struct {
	// Name is what the sentinels call the group.
	Name string
	// Servers are the two, the first master first. Which of them is the master now says Master.
	Servers [2]*Server
	// Sentinels watch them; a majority of them decides.
	Sentinels []*Server

	t testing.TB
}

// silence is after how many milliseconds a node or a master counts as lost. Shorter than in real life, so
// that tests wait little, and longer than a busy machine lets a process wait for its turn.
const silence = "2000"

// StartGroup runs two servers, the second as replica of the first, and n sentinels, and returns when the
// replica is in step and every sentinel knows of it and of the others.
func StartGroup(t testing.TB, n int, flags ...string) *Group {
	t.Helper()
	g := &Group{Name: "line", t: t}
	g.Servers[0] = Start(t, flags...)
	host, port, _ := net.SplitHostPort(g.Servers[0].Addr)
	g.Servers[1] = Start(t, append([]string{"--replicaof", host + " " + port}, flags...)...)
	for range n {
		g.Sentinels = append(g.Sentinels, start(t, newSentinel(t, g.Name, g.Servers[0], n/2+1)))
	}
	g.wait("the replica to be in step", func(ctx context.Context) bool {
		return field(ctx, g.Servers[1].Client(), "replication", "master_link_status") == "up"
	})
	for _, s := range g.Sentinels {
		db := sentinelClient(t, s.Addr)
		g.wait("a sentinel to know the group", func(ctx context.Context) bool {
			is, err := db.Master(ctx, g.Name).Result()
			return err == nil && is["num-slaves"] == "1" && is["num-other-sentinels"] == strconv.Itoa(n-1)
		})
	}
	return g
}

// Addresses are those of the sentinels.
func (g *Group) Addresses() []string {
	var out []string
	for _, s := range g.Sentinels {
		out = append(out, s.Addr)
	}
	return out
}

// Client connects, until the test ends, to whichever server is the master.
func (g *Group) Client() redis.UniversalClient {
	db := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: g.Name, SentinelAddrs: g.Addresses(), Protocol: 2, DisableIdentity: true})
	g.t.Cleanup(func() { _ = db.Close() })
	return db
}

// Master is the server that most sentinels take for the master, nil while they disagree.
func (g *Group) Master() *Server {
	votes := map[string]int{}
	for _, s := range g.Sentinels {
		db := sentinelClient(nil, s.Addr)
		at, err := db.GetMasterAddrByName(context.Background(), g.Name).Result()
		_ = db.Close()
		if err == nil && len(at) == 2 {
			votes[net.JoinHostPort(at[0], at[1])]++
		}
	}
	for _, s := range g.Servers {
		if votes[s.Addr] > len(g.Sentinels)/2 {
			return s
		}
	}
	return nil
}

// Failover kills the master and recovers.
func (g *Group) Failover() {
	g.t.Helper()
	lost := g.Master()
	if lost == nil {
		g.t.Fatal("the sentinels know no master to kill")
	}
	lost.Kill()
	g.Recover(lost)
}

// Recover waits until another server has taken a killed master's place, and starts that again as replica:
// sentinels would make it one after some ten seconds. It returns when that is in step.
func (g *Group) Recover(lost *Server) {
	g.t.Helper()
	var now *Server
	g.wait("another master", func(context.Context) bool { now = g.Master(); return now != nil && now != lost })
	lost.Restart()
	lost.Follow(now.Addr)
}

func (g *Group) wait(what string, ok func(context.Context) bool) {
	g.t.Helper()
	eventually(g.t, what, ok)
}

// StartSentinel runs a sentinel that watches a server under a name, and returns its address.
func StartSentinel(t testing.TB, name string, watched *Server) string {
	t.Helper()
	return start(t, newSentinel(t, name, watched, 1)).Addr
}

// newSentinel is a sentinel with its file, which does not run yet.
func newSentinel(t testing.TB, name string, watched *Server, quorum int) *Server {
	t.Helper()
	host, port, _ := net.SplitHostPort(watched.Addr)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	text := "sentinel monitor " + name + " " + host + " " + port + " " + strconv.Itoa(quorum) + "\n" +
		"sentinel down-after-milliseconds " + name + " " + silence + "\n" +
		"sentinel failover-timeout " + name + " 10000\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &Server{t: t, dir: t.TempDir(), sentinel: file}
}

// sentinelClient connects to a sentinel, until the test ends when there is one.
func sentinelClient(t testing.TB, addr string) *redis.SentinelClient {
	db := redis.NewSentinelClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true, DialTimeout: time.Second, ReadTimeout: time.Second})
	if t != nil {
		t.Cleanup(func() { _ = db.Close() })
	}
	return db
}
