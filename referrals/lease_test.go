package referrals

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAClaimIsRenewedAsLongAsItMayBeHeld(t *testing.T) {
	d := &Desk{ID: "fld", Kind: NGODesk, AcceptWithin: 30 * time.Minute}
	h := Holding{Desk: "fld", Code: "K7QM-3XRP-1", State: Claimed, Claim: 2, Since: noon, Due: noon.Add(40 * time.Minute)}
	for _, tt := range []struct {
		at, want  time.Duration
		renewable bool
	}{
		{10 * time.Minute, 40 * time.Minute, false}, // nothing to gain
		{12 * time.Minute, 42 * time.Minute, false}, // little
		{13 * time.Minute, 43 * time.Minute, true},
		{39 * time.Minute, 69 * time.Minute, true},
		{90 * time.Minute, 120 * time.Minute, true},
		{91 * time.Minute, 120 * time.Minute, true}, // four times accept_within from the offer
		{300 * time.Minute, 120 * time.Minute, true},
	} {
		at := noon.Add(tt.at)
		m := Renew(h, d, "id", at)
		if !m.Due.Equal(noon.Add(tt.want)) || m.Claim != 2 || m.Claims || !m.Renews() || len(m.Errands) != 0 {
			t.Errorf("after %s: %+v", tt.at, m)
		}
		if got := h.Renewable(d, at); got != tt.renewable {
			t.Errorf("after %s: renewable %v", tt.at, got)
		}
	}
	if m := Renew(Holding{State: Offered}, d, "id", noon); m.Claim != noClaim {
		t.Errorf("what nobody claimed is renewed: %+v", m)
	}
	if Claim(h, d, "id", noon).Renews() || Accept(h, "id", noon).Renews() {
		t.Error("a claim or an acceptance renews")
	}
}

// However often and whenever it is renewed, a claim's time never gets shorter and never ends later than it may.
func TestRenewalsNeverShortenAndHaveAnEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &Desk{ID: "fld", Kind: NGODesk, AcceptWithin: time.Duration(rapid.IntRange(1, 1000).Draw(t, "within")) * time.Second}
		h := Holding{State: Offered, Since: noon}
		at := noon.Add(time.Duration(rapid.IntRange(0, int(d.AcceptWithin/time.Second)).Draw(t, "claimed")) * time.Second)
		h.Due, h.State, h.Claim = Claim(h, d, "c", at).Due, Claimed, 1
		for _, wait := range rapid.SliceOf(rapid.IntRange(0, 2000)).Draw(t, "waits") {
			if at = at.Add(time.Duration(wait) * time.Second); at.After(h.Due) {
				break
			}
			m := Renew(h, d, "r", at)
			if m.Due.Before(h.Due) || m.Due.After(noon.Add(4*d.AcceptWithin)) {
				t.Fatalf("%s after the offer: due %s, then %s", at.Sub(noon), h.Due.Sub(noon), m.Due.Sub(noon))
			}
			h.Due = m.Due
		}
	})
}

func TestADeedThatNamesItsClaimRenewsIt(t *testing.T) {
	d := &Desk{ID: "fld", Kind: NGODesk, AcceptWithin: time.Hour, Capacity: 3}
	h := Holding{Desk: "fld", Code: "K7QM-3XRP-1", State: Claimed, Claim: 4, Since: noon}
	m, err := Deed{Act: ActClaim, Claim: 3, ID: "id", At: noon}.Move(h, d)
	if err != nil || !m.Renews() || m.Claim != 3 || m.Most != 0 {
		t.Errorf("%+v %v", m, err)
	}
	if m, err = (Deed{Act: ActClaim, ID: "id", At: noon}).Move(h, d); err != nil || m.Renews() || m.Most != 3 {
		t.Errorf("%+v %v", m, err)
	}
}
