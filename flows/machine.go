package flows

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/looplab/fsm"
)

// machine is one table made ready to run.
type machine struct {
	table Table
	steps map[string]*Step
	// review is the state that an answer opened from the review returns to; empty when
	// the conversation has none.
	review string
	// consent is the state that asks who may read; empty when the conversation has none.
	consent string
	// rest is, for each state, how many numbered questions follow on the main line.
	rest map[string]int
	// values are, for each state, the buttons that the table knows.
	values map[string][]Button
	pool   sync.Pool
}

// newMachine builds a table's machine. The table must have passed Check.
func newMachine(t Table) *machine {
	m := &machine{table: t, steps: map[string]*Step{}, values: map[string][]Button{}}
	for i := range t.Steps {
		s := &t.Steps[i]
		m.steps[s.At] = s
		if _, ok := s.answer("review:send"); ok {
			m.review = s.At
		}
		if s.From == FromRecipients {
			m.consent = s.At
		}
	}
	for i := range everywhere {
		m.steps[everywhere[i].At] = &everywhere[i]
	}
	for at, s := range m.steps {
		m.values[at] = ownButtons(s)
	}
	m.rest = restOf(m)
	m.pool.New = func() any { return newFSM(t) }
	return m
}

// newFSM builds the table's state machine: each answer is an event, each option of a
// multiple choice an event that stays.
func newFSM(t Table) *fsm.FSM {
	var events []fsm.EventDesc
	for _, s := range append(t.Steps[:len(t.Steps):len(t.Steps)], everywhere...) {
		for _, a := range s.Next {
			events = append(events, fsm.EventDesc{Name: a.On, Src: []string{s.At}, Dst: a.To})
		}
		for _, o := range s.Options {
			events = append(events, fsm.EventDesc{Name: o, Src: []string{s.At}, Dst: s.At})
		}
	}
	return fsm.NewFSM(t.Begin, events, nil)
}

// next says where an answer leads from a state. An instance that failed is not used again:
// the library may have left it between two states.
func (m *machine) next(ctx context.Context, at, event string) (string, error) {
	f := m.pool.Get().(*fsm.FSM)
	f.SetState(at)
	err := f.Event(context.WithoutCancel(ctx), event)
	if stayed := (fsm.NoTransitionError{}); errors.As(err, &stayed) && stayed.Err == nil {
		err = nil
	}
	if err != nil {
		return "", fmt.Errorf("flow %s: the answer %q leads nowhere from %q: add it to the table", m.table.Flow, event, at)
	}
	to := f.Current()
	m.pool.Put(f)
	return to, nil
}

// restOf counts, for each state, the numbered questions from it to the end when each is answered
// with the first answer that leads on.
func restOf(m *machine) map[string]int {
	rest := map[string]int{}
	for _, s := range m.table.Steps {
		seen := map[string]bool{}
		n := 0
		for at := s.At; at != End && !seen[at]; at = mainLine(m.steps[at]) {
			seen[at] = true
			if counted(m.steps[at]) {
				n++
			}
		}
		rest[s.At] = n
	}
	return rest
}

// mainLine is where the first answer leads that goes on to another question.
func mainLine(s *Step) string {
	for _, a := range s.Next {
		if a.To != s.At && a.To != End && a.On != Nobody {
			return a.To
		}
	}
	return End
}

// counted says that the step is one of the numbered questions: those that nobody can leave out as a whole. A
// number that counted the others would promise a long way to somebody who can stop at once.
func counted(s *Step) bool {
	return s.At != atLanguage && s.At != atNotice && !s.Part && !s.extra() && (s.question() || s.At == "review")
}
