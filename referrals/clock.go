package referrals

import "time"

// Due is when something follows from the silence about a case; zero: nothing does.
func (c Case) Due() (first time.Time) {
	for _, r := range c.Refers {
		if at := r.At.Add(AskedFor); !c.Ended && r.waits() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// Overdue does what follows from silence at a time: the next case, and what is to be done. It is pure, and changes nothing
// before [Case.Due].
func (c Case) Overdue(at time.Time, dir desks) (Case, []Errand) {
	if due := c.Due(); due.IsZero() || at.Before(due) {
		return c, nil
	}
	return c.quiet(at, dir)
}
