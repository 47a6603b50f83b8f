package flows

import (
	"slices"
	"testing"
)

// answering is a session at the questions after an emergency, with an answer and words that wait.
func answering(state string) Session {
	return Session{Noticed: true, Cases: []Case{{Code: "K7QM-3XRP", State: state, SentAt: noon}},
		Draft: Draft{Flow: FlowAfter, At: "need", Case: "K7QM-3XRP", Trail: []string{"subject", "avoid"},
			Answers: map[string][]string{"subject": {"self"}},
			Items:   []Item{{Field: "avoid", Kind: ItemText, Text: "not the police", Message: 7}}}}
}

// TestFlush proves that silence sends what waits once, leaves the question and its buttons, and keeps no words.
func TestFlush(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), answering("sent")
	if !e.Waiting(s) {
		t.Fatal("nothing waits: the test proves nothing")
	}
	out := e.Flush(s)
	if len(out.Effects) != 1 || out.Effects[0].Kind != Append || out.Effects[0].Case != "K7QM-3XRP" || !noted(out, "note.added_now") {
		t.Fatalf("effects %+v, notes %v", out.Effects, out.Screen.Notes)
	}
	sent := out.Effects[0].Draft
	if len(sent.Items) != 1 || sent.Items[0].Message != 7 || sent.first("subject") != "self" || sent.Sent != nil || sent.SentItems != nil {
		t.Errorf("sent %+v", sent)
	}
	after := stored(t, out.Session)
	d := after.Draft
	if d.At != "need" || after.Turn != s.Turn || len(d.Items) > 0 || d.count("avoid") != 1 || d.first("subject") != "self" {
		t.Errorf("at %+v, turn %d", d, after.Turn)
	}
	if again := e.Flush(after); e.Waiting(after) || len(again.Effects) > 0 || len(again.Screen.Notes) > 0 {
		t.Errorf("sent again: %+v", again.Effects)
	}
	if len(s.Draft.Items) != 1 || s.Draft.Sent != nil {
		t.Error("the session given was changed")
	}
}

// TestChangedAnswers proves that an answer that changed is sent as it is now, and one chosen in another order is not.
func TestChangedAnswers(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), answering("sent")
	s.Draft.Answers = map[string][]string{"need": {"legal", "medical"}}
	s = e.Flush(s).Session
	s.Draft.Answers = map[string][]string{"need": {"medical", "legal"}}
	if e.Waiting(s) {
		t.Error("the same options in another order wait to be sent")
	}
	s.Draft.Answers = map[string][]string{"need": {"medical", "digital"}}
	out := e.Flush(s)
	if len(out.Effects) != 1 || !slices.Equal(out.Effects[0].Draft.Answers["need"], []string{"medical", "digital"}) || len(out.Effects[0].Draft.Items) > 0 {
		t.Errorf("sent %+v", out.Effects)
	}
}

// TestNotAdded proves that a case that is withdrawn, closed or not known gets nothing, whatever would send it, and
// that the person is told.
func TestNotAdded(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	acts := map[string]func(Session) Outcome{
		"silence":     e.Flush,
		"an aside":    func(s Session) Outcome { return mustStep(t, e, s, Input{Kind: Words, Item: Item{Text: "they came"}}) },
		"That is all": func(s Session) Outcome { return mustStep(t, e, s, Input{Kind: Press, Field: "nav", Value: "done"}) },
		"Stop":        func(s Session) Outcome { return mustStep(t, e, s, Input{Kind: Press, Field: "nav", Value: "cancel"}) },
		"a command":   func(s Session) Outcome { return mustStep(t, e, s, Input{Kind: Command, Value: "help"}) },
		"another":     func(s Session) Outcome { return mustStep(t, e, s, Input{Kind: Command, Value: FlowThreat}) },
		"a long time": func(s Session) Outcome { return e.Expire(s) },
	}
	for name, act := range acts {
		for _, state := range []string{"withdrawn", "closed", ""} {
			s := answering(state)
			if state == "" {
				s.Cases = nil
			}
			out := act(s)
			if slices.ContainsFunc(out.Effects, func(e Effect) bool { return e.Kind == Append }) {
				t.Errorf("%s sends to a case that is %q", name, state)
			}
			if !noted(out, "note.not_added") && !noted(out, "note.expired") {
				t.Errorf("%s at a case that is %q says %v", name, state, out.Screen.Notes)
			}
			if e.Waiting(out.Session) {
				t.Errorf("%s leaves something hidden for a case that is %q", name, state)
			}
		}
		if out := act(answering("completed")); out.Effects[0].Kind != Append {
			t.Errorf("%s does not send to a case that was completed: %+v", name, out.Effects)
		}
	}
}

// TestReturn proves that an addition that could not be sealed waits again, wherever its questions are by then.
func TestReturn(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), answering("sent")
	places := map[string]func(Session) Outcome{
		"asked":       e.Flush,
		"interrupted": func(s Session) Outcome { return mustStep(t, e, s, Input{Kind: Command, Value: "help"}) },
		"over":        func(s Session) Outcome { return mustStep(t, e, s, Input{Kind: Press, Field: "nav", Value: "done"}) },
	}
	for name, act := range places {
		out := act(s)
		before := stored(t, out.Session)
		back := stored(t, e.Return(out.Session, out.Effects[0].Draft))
		if !e.Waiting(back) {
			t.Errorf("%s: what was returned does not wait", name)
		}
		again := e.Flush(back)
		if len(again.Effects) != 1 || again.Effects[0].Draft.Items[0].Text != "not the police" || again.Effects[0].Draft.first("subject") != "self" {
			t.Errorf("%s: sent again %+v", name, again.Effects)
		}
		if now := stored(t, out.Session); len(now.Parked) != len(before.Parked) || len(now.Draft.Items) != len(before.Draft.Items) || e.Waiting(now) {
			t.Errorf("%s: the session given was changed", name)
		}
	}
}

// TestWordsTheCaseHasCannotBeTakenOut proves that nobody is told that sent words were taken out.
func TestWordsTheCaseHasCannotBeTakenOut(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), answering("sent")
	s.Draft.At, s.Draft.Answers = "avoid", map[string][]string{"reach": {"phone"}}
	s.Draft.Items = []Item{{Field: "reach_detail", Kind: ItemText, Text: "900", Message: 7}}
	s.Draft.Trail = []string{"reach"}
	s = e.Flush(s).Session
	s = mustStep(t, e, s, Input{Kind: Press, Field: "nav", Value: "back"}).Session
	out := mustStep(t, e, s, Input{Kind: Press, Field: "reach", Value: "here"})
	if out.Stale || noted(out, "note.removed") || out.Session.Draft.count("reach_detail") != 0 {
		t.Errorf("notes %v, draft %+v", out.Screen.Notes, out.Session.Draft)
	}
}
