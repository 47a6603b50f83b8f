package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// told is what somebody was told that it was received: ids of posts, and names of cases.
type told struct {
	mu    sync.Mutex
	posts map[int64]bool
	cases map[int64]bool
}

func (l *told) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.posts) + len(l.cases)
}

// person writes and sends a case, over and over, and repeats what is not confirmed, until the store is gone.
func (l *told) person(b backend, first int64) error {
	for n := first; ; n += 100 {
		var w referrals.Work
		for {
			works, err := b.Keep(b.ctx, []referrals.Post{post(b.Chat("line", n), n)})
			if len(works) > 0 {
				w = works[0]
			}
			if err == nil {
				break
			}
			if !errors.Is(err, errUnsynced) {
				return nil // the master is gone
			}
		}
		l.mu.Lock()
		l.posts[n] = true
		l.mu.Unlock()
		if w.Number == 0 {
			return fmt.Errorf("%d was kept, and nobody has it", n)
		}
		c := referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w),
			Births: []referrals.Birth{{Name: fmt.Sprintf("k%d", n), State: []byte("s"), Keep: time.Hour}}}
		for {
			_, _, err := b.Commit(b.ctx, w, c)
			if err == nil {
				break
			}
			if !errors.Is(err, errUnsynced) {
				return nil
			}
		}
		l.mu.Lock()
		l.cases[n] = true
		l.mu.Unlock()
	}
}

// TestALateReplicaHasWhatWasReceived kills a master whose replica is 300 ms late, and what is on its way with it.
func TestALateReplicaHasWhatWasReceived(t *testing.T) {
	t.Parallel()
	server, replica, proxy := behindProxy(t)
	b, unsynced := counted(t, Options{URL: server.URL()})
	proxy.Delay(300 * time.Millisecond)
	l := &told{posts: map[int64]bool{}, cases: map[int64]bool{}}
	var g errgroup.Group
	for person := range int64(8) {
		g.Go(func() error { return l.person(b, person) })
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); l.count() < 25 && time.Now().Before(deadline); {
		<-tick.C
	}
	server.Kill()
	proxy.Down(true)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if l.count() < 25 || unsynced.Load() > 0 {
		t.Fatalf("%d were received, %d unsynced", l.count(), unsynced.Load())
	}
	has := replica.Client()
	for n := range l.posts {
		if has.ZScore(b.ctx, b.seenKey(b.Chat("line", n).Slot), fmt.Sprintf("u%d", n)).Err() != nil {
			t.Errorf("post %d was received and is lost", n)
		}
	}
	for n := range l.cases {
		if has.Exists(b.ctx, b.recordKey(referrals.Member{Slot: b.Chat("line", n).Slot, Name: fmt.Sprintf("k%d", n)})).Val() != 1 {
			t.Errorf("case %d was received and is lost", n)
		}
	}
}

// TestALateReplicaHasWhatWasMovedAndPosted does what errands do between slots, until it counts as done, and kills the master
// with what is on its way: an errand that another server has forgotten as done must not be undone here.
func TestALateReplicaHasWhatWasMovedAndPosted(t *testing.T) {
	t.Parallel()
	server, replica, proxy := behindProxy(t)
	b, unsynced := counted(t, Options{URL: server.URL()})
	proxy.Delay(300 * time.Millisecond)
	until := func(act func() error) {
		t.Helper()
		err := act()
		for errors.Is(err, errUnsynced) {
			err = act()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	to := b.Chat("line", 7)
	until(func() error { return b.Post(b.ctx, post(to, 7)) })
	until(func() error {
		_, _, err := b.Move(b.ctx, offerOf("AAAA-BBBB-1", b.clock.now(), false))
		return err
	})
	server.Kill()
	proxy.Down(true)
	has := replica.Client()
	if has.ZCard(b.ctx, b.inboxKey(to)).Val() != 1 || has.Exists(b.ctx, b.holdingKey("fld", "AAAA-BBBB-1")).Val() != 1 || unsynced.Load() > 0 {
		t.Errorf("done, and lost with the master; unsynced %d", unsynced.Load())
	}
}

// TestAFrozenReplicaStopsTheLineForSecondsOnly freezes a replica for good: first nothing is confirmed, then it stands.
func TestAFrozenReplicaStopsTheLineForSecondsOnly(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, atOnce...)
	replica := follower(t, server)
	b, unsynced := counted(t, Options{URL: server.URL()})
	untilSynced(t, b, unsynced, 1000)
	replica.Freeze()
	unsynced.Store(0)
	m := b.Chat("line", 1)
	works, err := b.Keep(b.ctx, []referrals.Post{post(m, 1)})
	if !errors.Is(err, errUnsynced) || len(works) != 1 || unsynced.Load() != 0 {
		t.Fatalf("kept %+v while the replica is online, unsynced %d: %v", works, unsynced.Load(), err)
	}
	if more := b.received(t, post(m, 1)); len(more) != 0 || unsynced.Load() != 1 {
		t.Fatalf("the same again: %+v, unsynced %d", more, unsynced.Load())
	}
	before := waits(t, server.Client())
	acts(t, b, 2)
	if n := waits(t, server.Client()); n != before || unsynced.Load() != 1+toldOf {
		t.Fatalf("%d waits for one that is frozen, unsynced %d", n-before, unsynced.Load())
	}
	replica.Thaw()
	untilSynced(t, b, unsynced, 1_000_000)
}

// TestAReplicaThatNeverKeepsUpIsGivenUp has a replica that shows that it lives, and is always later than a wait.
func TestAReplicaThatNeverKeepsUpIsGivenUp(t *testing.T) {
	t.Parallel()
	server, _, proxy := behindProxy(t)
	b, unsynced := counted(t, Options{URL: server.URL()})
	const late = 500 * time.Millisecond
	b.replicas.patience, b.replicas.giveUp = late, 2*late
	proxy.Delay(late)
	began := time.Now()
	b.received(t, post(b.Chat("line", 1), 1))
	if took := time.Since(began); took < b.replicas.giveUp || unsynced.Load() != 1 {
		t.Fatalf("given up after %v, unsynced %d", took, unsynced.Load())
	}
	b.mustKeep(t, post(b.Chat("line", 2), 2)) // from then on at once
	proxy.Delay(0)
	untilSynced(t, b, unsynced, 1000)
	proxy.Delay(late)
	if _, err := b.Keep(b.ctx, []referrals.Post{post(b.Chat("line", 3), 3)}); !errors.Is(err, errUnsynced) {
		t.Fatalf("one that kept up again is given up at once: %v", err)
	}
}

// behindProxy is a server and its replica, which hears of it through a proxy.
func behindProxy(t *testing.T) (server, replica *redistest.Server, proxy *redistest.Proxy) {
	t.Helper()
	server, replica = redistest.Start(t, atOnce...), redistest.Start(t)
	proxy = redistest.StartProxy(t, server)
	replica.Follow(proxy.Addr)
	online(t, server.Client(), 1)
	return server, replica, proxy
}

// TestOneThatFailsSaysNothingOfTheOthers keeps two posts, of which one cannot be kept.
func TestOneThatFailsSaysNothingOfTheOthers(t *testing.T) {
	server := redistest.Start(t, atOnce...)
	replica := follower(t, server)
	b, unsynced := counted(t, Options{URL: server.URL()})
	bad, good := b.Chat("line", 1), b.Chat("line", 2)
	b.db.Set(b.ctx, b.inboxKey(bad), "not a set", 0)
	works, err := b.Keep(b.ctx, []referrals.Post{post(bad, 1), post(good, 2)})
	if err == nil || errors.Is(err, errUnsynced) || len(works) != 1 || unsynced.Load() != 0 {
		t.Fatalf("kept %+v, unsynced %d: %v", works, unsynced.Load(), err)
	}
	if replica.Client().Exists(b.ctx, b.inboxKey(good)).Val() != 1 {
		t.Fatal("kept, and not on the replica")
	}
}

func TestWhoFollowsIsReadFromINFO(t *testing.T) {
	for line, want := range map[string]bool{
		"ip=127.0.0.1,port=1,state=online,offset=1,lag=0":            true,
		"ip=127.0.0.1,port=1,state=online,offset=1,lag=5":            true,
		"ip=127.0.0.1,port=1,state=online,offset=1,lag=6":            false,
		"ip=127.0.0.1,port=1,state=wait_bgsave,offset=0,lag=0":       false,
		"ip=127.0.0.1,port=1,state=online,offset=1,lag=1,io-thread=": true,
		"ip=127.0.0.1,port=1,state=online,offset=1":                  true,
	} {
		if follows(line) != want {
			t.Errorf("%s: %v", line, !want)
		}
	}
}
