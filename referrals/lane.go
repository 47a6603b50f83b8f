package referrals

// Lane says how urgent a case is. It is one of the few things known outside the seal.
type Lane string

// The lanes, and the time in which protection practice expects a first answer: 24 hours,
// 72 hours, two weeks.
const (
	Emergency Lane = "emergency"
	Urgent    Lane = "urgent"
	Routine   Lane = "routine"
)

// Rank orders lanes, the most urgent first: 0, 1, 2. An unknown lane counts as routine.
func (l Lane) Rank() int {
	switch l {
	case Emergency:
		return 0
	case Urgent:
		return 1
	default:
		return 2
	}
}

// LaneOf tells the lane of a conversation by its name and the urgency chosen in it, empty
// when not asked. A danger that is now or today is an emergency wherever it was told.
func LaneOf(flow, urgency string) Lane {
	switch {
	case flow == "emergency" || urgency == "now" || urgency == "today":
		return Emergency
	case flow == "threat":
		return Urgent
	default:
		return Routine
	}
}
