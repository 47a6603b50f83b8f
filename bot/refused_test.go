package bot

import (
	"slices"
	"strings"
	"testing"

	"defenderline/referrals"
)

// TestRefusedActsAreInTheAuditTrail presses what cannot be, and looks at what is counted: the desk and why, never the code or the chat.
func TestRefusedActsAreInTheAuditTrail(t *testing.T) {
	for name, tt := range map[string]struct {
		chat    int64
		update  string
		refused string
	}{
		"a code that there is not": {limaChat, pressOn(9, "ack:ZZZZ-ZZZZ"), "lima unknown_code chat"},
		"a code of another desk":   {limaChat, pressOn(9, "ack:BBBB-BBBB-1"), "lima unknown_code chat"},
		"a code that is asked for": {limaChat, say(2, "/case ZZZZ-ZZZZ"), "lima unknown_code chat"},
		"an act in another state":  {fldChat, pressOn(9, "accept:CCCC-CCCC-1"), "fld wrong_state chat"},
		"an act that was done":     {fldChat, pressOn(9, "claim:BBBB-BBBB-1"), "fld twice chat"},
		"what can be":              {fldChat, pressOn(9, "claim:CCCC-CCCC-1"), ""},
	} {
		b := newBench(t)
		b.store.hold(held("fld", "BBBB-BBBB-1", referrals.Claimed))
		b.store.hold(held("fld", "CCCC-CCCC-1", referrals.Offered))
		b.take(atChat(tt.chat, tt.update))
		var want []string
		if tt.refused != "" {
			want = []string{tt.refused}
		}
		if !slices.Equal(b.store.refused, want) {
			t.Errorf("%s: %q, not %q", name, b.store.refused, want)
		}
		if said := strings.Join(b.store.refused, " "); strings.Contains(said, "ZZZZ") {
			t.Errorf("%s: the code that was tried is counted: %s", name, said)
		}
	}
}
