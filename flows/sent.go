package flows

import (
	"slices"
	"time"
)

// Sent is the screen after a case was sealed and kept: its code, what happens next, and
// what cannot be promised. The case joins the session's unless it is there. After an
// emergency the questions that could wait follow. s is the session that the step with Submit gave.
func (e *Engine) Sent(s Session, c Case) Outcome {
	after := s.Draft
	t := e.turn(s, Input{At: c.SentAt})
	if !slices.ContainsFunc(s.Cases, func(k Case) bool { return k.Code == c.Code }) {
		t.s.Cases, t.s.About = append(slices.Clip(s.Cases), c), ""
	}
	t.note("page.sent", map[string]any{"Code": c.Code, "Desks": verbatims(c.Names)})
	t.note(t.s.promise(c), map[string]any{"Code": c.Code})
	if after.Flow == FlowAfter && after.Case == "" {
		after.Case, after.Begun = c.Code, c.SentAt
		t.s.Draft = after
		t.note("page.after", nil)
		return t.outcome()
	}
	t.arrived()
	return t.outcome()
}

// promise is what is said of the news to come: none is written here before a person comes who wants it so.
func (s Session) promise(c Case) string {
	if s.Quiet.Never || c.Reach == "none" {
		return "page.unsaid_" + c.Flow
	}
	return "page.sent_" + c.Flow
}

// later is what remains to be asked once a draft is sent: nothing, or the questions that can wait
// until an emergency is on its way. It has no case until the caller has one.
func (e *Engine) later(sent Draft) Draft {
	if sent.Flow != FlowEmergency {
		return Draft{Flow: FlowHome, At: atMenu}
	}
	d := e.fresh(FlowAfter)
	first := e.machines[FlowAfter].steps[d.At]
	if a, ok := first.answer(Known); ok && sent.first(first.field()) != "" {
		d.At = a.To
	}
	return d
}

// verbatims are names for a list.
func verbatims(names []string) []any {
	list := make([]any, len(names))
	for i, n := range names {
		list[i] = Verbatim(n)
	}
	return list
}

// News puts what a desk did with a case into the session, and says it to the person. State is one of
// Case.State, or released when a further desk that was consented to has it now; by is the desk's name, number that of the news among
// those of the case, or 0. It reports false, and nothing is to be said, when the chat does
// not know the case (it was wiped), when the case has ended, or when the news is no newer than what is known.
func (e *Engine) News(s Session, code, state, by string, number int, at time.Time) (Session, Text, bool) {
	i := slices.IndexFunc(s.Cases, func(c Case) bool { return c.Code == code })
	if i < 0 || !s.Cases[i].Open() || s.Cases[i].knows(number, at) || !slices.Contains(newsStates, state) {
		return s, Text{}, false
	}
	s.Cases = slices.Clone(s.Cases)
	s.Cases[i].State, s.Cases[i].By, s.Cases[i].At = state, by, at
	s.Cases[i].News = max(s.Cases[i].News, number)
	if slices.Contains(readStates, state) {
		s.Cases[i].unask()
	}
	return s, NewsText(code, state, by, at), true
}

// knows says that news is no newer than what is known of the case. Their numbers tell, since clocks go back; their times only where one
// has no number. The first news is never older than the sending.
func (c Case) knows(number int, at time.Time) bool {
	switch {
	case number > 0 && c.News > 0:
		return number <= c.News
	case c.State == "sent":
		return false
	default:
		return at.Before(c.At)
	}
}

// NewsText says that a case has come to a state by a desk.
func NewsText(code, state, by string, at time.Time) Text {
	return Text{Key: "news." + state, Args: map[string]any{"Code": code, "Desk": desk(by), "Time": at}}
}

// desk is a desk by its name, or somehow when the name is not known any more.
func desk(name string) any {
	if name == "" {
		return Text{Key: "news.some_desk"}
	}
	return Verbatim(name)
}

// newsStates are the states that are told to the person.
var newsStates = []string{"read", "claimed", "accepted", "completed", "released", "withdrawn", "closed", "unanswered", over}

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
	lost := false
	for _, d := range append(slices.Clip(t.s.Parked), t.s.Draft) {
		switch {
		case d.waiting() && t.reaches(d.Case):
			t.do(Append, d.unsent())
			t.note("note.appended", map[string]any{"Code": d.Case})
		case d.waiting(), d.Flow == FlowHome && len(d.Items) > 0, d.Flow != FlowHome && d.Flow != FlowAfter:
			t.do(Discard, d)
			lost = true
		}
	}
	if lost {
		t.note("note.expired", nil)
	}
	t.s.Parked = nil
	t.s.Draft = Draft{Flow: FlowHome, At: atMenu}
	return t.outcome()
}
