package referrals

import (
	"testing"
)

func allStates() []State {
	return []State{Alerted, Acknowledged, Closed, Silent, Offered, Claimed, Accepted, Completed, Declined, Expired, Returned, Withdrawn}
}

// TestStates says what a desk may do in each state: o act, r read, neither.
func TestStates(t *testing.T) {
	want := map[State]string{Alerted: "or", Acknowledged: "or", Silent: "or", Offered: "o", Claimed: "or", Accepted: "or"}
	for _, state := range append(allStates(), "", "mystery") {
		h, got := Holding{State: state}, ""
		if h.Open() {
			got += "o"
		}
		if h.Readable() {
			got += "r"
		}
		if got != want[state] {
			t.Errorf("%q: %q, want %q", state, got, want[state])
		}
	}
}
