package flows

import (
	"maps"
	"slices"
	"strings"
)

// press answers a button. One that the current screen does not show changes nothing.
func (t *turn) press() error {
	if code, ok := t.questioned(); ok {
		return t.question(code)
	}
	if !t.offered() {
		t.tooLate()
		return nil
	}
	step := t.step()
	switch {
	case t.in.Field == "nav":
		return t.nav()
	case t.in.Field == "review":
		return t.review()
	case t.in.Field == "case" && step.From != FromCases:
		t.s.Draft.Case = t.in.Value
		return t.fire(Newest)
	case t.in.Field == "consent" && t.home():
		t.s.Draft.set("consent", t.in.Value)
		return t.fire(Reader)
	case t.in.Field != step.field():
		return t.fire(t.in.Field + ":" + t.in.Value)
	case step.Takes == Several:
		return t.toggle(step)
	default:
		return t.choose(step)
	}
}

// tooLate answers a press of a screen that has moved on. The button that sent something is pressed again by somebody who
// does not know yet that it arrived.
func (t *turn) tooLate() {
	turn, _, ok := turnOf(t.in.Token)
	t.stale, t.past, t.toast = true, ok && turn < t.s.Turn, Text{Key: "toast.stale"}
	if ok && turn > 0 && turn == t.s.SentTurn && t.in.Field == "review" && t.in.Value == "send" {
		t.toast = Text{Key: "toast.sent"}
	}
}

// offered says whether the screen that is shown has the button, and the button is of it.
func (t *turn) offered() bool {
	if turn, _, ok := turnOf(t.in.Token); t.in.Token != "" && (!ok || turn != t.s.Turn) {
		return false
	}
	for _, row := range t.rows() {
		for _, b := range row {
			if b.Field == t.in.Field && b.Value == t.in.Value && b.URL == "" {
				return true
			}
		}
	}
	return false
}

// exclusive are options that say that none of the others holds.
var exclusive = []string{"none", "nothing_yet"}

// toggle marks or unmarks an option of a multiple choice. The screen stays the same one:
// somebody who marks five options quickly is not told that the screen has moved on. A button marks, or takes the mark
// away: one that is pressed twice, because its mark was slow to come, does it once.
func (t *turn) toggle(step *Step) error {
	value, field := t.in.Value, step.field()
	chosen := t.s.Draft.Answers[field]
	marked := slices.Contains(chosen, value)
	_, wish, _ := turnOf(t.in.Token)
	if wish == mark && marked || wish == unmark && !marked {
		t.again = true
		return nil
	}
	switch {
	case marked:
		chosen = slices.DeleteFunc(slices.Clone(chosen), func(v string) bool { return v == value })
	case slices.Contains(exclusive, value):
		chosen = []string{value}
	default:
		chosen = slices.DeleteFunc(slices.Clone(chosen), func(v string) bool { return slices.Contains(exclusive, v) })
		chosen = append(chosen, value)
	}
	t.s.Draft.set(field, chosen...)
	if step.From != "" {
		return t.fire(Chosen)
	}
	return t.fire(value)
}

// choose keeps the answer to a question and follows it.
func (t *turn) choose(step *Step) error {
	if step.From == FromClock && t.in.At.Sub(t.s.Draft.Begun) > clockFor { // the times shown are long past
		t.s.Draft.Begun = t.in.At
		t.note("note.clock_again", nil)
		return nil
	}
	on := t.in.Value
	if step.From != "" {
		on = Chosen
		if _, ok := step.answer(Found); ok && len(t.s.Draft.Offered) > 0 {
			on = Found
		}
	}
	t.remember(step)
	return t.fire(on)
}

// remember keeps what was pressed where it belongs: in the session or in the draft.
func (t *turn) remember(step *Step) {
	field, value, d := step.field(), t.in.Value, &t.s.Draft
	switch field {
	case "language":
		t.s.Language, t.s.Chosen = value, true
	case "notice":
		t.s.Noticed = t.s.Noticed || value == "understood"
	case "case":
		d.Case = value
		d.Seen = newsTime(t.theCase())
	case "caseact":
		t.look(value)
	case "hours":
		t.hours(value)
	case "clock":
		t.clock(value)
	}
	if slices.Contains(unkept, field) {
		return
	}
	if field == "country" && !t.home() {
		t.confirmed()
	}
	if d.first(field) != value {
		t.forgetParts(step, value)
		if field == "country" && len(d.Answers["consent"]) > 0 {
			d.set("consent")
			t.note("note.consent_again", nil)
		}
	}
	d.set(field, value)
}

// look says, when the page of a case is asked for once more, that there is nothing new on it.
func (t *turn) look(act string) {
	news := newsTime(t.theCase())
	if act == "status" && news.Equal(t.s.Draft.Seen) {
		t.toast = Text{Key: "toast.nothing_new"}
	}
	t.s.Draft.Seen = news
}

// forgetParts removes what belonged to the earlier answer: a telephone number
// is not sent when the person has chosen not to be called.
func (t *turn) forgetParts(step *Step, value string) {
	now, _ := step.answer(value)
	for _, a := range step.Next {
		if a.To == End || a.To == now.To || !t.machine().steps[a.To].Part {
			continue
		}
		t.forget(t.machine().steps[a.To].field())
	}
}

// forget removes the answers to a field, and says so when words are among them.
func (t *turn) forget(field string) {
	if t.drop(field) {
		t.note("note.removed", map[string]any{"Field": Text{Key: "field." + field}})
	}
}

// drop removes the answers to a field; it reports whether words were among them that had not been sent.
func (t *turn) drop(field string) bool {
	d := &t.s.Draft
	d.set(field)
	if d.SentItems[field] > 0 {
		d.SentItems = maps.Clone(d.SentItems)
		delete(d.SentItems, field)
	}
	items := len(d.Items)
	d.Items = slices.DeleteFunc(slices.Clone(d.Items), func(it Item) bool { return it.Field == field })
	return len(d.Items) < items
}

// nav answers the buttons that move about.
func (t *turn) nav() error {
	switch t.in.Value {
	case "back":
		return t.back()
	case "cancel":
		return t.cancel()
	case "more":
		t.more()
		return nil
	case "skip":
		if t.s.Draft.Editing {
			t.forgetParts(t.step(), "")
			t.forget(t.step().field())
		}
		return t.fire("nav:skip")
	default:
		return t.done()
	}
}

// done ends a multiple choice or a number of messages, leaves what was written as it is, or leaves
// out the rest of the questions.
func (t *turn) done() error {
	step := t.step()
	if step.From == FromRecipients {
		return t.consented("nav:done")
	}
	if t.enough(step) {
		return t.fire(Enough)
	}
	if _, ok := step.answer("nav:done"); !ok {
		return t.fire(Written)
	}
	return t.fire("nav:done")
}

// more turns to the next page of a list, from the found countries to all of them.
func (t *turn) more() {
	d := &t.s.Draft
	if len(d.Offered) > 0 {
		d.Offered, d.Page = nil, 0
		return
	}
	d.Page++
}

// review answers the buttons of the last screen.
func (t *turn) review() error {
	if field, ok := strings.CutPrefix(t.in.Value, "edit:"); ok {
		return t.edit(field)
	}
	if t.in.Value == "send" {
		if a, _ := t.step().answer("review:send"); a.Do == Submit {
			return t.consented("review:send")
		}
	}
	return t.fire("review:" + t.in.Value)
}

// edit opens one answer; the next one leads back to the review.
func (t *turn) edit(field string) error {
	d := &t.s.Draft
	for _, s := range t.machine().table.Steps {
		if s.field() == field && editable(&s) {
			d.Trail = append(slices.Clip(d.Trail), d.At)
			d.Editing = true
			t.place(s.At)
			if s.Takes == Messages {
				t.note("note.edit_messages", nil)
			}
			return nil
		}
	}
	return nil
}

// consented goes on when somebody may read the draft who still can. Otherwise it stays,
// or goes back to the question, and says why.
func (t *turn) consented(on string) error {
	d := &t.s.Draft
	offered := t.recipients()
	chosen := d.Answers["consent"]
	var able []string
	for _, v := range chosen {
		if slices.ContainsFunc(offered, func(r Recipient) bool { return r.Value == v }) {
			able = append(able, v)
		}
	}
	nobody := len(chosen) == 0 || slices.Equal(chosen, []string{"none"})
	if !nobody && len(able) == len(chosen) {
		return t.fire(on)
	}
	t.toast = Text{Key: "toast.nobody"}
	if nobody {
		return t.fire(Nobody)
	}
	d.set("consent", able...)
	t.note("note.consent_changed", nil)
	to, err := t.next(Nobody)
	if err != nil {
		return err
	}
	return t.enter(to)
}

// recipients are those who may be offered for the draft.
func (t *turn) recipients() []Recipient {
	d := t.s.Draft
	return t.e.directory.Consents(d.Flow, d.first("country"), t.s.Language, d.Answers)
}
