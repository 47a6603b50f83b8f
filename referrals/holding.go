package referrals

import (
	"errors"
	"slices"
	"time"
)

// State says how far a case has come at one desk.
type State string

// At a mission or headquarters: alerted → acknowledged → closed. At an NGO: offered → claimed →
// accepted → completed, or declined, expired, returned. Withdrawn by the defender from any.
const (
	Alerted      State = "alerted"
	Acknowledged State = "acknowledged"
	Closed       State = "closed"
	Silent       State = "silent" // every rung was alerted and none answered; still theirs to take up

	Offered   State = "offered"
	Claimed   State = "claimed"
	Accepted  State = "accepted"
	Completed State = "completed"
	Declined  State = "declined"
	Expired   State = "expired"
	Returned  State = "returned"

	Withdrawn State = "withdrawn"
)

// Holding is a case at one desk: a referral at an NGO, an alert at a mission. It is kept
// in the clear, but for the reason, and therefore holds nothing else but the case's name, states and times.
type Holding struct {
	Desk  string
	Code  string // the case's at a mission, the referral's at an NGO
	State State
	Lane  Lane
	// Claim rises each time somebody claims it; zero: never claimed.
	Claim int64
	// Handed rises each time it is handed over to a colleague, who is alerted anew; an NGO's never is.
	Handed int64
	// Rung is the last rung alerted, from zero, or that of whoever acknowledged; at an NGO the one that claimed.
	Rung int
	// First is the rung that the ladder began with: whoever was on duty, or was handed the case. Told are the rungs alerted so
	// far; none: those up to Rung.
	First int
	Told  Rungs
	// Since is when the desk was first told; Due when its silence has a consequence.
	Since, Due time.Time
	// Origin is the slot of the case itself.
	Origin string
	// Reason or outcome given when it ended. Kept sealed.
	Reason string
}

// Open says that the desk may still act on the case.
func (h Holding) Open() bool {
	switch h.State {
	case Alerted, Acknowledged, Silent, Offered, Claimed, Accepted:
		return true
	default:
		return false
	}
}

// Readable says that the desk may have the sealed documents now.
func (h Holding) Readable() bool {
	switch h.State {
	case Alerted, Acknowledged, Silent, Claimed, Accepted:
		return true
	default:
		return false
	}
}

// Move changes a holding from one state to the next, if it is where the mover believes.
type Move struct {
	// ID makes it count once, however often it is made.
	ID   string `json:"id"`
	Desk string `json:"d"`
	Code string `json:"c"`
	// From are the states it may be made from, "" among them when it may begin the holding too; none: only
	// when there is no such holding.
	From []State `json:"f,omitempty"`
	To   State   `json:"t"`
	// Claim, when not zero, must be the holding's claim number, or where nobody claims how often it was handed over.
	Claim int64 `json:"cl,omitempty"`
	// Claims says that the move is a claim, or hands over: the number rises.
	Claims bool `json:"cs,omitempty"`
	// AtRung, when not negative, must be the holding's rung; Rung is the next.
	AtRung int `json:"ar"`
	Rung   int `json:"r"`
	// First and Told are the holding's from then on, where Origin is given.
	First  int       `json:"fi,omitempty"`
	Told   Rungs     `json:"tl,omitempty"`
	Due    time.Time `json:"du,omitzero"` // zero: silence has no consequence any more
	At     time.Time `json:"at"`
	Lane   Lane      `json:"l,omitempty"`
	Origin string    `json:"o,omitempty"`
	Reason string    `json:"re,omitempty"`
	// Most, when not zero, is how many holdings the desk may have claimed or accepted: a move that would make it more is
	// not made.
	Most int `json:"mo,omitempty"`
	// Way is how the act came, for the audit trail.
	Way Way `json:"by,omitempty"`
	// Errands are kept with the move and run after it.
	Errands []Errand `json:"e,omitempty"`
}

// Begins says that the move may be made where there is no such holding yet.
func (m Move) Begins() bool { return len(m.From) == 0 || slices.Contains(m.From, "") }

// DeskEvent is what a desk learns of without asking: one of its holdings has come to a state.
type DeskEvent struct {
	// ID is where the event stands in the desk's events: later ones come after it.
	ID    string
	Code  string
	State State
	Lane  Lane
	At    time.Time
}

// ErrNotThere is returned by a move whose holding is not in one of the states the move
// starts from, or whose claim or rung has moved on. Nothing was changed.
var ErrNotThere = errors.New("the case is no longer in that state at this desk")

// ErrNoRoom is returned by a claim of an organisation that has as many referrals as it takes at a time. Nothing was
// changed.
var ErrNoRoom = errors.New("the organisation has as many referrals as it takes at a time")

// ErrUnknown is returned for a holding or a case that does not exist at the desk.
var ErrUnknown = errors.New("no such case at this desk")

// ErrSuperseded is returned by a commit of a worker whose lease ended meanwhile.
var ErrSuperseded = errors.New("another worker took over; nothing was changed")

// ErrBorn is returned by a commit that would begin a member that exists already. Nothing was changed; the turn is taken
// again, and draws another code.
var ErrBorn = errors.New("a case of that code exists already; draw another code")
