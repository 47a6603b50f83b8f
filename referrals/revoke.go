package referrals

import (
	"slices"
	"time"
)

// revoked takes back the consent for one desk, whatever it has done with the case. Its copy is withdrawn, and where it had the
// case or was asked, the case goes on as if it had declined. Consent that nobody has any more ends the case.
func (c Case) revoked(e Event, dir rooms) (Case, []Errand) {
	i := slices.IndexFunc(c.Shares, func(s Share) bool { return s.Desk == e.Desk && s.Stage != Recalled })
	if i < 0 {
		return c, nil
	}
	was := c.Shares[i]
	out := c.takeBack(was, NoticeWithdrawn, e.At)
	c.Shares[i].Stage = Recalled
	c.Refers = slices.DeleteFunc(c.Refers, func(r Refer) bool { return r.To == e.Desk || r.By == e.Desk })
	if !slices.ContainsFunc(c.Shares, func(s Share) bool { return s.Stage != Recalled }) {
		c.Ended, c.Waiting = true, nil
		return c, out
	}
	switch held := was.Stage == Released || was.Stage == Taken || was.Stage == Unheeded; {
	case held && was.Kind == NGODesk:
		out = append(out, c.movesOn(c.onward(e.At, dir), e.At)...)
	case held && was.Kind == MissionDesk:
		out = append(out, c.movesOn(c.toHeadquarters(e.At, dir), e.At)...)
	}
	out = append(out, c.unanswered(e.At)...)
	return c, out
}

// takeBack withdraws a share from a desk that was told of it, unless it has passed it on unread, and tells the desk why.
func (c Case) takeBack(s Share, why NoticeKind, at time.Time) []Errand {
	if s.Holding == "" || s.Stage == Recalled || s.Stage == Passed && !s.Read {
		return nil
	}
	m := withdraw(s, c, at)
	m.Errands = []Errand{{Notice: &Notice{Kind: why, Desk: s.Desk, Rung: EveryRung, Code: s.Holding, Lane: c.Lane, Origin: c.Slot, At: at}}}
	return []Errand{{Move: &m}}
}
