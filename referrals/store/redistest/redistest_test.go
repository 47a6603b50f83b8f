package redistest_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals/store/redistest"
)

// TestFreeze freezes a server: nothing answers, and afterwards everything does.
func TestFreeze(t *testing.T) {
	s := redistest.Start(t)
	db := s.Client()
	if err := db.Set(t.Context(), "k", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	other := redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2, DisableIdentity: true, ContextTimeoutEnabled: true})
	defer other.Close()
	if err := other.Get(ctx, "k").Err(); err == nil {
		t.Error("a frozen server answered")
	}
	s.Thaw()
	if got := db.Get(t.Context(), "k").Val(); got != "1" {
		t.Errorf("after the frost: %q", got)
	}
}

// TestRefusals makes a server refuse writes in each way, and takes it back.
func TestRefusals(t *testing.T) {
	s := redistest.Start(t)
	db := s.Client()
	n := 0
	fill := func() error {
		n++
		return db.Set(t.Context(), "k"+strconv.Itoa(n), strings.Repeat("x", 100), 0).Err()
	}
	for _, c := range []struct {
		name      string
		on, off   func()
		complaint string
	}{
		{"disk", s.FillDisk, s.EmptyDisk, "MISCONF"},
		{"memory", func() { s.MaxMemory(1) }, func() { s.MaxMemory(0) }, "OOM"},
		{"replicas", func() { s.MinReplicas(1) }, func() { s.MinReplicas(0) }, "NOREPLICAS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.on()
			eventually(t, "refused", func() bool { err := fill(); return err != nil && strings.HasPrefix(err.Error(), c.complaint) })
			c.off()
			eventually(t, "taken again", func() bool { return fill() == nil })
		})
	}
}

// TestFullDiskEndsWhoAlwaysSyncs fills the disk of a server that fsyncs always: it ends, and comes back with
// everything it had answered.
func TestFullDiskEndsWhoAlwaysSyncs(t *testing.T) {
	s := redistest.Start(t, "--appendfsync", "always")
	db := s.Client()
	if err := db.Set(t.Context(), "k", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.FillDisk()
	_ = db.Set(t.Context(), "lost", 1, 0).Err() // the answer never comes
	eventually(t, "ended", s.Ended)
	s.Restart()
	if got := db.Exists(t.Context(), "k", "lost").Val(); got != 1 {
		t.Errorf("%d keys of the one that was answered", got)
	}
}

// TestProxy cuts the answer of every third request: the act happened, the client does not know.
func TestProxy(t *testing.T) {
	s := redistest.Start(t)
	p := redistest.StartProxy(t, s)
	db := redis.NewClient(&redis.Options{Addr: p.Addr, Protocol: 2, DisableIdentity: true, MaxRetries: -1, PoolSize: 1})
	defer db.Close()
	if err := db.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	p.CutAnswers(3)
	failed := 0
	for range 9 {
		if db.Incr(t.Context(), "n").Err() != nil {
			failed++
		}
	}
	p.CutAnswers(0)
	if n, err := s.Client().Get(t.Context(), "n").Int(); err != nil || failed == 0 || n <= 9-failed {
		t.Errorf("%d acts happened of 9 asked for, %d answers were not seen: %v", n, failed, err)
	}
	p.Down(true)
	if db.Ping(t.Context()).Err() == nil {
		t.Error("a proxy that is down passes on")
	}
	p.Down(false)
	if err := db.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

// TestGroupFailsOver kills the master of a group: the replica takes its place, with what it had.
func TestGroupFailsOver(t *testing.T) {
	t.Parallel()
	g := redistest.StartGroup(t, 3)
	db := g.Client()
	if err := db.Set(t.Context(), "k", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "on the replica", func() bool { return g.Servers[1].Client().Exists(t.Context(), "k").Val() == 1 })
	first := g.Master()
	g.Failover()
	if g.Master() == first || g.Master() == nil {
		t.Error("the master is the same")
	}
	eventually(t, "answered", func() bool { return db.Get(t.Context(), "k").Val() == "1" })
}

// TestClusterFailsOver kills a node of six, then moves a slot.
func TestClusterFailsOver(t *testing.T) {
	t.Parallel()
	c := redistest.StartReplicatedCluster(t, 3)
	db := c.Client()
	for i := range 20 {
		if err := db.Set(t.Context(), "{p07}:"+strconv.Itoa(i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	first, _ := c.Owner("{p07}")
	c.Failover("{p07}")
	second, _ := c.Owner("{p07}")
	if first == second {
		t.Error("the node is the same")
	}
	moved := 0
	c.MoveSlot("{p07}", func() { moved++ })
	if third, _ := c.Owner("{p07}"); third == second || moved == 0 {
		t.Error("the slot did not move")
	}
	for i := range 20 {
		if got := db.Get(t.Context(), "{p07}:"+strconv.Itoa(i)).Val(); got != strconv.Itoa(i) {
			t.Errorf("%d is %q", i, got)
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-tick.C
	}
}
