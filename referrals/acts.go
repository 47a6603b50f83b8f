package referrals

import (
	"errors"
	"slices"
	"time"
)

// Act is what a person of a desk does with a case that the desk holds, by whatever way they were told of it.
type Act string

// The acts of missions and headquarters, then those of NGOs.
const (
	ActAcknowledge Act = "acknowledge"
	ActClose       Act = "close"

	ActClaim    Act = "claim"
	ActAccept   Act = "accept"
	ActDecline  Act = "decline"
	ActReturn   Act = "return"
	ActComplete Act = "complete"
)

// Acts are what a desk of the kind can do, in the order of a case's life.
func (k Kind) Acts() []Act {
	if k == NGODesk {
		return []Act{ActClaim, ActAccept, ActDecline, ActReturn, ActComplete}
	}
	return []Act{ActAcknowledge, ActClose}
}

// States are those that a case can be in at a desk of the kind, in the order of its life.
func (k Kind) States() []State {
	if k == NGODesk {
		return []State{Offered, Claimed, Accepted, Completed, Declined, Expired, Returned, Withdrawn}
	}
	return []State{Alerted, Silent, Acknowledged, Closed, Withdrawn}
}

// Reasons are why an NGO declines or returns a referral. The set is closed.
func Reasons() []string {
	return []string{"capacity", "mandate", "country", "language", "safety", "duplicate", "other"}
}

// Outcomes are what came of a case that a desk closes or completes. The set is closed.
func Outcomes() []string {
	return []string{"contacted", "met", "raised_private", "raised_public", "statement", "trial_attended", "visited",
		"uk_company_raised", "referred", "funded", "relocated", "supported", "no_action"}
}

// Whys are the words that the act must be given one of: reasons or outcomes; nil for an act that needs none.
func (a Act) Whys() []string {
	switch a {
	case ActDecline, ActReturn:
		return Reasons()
	case ActClose, ActComplete:
		return Outcomes()
	default:
		return nil
	}
}

// To is the state that the act leads to.
func (a Act) To() State {
	switch a {
	case ActAcknowledge:
		return Acknowledged
	case ActClose:
		return Closed
	case ActClaim:
		return Claimed
	case ActAccept:
		return Accepted
	case ActDecline:
		return Declined
	case ActReturn:
		return Returned
	default:
		return Completed
	}
}

// ErrAct is returned for an act that desks of the kind do not have.
var ErrAct = errors.New("no such act at this desk")

// ErrWhy is returned for an act without one of its Whys, or with one where it has none.
var ErrWhy = errors.New("that is no reason or outcome of this act")

// Deed is one act, by somebody, at a time.
type Deed struct {
	Act Act
	// Why is one of the act's Whys.
	Why string
	// Claim, when not zero, is the number of the claim that the actor acts from: with an older one than the last
	// the move is not made. A claim that names the claim it has is renewed.
	Claim int64
	// Rung is where the actor sits at the desk: who claims is told what is added.
	Rung int
	// ID makes it count once.
	ID string
	At time.Time
	// Way is how it came.
	Way Way
}

// Move is the move that a deed makes of a holding as it was seen at a desk. It is pure, and says nothing of whether
// the holding is where the move starts from: that is found out when the move is made. ErrAct and ErrWhy are
// the actor's mistakes.
func (d Deed) Move(h Holding, at *Desk) (Move, error) {
	if !slices.Contains(at.Kind.Acts(), d.Act) {
		return Move{}, ErrAct
	}
	if whys := d.Act.Whys(); whys != nil && !slices.Contains(whys, d.Why) || whys == nil && d.Why != "" {
		return Move{}, ErrWhy
	}
	if d.Claim != 0 {
		h.Claim = d.Claim
	}
	return d.move(h, at).Through(d.Way), nil
}

// Keeps says of a claim that is made again by who has it that it would gain nothing worth telling, as of [Holding.Renewable]: no move is
// made then. A program that asks for more time without a pause would fill what the store keeps of each move.
func (d Deed) Keeps(h Holding, at *Desk) bool {
	return d.Act == ActClaim && d.Claim != 0 && d.Claim == h.Claim && h.State == Claimed && !h.Renewable(at, d.At)
}

func (d Deed) move(h Holding, at *Desk) Move {
	switch d.Act {
	case ActAcknowledge:
		return Acknowledge(h, d.ID, d.At)
	case ActClose:
		return CloseCase(h, d.Why, d.ID, d.At)
	case ActClaim:
		return d.claim(h, at)
	case ActAccept:
		return Accept(h, d.ID, d.At)
	case ActDecline:
		return Decline(h, d.Why, d.ID, d.At)
	case ActReturn:
		return Return(h, d.Why, d.ID, d.At)
	default:
		return Complete(h, d.Why, d.ID, d.At)
	}
}

// claim takes a referral, or keeps it.
func (d Deed) claim(h Holding, at *Desk) Move {
	if d.Claim != 0 {
		return Renew(h, at, d.ID, d.At)
	}
	m := Claim(h, at, d.ID, d.At)
	m.AtRung, m.Rung = h.Rung, d.Rung
	return m
}
