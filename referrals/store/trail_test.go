package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// trail is all that a desk's audit trail has of three days around now.
func (b backend) trail(t testing.TB, desk string) []referrals.Line {
	t.Helper()
	var lines []referrals.Line
	now := b.clock.now()
	unread, err := b.Trail(b.ctx, desk, now.Add(-72*time.Hour), now.Add(time.Hour), func(l referrals.Line) { lines = append(lines, l) })
	if err != nil || unread != 0 {
		t.Fatalf("%d lines of %q could not be read: %v", unread, desk, err)
	}
	return lines
}

// wayOf is what a line says in short.
func wayOf(l referrals.Line) string {
	return fmt.Sprintf("%s%s %s %s %s %d %s %v", l.Kind, l.State, l.Code, l.Lane, l.Way, l.Rung, l.Why, l.Begins)
}

func TestEveryMoveHasOneLine(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		begun := b.clock.now()
		dir := referrals.Desk{ID: "fld", Kind: referrals.NGODesk, AcceptWithin: time.Hour}
		offer := referrals.Move{ID: "o", Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered, AtRung: -1, Lane: referrals.Urgent, At: begun,
			Origin: "p07", Way: referrals.ByLine}
		b.mustMove(t, offer)
		b.mustMove(t, offer)
		b.clock.move(3 * time.Minute)
		deed := func(h referrals.Holding, act referrals.Act, why string, by referrals.Way) referrals.Move {
			m, err := referrals.Deed{Act: act, Why: why, ID: string(act), At: b.clock.now(), Way: by}.Move(h, &dir)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		claim := deed(referrals.Holding{Desk: "fld", Code: "ABCD-EFGH-1", Origin: "p07"}, referrals.ActClaim, "", referrals.ByChat)
		h := b.mustMove(t, claim)
		decline := deed(h, referrals.ActDecline, "safety", referrals.ByAPI)
		b.mustMove(t, decline)
		for _, again := range []referrals.Move{claim, decline, offer} { // claimed by the same since: the same claim
			if _, _, err := b.Move(b.ctx, again); err != nil {
				t.Fatal(err)
			}
		}
		late := deed(h, referrals.ActAccept, "", referrals.ByChat)
		if _, _, err := b.Move(b.ctx, late); !errors.Is(err, referrals.ErrNotThere) {
			t.Fatal(err)
		}
		late.Code = "WXYZ-WXYZ-1"
		if _, _, err := b.Move(b.ctx, late); !errors.Is(err, referrals.ErrUnknown) {
			t.Fatal(err)
		}
		var got []string
		for _, l := range b.trail(t, "fld") {
			got = append(got, wayOf(l))
			if !l.Since.Equal(begun) || l.Begins && !l.At.Equal(begun) || !l.Begins && !l.At.Equal(b.clock.now()) || l.Desk != "fld" {
				t.Errorf("%+v", l)
			}
		}
		want := []string{"offered ABCD-EFGH-1 urgent line 0  true", "claimed ABCD-EFGH-1 urgent chat 0  false", "declined ABCD-EFGH-1 urgent api 0 safety false"}
		if !slices.Equal(got, want) {
			t.Fatalf("the trail is %q", got)
		}
	})
}

func TestTheTrailTellsRungsAndWithdrawals(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.mustMove(t, referrals.Move{ID: "a", Desk: "lima", Code: "ABCD-EFGH", To: referrals.Alerted, AtRung: -1, Lane: referrals.Emergency})
		b.mustMove(t, referrals.Move{ID: "r", Desk: "lima", Code: "ABCD-EFGH", From: []referrals.State{referrals.Alerted}, To: referrals.Alerted, AtRung: 0,
			Rung: 1, Way: referrals.ByClock})
		b.mustMove(t, referrals.Move{ID: "w", Desk: "lima", Code: "XBCD-EFGH", From: []referrals.State{"", referrals.Alerted}, To: referrals.Withdrawn, AtRung: -1,
			Lane: referrals.Routine, Way: referrals.ByDefender, Reason: "a longer reason than thirty-two bytes have room for"})
		var got []string
		for _, l := range b.trail(t, "lima") {
			got = append(got, wayOf(l))
		}
		want := []string{"alerted ABCD-EFGH emergency  0  true", "alerted ABCD-EFGH emergency clock 1  false",
			"withdrawn XBCD-EFGH routine defender 0 a longer reason than thirty-two bytes have room for true"}
		if !slices.Equal(got, want) {
			t.Fatalf("the trail is %q", got)
		}
	})
}

func TestLinesOfManyAtOnceAreAllThere(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		const n = 200
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				m := referrals.Move{ID: "o", Desk: "fld", Code: fmt.Sprintf("ABCD-EFGH-%d", i), To: referrals.Offered, AtRung: -1, Lane: referrals.Urgent}
				for range 2 {
					if _, _, err := b.Move(b.ctx, m); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		seen := map[string]int{}
		for _, l := range b.trail(t, "fld") {
			seen[l.Code]++
		}
		for code, times := range seen {
			if times != 1 || len(seen) != n {
				t.Fatalf("%s has %d lines, and %d of %d codes have any", code, times, len(seen), n)
			}
		}
	})
}

func TestLinesAboutNoMove(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		at := b.clock.now().Add(-time.Hour)
		for _, l := range []referrals.Line{
			{Kind: referrals.LinePaged, Code: "ABCD-EFGH", Lane: referrals.Emergency, At: at, Way: referrals.ByLine},
			{Kind: referrals.LineReached, Desk: "fld", Code: "ABCD-EFGH-1", Lane: referrals.Urgent, At: at, Way: referrals.ByDefender, Why: "not_yet"},
			{Kind: referrals.LineAsked, Desk: "lima", Code: "ABCD-EFGH", Lane: referrals.Routine, At: at, Way: referrals.ByChat, Why: "fld"},
			{Kind: referrals.LineAgreed, Desk: "headquarters", Code: "ABCD-EFGH", Lane: referrals.Routine, At: at, Way: referrals.ByDefender, Why: "fld"},
			{Kind: referrals.LineRefused, Desk: "pbi", Code: "ABCD-EFGH", Lane: referrals.Routine, At: at, Way: referrals.ByDefender, Why: "fld"},
		} {
			if err := b.Note(b.ctx, l); err != nil {
				t.Fatal(err)
			}
			if got := b.trail(t, l.Desk); len(got) != 1 || got[0] != l {
				t.Errorf("%+v is read as %+v", l, got)
			}
		}
		for _, l := range []referrals.Line{{Kind: referrals.LineMoved, Code: "ABCD-EFGH"}, {Kind: referrals.LinePaged}, {Kind: referrals.LinePaged, Code: "A B"}} {
			if b.Note(b.ctx, l) == nil {
				t.Errorf("%+v was written", l)
			}
		}
	})
}

func TestTheTrailIsReadByTime(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		from := b.clock.now().Truncate(24 * time.Hour)
		for i, at := range []time.Time{from.Add(-time.Millisecond), from, from.Add(47 * time.Hour), from.Add(48 * time.Hour)} {
			b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: fmt.Sprintf("ABCD-EFGH-%d", i), To: referrals.Offered, AtRung: -1, Lane: referrals.Urgent, At: at})
			b.clock.move(17 * time.Hour) // the second and the third are written on another day than they were made
		}
		var got []string
		if _, err := b.Trail(b.ctx, "fld", from, from.Add(48*time.Hour), func(l referrals.Line) { got = append(got, l.Code) }); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != "[ABCD-EFGH-1 ABCD-EFGH-2]" {
			t.Fatalf("of two days there are %v", got)
		}
	})
}

// TestADayOfTheTrailEndsWithItsFirstLine proves that no line is kept longer than it may be: what comes later does not prolong the day.
func TestADayOfTheTrailEndsWithItsFirstLine(t *testing.T) {
	b := open(t, Options{URL: redistest.Start(t).URL(), AuditFor: time.Hour, EndedFor: 2 * time.Hour})
	offer := func(code string) {
		b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: code, To: referrals.Offered, AtRung: -1, Lane: referrals.Urgent})
		if err := b.Note(b.ctx, referrals.Line{Kind: referrals.LinePaged, Code: code, At: b.clock.now()}); err != nil {
			t.Fatal(err)
		}
		b.Refuse("fld", referrals.RefusedCode, referrals.ByChat)
		if err := b.WriteRefused(b.ctx); err != nil {
			t.Fatal(err)
		}
	}
	offer("ABCD-EFGH-1")
	keys := []string{b.trailKey("desk:fld", b.clock.now()), b.trailKey(auditSlot, b.clock.now()), b.refusedKey("desk:fld", b.clock.now())}
	for _, key := range keys {
		if ttl := b.db.PTTL(b.ctx, key).Val(); ttl <= 0 || ttl > time.Hour {
			t.Fatalf("%s ends in %v", key, ttl)
		}
		b.db.PExpire(b.ctx, key, time.Minute) // as if an hour had almost passed
	}
	offer("ABCD-EFGH-2")
	for _, key := range keys {
		if ttl := b.db.PTTL(b.ctx, key).Val(); ttl <= 0 || ttl > time.Minute {
			t.Errorf("%s was prolonged to %v", key, ttl)
		}
		b.db.PExpireAt(b.ctx, key, time.Unix(1, 0))
	}
	if left := b.trail(t, "fld"); len(left) != 0 {
		t.Fatalf("after its end the day has %+v", left)
	}
	if h, err := b.Holding(b.ctx, "fld", "ABCD-EFGH-2"); err != nil || h.State != referrals.Offered {
		t.Fatalf("the holding went with its line: %+v %v", h, err)
	}
}

func TestTheTrailOutlivesTheHolding(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered, AtRung: -1, Lane: referrals.Urgent})
		b.mustMove(t, referrals.Move{ID: "d", Desk: "fld", Code: "ABCD-EFGH-1", From: []referrals.State{referrals.Offered}, To: referrals.Declined, AtRung: -1,
			Reason: "safety"})
		holding := b.db.PTTL(b.ctx, b.holdingKey("fld", "ABCD-EFGH-1")).Val()
		if trail := b.db.PTTL(b.ctx, b.trailKey("desk:fld", b.clock.now())).Val(); trail <= holding || holding <= 0 {
			t.Fatalf("the trail ends in %v, the holding in %v", trail, holding)
		}
		b.db.Del(b.ctx, b.holdingKey("fld", "ABCD-EFGH-1"))
		if got := b.trail(t, "fld"); len(got) != 2 || got[1].Why != "safety" {
			t.Fatalf("what is left: %+v", got)
		}
	})
}

func TestALineThatCannotBeReadIsCounted(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered, AtRung: -1, Lane: referrals.Urgent, Reason: "safety"})
		key := b.trailKey("desk:fld", b.clock.now())
		whole := b.db.Get(b.ctx, key).Val()
		for _, bad := range []string{"short", strings.Replace(whole, "e1", "z1", 1), strings.Replace(whole, "e1", "e9", 1), strings.Replace(whole, "0000+", "0000?", 1),
			strings.Replace(whole, "0000+", "00x0+", 1), whole[:20] + "y" + whole[21:]} {
			b.db.Append(b.ctx, key, strings.TrimSuffix(bad, "\n")+"\n")
		}
		stranger := *b.Store
		stranger.vault = newVault(t)
		for s, want := range map[*Store]int{b.Store: 6, &stranger: 7} {
			var got []referrals.Line
			unread, err := s.Trail(b.ctx, "fld", b.clock.now().Add(-time.Hour), b.clock.now().Add(time.Hour), func(l referrals.Line) { got = append(got, l) })
			if err != nil || unread != want || len(got) != 1 {
				t.Errorf("%d of %d could not be read, and %+v could: %v", unread, want, got, err)
			}
		}
	})
}

func TestRefusedActsAreCountedByTheMinute(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		day := b.clock.now().Truncate(24 * time.Hour)
		for range 3 {
			b.Refuse("fld", referrals.RefusedCode, referrals.ByChat)
		}
		b.Refuse("", referrals.RefusedLink, referrals.ByChat)
		b.clock.move(time.Minute)
		b.Refuse("fld", referrals.RefusedTwice, referrals.ByAPI)
		for range 2 { // a second time there is nothing
			if err := b.WriteRefused(b.ctx); err != nil {
				t.Fatal(err)
			}
		}
		b.Refuse("fld", referrals.RefusedTwice, referrals.ByAPI)
		if err := b.WriteRefused(b.ctx); err != nil {
			t.Fatal(err)
		}
		for desk, want := range map[string]string{
			"fld": "unknown_code chat 09:00 3, twice api 09:01 2, ", "": "enrol chat 09:00 1, ", "lima": "",
		} {
			found, err := b.Refusals(b.ctx, desk, day, day.Add(24*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, r := range found {
				got += fmt.Sprintf("%s %s %s %d, ", r.Kind, r.Way, r.At.Format("15:04"), r.N)
			}
			if got != want {
				t.Errorf("at %q: %q, not %q", desk, got, want)
			}
		}
	})
}

// TestAFloodOfGuessesIsCountedAndBounded has a day of guesses, more than have a line.
func TestAFloodOfGuessesIsCountedAndBounded(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		day := b.clock.now().Truncate(24 * time.Hour)
		b.clock.move(day.Sub(b.clock.now()))
		total := 0
		for range 24 * 60 {
			for range 7 {
				b.Refuse("fld", referrals.RefusedCode, referrals.ByChat)
				total++
			}
			b.Refuse("fld", referrals.RefusedState, referrals.ByAPI)
			total++
			b.clock.move(time.Minute)
			if b.clock.now().Minute()%10 == 0 {
				if err := b.WriteRefused(b.ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		found, err := b.Refusals(b.ctx, "fld", day, day.Add(24*time.Hour))
		if err != nil || len(found) != mostRefusedADay+2 {
			t.Fatalf("%d lines of a day: %v", len(found), err)
		}
		for _, r := range found {
			total -= r.N
		}
		if total != 0 {
			t.Fatalf("%d acts were not counted", total)
		}
	})
}

func TestRefusedActsWaitForAStoreThatIsAway(t *testing.T) {
	server := redistest.Start(t)
	b := open(t, Options{URL: server.URL()})
	b.Refuse("fld", referrals.RefusedCode, referrals.ByChat)
	server.Kill()
	if err := b.WriteRefused(b.ctx); err == nil {
		t.Fatal("written to a server that is dead")
	}
	server.Restart()
	if err := b.WriteRefused(b.ctx); err != nil {
		t.Fatal(err)
	}
	now := b.clock.now()
	if found, err := b.Refusals(b.ctx, "fld", now.Add(-time.Hour), now.Add(time.Hour)); err != nil || len(found) != 1 || found[0].N != 1 {
		t.Fatalf("after the outage: %+v %v", found, err)
	}
}

func TestWhoseTrailThereIsOutlivesTheConfiguration(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.mustMend(t, 1)
		b.desks = []string{"lima"} // fld has left
		b.clock.move(8759 * time.Hour)
		b.mustMend(t, 1)
		if desks, err := b.TrailDesks(b.ctx); err != nil || fmt.Sprint(desks) != "[fld lima]" {
			t.Fatalf("%v %v", desks, err)
		}
		b.clock.move(time.Hour)
		b.mustMend(t, 1)
		if desks, err := b.TrailDesks(b.ctx); err != nil || fmt.Sprint(desks) != "[lima]" {
			t.Fatalf("after a year: %v %v", desks, err)
		}
	})
}

// TestALineSurvivesAKill is the promise that a move and its line are one: the server dies between any two moves.
func TestALineSurvivesAKill(t *testing.T) {
	server := redistest.Start(t, "--appendfsync", "always")
	b := open(t, Options{URL: server.URL(), RequireDurable: true})
	b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered, AtRung: -1, Lane: referrals.Urgent})
	server.Kill()
	claim := referrals.Move{ID: "c", Desk: "fld", Code: "ABCD-EFGH-1", From: []referrals.State{referrals.Offered}, To: referrals.Claimed, Claims: true, AtRung: -1}
	if _, _, err := b.Move(b.ctx, claim); err == nil {
		t.Fatal("moved by a server that is dead")
	}
	server.Restart()
	for range 2 {
		b.mustMove(t, claim)
	}
	if got := b.trail(t, "fld"); len(got) != 2 || got[1].State != referrals.Claimed {
		t.Fatalf("after the restart: %+v", got)
	}
}
