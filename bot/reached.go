package bot

import (
	"context"
	"encoding/json"
	"fmt"

	"defenderline/referrals"
)

// reached is what the defender of a case said of the desks that took it on, a line for each, as far as a desk may know: an
// organisation of itself, a mission and headquarters of all.
func (a *atDesk) reached(ctx context.Context, h referrals.Holding, d *referrals.Desk) (lines string, err error) {
	code, ok := referrals.CaseOf(h.Code)
	if !ok || h.Origin == "" || !h.Open() {
		return "", nil
	}
	raw, err := a.history.Record(ctx, referrals.Member{Slot: h.Origin, Name: code.Name()})
	if err != nil {
		return "", fmt.Errorf("read what the defender of a case said: %w", err)
	}
	var c referrals.Case
	if raw == nil || json.Unmarshal(raw, &c) != nil {
		return "", nil
	}
	for _, s := range c.Shares {
		if s.Reached == "" || d.Kind == referrals.NGODesk && s.Desk != d.ID {
			continue
		}
		about := s.Desk
		if of := a.dir.Desk(s.Desk); of != nil {
			about = of.Name
		}
		lines += "\n" + a.text("desk.said_reached_"+s.Reached, map[string]any{"About": about, "Time": a.texts.Time(a.lang, s.ReachedAt, d.Zone)})
	}
	return lines, nil
}
