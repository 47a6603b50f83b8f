package store

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// TestANumberThatWasLostIsNotHandedOutAgain lets a failover lose what was taken last, and bring a clock that is behind.
func TestANumberThatWasLostIsNotHandedOutAgain(t *testing.T) {
	for name, take := range map[string]func(b backend, m referrals.Member) []referrals.Work{
		"take": func(b backend, _ referrals.Member) []referrals.Work { return b.mustTake(t, 1) },
		"keep": func(b backend, m referrals.Member) []referrals.Work { return b.mustKeep(t, post(m, 2)) },
		"commit": func(b backend, m referrals.Member) []referrals.Work {
			w := b.mustKeep(t, post(m, 2))[0]
			_, again := b.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour})
			return []referrals.Work{*again}
		},
	} {
		t.Run(name, func(t *testing.T) {
			machine, redis := newClock(), newClock()
			s, err := Open(t.Context(), Options{URL: redistest.Start(t).URL(), Vault: newVault(t), Now: machine.now, Clock: redis.now})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			b := backend{s, s.db, redis, s.vault, t.Context()}
			m := b.Chat("line", 1)
			if err := b.Post(b.ctx, post(m, 1)); err != nil {
				t.Fatal(err)
			}
			replica := b.whatIsKept(t)
			redis.move(3 * time.Millisecond)
			lost := take(b, m)[0]
			b.haveOnly(t, replica)
			machine.move(2 * time.Second) // which it takes to notice that a master is gone
			redis.move(-2 * time.Millisecond)
			for range 10 { // through all numbers that were lost
				has := take(b, m)[0]
				if has.Number == lost.Number {
					t.Fatalf("two have %s under %d", m.Name, has.Number)
				}
				if _, _, err := b.Commit(b.ctx, lost, referrals.Commit{Done: doneOf(lost)}); !errors.Is(err, referrals.ErrSuperseded) {
					t.Fatalf("what was lost was committed: %v", err)
				}
				if err := b.Release(b.ctx, has, b.Now()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// whatIsKept is all that the server has, which haveOnly brings back.
func (b backend) whatIsKept(t *testing.T) map[string]string {
	t.Helper()
	kept := map[string]string{}
	for _, key := range b.db.Keys(b.ctx, "*").Val() {
		kept[key] = b.db.Dump(b.ctx, key).Val()
	}
	return kept
}

func (b backend) haveOnly(t *testing.T, kept map[string]string) {
	t.Helper()
	if err := b.db.FlushDB(b.ctx).Err(); err != nil {
		t.Fatal(err)
	}
	for key, value := range kept {
		if err := b.db.Restore(b.ctx, key, 0, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAClockOfAnyYearGivesNumbers has servers whose clocks say years for which a number has no room.
func TestAClockOfAnyYearGivesNumbers(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		before := int64(0)
		for i, year := range []int{2250, 2300, 6000, 2026, 9999} {
			b.clock.t = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			w := b.mustKeep(t, post(b.Chat("line", 1), int64(i)))[0]
			b.mustCommit(t, w, referrals.Commit{Done: doneOf(w)})
			if w.Number <= before {
				t.Fatalf("%d: %d after %d", year, w.Number, before)
			}
			before = w.Number
			held := b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: referrals.ReferralCode("ABCD-EFGH", i+1), To: referrals.Offered,
				AtRung: -1, Due: b.clock.now()})
			if rung := b.mustTake(t, 1); len(rung) != 1 {
				t.Fatalf("%d: no clock rings", year)
			}
			if again, err := b.Holding(b.ctx, held.Desk, held.Code); err != nil || again != held {
				t.Fatalf("%d: %+v became %+v: %v", year, held, again, err)
			}
		}
	})
}

// TestBothKindsOfIDsTellTheirTime measures errands of commits of this version, and of before their numbers had tails.
func TestBothKindsOfIDsTellTheirTime(t *testing.T) {
	for _, id := range []string{"1795000000000-0001", "1795000000000-123456-0001", "1795000000000-ABCD-EFGH-open-0001m"} {
		if is := errandTime(id); ms(is) != 1795000000000 {
			t.Errorf("%s: %v", id, is)
		}
	}
	b := open(t, Options{URL: redistest.Start(t).URL()})
	w := b.mustKeep(t, post(b.Chat("line", 1), 1))[0]
	tasks, _ := b.mustCommit(t, w, referrals.Commit{Done: doneOf(w), Errands: []referrals.Errand{{Notice: &referrals.Notice{}}}})
	if number := strconv.FormatInt(w.Number, 10); tasks[0].ID != number[:13]+"-"+number[13:]+"-0001" { // as a version without tails compares it
		t.Errorf("taken under %s, it left %s", number, tasks[0].ID)
	}
	b.clock.move(time.Hour)
	if d, err := b.Depth(context.Background()); err != nil || d.OldestErrand != time.Hour {
		t.Errorf("%+v, %v", d, err)
	}
}
