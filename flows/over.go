package flows

import (
	"slices"
	"time"
)

// over is the state of a case that the line keeps no longer. The chat may remember it for longer than the line does.
const over = "over"

// Lasts says that something can still come of a case: it can be added to or taken back, or a question about it answered.
func (c Case) Lasts() bool { return c.State != withdrawn && c.State != closed && c.State != over }

// Over notes that the line keeps a case no longer, and says it to the person: what they would add to it, or answer, would reach nobody.
func (e *Engine) Over(s Session, code string, at time.Time) (Session, Text) {
	s.Cases = slices.Clone(s.Cases)
	for i := range s.Cases {
		if c := &s.Cases[i]; c.Code == code {
			c.State, c.By, c.At, c.Questions = over, "", at, nil
		}
	}
	return s, NewsText(code, over, "", at)
}
