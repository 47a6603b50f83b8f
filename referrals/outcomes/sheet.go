package outcomes

import (
	"cmp"
	"slices"
	"strconv"
)

// under is the count from which a number is shown.
const under = 5

// Figure is one count of a report. It is shown once its sheet was protected.
type Figure struct {
	n     int
	shown bool
	rest  bool // nothing is said of it, or it is in no table: zero or more
	sums  []*sum
}

// Number is the count; false when it is not shown.
func (f *Figure) Number() (int, bool) { return f.n, f.shown }

// String is the count, "<5", or "5+" for a larger one that is not shown because it would tell a smaller one; "-" where even
// that would be too much.
func (f *Figure) String() string {
	switch {
	case f.shown:
		return strconv.Itoa(f.n)
	case f.rest:
		return "-"
	case f.n < under:
		return "<" + strconv.Itoa(under)
	default:
		return strconv.Itoa(under) + "+"
	}
}

// MarshalJSON is a number where one is shown, and the text of it otherwise.
func (f *Figure) MarshalJSON() ([]byte, error) {
	if f.shown {
		return []byte(f.String()), nil
	}
	return []byte(`"` + f.String() + `"`), nil
}

// small says that the count must not be known.
func (f *Figure) small() bool { return !f.rest && f.n < under }

// could says that as far as anybody sees the count could be another.
func (f *Figure) could(n int) bool {
	switch {
	case f.shown:
		return n == f.n
	case f.rest:
		return n >= 0
	case f.n < under:
		return n >= 0 && n < under
	default:
		return n >= under
	}
}

// sum says that a figure is what its parts are together.
type sum struct {
	total *Figure
	parts []*Figure
	// all are both, those in the fewest sums first: a change of these asks for the fewest others.
	all []*Figure
	// off is by how much the parts are more than the total while other numbers are tried.
	off int
}

// sheet is all figures of a report and how they hang together.
type sheet struct {
	figures []*Figure
	sums    []*sum
}

// count adds a figure.
func (s *sheet) count(n int) *Figure {
	f := &Figure{n: n, shown: true}
	s.figures = append(s.figures, f)
	return f
}

// add says that a figure is the sum of others.
func (s *sheet) add(total *Figure, parts ...*Figure) {
	one := &sum{total: total, parts: parts, all: append([]*Figure{total}, parts...)}
	s.sums = append(s.sums, one)
	for _, f := range one.all {
		f.sums = append(f.sums, one)
	}
}

// unseen is a figure that is in no table.
func unseen(n int) *Figure { return &Figure{n: n, rest: true} }

// atLeast says that a figure is not less than the sum of others.
func (s *sheet) atLeast(most *Figure, parts ...*Figure) {
	rest := most.n
	for _, p := range parts {
		rest -= p.n
	}
	if rest >= 0 { // else lines are missing, and nobody can rely on it
		s.add(most, append(slices.Clone(parts), unseen(rest))...)
	}
}

// protect hides every count under five, and what would tell one. Afterwards each count from one to four could be another
// number in a sheet that looks the same: see the package comment.
func (s *sheet) protect() {
	for _, f := range s.figures {
		f.shown = !f.small()
	}
	together := s.together()
	for _, one := range s.sums {
		slices.SortStableFunc(one.all, func(a, b *Figure) int { return cmp.Or(len(a.sums)-len(b.sums), a.n-b.n) })
	}
	for _, f := range append(slices.Clip(s.figures), together...) {
		if f.n == 0 || f.n >= under {
			continue
		}
		for more := 0; !f.ambiguous(more); more++ {
			if more == mostHidden { // of one in ten thousand reports: say nothing at all of what hangs together with it
				f.withhold()
				break
			}
		}
	}
}

// together are what several small counts of a sum are together, where that is small too: whoever subtracts the parts that are shown from
// the total has it. Nobody is shown one.
func (s *sheet) together() (all []*Figure) {
	for _, one := range slices.Clone(s.sums) {
		n := 0
		var small, others []*Figure
		for _, p := range one.parts {
			if p.small() {
				small, n = append(small, p), n+p.n
			} else {
				others = append(others, p)
			}
		}
		if len(small) < 2 || len(others) == 0 || n >= under || slices.ContainsFunc(others, func(p *Figure) bool { return p.rest }) {
			continue
		}
		f := unseen(n)
		s.add(f, small...)
		s.add(one.total, append(others, f)...)
		all = append(all, f)
	}
	return all
}

// Bounds of the search for another sheet. Where it ends without one, more is hidden than need be.
const (
	mostHidden  = 6 // at a time
	mostChanges = 30
	mostSteps   = 20_000
)

// ambiguous says that there is another sheet that looks the same and differs in a figure, if so many more are hidden, and
// hides them.
func (f *Figure) ambiguous(more int) bool {
	for _, by := range []int{1, -1} {
		if !f.could(f.n + by) {
			continue
		}
		t := trial{was: map[*Figure]int{}, more: more, steps: mostSteps}
		t.change(f, by)
		if t.balance() {
			hidden := slices.Clone(t.changed)
			t.undo(0)
			for _, other := range hidden {
				other.shown = false
			}
			return true
		}
		t.undo(0)
	}
	return false
}

// withhold takes away all that a figure hangs together with, and what "<5" and "5+" would say of it.
func (f *Figure) withhold() {
	seen := map[*sum]bool{}
	for near := f.sums; len(near) > 0; near = near[1:] {
		if seen[near[0]] {
			continue
		}
		seen[near[0]] = true
		for _, other := range near[0].all {
			other.shown, other.rest = false, true
			near = append(slices.Clip(near), other.sums...)
		}
	}
}

// trial is a sheet with other numbers, as far as they were changed.
type trial struct {
	was     map[*Figure]int // what it is that was changed
	changed []*Figure
	more    int // numbers that are shown and may be changed
	steps   int
}

// change makes a figure another number.
func (t *trial) change(f *Figure, by int) {
	t.was[f] = f.n
	t.changed = append(t.changed, f)
	t.shift(f, by)
	if f.shown {
		t.more--
	}
}

// shift adds to a figure, and says so to its sums.
func (t *trial) shift(f *Figure, by int) {
	f.n += by
	for _, s := range f.sums {
		if s.total == f {
			s.off -= by
		} else {
			s.off += by
		}
	}
}

// undo takes changes back but for the first n.
func (t *trial) undo(n int) {
	for len(t.changed) > n {
		f := t.changed[len(t.changed)-1]
		t.shift(f, t.was[f]-f.n)
		delete(t.was, f)
		t.changed = t.changed[:len(t.changed)-1]
		if f.shown {
			t.more++
		}
	}
}

// balance changes further figures until every sum is right again, and says whether it could: first the sum with the least choice,
// and figures that nobody is shown before others.
func (t *trial) balance() bool {
	s, choice := t.wrong()
	if s == nil {
		return true
	}
	n := len(t.changed)
	for _, f := range choice {
		if t.steps--; t.steps < 0 || n >= mostChanges {
			return false
		}
		t.change(f, s.needs(f))
		if t.balance() {
			return true
		}
		t.undo(n)
	}
	return false
}

// needs is by how much a figure would be changed for the sum to be right.
func (s *sum) needs(f *Figure) int {
	if f == s.total {
		return s.off
	}
	return -s.off
}

// wrong is a sum that is not right and what could be changed for it to be: of several the one with the least choice.
func (t *trial) wrong() (least *sum, choice []*Figure) {
	for _, f := range t.changed {
		for _, s := range f.sums {
			if s.off == 0 || s == least {
				continue
			}
			if some := t.choice(s); least == nil || len(some) < len(choice) {
				least, choice = s, some
			}
		}
	}
	return least, choice
}

// choice are the figures that could make a sum right, those that nobody is shown first.
func (t *trial) choice(s *sum) []*Figure {
	var some []*Figure
	for _, shown := range []bool{false, true} {
		for _, f := range s.all {
			if f.shown == shown && t.may(f, s.needs(f)) {
				some = append(some, f)
			}
		}
	}
	return some
}

// may says that a figure was not changed yet and could be so much more, if need be hidden.
func (t *trial) may(f *Figure, by int) bool {
	if _, changed := t.was[f]; changed {
		return false
	}
	if f.shown {
		return t.more > 0 && f.n+by >= under
	}
	return f.could(f.n + by)
}
