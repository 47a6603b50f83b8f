package flows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// stored is a session as it comes back from the store.
func stored(t interface{ Fatal(...any) }, s Session) Session {
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back Session
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// walk is a random conversation and what must hold of it.
type walk struct {
	t     *rapid.T
	e     *Engine
	s     Session
	sent  int
	codes int
	// patient goes through the questions that can be left out.
	patient bool
	// kept are the words that were sent and must be somewhere.
	kept map[string]bool
	// gone are those that were sent to a case.
	gone map[string]bool
}

// input draws what a person may do next: mostly what the screen offers.
func (w *walk) input() Input {
	screen := w.e.Show(w.s).Screen
	in := Input{At: noon}
	switch rapid.IntRange(0, 15).Draw(w.t, "kind") {
	case 0:
		in.Kind = Command
		in.Value = rapid.SampledFrom([]string{"start", "help", "language", "cases", "cancel", "wipe", "privacy", "emergency",
			"verify", "settings", "threat", "contact", "nonsense"}).Draw(w.t, "command")
	case 1:
		in.Kind = rapid.SampledFrom([]InputKind{Unsupported, "", "new"}).Draw(w.t, "odd")
	case 2, 3, 4:
		w.sent++
		in.Kind = rapid.SampledFrom([]InputKind{Words, Attachment, Location}).Draw(w.t, "what")
		in.Item = Item{Text: fmt.Sprintf("<%d>", w.sent), Message: w.sent}
		in.Unseen = rapid.Bool().Draw(w.t, "unseen")
		in.Countries = rapid.SampledFrom([][]string{nil, {"PE"}, {"CL", "PE"}}).Draw(w.t, "countries")
	case 5:
		in.Kind = Edited
		in.Item = Item{Message: rapid.IntRange(0, w.sent+1).Draw(w.t, "message")}
		in.Item.Text = fmt.Sprintf("<%d>", in.Item.Message)
	case 6:
		in.Kind, in.Field, in.Value = Press, rapid.SampledFrom([]string{"nav", "menu", "consent", "review", "safe", "wipe"}).Draw(w.t, "field"),
			rapid.SampledFrom([]string{"send", "back", "done", "mission", "none", "yes", "edit:account", "edit:nothing"}).Draw(w.t, "value")
	default:
		b := w.button(screen)
		in.Kind, in.Field, in.Value = Press, b.Field, b.Value
		in.Token = rapid.SampledFrom([]string{"", token(w.s.Turn), token(w.s.Turn) + mark, token(w.s.Turn) + unmark, token(w.s.Turn + 1), "zz"}).Draw(w.t, "token")
	}
	return in
}

// button draws one that is shown.
func (w *walk) button(s Screen) Button {
	all := shown(s)
	if len(all) == 0 {
		return Button{Field: "nav", Value: "back"}
	}
	return rapid.SampledFrom(all).Draw(w.t, "button")
}

func shown(s Screen) []Button {
	var all []Button
	for _, row := range s.Rows {
		for _, b := range row {
			if b.URL == "" {
				all = append(all, b)
			}
		}
	}
	return all
}

// step does it and checks what must hold of every step.
func (w *walk) step(in Input) {
	before, _ := json.Marshal(w.s)
	out, err := w.e.Step(w.s, in)
	if err != nil {
		w.t.Fatalf("at %s/%s: %v", w.s.Draft.Flow, w.s.Draft.At, err)
	}
	if after, _ := json.Marshal(w.s); !bytes.Equal(before, after) {
		w.t.Fatalf("the session given was changed at %s/%s by %+v", w.s.Draft.Flow, w.s.Draft.At, in)
	}
	if in.Item.Text != "" && in.Kind != Edited {
		w.kept[in.Item.Text] = true
	}
	w.stale(in, out)
	w.nothingLost(in, out)
	w.screen(out)
	w.sentOnce(out)
	if command := in.Kind == Command && in.Value != atWipe; command && w.e.Waiting(out.Session) {
		w.t.Fatalf("/%s left answers waiting at %s/%s", in.Value, out.Session.Draft.Flow, out.Session.Draft.At)
	}
	w.s = stored(w.t, out.Session)
	for _, e := range out.Effects {
		w.effect(e)
	}
}

// stale proves that a press of what is not shown, or of an older screen, changes nothing.
func (w *walk) stale(in Input, out Outcome) {
	if in.Kind != Press {
		return
	}
	here := slices.ContainsFunc(shown(w.e.Show(w.s).Screen), func(b Button) bool { return b.Field == in.Field && b.Value == in.Value })
	fresh := in.Token == "" || strings.TrimRight(in.Token, mark+unmark) == token(w.s.Turn)
	if out.Stale == (here && fresh) {
		w.t.Fatalf("a press of %s:%s#%s was judged stale=%v at %s/%s", in.Field, in.Value, in.Token, out.Stale, w.s.Draft.Flow, w.s.Draft.At)
	}
	if out.Stale && (!reflect.DeepEqual(out.Session, w.e.Show(w.s).Session) || len(out.Effects) > 0 || out.Toast.Key == "") {
		w.t.Fatalf("a stale press changed something or said nothing: %+v", in)
	}
}

// nothingLost proves that all words are in a draft or in an effect, or that the person was told.
func (w *walk) nothingLost(in Input, out Outcome) {
	here := w.words(append(slices.Clone(out.Session.Parked), out.Session.Draft))
	told := in.Kind == Location || in.Kind == Words // a country at the missions is no account
	told = told && w.s.Draft.Flow == FlowHome
	for _, n := range out.Screen.Notes {
		told = told || slices.Contains([]string{"note.removed", "note.replaced", "note.full"}, n.Key)
	}
	for _, e := range out.Effects {
		for text := range w.words([]Draft{e.Draft}) {
			delete(w.kept, text)
		}
		told = told || e.Kind == Wipe
	}
	for text := range w.kept {
		if !here[text] && !told {
			w.t.Fatalf("%s was lost at %s/%s by %+v", text, w.s.Draft.Flow, w.s.Draft.At, in)
		}
		if !here[text] {
			delete(w.kept, text)
		}
	}
}

// sentOnce proves that what goes to a case goes there once, to one that takes additions, and that a wipe sends nothing.
func (w *walk) sentOnce(out Outcome) {
	here := w.words(append(slices.Clone(out.Session.Parked), out.Session.Draft))
	for _, e := range out.Effects {
		if e.Kind != Append && e.Kind != Submit {
			continue
		}
		for text := range w.words([]Draft{e.Draft}) {
			if w.gone[text] || here[text] {
				w.t.Fatalf("%s was sent again, or is kept beside what was sent", text)
			}
			w.gone[text] = true
		}
		if e.Kind == Append {
			w.appended(e, out)
		}
	}
}

// appended proves of one addition that there is something in it and that its case may have it.
func (w *walk) appended(e Effect, out Outcome) {
	open := slices.ContainsFunc(w.s.Cases, func(c Case) bool { return c.Code == e.Case && c.State != "withdrawn" && c.State != "closed" })
	wiped := slices.ContainsFunc(out.Effects, func(e Effect) bool { return e.Kind == Wipe })
	if !open || wiped || e.Case != e.Draft.Case || len(e.Draft.Items) == 0 && len(e.Draft.Answers) == 0 {
		w.t.Fatalf("an addition to %q that must not be: %+v, wiped: %v", e.Case, e.Draft.Answers, wiped)
	}
}

// meanwhile lets a desk do something, or the person fall silent.
func (w *walk) meanwhile() {
	if len(w.s.Cases) > 0 && rapid.IntRange(0, 9).Draw(w.t, "news") == 0 {
		c := rapid.SampledFrom(w.s.Cases).Draw(w.t, "case")
		state := rapid.SampledFrom([]string{"read", "completed", "closed", "withdrawn"}).Draw(w.t, "state")
		w.s, _, _ = w.e.News(w.s, c.Code, state, "Lima", rapid.IntRange(0, 3).Draw(w.t, "number"), noon)
	}
	if rapid.IntRange(0, 4).Draw(w.t, "silent") > 0 {
		return
	}
	out := w.e.Flush(w.s)
	w.sentOnce(out)
	ended := noted(out, "note.not_added")
	if w.s.Draft.At != atWipe && w.e.Waiting(out.Session) || len(out.Effects) > 0 != w.e.Waiting(w.s) && !ended {
		w.t.Fatalf("silence at %s/%s: %d effects, waiting %v", w.s.Draft.Flow, w.s.Draft.At, len(out.Effects), w.e.Waiting(out.Session))
	}
	if !ended && (out.Session.Turn != w.s.Turn || out.Session.Draft.At != w.s.Draft.At || out.Session.Draft.Flow != w.s.Draft.Flow) {
		w.t.Fatalf("silence moved the question from %s/%s", w.s.Draft.Flow, w.s.Draft.At)
	}
	w.forgetSent(out)
	w.s = stored(w.t, out.Session)
}

// forgetSent takes what was sent, or thrown away aloud, from the words that must be somewhere.
func (w *walk) forgetSent(out Outcome) {
	for _, e := range out.Effects {
		for text := range w.words([]Draft{e.Draft}) {
			delete(w.kept, text)
		}
	}
}

func (w *walk) words(drafts []Draft) map[string]bool {
	found := map[string]bool{}
	for _, d := range drafts {
		for _, it := range d.Items {
			found[it.Text] = true
		}
	}
	return found
}

// screen proves what holds of every screen: it can be left, and its buttons fit.
func (w *walk) screen(out Outcome) {
	d := out.Session.Draft
	back := out.Screen.Ask.Key == "page.wiped" || out.Screen.Ask.Key == "page.sending" || d.Flow == FlowHome && (d.At == atMenu || d.At == atLanguage)
	for _, b := range shown(out.Screen) {
		back = back || b.Field == "nav" && b.Value == "back"
		if data := b.Field + ":" + b.Value + "#" + token(1<<40); len(data) > 64 {
			w.t.Fatalf("%q is longer than 64 bytes", data)
		}
	}
	if !back {
		w.t.Fatalf("no way back from %s/%s", d.Flow, d.At)
	}
}

// effect proves that nothing is sent without a consent, and plays the line.
func (w *walk) effect(e Effect) {
	if e.Kind != Submit {
		return
	}
	consents := e.Draft.Answers["consent"]
	offered := w.e.directory.Consents(e.Draft.Flow, e.Draft.first("country"), "en", e.Draft.Answers)
	for _, v := range consents {
		if !slices.ContainsFunc(offered, func(r Recipient) bool { return r.Value == v }) {
			w.t.Fatalf("sent to %q, which is not offered", v)
		}
	}
	if len(consents) == 0 || e.Draft.first("country") == "" || e.Draft.first("safe") != "yes" || e.Draft.count("account") == 0 {
		w.t.Fatalf("sent without what is required: %+v", e.Draft.Answers)
	}
	w.codes++
	c := Case{Code: fmt.Sprintf("TEST-%04d", w.codes), Flow: e.Draft.Flow, SentAt: noon, State: "sent"}
	out := w.e.Sent(w.s, c)
	w.screen(out)
	w.s = stored(w.t, out.Session)
}

// backHome proves that Back leads out of wherever the walk is, question by question.
func (w *walk) backHome() {
	s := w.s
	for range 60 {
		if s.Draft.Flow == FlowHome && (s.Draft.At == atMenu || s.Draft.At == atLanguage) || s.Draft.At == atCancel || s.Draft.Flow == "" {
			return
		}
		flow, trail, editing := s.Draft.Flow, len(s.Draft.Trail), s.Draft.Editing
		out, err := w.e.Step(s, Input{Kind: Press, Field: "nav", Value: "back", At: noon})
		if err != nil || out.Stale {
			w.t.Fatalf("Back does not work at %s/%s: %v", s.Draft.Flow, s.Draft.At, err)
		}
		s = out.Session
		if s.Draft.Flow == flow && s.Draft.At != atCancel && s.Draft.At != atMenu && len(s.Draft.Trail) >= trail && !editing {
			w.t.Fatalf("Back leads nowhere at %s/%s", s.Draft.Flow, s.Draft.At)
		}
	}
	w.t.Fatalf("Back never ends, at %s/%s", s.Draft.Flow, s.Draft.At)
}

// preferred are the presses of somebody who wants to be done.
var preferred = []string{"review:send", "nav:done", "nav:skip", "notice:understood", "safe:yes", "peaceful:yes", "reach:here"}

// toEnd proves that the conversation can be ended from wherever the walk is.
func (w *walk) toEnd() {
	s := w.s
	for range 80 {
		if s.Draft.Flow == FlowHome || s.Draft.Flow == "" {
			return
		}
		in := w.forward(s)
		out, err := w.e.Step(s, in)
		if err != nil || out.Stale {
			w.t.Fatalf("%+v does not lead on at %s/%s: %v", in, s.Draft.Flow, s.Draft.At, err)
		}
		if len(out.Effects) > 0 {
			return
		}
		s = out.Session
	}
	w.t.Fatalf("no end in sight at %s/%s", s.Draft.Flow, s.Draft.At)
}

// forward is what somebody does who wants to be done.
func (w *walk) forward(s Session) Input {
	buttons := shown(w.e.Show(s).Screen)
	has := func(field, value string) bool {
		return slices.ContainsFunc(buttons, func(b Button) bool { return b.Field == field && b.Value == value })
	}
	if has("consent", "none") && (len(s.Draft.Answers["consent"]) == 0 || s.Draft.first("consent") == "none") {
		return Input{Kind: Press, Field: "consent", Value: buttons[0].Value, At: noon}
	}
	wishes := preferred
	if w.patient {
		wishes = append([]string{"nav:skip"}, preferred...)
	}
	for _, p := range wishes {
		field, value, _ := strings.Cut(p, ":")
		if has(field, value) {
			return Input{Kind: Press, Field: field, Value: value, At: noon}
		}
	}
	if buttons[0].Field == "nav" {
		return Input{Kind: Words, Item: Item{Text: "words"}, At: noon}
	}
	return Input{Kind: Press, Field: buttons[0].Field, Value: buttons[0].Value, At: noon}
}

// ahead goes some questions on, or to the review and into one of its answers.
func (w *walk) ahead(toReview bool) {
	for range rapid.IntRange(0, 30).Draw(w.t, "ahead") {
		if w.s.Draft.Flow != FlowHome && !w.canEdit() {
			w.step(w.forward(w.s))
		}
	}
	for range 40 {
		if !toReview || w.s.Draft.Flow == FlowHome {
			return
		}
		if w.canEdit() {
			w.step(Input{Kind: Press, Field: "review", Value: "edit", At: noon})
			b := w.button(w.e.Show(w.s).Screen)
			w.step(Input{Kind: Press, Field: b.Field, Value: b.Value, At: noon})
			return
		}
		w.step(w.forward(w.s))
	}
	w.t.Fatalf("the review was not reached, at %s/%s", w.s.Draft.Flow, w.s.Draft.At)
}

// send goes on until the questions after an emergency are asked.
func (w *walk) send() {
	for range 40 {
		if w.s.Draft.Flow != FlowEmergency {
			return
		}
		w.step(w.forward(w.s))
	}
	w.t.Fatalf("the emergency was not sent, at %s", w.s.Draft.At)
}

// canEdit says that the review is shown.
func (w *walk) canEdit() bool {
	return slices.ContainsFunc(shown(w.e.Show(w.s).Screen), func(b Button) bool { return b.Value == "edit" })
}

// TestAnyConversation walks through the conversations at random.
func TestAnyConversation(t *testing.T) {
	e := newEngine(t, fakeDirectory{languages: []string{"en", "es"}, many: true})
	rapid.Check(t, func(rt *rapid.T) {
		w := &walk{t: rt, e: e, kept: map[string]bool{}, gone: map[string]bool{}, patient: rapid.Bool().Draw(rt, "patient")}
		if rapid.Bool().Draw(rt, "begun") {
			w.s = Session{Language: "en", Noticed: true}
			flow := rapid.SampledFrom([]string{FlowEmergency, FlowThreat, FlowContact}).Draw(rt, "flow")
			w.step(Input{Kind: Command, Value: flow, At: noon})
			w.ahead(rapid.Bool().Draw(rt, "to the review"))
			if flow == FlowEmergency && rapid.Bool().Draw(rt, "sent") {
				w.send()
			}
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			w.step(w.input())
			w.meanwhile()
		}
		w.backHome()
		w.toEnd()
	})
}

// FuzzStep proves that no session, however it came to be, and no input make the engine fail.
func FuzzStep(f *testing.F) {
	f.Add([]byte(`{"t":1,"d":{"f":"emergency","a":"safe"}}`), "press", "safe", "yes", "", "")
	f.Add([]byte(`{"t":1,"n":true,"d":{"f":"threat","a":"review","tr":["x","edit"],"e":true,"pg":-4}}`), "words", "", "", "", "words")
	f.Add([]byte(`{"d":{"f":"home","a":"case","k":"AAAA-AAAA","e":true},"p":[{"f":"gone","a":"gone","i":[{"f":"x"}]}]}`), "press", "nav", "back", "0", "")
	f.Add([]byte(`{"d":{"f":"add","a":"cancel","o":["PE"]},"c":[{"c":"A","st":"read"}]}`), "command", "", "cases", "", "")
	e, err := New(fakeDirectory{many: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte, kind, field, value, token, text string) {
		var s Session
		if json.Unmarshal(raw, &s) != nil {
			return
		}
		in := Input{Kind: InputKind(kind), Field: field, Value: value, Token: token, Item: Item{Text: text, Message: len(text)}, Countries: []string{"PE"}, At: noon}
		out, err := e.Step(s, in)
		if err != nil {
			t.Fatalf("at %s/%s: %v", s.Draft.Flow, s.Draft.At, err)
		}
		for _, b := range shown(out.Screen) {
			if _, err := e.Step(out.Session, Input{Kind: Press, Field: b.Field, Value: b.Value, At: noon}); err != nil {
				t.Fatalf("%s:%s at %s/%s: %v", b.Field, b.Value, out.Session.Draft.Flow, out.Session.Draft.At, err)
			}
		}
		e.Expire(s)
	})
}
