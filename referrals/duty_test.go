package referrals

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// Whoever takes the duty is first, until somebody else does; the ladder keeps its places, and the roll its people.
func TestOnDuty(t *testing.T) {
	lima := &Desk{ID: "lima", Kind: MissionDesk, Ladder: []Rung{{Chat: 1, Within: time.Minute}, {Email: "a@example.org", Within: time.Minute}}}
	other := &Desk{ID: "kyiv", Kind: MissionDesk, Ladder: []Rung{{Chat: 1}, {Chat: 9}}}
	d := NewDirectory([]*Desk{lima, other})
	r := enrolled(t, "Ana", "Ben")
	first := func(when string, want int) {
		t.Helper()
		raw, err := json.Marshal(r) // as it is kept
		if err != nil {
			t.Fatal(err)
		}
		var kept Roll
		if err := json.Unmarshal(raw, &kept); err != nil {
			t.Fatal(err)
		}
		d.Follow(kept)
		if got := d.Desk("lima").First(); got != want || d.Desk("kyiv").First() != 0 || lima.OnDuty != 0 {
			t.Errorf("%s: %d is first, want %d", when, got, want)
		}
	}
	first("nobody has taken it", 0)
	d.Follow(r)
	rung := func(i int) Rung { return d.Desk("lima").Ladder[i] }
	before := fmt.Sprint(r)
	next := r.PutOnDuty("lima", rung(3), noon)
	if fmt.Sprint(r) != before {
		t.Error("the roll it was given was changed")
	}
	r = next
	first("Ben", 3)
	if got := climbed(d.Desk("lima")); got != "3 [0 1 2]" {
		t.Errorf("alerted are %s", got)
	}
	r = r.PutOnDuty("lima", rung(1), noon)
	first("whoever has an address alone", 1)
	r = r.PutOnDuty("lima", rung(3), noon).PutOnDuty("lima", rung(3), noon)
	if len(r.Duty) != 1 {
		t.Errorf("%+v are on duty", r.Duty)
	}
	l := linkFor(t, "lima", "Eva")
	r = must(must(r.Invite(l, noon)).Enrol(l.Hash, 104, noon))
	first("after somebody else was enrolled", 3)
	r = must(r.Revoke("Ana"))
	first("after somebody else was revoked", 3)
	r = must(r.Revoke("Ben"))
	first("after Ben was revoked", 0)
	l = linkFor(t, "lima", "Ben")
	r = must(must(r.Invite(l, noon)).Enrol(l.Hash, 102, noon))
	first("enrolled again, Ben has no duty", 0)
	if got := d.Desk("lima").Ladder[3].Name; got != "Ben" && d.Desk("lima").Ladder[2].Name != "Ben" {
		t.Errorf("the ladder does not know Ben: %+v", d.Desk("lima").Ladder)
	}
}

// A configuration that names other people leaves nobody on duty by mistake.
func TestDutyOfSomebodyWhoIsGone(t *testing.T) {
	lima := &Desk{ID: "lima", Kind: MissionDesk, Ladder: []Rung{{Chat: 5}, {Chat: 6}, {}}}
	d := NewDirectory([]*Desk{lima})
	for _, on := range []OnDuty{{Desk: "lima", Chat: 7}, {Desk: "gone", Chat: 6}, {Desk: "lima"}, {Desk: "lima", Email: "b@example.org"}} {
		d.Follow(Roll{Duty: []OnDuty{on}})
		if got := d.Desk("lima").First(); got != 0 {
			t.Errorf("%+v: %d is first", on, got)
		}
	}
	d.Follow(Roll{Duty: []OnDuty{{Desk: "lima", Chat: 6}}})
	if d.Desk("lima").First() != 1 {
		t.Error("whoever is there is not first")
	}
}
