package bot

import (
	"testing"
	"time"

	"defenderline/referrals"
)

// An officer who sits at two desks that know the same case reaches each of them with the same button.
func TestTheDeskAnActIsFor(t *testing.T) {
	mission := referrals.Holding{Desk: "lima", State: referrals.Silent, Since: noon}
	behind := referrals.Holding{Desk: referrals.Headquarters, State: referrals.Alerted, Since: noon.Add(time.Minute)}
	if !better(behind, mission, "ack") || better(mission, behind, "ack") {
		t.Error("the desk told last does not come first")
	}
	behind.State = referrals.Acknowledged
	if !better(mission, behind, "ack") || better(behind, mission, "ack") {
		t.Error("a desk where the act cannot be done comes first")
	}
	if better(mission, behind, "claim") || better(behind, mission, "claim") {
		t.Error("an act that neither has moves from the first to the second")
	}
}
