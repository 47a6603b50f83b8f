package bot

import (
	"context"
	"errors"
	"fmt"

	"defenderline/referrals"
)

// counts is what is asked of the store before a case is offered, and when a claim was refused for want of room; and, again and again, of
// all who take so many at a time.
type counts interface {
	CountOpen(ctx context.Context, desk string, states ...referrals.State) (int, error)
	CountsOpen(ctx context.Context, desks []string) (map[string]int, error)
}

// open sends the documents of a case again. Whoever reads a claimed one is working on it, and keeps it.
func (a *atDesk) open(ctx context.Context, h referrals.Holding, d *referrals.Desk) error {
	if h.Renewable(d, a.at) {
		now, err := a.mover.Move(ctx, referrals.Renew(h, d, "open:"+a.id, a.at))
		switch {
		case errors.Is(err, referrals.ErrUnknown):
			a.toast("desk.toast.unknown", nil)
			return nil
		case err != nil && !errors.Is(err, referrals.ErrNotThere):
			return fmt.Errorf("keep a case for longer: %w", err)
		}
		h = now
	}
	if !h.Readable() {
		a.late(h, "")
		return nil
	}
	a.toast("desk.toast.open", nil)
	a.documents(h, d)
	return nil
}

// renewed says until when a case may be kept, and whether that is the end of it.
func (a *atDesk) renewed(h referrals.Holding, d *referrals.Desk) {
	key := "desk.toast.renewed"
	if !h.Due.Before(h.Longest(d)) {
		key = "desk.toast.longest"
	}
	a.toast(key, map[string]any{"Until": a.texts.Time(a.lang, h.Due, d.Zone)})
}

// missed answers a press that changed nothing: its button was shown for an earlier claim, or the case is elsewhere.
func (a *atDesk) missed(h referrals.Holding, p onCase, to referrals.State) {
	if p.claim != 0 && p.claim != h.Claim {
		a.toast("desk.toast.stale_claim", map[string]any{"State": a.text("desk.state."+string(h.State), nil)})
		return
	}
	a.late(h, to)
}

// full answers a claim of an organisation that has as many as it takes at a time.
func (a *atDesk) full(ctx context.Context, h referrals.Holding, d *referrals.Desk) error {
	open, err := a.counts.CountOpen(ctx, d.ID)
	if err != nil {
		return fmt.Errorf("count what a desk has: %w", err)
	}
	a.refuse("no_room", referrals.RefusedFull, d.ID)
	a.toast("desk.toast.full", map[string]any{"Open": open, "Capacity": d.Capacity})
	return a.again(ctx, h, d)
}
