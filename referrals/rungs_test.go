package referrals

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// ladderOf is a mission with that many officers, of whom those at empty rungs were revoked.
func ladderOf(n int, empty ...int) *Desk {
	d := &Desk{ID: "lima", Kind: MissionDesk}
	for i := range n {
		r := Rung{Chat: int64(100 + i), Within: time.Duration(i+1) * time.Minute}
		if slices.Contains(empty, i) {
			r = Rung{}
		}
		d.Ladder = append(d.Ladder, r)
	}
	return d
}

// climbed is the order in which silence alerts the rungs, from the opening on.
func climbed(d *Desk) string {
	m := open(d, Case{Code: testCode, Lane: Emergency, Slot: "p07"}, string(testCode), noon)
	return fmt.Sprint(m.Rung, silences(d, made(Holding{}, m)))
}

// made is a holding after a move, as the store keeps it.
func made(h Holding, m Move) Holding {
	h.Desk, h.Code, h.State, h.Due, h.Lane = m.Desk, m.Code, m.To, m.Due, Emergency
	if m.Begins() || m.AtRung >= 0 {
		h.Rung = m.Rung
	}
	if m.Origin != "" {
		h.Origin, h.First, h.Told = m.Origin, m.First, m.Told
	}
	if m.Claims {
		h.Handed++
	}
	return h
}

// silences are the rungs that silence alerts from there on.
func silences(d *Desk, h Holding) (order []int) {
	for h.State == Alerted && len(order) < 200 {
		m, ok := Overslept(h, d, h.Due)
		if !ok || m.AtRung != h.Rung {
			panic(fmt.Sprintf("%+v leads to %+v", h, m))
		}
		if h = made(h, m); h.State == Alerted {
			order = append(order, h.Rung)
		}
	}
	return order
}

func TestTheOrderOfALadder(t *testing.T) {
	for want, d := range map[string]*Desk{
		"0 [1 2]":   ladderOf(3),
		"0 []":      ladderOf(1),
		"1 [2 4]":   ladderOf(5, 0, 3),
		"0 [2]":     ladderOf(3, 1),
		"2 [0 1 3]": with(ladderOf(4), 2),
		"3 [1 2]":   with(ladderOf(4, 0), 3),
		"0 [1 3]":   with(ladderOf(4, 2), 2), // whoever had the duty was revoked
		"0 [1 2 3]": with(ladderOf(4), 9),    // or taken out of the configuration
	} {
		if got := climbed(d); got != want {
			t.Errorf("on duty %d of %v: %s, want %s", d.OnDuty, chats(d), got, want)
		}
	}
}

// with is a desk with somebody else on duty.
func with(d *Desk, rung int) *Desk {
	d.OnDuty = rung
	return d
}

// Whatever changes about the duty while a case waits, every officer is alerted of it, and the ladder ends.
func TestAChangeOfDutyLeavesNobodyOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := with(ladderOf(rapid.IntRange(1, 5).Draw(t, "officers")), 0)
		d.OnDuty = rapid.IntRange(0, len(d.Ladder)-1).Draw(t, "first")
		h := made(Holding{}, open(d, Case{Code: testCode, Lane: Emergency, Slot: "p07"}, string(testCode), noon))
		for step := 0; h.State == Alerted; step++ {
			d.OnDuty = rapid.IntRange(0, len(d.Ladder)-1).Draw(t, "on duty")
			m, ok := Overslept(h, d, h.Due)
			if !ok || step > len(d.Ladder) {
				t.Fatalf("%+v at step %d", h, step)
			}
			h = made(h, m)
		}
		if h.Reached() != UpTo(len(d.Ladder)-1) {
			t.Fatalf("alerted were %b of %d", h.Reached(), len(d.Ladder))
		}
	})
}

// Handed over, a case waits for the colleague as if they had been first; whoever was told stays so.
func TestHandedOver(t *testing.T) {
	d := ladderOf(4)
	for _, state := range allStates() {
		h := Holding{Desk: "lima", Code: string(testCode), State: state, Lane: Urgent, Rung: 1, Origin: "p07", Due: noon}
		m := HandOver(h, d, 3, "id", noon)
		if can := slices.Contains([]State{Alerted, Acknowledged, Silent}, state); can != fits(m, h) {
			t.Errorf("from %s: %v", state, !can)
		}
		n := m.Errands[0].Notice
		if m.To != Alerted || m.Due != noon.Add(4*time.Minute) || n.Kind != NoticeAlert || n.Rung != 3 || n.Due != m.Due || n.Origin != "p07" {
			t.Errorf("%+v tells %+v", m, n)
		}
		after := made(h, m)
		if order := fmt.Sprint(silences(d, after)); order != "[0 1 2]" || after.Reached() != UpTo(1).With(3) {
			t.Errorf("then %s, told %b", order, after.Reached())
		}
	}
}

// What somebody of an earlier rung acknowledges is theirs, and the rungs that were alerted stay known.
func TestAcknowledgedByAnEarlierRung(t *testing.T) {
	h := held(Alerted, 0, 2)
	m := Acknowledge(h, "id", noon).By(h, 0)
	if after := made(h, m); after.Rung != 0 || after.Reached() != UpTo(2) || m.AtRung != 2 {
		t.Errorf("%+v leads to %+v", m, after)
	}
	if m := Acknowledge(h, "id", noon).By(h, 2); m.AtRung != -1 || m.Origin != "" {
		t.Errorf("one's own rung: %+v", m)
	}
}

// An alert that reached nobody is as good as silence, once and only while its rung is waited for.
func TestUnreached(t *testing.T) {
	d := ladderOf(3)
	n := Notice{Kind: NoticeAlert, Desk: "lima", Rung: 1, Due: noon}
	at := noon.Add(-5 * time.Minute)
	m, ok := Unreached(held(Alerted, 0, 1), d, n, at)
	clock, _ := Overslept(held(Alerted, 0, 1), d, noon)
	if !ok || m.Rung != 2 || m.Due != at.Add(3*time.Minute) || m.ID != clock.ID {
		t.Errorf("%v %+v, and by the clock %+v", ok, m, clock)
	}
	again := n
	again.Due = noon.Add(time.Minute)
	for name, tt := range map[string]struct {
		h Holding
		n Notice
	}{
		"acknowledged": {held(Acknowledged, 0, 1), n}, "silent": {held(Silent, 0, 1), n}, "closed": {held(Closed, 0, 1), n},
		"moved on": {held(Alerted, 0, 2), n}, "an earlier alert of the rung": {held(Alerted, 0, 1), again},
		"an addition": {held(Alerted, 0, 1), Notice{Kind: NoticeAddition, Rung: 1, Due: noon}},
		"claimed":     {held(Claimed, 1, 0), Notice{Kind: NoticeOffer, Due: noon}},
	} {
		if m, ok := Unreached(tt.h, d, tt.n, at); ok {
			t.Errorf("%s: %+v", name, m)
		}
	}
	end, ok := Unreached(held(Alerted, 0, 2), d, Notice{Kind: NoticeAlert, Rung: 2, Due: noon}, at)
	if !ok || end.To != Silent {
		t.Errorf("the end of the ladder: %+v", end)
	}
	expect(t, end, WasSilent)
	gone, ok := Unreached(held(Offered, 0, 0), &Desk{ID: "a", Kind: NGODesk}, Notice{Kind: NoticeOffer, Due: noon}, at)
	if !ok || gone.To != Expired || len(gone.Errands) != 1 {
		t.Errorf("an offer: %+v", gone)
	}
	expect(t, gone, WasPassed)
}

func TestElsewhere(t *testing.T) {
	for want, d := range map[bool][]*Desk{
		false: {{Kind: NGODesk, Ladder: []Rung{{Chat: 1}}}, {Kind: NGODesk, Ladder: []Rung{{Chat: 1}, {}}}, {Kind: MissionDesk, Ladder: []Rung{{Chat: 1}, {Chat: 2}}}},
		true:  {{Kind: NGODesk, Ladder: []Rung{{Chat: 1}, {Chat: 2}}}, {Kind: NGODesk, Ladder: []Rung{{Chat: 1}}, TokenSHA256: []byte("h")}},
	} {
		for _, desk := range d {
			if got := desk.Elsewhere(0); got != want {
				t.Errorf("%+v: %v", desk, got)
			}
		}
	}
}

func TestSetsOfRungs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var set Rungs
		in := map[int]bool{}
		for _, r := range rapid.SliceOf(rapid.IntRange(0, 62)).Draw(t, "rungs") {
			set, in[r] = set.With(r), true
		}
		for r := range 63 {
			if set.Has(r) != in[r] {
				t.Fatalf("%d is in %b: %v", r, set, set.Has(r))
			}
		}
	})
	if all := UpTo(900); !all.Has(0) || !all.Has(900) || !UpTo(62).Has(62) || UpTo(62).Has(63) || !Rungs(0).With(900).Has(70) || UpTo(3).Has(-1) {
		t.Error("the last rungs are not one")
	}
	if strings.Count(fmt.Sprintf("%b", UpTo(4)), "1") != 5 {
		t.Errorf("%b", UpTo(4))
	}
}

func TestOfficersOfADesk(t *testing.T) {
	d := ladderOf(4, 1)
	d.Ladder[3].Chat = d.Ladder[0].Chat
	if got := fmt.Sprint(d.Officers()); got != "[0 2]" || !d.Shares() {
		t.Errorf("%s, %v", got, d.Shares())
	}
	alone := ladderOf(2, 1)
	if alone.Shares() || (&Desk{Kind: NGODesk, Ladder: d.Ladder}).Shares() {
		t.Error("there is nobody to hand over to")
	}
}
