package referrals

import "slices"

// Accept notes that an organisation takes cases, or takes none for the time being. What its configuration says it takes at
// most: one that is not accepting there stays so.
func (r Roll) Accept(desk string, accepting bool) Roll {
	r.Paused = slices.DeleteFunc(slices.Clone(r.Paused), func(id string) bool { return id == desk })
	if !accepting {
		r.Paused = append(r.Paused, desk)
	}
	return r
}

// paused is the desk as it takes cases when some have paused.
func (d *Desk) paused(ids []string) *Desk {
	if !d.Accepting || d.Kind != NGODesk || !slices.Contains(ids, d.ID) {
		return d
	}
	more := *d
	more.Accepting = false
	return &more
}

// Accepting is whether an organisation takes cases now, and whether it may say so itself: it may not where the configuration
// says that it takes none.
func (d *Directory) Accepting(id string) (now, may bool) {
	for _, c := range d.configured {
		if c.ID == id && c.Kind == NGODesk {
			may = c.Accepting
		}
	}
	desk := d.Desk(id)
	return desk != nil && desk.Accepting && may, may
}
