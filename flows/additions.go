package flows

import (
	"maps"
	"slices"
)

// Waiting says that something was answered after an emergency and has not been sent: Flush sends it. While the person is
// asked whether to delete the chat nothing is: they are told that what was not sent is lost.
func (e *Engine) Waiting(s Session) bool {
	if s.Draft.Flow == FlowHome && s.Draft.At == atWipe {
		return false
	}
	return s.Draft.waiting() || slices.ContainsFunc(s.Parked, Draft.waiting)
}

// Flush sends what was answered after an emergency and waits for more, because the person has fallen silent: one Append
// for the case. The question that is asked stays, and what was sent is not sent again but still counts as answered. The
// screen is the current one and says that it was sent, or that the case takes no more. Nothing happens when nothing waits.
func (e *Engine) Flush(s Session) Outcome {
	t := e.turn(s, Input{})
	if e.Waiting(t.s) {
		t.flush()
	}
	return t.outcome()
}

// Return puts an addition back that could not be sealed: d is the draft of its Append and s the session of the step. It
// waits as it did before, and is lost neither by a further step nor by silence.
func (e *Engine) Return(s Session, d Draft) Session {
	s.SentTurn = 0
	if s.Draft.takesBack(d) {
		s.Draft = s.Draft.unsend(d)
		return s
	}
	s.Parked = slices.Clone(s.Parked)
	for i := range s.Parked {
		if s.Parked[i].takesBack(d) {
			s.Parked[i] = s.Parked[i].unsend(d)
			return s
		}
	}
	s.Parked = append(s.Parked, d)
	return s
}

// takesBack says that an addition was sent from this draft, which is still there.
func (d Draft) takesBack(sent Draft) bool { return d.Flow == sent.Flow && d.Case == sent.Case }

// unsend is the draft with an addition waiting again.
func (d Draft) unsend(sent Draft) Draft {
	d.Sent, d.SentItems = maps.Clone(d.Sent), maps.Clone(d.SentItems)
	for field := range sent.Answers {
		delete(d.Sent, field)
	}
	for _, it := range sent.Items {
		if d.SentItems[it.Field] > 0 {
			d.SentItems[it.Field]--
		}
	}
	d.Items = append(slices.Clip(sent.Items), d.Items...)
	return d
}

// waiting says that the draft holds answers after an emergency that were not sent.
func (d Draft) waiting() bool {
	if d.Flow != FlowAfter {
		return false
	}
	u := d.unsent()
	return len(u.Items) > 0 || len(u.Answers) > 0
}

// unsent is the draft with what was not sent yet. A field that changed goes as a whole: what the desk reads
// last is what holds.
func (d Draft) unsent() Draft {
	if d.Sent == nil && d.SentItems == nil {
		return d
	}
	answers := map[string][]string{}
	for field, values := range d.Answers {
		if !sameValues(values, d.Sent[field]) {
			answers[field] = values
		}
	}
	d.Answers, d.Sent, d.SentItems = answers, nil, nil
	return d
}

// sameValues says that the same options are chosen, in whatever order.
func sameValues(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(v string) bool { return !slices.Contains(b, v) })
}

// sent is the draft once all of it was sent: its words are sealed and are not kept here, only that
// there were some.
func (d Draft) sent() Draft {
	counts := maps.Clone(d.SentItems)
	if counts == nil {
		counts = map[string]int{}
	}
	for _, it := range d.Items {
		counts[it.Field]++
	}
	d.Sent, d.SentItems, d.Items = maps.Clone(d.Answers), counts, nil
	if d.Sent == nil {
		d.Sent = map[string][]string{}
	}
	return d
}

// reaches says that a case still takes additions: it is this chat's, and neither taken back nor closed nor over.
func (t *turn) reaches(code string) bool {
	return slices.ContainsFunc(t.s.Cases, func(c Case) bool {
		return c.Code == code && c.Lasts()
	})
}

// flush sends what waits after emergencies, of the draft under way and of those that were interrupted, which go on.
func (t *turn) flush() {
	var parked []Draft
	for _, d := range t.s.Parked {
		switch {
		case !d.waiting():
			parked = append(parked, d)
		case t.added(d, "note.added_now"):
			parked = append(parked, d.sent())
		default:
			t.do(Discard, d)
		}
	}
	t.s.Parked = parked
	switch d := t.s.Draft; {
	case !d.waiting():
	case t.added(d, "note.added_now"):
		t.s.Draft = d.sent()
	default:
		t.refuse(d)
	}
}

// append ends an addition: it sends what was not sent yet, and says what has become of it. It reports false when the
// case takes no more.
func (t *turn) append(d Draft) bool {
	u := d.unsent()
	switch {
	case u.anything():
		return t.added(d, "note.appended")
	case len(d.Sent) > 0 || len(d.SentItems) > 0:
		t.note("note.all_added", map[string]any{"Code": d.Case})
	default:
		t.note("note.nothing_added", nil)
	}
	return true
}

// added sends what was not sent yet to the draft's case and says so by the note. When the case takes no more nothing is
// sent, that is said, and it reports false.
func (t *turn) added(d Draft, note string) bool {
	args := map[string]any{"Code": d.Case}
	if !t.reaches(d.Case) {
		t.note("note.not_added", args)
		return false
	}
	t.do(Append, d.unsent())
	t.note(note, args)
	return true
}

// refuse ends an addition whose case takes no more. The words are the person's: they are shown at the menu, to
// go along with something else or to be thrown away.
func (t *turn) refuse(d Draft) {
	if len(d.Items) == 0 {
		t.leave()
		return
	}
	items := slices.Clone(d.Items)
	for i := range items {
		items[i].Field = "account"
	}
	t.s.Draft = Draft{Flow: FlowHome, At: atMenu, Items: items}
}

// finishAfter sends what was answered after an emergency, when the person goes on to
// something else: it is not asked for again.
func (t *turn) finishAfter() {
	t.flush()
	t.s.Parked = slices.DeleteFunc(slices.Clone(t.s.Parked), func(d Draft) bool { return d.Flow == FlowAfter })
}

// atOnce sends words that nobody asked for after an emergency to the case without delay, with all that was answered so
// far: they may be that the danger has moved. On a page over those questions too. It reports false when the draft is another one.
func (t *turn) atOnce() bool {
	last := len(t.s.Parked) - 1
	switch {
	case t.s.Draft.Flow == FlowAfter:
	case t.home() && last >= 0 && t.s.Parked[last].Flow == FlowAfter:
		t.s.Parked = slices.Clone(t.s.Parked)
		d := &t.s.Parked[last]
		d.Items = append(slices.Clip(d.Items), t.s.Draft.Items...)
		t.s.Draft.Items = nil
	default:
		return false
	}
	t.flush()
	return true
}
