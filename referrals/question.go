package referrals

import "time"

// Question is something that a defender is asked about a case, outside of any conversation: a message with buttons that may be
// pressed at any time.
type Question struct {
	// Field is the field of its buttons.
	Field string `json:"f"`
	// About is what it is about: a desk's id.
	About string `json:"a,omitempty"`
	// By is the desk that asks; empty: the line.
	By string `json:"b,omitempty"`
	// For is what for, and Copy says that a sealed copy is there already, of a question for consent.
	For  string    `json:"fo,omitempty"`
	Copy bool      `json:"cp,omitempty"`
	At   time.Time `json:"at"`
}

// Ask makes the errand that asks a case's defender something; none after a wipe.
func (c *Case) Ask(q Question) []Errand { return c.Tell(News{Question: &q, Desk: q.By, At: q.At}) }

// answered does what follows from the defender's answer to a question.
func (c Case) answered(e Event, dir desks) (Case, []Errand) {
	if e.Question == nil {
		return c, nil
	}
	switch e.Question.Field {
	case ConsentField:
		return c.consented(e, dir)
	case Reached:
		return c.reached(e)
	default:
		return c, nil
	}
}
