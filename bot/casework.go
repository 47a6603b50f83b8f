package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"defenderline/referrals"
)

// caseworker takes the turns of cases: what desks and defenders did.
type caseworker struct {
	dir  *referrals.Directory
	now  func() time.Time
	keep Retention
}

// take applies what happened to a case, in order, and hands its files on.
func (cw *caseworker) take(w referrals.Work) (referrals.Commit, error) {
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
	for _, entry := range w.Inbox {
		var e referrals.Event
		if json.Unmarshal(entry.Body, &e) != nil {
			continue
		}
		var errands []referrals.Errand
		c, errands = c.Happen(e, cw.dir)
		out.Errands = append(out.Errands, errands...)
		late := e.Kind == referrals.WasSealed || e.Kind == referrals.WasFit // also what was sealed since
		if e.Kind == referrals.WasWithdrawn || late && c.Ended {
			out.Drops = append(out.Drops, referrals.Drop{Case: c.Code})
		}
	}
	c, errands := c.Overdue(cw.now(), cw.dir)
	out.Errands = append(append(out.Errands, errands...), c.Jobs(cw.now())...)
	var err error
	if out.State, err = json.Marshal(c); err != nil {
		return referrals.Commit{}, fmt.Errorf("write a case's record: %w", err)
	}
	out.Keep = cw.keep.Sealed
	if due := c.Due(); due.Before(cw.now().Add(out.Keep)) { // a case is not kept for longer in order to say that nobody answered
		out.Again = due
	}
	return out, nil
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
