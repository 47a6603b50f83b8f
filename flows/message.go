package flows

import (
	"slices"
	"unicode/utf8"
)

// Limits of one draft. Beyond them nothing is kept, and the person is told so and what to do.
const (
	MaxItems      = 100
	MaxCharacters = 40000
)

// maxOffered is how many countries are offered for what was typed or shared.
const maxOffered = 8

// message takes words, a file or a place: as the answer that was asked for, as a country, or
// as an addition to the account.
func (t *turn) message() error {
	step := t.step()
	switch d := t.s.Draft; {
	case d.Flow == FlowAfter && !t.reaches(d.Case): // closed meanwhile: said now, not when it should be sent
		t.aside("note.kept_aside")
	case step.takesWords():
		return t.asked(step)
	case step.From == FromCountries && t.in.Kind != Attachment:
		t.country()
	default:
		t.aside("note.kept_aside")
		if t.home() && t.s.Draft.At == atMenu && !t.languageKnown() { // the menu would be in a guessed language
			t.place(atLanguage)
		}
	}
	return nil
}

// asked keeps an answer in words.
func (t *turn) asked(step *Step) error {
	field := step.field()
	if step.Takes == OneMessage && t.s.Draft.Editing && !t.full() && t.drop(field) {
		t.note("note.replaced", nil)
	}
	if !t.keep(field, false) {
		return nil
	}
	if step.Takes == Messages {
		t.note("note.kept", map[string]any{"Count": t.s.Draft.count(field)})
	}
	return t.fire(Written)
}

// country tries words or a place as a country. The words are kept as the place in the
// person's own words, a shared place with the account: it may be where the danger is.
func (t *turn) country() {
	d := &t.s.Draft
	found := len(t.in.Countries) > 0
	switch {
	case found && t.home(): // browsing the missions
	case found && t.in.Kind == Words:
		t.keep("place", false)
	case found:
		t.aside("note.kept_place")
	default:
		t.aside("note.kept_no_country")
	}
	if found {
		d.Offered, d.Page = slices.Clone(t.in.Countries[:min(maxOffered, len(t.in.Countries))]), 0
	}
}

// aside keeps what nobody asked for with the account, and says so.
func (t *turn) aside(note string) {
	switch {
	case t.home() && len(t.s.Parked) > 0:
		note = "note.kept_waiting"
	case t.home() && note == "note.kept_aside":
		note = "note.kept_home"
	}
	args := map[string]any{}
	if c, ok := t.newest(t.step()); ok && note == "note.kept_home" {
		note, args["Code"] = "note.kept_home_case", c.Code
	}
	if t.keep("account", true) && !t.atOnce() {
		t.note(note, args)
	}
}

// keep adds the item to the draft. It reports false, and the person is told, when the draft is full.
func (t *turn) keep(field string, aside bool) bool {
	if t.full() {
		t.note("note.full", nil)
		return false
	}
	it := t.in.Item
	it.Field, it.Aside = field, aside
	if it.At.IsZero() {
		it.At = t.in.At
	}
	if it.Kind == "" {
		it.Kind = kindOf(t.in.Kind)
	}
	t.s.Draft.Items = append(slices.Clip(t.s.Draft.Items), it)
	return true
}

func kindOf(k InputKind) ItemKind {
	switch k {
	case Location:
		return ItemPlace
	case Attachment:
		return ItemFile
	default:
		return ItemText
	}
}

// full says that the item does not fit into the draft any more.
func (t *turn) full() bool {
	d := t.s.Draft
	return len(d.Items) >= MaxItems || characters(d.Items)+utf8.RuneCountInString(t.in.Item.Text) > MaxCharacters
}

// characters counts what was written in all items.
func characters(items []Item) int {
	n := 0
	for _, it := range items {
		n += utf8.RuneCountInString(it.Text)
	}
	return n
}

// edited replaces an item of the draft, or of one that waits, by what its message says now.
func (t *turn) edited() {
	if t.replace(&t.s.Draft) {
		return
	}
	parked := slices.Clone(t.s.Parked)
	for i := range parked {
		if t.replace(&parked[i]) {
			t.s.Parked = parked
			return
		}
	}
	t.note("note.edited_sent", nil)
}

// replace changes the draft's item of the same message; it reports whether there is one.
func (t *turn) replace(d *Draft) bool {
	id := t.in.Item.Message
	i := slices.IndexFunc(d.Items, func(it Item) bool { return id != 0 && it.Message == id })
	if i < 0 {
		return false
	}
	items := slices.Clone(d.Items)
	it := &items[i]
	it.Text = t.in.Item.Text
	if t.in.Item.File != nil {
		it.File = t.in.Item.File
	}
	if t.in.Item.Kind == ItemPlace {
		it.Lat, it.Lon = t.in.Item.Lat, t.in.Item.Lon
	}
	if characters(items) > MaxCharacters {
		t.note("note.full", nil)
		return true
	}
	d.Items = items
	t.note("note.edited", nil)
	return true
}
