package flows

import (
	"slices"
	"strings"
)

// pageSize is how many buttons of a long list are shown at a time.
const pageSize = 8

// rows are the buttons of the question, two to a row, and below them those that move about.
func (t *turn) rows() [][]Button {
	step := t.step()
	rows := pairs(t.values(step))
	if c, ok := t.newest(step); ok {
		rows = slices.Insert(rows, 0, []Button{{Field: "case", Value: c.Code, Label: Text{Key: "button.case_add", Args: map[string]any{"Code": c.Code}}}})
	}
	rows = append(rows, t.whoReads(step)...)
	if list, ok := t.list(step); ok {
		rows = t.page(list)
	}
	if step.From == FromRecipients {
		rows = append(rows, []Button{t.value(step, "none")})
	}
	rows = append(rows, pairs(t.extra(step))...)
	return append(rows, t.moving(step)...)
}

// newest is the open case that was sent last, or of which the line said something since, where the step leads to an addition to it: what
// somebody writes then is meant for that one.
func (t *turn) newest(step *Step) (Case, bool) {
	if _, ok := step.answer(Newest); !ok {
		return Case{}, false
	}
	var newest Case
	for _, c := range t.s.Cases {
		if c.Open() && (newest.Code == "" || newest.Code != t.s.About) {
			newest = c
		}
	}
	return newest, newest.Code != ""
}

// irreversible are the presses that cannot be taken back. They stand apart, where no finger slips to them.
var irreversible = []string{"wipe:yes", "caseact:withdraw", "caseact:close", "review:discard"}

// pairs sets buttons two to a row, and what cannot be taken back in a row of its own.
func pairs(buttons []Button) [][]Button {
	rows := make([][]Button, 0, (len(buttons)+1)/2+3) // three more follow at most
	alone := true
	for i, b := range buttons {
		apart := slices.Contains(irreversible, b.Field+":"+b.Value)
		if alone || apart {
			rows = append(rows, buttons[i:i+1:i+1])
		} else {
			rows[len(rows)-1] = append(rows[len(rows)-1], b)
		}
		alone = apart || !alone
	}
	return rows
}

// values are the buttons of the step's own field that the table knows.
func (t *turn) values(step *Step) []Button {
	known := t.machine().values[step.At]
	chosen := t.s.Draft.Answers[step.field()]
	buttons := make([]Button, 0, len(known)+1)
	for _, b := range known {
		if t.home() && t.caseShown() && t.shut(b.Value) {
			continue
		}
		b.Checked, b.Several = slices.Contains(chosen, b.Value), step.Takes == Several
		buttons = append(buttons, b)
	}
	return buttons
}

// ownButtons are the buttons of a step's own field that its table knows.
func ownButtons(step *Step) []Button {
	var buttons []Button
	for _, o := range step.Options {
		buttons = append(buttons, valueButton(step.field(), o))
	}
	for _, a := range step.Next {
		if ownValue(a.On) {
			buttons = append(buttons, valueButton(step.field(), a.On))
		}
	}
	return buttons
}

// valueButton is the button of one value of a field.
func valueButton(field, value string) Button {
	key := "value."
	if slices.Contains(unkept, field) {
		key = "button."
	}
	return Button{Field: field, Value: value, Label: Text{Key: key + field + "." + value}}
}

// shut says that an act is of no use for the case shown, because it has ended.
func (t *turn) shut(act string) bool { return act != "status" && !t.theCase().Open() }

// value is one button of the step's own field, marked when it was chosen.
func (t *turn) value(step *Step, v string) Button {
	b := valueButton(step.field(), v)
	b.Checked, b.Several = slices.Contains(t.s.Draft.Answers[b.Field], v), step.Takes == Several
	return b
}

// list are the buttons that the table cannot know, if the step has such.
func (t *turn) list(step *Step) ([]Button, bool) {
	switch step.From {
	case FromCountries:
		return t.countries(step), true
	case FromLanguages:
		return t.languages(), true
	case FromRecipients:
		return t.readers(step), true
	case FromAsks:
		return t.asks(step), true
	case FromCases:
		return t.cases(), true
	case FromFields:
		return t.fields(), true
	case FromClock:
		return t.clocks(), true
	default:
		return nil, false
	}
}

// countries are those found, or else all, the one chosen before first.
func (t *turn) countries(step *Step) []Button {
	d := t.s.Draft
	codes := d.Offered
	if len(codes) == 0 {
		codes = t.e.directory.Countries(t.s.Language)
		if c := d.first("country"); c != "" && !t.home() {
			rest := slices.DeleteFunc(slices.Clone(codes), func(x string) bool { return x == c })
			codes = append([]string{c}, rest...)
		}
	}
	buttons := make([]Button, 0, len(codes))
	for _, c := range codes {
		b := t.value(step, c)
		b.Label = Country(c)
		buttons = append(buttons, b)
	}
	return buttons
}

func (t *turn) languages() []Button {
	var buttons []Button
	for _, tag := range t.e.directory.Languages() {
		buttons = append(buttons, Button{Field: "language", Value: tag, Label: Language(tag), Checked: tag == t.s.Language})
	}
	return buttons
}

// headquarters is the desk behind all missions, by its value in a consent question.
const headquarters = "headquarters"

// readers are those who may be consented to.
func (t *turn) readers(step *Step) []Button {
	var buttons []Button
	for _, r := range t.recipients() {
		b := t.value(step, r.Value)
		b.Label = Verbatim(r.Name)
		if r.Value == headquarters {
			b.Label = Text{Key: "button.headquarters", Args: map[string]any{"Desk": Verbatim(r.Name)}}
		}
		buttons = append(buttons, b)
	}
	return buttons
}

func (t *turn) asks(step *Step) []Button {
	var buttons []Button
	for _, a := range t.e.directory.Asks(t.s.Draft.first("country")) {
		buttons = append(buttons, t.value(step, a))
	}
	return append(buttons, t.value(step, "nothing_yet"))
}

// cases are the chat's cases, the latest first.
func (t *turn) cases() []Button {
	var buttons []Button
	for _, c := range slices.Backward(t.s.Cases) {
		buttons = append(buttons, Button{Field: "case", Value: c.Code, Label: Verbatim(c.Code)})
	}
	return buttons
}

// fields are the answers that may be opened.
func (t *turn) fields() []Button {
	var buttons []Button
	for i := range t.machine().table.Steps {
		if s := &t.machine().table.Steps[i]; editable(s) {
			buttons = append(buttons, Button{
				Field: "review", Value: "edit:" + s.field(), Label: Text{Key: "field." + s.field()},
			})
		}
	}
	return buttons
}

// editable says whether an answer can be opened from the review by itself.
func editable(s *Step) bool {
	if slices.Contains(unkept, s.field()) || s.At == "safe" || s.At == "peaceful" || s.Part {
		return false
	}
	_, sends := s.answer("review:send")
	return s.question() && !sends
}

// page cuts a list into pages. A consent question has none: whoever is not seen could not be refused.
func (t *turn) page(list []Button) [][]Button {
	d := t.s.Draft
	if step := t.step(); step.From == FromRecipients {
		var rows [][]Button
		for _, b := range list {
			rows = append(rows, []Button{b})
		}
		return rows
	} else if step.From == FromFields || step.From == FromAsks {
		return pairs(list)
	}
	more := []Button{navButton("more", "button.nav.more")}
	if t.step().From == FromClock {
		return append(slices.Collect(slices.Chunk(list, clockRow)), more)
	}
	if len(d.Offered) > 0 {
		return append(pairs(list), more)
	}
	pages := (len(list) + pageSize - 1) / pageSize
	if pages < 2 {
		return pairs(list)
	}
	from := max(d.Page, 0) % pages * pageSize
	return append(pairs(list[from:min(from+pageSize, len(list))]), more)
}

// extra are the buttons of other fields that the step has.
func (t *turn) extra(step *Step) []Button {
	var buttons []Button
	for _, a := range step.Next {
		field, value, ok := strings.Cut(a.On, ":")
		if !ok || field == "nav" || a.On == "review:discard" && t.nothingKept() {
			continue
		}
		buttons = append(buttons, Button{Field: field, Value: value, Label: Text{Key: "button." + field + "." + value}})
	}
	if m, ok := t.e.directory.Mission(t.s.Draft.first("country")); ok && t.home() && step.At == "mission" && m.Web != "" {
		buttons = append(buttons, Button{Label: Text{Key: "button.web"}, URL: m.Web})
	}
	return buttons
}

// nothingKept says that the menu has nothing that could be thrown away.
func (t *turn) nothingKept() bool { return t.home() && len(t.s.Draft.Items) == 0 }

// moving are the buttons that move about: on, back, away.
func (t *turn) moving(step *Step) [][]Button {
	rows := make([][]Button, 0, 2)
	if on := append(t.skipping(step), t.ending(step)...); len(on) > 0 {
		rows = append(rows, on)
	}
	var away []Button
	if step.At != atMenu && !(t.home() && step.At == atLanguage) {
		away = append(away, navButton("back", "button.nav.back"))
	}
	if !t.home() && step.At != atCancel {
		away = append(away, navButton("cancel", "button.nav.cancel"))
	}
	if len(away) > 0 {
		rows = append(rows, away)
	}
	return rows
}

func navButton(value, key string) Button {
	return Button{Field: "nav", Value: value, Label: Text{Key: key}}
}

// skipping is the button that goes on without an answer, or with the one there is.
func (t *turn) skipping(step *Step) []Button {
	if !step.optional() {
		return nil
	}
	d := t.s.Draft
	answered := len(d.Answers[step.field()]) > 0 || d.count(step.field()) > 0
	done, ends := step.answer("nav:done")
	switch {
	case d.Editing && answered:
		return []Button{navButton("skip", "button.nav.leave_out")}
	case answered && ends && done.To != End:
		return nil
	case answered:
		return []Button{navButton("skip", "button.nav.next")}
	default:
		return []Button{navButton("skip", "button.nav.skip")}
	}
}

// enough says that nav:done leaves out the rest of the questions: not in an answer opened from the review,
// and not while it ends a multiple choice in which something is marked.
func (t *turn) enough(step *Step) bool {
	_, ok := step.answer(Enough)
	marked := step.Takes == Several && len(t.s.Draft.Answers[step.field()]) > 0
	return ok && !marked && !t.s.Draft.Editing
}

// ending is the button that ends a multiple choice, a number of messages, or a conversation.
func (t *turn) ending(step *Step) []Button {
	a, ok := step.answer("nav:done")
	count := t.s.Draft.count(step.field())
	if t.enough(step) {
		a, _ = step.answer(Enough)
	}
	switch {
	case a.To == End:
		return []Button{navButton("done", "button.nav.finish")}
	case a.On == Enough:
		return []Button{navButton("done", "button.nav.enough")}
	case !ok && step.Takes == OneMessage && count > 0 && (t.s.Draft.Editing || !step.optional()):
		return []Button{navButton("done", "button.nav.keep")}
	case !ok, step.Takes == Messages && count == 0:
		return nil
	case a.To == atMenu:
		return []Button{navButton("done", "button.nav.menu")}
	default:
		return []Button{navButton("done", "button.nav.done")}
	}
}
