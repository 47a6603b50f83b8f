package flows

import "slices"

// unkept are the fields whose presses steer the conversation and are no answers.
var unkept = []string{"menu", "nav", "language", "notice", "review", "case", "caseact", "wipe", "hours", "clock"}

// fire follows an answer's line in the table.
func (t *turn) fire(on string) error {
	to, err := t.next(on)
	if err != nil {
		return err
	}
	a, ok := t.step().answer(on)
	if !ok { // an option of a multiple choice: stays
		return nil
	}
	if a.Say != "" {
		t.note(a.Say, nil)
	}
	if a.Do == Withdraw || a.Do == Close {
		t.endCase(a.Do)
	}
	if a.Do == Revoke {
		t.revoke()
	}
	if to == End {
		return t.end(a)
	}
	return t.enter(to)
}

// enter comes to a state. An answer opened from the review leads back to it, after what
// belongs to that answer.
func (t *turn) enter(to string) error {
	d := &t.s.Draft
	if d.Editing && to != d.At && !t.machine().steps[to].Part {
		to, d.Editing = t.afterEdit(), false
	}
	if to == d.At {
		return nil
	}
	d.Trail = append(slices.Clip(d.Trail), d.At)
	if s := t.machine().steps[to]; s.Say != "" {
		t.note(s.Say, nil)
	}
	t.place(to)
	return t.pass()
}

// afterEdit is where an answer opened from the review leads: back to it, or to the question who may read when
// the answer has changed who can.
func (t *turn) afterEdit() string {
	m := t.machine()
	if m.consent != "" && len(t.s.Draft.Answers["consent"]) == 0 {
		return m.consent
	}
	return m.review
}

// place puts the draft at a state; a state that is on the trail already is gone back to. An answer
// opened from the review is not: the trail leads on from the review.
func (t *turn) place(at string) {
	d := &t.s.Draft
	if m := t.machine(); at == m.review || m.steps[at].From == FromFields {
		d.Editing = false
	}
	if i := slices.Index(d.Trail, at); i >= 0 && !d.Editing {
		d.Trail = d.Trail[:i]
	}
	d.At, d.Page, d.Offered = at, 0, nil
	if t.step().From == FromClock {
		d.Begun = t.in.At
	}
	t.arrived()
}

// pass goes through questions that need not be asked.
func (t *turn) pass() error {
	for t.known() {
		to, err := t.next(Known)
		if err != nil {
			return err
		}
		t.place(to)
	}
	return nil
}

// known says whether the question's answer is known already.
func (t *turn) known() bool {
	if _, ok := t.step().answer(Known); !ok {
		return false
	}
	switch t.s.Draft.At {
	case atLanguage:
		return t.languageKnown()
	case atNotice:
		return t.s.Noticed
	default:
		return false
	}
}

// languageKnown says whether the person need not be asked for a language: it is sure, or there is only one.
func (t *turn) languageKnown() bool {
	return t.s.Chosen || len(t.e.directory.Languages()) < 2
}

// arrived takes up what waits when the menu is come back to.
func (t *turn) arrived() {
	if t.home() && t.s.Draft.At == atMenu && len(t.s.Parked) > 0 {
		t.unpark()
	}
}

// back restores the question before, with its answer marked.
func (t *turn) back() error {
	if _, ok := t.step().answer("nav:back"); ok {
		return t.fire("nav:back")
	}
	d := &t.s.Draft
	for len(d.Trail) > 0 {
		last := d.Trail[len(d.Trail)-1]
		d.Trail = d.Trail[:len(d.Trail)-1]
		if t.machine().steps[last] != nil && last != d.At {
			t.place(last)
			return nil
		}
	}
	if t.home() {
		t.place(atMenu)
		return nil
	}
	return t.cancel()
}

// cancel leaves a conversation; what was written is asked about first.
func (t *turn) cancel() error {
	d := &t.s.Draft
	switch {
	case d.At == atCancel:
		return nil
	case d.Flow == FlowAfter:
		return t.end(Answer{Do: Append})
	case t.home() && d.At != atMenu:
		t.place(atMenu)
		return nil
	case len(d.Items) > 0:
		d.Editing = false
		return t.enter(atCancel)
	case t.home():
		return nil
	}
	t.note("note.left", nil)
	return t.end(Answer{Do: Discard})
}

// end closes the draft.
func (t *turn) end(a Answer) error {
	d := t.s.Draft
	switch {
	case a.Begin != "":
		return t.begin(a.Begin, d.Case)
	case a.Do == Submit:
		t.do(Submit, d)
		t.s.SentTurn = t.s.Turn
		t.s.Draft = t.e.later(d)
		t.closing = &Text{Key: "page.sending"}
		return nil
	case a.Do == Wipe:
		t.wipe()
		return nil
	case a.Do == Append:
		if !t.append(d) {
			t.refuse(d)
			return nil
		}
		t.s.SentTurn = t.s.Turn
	case a.Do == Discard && d.anything():
		t.do(Discard, d)
	}
	t.leave()
	return nil
}

// anything says whether a draft holds an answer or an item.
func (d Draft) anything() bool { return len(d.Items) > 0 || len(d.Answers) > 0 }

// leave goes to the menu, or to what was waiting.
func (t *turn) leave() {
	t.s.Draft = Draft{Flow: FlowHome, At: atMenu}
	t.arrived()
}

// wipe forgets everything but the language, which the closing line needs, and the
// turn, so that no old button fits. What was not sent is lost, as the question says.
func (t *turn) wipe() {
	t.do(Wipe, t.s.Draft)
	t.s = Session{Language: t.s.Language, Chosen: t.s.Chosen, Turn: t.s.Turn}
	t.s.Draft = Draft{Flow: FlowHome, At: atMenu}
	t.notes, t.closing = nil, &Text{Key: "page.wiped"}
}

// endCase takes back or closes the case that is shown.
func (t *turn) endCase(kind EffectKind) {
	code := t.s.Draft.Case
	state := withdrawn
	if kind == Close {
		state = closed
	}
	t.s.Cases = slices.Clone(t.s.Cases)
	for i := range t.s.Cases {
		if t.s.Cases[i].Code == code {
			t.s.Cases[i].State, t.s.Cases[i].At = state, t.in.At
		}
	}
	t.doing = append(t.doing, Effect{Kind: kind, Case: code})
	t.discardFor(code)
}

// discardFor throws away what was not sent to a case: it takes no more.
func (t *turn) discardFor(code string) {
	var parked []Draft
	for _, d := range t.s.Parked {
		switch {
		case d.Case != code:
			parked = append(parked, d)
		case d.anything():
			t.do(Discard, d)
		}
		if d.Case == code && len(d.Items) > 0 {
			t.note("note.not_added", map[string]any{"Code": code})
		}
	}
	t.s.Parked = parked
}
