package referrals

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestADeedIsTheMoveOfItsAct proves that each act makes the move that its own function makes.
func TestADeedIsTheMoveOfItsAct(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	h := Holding{Desk: "fld", Code: "K7QM-3XRP-1", State: Claimed, Lane: Urgent, Claim: 3, Rung: 1, Origin: "p07"}
	ngo, mission := &Desk{ID: "fld", Kind: NGODesk, AcceptWithin: time.Hour}, &Desk{ID: "lima", Kind: MissionDesk}
	tests := []struct {
		act  Act
		desk *Desk
		why  string
		want Move
	}{
		{ActAcknowledge, mission, "", Acknowledge(h, "id", at)},
		{ActClose, mission, "met", CloseCase(h, "met", "id", at)},
		{ActClaim, ngo, "", Claim(h, ngo, "id", at)},
		{ActAccept, ngo, "", Accept(h, "id", at)},
		{ActDecline, ngo, "mandate", Decline(h, "mandate", "id", at)},
		{ActReturn, ngo, "safety", Return(h, "safety", "id", at)},
		{ActComplete, ngo, "funded", Complete(h, "funded", "id", at)},
	}
	for _, tt := range tests {
		if tt.act == ActClaim { // and notes where who claims sits
			tt.want.AtRung, tt.want.Rung = 1, 2
		}
		got, err := Deed{Act: tt.act, Why: tt.why, Rung: 2, ID: "id", At: at}.Move(h, tt.desk)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v %v, want %+v", tt.act, got, err, tt.want)
		}
		if tt.act.To() != got.To {
			t.Errorf("%s leads to %s, its move to %s", tt.act, tt.act.To(), got.To)
		}
	}
	if every := slices.Concat(MissionDesk.Acts(), NGODesk.Acts()); len(every) != len(tests) {
		t.Errorf("%d acts are tested of %v", len(tests), every)
	}
}

// TestADeedFromAnOlderClaimNeedsThatClaim proves that the move asks the store for the claim the actor has, not for
// the one that was read meanwhile.
func TestADeedFromAnOlderClaimNeedsThatClaim(t *testing.T) {
	h := Holding{Desk: "fld", Code: "K7QM-3XRP-1", State: Claimed, Lane: Urgent, Claim: 3}
	for _, act := range []Act{ActAccept, ActDecline, ActReturn, ActComplete} {
		d := Deed{Act: act, Claim: 2}
		if whys := act.Whys(); whys != nil {
			d.Why = whys[0]
		}
		if m, err := d.Move(h, &Desk{Kind: NGODesk}); err != nil || m.Claim != 2 {
			t.Errorf("%s: needs claim %d, %v", act, m.Claim, err)
		}
	}
}

func TestADeedRefusesWhatTheDeskCannotDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]Kind{MissionDesk, HeadquartersDesk, NGODesk}).Draw(t, "kind")
		every := append(slices.Concat(MissionDesk.Acts(), NGODesk.Acts()), "", "claims")
		act := rapid.SampledFrom(every).Draw(t, "act")
		why := rapid.SampledFrom(append(slices.Concat(Reasons(), Outcomes()), "", "Other")).Draw(t, "why")
		_, err := Deed{Act: act, Why: why}.Move(Holding{Claim: 1}, &Desk{Kind: kind})
		var want error
		switch ngo := slices.Contains([]Act{"claim", "accept", "decline", "return", "complete"}, act); {
		case ngo != (kind == NGODesk) || act == "" || act == "claims":
			want = ErrAct
		case act == ActDecline || act == ActReturn:
			want = unless(slices.Contains(Reasons(), why))
		case act == ActClose || act == ActComplete:
			want = unless(slices.Contains(Outcomes(), why))
		default:
			want = unless(why == "")
		}
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Fatalf("%s of %s because %q: %v, want %v", act, kind, why, err, want)
		}
	})
}

func unless(fits bool) error {
	if fits {
		return nil
	}
	return ErrWhy
}

// TestEveryMoveLeadsToAStateOfItsDesk proves that what a desk can do never leads to a state that it is not told of.
func TestEveryMoveLeadsToAStateOfItsDesk(t *testing.T) {
	for _, kind := range []Kind{MissionDesk, HeadquartersDesk, NGODesk} {
		for _, act := range kind.Acts() {
			d := Deed{Act: act}
			if whys := act.Whys(); whys != nil {
				d.Why = whys[0]
			}
			m, err := d.Move(Holding{Claim: 1}, &Desk{Kind: kind})
			if err != nil || !slices.Contains(kind.States(), m.To) {
				t.Errorf("%s at a %s leads to %q, %v", act, kind, m.To, err)
			}
			for _, from := range m.From {
				if !slices.Contains(kind.States(), from) {
					t.Errorf("%s at a %s starts from %q", act, kind, from)
				}
			}
		}
	}
}
