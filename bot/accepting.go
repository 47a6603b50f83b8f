package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"defenderline/referrals"
)

// Whether an organisation is offered cases, as it sees and changes it itself: on its page of /duty, and by the desk API. It is
// kept with those who were enrolled; every replica follows. Offers already made stay.

// ErrSettled is returned for an organisation that the configuration says takes nothing: it cannot say otherwise.
var ErrSettled = errors.New("the configuration says that this organisation takes no cases")

// accept notes that an organisation takes cases, or none for the time being. The same once more changes nothing.
func (r *roster) accept(ctx context.Context, desk string, accepting bool) error {
	if _, may := r.dir.Accepting(desk); !may {
		return ErrSettled
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	roll, err := r.store.Enlist(ctx, func(now referrals.Roll) (referrals.Roll, error) { return now.Accept(desk, accepting), nil })
	if err != nil {
		return err
	}
	r.seat(roll)
	return nil
}

// Accepting is whether an organisation is offered cases, and whether it may say otherwise.
func (l *Line) Accepting(desk string) (now, may bool) { return l.o.Directory.Accepting(desk) }

// Accept notes that an organisation takes cases, or none for the time being; [ErrSettled] where it may not say so. Every replica
// follows within two seconds.
func (l *Line) Accept(ctx context.Context, desk string, accepting bool) error {
	return l.roster.accept(ctx, desk, accepting)
}

// standing says of an organisation whether it is offered cases and how many it has, and offers to change it.
func (a *atDesk) standing(ctx context.Context, d *referrals.Desk) (text string, row []button, err error) {
	open, err := a.counts.CountOpen(ctx, d.ID)
	if err != nil {
		return "", nil, fmt.Errorf("count what a desk has: %w", err)
	}
	lines := []string{a.text("desk.duty_ngo", map[string]any{"Desk": d.Name}), a.text("desk.open", map[string]any{"Open": open})}
	if d.Capacity > 0 {
		lines[1] = a.text("desk.open_of", map[string]any{"Open": open, "Capacity": d.Capacity})
	}
	key, act := "desk.accepting.yes", "no"
	switch now, may := a.dir.Accepting(d.ID); {
	case !may:
		return strings.Join(append(lines, a.text("desk.accepting.never", nil)), "\n"), nil, nil
	case !now:
		key, act = "desk.accepting.no", "yes"
	}
	lines = append(lines, a.text(key, nil))
	if a.roster != nil {
		row = []button{{Text: a.text("desk.button.accepting."+act, nil) + a.named(d), Data: "accepting:" + act + "#" + d.ID}}
	}
	return strings.Join(lines, "\n"), row, nil
}

// named is a desk's name behind a button, where the chat has several.
func (a *atDesk) named(d *referrals.Desk) string {
	if len(a.ownSeats()) < 2 {
		return ""
	}
	return " · " + d.Name
}

// accept does what the button below the standing of an organisation says. One that is not the chat's is unknown.
func (a *atDesk) accept(ctx context.Context, value, desk string) error {
	s, sits := a.seat(desk)
	if !sits || s.Desk.Kind != referrals.NGODesk || a.roster == nil || value != "yes" && value != "no" {
		a.unknown()
		a.toast("desk.toast.unknown", nil)
		return nil
	}
	switch err := a.roster.accept(ctx, desk, value == "yes"); {
	case errors.Is(err, ErrSettled):
		a.toast("desk.toast.accepting.never", nil)
	case err != nil:
		return fmt.Errorf("say whether cases are taken: %w", err)
	default:
		a.toast("desk.toast.accepting."+value, nil)
	}
	text, k, err := a.dutyPage(ctx)
	if err == nil {
		a.replaces(text, k)
	}
	return err
}
