package bot

import (
	"slices"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// Everything that the line has to say to a defender by itself goes through tell: news of a case, what a desk wrote, what the person
// is asked. It asks the person's wishes first, and what must wait is held in the chat's record.

// heldNews is something that the line has to say and may not say yet.
type heldNews struct {
	News referrals.News `json:"n"`
}

// mostHeld is how much a chat holds; the oldest that is no reply of a desk gives way.
const mostHeld = 100

// tell says what the line has to say by itself, now or when the person lets it.
func (tn *turn) tell(n referrals.News) {
	if _, quiet := tn.quiet(n); quiet {
		tn.hold(n)
		return
	}
	tn.utter(n)
}

// quietFor says that something must wait: for how long, or, when the time is zero, until the person comes by themselves. Silent
// hours do not hold what is about an emergency: it was sent to be answered at any hour.
func (t *turner) quietFor(s chatState, n referrals.News, at time.Time) (until time.Time, quiet bool) {
	c, _ := caseOf(s.Session.Cases, string(n.Code))
	switch {
	case s.Session.Quiet.Never || c.Reach == "none" || s.Blocked && n.Reply == nil: // of a reply the desk is told that it cannot be sent
		return time.Time{}, true
	case n.Reply != nil && c.Reach != "" && c.Reach != "here": // a desk is to write there, not here
		return time.Time{}, true
	case c.Lane == string(referrals.Emergency):
		return time.Time{}, false
	}
	return s.Session.Quiet.Until(at)
}

// quiet is quietFor this turn.
func (tn *turn) quiet(n referrals.News) (until time.Time, quiet bool) {
	return tn.quietFor(tn.state, n, tn.at)
}

// hold keeps something for later. Of the states of a case only the last is told, and a question is asked once.
func (tn *turn) hold(n referrals.News) {
	held := slices.DeleteFunc(slices.Clone(tn.state.Held), func(h heldNews) bool { return replaces(n, h.News) })
	held = append(held, heldNews{News: n})
	if i := slices.IndexFunc(held, func(h heldNews) bool { return h.News.Reply == nil }); len(held) > mostHeld && i >= 0 {
		held = slices.Delete(held, i, i+1)
	}
	tn.state.Held = held
}

// holdAsked holds what the person was asked and has not answered, because they blocked the bot: Telegram may have refused it before it
// said so. Who had seen it is asked once more when they are back.
func (tn *turn) holdAsked() {
	for _, c := range tn.state.Session.Cases {
		for _, q := range c.Questions {
			n := putAs(c.Code, q)
			if c.Open() && !slices.ContainsFunc(tn.state.Held, func(h heldNews) bool { return replaces(n, h.News) }) {
				tn.hold(n)
			}
		}
	}
}

// putAs is the news that brought an open question.
func putAs(code string, q flows.Question) referrals.News {
	n := referrals.News{Code: referrals.Code(code), Desk: q.By, At: q.At}
	if q.Field == referrals.ConsentField && q.By == "" { // asked because nobody had answered
		n.State = "unanswered"
		return n
	}
	n.Question = &referrals.Question{Field: q.Field, About: q.About, By: q.By, For: q.For, Copy: q.Copy, At: q.At}
	return n
}

// replaces says that what is told of a case makes something needless that was held before.
func replaces(n, before referrals.News) bool {
	if n.Reply != nil || before.Reply != nil || n.Code != before.Code || n.Message != before.Message {
		return false
	}
	if n.Question == nil || before.Question == nil {
		return n.Question == nil && before.Question == nil
	}
	return n.Question.Field == before.Question.Field && n.Question.About == before.Question.About
}

// release says what was held and need not wait any more: its time has come, or the person is here. What is about a case that the
// person looks at is told at once.
func (tn *turn) release() {
	if tn.state.Chat == 0 {
		return
	}
	var still []heldNews
	for _, h := range tn.state.Held {
		until, quiet := tn.quiet(h.News)
		if quiet && (tn.state.Blocked || !(until.IsZero() && tn.here) && !tn.looksAt(h.News.Code)) { // who is here may have left at once
			still = append(still, h)
			continue
		}
		tn.utter(h.News)
	}
	tn.state.Held = still
}

// looksAt says that the person has asked for a case in this turn.
func (tn *turn) looksAt(code referrals.Code) bool {
	d := tn.state.Session.Draft
	return tn.here && d.Flow == flows.FlowHome && d.At == "case" && d.Case == string(code)
}

// heldUntil is when the first of what is held comes due by itself; zero: nothing does.
func (t *turner) heldUntil(s chatState) (first time.Time) {
	for _, h := range s.Held {
		until, quiet := t.quietFor(s, h.News, t.now())
		switch {
		case !quiet:
			return t.now()
		case !until.IsZero() && (first.IsZero() || until.Before(first)):
			first = until
		}
	}
	return first
}

// utter says something, unless it has lost its meaning.
func (tn *turn) utter(n referrals.News) {
	tn.state.Session.About = string(n.Code)
	tn.fresh = tn.fresh || asksPerson(n)
	if n.Reply != nil {
		tn.deliverReply(n)
		return
	}
	text, rows, ok := tn.words(n)
	if ok {
		tn.say(text, rows...)
	}
}

// words are how news is told, and the buttons below it.
func (tn *turn) words(n referrals.News) (text flows.Text, rows [][]flows.Button, ok bool) {
	c, known := caseOf(tn.state.Session.Cases, string(n.Code))
	switch {
	case !known:
		return text, nil, false
	case n.Question != nil:
		q, open := c.Asked(n.Question.Field, n.Question.About)
		if !open {
			return text, nil, false
		}
		return tn.asks(c.Code, q)
	case n.State == referrals.FileFailed:
		return flows.Text{Key: "line.file_failed", Args: map[string]any{"Code": c.Code}}, nil, true
	case n.State == "unanswered":
		if text, rows, ok := tn.asksUnanswered(c, n); ok {
			return text, rows, true
		}
	}
	return flows.NewsText(c.Code, n.State, tn.deskName(n.Desk), n.At), nil, true
}
