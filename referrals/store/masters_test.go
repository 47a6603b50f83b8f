package store

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// lineIs lets the master of the first partition, whose clock is the line's, be ahead of the others. Its own scripts are not
// called meanwhile: they would say that it is not.
func (b backend) lineIs(ahead time.Duration) {
	now := b.now()
	b.clocks.note(Partition(0), time.Now().Add(ahead), now, now)
}

// TestARungRingsInItsTimeWhereMastersDiffer has a cluster whose first partition's master has another clock than a desk's.
func TestARungRingsInItsTimeWhereMastersDiffer(t *testing.T) {
	b, _ := replicaOf(t, Options{Cluster: redistest.StartCluster(t, 3)[:1], Vault: newVault(t), Lease: time.Second, Grace: time.Second}, 0)
	rings := func() time.Duration {
		return time.Until(at(int64(b.db.ZScore(b.ctx, b.dueKey("desk:lima"), "hABCD-EFGH").Val()))).Round(time.Minute)
	}
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		b.lineIs(ahead)
		alert := referrals.Move{ID: ahead.String(), Desk: "lima", Code: "ABCD-EFGH", From: []referrals.State{"", referrals.Alerted}, To: referrals.Alerted,
			Lane: referrals.Urgent, AtRung: -1, Due: b.Now().Add(10 * time.Minute)}
		held := b.mustMove(t, alert)
		if !held.Due.Equal(alert.Due.Truncate(time.Millisecond)) || rings() != 10*time.Minute {
			t.Fatalf("the line %v ahead: due at %v, not %v, and it rings in %v", ahead, held.Due, alert.Due, rings())
		}
		pulled := func() referrals.Holding {
			t.Helper()
			if err := b.pull(b.ctx, "desk:lima", "mark"); err != nil {
				t.Fatal(err)
			}
			held, err := b.Holding(b.ctx, "lima", "ABCD-EFGH")
			if err != nil {
				t.Fatal(err)
			}
			return held
		}
		if again := pulled(); again != held || rings() != 10*time.Minute {
			t.Fatalf("the line %v ahead: pulled from %v to %v, rings in %v", ahead, held.Due, again.Due, rings())
		}
		b.lineIs(ahead - 3*time.Hour) // it had been ahead when the move was made
		b.db.ZIncrBy(b.ctx, b.dueKey("desk:lima"), float64((3 * time.Hour).Milliseconds()), "hABCD-EFGH")
		if again := pulled(); again.Due.Sub(b.Now()).Round(time.Minute) != 10*time.Minute || rings() != 10*time.Minute {
			t.Fatalf("the line %v ahead: pulled to %v, in %v, rings in %v", ahead, again.Due, again.Due.Sub(b.Now()), rings())
		}
		w := b.ringing(t)
		if err := b.Release(b.ctx, w, b.Now().Add(5*time.Minute)); err != nil || rings() != 5*time.Minute {
			t.Fatalf("the line %v ahead: put off, and it rings in %v: %v", ahead, rings(), err)
		}
	}
}

// ringing takes the clock of the one holding, which it lets ring now.
func (b backend) ringing(t *testing.T) referrals.Work {
	t.Helper()
	b.db.ZAdd(b.ctx, b.dueKey("desk:lima"), redis.Z{Score: 1, Member: "hABCD-EFGH"})
	works, err := b.Take(b.ctx, []string{"desk:lima"}, 1)
	if err != nil || len(works) != 1 {
		t.Fatalf("taken %+v: %v", works, err)
	}
	return works[0]
}
