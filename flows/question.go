package flows

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A question of a case is asked outside of the screens, in a message of its own: by a desk, or by the line. Its buttons carry the
// case's code where a screen's carry the turn. They may be pressed at any time, also in the middle of another conversation; what
// a press begins then, the other one waits for. A case remembers which of its questions are open, and a press that answers
// none of them changes nothing.

// Question is something that a person was asked about a case and has not answered.
type Question struct {
	// Field is the field of its buttons: consent, reached.
	Field string `json:"f"`
	// About is what it is about: a desk's id.
	About string `json:"a,omitempty"`
	// By is the id of the desk that asks; empty: the line.
	By string `json:"b,omitempty"`
	// Name is that of the desk it is about, For what for and Copy that a sealed copy is there already, of a question for consent.
	Name string    `json:"n,omitempty"`
	For  string    `json:"fo,omitempty"`
	Copy bool      `json:"cp,omitempty"`
	At   time.Time `json:"at"`
	// Mark stands behind the values of its buttons where they do not name what it is about: empty for the first of a case, then a number.
	Mark string `json:"mk,omitempty"`
	// Again says that it was asked once more, because words were written that are no answer to it.
	Again bool `json:"ag,omitempty"`
}

// mostQuestions is how many questions of a case are open at a time; the oldest give way.
const mostQuestions = 8

// QuestionButton is a button that stands below a message about a case: field:value#code.
func QuestionButton(code, field, value string, label any) Button {
	return Button{Field: field, Value: value, Label: label, Case: code}
}

// AnswerButton leads from what a desk wrote about a case to an addition to it.
func AnswerButton(code string) Button {
	return QuestionButton(code, "case", code, Text{Key: "button.answer"})
}

// Ask opens a question about a case, in the place of one of the same field that is about the same. It reports false when the
// chat does not know the case or the case has ended: then nothing is to be asked.
func (e *Engine) Ask(s Session, code string, q Question) (Session, bool) {
	i := slices.IndexFunc(s.Cases, func(c Case) bool { return c.Code == code })
	if i < 0 || !s.Cases[i].Open() {
		return s, false
	}
	s.Cases = slices.Clone(s.Cases)
	c := &s.Cases[i]
	c.close(q)
	if _, marked := replies[q.Field]; marked {
		q.Mark = c.mark(q.About)
	}
	c.Questions = append(c.Questions[max(0, len(c.Questions)-mostQuestions+1):], q)
	return s, true
}

// mark is the mark of what a case's questions are about, always the same.
func (c *Case) mark(about string) string {
	i := slices.Index(c.Marked, about)
	if i < 0 {
		i, c.Marked = len(c.Marked), append(slices.Clip(c.Marked), about)
	}
	if i == 0 {
		return ""
	}
	return strconv.Itoa(i)
}

// Asked is the open question of a case by its field and what it is about.
func (c Case) Asked(field, about string) (Question, bool) {
	for _, q := range c.Questions {
		if q.Field == field && q.About == about {
			return q, true
		}
	}
	return Question{}, false
}

// close takes a question from those that are open. Sessions share them with those before.
func (c *Case) close(q Question) {
	c.Questions = slices.DeleteFunc(slices.Clone(c.Questions), func(o Question) bool { return o.Field == q.Field && o.About == q.About })
}

// questioned is the code of the case that a press names behind its #, if it does.
func (t *turn) questioned() (string, bool) {
	code := t.in.Token
	if len(code) != 9 || code[4] != '-' {
		return "", false
	}
	for i := range len(code) {
		if c := code[i]; i != 4 && (c < 'A' || c > 'Z') && (c < '2' || c > '9') {
			return "", false
		}
	}
	return code, true
}

// replies are the fields of questions. Each says whether a value answers an open question, and what the message that asked it says
// from then on.
var replies = map[string]func(c Case, q Question, value string) (says Text, ok bool){
	"reached": reached,
}

// question answers the press of a button that stands below a message about a case.
func (t *turn) question(code string) error {
	t.apart, t.beside = true, true
	i := slices.IndexFunc(t.s.Cases, func(c Case) bool { return c.Code == code })
	if i < 0 {
		t.over()
		return nil
	}
	t.s.Cases = slices.Clone(t.s.Cases)
	c := &t.s.Cases[i]
	switch t.in.Field {
	case "case":
		return t.answerBack(c)
	case consentField:
		return t.agree(c)
	}
	t.reply(c)
	return nil
}

// over answers a press that answers no open question.
func (t *turn) over() { t.toast = Text{Key: "toast.question_over"} }

// reply ends an open question of a case by what was pressed: the caller is told by an effect, and the message that asked says instead
// what was answered.
func (t *turn) reply(c *Case) {
	value, mark, _ := strings.Cut(t.in.Value, ":")
	q, open := c.openFor(t.in.Field, mark)
	says, known := Text{}, replies[t.in.Field]
	if open && known != nil && c.Open() {
		says, open = known(*c, q, value)
	}
	if says.Key == "" || !open {
		t.over()
		return
	}
	c.close(q)
	t.doing = append(t.doing, Effect{Kind: Answered, Case: c.Code, Question: q, Value: value})
	t.says = says
}

// openFor is the open question that a button answers, by its field and mark: one that was asked before, about another desk, is another.
func (c Case) openFor(field, mark string) (Question, bool) {
	i := slices.IndexFunc(c.Questions, func(q Question) bool { return q.Field == field && q.Mark == mark })
	if i < 0 {
		return Question{}, false
	}
	return c.Questions[i], true
}

// answerBack begins an addition to the case below whose news the button stands, or goes on with the one that waits.
func (t *turn) answerBack(c *Case) error {
	if t.in.Value != c.Code || !t.reaches(c.Code) {
		t.toast = Text{Key: "toast.case_over"}
		return nil
	}
	t.beside = false
	t.flush()
	t.note("note.answer_to", map[string]any{"Desks": verbatims(c.Names)})
	return t.begin(FlowAdd, c.Code)
}

// AskedAgain notes that a question was asked once more, with all that were asked in the same message.
func (e *Engine) AskedAgain(s Session, code string, asked Question) Session {
	s.Cases = slices.Clone(s.Cases)
	for i := range s.Cases {
		if s.Cases[i].Code != code {
			continue
		}
		s.Cases[i].Questions = slices.Clone(s.Cases[i].Questions)
		for j, q := range s.Cases[i].Questions {
			if q.Field == asked.Field && q.By == asked.By && q.At.Equal(asked.At) {
				s.Cases[i].Questions[j].Again = true
			}
		}
	}
	return s
}
