package referrals

import "time"

// Due is when something follows from the silence about a case, or it wants to look again or to ask; zero: never.
func (c Case) Due() (first time.Time) {
	if c.Ended {
		return first
	}
	for _, r := range c.Refers {
		if r.waits() {
			first = earlier(first, r.At.Add(AskedFor))
		}
	}
	return earlier(first, c.wakes())
}

// Overdue does what is due at a time: the next case, and what is to be done. It is pure, does each thing once, and changes
// nothing before [Case.Due], unless a clock that was ahead has put that.
func (c Case) Overdue(at time.Time, dir rooms) (Case, []Errand) {
	if due := c.Due(); !c.looks(at) && (due.IsZero() || at.Before(due)) {
		return c, nil
	}
	c, out := c.quiet(at, dir)
	c, more := c.awake(at, dir)
	return c, append(out, more...)
}
