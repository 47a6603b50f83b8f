package outcomes

import (
	"slices"
	"time"

	"defenderline/referrals"
)

// Period is the time that a report is of. To is the first moment after it.
type Period struct{ From, To time.Time }

// Has says that a moment is in the period.
func (p Period) Has(t time.Time) bool { return !t.Before(p.From) && t.Before(p.To) }

// Desk is whose cases are counted. Gone says that the configuration has it no longer; its kind is then found in its lines.
type Desk struct {
	ID, Name string
	Kind     referrals.Kind
	Gone     bool
}

// Count gathers what lines say. Lines of one desk are given in the order in which they were written.
type Count struct {
	period   Period
	desks    []*tally
	byID     map[string]*tally
	cases    map[referrals.Code]first
	pages    map[string]bool
	declined map[string]int
	returned map[string]int
	refused  map[referrals.RefusalKind]int
	unread   int
}

// first is when a case reached a desk first.
type first struct {
	at   time.Time
	lane referrals.Lane
}

// tally is one desk's part.
type tally struct {
	Desk
	cases    map[string]*course
	climbed  int // rungs alerted because of silence
	silent   int // ladders that came to their end
	outcomes map[string]int
	reached  map[string]string // by code: what the defender said last
}

// course is what became of one case at a desk, of those that began in the period.
type course struct {
	lane  referrals.Lane
	state referrals.State
	// taken is how long it took until it was acknowledged or accepted; no time when it was not.
	taken time.Duration
	known bool
}

// New begins a count.
func New(p Period, desks []Desk) *Count {
	c := &Count{period: p, byID: map[string]*tally{}, cases: map[referrals.Code]first{}, pages: map[string]bool{},
		declined: map[string]int{}, returned: map[string]int{}, refused: map[referrals.RefusalKind]int{}}
	for _, d := range desks {
		t := &tally{Desk: d, cases: map[string]*course{}, outcomes: map[string]int{}, reached: map[string]string{}}
		c.desks, c.byID[d.ID] = append(c.desks, t), t
	}
	return c
}

// Line counts a line of the audit trail. One of another time, or of a desk that was not given, is none.
func (c *Count) Line(l referrals.Line) {
	if !c.period.Has(l.At) {
		return
	}
	if l.Kind == referrals.LinePaged {
		c.pages[l.Code] = true
		return
	}
	t := c.byID[l.Desk]
	if t == nil {
		return
	}
	if l.Kind == referrals.LineReached {
		t.reached[l.Code] = l.Why
	}
	if l.Kind != referrals.LineMoved {
		return
	}
	if t.Gone && l.State != referrals.Withdrawn && slices.Contains(referrals.NGODesk.States(), l.State) {
		t.Kind = referrals.NGODesk
	}
	if l.Begins && l.State != referrals.Withdrawn { // else the desk never heard of it
		c.began(t, l)
	}
	c.happened(t, l)
	t.moved(l)
}

// began notes a case that is new at a desk.
func (c *Count) began(t *tally, l referrals.Line) {
	t.cases[l.Code] = &course{lane: l.Lane, state: l.State}
	code, ok := referrals.CaseOf(l.Code)
	if !ok {
		return
	}
	if is, seen := c.cases[code]; !seen || l.At.Before(is.at) {
		c.cases[code] = first{l.At, l.Lane}
	}
}

// happened counts what counts whenever its case began.
func (c *Count) happened(t *tally, l referrals.Line) {
	switch l.State {
	case referrals.Closed, referrals.Completed:
		t.outcomes[known(l.Why, referrals.Outcomes())]++
	case referrals.Declined:
		c.declined[known(l.Why, referrals.Reasons())]++
	case referrals.Returned:
		c.returned[known(l.Why, referrals.Reasons())]++
	case referrals.Silent:
		t.silent++
	case referrals.Alerted:
		if l.Way == referrals.ByClock {
			t.climbed++
		}
	}
}

// known is a word of a closed set, or "" for what is none of it: sealed with other keys, or of another version.
func known(word string, all []string) string {
	if slices.Contains(all, word) {
		return word
	}
	return ""
}

// moved follows a case of the period.
func (t *tally) moved(l referrals.Line) {
	is := t.cases[l.Code]
	if is == nil {
		return
	}
	is.lane, is.state = l.Lane, l.State
	switch l.State {
	case referrals.Acknowledged, referrals.Closed, referrals.Accepted:
		if !is.known {
			is.taken, is.known = l.At.Sub(l.Since), true
		}
	}
}

// Refusal counts acts that were refused.
func (c *Count) Refusal(r referrals.Refusal) {
	if c.period.Has(r.At) {
		c.refused[r.Kind] += r.N
	}
}

// Unread notes lines that could not be read: the report says how many it lacks.
func (c *Count) Unread(n int) { c.unread += n }

// among counts the cases of a desk of which something holds.
func (t *tally) among(holds func(*course) bool) int {
	n := 0
	for _, is := range t.cases {
		if holds(is) {
			n++
		}
	}
	return n
}

// in counts the cases that are in one of the states.
func (t *tally) in(states ...referrals.State) int {
	return t.among(func(is *course) bool { return slices.Contains(states, is.state) })
}

// times are how long it took, the shortest first.
func (t *tally) times() []time.Duration {
	var all []time.Duration
	for _, is := range t.cases {
		if is.known {
			all = append(all, is.taken)
		}
	}
	slices.Sort(all)
	return all
}

// of are the desks of a kind, organisations or not, that had anything to do or are in the configuration.
func (c *Count) of(ngos bool) []*tally {
	var some []*tally
	for _, t := range c.desks {
		idle := len(t.cases) == 0 && len(t.outcomes) == 0 && t.climbed == 0
		if (t.Kind == referrals.NGODesk) == ngos && !(t.Gone && idle) {
			some = append(some, t)
		}
	}
	return some
}

// lanes are all lanes, the most urgent first.
func lanes() []referrals.Lane {
	return []referrals.Lane{referrals.Emergency, referrals.Urgent, referrals.Routine}
}

// weeks are the Mondays of the period's weeks, the first first.
func (p Period) weeks() []time.Time {
	var all []time.Time
	for week := monday(p.From); week.Before(p.To); week = week.AddDate(0, 0, 7) {
		all = append(all, week)
	}
	return all
}

// monday is when the week of a moment begins.
func monday(t time.Time) time.Time {
	day := t.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// words are those of a set that stands in lines, with "" for others at the end when there were any.
func words(all []string, counts ...map[string]int) []string {
	for _, n := range counts {
		if n[""] > 0 {
			return append(slices.Clone(all), "")
		}
	}
	return all
}

// answers are what defenders may say when they are asked whether a desk reached them.
func answers() []string { return []string{"yes", "no", "not_yet"} }
