package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"defenderline/referrals"
)

// caseworker takes the turns of cases: what desks and defenders did, and what is due by their own clocks.
type caseworker struct {
	dir    *referrals.Directory
	counts counts
	now    func() time.Time
	keep   Retention
	meters *Meters
}

// take applies what happened to a case, in order, does what is due, and hands its files on.
func (cw *caseworker) take(ctx context.Context, w referrals.Work) (referrals.Commit, error) {
	var out referrals.Commit
	for _, e := range w.Inbox {
		out.Done = append(out.Done, e.ID)
	}
	if w.State == nil { // the case is over and forgotten
		out.Errands = unheard(w.Inbox)
		return out, nil
	}
	var c referrals.Case
	if err := json.Unmarshal(w.State, &c); err != nil {
		return referrals.Commit{}, errors.New("a case's record cannot be read; was it written by a newer version?")
	}
	now, room := cw.now(), newRooms(ctx, cw.dir, cw.counts)
	var errands []referrals.Errand
	for _, entry := range w.Inbox {
		var e referrals.Event
		if json.Unmarshal(entry.Body, &e) != nil {
			continue
		}
		had := c.Has(e.Desk)
		c, errands = c.Happen(e, room)
		c.Touched = now
		cw.acknowledged(c, e, had)
		out.Errands, out.Drops = append(out.Errands, errands...), append(out.Drops, dropped(c, e)...)
	}
	c, errands = c.Overdue(now, room)
	out.Errands = append(append(out.Errands, errands...), c.Jobs(now)...)
	if room.err != nil {
		return referrals.Commit{}, room.err
	}
	var err error
	if out.State, err = json.Marshal(c); err != nil {
		return referrals.Commit{}, fmt.Errorf("write a case's record: %w", err)
	}
	out.Keep, out.Again = cw.kept(c, now)
	return out, nil
}

// acknowledged meters how long a desk took to read a case, once: whoever it is handed over to afterwards acknowledges it again.
func (cw *caseworker) acknowledged(c referrals.Case, e referrals.Event, had bool) {
	if e.Kind == referrals.WasAcknowledged && !had && c.Has(e.Desk) && !e.Since.IsZero() {
		cw.meters.AckTime.WithLabelValues(string(c.Lane)).Observe(e.At.Sub(e.Since).Seconds())
	}
}

// unheard tells the desks of replies that came to a case which is forgotten.
func unheard(inbox []referrals.Entry) (out []referrals.Errand) {
	for _, entry := range inbox {
		var e referrals.Event
		if json.Unmarshal(entry.Body, &e) == nil && e.Reply != nil {
			out = append(out, e.Reply.Tells(referrals.Told{Fate: referrals.FateGone, Desk: e.Desk, Code: e.Holding, At: e.At}))
		}
	}
	return out
}

// dropped are the copies that are deleted with an event: of a case that was taken back, of a desk whose consent was, and what was
// sealed for them since.
func dropped(c referrals.Case, e referrals.Event) (out []referrals.Drop) {
	late := e.Kind == referrals.WasSealed || e.Kind == referrals.WasFit
	if e.Kind == referrals.WasWithdrawn || late && c.Ended {
		return []referrals.Drop{{Case: c.Code}}
	}
	if e.Kind != referrals.WasRevoked && !late {
		return nil
	}
	for _, s := range c.Shares {
		if s.Stage == referrals.Recalled {
			out = append(out, referrals.Drop{Case: c.Code, Desk: s.Desk})
		}
	}
	return out
}

// kept is how long the record of a case stays, counted from when something last happened to it, and when it wants to be looked at
// before that. To look is no happening.
func (cw *caseworker) kept(c referrals.Case, now time.Time) (keep time.Duration, again time.Time) {
	touched := c.SentAt
	if c.Touched.After(touched) {
		touched = c.Touched
	}
	end := touched.Add(cw.keep.Sealed)
	if !end.After(now) { // a record of an earlier version, or a clock that jumped
		end = now.Add(cw.keep.Sealed)
	}
	if again = c.Due(); !again.Before(end) {
		again = time.Time{}
	}
	return end.Sub(now), again
}
