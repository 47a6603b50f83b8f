package referrals

import "time"

// The audit trail has a line for each move of a holding, and counts acts that were refused. It outlives the cases: a
// report of a month, or of a year, is made of it and of nothing else. It names a case by its code, never a person.

// Way says how an act came to the line.
type Way string

// The ways. The empty one is of an act that an earlier version of the line had begun.
const (
	ByChat     Way = "chat"     // somebody of the desk, in a messenger
	ByAPI      Way = "api"      // somebody of the desk, by the desk API
	ByClock    Way = "clock"    // somebody's silence
	ByDefender Way = "defender" // who sent the case
	ByLine     Way = "line"     // the case's own turn: it was alerted, offered or passed on
)

// LineKind says what a line is about.
type LineKind string

// The kinds of line.
const (
	LineMoved   LineKind = ""        // a holding has come to a state
	LinePaged   LineKind = "paged"   // the operator was paged: nobody has the case
	LineReached LineKind = "reached" // the defender said whether the desk reached them; Why is the answer
	// What came of a desk's suggestion that an organisation gets the case; Why is the organisation. What for is in no line.
	LineAsked   LineKind = "asked"   // the defender was asked
	LineAgreed  LineKind = "agreed"  // the defender said yes
	LineRefused LineKind = "refused" // the defender said no
)

// Line is one line of the audit trail. A move has its line if it was made, and one only; lines of other kinds may come
// twice and mean the same then.
type Line struct {
	Kind LineKind `json:"k,omitempty"`
	// Desk is empty in a line that is about no desk.
	Desk string    `json:"d,omitempty"`
	Code string    `json:"c"` // the case's or the referral's
	Lane Lane      `json:"l"`
	At   time.Time `json:"at"`
	Way  Way       `json:"b,omitempty"`
	// Why is the reason, the outcome, the answer or the organisation. It may say something of a defender, and is kept sealed.
	Why string `json:"w,omitempty"`

	// Of a move: the state come to, the rung last alerted, when the desk was first told, and whether that was now.
	State  State     `json:"s,omitempty"`
	Rung   int       `json:"r,omitempty"`
	Since  time.Time `json:"si,omitzero"`
	Begins bool      `json:"be,omitempty"`
}

// RefusalKind says why an act was refused. The set is closed.
type RefusalKind string

// The kinds of refusal. A code of another desk is an unknown one: to tell them apart the line would have to look, and the
// time that takes would tell whoever guesses.
const (
	RefusedCode  RefusalKind = "unknown_code"
	RefusedState RefusalKind = "wrong_state"
	RefusedTwice RefusalKind = "twice" // the case is already where the act leads
	RefusedClaim RefusalKind = "stale_claim"
	RefusedFull  RefusalKind = "full"      // the desk has all the cases that it takes at a time
	RefusedValue RefusalKind = "value"     // a reason, an outcome or an act that the desk does not have
	RefusedDesk  RefusalKind = "no_desk"   // who acts belongs to no desk, or not any more
	RefusedLink  RefusalKind = "enrol"     // an enrolment link that is not valid
	RefusedToken RefusalKind = "api_token" // a token that is no desk's
)

// RefusalKinds are all kinds of refusal.
func RefusalKinds() []RefusalKind {
	return []RefusalKind{RefusedCode, RefusedState, RefusedTwice, RefusedClaim, RefusedFull, RefusedValue, RefusedDesk, RefusedLink, RefusedToken}
}

// Refusal is what the audit trail knows of acts that were refused: how many of a kind, by a way, at a desk in one minute. It never knows
// the code that was tried, nor who tried.
type Refusal struct {
	// Desk is empty when it is not known whose act it would have been.
	Desk string
	Kind RefusalKind
	Way  Way
	// At is the minute, or the day's beginning for those that came when the day's lines were full.
	At time.Time
	N  int
}
