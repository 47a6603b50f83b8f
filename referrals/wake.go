package referrals

import "time"

// A case has a clock of its own: it looks again whether an organisation that was full or had paused takes cases now, and a
// day after one has accepted it asks the defender whether they were reached. The times are in the case's record.

// askAfter is how long after an acceptance the defender is asked whether they were reached.
const askAfter = 24 * time.Hour

// How soon a case looks again whether anybody has room: soon, then twice as late each time, and each minute in the end.
const (
	firstLook   = 5 * time.Second
	longestLook = time.Minute
)

// Reached is the field of the question whether a desk has reached the defender.
const Reached = "reached"

// earlier is the earlier of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// wakes is when the case looks again, or asks next; zero: never.
func (c Case) wakes() time.Time {
	first := c.Look
	for _, s := range c.Shares {
		if s.Stage == Taken {
			first = earlier(first, s.AskAt)
		}
	}
	return first
}

// looks says that it is time to look again. What lies further ahead than any look was put there by a clock that is set right since: nobody
// waits for that.
func (c Case) looks(at time.Time) bool {
	return !c.Look.IsZero() && (!at.Before(c.Look) || c.Look.Sub(at) > longestLook)
}

// awake looks again and asks, what of it is due.
func (c Case) awake(at time.Time, dir rooms) (Case, []Errand) {
	c.Shares = append([]Share(nil), c.Shares...)
	var out []Errand
	if c.looks(at) {
		out = c.movesOn(c.offerNext(at, dir), at)
	}
	for i, s := range c.Shares {
		if s.AskAt.IsZero() || at.Before(s.AskAt) || s.Stage != Taken {
			continue
		}
		c.Shares[i].AskAt = time.Time{}
		out = append(out, c.Ask(Question{Field: Reached, About: s.Desk, At: at})...)
	}
	return c, out
}

// waits sets the time of the next look; it looks no more when nobody is waited for.
func (c *Case) waits(forSomebody bool, at time.Time) {
	if !forSomebody {
		c.Look, c.Looks = time.Time{}, 0
		return
	}
	c.Look = at.Add(min(firstLook<<min(c.Looks, 10), longestLook))
	c.Looks++
}

// reached keeps what the defender says of a desk that took the case on, writes it to the audit trail, and tells it to that desk and to
// the government's that has the case: no more than what was pressed.
func (c Case) reached(e Event) (Case, []Errand) {
	about := -1
	for i, s := range c.Shares {
		if s.Desk == e.Question.About && (s.Stage == Taken || s.Stage == Finished) {
			about = i
		}
	}
	if about < 0 || c.Shares[about].Reached == e.Answer || !ReachedAnswer(e.Answer) {
		return c, nil
	}
	c.Shares[about].Reached, c.Shares[about].ReachedAt = e.Answer, e.At
	var out []Errand
	for i, s := range c.Shares {
		if i == about || s.Kind != NGODesk && s.readable() {
			out = append(out, Errand{Notice: &Notice{Kind: NoticeReached, Desk: s.Desk, Rung: EveryRung, Code: s.Holding, Lane: c.Lane,
				Origin: c.Slot, At: e.At, About: e.Question.About, Answer: e.Answer}})
		}
	}
	line := Line{Kind: LineReached, Desk: e.Question.About, Code: c.Shares[about].Holding, Lane: c.Lane, At: e.At, Way: ByDefender, Why: e.Answer}
	return c, append(out, Errand{Line: &line})
}

// ReachedAnswer says that a value answers whether a desk has reached the defender.
func ReachedAnswer(value string) bool { return value == "yes" || value == "no" || value == "not_yet" }
