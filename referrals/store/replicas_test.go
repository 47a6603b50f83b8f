package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// counted opens a store that counts the acts that no replica has.
func counted(t *testing.T, o Options) (backend, *atomic.Int64) {
	t.Helper()
	unsynced := &atomic.Int64{}
	o.Unsynced = func() { unsynced.Add(1) }
	return open(t, o), unsynced
}

// waits counts the WAIT commands that a server has run.
func waits(t *testing.T, db *redis.Client) int {
	t.Helper()
	stats, err := db.Info(context.Background(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if calls := infoField(stats, "cmdstat_wait"); calls != "" {
		if _, err := fmt.Sscanf(calls, "calls=%d,", &n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// atOnce lets a replica follow without the 5 s in which others might join it.
var atOnce = []string{"--repl-diskless-sync-delay", "0"}

// follower starts a replica of a server and waits until it is one.
func follower(t *testing.T, of *redistest.Server) *redistest.Server {
	t.Helper()
	host, port, _ := net.SplitHostPort(of.Addr)
	replica := redistest.Start(t, "--replicaof", host, port)
	online(t, of.Client(), 1)
	return replica
}

func online(t *testing.T, master *redis.Client, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if is, err := readNode(context.Background(), master); err == nil && is.replicas == n {
			return
		}
	}
	t.Fatalf("there are not %d replicas after 20 s", n)
}

// received keeps posts as a receiver does, again and again while a replica is only late.
func (b backend) received(t testing.TB, posts ...referrals.Post) (all []referrals.Work) {
	t.Helper()
	for {
		works, err := b.Keep(b.ctx, posts)
		all = append(all, works...)
		if err == nil {
			return all
		}
		if !errors.Is(err, errUnsynced) {
			t.Fatal(err)
		}
	}
}

// committed commits likewise.
func (b backend) committed(t testing.TB, w referrals.Work, c referrals.Commit) []referrals.Task {
	t.Helper()
	for {
		tasks, _, err := b.Commit(b.ctx, w, c)
		if err == nil {
			return tasks
		}
		if !errors.Is(err, errUnsynced) {
			t.Fatal(err)
		}
	}
}

// acts are one of each kind: of the first three somebody is told that they were received.
func acts(t *testing.T, b backend, n int64) {
	t.Helper()
	w := b.received(t, post(b.Chat("line", n), 10*n))[0]
	birth := []referrals.Birth{{Name: fmt.Sprintf("k%d", n), State: []byte("s"), Keep: time.Hour}}
	b.committed(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w), Births: birth})
	w = b.received(t, post(b.Chat("line", n), 10*n+1))[0]
	tasks, _ := b.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w)})
	if err := b.Settle(b.ctx, done(tasks...)); err != nil {
		t.Fatal(err)
	}
}

const toldOf = 3 // of the acts above

// untilSynced acts until all of it is on a replica: for a moment after one has come it is not known of.
func untilSynced(t *testing.T, b backend, unsynced *atomic.Int64, from int64) {
	t.Helper()
	for n, deadline := int64(0), time.Now().Add(30*time.Second); time.Now().Before(deadline); n++ {
		before := unsynced.Load()
		acts(t, b, from+n)
		if unsynced.Load() == before {
			return
		}
	}
	t.Fatal("unsynced although there is a replica")
}

func TestWithoutReplicasNothingIsAdded(t *testing.T) {
	server := redistest.Start(t)
	b, unsynced := counted(t, Options{URL: server.URL()})
	acts(t, b, 1)
	if n := waits(t, server.Client()); n != 0 || unsynced.Load() != 0 {
		t.Fatalf("%d waits, unsynced %d", n, unsynced.Load())
	}
}

func TestWhatIsReceivedIsOnAReplica(t *testing.T) {
	server := redistest.Start(t, atOnce...)
	replica := follower(t, server)
	b, unsynced := counted(t, Options{URL: server.URL()})
	untilSynced(t, b, unsynced, 1000) // the scripts are known from here on
	before := waits(t, server.Client())
	acts(t, b, 1)
	if n := waits(t, server.Client()); n != before+toldOf {
		t.Fatalf("%d waits", n-before)
	}
	b.mustKeep(t, post(b.Chat("line", 2), 20))
	if n := replica.Client().Exists(b.ctx, b.inboxKey(b.Chat("line", 2))).Val(); n != 1 {
		t.Fatal("kept, and not on the replica")
	}

	replica.Kill()
	online(t, server.Client(), 0)
	acts(t, b, 4)
	before = waits(t, server.Client())
	unsynced.Store(0)
	acts(t, b, 5)
	if n := waits(t, server.Client()); n != before || unsynced.Load() != toldOf {
		t.Fatalf("without a replica: %d waits, unsynced %d", n-before, unsynced.Load())
	}

	replica.Restart()
	online(t, server.Client(), 1)
	untilSynced(t, b, unsynced, 1_000_000)
	if got := b.mustTake(t, 10); len(got) != 0 {
		t.Fatalf("an act that was not synced does not stand: %+v", got)
	}
}

func TestAClusterWaitsAtTheMasterOfTheKey(t *testing.T) {
	cluster := redistest.StartReplicatedCluster(t, 3, atOnce...)
	for _, master := range cluster.Nodes[:3] { // its replica is in step, and it may not know yet
		online(t, master.Client(), 1)
	}
	b, unsynced := counted(t, Options{Cluster: cluster.Addresses()})
	var posts []referrals.Post
	for i := range int64(50) {
		posts = append(posts, post(b.Chat("line", i), i))
	}
	if works := b.mustKeep(t, posts...); len(works) != 50 {
		t.Fatalf("%d of 50 were taken", len(works))
	}
	for n := range int64(8) {
		acts(t, b, 100+n)
	}
	var masters, total atomic.Int64
	err := b.db.(*redis.ClusterClient).ForEachMaster(b.ctx, func(_ context.Context, db *redis.Client) error {
		if n := waits(t, db); n > 0 {
			masters.Add(1)
			total.Add(int64(n))
		}
		return nil
	})
	if at, n := masters.Load(), total.Load(); err != nil || at != 3 || n < 3+8*toldOf || unsynced.Load() != 0 { // more where a script was not known
		t.Fatalf("%d waits at %d masters, unsynced %d: %v", n, at, unsynced.Load(), err)
	}
	m := b.Chat("line", 500)
	for n := range int64(2) { // the slot moves, and what is known of it is old
		cluster.MoveSlot(b.inboxKey(m), func() {})
		now, _ := cluster.Owner(b.inboxKey(m))
		before := waits(t, now.Client())
		b.received(t, post(m, 9000+n))
		if waits(t, now.Client()) == before || unsynced.Load() != 0 {
			t.Fatalf("run elsewhere, and not waited for; unsynced %d", unsynced.Load())
		}
		acts(t, b, 600+n)
	}
}

func TestASentinelsMasterIsAlwaysReplicated(t *testing.T) {
	server := redistest.Start(t)
	b, unsynced := counted(t, Options{Sentinel: Sentinel{Master: "line", Addresses: []string{redistest.StartSentinel(t, "line", server)}}})
	acts(t, b, 1)
	if n := waits(t, server.Client()); n != 0 || unsynced.Load() != toldOf {
		t.Fatalf("a master that lost its replicas: %d waits, unsynced %d", n, unsynced.Load())
	}
}

func TestASentinelsMasterThatMayNotBeAskedIsWaitedFor(t *testing.T) {
	server := redistest.Start(t, append([]string{"--user", "default", "on", "nopass", "~*", "&*", "+@all", "-info", "--user", "reader", "on", ">x", "~*", "&*", "+@all"}, atOnce...)...)
	b, unsynced := counted(t, Options{Sentinel: Sentinel{Master: "line", Addresses: []string{redistest.StartSentinel(t, "line", server)}}})
	b.replicas.patience, b.replicas.giveUp = 100*time.Millisecond, time.Nanosecond
	b.mustKeep(t, post(b.Chat("line", 1), 1))
	reader := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "reader", Password: "x", Protocol: 2})
	defer func() { _ = reader.Close() }()
	if n := waits(t, reader); n == 0 || unsynced.Load() != 1 {
		t.Fatalf("%d waits, unsynced %d", n, unsynced.Load())
	}
}

func TestWhatIsReceivedSurvivesAFailover(t *testing.T) {
	group := redistest.StartGroup(t, 2, atOnce...)
	b, unsynced := counted(t, Options{Sentinel: Sentinel{Master: "line", Addresses: group.Addresses()}})
	received := map[string]bool{}
	keep := func(n int64) error {
		before := unsynced.Load()
		m := b.Chat("line", n)
		_, err := b.Keep(b.ctx, []referrals.Post{post(m, n)})
		if err == nil && unsynced.Load() == before {
			received[m.Name] = true
		}
		return err
	}
	for n := range int64(50) {
		if err := keep(n); err != nil {
			t.Fatal(err)
		}
	}
	group.Failover()
	if len(received) != 50 {
		t.Fatalf("%d of 50 were on a replica", len(received))
	}
	for n, deadline := int64(50), time.Now().Add(30*time.Second); keep(n) != nil; {
		if time.Now().After(deadline) {
			t.Fatal("nothing is kept after the failover")
		}
	}
	b.clock.move(16 * time.Second)
	for _, w := range b.mustTake(t, 100) {
		if len(w.Inbox) == 1 {
			delete(received, w.Name)
		}
	}
	if len(received) > 0 {
		t.Fatalf("%d that were received are lost", len(received))
	}
}

// newer makes a server look as if it had WAITAOF, which answers with so many disks.
type newer struct{ disks atomic.Int64 }

func (n *newer) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (n *newer) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (n *newer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		known := cmds[:0:0]
		for _, c := range cmds {
			if local, ok := c.(*redis.IntSliceCmd); ok && strings.EqualFold(c.Name(), "waitaof") {
				local.SetVal([]int64{n.disks.Load(), 0})
				continue
			}
			known = append(known, c)
		}
		return next(ctx, known)
	}
}

func TestTheDiskIsWaitedForWhereItCanBe(t *testing.T) {
	server := redistest.Start(t, atOnce...)
	follower(t, server)
	b, unsynced := counted(t, Options{URL: server.URL()})
	hook := &newer{}
	hook.disks.Store(1)
	b.db.AddHook(hook)
	disk := func() { b.replicas.masters[""].disk = true }
	disk()
	untilSynced(t, b, unsynced, 1000)
	disk()
	hook.disks.Store(0)
	unsynced.Store(0)
	b.mustKeep(t, post(b.Chat("line", 2), 20))
	if got := unsynced.Load(); got != 1 {
		t.Fatalf("unsynced %d, and it is on no disk", got)
	}
	for version, want := range map[string]bool{"7.0.15": false, "7.2.0": true, "8.0.1": true, "6.2": false, "": false, "x.y": false, "7": false} {
		if knowsItsDisk(version) != want {
			t.Errorf("version %q: %v", version, !want)
		}
	}
}
