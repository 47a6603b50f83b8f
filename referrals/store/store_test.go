package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// backend is a store on some Redis, and a look behind it.
type backend struct {
	*Store
	db    redis.UniversalClient
	clock *clock
	vault *Vault
	ctx   context.Context
}

// each runs a test against a real server and against the embedded one.
func each(t *testing.T, test func(t *testing.T, b backend)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) {
		b := open(t, Options{URL: redistest.Start(t).URL(), RequireDurable: true, Line: "pe"})
		test(t, b)
		carriesItsName(t, b.db, "pe")
	})
	t.Run("miniredis", func(t *testing.T) {
		test(t, open(t, Options{URL: "redis://" + miniredis.RunT(t).Addr()}))
	})
}

// patient, after the address of a server, lets it take its time where a machine is short of it.
const patient = "?read_timeout=60s&write_timeout=60s&dial_timeout=60s"

func newVault(t testing.TB) *Vault {
	t.Helper()
	file, err := NewStateKeys(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v, err := ParseStateKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func open(t testing.TB, o Options) backend {
	t.Helper()
	c := newClock()
	o.Now, o.Clock = c.now, c.now
	if o.Vault == nil {
		o.Vault = newVault(t)
	}
	o.Desks = append(o.Desks, "lima", "fld")
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return backend{s, s.db, c, o.Vault, context.Background()}
}

func (b backend) mustKeep(t testing.TB, posts ...referrals.Post) []referrals.Work {
	t.Helper()
	w, err := b.Keep(b.ctx, posts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (b backend) mustCommit(t testing.TB, w referrals.Work, c referrals.Commit) ([]referrals.Task, *referrals.Work) {
	t.Helper()
	tasks, again, err := b.Commit(b.ctx, w, c)
	if err != nil {
		t.Fatal(err)
	}
	return tasks, again
}

// done says that tasks of one slot were done.
func done(tasks ...referrals.Task) []referrals.Settled {
	one := referrals.Settled{}
	for _, task := range tasks {
		one.Slot, one.IDs = task.Slot, append(one.IDs, task.ID)
	}
	return []referrals.Settled{one}
}

func (b backend) mustTake(t testing.TB, n int) []referrals.Work {
	t.Helper()
	w, err := b.Take(b.ctx, nil, n)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func post(to referrals.Member, n int64) referrals.Post {
	return referrals.Post{To: to, ID: fmt.Sprintf("u%d", n), Order: n, Body: fmt.Appendf(nil, "body %d", n)}
}

func doneOf(w referrals.Work) []string {
	var ids []string
	for _, e := range w.Inbox {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestAMemberIsKeptTakenAndCommitted(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := b.Chat("line", 900001)
		taken := b.mustKeep(t, post(m, 12), post(m, 11))
		if len(taken) != 1 || taken[0].Member != m || taken[0].State != nil || fmt.Sprint(doneOf(taken[0])) != "[u11 u12]" {
			t.Fatalf("kept: %+v", taken)
		}
		if string(taken[0].Inbox[0].Body) != "body 11" || taken[0].Inbox[0].Order != 11 {
			t.Fatalf("entry: %+v", taken[0].Inbox[0])
		}
		if more := b.mustKeep(t, post(m, 13), post(m, 11)); len(more) != 0 {
			t.Fatalf("a taken member was given away: %+v", more)
		}
		_, again := b.mustCommit(t, taken[0], referrals.Commit{State: []byte("one"), Keep: time.Hour, Done: doneOf(taken[0])})
		if again == nil || again.Number <= taken[0].Number || string(again.State) != "one" || fmt.Sprint(doneOf(*again)) != "[u13]" {
			t.Fatalf("again: %+v", again)
		}
		if due := b.mustTake(t, 10); len(due) != 0 {
			t.Fatalf("taken twice: %+v", due)
		}
		later := b.clock.now().Add(time.Hour)
		_, none := b.mustCommit(t, *again, referrals.Commit{State: []byte("two"), Keep: 2 * time.Hour, Done: doneOf(*again), Again: later})
		if none != nil {
			t.Fatalf("nothing came, and yet: %+v", none)
		}
		if due := b.mustTake(t, 10); len(due) != 0 {
			t.Fatalf("not due yet: %+v", due)
		}
		b.clock.move(time.Hour)
		due := b.mustTake(t, 10)
		if len(due) != 1 || string(due[0].State) != "two" || len(due[0].Inbox) != 0 {
			t.Fatalf("due: %+v", due)
		}
		b.mustCommit(t, due[0], referrals.Commit{})
		b.clock.move(time.Hour)
		if left := b.mustTake(t, 10); len(left) != 0 {
			t.Fatalf("a deleted member came back: %+v", left)
		}
	})
}

func TestTheNumberDecides(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := b.Chat("line", 1)
		frozen := b.mustKeep(t, post(m, 1))[0]
		b.clock.move(16 * time.Second)
		second := b.mustTake(t, 1)
		if len(second) != 1 || second[0].Number <= frozen.Number {
			t.Fatalf("the lease did not end: %+v", second)
		}
		_, _, err := b.Commit(b.ctx, frozen, referrals.Commit{State: []byte("old"), Keep: time.Hour, Done: doneOf(frozen)})
		if !errors.Is(err, referrals.ErrSuperseded) {
			t.Fatalf("a superseded commit: %v", err)
		}
		for _, err := range []error{b.Extend(b.ctx, frozen), b.Release(b.ctx, frozen, b.clock.now())} {
			if !errors.Is(err, referrals.ErrSuperseded) {
				t.Fatalf("a superseded hold: %v", err)
			}
		}
		b.clock.move(10 * time.Second)
		if err := b.Extend(b.ctx, second[0]); err != nil {
			t.Fatal(err)
		}
		b.clock.move(10 * time.Second)
		if early := b.mustTake(t, 1); len(early) != 0 {
			t.Fatalf("an extended lease ended: %+v", early)
		}
		if err := b.Release(b.ctx, second[0], b.clock.now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Commit(b.ctx, second[0], referrals.Commit{}); !errors.Is(err, referrals.ErrSuperseded) {
			t.Fatalf("a commit of what was released: %v", err)
		}
		b.clock.move(time.Second)
		if third := b.mustTake(t, 1); len(third) != 1 || len(third[0].Inbox) != 1 {
			t.Fatalf("released: %+v", third)
		}
	})
}

func TestTheSameCommitAgainChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := b.Chat("line", 1)
		w := b.mustKeep(t, post(m, 1))[0]
		b.mustKeep(t, post(m, 2))
		c := referrals.Commit{
			State: []byte("s"), Keep: time.Hour, Done: doneOf(w),
			Errands: []referrals.Errand{{Notice: &referrals.Notice{Desk: "lima"}}, {Send: &referrals.Send{Order: "x"}}},
			Births:  []referrals.Birth{{Name: "kABCD-EFGH", State: []byte("born"), Keep: time.Hour, Again: b.clock.now()}},
		}
		tasks, again := b.mustCommit(t, w, c)
		if len(tasks) != 2 || again == nil {
			t.Fatalf("committed: %v %+v", tasks, again)
		}
		if err := b.Settle(b.ctx, done(tasks[0])); err != nil {
			t.Fatal(err)
		}
		tasks2, again2 := b.mustCommit(t, w, c)
		if len(tasks2) != 1 || tasks2[0].ID != tasks[1].ID || again2 == nil || again2.Number != again.Number || len(again2.Inbox) != 1 {
			t.Fatalf("repeated: %v %+v", tasks2, again2)
		}
		if d, err := b.Depth(b.ctx); err != nil || d.Errands != 1 {
			t.Fatalf("depth: %+v %v", d, err)
		}
		b.mustCommit(t, *again, referrals.Commit{Done: doneOf(*again)})
		if tasks, w := b.mustCommit(t, *again, referrals.Commit{Done: doneOf(*again)}); len(tasks) != 0 || w != nil {
			t.Fatalf("a repeated deletion: %v %+v", tasks, w)
		}
	})
}

func TestABirthThatExistsStopsTheCommit(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := b.Chat("line", 1)
		w := b.mustKeep(t, post(m, 1))[0]
		b.mustKeep(t, post(m, 2))
		birth := referrals.Commit{
			State: []byte("s"), Keep: time.Hour, Done: doneOf(w),
			Births: []referrals.Birth{{Name: "kABCD-EFGH", State: []byte("born"), Keep: time.Hour}},
		}
		_, again := b.mustCommit(t, w, birth)
		birth.Done = doneOf(*again)
		if _, _, err := b.Commit(b.ctx, *again, birth); !errors.Is(err, referrals.ErrBorn) {
			t.Fatalf("born twice: %v", err)
		}
		birth.Births = nil
		if _, more := b.mustCommit(t, *again, birth); more != nil {
			t.Fatalf("after the refused birth: %+v", more)
		}
	})
}

func TestMovesOfAHolding(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		offer := referrals.Move{ID: "o1", Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered, AtRung: -1, At: b.clock.now(),
			Due: b.clock.now().Add(time.Minute), Lane: referrals.Urgent, Origin: "p07",
			Errands: []referrals.Errand{{Notice: &referrals.Notice{Kind: referrals.NoticeOffer, Desk: "fld"}}}}
		h, tasks, err := b.Move(b.ctx, offer)
		if err != nil || len(tasks) != 1 || h.State != referrals.Offered || h.Origin != "p07" || !h.Due.Equal(offer.Due) || !h.Since.Equal(offer.At) {
			t.Fatalf("offered: %+v %v %v", h, tasks, err)
		}
		if _, same, err := b.Move(b.ctx, offer); err != nil || len(same) != 1 || same[0].ID != tasks[0].ID {
			t.Fatalf("the same offer: %v %v", same, err)
		}
		claim := referrals.Move{ID: "c1", Desk: "fld", Code: offer.Code, From: []referrals.State{referrals.Offered},
			To: referrals.Claimed, Claims: true, AtRung: -1, Due: b.clock.now().Add(time.Hour), At: b.clock.now()}
		if h, _, err = b.Move(b.ctx, claim); err != nil || h.Claim != 1 || h.State != referrals.Claimed {
			t.Fatalf("claimed: %+v %v", h, err)
		}
		claim.ID = "c2"
		if h, _, err = b.Move(b.ctx, claim); !errors.Is(err, referrals.ErrNotThere) || h.State != referrals.Claimed {
			t.Fatalf("claimed twice: %+v %v", h, err)
		}
		if n, err := b.CountOpen(b.ctx, "fld"); err != nil || n != 1 {
			t.Fatalf("count: %d %v", n, err)
		}
		accept := referrals.Move{ID: "a1", Desk: "fld", Code: offer.Code, From: []referrals.State{referrals.Claimed}, To: referrals.Accepted, Claim: 2, AtRung: -1}
		if _, _, err = b.Move(b.ctx, accept); !errors.Is(err, referrals.ErrNotThere) {
			t.Fatalf("accepted under another claim: %v", err)
		}
		b.clock.move(2 * time.Hour)
		clocks := b.mustTake(t, 10)
		if len(clocks) != 1 || clocks[0].Name != "hABCD-EFGH-1" || clocks[0].State != nil {
			t.Fatalf("the claim's clock: %+v", clocks)
		}
		accept.Claim = 1
		if h, _, err = b.Move(b.ctx, accept); err != nil || !h.Due.IsZero() {
			t.Fatalf("accepted: %+v %v", h, err)
		}
		if err := b.Release(b.ctx, clocks[0], b.clock.now()); !errors.Is(err, referrals.ErrSuperseded) {
			t.Fatalf("a clock that a move ended: %v", err)
		}
		if _, err := b.Holding(b.ctx, "fld", "XXXX-XXXX-1"); !errors.Is(err, referrals.ErrUnknown) {
			t.Fatalf("unknown: %v", err)
		}
		accept.Code, accept.ID = "XXXX-XXXX-1", "a2"
		if _, _, err = b.Move(b.ctx, accept); !errors.Is(err, referrals.ErrUnknown) {
			t.Fatalf("unknown: %v", err)
		}
	})
}
