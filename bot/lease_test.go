package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/referrals"
)

// claimed is a referral that the first NGO of the bench has claimed, a time ago.
func claimed(b *bench0, claim int64, ago time.Duration) referrals.Holding {
	h := held("fld", "AAAA-BBBB-1", referrals.Claimed)
	h.Claim, h.Since = claim, noon.Add(-ago)
	h.Due = h.Since.Add(30 * time.Minute)
	b.store.hold(h)
	return h
}

func (b *bench0) referral() referrals.Holding { return b.store.holdings["fld AAAA-BBBB-1"] }

// said is a text of the desks in English.
func (b *bench0) said(key string, args map[string]any) string { return b.texts.Text("en", key, args) }

func TestAFullOrganisationIsToldHowMuchIsOpen(t *testing.T) {
	b := newBench(t)
	b.turner.dir = referrals.NewDirectory([]*referrals.Desk{{ID: "fld", Kind: referrals.NGODesk, Name: "Front Line Defenders", Zone: time.UTC, Accepting: true,
		Ladder: []referrals.Rung{{Chat: fldChat}}, AcceptWithin: 30 * time.Minute, Languages: []string{"en"}, Capacity: 2}})
	for n, s := range []referrals.State{referrals.Offered, referrals.Claimed, referrals.Accepted} {
		b.store.hold(held("fld", fmt.Sprintf("AAAA-BBBB-%d", n+1), s))
	}
	calls := b.take(atChat(fldChat, pressOn(9, "claim:AAAA-BBBB-1")))
	if got, want := toastOf(t, calls), b.said("desk.toast.full", map[string]any{"Open": 2, "Capacity": 2}); got != want || !strings.Contains(got, "2") {
		t.Errorf("told %q, want %q", got, want)
	}
	if h := b.referral(); h.State != referrals.Offered || h.Claim != 0 {
		t.Errorf("claimed all the same: %+v", h)
	}
	if c, ok := find(calls, "editMessageText"); !ok || !c.has("claim:AAAA-BBBB-1") {
		t.Errorf("the offer is not shown any more: %q", methods(calls))
	}
	b.take(atChat(fldChat, pressOn(9, "reason:capacity#AAAA-BBBB-2.d1")))
	if b.take(atChat(fldChat, pressOn(9, "claim:AAAA-BBBB-1"))); b.referral().State != referrals.Claimed {
		t.Errorf("with room again: %+v", b.referral())
	}
}

func TestMoreTimeAndItsEnd(t *testing.T) {
	b := newBench(t)
	claimed(b, 3, 20*time.Minute)
	card := deskKeyboard(b.texts, "en", b.referral(), b.dir.Desk("fld"))
	var more string
	for _, row := range card.Rows {
		for _, k := range row {
			if k.Text == b.said("desk.button.more", nil) {
				more = k.Data
			}
		}
	}
	if more != "claim:AAAA-BBBB-1#3" {
		t.Fatalf("more time is asked by %q", more)
	}
	got := toastOf(t, b.take(atChat(fldChat, pressOn(9, more))))
	if want := b.said("desk.toast.renewed", map[string]any{"Until": b.texts.Time("en", noon.Add(30*time.Minute), time.UTC)}); got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	if h := b.referral(); !h.Due.Equal(noon.Add(30*time.Minute)) || h.Claim != 3 || h.State != referrals.Claimed {
		t.Errorf("%+v", h)
	}
	for _, e := range b.last.Errands {
		if e.Notice != nil {
			t.Errorf("more time sends %+v", e.Notice)
		}
	}
	h := claimed(b, 3, 110*time.Minute)
	end := h.Since.Add(2 * time.Hour)
	got = toastOf(t, b.take(atChat(fldChat, pressOn(9, more))))
	if want := b.said("desk.toast.longest", map[string]any{"Until": b.texts.Time("en", end, time.UTC)}); got != want || !b.referral().Due.Equal(end) {
		t.Errorf("told %q, want %q; due %s", got, want, b.referral().Due)
	}
}

func TestWhoeverOpensKeepsTheCase(t *testing.T) {
	b := newBench(t)
	claimed(b, 1, 20*time.Minute)
	open := atChat(fldChat, pressOn(9, "open:AAAA-BBBB-1#1"))
	if toastOf(t, b.take(open)) != b.said("desk.toast.open", nil) || !b.referral().Due.Equal(noon.Add(30*time.Minute)) {
		t.Errorf("opened: %+v", b.referral())
	}
	moves := len(b.store.moves)
	b.take(open) // again at once: nothing to gain
	if len(b.store.moves) != moves {
		t.Errorf("%d moves", len(b.store.moves))
	}
	for _, s := range []referrals.State{referrals.Accepted, referrals.Offered, referrals.Expired} {
		h := held("fld", "AAAA-BBBB-1", s)
		h.Since = noon.Add(-time.Hour)
		b.store.hold(h)
		b.take(open)
		if len(b.store.moves) != moves || b.referral().State != s {
			t.Errorf("opening what is %s: %d moves, %+v", s, len(b.store.moves), b.referral())
		}
	}
	claimed(b, 1, 20*time.Minute) // it expires between the look and the move
	b.store.refuse = func(m referrals.Move) error {
		h := b.store.holdings[m.Desk+" "+m.Code]
		h.State = referrals.Expired
		b.store.holdings[m.Desk+" "+m.Code] = h
		return nil
	}
	if got := toastOf(t, b.take(open)); got != b.said("desk.toast.expired", nil) {
		t.Errorf("what expired meanwhile is answered with %q", got)
	}
	for _, e := range b.last.Errands {
		if e.Notice != nil && e.Notice.Kind == referrals.NoticeOpened {
			t.Error("documents of what expired are sent")
		}
	}
}

// A button that was shown for an earlier claim does nothing, whichever it is, also when the same organisation has claimed
// again; and says why.
func TestAnActFromAnEarlierClaimIsRefused(t *testing.T) {
	for _, press := range []string{"accept:%s#1", "claim:%s#1", "reason:mandate#%s.d1", "reason:mandate#%s.r1", "outcome:met#%s.c1", "accept:%s#q1"} {
		b := newBench(t)
		h := claimed(b, 2, time.Minute)
		if strings.HasPrefix(press, "outcome") {
			h.State = referrals.Accepted
			b.store.hold(h)
		}
		calls := b.take(atChat(fldChat, pressOn(9, fmt.Sprintf(press, h.Code))))
		want := b.said("desk.toast.stale_claim", map[string]any{"State": b.said("desk.state."+string(h.State), nil)})
		if got := toastOf(t, calls); got != want || b.referral() != h {
			t.Errorf("%s: %q, now %+v", press, got, b.referral())
		}
	}
}

func TestALateActIsExplained(t *testing.T) {
	for _, press := range []string{"accept:AAAA-BBBB-1#1", "claim:AAAA-BBBB-1", "claim:AAAA-BBBB-1#1", "decline:AAAA-BBBB-1#1", "reason:other#AAAA-BBBB-1.d1", "open:AAAA-BBBB-1#1"} {
		b := newBench(t)
		h := held("fld", "AAAA-BBBB-1", referrals.Expired)
		h.Claim = 1
		b.store.hold(h)
		if got := toastOf(t, b.take(atChat(fldChat, pressOn(9, press)))); got != b.said("desk.toast.expired", nil) {
			t.Errorf("%s: %q", press, got)
		}
	}
}

func TestRenewingWhileTheStoreIsAway(t *testing.T) {
	b := newBench(t)
	claimed(b, 1, 20*time.Minute)
	b.store.refuse = func(referrals.Move) error { return errors.New("away") }
	b.entry(lineBot, atChat(fldChat, pressOn(9, "open:AAAA-BBBB-1")))
	if _, err := b.turner.take(t.Context(), b.work); err == nil {
		t.Error("the press was dropped while the store was away")
	}
}

// Every chat of an organisation is told of what happens to a case, and what is added goes to the one that claimed.
func TestWhoAtAnOrganisationHears(t *testing.T) {
	ladder := []referrals.Rung{{Chat: 1}, {}, {Chat: 3}}
	r := &runner{desks: &post{dir: referrals.NewDirectory([]*referrals.Desk{{ID: "fld", Kind: referrals.NGODesk, Ladder: ladder},
		{ID: "lima", Kind: referrals.MissionDesk, Ladder: ladder}})}}
	all := referrals.UpTo(2)
	for _, tt := range []struct {
		h    referrals.Holding
		kind referrals.NoticeKind
		want []int
	}{
		{referrals.Holding{Desk: "lima", Rung: 1}, referrals.NoticeWithdrawn, []int{0, 1}},
		{referrals.Holding{Desk: "lima", Rung: 1}, referrals.NoticeAddition, []int{0, 1}},
		{referrals.Holding{Desk: "fld", Told: all}, referrals.NoticeWithdrawn, []int{0, 1, 2}},
		{referrals.Holding{Desk: "fld", Told: all, Rung: 2}, referrals.NoticeExpired, []int{0, 1, 2}},
		{referrals.Holding{Desk: "fld", Told: all, Rung: 2}, referrals.NoticeAddition, []int{2}},
		{referrals.Holding{Desk: "fld", Told: all, Rung: 1}, referrals.NoticeAddition, []int{0}}, // revoked since
		{referrals.Holding{Desk: "fld", Told: all, Rung: 9}, referrals.NoticeAddition, []int{0}},
		{referrals.Holding{Desk: "fld"}, referrals.NoticeEnded, []int{0}}, // of an earlier version
		{referrals.Holding{Desk: "gone", Rung: 1}, referrals.NoticeEnded, []int{0, 1}},
	} {
		if got := r.hearing(tt.h, tt.kind); !slices.Equal(got, tt.want) {
			t.Errorf("%s at %s, rung %d: %v, want %v", tt.kind, tt.h.Desk, tt.h.Rung, got, tt.want)
		}
	}
}
