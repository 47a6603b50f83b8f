package referrals

import "slices"

// Rungs is a set of rungs of one ladder. The 64th and all behind it are one: whoever is told of one of them is told with
// the others.
type Rungs uint64

// lastRung is the rung that stands for all behind it too.
const lastRung = 63

// UpTo are the rungs from the first to this one.
func UpTo(rung int) Rungs {
	if rung >= lastRung {
		return ^Rungs(0)
	}
	return 1<<(rung+1) - 1
}

// With is the set and one rung more.
func (r Rungs) With(rung int) Rungs { return r | 1<<min(max(rung, 0), lastRung) }

// Has says whether a rung is in the set.
func (r Rungs) Has(rung int) bool { return rung >= 0 && r&(1<<min(rung, lastRung)) != 0 }

// Reached are the rungs that were alerted of the case so far.
func (h Holding) Reached() Rungs {
	if h.Told == 0 { // in order, from the first
		return UpTo(h.Rung)
	}
	return h.Told
}

// nobody is a rung whose officer was revoked.
func (r Rung) nobody() bool { return r == Rung{} }

// First is the rung that is alerted first: that of whoever is on duty, or the first that is anybody's.
func (d *Desk) First() int {
	if d.OnDuty > 0 && d.OnDuty < len(d.Ladder) && !d.Ladder[d.OnDuty].nobody() {
		return d.OnDuty
	}
	return max(0, slices.IndexFunc(d.Ladder, func(r Rung) bool { return !r.nobody() }))
}

// after is the rung that is alerted after another, in a ladder that began with first: the others follow in their configured
// order, without those that are nobody's. It says false at the end.
func (d *Desk) after(first, rung int) (int, bool) {
	next := rung + 1
	if rung == first {
		next = 0
	}
	for ; next < len(d.Ladder); next++ {
		if next != first && !d.Ladder[next].nobody() {
			return next, true
		}
	}
	return 0, false
}

// Officers are the rungs of a desk that are somebody's, in order. Of several with one chat the first counts.
func (d *Desk) Officers() []int {
	var out []int
	for i, r := range d.Ladder {
		if !r.nobody() && (r.Chat == 0 || !slices.ContainsFunc(out, func(o int) bool { return d.Ladder[o].Chat == r.Chat })) {
			out = append(out, i)
		}
	}
	return out
}

// Shares says whether the desk has colleagues to hand a case over to.
func (d *Desk) Shares() bool { return d.Kind != NGODesk && len(d.Officers()) > 1 }
