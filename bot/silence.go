package bot

import (
	"context"
	"time"

	"defenderline/flows"
)

// keepFor is how long a chat's record stays: as long as a draft, or as long as a case it sent may bring
// news, which is also for how long the person's wishes are remembered. While there is a draft, again is when its time is over.
func (t *turner) keepFor(s chatState) (keep time.Duration, again time.Time) {
	// Longer than a draft, whose end must still find it, and than the messages that a wipe may delete.
	keep = max(t.keep.Draft+time.Hour, deletable)
	if len(s.Session.Cases) > 0 || s.Session.Quiet != (flows.Quiet{}) {
		keep = max(t.keep.Sealed, keep)
	}
	if d := s.Session.Draft; len(s.Session.Parked) > 0 || len(d.Items) > 0 || d.Flow != "" && d.Flow != flows.FlowHome {
		again = time.Unix(s.Last, 0).Add(t.keep.Draft)
		if now := t.now(); !again.After(now) { // its answers could not be sealed for their case: they wait
			again = now.Add(time.Hour)
		}
	}
	if t.engine.Waiting(s.Session) {
		again = time.Unix(s.Last, 0).Add(breath)
		if now := t.now(); !again.After(now) { // it could not be sealed: it is tried again
			again = now.Add(time.Minute)
		}
	}
	return keep, soonest(again, s.Talk.ends(), t.heldUntil(s))
}

// soonest is the first of some times; those that are zero never come.
func soonest(times ...time.Time) (first time.Time) {
	for _, at := range times {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// breath is how long the line waits, after an emergency was sent, for more before it passes on what was
// answered: the desk hears soon, and not of every word by itself.
const breath = 30 * time.Second

// silence passes on what was answered after an emergency, and says so. Later it ends what a person began and
// left, when its time is over: everything not sent is thrown away and its messages are deleted. Of that nothing
// is said: the line does not write first.
func (tn *turn) silence(ctx context.Context) error {
	s := &tn.state
	last := time.Unix(s.Last, 0)
	if s.Chat != 0 && tn.engine.Waiting(s.Session) && !tn.at.Before(last.Add(breath)) {
		return tn.flush(ctx)
	}
	if s.Chat == 0 || tn.at.Before(last.Add(tn.keep.Draft)) {
		return nil
	}
	before := s.Session
	out := tn.engine.Expire(before)
	s.Session = out.Session
	for _, e := range out.Effects {
		if err := tn.effect(ctx, e, before); err != nil {
			return err
		}
	}
	tn.screen, tn.notes = nil, nil
	return tn.sweepNow(ctx)
}

// flush passes on what was answered after an emergency.
func (tn *turn) flush(ctx context.Context) error {
	before := tn.state.Session
	out := tn.engine.Flush(before)
	tn.state.Session = out.Session
	tn.show(out.Screen)
	tn.edit = 0
	adds := false
	for _, e := range out.Effects {
		adds = adds || e.Kind == flows.Append
		if err := tn.effect(ctx, e, before); err != nil {
			return err
		}
	}
	if adds && len(tn.out.Documents) == 0 { // it could not be sealed: it waits, and nothing is said again and again
		tn.state.Session, tn.screen, tn.notes = before, nil, nil
	}
	return nil
}
