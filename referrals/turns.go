package referrals

import (
	"slices"
	"time"
)

// desks is what the decisions about a case ask of the directory.
type desks interface {
	Desk(id string) *Desk
}

// Happen applies an event to a case: the next case, and what is to be done. It is pure, and applying
// an event that no longer fits changes nothing.
func (c Case) Happen(e Event, dir desks) (Case, []Errand) {
	c.Shares = slices.Clone(c.Shares)
	c.Waiting = slices.Clone(c.Waiting)
	switch e.Kind {
	case Sent:
		return c.begin(e, dir)
	case WasAcknowledged:
		return c.taken(e, "read")
	case WasAccepted:
		return c.taken(e, "accepted")
	case WasPassed:
		return c.passed(e, dir)
	case WasSilent:
		return c.silent(e, dir)
	case WasClosed:
		return c.finished(e)
	case WasAdded:
		return c.added(e, dir)
	case WasWithdrawn, WasEnded:
		return c.recalled(e)
	case WasWiped:
		c.Chat = Member{}
	}
	return c, nil
}

// begin releases the case to those whose turn is at once: the mission, or headquarters when the
// mission has no part in it, and the first NGO. Headquarters behind a mission waits for its turn.
func (c Case) begin(e Event, dir desks) (Case, []Errand) {
	var out []Errand
	if i := c.find(MissionDesk); i >= 0 {
		out = c.release(i, e.At, dir)
	} else {
		out = c.toHeadquarters(e.At, dir)
	}
	return c, append(out, c.offerNext(e.At, dir)...)
}

// taken notes that a human has it and tells the defender.
func (c Case) taken(e Event, state string) (Case, []Errand) {
	i := c.holding(e)
	if i < 0 || c.Shares[i].Stage == Taken {
		return c, nil
	}
	c.Shares[i].Stage = Taken
	return c, c.tell(state, e.Desk, e.At)
}

// passed moves on to the next NGO consented to, and with none left to headquarters.
func (c Case) passed(e Event, dir desks) (Case, []Errand) {
	i := c.holding(e)
	if i < 0 {
		return c, nil
	}
	c.Shares[i].Stage = Passed
	if c.Ended {
		return c, nil
	}
	out := c.offerNext(e.At, dir)
	if len(out) == 0 {
		out = c.toHeadquarters(e.At, dir)
	}
	return c, append(out, c.unanswered(e.At)...)
}

// silent moves a case on that no rung of a mission answered.
func (c Case) silent(e Event, dir desks) (Case, []Errand) {
	i := c.holding(e)
	if i < 0 || c.Shares[i].Stage != Released {
		return c, nil
	}
	c.Shares[i].Stage = Unheeded
	out := c.toHeadquarters(e.At, dir)
	return c, append(out, c.unanswered(e.At)...)
}

// finished notes that a desk has done what it could.
func (c Case) finished(e Event) (Case, []Errand) {
	i := c.holding(e)
	if i < 0 || c.Shares[i].Stage == Finished {
		return c, nil
	}
	c.Shares[i].Stage = Finished
	state := "closed"
	if c.Shares[i].Kind == NGODesk {
		state = "completed"
	}
	return c, c.tell(state, e.Desk, e.At)
}

// added tells every desk that holds the case of each new document.
func (c Case) added(e Event, dir desks) (Case, []Errand) {
	first := c.Documents + 1
	c.Documents, c.Files = max(c.Documents, e.Documents), max(c.Files, e.Files)
	c.Waiting = append(c.Waiting, e.Waiting...)
	var out []Errand
	for n := first; n <= c.Documents; n++ {
		out = append(out, c.Announce(c.Code.DocumentName(n), e.At, dir)...)
	}
	return c, out
}

// Announce tells every desk that may read the case now that one more document of it is there.
// Desks whose turn comes later get it with the rest.
func (c Case) Announce(name string, at time.Time, dir desks) []Errand {
	var out []Errand
	for _, s := range c.Shares {
		readable := s.Stage == Taken || s.Kind != NGODesk && (s.Stage == Released || s.Stage == Unheeded)
		if dir.Desk(s.Desk) == nil || !readable {
			continue
		}
		out = append(out, Errand{Notice: &Notice{Kind: NoticeAddition, Desk: s.Desk, Code: s.Holding, Lane: c.Lane,
			Origin: c.Slot, Document: name, At: at}})
	}
	return out
}

// recalled takes the case back from everybody who holds it.
func (c Case) recalled(e Event) (Case, []Errand) {
	if c.Ended {
		return c, nil
	}
	c.Ended = true
	c.Waiting = nil
	var out []Errand
	for i, s := range c.Shares {
		if s.Stage == Released || s.Stage == Taken || s.Stage == Unheeded {
			m := withdraw(s, e.At)
			m.Errands = []Errand{{Notice: &Notice{Kind: NoticeWithdrawn, Desk: s.Desk, Code: s.Holding, Lane: c.Lane,
				Origin: c.Slot, At: e.At}}}
			out = append(out, Errand{Move: &m})
		}
		c.Shares[i].Stage = Recalled
	}
	return c, out
}

// unanswered pages the operator and tells the defender, once, when nobody is left to answer.
func (c *Case) unanswered(at time.Time) []Errand {
	for _, s := range c.Shares {
		if s.Stage == Released || s.Stage == Taken || s.Stage == Finished {
			return nil
		}
	}
	if c.Paged {
		return nil
	}
	c.Paged = true
	page := Errand{Notice: &Notice{Kind: NoticePage, Code: string(c.Code), Lane: c.Lane, At: at}}
	return append([]Errand{page}, c.tell("unanswered", "", at)...)
}

// offerNext offers the case to the next NGO that was consented to and takes cases; those
// that do not are passed over for good.
func (c *Case) offerNext(at time.Time, dir desks) []Errand {
	for i, s := range c.Shares {
		if s.Kind != NGODesk || s.Stage != Kept {
			continue
		}
		if d := dir.Desk(s.Desk); d == nil || !d.Accepting {
			c.Shares[i].Stage = Passed
			continue
		}
		return c.release(i, at, dir)
	}
	return nil
}

// toHeadquarters releases headquarters' copy if there is one and it was not released yet.
func (c *Case) toHeadquarters(at time.Time, dir desks) []Errand {
	i := c.find(HeadquartersDesk)
	if i < 0 || c.Shares[i].Stage != Kept {
		return nil
	}
	return c.release(i, at, dir)
}

// release hands the i-th share to its desk.
func (c *Case) release(i int, at time.Time, dir desks) []Errand {
	s := &c.Shares[i]
	d := dir.Desk(s.Desk)
	if d == nil {
		s.Stage = Passed
		return nil
	}
	s.Stage, s.Holding = Released, string(c.Code)
	if s.Kind == NGODesk {
		c.Referrals++
		s.Holding = ReferralCode(c.Code, c.Referrals)
	}
	m := open(d, *c, s.Holding, at)
	return []Errand{{Move: &m}}
}

// find is the index of the first share of a kind, or -1.
func (c Case) find(k Kind) int {
	return slices.IndexFunc(c.Shares, func(s Share) bool { return s.Kind == k })
}

// holding is the index of the share an event is about, or -1.
func (c Case) holding(e Event) int {
	return slices.IndexFunc(c.Shares, func(s Share) bool {
		return s.Desk == e.Desk && s.Holding == e.Holding && s.Stage != Recalled && s.Stage != Kept
	})
}
