package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// mended is a store that puts right at once what the one before found.
func mended(t testing.TB, url string, v *Vault) backend {
	t.Helper()
	return open(t, Options{URL: url, Vault: v, Quiet: time.Nanosecond})
}

func (b backend) mustMend(t testing.TB, times int) {
	t.Helper()
	for range times {
		if err := b.Mend(b.ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// late makes one of each thing that has a time: a chat that is worked on, one that waits for its turn, one
// that was put off, one with news, a case born with a clock, an errand, a rung's clock and a claim's.
func late(t testing.TB, b backend) {
	t.Helper()
	keep := func(chat int64) referrals.Work { return b.mustKeep(t, post(b.Chat("line", chat), chat))[0] }
	keep(1)
	w := keep(2)
	b.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w), Again: b.clock.now().Add(10 * time.Minute),
		Births: []referrals.Birth{{Name: "kLATE-LATE", State: []byte("s"), Keep: time.Hour, Again: b.clock.now().Add(9 * time.Minute)}}})
	if err := b.Release(b.ctx, keep(3), b.clock.now().Add(8*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := b.Post(b.ctx, post(b.Chat("line", 4), 4)); err != nil {
		t.Fatal(err)
	}
	w = keep(5)
	b.mustCommit(t, w, referrals.Commit{Done: doneOf(w), Errands: []referrals.Errand{{Notice: &referrals.Notice{Desk: "lima"}}}})
	b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered, AtRung: -1, Due: b.clock.now().Add(20 * time.Minute)})
	b.mustMove(t, referrals.Move{ID: "c", Desk: "fld", Code: "ABCD-EFGH-1", From: []referrals.State{referrals.Offered}, To: referrals.Claimed,
		Claims: true, AtRung: -1, Due: b.clock.now().Add(7 * time.Minute)})
	b.mustMove(t, referrals.Move{ID: "a", Desk: "lima", Code: "ABCD-EFGH", To: referrals.Alerted, AtRung: -1, Due: b.clock.now().Add(6 * time.Minute)})
}

// atOnceDue takes what is due, and what is overdue, and says how much.
func atOnceDue(t testing.TB, b backend) (members, errands int) {
	t.Helper()
	tasks, err := b.Overdue(b.ctx, 100)
	if err != nil {
		t.Fatal(err)
	}
	return len(b.mustTake(t, 100)), len(tasks)
}

func TestWhatAClockAheadLeftIsPulledBack(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.quiet = 0
		b.clock.move(2 * time.Hour)
		late(t, b)
		b.clock.move(-2 * time.Hour)
		if members, errands := atOnceDue(t, b); members+errands != 0 {
			t.Fatalf("%d and %d are due; the rest of this proves nothing", members, errands)
		}
		b.mustMend(t, 2)
		if members, errands := atOnceDue(t, b); members != 3 || errands != 1 { // chats 1, 3 and 4
			t.Fatalf("%d and %d are due now", members, errands)
		}
		for _, h := range []struct {
			desk, code string
			within     time.Duration
		}{{"fld", "ABCD-EFGH-1", 7 * time.Minute}, {"lima", "ABCD-EFGH", 6 * time.Minute}} {
			held, err := b.Holding(b.ctx, h.desk, h.code)
			if err != nil || !held.Due.Equal(b.clock.now().Add(h.within)) {
				t.Fatalf("%s is due at %v: %v", h.code, held.Due, err)
			}
		}
		b.clock.move(10 * time.Minute)
		if members, _ := atOnceDue(t, b); members != 3+4 {
			t.Fatalf("%d are due after their own time", members)
		}
		b.mustMend(t, 3)
		if n := len(b.db.Keys(b.ctx, "*:mark").Val()); n != 0 {
			t.Fatalf("%d slots are marked although all is well", n)
		}
	})
}

func TestWhatLiesFarAheadByItsOwnLengthIsLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.quiet = 0
		w := b.mustKeep(t, post(b.Chat("line", 1), 1))[0]
		later := b.clock.now().Add(24 * time.Hour)
		b.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w), Again: later})
		b.mustMove(t, referrals.Move{ID: "a", Desk: "lima", Code: "ABCD-EFGH", To: referrals.Alerted, AtRung: -1, Due: later})
		b.clock.move(2 * time.Hour)
		b.mustKeep(t, post(b.Chat("line", 2), 2)) // in one slot a clock was ahead
		b.mustMove(t, referrals.Move{ID: "o", Desk: "lima", Code: "XBCD-EFGH", To: referrals.Alerted, AtRung: -1, Due: b.clock.now().Add(time.Minute)})
		b.clock.move(-2 * time.Hour)
		b.mustMend(t, 3)
		if held, err := b.Holding(b.ctx, "lima", "ABCD-EFGH"); err != nil || !held.Due.Equal(later) {
			t.Fatalf("pulled to %v: %v", held.Due, err)
		}
		if score := b.db.ZScore(b.ctx, b.dueKey(w.Slot), w.Name).Val(); int64(score) != ms(later) {
			t.Fatalf("pulled to %v", score)
		}
	})
}

// TestAClockThatLagsLeavesTheOthersAlone has two processes, of which one is two hours behind.
func TestAClockThatLagsLeavesTheOthersAlone(t *testing.T) {
	server := redistest.Start(t)
	right := mended(t, server.URL(), nil)
	behind := mended(t, server.URL(), right.vault)
	behind.clock.move(-2 * time.Hour)
	right.quiet, behind.quiet = time.Hour, time.Hour
	late(t, right)
	behind.mustMend(t, 1)
	for range 3 {
		right.mustMend(t, 1)
		if err := behind.Mend(behind.ctx); err == nil || !strings.Contains(err.Error(), "2h0m0s behind") {
			t.Fatalf("the clock that lags is not told: %v", err)
		}
	}
	if members, errands := atOnceDue(t, behind); members != 0 || errands != 0 {
		t.Fatalf("%d and %d were pulled by a clock that lags", members, errands)
	}
	held, err := right.Holding(right.ctx, "lima", "ABCD-EFGH")
	if err != nil || !held.Due.Equal(right.clock.now().Add(6*time.Minute)) {
		t.Fatalf("the rung's clock: %v %v", held.Due, err)
	}
	if again := behind.mustKeep(t, post(right.Chat("line", 1), 100)); len(again) != 1 {
		t.Fatal("a clock that lags leaves a chat without a worker")
	}
	behind.clock.move(2 * time.Hour)
	right.quiet, behind.quiet = 0, 0
	right.mustMend(t, 1)
	behind.mustMend(t, 2)
}

// jumping are two processes whose clocks jump, and what they have in hand.
type jumping struct {
	replicas []backend
	wrong    []time.Duration
	hands    [][]referrals.Work // of each
	numbers  map[referrals.Member]int64
	next     int64
}

// TestNothingIsLateWhenClocksHaveJumped lets two processes do anything while their clocks jump; once the
// clocks are right and Mend was called, all that waits comes due within its own time.
func TestNothingIsLateWhenClocksHaveJumped(t *testing.T) {
	server := redistest.Start(t)
	db := server.Client()
	vault := newVault(t)
	rapid.Check(t, func(r *rapid.T) {
		if err := db.FlushDB(context.Background()).Err(); err != nil {
			r.Fatal(err)
		}
		j := &jumping{wrong: []time.Duration{0, 0}, hands: make([][]referrals.Work, 2), numbers: map[referrals.Member]int64{}}
		for range j.wrong {
			b := mended(t, server.URL()+patient, vault)
			defer func() { _ = b.Close() }()
			b.slots = []string{"desk:fld"} // and those of the chats
			for chat := range int64(3) {
				b.slots = append(b.slots, b.Chat("line", chat).Slot)
			}
			slices.Sort(b.slots)
			b.slots = slices.Compact(b.slots)
			j.replicas = append(j.replicas, b)
		}
		r.Repeat(map[string]func(*rapid.T){
			"jump": j.jump, "time": j.time, "keep": j.keep, "take": j.take, "commit": j.commit, "offer": j.offer,
			"overdue": func(r *rapid.T) { b := j.replicas[j.pick(r)]; _, _ = b.Overdue(b.ctx, 2) },
			"mend":    func(r *rapid.T) { b := j.replicas[j.pick(r)]; _ = b.Mend(b.ctx) }, // which may say that clocks are apart
		})
		j.check(r)
	})
}

func (j *jumping) pick(r *rapid.T) int { return rapid.IntRange(0, 1).Draw(r, "replica") }

func (j *jumping) jump(r *rapid.T) {
	i := j.pick(r)
	by := rapid.SampledFrom([]time.Duration{-2 * time.Hour, 2 * time.Hour, -j.wrong[i]}).Draw(r, "by")
	j.replicas[i].clock.move(by)
	j.wrong[i] += by
}

func (j *jumping) time(*rapid.T) {
	for _, b := range j.replicas {
		b.clock.move(20 * time.Second)
	}
}

// have notes what a process has taken, whose numbers rise whatever the clocks say.
func (j *jumping) have(r *rapid.T, i int, works []referrals.Work, err error) {
	if err != nil {
		r.Fatal(err)
	}
	for _, w := range works {
		if w.Number <= j.numbers[w.Member] {
			r.Fatalf("number %d of %s after %d", w.Number, w.Name, j.numbers[w.Member])
		}
		j.numbers[w.Member] = w.Number
	}
	j.hands[i] = append(j.hands[i], works...)
}

func (j *jumping) keep(r *rapid.T) {
	j.next++
	i := j.pick(r)
	b := j.replicas[i]
	works, err := b.Keep(b.ctx, []referrals.Post{post(b.Chat("line", j.next%3), j.next)})
	j.have(r, i, works, err)
}

func (j *jumping) take(r *rapid.T) {
	i := j.pick(r)
	works, err := j.replicas[i].Take(j.replicas[i].ctx, nil, 10)
	j.have(r, i, works, err)
}

// commit ends what a process has in hand, or the process dies with it.
func (j *jumping) commit(r *rapid.T) {
	i := j.pick(r)
	b, works := j.replicas[i], j.hands[i]
	j.hands[i] = nil
	for _, w := range works {
		if _, _, isClock := clockCode(w.Member); isClock || rapid.Bool().Draw(r, "crash") {
			continue
		}
		c := referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w)}
		if rapid.Bool().Draw(r, "errand") {
			c.Errands = []referrals.Errand{{Notice: &referrals.Notice{}}}
		}
		if rapid.Bool().Draw(r, "again") {
			c.Again = b.clock.now().Add(10 * time.Minute)
		}
		_, again, err := b.Commit(b.ctx, w, c)
		switch {
		case errors.Is(err, referrals.ErrSuperseded):
		case again != nil:
			j.have(r, i, []referrals.Work{*again}, err)
		default:
			j.have(r, i, nil, err)
		}
	}
}

func (j *jumping) offer(r *rapid.T) {
	j.next++
	for _, b := range j.replicas { // moves show once a second which clock is used, and here Mend does not wait for longer than that
		b.clock.move(time.Second)
	}
	b := j.replicas[j.pick(r)]
	if _, _, err := b.Move(b.ctx, referrals.Move{ID: "o", Desk: "fld", Code: referrals.ReferralCode("ABCD-EFGH", int(j.next)),
		To: referrals.Offered, AtRung: -1, Due: b.clock.now().Add(10 * time.Minute)}); err != nil {
		r.Fatal(err)
	}
}

// check sets both clocks right and mends.
func (j *jumping) check(r *rapid.T) {
	for i, b := range j.replicas {
		b.clock.move(-j.wrong[i])
	}
	for range 3 {
		for _, b := range j.replicas {
			if err := b.Mend(b.ctx); err != nil && !strings.Contains(err.Error(), "behind") {
				r.Fatal(err)
			}
		}
	}
	b := j.replicas[0]
	b.clock.move(10*time.Minute + 30*time.Second)
	if late := nothingBefore(b, b.clock.now()); late != "" {
		r.Fatal(late)
	}
}

// nothingBefore names one thing that is due after a time, when all should be due before.
func nothingBefore(b backend, latest time.Time) string {
	for _, slot := range b.slots {
		for _, k := range []string{b.dueKey(slot), b.outboxKey(slot)} {
			for _, z := range b.db.ZRangeWithScores(b.ctx, k, -1, -1).Val() {
				if int64(z.Score) > ms(latest) {
					return k + " has " + z.Member.(string) + " " + at(int64(z.Score)).Sub(latest).String() + " too late"
				}
			}
		}
	}
	return ""
}
