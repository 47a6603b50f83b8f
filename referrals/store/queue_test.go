package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"defenderline/referrals"
)

func TestAnOfferAndItsWithdrawalMayPassEachOther(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		for code, late := range map[string]bool{"AAAA-AAAA-1": false, "BBBB-BBBB-1": true} {
			offer := referrals.Move{ID: "open", Desk: "fld", Code: code, To: referrals.Offered, AtRung: -1, Lane: referrals.Urgent,
				Due: b.clock.now(), Errands: []referrals.Errand{{Notice: &referrals.Notice{Kind: referrals.NoticeOffer}}}}
			withdrawal := referrals.Move{ID: "back", Desk: "fld", Code: code, To: referrals.Withdrawn, AtRung: -1, Lane: referrals.Urgent,
				From: []referrals.State{referrals.Offered, ""}, Errands: []referrals.Errand{{Notice: &referrals.Notice{Kind: referrals.NoticeWithdrawn}}}}
			told := 0
			for _, m := range []referrals.Move{offer, withdrawal} {
				if late {
					m = map[string]referrals.Move{"open": withdrawal, "back": offer}[m.ID]
				}
				_, tasks, err := b.Move(b.ctx, m)
				if refused := late && m.ID == "open"; refused != errors.Is(err, referrals.ErrNotThere) {
					t.Fatalf("%s of %s: %v", m.ID, code, err)
				}
				told += len(tasks)
			}
			if h, err := b.Holding(b.ctx, "fld", code); err != nil || h.State != referrals.Withdrawn || !h.Due.IsZero() {
				t.Fatalf("%s: %+v %v", code, h, err)
			}
			if late && told != 0 || !late && told != 2 {
				t.Fatalf("%s: %d notices", code, told)
			}
		}
		for _, e := range b.events(t, "fld", "0", 0) {
			if e.Code == "BBBB-BBBB-1" {
				t.Fatalf("the desk learned of what it was never offered: %+v", e)
			}
		}
		if due := b.mustTake(t, 10); len(due) != 0 {
			t.Fatalf("clocks of what was withdrawn: %+v", due)
		}
		bad := referrals.Move{ID: "x", Desk: "fld", Code: "AAAA-AAAA-1", To: referrals.Withdrawn, AtRung: -1, From: []referrals.State{"", referrals.Offered}}
		if _, _, err := b.Move(b.ctx, bad); err == nil {
			t.Fatal("a move that may begin a holding was made without a lane")
		}
	})
}

func (b backend) mustMove(t testing.TB, m referrals.Move) referrals.Holding {
	t.Helper()
	h, _, err := b.Move(b.ctx, m)
	if err != nil {
		t.Fatalf("%s: %v", m.ID, err)
	}
	return h
}

func (b backend) offer(t testing.TB, code string, lane referrals.Lane) {
	t.Helper()
	b.mustMove(t, referrals.Move{ID: "o" + code, Desk: "fld", Code: code, To: referrals.Offered, Lane: lane, At: b.clock.now()})
}

// pages reads a whole list page by page.
func (b backend) pages(t *testing.T, states []referrals.State, limit int) []string {
	t.Helper()
	var codes []string
	for cursor, n := "", 0; ; n++ {
		held, next, err := b.Holdings(b.ctx, "fld", states, limit, cursor)
		if err != nil || len(held) > limit || n > 100 {
			t.Fatalf("page %d of %d: %v", n, len(held), err)
		}
		for _, h := range held {
			codes = append(codes, h.Code)
		}
		if cursor = next; next == "" {
			return codes
		}
	}
}

func TestTheMostUrgentComesFirstThenTheOldest(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.offer(t, "AAAA-AAAA-1", referrals.Routine)
		b.clock.move(time.Minute)
		b.offer(t, "BBBB-BBBB-1", referrals.Emergency)
		b.offer(t, "CCCC-CCCC-1", referrals.Urgent)
		b.clock.move(time.Minute)
		b.offer(t, "DDDD-DDDD-1", referrals.Emergency)
		b.offer(t, "EEEE-EEEE-1", referrals.Urgent)
		b.mustMove(t, referrals.Move{ID: "c", Desk: "fld", Code: "CCCC-CCCC-1", From: []referrals.State{referrals.Offered}, To: referrals.Claimed, Claims: true, AtRung: -1})
		b.mustMove(t, referrals.Move{ID: "d", Desk: "fld", Code: "EEEE-EEEE-1", From: []referrals.State{referrals.Offered}, To: referrals.Declined, Reason: "capacity", AtRung: -1})
		want := []string{"BBBB-BBBB-1", "DDDD-DDDD-1", "CCCC-CCCC-1", "AAAA-AAAA-1"}
		for limit := 1; limit < 6; limit++ {
			if got := b.pages(t, nil, limit); !slices.Equal(got, want) {
				t.Fatalf("pages of %d: %v", limit, got)
			}
		}
		if got := b.pages(t, []referrals.State{referrals.Declined}, 2); !slices.Equal(got, []string{"EEEE-EEEE-1"}) {
			t.Fatalf("declined: %v", got)
		}
		if n, err := b.CountOpen(b.ctx, "fld", referrals.Offered); err != nil || n != 3 {
			t.Fatalf("offered: %d %v", n, err)
		}
		for _, cursor := range []string{"x", "!!", "MDAw"} {
			if _, _, err := b.Holdings(b.ctx, "fld", nil, 1, cursor); !errors.Is(err, ErrCursor) {
				t.Fatalf("cursor %q: %v", cursor, err)
			}
		}
		if _, _, err := b.Holdings(b.ctx, "fld", []referrals.State{"lost"}, 1, ""); err == nil {
			t.Fatal("a state that does not exist was listed")
		}
	})
}

func TestAListStaysStableWhileItMoves(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		for i := range 9 {
			b.offer(t, fmt.Sprintf("AAAA-AAAA-%d", i+1), referrals.Urgent) // all at once: the code decides
		}
		first, next, err := b.Holdings(b.ctx, "fld", nil, 3, "")
		if err != nil || len(first) != 3 {
			t.Fatalf("%v %v", first, err)
		}
		last := first[2].Code
		b.mustMove(t, referrals.Move{ID: "d", Desk: "fld", Code: last, From: []referrals.State{referrals.Offered}, To: referrals.Declined, AtRung: -1})
		b.offer(t, "AAAA-AAAA-0", referrals.Emergency)
		second, _, err := b.Holdings(b.ctx, "fld", nil, 3, next)
		if err != nil || len(second) != 3 || second[0].Code != "AAAA-AAAA-4" {
			t.Fatalf("after the cursor's own holding left: %+v %v", second, err)
		}
	})
}

func TestTheLadderMovesARungAtATime(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		alert := referrals.Move{ID: "a", Desk: "lima", Code: "ABCD-EFGH", To: referrals.Alerted, Lane: referrals.Emergency, At: b.clock.now()}
		b.mustMove(t, alert)
		step := referrals.Move{ID: "s1", Desk: "lima", Code: "ABCD-EFGH", From: []referrals.State{referrals.Alerted}, To: referrals.Alerted, AtRung: 0, Rung: 1}
		if h := b.mustMove(t, step); h.Rung != 1 || h.Lane != referrals.Emergency {
			t.Fatalf("escalated: %+v", h)
		}
		step.ID = "s2"
		if _, _, err := b.Move(b.ctx, step); !errors.Is(err, referrals.ErrNotThere) {
			t.Fatalf("the same rung twice: %v", err)
		}
		ack := referrals.Move{ID: "k", Desk: "lima", Code: "ABCD-EFGH", From: []referrals.State{referrals.Alerted}, To: referrals.Acknowledged, AtRung: -1}
		if h := b.mustMove(t, ack); h.Rung != 1 {
			t.Fatalf("an acknowledgement moved the rung: %+v", h)
		}
		alert.ID = "b"
		if _, _, err := b.Move(b.ctx, alert); !errors.Is(err, referrals.ErrNotThere) {
			t.Fatalf("a second beginning: %v", err)
		}
	})
}

func TestEndedHoldingsAreForgotten(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.offer(t, "AAAA-AAAA-1", referrals.Urgent)
		end := referrals.Move{ID: "d", Desk: "fld", Code: "AAAA-AAAA-1", From: []referrals.State{referrals.Offered}, To: referrals.Declined, AtRung: -1}
		b.mustMove(t, end)
		if ttl := b.db.PTTL(b.ctx, b.holdingKey("fld", "AAAA-AAAA-1")).Val(); ttl <= 167*time.Hour || ttl > 168*time.Hour {
			t.Fatalf("an ended holding is kept for %v", ttl)
		}
		reopen := referrals.Move{ID: "r", Desk: "fld", Code: "AAAA-AAAA-1", From: []referrals.State{referrals.Declined}, To: referrals.Offered, AtRung: -1}
		b.mustMove(t, reopen)
		if ttl := b.db.TTL(b.ctx, b.holdingKey("fld", "AAAA-AAAA-1")).Val(); ttl != -1 {
			t.Fatalf("an open holding ends by the clock: %v", ttl)
		}
		end.ID = "d2"
		b.mustMove(t, end)
		b.clock.move(168 * time.Hour)
		b.db.Del(b.ctx, b.holdingKey("fld", "AAAA-AAAA-1")) // as Redis's own clock would have
		b.offer(t, "BBBB-BBBB-1", referrals.Urgent)
		if places := b.db.ZRange(b.ctx, b.queueKey("fld"), 0, -1).Val(); len(places) != 1 {
			t.Fatalf("places of what is forgotten: %v", places)
		}
		if n := b.db.ZCard(b.ctx, b.endedKey("fld")).Val(); n != 0 {
			t.Fatalf("%d ended are left", n)
		}
	})
}

func TestTheClockOfWhatIsGoneStops(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: "AAAA-AAAA-1", To: referrals.Offered, Due: b.clock.now()})
		b.db.Del(b.ctx, b.holdingKey("fld", "AAAA-AAAA-1"))
		if got := b.mustTake(t, 10); len(got) != 0 {
			t.Fatalf("rang: %+v", got)
		}
		if n := b.db.ZCard(b.ctx, b.dueKey("desk:fld")).Val(); n != 0 {
			t.Fatal("it would ring again")
		}
	})
}

func TestAClockIsPutOffAndNeverCommitted(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: "AAAA-AAAA-1", To: referrals.Offered, Due: b.clock.now()})
		w := b.mustTake(t, 10)[0]
		if _, _, err := b.Commit(b.ctx, w, referrals.Commit{}); err == nil {
			t.Fatal("committed")
		}
		if err := b.Extend(b.ctx, w); err != nil {
			t.Fatal(err)
		}
		if err := b.Release(b.ctx, w, b.clock.now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if early := b.mustTake(t, 10); len(early) != 0 {
			t.Fatalf("early: %+v", early)
		}
		b.clock.move(time.Minute)
		if due := b.mustTake(t, 10); len(due) != 1 {
			t.Fatalf("due: %+v", due)
		}
	})
}
