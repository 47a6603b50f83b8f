package store

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// wrongClock is the clock of a machine that is wrong, and goes on as all clocks do. It jumps: it has no monotonic reading.
type wrongClock struct{ by atomic.Int64 }

func (c *wrongClock) now() time.Time { return time.Now().Round(0).Add(time.Duration(c.by.Load())) }

// replicaOf is a store whose machine has a clock that is wrong, and that goes by Redis's as they do in service.
func replicaOf(t *testing.T, o Options, by time.Duration) (backend, *wrongClock) {
	t.Helper()
	c := &wrongClock{}
	c.by.Store(int64(by))
	o.Now, o.Desks = c.now, []string{"lima", "fld"}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return backend{s, s.db, nil, o.Vault, t.Context()}, c
}

// everywhere runs a test on each kind of server that has a clock of its own.
func everywhere(t *testing.T, test func(t *testing.T, o Options)) {
	t.Helper()
	for name, o := range map[string]func(*testing.T) Options{
		"redis":     func(t *testing.T) Options { return Options{URL: redistest.Start(t).URL() + patient} },
		"miniredis": func(t *testing.T) Options { return Options{URL: "redis://" + miniredis.RunT(t).Addr()} },
		"cluster":   func(t *testing.T) Options { return Options{Cluster: redistest.StartCluster(t, 3)[:1]} },
	} {
		t.Run(name, func(t *testing.T) {
			of := o(t)
			of.Vault = newVault(t)
			test(t, of)
		})
	}
}

// wrongs are how far two machines are wrong.
func wrongs() [][2]time.Duration {
	return [][2]time.Duration{{0, 30 * time.Second}, {0, -30 * time.Second}, {30 * time.Second, -30 * time.Second}, {-2 * time.Hour, 2 * time.Hour}}
}

// TestWhatOneHasNoOtherTakes has two replicas with clocks far apart, one of which works.
func TestWhatOneHasNoOtherTakes(t *testing.T) {
	everywhere(t, func(t *testing.T, o Options) {
		for i, by := range wrongs() {
			one, _ := replicaOf(t, o, by[0])
			other, _ := replicaOf(t, o, by[1])
			bothWays(t, one, other, int64(2*i))
			bothWays(t, other, one, int64(2*i+1))
		}
	})
}

// bothWays lets one work, hold and give back, and the other look for what nobody has.
func bothWays(t *testing.T, one, other backend, n int64) {
	t.Helper()
	nothing := func(what string) {
		t.Helper()
		tasks, err := other.Overdue(other.ctx, 100)
		if work := other.mustTake(t, 100); err != nil || len(tasks)+len(work) != 0 {
			t.Fatalf("%s, and another took %+v and %+v: %v", what, tasks, work, err)
		}
	}
	if apart := one.Now().Sub(other.Now()); apart.Abs() > time.Second {
		t.Fatalf("the line has two times, %v apart", apart)
	}
	m := one.Chat("line", n)
	w := one.mustKeep(t, post(m, 10*n))[0]
	nothing("a chat is worked on")
	if again := other.mustKeep(t, post(m, 10*n+1)); len(again) != 0 {
		t.Fatalf("a chat has two workers: %+v", again)
	}
	errand := []referrals.Errand{{Notice: &referrals.Notice{Desk: "lima"}}}
	tasks, next := one.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w), Errands: errand})
	nothing("an errand is in hand")
	code := referrals.ReferralCode("ABCD-EFGH", int(n)+1)
	_, more, err := one.Move(one.ctx, referrals.Move{ID: "o", Desk: "fld", Code: code, To: referrals.Offered, AtRung: -1,
		Due: one.Now().Add(time.Hour), Errands: errand})
	if err != nil {
		t.Fatal(err)
	}
	nothing("a move's errand is in hand")
	held, err := one.Hold(one.ctx, append(tasks, more...))
	if err != nil || len(held) != 2 {
		t.Fatalf("held %+v: %v", held, err)
	}
	nothing("errands are held")
	for _, task := range held {
		if left := task.Till.Sub(one.now()); left <= 0 || left > 15*time.Second {
			t.Fatalf("to be run until %v, in %v", task.Till, left)
		}
	}
	if err := one.Extend(one.ctx, *next); err != nil {
		t.Fatal(err)
	}
	nothing("a lease was extended")
	if err := one.Release(one.ctx, *next, one.Now()); err != nil {
		t.Fatal(err)
	}
	taken := other.mustTake(t, 1)
	for deadline := time.Now().Add(10 * time.Second); len(taken) == 0 && time.Now().Before(deadline); { // they reckon to milliseconds
		taken = other.mustTake(t, 1)
	}
	if len(taken) != 1 || taken[0].Member != m {
		t.Fatalf("what was given back is not taken: %+v", taken)
	}
	other.mustCommit(t, taken[0], referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(taken[0]), Again: other.Now().Add(time.Hour)})
	if err := one.Settle(one.ctx, done(held[0])); err != nil {
		t.Fatal(err)
	}
	if err := one.Settle(one.ctx, done(held[1])); err != nil {
		t.Fatal(err)
	}
	nothing("all is done")
}

// TestWhatTheDeadHadIsTakenInItsTime lets replicas with clocks far apart die with what they have: another has it when
// the lease ends, by Redis's clock, and not a moment before.
func TestWhatTheDeadHadIsTakenInItsTime(t *testing.T) {
	everywhere(t, func(t *testing.T, o Options) {
		o.Lease, o.Grace = 2*time.Second, 2*time.Second
		for i, by := range wrongs() {
			dead, _ := replicaOf(t, o, by[0])
			alive, _ := replicaOf(t, o, by[1])
			begun := time.Now()
			dead.mustKeep(t, post(dead.Chat("line", int64(i)), int64(i)))
			w := dead.mustKeep(t, post(dead.Chat("line", int64(100+i)), int64(100+i)))[0]
			tasks, _ := dead.mustCommit(t, w, referrals.Commit{Done: doneOf(w), Errands: []referrals.Errand{{Notice: &referrals.Notice{}}}})
			work, late := eventually(t, alive)
			if took := time.Since(begun); took < o.Lease-50*time.Millisecond {
				t.Fatalf("taken over after %v", took)
			}
			if len(work) != 1 || len(late) != 1 || late[0].ID != tasks[0].ID {
				t.Fatalf("taken over: %+v %+v", work, late)
			}
			if held, err := dead.Hold(dead.ctx, tasks); err != nil || len(held) != 0 {
				t.Fatalf("two have it: %+v %v", held, err)
			}
			alive.mustCommit(t, work[0], referrals.Commit{Done: doneOf(work[0])})
			if err := alive.Settle(alive.ctx, done(late...)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// eventually looks for what nobody has until there is one of each, for ten seconds at most: less than the clocks are apart.
func eventually(t *testing.T, b backend) (work []referrals.Work, late []referrals.Task) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for len(work) == 0 || len(late) == 0 {
		tasks, err := b.Overdue(b.ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		work, late = append(work, b.mustTake(t, 10)...), append(late, tasks...)
		if time.Now().After(deadline) {
			t.Fatalf("nobody takes over: %+v %+v", work, late)
		}
	}
	return work, late
}

// TestAClockThatIsSetChangesNothing lets the clock of a machine jump, without the monotonic reading that it has in service:
// what follows is refused once, or goes as before; nothing is done twice, and nothing waits for the clock to come back.
func TestAClockThatIsSetChangesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, o Options) {
		jumps, jumping := replicaOf(t, o, 0)
		other, _ := replicaOf(t, o, 0)
		for i, by := range []time.Duration{time.Hour, -time.Hour, -time.Hour, 3 * time.Hour} {
			m := other.Chat("line", int64(i))
			w := other.mustKeep(t, post(m, int64(10*i)))[0]
			tasks, _ := other.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w),
				Errands: []referrals.Errand{{Notice: &referrals.Notice{}}}})
			w = other.mustKeep(t, post(m, int64(10*i+1)))[0]
			jumping.by.Add(int64(by))
			for range 3 {
				if late, _ := jumps.Overdue(jumps.ctx, 10); len(late) != 0 {
					t.Fatalf("%v: an errand was taken from whoever has it: %+v", by, late)
				}
				if work, _ := jumps.Take(jumps.ctx, nil, 10); len(work) != 0 {
					t.Fatalf("%v: a chat was taken from its worker: %+v", by, work)
				}
			}
			_, _ = jumps.Keep(jumps.ctx, []referrals.Post{post(m, int64(10*i+2))}) // may be refused
			if work := jumps.mustKeep(t, post(m, int64(10*i+2))); len(work) != 0 {
				t.Fatalf("%v: a chat has two workers", by)
			}
			free := jumps.mustKeep(t, post(jumps.Chat("line", int64(100+i)), int64(10*i+3)))
			if len(free) != 1 {
				t.Fatalf("%v: a chat that nobody has is not taken", by)
			}
			jumps.mustCommit(t, free[0], referrals.Commit{Done: doneOf(free[0])})
			_, again := other.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w)})
			other.mustCommit(t, *again, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(*again)})
			if err := other.Settle(other.ctx, done(tasks...)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestAServersClockThatJumpsGivesTimeToAskAgain lets a failover bring another clock: whoever has errands keeps them.
func TestAServersClockThatJumpsGivesTimeToAskAgain(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, 30 * time.Second, -30 * time.Second, -time.Hour} {
		server := miniredis.RunT(t)
		o := Options{URL: "redis://" + server.Addr(), Vault: newVault(t)}
		has, _ := replicaOf(t, o, 0)
		looks, _ := replicaOf(t, o, 0)
		w := has.mustKeep(t, post(has.Chat("line", 1), 1))[0]
		tasks, _ := has.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w),
			Errands: []referrals.Errand{{Notice: &referrals.Notice{}}}})
		server.SetTime(time.Now().Add(by)) // and there it stands
		for range 3 {
			if late, _ := looks.Overdue(looks.ctx, 10); len(late) != 0 {
				t.Fatalf("%v: taken before its holder could ask: %+v", by, late)
			}
			_, _ = looks.Take(looks.ctx, nil, 1)
			_ = looks.Mend(looks.ctx) // which asks for the time
		}
		if held, err := has.Hold(has.ctx, tasks); len(held) != 0 || err == nil {
			t.Fatalf("%v: held by a clock that is no longer the server's: %+v", by, held)
		}
		held, err := has.Hold(has.ctx, tasks)
		if err != nil || len(held) != 1 {
			t.Fatalf("%v: held %+v: %v", by, held, err)
		}
		if score := has.db.ZScore(has.ctx, has.outboxKey(w.Slot), tasks[0].ID).Val(); at(int64(score)).Sub(time.Now().Add(by+15*time.Second)).Abs() > 5*time.Second {
			t.Fatalf("%v: held until %v", by, at(int64(score)))
		}
		if late, err := looks.Overdue(looks.ctx, 10); err != nil || len(late) != 0 {
			t.Fatalf("%v: taken from its holder: %+v %v", by, late, err)
		}
	}
}

// TestOnlyTheServersTimeIsTaken calls scripts with times that are wrong, or have been on the way for too long.
func TestOnlyTheServersTimeIsTaken(t *testing.T) {
	everywhere(t, func(t *testing.T, o Options) {
		b, _ := replicaOf(t, o, 0)
		m := b.Chat("line", 1)
		for by, want := range map[time.Duration]bool{0: true, -2 * time.Second: true, -10 * time.Second: false, 10 * time.Second: false} {
			now := ms(b.clocks.at(m.Slot).Add(by))
			for name, c := range map[string]call{
				"overdue": {b.scripts.overdue, []string{b.outboxKey(m.Slot), b.errandsKey(m.Slot)}, []any{now, now, 1}},
				"prolong": {b.scripts.prolong, []string{b.outboxKey(m.Slot)}, []any{now, "id", now, ",1,"}},
				"take": {b.scripts.take, []string{b.dueKey(m.Slot), b.counterKey(m.Slot), b.recordKey(m), b.inboxKey(m), b.bodiesKey(m)},
					[]any{m.Name, now, now, 1, 1}},
			} {
				if err := b.run(b.ctx, c).err; (err == nil) != want || err != nil && !errors.Is(err, errApart) {
					t.Errorf("%s by a time that is %v wrong: %v", name, by, err)
				}
			}
		}
	})
}

func TestAMachineWithAWrongClockIsTold(t *testing.T) {
	o := Options{URL: redistest.Start(t).URL() + patient, Vault: newVault(t)}
	for by, want := range map[time.Duration]string{0: "", 30 * time.Second: "30s ahead of", -2 * time.Hour: "2h0m0s behind"} {
		b, _ := replicaOf(t, o, by)
		if err := b.Mend(b.ctx); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", by, err)
		}
	}
}

// TestASlotThatNobodyNamedIsAskedToo has a desk that the configuration no longer has, on a node of its own.
func TestASlotThatNobodyNamedIsAskedToo(t *testing.T) {
	b, _ := replicaOf(t, Options{Cluster: redistest.StartCluster(t, 3)[:1], Vault: newVault(t)}, -time.Hour)
	offer := referrals.Move{ID: "o", Desk: "gone", Code: "ABCD-EFGH-1", To: referrals.Offered, AtRung: -1, Due: b.Now().Add(time.Hour)}
	if _, _, err := b.move(b.ctx, offer); !errors.Is(err, errApart) {
		t.Fatalf("moved by this machine's clock: %v", err)
	}
	b.mustMove(t, offer)
}

// TestTheClockIsReckonedAsWellAsItWasAsked draws a server's clock, its drift, and answers that take their time.
func TestTheClockIsReckonedAsWellAsItWasAsked(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		mine := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
		c := &clocks{mine: func() time.Time { return mine }, read: map[string]reading{}, known: []string{"p07"}}
		far := time.Duration(rapid.Int64Range(-1e14, 1e14).Draw(r, "apart"))
		upTo := func(d time.Duration, name string) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(d)).Draw(r, name))
		}
		asked := false
		for range rapid.IntRange(1, 20).Draw(r, "questions") {
			began, there, back := mine, upTo(3*time.Second, "there"), upTo(3*time.Second, "back")
			by := rapid.SampledFrom([]time.Duration{0, 0, 0, time.Minute, -time.Hour}).Draw(r, "jump")
			far += by
			mine = began.Add(there + back)
			c.note("p07", began.Add(there+far), began, mine)
			if off := c.at("p07").Sub(mine.Add(far)).Abs(); off > (there+back)/2+(there+back) {
				r.Fatalf("reckoned wrong by %v after an answer that took %v", off, there+back)
			}
			if by != 0 && asked != c.unsettled("p07", time.Minute) {
				r.Fatalf("a jump by %v was noticed: %v", by, !asked)
			}
			asked = true
			mine = mine.Add(upTo(time.Minute, "until the next"))
		}
	})
}

// slowly lets the first answers take half a second of a machine's clock, and then gives none.
type slowly struct {
	clock    *wrongClock
	answered int
}

func (s *slowly) DialHook(next redis.DialHook) redis.DialHook { return next }
func (s *slowly) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *slowly) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if s.answered--; s.answered < 0 {
			cmd.SetErr(errLost)
			return errLost
		}
		defer s.clock.by.Add(int64(time.Second / 2))
		return next(ctx, cmd)
	}
}

// TestAnAnswerThatTookLongIsOne asks a server once more because its first answer took long. That it gives no second does not undo the first: a
// line must be able to begin where machines are short of time.
func TestAnAnswerThatTookLongIsOne(t *testing.T) {
	for answered := range 3 {
		b, clock := replicaOf(t, Options{URL: redistest.Start(t).URL() + patient, Vault: newVault(t)}, -time.Hour)
		if err := b.reckon(b.ctx); err != nil { // the script is known
			t.Fatal(err)
		}
		b.clocks.read = map[string]reading{}
		b.db.AddHook(&slowly{clock, answered})
		err := b.reckon(b.ctx)
		if know := time.Until(b.Now()).Abs() < 2*time.Second; (err == nil) != (answered > 0) || know != (answered > 0) {
			t.Errorf("after %d answers: %v, and it is said to be %v from now", answered, err, time.Until(b.Now()))
		}
	}
}
