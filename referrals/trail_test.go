package referrals

import (
	"slices"
	"testing"
	"time"
)

// TestEveryMoveSaysByWhichWay proves that the audit trail can tell a person's act from a clock's.
func TestEveryMoveSaysByWhichWay(t *testing.T) {
	mission := &Desk{ID: "lima", Kind: MissionDesk, Ladder: []Rung{{Within: time.Minute}, {Within: time.Minute}}}
	ngo := &Desk{ID: "a", Kind: NGODesk, AcceptWithin: time.Minute}
	late := func(h Holding, d *Desk) Move {
		m, due := Overslept(h, d, noon)
		if !due {
			t.Fatalf("%+v is not due", h)
		}
		return m
	}
	due := noon.Add(-time.Second)
	chat, err := Deed{Act: ActClose, Why: "met", ID: "id", At: noon, Way: ByChat}.Move(Holding{}, mission)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		m    Move
		want Way
	}{
		"alert":        {open(mission, Case{}, "K7QM-3XRP", noon), ByLine},
		"offer":        {open(ngo, Case{}, "K7QM-3XRP-1", noon), ByLine},
		"next rung":    {late(Holding{State: Alerted, Due: due}, mission), ByClock},
		"no rung left": {late(Holding{State: Alerted, Rung: 1, Due: due}, mission), ByClock},
		"expiry":       {late(Holding{State: Claimed, Due: due}, ngo), ByClock},
		"withdrawal":   {withdraw(Share{Desk: "a"}, Case{}, noon), ByDefender},
		"a deed":       {chat, ByChat},
	} {
		if tt.m.Way != tt.want {
			t.Errorf("%s: %q, not %q", name, tt.m.Way, tt.want)
		}
	}
}

func TestKindsOfRefusalAreApart(t *testing.T) {
	kinds := RefusalKinds()
	slices.Sort(kinds)
	if all := len(kinds); len(slices.Compact(kinds)) != all || all != 9 {
		t.Fatalf("%v", kinds)
	}
}
