package bot

import (
	"slices"

	"defenderline/flows"
	"defenderline/referrals"
)

// Whoever types an answer to a question that has buttons has answered nothing: a word is no consent, in whatever language, and may be
// meant for something else. It is kept as all words are that nobody asked for. That it is no answer is said, and the question, which
// may have scrolled away, is asked again below, once.

// asksPerson says that news is a question.
func asksPerson(n referrals.News) bool { return n.Question != nil || n.State == "unanswered" }

// noAnswer says of words that they are no answer to the question that was asked last, which it returns, with its case. Nothing was asked
// before them if the question is of this very turn, or still held.
func (tn *turn) noAnswer() (open openQuestion) {
	if !tn.typed || tn.fresh || tn.screen == nil {
		return openQuestion{}
	}
	for _, c := range tn.state.Session.Cases {
		held := slices.ContainsFunc(tn.state.Held, func(h heldNews) bool { return string(h.News.Code) == c.Code && asksPerson(h.News) })
		if !c.Open() || held {
			continue
		}
		for _, q := range c.Questions {
			if !q.At.Before(open.question.At) {
				open = openQuestion{c.Code, q}
			}
		}
	}
	if open.code != "" {
		tn.notes = append(tn.notes, flows.Text{Key: "line.no_answer", Args: map[string]any{"Code": open.code}})
	}
	return open
}

// openQuestion is a question about a case that was not answered.
type openQuestion struct {
	code     string
	question flows.Question
}

// askAgain asks a question once more.
func (tn *turn) askAgain(a openQuestion) {
	c, ok := caseOf(tn.state.Session.Cases, a.code)
	if !ok || a.question.Again {
		return
	}
	text, rows, known := tn.asks(c.Code, a.question)
	if a.question.Field == referrals.ConsentField && a.question.By == "" {
		text, rows, known = tn.asksUnanswered(c, referrals.News{At: a.question.At})
	}
	if !known {
		return
	}
	tn.say(text, rows...)
	tn.state.Session = tn.engine.AskedAgain(tn.state.Session, c.Code, a.question)
}
