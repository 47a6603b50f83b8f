package store

import (
	"strings"
	"testing"

	"defenderline/referrals"
)

// decline makes a holding end for a reason.
func (b backend) decline(t *testing.T, code, reason string) referrals.Holding {
	t.Helper()
	b.offer(t, code, referrals.Urgent)
	return b.mustMove(t, referrals.Move{ID: "d", Desk: "fld", Code: code, From: []referrals.State{referrals.Offered}, To: referrals.Declined,
		Reason: reason, AtRung: -1})
}

// Whoever reads Redis learns neither the reason nor, by its length, which of the few that there are.
func TestAReasonIsReadAgainAndOnlyByUs(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		lengths := map[int]bool{}
		for i, reason := range []string{"safety", "met", "uk_company_raised", "no_action"} {
			code := "AAAA-AAAA-" + string(rune('1'+i))
			moved := b.decline(t, code, reason)
			held, err := b.Holding(b.ctx, "fld", code)
			if err != nil || held.Reason != reason || moved.Reason != reason {
				t.Errorf("%q became %q and %q: %v", reason, moved.Reason, held.Reason, err)
			}
			stored := strings.Split(b.db.Get(b.ctx, b.holdingKey("fld", code)).Val(), " ")[2]
			if lengths[len(stored)] = true; stored == "" || strings.Contains(stored, reason) {
				t.Errorf("stored as %q", stored)
			}
		}
		if len(lengths) != 1 {
			t.Errorf("lengths tell reasons apart: %v", lengths)
		}
		listed, _, err := b.Holdings(b.ctx, "fld", []referrals.State{referrals.Declined}, 10, "")
		if err != nil || len(listed) != 4 || listed[2].Reason != "uk_company_raised" {
			t.Errorf("listed %+v: %v", listed, err)
		}
	})
}

// A reason that was moved to another case, or written by somebody else, is not believed.
func TestAReasonBelongsToItsHolding(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.decline(t, "AAAA-AAAA-1", "safety")
		b.decline(t, "BBBB-BBBB-1", "")
		if held, err := b.Holding(b.ctx, "fld", "BBBB-BBBB-1"); err != nil || held.Reason != "" {
			t.Fatalf("no reason became %q: %v", held.Reason, err)
		}
		words := func(code string) []string {
			return strings.Split(b.db.Get(b.ctx, b.holdingKey("fld", code)).Val(), " ")
		}
		foreign := words("AAAA-AAAA-1")[2]
		for _, written := range []string{foreign, "no_action"} {
			changed := words("BBBB-BBBB-1")
			changed[2] = written
			b.db.Set(b.ctx, b.holdingKey("fld", "BBBB-BBBB-1"), strings.Join(changed, " "), 0)
			if held, err := b.Holding(b.ctx, "fld", "BBBB-BBBB-1"); err == nil || held.Reason != "" || strings.Contains(err.Error(), "no_action") {
				t.Errorf("read %q: %v", held.Reason, err)
			}
		}
	})
}
