package flows

import "slices"

// Consent is for one organisation at a time, and is taken back from one at a time, too: the page that takes a case back shows who
// may read it, and leads to a page that asks again before it is done. Where only one may read it, to take it back from that one is to
// take back the case.

// whoReads are the buttons of those who may read the case that is shown: each on the page that takes it back, and on the next page
// the one that was chosen.
func (t *turn) whoReads(step *Step) [][]Button {
	a, ok := step.answer(Reader)
	c := t.theCase()
	if !ok || !c.Open() || len(c.Desks) < 2 || len(c.Names) != len(c.Desks) {
		return nil
	}
	if i := t.reader(c); a.Do == Revoke {
		if i < 0 {
			return nil
		}
		return [][]Button{{{Field: "consent", Value: t.readerValue(c, i), Label: Text{Key: "button.revoke"}}}}
	}
	rows := make([][]Button, len(c.Desks))
	for i, name := range c.Names {
		rows[i] = []Button{{Field: "consent", Value: t.readerValue(c, i), Label: Text{Key: "button.revoke_from", Args: map[string]any{"Desk": Verbatim(name)}}}}
	}
	return rows
}

// readerValue is one who may read a case as consent questions name them.
func (t *turn) readerValue(c Case, i int) string {
	if m, ok := t.e.directory.Mission(c.Country); ok && m.Name == c.Names[i] {
		return m.Value
	}
	return c.Desks[i]
}

// reader is the one of a case's readers that was chosen, or -1.
func (t *turn) reader(c Case) int {
	chosen := t.s.Draft.first("consent")
	if chosen == "" || len(c.Names) != len(c.Desks) {
		return -1
	}
	for i := range c.Desks {
		if t.readerValue(c, i) == chosen {
			return i
		}
	}
	return -1
}

// revoke takes back the consent for the reader that was chosen. The case is the others' from then on: what is added goes to
// them alone.
func (t *turn) revoke() {
	at := slices.IndexFunc(t.s.Cases, func(c Case) bool { return c.Code == t.s.Draft.Case })
	if at < 0 {
		return
	}
	t.s.Cases = slices.Clone(t.s.Cases)
	c := &t.s.Cases[at]
	i := t.reader(*c)
	if i < 0 {
		return
	}
	desk, name := c.Desks[i], c.Names[i]
	c.Desks = slices.Delete(slices.Clone(c.Desks), i, i+1)
	c.Names = slices.Delete(slices.Clone(c.Names), i, i+1)
	c.Refused = append(slices.Clip(c.Refused), desk) // when nobody answers, they are not asked about it again
	if c.By == name {                                // what it did is no news of the case any more
		c.State, c.By, c.At = "sent", "", t.in.At
	}
	c.Questions = slices.DeleteFunc(slices.Clone(c.Questions), func(q Question) bool { return q.About == desk || q.By == desk })
	t.s.Draft.set("consent")
	t.doing = append(t.doing, Effect{Kind: Revoke, Case: c.Code, Value: desk})
	t.note("note.revoked", map[string]any{"Desk": Verbatim(name)})
}
