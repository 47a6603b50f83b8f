package store

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

func TestWhatDoesNotFitIntoColumnsIsRefused(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		for name, change := range map[string]func(m *referrals.Move){
			"a space in a code":   func(m *referrals.Move) { m.Code = "AAAA AAAA" },
			"a comma in a code":   func(m *referrals.Move) { m.Code = "AAAA,AAAA" },
			"a line in an origin": func(m *referrals.Move) { m.Origin = "p07\n" },
			"a rung too high":     func(m *referrals.Move) { m.Rung = mostRung + 1 },
			"a rung below":        func(m *referrals.Move) { m.Rung = -1 },
			"too many errands":    func(m *referrals.Move) { m.Errands = make([]referrals.Errand, mostErrands+1) },
		} {
			m := referrals.Move{ID: "o", Desk: "fld", Code: "AAAA-AAAA-1", To: referrals.Offered, AtRung: -1}
			change(&m)
			if _, _, err := b.Move(b.ctx, m); err == nil {
				t.Errorf("%s: moved", name)
			}
		}
	})
}

func TestAnyTextIsTheIDOfAMove(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		for _, id := range []string{" ", ",", "\n\x00", "é", strings.Repeat("x", 5000), "%d+", "o", "O"} {
			m := referrals.Move{ID: id, Desk: "fld", Code: "AAAA-AAAA-1", From: []referrals.State{"", referrals.Offered}, To: referrals.Offered,
				Lane: referrals.Urgent, AtRung: -1, Errands: []referrals.Errand{{Notice: &referrals.Notice{}}}}
			for range 2 {
				if h, tasks, err := b.Move(b.ctx, m); err != nil || len(tasks) != 1 || h.Code != m.Code {
					t.Errorf("%.10q: %+v %v %v", id, h, tasks, err)
				}
			}
		}
		if events := b.events(t, "fld", "0", 0); len(events) != 8 {
			t.Errorf("%d moves of 8 were made", len(events))
		}
	})
}

func TestEveryFactOfAHoldingIsKept(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		at := b.clock.now()
		m := referrals.Move{ID: "a", Desk: "lima", Code: "ABCD-EFGH", To: referrals.Alerted, AtRung: -1, Rung: 3, At: at, Due: at.Add(time.Hour),
			Lane: referrals.Emergency}
		want := referrals.Holding{Desk: "lima", Code: "ABCD-EFGH", State: referrals.Alerted, Lane: referrals.Emergency, Rung: 3,
			Since: at.UTC(), Due: m.Due.UTC()}
		step := func(change func()) {
			t.Helper()
			change()
			if moved := b.mustMove(t, m); moved != want {
				t.Fatalf("moved: %+v, not %+v", moved, want)
			}
			if read, err := b.Holding(b.ctx, "lima", "ABCD-EFGH"); err != nil || read != want {
				t.Fatalf("read: %+v, not %+v: %v", read, want, err)
			}
		}
		step(func() {})
		step(func() {
			m.ID, m.From, m.AtRung, m.Rung, m.Lane, m.Origin = "b", []referrals.State{referrals.Alerted}, 3, mostRung, referrals.Urgent, "p63"
			want.Rung, want.Lane, want.Origin = mostRung, referrals.Urgent, "p63"
		})
		step(func() {
			m.ID, m.AtRung, m.Rung, m.First, m.Told = "h", mostRung, 2, 2, referrals.UpTo(0).With(2)
			want.Rung, want.First, want.Told = 2, 2, referrals.Rungs(5)
		})
		step(func() { // one that might begin a holding
			m.ID, m.AtRung, m.First, m.Told, m.From = "w", -1, 0, 0, append(m.From, "")
		})
		m.From = m.From[:1]
		step(func() {
			m.ID, m.AtRung, m.Lane, m.Origin, m.Claims, m.Reason = "c", -1, "", "", true, "met"
			want.Handed, want.Reason = 1, "met"
		})
		step(func() {
			m.ID, m.Claims, m.Reason, m.Claim, m.Due, m.To = "d", false, "", 1, time.Time{}, referrals.Closed
			want.Due, want.State = time.Time{}, referrals.Closed
		})
		m.From, m.ID, m.Claim = []referrals.State{referrals.Closed}, "e", mostClaim+1
		if _, _, err := b.Move(b.ctx, m); err == nil {
			t.Fatal("a claim that cannot be was right")
		}
	})
}

func TestMovesAreForgottenOnlyAfterTheirTime(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := referrals.Move{ID: "first", Desk: "fld", Code: "AAAA-AAAA-1", From: []referrals.State{"", referrals.Offered}, To: referrals.Offered,
			Lane: referrals.Urgent, AtRung: -1}
		for i := range 40 {
			b.clock.move(2 * time.Hour)
			m.ID = string(rune('A' + i))
			b.mustMove(t, m)
		}
		made := strings.Count(b.db.Get(b.ctx, b.holdingKey("fld", m.Code)).Val(), ",")
		if made < 24 || made > 27 {
			t.Fatalf("%d moves of the last 48 hours are known", made)
		}
		events := len(b.events(t, "fld", "0", 0))
		m.ID = string(rune('A' + 39 - 23))
		b.mustMove(t, m)
		if again := len(b.events(t, "fld", "0", 0)); again != events {
			t.Fatal("a move of 46 hours ago was made again")
		}
	})
}

func TestADamagedHoldingIsSaidToBe(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.offer(t, "AAAA-AAAA-1", referrals.Urgent)
		b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: "BBBB-BBBB-1", To: referrals.Offered, AtRung: -1, Due: b.clock.now()})
		whole := b.db.Get(b.ctx, b.holdingKey("fld", "AAAA-AAAA-1")).Val()
		for _, text := range []string{"", "x", whole[:40], "z" + whole[1:], whole[:15] + "x" + whole[16:], strings.ReplaceAll(whole, " ", "_")} {
			b.db.Set(b.ctx, b.holdingKey("fld", "AAAA-AAAA-1"), text, 0)
			if _, err := b.Holding(b.ctx, "fld", "AAAA-AAAA-1"); err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("%q was read: %v", text, err)
			}
		}
		m := referrals.Move{ID: "c", Desk: "fld", Code: "AAAA-AAAA-1", From: []referrals.State{referrals.Offered}, To: referrals.Claimed, Claims: true, AtRung: -1}
		if _, _, err := b.Move(b.ctx, m); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("moved: %v", err)
		}
		b.db.Set(b.ctx, b.holdingKey("fld", "BBBB-BBBB-1"), "x", 0)
		if works, err := b.Take(b.ctx, nil, 10); err == nil || len(works) != 0 {
			t.Errorf("its clock was taken: %+v", works)
		}
		if works := b.mustTake(t, 10); len(works) != 0 {
			t.Errorf("at once again: %+v", works)
		}
	})
}

func TestTimesThatDoNotFitAreTheLastThatDo(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := referrals.Move{ID: "o", Desk: "fld", Code: "AAAA-AAAA-1", To: referrals.Offered, AtRung: -1, Rung: 7, Origin: "p07",
			Due: time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC)}
		want := referrals.Holding{Desk: "fld", Code: m.Code, State: referrals.Offered, Lane: referrals.Routine, Rung: 7, Origin: "p07",
			Since: b.clock.now().UTC(), Due: at(mostTime)}
		if moved := b.mustMove(t, m); moved != want {
			t.Fatalf("%+v, not %+v", moved, want)
		}
	})
}

func TestTheTimesOfMovesAreInOrderAsTexts(t *testing.T) {
	last := ""
	for _, n := range []int64{0, 9, 35, 36, 1295, 1296, 1763772345678, 1763772345679, mostTime, mostTime + 1} {
		text := string(appendEntryTime(nil, time.UnixMilli(n)))
		back, err := strconv.ParseInt(text, 36, 64)
		if err != nil || back != min(n, mostTime) || len(text) != entryWidth || text < last {
			t.Errorf("%d is %q, after %q: %v", n, text, last, err)
		}
		last = text
	}
}

// entryForm says that a text is the id of an entry in a stream: two numbers of 64 bits.
func entryForm(id string) bool {
	first, second, _ := strings.Cut(id, "-")
	_, err1 := strconv.ParseUint(first, 10, 64)
	_, err2 := strconv.ParseUint(second, 10, 64)
	return err1 == nil && err2 == nil
}

func FuzzStoredTexts(f *testing.F) {
	f.Add("e0019a9a9a9a9aAAAA-AAAA-1 f1019a9a9a9a9aBBBB-BBBB-2", "1-2-3")
	f.Add("", "-")
	f.Add("", "1-0-0")
	f.Add("f0019a9a9a9a9a"+"1763772345678"+"0001800000"+"0000000000000"+"000000001"+"0000"+" p07  ,abcdefghijk0mgabcdef!", "7")
	s := &Store{vault: newVault(f)}
	f.Fuzz(func(t *testing.T, text, id string) {
		events := appendEvents(nil, redis.XMessage{ID: "5-7", Values: map[string]any{"e": text}})
		if len(events) != 1+strings.Count(text, " ") || events[len(events)-1].ID != "5-7" {
			t.Fatalf("%q became %+v", text, events)
		}
		for i, e := range events[:len(events)-1] {
			if act, seen := actOf(e.ID); act != "5-7" || seen != min(i+1, movesAtOnce) {
				t.Fatalf("%s is the %d-th of %s", e.ID, seen, act)
			}
		}
		if act, seen := actOf(id); eventForm.MatchString(id) && (seen > movesAtOnce || !eventForm.MatchString(act) || seen > 0 && !entryForm(before(act))) {
			t.Fatalf("%q is the %d-th of %q, after %q", id, seen, act, before(act))
		}
		if h, err := s.readHolding("fld", "AAAA-AAAA-1", text); err == nil && (h.State == "" || h.Lane == "") {
			t.Fatalf("%q was read as %+v", text, h)
		}
	})
}
