package flows

import (
	"slices"
	"strings"
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
// as an addition to the account. What was written before the question could be seen is no answer to it.
func (t *turn) message() error {
	step := t.step()
	switch d := t.s.Draft; {
	case d.Flow == FlowAfter && !t.reaches(d.Case): // closed meanwhile: said now, not when it should be sent
		t.aside("note.kept_aside")
	case step.takesWords() && !(t.in.Unseen && step.field() != "account"):
		return t.asked(step)
	case step.From == FromCountries && t.in.Kind != Attachment:
		t.country()
	default:
		t.aside("note.kept_aside")
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

// country tries words or a place as a country. Both are kept with the account: they may be where the danger is. Words
// that are no more than the name of a country go when one is pressed.
func (t *turn) country() {
	d := &t.s.Draft
	found := len(t.in.Countries) > 0
	switch {
	case found && t.home(): // browsing the missions
	case found && t.in.Kind == Words:
		if t.keep("account", true) {
			t.tried()
		}
	case found:
		t.aside("note.kept_place")
	default:
		t.aside("note.kept_no_country")
	}
	if found {
		d.Offered, d.Page = slices.Clone(t.in.Countries[:min(maxOffered, len(t.in.Countries))]), 0
	}
}

// tried marks the words kept last when they are nothing but a name that was typed for a country, and says of others that
// they are kept.
func (t *turn) tried() {
	last := &t.s.Draft.Items[len(t.s.Draft.Items)-1] // of this step's own slice
	if last.Tried = nameOnly(last.Text); !last.Tried {
		t.note("note.kept_aside", nil)
	}
}

// The longest that words can be and still be nothing but the name of a country.
const (
	nameCharacters = 60
	nameWords      = 3
)

// nameOnly says that words can be a name and nothing else: whoever writes more tells something.
func nameOnly(words string) bool {
	return utf8.RuneCountInString(words) <= nameCharacters && len(strings.Fields(words)) <= nameWords
}

// confirmed drops the names that were typed for the country that is pressed now: it stands in their place.
func (t *turn) confirmed() {
	d := &t.s.Draft
	var names, rest []Item
	for _, it := range d.Items {
		if it.Tried {
			names = append(names, it)
		} else {
			rest = append(rest, it)
		}
	}
	if len(names) > 0 {
		d.Items = rest
		t.do(Discard, Draft{Flow: d.Flow, Items: names})
	}
}

// aside keeps what nobody asked for with the account, and says so.
func (t *turn) aside(note string) {
	var args map[string]any
	if t.home() {
		note, args = t.asideHome(note)
	}
	if !t.keep("account", true) {
		return
	}
	t.unasked = t.in.Kind == Words
	if !t.atOnce() {
		t.note(note, args)
	}
}

// asideHome is what is said of words that nobody asked for at home, on the page where something can be done with them:
// the menu, or first the question for the language, in which the menu would be guessed.
func (t *turn) asideHome(note string) (string, map[string]any) {
	switch {
	case len(t.s.Parked) > 0:
		return "note.kept_waiting", nil
	case note != "note.kept_aside":
		return note, nil
	case !t.languageKnown():
		t.place(atLanguage)
		return "note.kept_unsent", nil
	}
	t.place(atMenu)
	if c, ok := t.newest(t.step()); ok {
		return "note.kept_home_case", map[string]any{"Code": c.Code}
	}
	return "note.kept_home", nil
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
	more := utf8.RuneCountInString(t.in.Item.Text)
	items, letters := 0, more
	for _, d := range append(slices.Clip(t.s.Parked), t.s.Draft) {
		items += len(d.Items)
		letters += characters(d.Items)
	}
	d := t.s.Draft // what was parked is joined to it again, and must not grow past all bounds that way
	return len(d.Items) >= MaxItems || characters(d.Items)+more > MaxCharacters || items >= 2*MaxItems || letters > 2*MaxCharacters
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
	it.Tried = it.Tried && nameOnly(it.Text)
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
