package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// gate lets scripts through when it is opened, and counts them.
type gate struct {
	scripts atomic.Int64
	opened  chan struct{}
}

func (g *gate) DialHook(next redis.DialHook) redis.DialHook { return next }

func (g *gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "eval") {
			g.scripts.Add(1)
			<-g.opened
		}
		return next(ctx, cmd)
	}
}

func (g *gate) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// gated is a store at whose gate as many scripts stand as are under way at a time; each would offer one case.
func gated(t testing.TB) (backend, *gate, *errgroup.Group) {
	t.Helper()
	b := open(t, Options{URL: redistest.Start(t).URL()})
	b.offer(t, "AAAA-AAAA-1", referrals.Urgent) // the server has the script
	g, all := &gate{opened: make(chan struct{})}, &errgroup.Group{}
	b.db.AddHook(g)
	for i := range movingAtOnce {
		all.Go(func() error {
			_, _, err := b.Move(b.ctx, offerAs(fmt.Sprintf("BBBB-BBBB-%d", i+1)))
			return err
		})
	}
	until(func() bool { return g.scripts.Load() == movingAtOnce })
	return b, g, all
}

func offerAs(code string) referrals.Move {
	return referrals.Move{ID: "o", Desk: "fld", Code: code, To: referrals.Offered, AtRung: -1, Lane: referrals.Urgent,
		Errands: []referrals.Errand{{Notice: &referrals.Notice{Code: code}}}}
}

// until lets others work until something is so.
func until(so func() bool) {
	for !so() {
		runtime.Gosched()
	}
}

// waiting waits until so many moves wait at the desk.
func (b backend) waiting(n int) {
	until(func() bool {
		b.gather.mu.Lock()
		defer b.gather.mu.Unlock()
		return len(b.gather.desks["fld"].waiting) == n
	})
}

func TestMovesThatComeMeanwhileShareARoundTrip(t *testing.T) {
	b, g, all := gated(t)
	claim := referrals.Move{ID: "c", Desk: "fld", Code: "AAAA-AAAA-1", From: []referrals.State{referrals.Offered}, To: referrals.Claimed, Claims: true, AtRung: -1}
	again, unknown := offerAs("AAAA-AAAA-1"), claim
	again.ID, unknown.Code = "another", "ZZZZ-ZZZZ-1"
	for i, c := range []struct {
		m       referrals.Move
		state   referrals.State
		errands int
		err     error
	}{
		{claim, referrals.Claimed, 0, nil},
		{unknown, "", 0, referrals.ErrUnknown},
		{offerAs("CCCC-CCCC-1"), referrals.Offered, 1, nil},
		{again, referrals.Claimed, 0, referrals.ErrNotThere}, // of a holding that another of them moves
		{offerAs("CCCC-CCCC-2"), referrals.Offered, 1, nil},
	} {
		all.Go(func() error {
			h, tasks, err := b.Move(b.ctx, c.m)
			if !errors.Is(err, c.err) || h.State != c.state || len(tasks) != c.errands || h.State != "" && h.Code != c.m.Code {
				return fmt.Errorf("%+v: %+v, %d errands: %w", c.m, h, len(tasks), err)
			}
			return nil
		})
		b.waiting(i + 1)
	}
	close(g.opened)
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := g.scripts.Load(); n > movingAtOnce+2 { // the rest, and what was of the same holding
		t.Fatalf("%d round trips", n)
	}
}

func TestACallerWhoLeavesHindersNobody(t *testing.T) {
	b, g, all := gated(t)
	left, leave := context.WithCancel(b.ctx)
	all.Go(func() error {
		if _, _, err := b.Move(left, offerAs("CCCC-CCCC-1")); !errors.Is(err, context.Canceled) {
			return fmt.Errorf("left: %w", err)
		}
		return nil
	})
	b.waiting(1)
	leave()
	b.waiting(0)
	for i := range 3 {
		all.Go(func() error {
			_, _, err := b.Move(b.ctx, offerAs(fmt.Sprintf("DDDD-DDDD-%d", i+1)))
			return err
		})
	}
	b.waiting(3)
	close(g.opened)
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Holding(b.ctx, "fld", "CCCC-CCCC-1"); !errors.Is(err, referrals.ErrUnknown) {
		t.Fatalf("a move that was given up before it left was made: %v", err)
	}
}

// TestALeaderWhoLeavesStillLeads has the one who is to run the script for others leave at that moment.
func TestALeaderWhoLeavesStillLeads(t *testing.T) {
	b := open(t, Options{URL: redistest.Start(t).URL()})
	left, leave := context.WithCancel(b.ctx)
	leave()
	leader, _, err := b.making(offerAs("AAAA-AAAA-1"))
	if err != nil {
		t.Fatal(err)
	}
	follower, _, err := b.making(offerAs("AAAA-AAAA-2"))
	if err != nil {
		t.Fatal(err)
	}
	leader.leads, follower.ready = true, make(chan struct{})
	b.gather.desks["fld"] = &gathering{under: 1, waiting: []*making{follower}}
	if err := b.gather.run(left, b.Store, leader); err != nil {
		t.Fatal(err)
	}
	<-follower.ready
	if follower.err != nil || !strings.HasPrefix(follower.outcome, "moved") {
		t.Fatalf("%q %v", follower.outcome, follower.err)
	}
}

func TestALostRoundTripIsLostForAllAndCountsOnce(t *testing.T) {
	b, g, all := gated(t)
	loss := &lossy{}
	loss.every.Store(1)
	b.db.AddHook(loss)
	const n = 5
	for i := range n {
		all.Go(func() error {
			m := offerAs(fmt.Sprintf("CCCC-CCCC-%d", i+1))
			if _, _, err := b.Move(b.ctx, m); !errors.Is(err, errLost) {
				return fmt.Errorf("lost: %w", err)
			}
			return nil
		})
	}
	b.waiting(n)
	close(g.opened)
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	loss.every.Store(0)
	for i := range n {
		if _, tasks, err := b.Move(b.ctx, offerAs(fmt.Sprintf("CCCC-CCCC-%d", i+1))); err != nil || len(tasks) != 1 {
			t.Fatalf("again: %v %v", tasks, err)
		}
	}
	if events := b.events(t, "fld", "0", 0); len(events) != 1+movingAtOnce+n {
		t.Fatalf("%d events", len(events))
	}
}

func TestEventsOfOneActAreReadOneByOne(t *testing.T) {
	b, g, all := gated(t)
	for i := range 6 {
		all.Go(func() error {
			_, _, err := b.Move(b.ctx, offerAs(fmt.Sprintf("CCCC-CCCC-%d", i+1)))
			return err
		})
	}
	b.waiting(6)
	close(g.opened)
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	events := b.events(t, "fld", "0", 0)
	if n := b.db.XLen(b.ctx, b.eventsKey("fld")).Val(); len(events) != 1+movingAtOnce+6 || n >= int64(len(events)) {
		t.Fatalf("%d events in %d acts", len(events), n)
	}
	for i, e := range events {
		if !eventForm.MatchString(e.ID) || e.State != referrals.Offered || e.Lane != referrals.Urgent || e.Code == "" {
			t.Errorf("%+v", e)
		}
		if rest := b.events(t, "fld", e.ID, 0); !slices.Equal(rest, events[i+1:]) {
			t.Errorf("after %s: %+v", e.ID, rest)
		}
	}
	last := events[len(events)-1].ID
	if is, err := b.LastEvent(b.ctx, "fld"); err != nil || is != last {
		t.Fatalf("the last: %q %v", is, err)
	}
	if none := b.events(t, "fld", last+"-62", 1); len(none) != 0 {
		t.Fatalf("after one that was never there: %+v", none)
	}
}
