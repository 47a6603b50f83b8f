package referrals

import (
	"slices"
	"testing"
)

func TestLaneOf(t *testing.T) {
	for _, tt := range []struct {
		flow, urgency string
		want          Lane
	}{
		{"emergency", "", Emergency}, {"emergency", "now", Emergency}, {"emergency", "week", Emergency}, {"emergency", "ongoing", Emergency},
		{"threat", "", Urgent}, {"threat", "now", Emergency}, {"threat", "today", Emergency}, {"threat", "week", Urgent}, {"threat", "ongoing", Urgent},
		{"contact", "", Routine}, {"contact", "week", Routine}, {"contact", "now", Emergency}, {"contact", "today", Emergency},
		{"", "", Routine}, {"something later", "now", Emergency},
	} {
		if got := LaneOf(tt.flow, tt.urgency); got != tt.want {
			t.Errorf("%q, %q: %s, want %s", tt.flow, tt.urgency, got, tt.want)
		}
	}
}

func TestLanesAreOrdered(t *testing.T) {
	lanes := []Lane{Routine, Emergency, "", Urgent}
	slices.SortStableFunc(lanes, func(a, b Lane) int { return a.Rank() - b.Rank() })
	if want := []Lane{Emergency, Urgent, Routine, ""}; !slices.Equal(lanes, want) {
		t.Errorf("%q, want %q", lanes, want)
	}
	if Emergency.Rank() != 0 || Urgent.Rank() != 1 || Routine.Rank() != 2 {
		t.Error("the store and the API rely on 0, 1, 2")
	}
}
