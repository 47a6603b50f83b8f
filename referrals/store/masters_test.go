package store

import (
	"errors"
	"strings"
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

// clustered is a store on a cluster of which a master can be frozen, a desk whose slot that one has, and one whose slot it has not.
func clustered(t *testing.T) (b backend, frozen *redistest.Server, its, others string) {
	t.Helper()
	cluster := redistest.StartMasters(t, 3)
	for _, s := range cluster.Nodes {
		if err := s.Client().ConfigSet(t.Context(), "cluster-require-full-coverage", "no").Err(); err != nil { // the others go on
			t.Fatal(err)
		}
	}
	b, _ = replicaOf(t, Options{Cluster: cluster.Addresses(), Vault: newVault(t)}, 0)
	frozen, _ = cluster.Owner(b.pingKey(Partition(0)))
	for _, desk := range []string{"lima", "fld", "hq", "d1", "d2", "d3", "d4"} {
		if owner, _ := cluster.Owner(b.pingKey(DeskSlot(desk))); owner != frozen {
			b.clocks.at(DeskSlot(desk)) // which makes it known
			return b, frozen, Partition(0), DeskSlot(desk)
		}
	}
	t.Fatal("one master has all desks")
	return b, nil, "", ""
}

// wrongBy has the store be wrong about all clocks.
func (b backend) wrongBy(by time.Duration) {
	now := b.now()
	for _, slot := range b.clocks.slots() {
		b.clocks.note(slot, time.Now().Add(by), now, now)
	}
}

func (b backend) right(slot string) bool {
	return time.Until(b.clocks.at(slot)).Abs() < time.Second
}

// TestAFrozenMasterSpoilsNoOthersClock asks all masters for their clocks while one of them is frozen.
func TestAFrozenMasterSpoilsNoOthersClock(t *testing.T) {
	b, frozen, its, _ := clustered(t)
	of := map[string]bool{}
	for _, slot := range b.clocks.slots() {
		of[slot] = b.masterOf(t, slot) == b.masterOf(t, its)
	}
	frozen.Freeze()
	defer frozen.Thaw()
	b.wrongBy(time.Hour)
	if err := b.reckon(b.ctx); err == nil {
		t.Fatal("a frozen master has answered")
	}
	for slot, isFrozen := range of {
		if b.right(slot) == isFrozen {
			t.Errorf("%s is said to be %v from what it is", slot, time.Until(b.clocks.at(slot)))
		}
	}
	if n := len(b.clocks.asking); n != 0 {
		t.Errorf("%d are being asked by nobody", n)
	}
}

func (b backend) masterOf(t *testing.T, slot string) *redis.Client {
	t.Helper()
	master, err := b.db.(*redis.ClusterClient).MasterForKey(b.ctx, b.pingKey(slot))
	if err != nil {
		t.Fatal(err)
	}
	return master
}

// TestAMoveIsMadeByTheTimeOfItsDesk lets a desk's master refuse moves whose caller is wrong about its clock. Once the clock was asked for
// they are made, unless the line's, by which the caller knew when they are due, was another, too.
func TestAMoveIsMadeByTheTimeOfItsDesk(t *testing.T) {
	b, _ := replicaOf(t, Options{Cluster: redistest.StartCluster(t, 3)[:1], Vault: newVault(t)}, 0)
	errand := []referrals.Errand{{Notice: &referrals.Notice{Desk: "lima"}}}
	for i, by := range []time.Duration{time.Hour, -time.Hour} {
		now := b.now()
		b.clocks.note("desk:lima", time.Now().Add(by), now, now)
		alert := referrals.Move{ID: "a", Desk: "lima", Code: "ABCD-EFG" + string(rune('H'+i)), To: referrals.Alerted, AtRung: -1, Due: b.Now().Add(time.Hour),
			Errands: errand}
		held, tasks, err := b.Move(b.ctx, alert)
		if err != nil || !held.Due.Equal(alert.Due.Truncate(time.Millisecond)) || len(tasks) != 1 {
			t.Fatalf("wrong by %v: %+v %+v %v", by, held, tasks, err)
		}
		if mine, err := b.Hold(b.ctx, tasks); err != nil || len(mine) != 1 || time.Until(mine[0].Till) > time.Minute {
			t.Fatalf("wrong by %v: its errand is %+v: %v", by, mine, err)
		}
		b.wrongBy(by)
		alert.ID, alert.Code, alert.Due = "b", "XBCD-EFG"+string(rune('H'+i)), b.Now().Add(time.Hour)
		if _, _, err := b.Move(b.ctx, alert); !errors.Is(err, errApart) {
			t.Fatalf("wrong by %v about when it is due: %v", by, err)
		}
		b.wrongBy(by)
		alert.Due = time.Time{}
		b.mustMove(t, alert)
	}
}

// TestAFrozenMasterDelaysNoOthersClock lets the clock of a master be asked for when it refuses a call, while another, which is
// frozen, is being asked.
func TestAFrozenMasterDelaysNoOthersClock(t *testing.T) {
	b, frozen, its, others := clustered(t)
	frozen.Freeze()
	defer frozen.Thaw()
	if b.clocks.begin([]string{its}) != nil { // and there is no answer yet
		t.Fatal("it is being asked")
	}
	b.wrongBy(time.Hour)
	offer := referrals.Move{ID: "o", Desk: strings.TrimPrefix(others, "desk:"), Code: "ABCD-EFGH-1", To: referrals.Offered, AtRung: -1, Due: b.Now()}
	b.mustMove(t, offer) // at the second try
}

// TestAMoveWaitsForWhoAsksForTheTime lets a move be refused for the time while another call, which was refused before it, asks for that.
func TestAMoveWaitsForWhoAsksForTheTime(t *testing.T) {
	b, _ := replicaOf(t, Options{URL: redistest.Start(t).URL(), Vault: newVault(t)}, 0)
	offer := referrals.Move{ID: "o", Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered, AtRung: -1}
	b.mustMove(t, offer) // the server knows the script
	b.db.ConfigResetStat(b.ctx)
	b.wrongBy(time.Hour)
	asks := b.clocks.slots()
	if b.clocks.begin(asks) != nil {
		t.Fatal("it is being asked")
	}
	made := make(chan error, 1)
	go func() {
		offer.Code = "ABCD-EFGH-2"
		_, _, err := b.Move(b.ctx, offer)
		made <- err
	}()
	for !strings.Contains(b.db.Info(b.ctx, "commandstats").Val(), "evalsha") { // not refused yet
	}
	b.wrongBy(0)
	b.clocks.end(asks)
	if err := <-made; err != nil {
		t.Fatal(err)
	}
}
