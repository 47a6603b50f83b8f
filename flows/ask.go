package flows

import (
	"slices"
	"strings"
)

// screen draws what the person sees next.
func (t *turn) screen() Screen {
	if t.closing != nil {
		return Screen{Notes: t.notes, Ask: *t.closing, Turn: t.s.Turn}
	}
	sc := Screen{Notes: t.notes, Ask: t.ask(), Lines: t.lines(), Rows: t.rows(), Turn: t.s.Turn}
	sc.Step, sc.Steps = t.progress()
	sc.Optional = t.step().extra() && !t.s.Draft.Editing
	return sc
}

// progress is the number of the question and how many there are when nothing leads aside; who is led past some of them is
// so much further, and the number of all never changes. Zeros when it is none of them, or one of those that can be left out.
func (t *turn) progress() (at, of int) {
	d, m := t.s.Draft, t.machine()
	if t.home() || d.Editing || d.Flow == FlowAdd || !counted(t.step()) {
		return 0, 0
	}
	of = m.rest[m.table.Begin]
	return of - m.rest[d.At] + 1, of
}

// ask is the question, with what its text mentions.
func (t *turn) ask() Text {
	step := t.step()
	if step.At == atLanguage {
		return Text{Key: "ask.language_all", Args: map[string]any{"Names": Everywhere{"button.menu.language", t.e.directory.Languages()}}}
	}
	if t.home() {
		return t.homeAsk(step)
	}
	switch {
	case step.From == FromCountries && len(t.s.Draft.Offered) > 0:
		return Text{Key: "ask.country_found"}
	case step.From == FromRecipients && len(t.recipients()) == 0:
		return Text{Key: "ask.consent_impossible"}
	case step.From == FromRecipients:
		return Text{Key: step.ask(), Args: map[string]any{"SealedKept": t.fact("SealedKept")}}
	case t.s.Draft.Flow == FlowAdd:
		return Text{Key: step.ask(), Args: map[string]any{"Code": t.s.Draft.Case}}
	}
	return Text{Key: step.ask()}
}

// homeAsk is what a page of home says.
func (t *turn) homeAsk(step *Step) Text {
	switch {
	case step.At == atMenu && t.s.Noticed: // somebody who has been here knows what the line is
		return Text{Key: "ask.menu_again"}
	case step.From == FromCountries && len(t.s.Draft.Offered) > 0:
		return Text{Key: "ask.country_found"}
	case step.From == FromCases && len(t.s.Cases) == 0:
		return Text{Key: "ask.cases_none"}
	case step.At == "mission":
		return t.mission()
	case step.At == atCancel:
		return Text{Key: "ask.cancel_home"}
	case t.caseShown():
		return Text{Key: step.ask(), Args: t.caseArgs()}
	case strings.HasPrefix(step.ask(), "page."):
		return Text{Key: step.ask(), Args: t.facts()}
	}
	return Text{Key: step.ask()}
}

// facts are the arguments of the pages; what the operator has not said is said to be not known.
func (t *turn) facts() map[string]any {
	facts := map[string]any{}
	for _, name := range FactNames() {
		facts[name] = t.fact(name)
	}
	return facts
}

// fact is one of them.
func (t *turn) fact(name string) any {
	switch known, ok := t.e.Facts[name]; {
	case ok:
		return known
	case name == "DraftKept" || name == "SealedKept":
		return Text{Key: "page.some_time"}
	default:
		return Text{Key: "page.not_known"}
	}
}

// mission tells which mission covers the country that was chosen.
func (t *turn) mission() Text {
	code := t.s.Draft.first("country")
	m, ok := t.e.directory.Mission(code)
	if !ok {
		return Text{Key: "page.mission_none", Args: map[string]any{"Country": Country(code)}}
	}
	return Text{Key: "page.mission", Args: map[string]any{"Country": Country(code), "Desk": Verbatim(m.Name)}}
}

// theCase is the case that is shown.
func (t *turn) theCase() Case {
	for _, c := range t.s.Cases {
		if c.Code == t.s.Draft.Case {
			return c
		}
	}
	return Case{Code: t.s.Draft.Case}
}

// caseShown says that the page is about one case.
func (t *turn) caseShown() bool { return t.step().field() == "caseact" }

func (t *turn) caseArgs() map[string]any {
	c := t.theCase()
	args := map[string]any{"Code": c.Code, "Time": c.SentAt}
	if i := t.reader(c); i >= 0 && t.s.Draft.At == "revoke" {
		args["Desk"] = Verbatim(c.Names[i])
	}
	return args
}

// lines follow the question.
func (t *turn) lines() []Text {
	d := t.s.Draft
	switch {
	case t.step().From == FromCases:
		return t.caseLines(t.s.Cases)
	case t.home() && d.At == "settings":
		return []Text{t.s.Quiet.says()}
	case t.home() && t.caseShown():
		return t.caseLines([]Case{t.theCase()})
	case t.home() && d.At == atMenu && len(d.Items) > 0:
		return []Text{{Key: "page.kept_home", Args: map[string]any{"Count": len(d.Items)}}}
	case d.At == t.machine().review:
		return t.summary()
	case t.step().From == FromRecipients:
		return t.consentLines()
	case t.step().Takes == OneMessage && d.Editing && d.count(t.step().field()) > 0:
		return []Text{{Key: "page.replaces"}}
	}
	return nil
}

// caseLines tell the last news of cases.
func (t *turn) caseLines(cases []Case) []Text {
	var lines []Text
	for _, c := range cases {
		key := "case." + c.State
		if !slices.Contains(newsStates, c.State) {
			key = "case.sent"
		}
		lines = append(lines, Text{Key: key, Args: map[string]any{
			"Code": c.Code, "Time": newsTime(c), "Desk": desk(c.By), "Desks": verbatims(c.Names),
		}})
	}
	return lines
}

// summary lists the answers. It repeats no words: the chat may be read over
// somebody's shoulder and in notices of new messages.
func (t *turn) summary() []Text {
	var lines []Text
	d := t.s.Draft
	for i := range t.machine().table.Steps {
		s := &t.machine().table.Steps[i]
		if s.Field != "" || !s.question() || s.At == "consent" {
			continue
		}
		args := map[string]any{"Field": Text{Key: "field." + s.At}}
		if n := d.count(s.At); n > 0 {
			args["Count"] = n
			lines = append(lines, Text{Key: "review.messages", Args: args})
		}
		if values := d.Answers[s.At]; len(values) > 0 && s.At != "safe" {
			args["Value"] = valueTexts(s.At, values)
			lines = append(lines, Text{Key: "review.answer", Args: args})
		}
	}
	if d.Flow == FlowAdd {
		return lines
	}
	return append(lines, t.consentLines()...)
}

// consentLines say who stands in for a mission, and who was chosen.
func (t *turn) consentLines() []Text {
	var lines []Text
	var names []any
	for _, r := range t.recipients() {
		if r.Instead {
			lines = append(lines, Text{Key: "review.instead", Args: map[string]any{
				"Country": Country(t.s.Draft.first("country")), "Desk": Verbatim(r.Name)}})
		}
		for _, v := range t.s.Draft.Answers["consent"] {
			if v == r.Value {
				names = append(names, Verbatim(r.Name))
			}
		}
	}
	if r := t.s.Draft.first("reach"); t.s.Draft.At == t.machine().review && (r == "" || r == "here") {
		lines = append(lines, Text{Key: "review.reach_here"})
	}
	if t.step().From != FromRecipients && len(names) > 0 {
		lines = append(lines, Text{Key: "review.readers", Args: map[string]any{"Value": names}})
	}
	return lines
}

// valueTexts are the labels of answers.
func valueTexts(field string, values []string) []any {
	var texts []any
	for _, v := range values {
		if field == "country" {
			texts = append(texts, Country(v))
			continue
		}
		texts = append(texts, Text{Key: "value." + field + "." + v})
	}
	return texts
}
