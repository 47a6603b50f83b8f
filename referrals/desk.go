package referrals

import "time"

// Kind says what an organisation is to the line.
type Kind string

// The kinds of desk.
const (
	MissionDesk      Kind = "mission"
	HeadquartersDesk Kind = "headquarters"
	NGODesk          Kind = "ngo"
)

// Headquarters is the id of the desk behind all missions; no mission or NGO may have it.
const Headquarters = "headquarters"

// Desk is an organisation that reads cases: a mission, headquarters or an NGO.
type Desk struct {
	ID   string
	Kind Kind
	Name string
	// Countries served, ISO 3166-1 alpha-2; AllCountries says that the list does not matter.
	Countries    []string
	AllCountries bool
	// Languages read by the desk; the first is the one its documents are labelled in.
	Languages []string
	Zone      *time.Location
	Web       string
	Ladder    []Rung
	// OnDuty is the rung of whoever has taken the duty: it is alerted first, then the others in their order.
	OnDuty int
	// RoutineWithin replaces a rung's time for routine cases; zero: the rung's own.
	RoutineWithin time.Duration
	// Hours are the duty hours for routine cases; the zero value is always.
	Hours Hours
	// Asks are the kinds of contact a mission offers.
	Asks []string
	// Needs and Applicants an NGO serves.
	Needs, Applicants []string
	// AcceptWithin is how long an NGO may keep an offer or a claim without an answer.
	AcceptWithin time.Duration
	// Capacity is how many referrals an NGO takes at a time; zero: no limit.
	Capacity  int
	Accepting bool
	// TokenSHA256 is the hash of the desk's API token; nil: no access.
	TokenSHA256 []byte
}

// Rung is one step of a ladder: who is alerted, and how long the next one waits.
type Rung struct {
	Chat   int64 // the messenger's id of the officer's chat; 0: none
	Email  string
	Within time.Duration
	Name   string // of somebody who was enrolled; empty: the place in the ladder says who it is
}

// Language is the language that documents for the desk are labelled in, or fallback.
func (d *Desk) Language(fallback string) string {
	if len(d.Languages) > 0 {
		return d.Languages[0]
	}
	return fallback
}

// Location is where the desk's clocks hang.
func (d *Desk) Location() *time.Location {
	if d.Zone == nil {
		return time.UTC
	}
	return d.Zone
}

// Within is how long a rung may stay silent in a lane. Nobody is waited for on a rung whose officer was revoked.
func (d *Desk) Within(rung int, lane Lane) time.Duration {
	if rung < len(d.Ladder) && d.Ladder[rung].nobody() {
		return 0
	}
	if lane == Routine && d.RoutineWithin > 0 {
		return d.RoutineWithin
	}
	if rung < len(d.Ladder) {
		return d.Ladder[rung].Within
	}
	return d.AcceptWithin
}
