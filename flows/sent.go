package flows

import (
	"slices"
	"time"
)

// Sent is the screen after a case was sealed and kept: its code, what happens next, and
// what cannot be promised. The case joins the session's unless it is there. After an
// emergency the questions that could wait follow; sent is the draft that was submitted.
func (e *Engine) Sent(s Session, c Case, sent Draft) Outcome {
	t := e.turn(s, Input{At: c.SentAt})
	if !slices.ContainsFunc(s.Cases, func(k Case) bool { return k.Code == c.Code }) {
		t.s.Cases = append(slices.Clip(s.Cases), c)
	}
	t.note("page.sent", map[string]any{"Code": c.Code, "Desks": e.names(sent)})
	t.note("page.sent_"+sent.Flow, map[string]any{"Code": c.Code})
	if sent.Flow == FlowEmergency && t.home() {
		t.s.Draft = e.fresh(FlowAfter)
		t.s.Draft.Case, t.s.Draft.Begun = c.Code, c.SentAt
		if sent.first("subject") != "" {
			if to, err := t.next(Known); err == nil {
				t.place(to)
			}
		}
		t.note("page.after", nil)
		return t.outcome()
	}
	t.arrived()
	return t.outcome()
}

// names are those of the desks a draft was consented for.
func (e *Engine) names(d Draft) []any {
	var names []any
	for _, r := range e.directory.Consents(d.Flow, d.first("country"), d.Answers) {
		if slices.Contains(d.Answers["consent"], r.Value) {
			names = append(names, Verbatim(r.Name))
		}
	}
	return names
}

// News puts what a desk did with a case into the session, and says it to the person. State is one of
// Case.State, by the desk's name. It reports false, and nothing is to be said, when the chat does
// not know the case (it was wiped), when the case has ended, or when the news is older than what is known.
func (e *Engine) News(s Session, code, state, by string, at time.Time) (Session, Text, bool) {
	i := slices.IndexFunc(s.Cases, func(c Case) bool { return c.Code == code })
	if i < 0 || !s.Cases[i].Open() || at.Before(s.Cases[i].At) || !slices.Contains(newsStates, state) {
		return s, Text{}, false
	}
	s.Cases = slices.Clone(s.Cases)
	s.Cases[i].State, s.Cases[i].By, s.Cases[i].At = state, by, at
	return s, Text{Key: "news." + state, Args: map[string]any{
		"Code": code, "Desk": Verbatim(by), "Time": at,
	}}, true
}

// newsStates are the states that are told to the person.
var newsStates = []string{"read", "claimed", "accepted", "completed", "withdrawn", "closed", "unanswered"}

// newsTime is when the last that is known of a case happened.
func newsTime(c Case) time.Time {
	if c.At.IsZero() {
		return c.SentAt
	}
	return c.At
}

// Expire ends everything that was begun and not sent, because the person has been silent for
// too long. What was answered after an emergency goes to its case; all else is discarded.
func (e *Engine) Expire(s Session) Outcome {
	t := e.turn(s, Input{})
	for _, d := range append(slices.Clip(t.s.Parked), t.s.Draft) {
		switch {
		case d.Flow == FlowAfter && d.anything():
			t.append(d)
		case d.Flow == FlowHome && len(d.Items) > 0, d.Flow != FlowHome && d.Flow != FlowAfter:
			t.do(Discard, d)
			t.note("note.expired", nil)
		}
	}
	t.s.Parked = nil
	t.s.Draft = Draft{Flow: FlowHome, At: atMenu}
	return t.outcome()
}
