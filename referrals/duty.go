package referrals

import (
	"slices"
	"time"
)

// OnDuty is who has taken the duty at a desk, named by what does not change with the ladder: the chat, or the address of who
// has none.
type OnDuty struct {
	Desk  string    `json:"d"`
	Chat  int64     `json:"c,omitempty"`
	Email string    `json:"m,omitempty"`
	Since time.Time `json:"s"`
}

// PutOnDuty puts whoever is at a rung on duty at a desk, in place of whoever was.
func (r Roll) PutOnDuty(desk string, rung Rung, at time.Time) Roll {
	duty := slices.DeleteFunc(slices.Clone(r.Duty), func(o OnDuty) bool { return o.Desk == desk })
	on := OnDuty{Desk: desk, Chat: rung.Chat, Since: at.UTC()}
	if on.Chat == 0 {
		on.Email = rung.Email
	}
	r.Duty = append(duty, on)
	return r
}

// on says whether it is whoever is at a rung.
func (o OnDuty) on(r Rung) bool {
	return !r.nobody() && (o.Chat != 0 && o.Chat == r.Chat || o.Chat == 0 && r.Chat == 0 && o.Email == r.Email)
}

// led is the desk with whoever has taken the duty first in its ladder.
func (d *Desk) led(duty []OnDuty) *Desk {
	i := slices.IndexFunc(duty, func(o OnDuty) bool { return o.Desk == d.ID })
	if i < 0 {
		return d
	}
	rung := slices.IndexFunc(d.Ladder, duty[i].on)
	if rung <= 0 {
		return d
	}
	more := *d
	more.OnDuty = rung
	return &more
}
