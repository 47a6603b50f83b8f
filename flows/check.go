package flows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check refuses a table that would lead somebody astray: two steps for a state, one answer
// to two places, an arrow to nowhere, a step that cannot be reached or cannot reach an end, a way to Submit
// around consent, a question without a way out among those that have one, a question whose way to answer it
// has no line. It names all that is wrong.
func Check(t Table) error {
	c := checker{table: t, steps: map[string]*Step{}}
	c.states()
	if c.steps[t.Begin] == nil {
		c.wrong("begins at %q, which is no step of it", t.Begin)
		return errors.Join(c.errs...)
	}
	for i := range t.Steps {
		c.answers(&t.Steps[i])
		c.shape(&t.Steps[i])
	}
	if len(c.errs) == 0 {
		c.reach()
		c.wayOut()
		c.consent()
	}
	return errors.Join(c.errs...)
}

// checkAll checks each table and that each conversation begun from another exists.
func checkAll(all []Table) error {
	var errs []error
	flows := map[string]bool{}
	for _, t := range all {
		if flows[t.Flow] {
			errs = append(errs, fmt.Errorf("flow %s: there are two tables; keep one", t.Flow))
		}
		flows[t.Flow] = true
		errs = append(errs, Check(t))
	}
	for _, t := range all {
		for _, s := range t.Steps {
			for _, a := range s.Next {
				if a.Begin != "" && !flows[a.Begin] {
					errs = append(errs, fmt.Errorf("flow %s: %q at %q begins %q, which is no conversation", t.Flow, a.On, s.At, a.Begin))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// checker gathers what is wrong with a table.
type checker struct {
	table Table
	steps map[string]*Step
	errs  []error
}

func (c *checker) wrong(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("flow %s: "+format, append([]any{c.table.Flow}, args...)...))
}

// states refuses two steps for a state.
func (c *checker) states() {
	for _, list := range [][]Step{c.table.Steps, everywhere} {
		for i := range list {
			s := &list[i]
			if s.At == "" || s.At == End || c.steps[s.At] != nil {
				c.wrong("two steps for %q, or a step without a name: name each state once", s.At)
			}
			c.steps[s.At] = s
		}
	}
}

// answers refuses an answer that leads to two places, nowhere, or cannot stand behind a button.
func (c *checker) answers(s *Step) {
	seen := map[string]bool{}
	for _, o := range s.Options {
		if seen[o] {
			c.wrong("%q stands twice at %q", o, s.At)
		}
		seen[o] = true
		c.data(s.field(), o)
	}
	for _, a := range s.Next {
		if seen[a.On] {
			c.wrong("%q leads to two places from %q: keep one", a.On, s.At)
		}
		seen[a.On] = true
		if a.To != End && c.steps[a.To] == nil {
			c.wrong("%q leads from %q to %q, which is no step: add it or correct the name", a.On, s.At, a.To)
		}
		if a.To != End && (a.Do == Submit || a.Do == Append || a.Do == Discard || a.Do == Wipe || a.Begin != "") {
			c.wrong("%q at %q ends the conversation and must lead to End", a.On, s.At)
		}
		c.data(s.field(), a.On)
	}
}

// data refuses what does not fit behind a button with its token: 64 bytes, of which 8 for #token.
func (c *checker) data(field, on string) {
	if !strings.Contains(on, ":") {
		on = field + ":" + on
	}
	if len(on) > 64-8 {
		c.wrong("%q does not fit behind a button: 56 bytes at most", on)
	}
}

// shape refuses a question that cannot be answered in the way it asks for.
func (c *checker) shape(s *Step) {
	has := func(on string) bool { _, ok := s.answer(on); return ok }
	send, sends := s.answer("review:send")
	many := s.Takes == Messages || s.Takes == Several
	listed := s.From != "" && s.From != FromFields
	for _, rule := range []struct {
		broken bool
		remedy string
	}{
		{len(s.Next) == 0, "has no answer: give it one"},
		{s.takesWords() && !has(Written), "asks for words: it needs written"},
		{s.takesWords() && (s.choices() > 0 || s.From != ""), "asks for words: no buttons but nav"},
		{many && !has("nav:done") && !sends, "takes several answers: it needs nav:done"},
		{listed && !has(Chosen), "has buttons that the table does not know: it needs chosen"},
		{has(Enough) && !has("nav:skip"), "can be left out with the rest: it needs nav:skip to be left out alone"},
		{has(Enough) && s.Takes == Messages, "takes any number of messages: nav:done is their end and cannot be enough"},
		{send.Do == Submit && !has(Nobody), "can send: it needs nobody for when nobody may read it"},
	} {
		if rule.broken {
			c.wrong("%q %s", s.At, rule.remedy)
		}
	}
}

// from lists the states that can be reached from some, not passing through those that stop.
func (c *checker) from(begin []string, stops func(*Step) bool) map[string]bool {
	seen := map[string]bool{}
	for len(begin) > 0 {
		at := begin[0]
		begin = begin[1:]
		s := c.steps[at]
		if seen[at] || s == nil || stops(s) {
			continue
		}
		seen[at] = true
		for _, a := range s.Next {
			begin = append(begin, a.To)
		}
	}
	return seen
}

// entrances are the states that a conversation can be entered at.
func (c *checker) entrances() []string {
	list := []string{c.table.Begin}
	for _, s := range c.table.Steps {
		if s.Apart {
			list = append(list, s.At)
		}
	}
	return list
}

// reach refuses steps that nobody comes to and steps that nobody gets out of.
func (c *checker) reach() {
	reached := c.from(c.entrances(), func(*Step) bool { return false })
	for _, s := range c.table.Steps {
		if !reached[s.At] {
			c.wrong("%q cannot be reached: lead an answer to it or remove it", s.At)
		}
		onward := c.from([]string{s.At}, func(*Step) bool { return false })
		if !slices.ContainsFunc(c.table.Steps, func(s Step) bool { return onward[s.At] && ends(s) }) {
			c.wrong("%q cannot reach an end", s.At)
		}
	}
}

func ends(s Step) bool {
	return slices.ContainsFunc(s.Next, func(a Answer) bool { return a.To == End })
}

// wayOut refuses a question that has no way out among those that have one: whoever was told that the
// rest can be left out finds it so to the end.
func (c *checker) wayOut() {
	for i := range c.table.Steps {
		s := &c.table.Steps[i]
		out, ok := s.answer(Enough)
		for _, a := range s.Next {
			if !ok || a.To == out.To || a.To == s.At || a.To == End {
				continue
			}
			also, _ := c.steps[a.To].answer(Enough)
			done, _ := c.steps[a.To].answer("nav:done")
			if also.To != out.To && done.To != out.To {
				c.wrong("%q leads from %q, where the rest can be left out, to %q: give it enough to %q too", a.On, s.At, a.To, out.To)
			}
		}
	}
}

// consent refuses a way to Submit on which nobody was asked who may read.
func (c *checker) consent() {
	around := c.from(c.entrances(), func(s *Step) bool { return s.From == FromRecipients })
	for _, s := range c.table.Steps {
		for _, a := range s.Next {
			if a.Do == Submit && around[s.At] {
				c.wrong("%q at %q can send without a question for consent before it", a.On, s.At)
			}
		}
	}
}
