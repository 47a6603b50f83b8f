package bot

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// owning is a bench whose defender has sent a case to Lima.
func owning(t testing.TB) *bench0 {
	b := waitingFor(t, flows.Case{Flow: flows.FlowThreat, Lane: "urgent", Country: "PE", Desks: []string{"lima"}, Names: []string{"British Embassy Lima"},
		Documents: 1, Others: []string{"fld", "pbi"}}, flows.Quiet{})
	s := b.state()
	s.Agreed = map[string][]string{"AAAA-BBBB": {"mission"}}
	b.record(s)
	return b
}

// heard takes a piece of news and returns the message that tells it.
func (b *bench0) heard(t testing.TB, n referrals.News) call {
	t.Helper()
	b.news(n)
	for _, c := range b.taken() {
		if c.Method == "sendMessage" && !c.Screen {
			return c
		}
	}
	t.Fatal("nothing was said")
	return call{}
}

// suggesting is the question that a desk has for a defender.
func suggesting(about, by string, copied bool) referrals.News {
	return referrals.News{Code: "AAAA-BBBB", Desk: by, At: noon, Question: &referrals.Question{Field: "consent", About: about, By: by, For: "legal", Copy: copied, At: noon}}
}

func (b *bench0) theCase() flows.Case { return b.state().Session.Cases[0] }

func TestASuggestionIsPutWithItsNames(t *testing.T) {
	for _, copied := range []bool{false, true} {
		c := owning(t).heard(t, suggesting("fld", "lima", copied))
		for _, part := range []string{"Front Line Defenders", "British Embassy Lima", "AAAA-BBBB", "Legal"} {
			if !strings.Contains(c.text(), part) {
				t.Errorf("copy %v: no %s in %q", copied, part, c.text())
			}
		}
		if !slices.Equal(c.buttons(), []string{"consent:fld#AAAA-BBBB", "consent:none#AAAA-BBBB"}) || strings.Contains(c.text(), "sealed copy") != copied {
			t.Errorf("copy %v: %q", copied, c.buttons())
		}
	}
}

func TestAYesToASuggestion(t *testing.T) {
	b := owning(t)
	b.heard(t, suggesting("fld", "lima", false))
	calls := b.take(pressOn(31, "consent:fld#AAAA-BBBB"))
	got := happenedTo(t, b.last)
	if len(got) != 1 || got[0].Kind != referrals.WasAnswered || got[0].Answer != "fld" || *got[0].Question != (referrals.Question{Field: "consent", About: "fld", By: "lima", At: noon}) {
		t.Fatalf("%+v", got)
	}
	if len(b.last.Documents) > 0 {
		t.Error("the line sealed what it cannot know")
	}
	c := b.theCase()
	if !slices.Equal(c.Desks, []string{"lima", "fld"}) || !slices.Equal(b.state().Agreed["AAAA-BBBB"], []string{"mission", "fld"}) {
		t.Errorf("%v, agreed %v", c.Desks, b.state().Agreed)
	}
	if edit, ok := find(calls, "editMessageText"); !ok || len(edit.buttons()) > 0 || !strings.Contains(edit.text(), "Front Line Defenders") {
		t.Errorf("the question stays: %q", methods(calls))
	}
	calls = b.take(pressOn(31, "consent:fld#AAAA-BBBB"), pressOn(31, "consent:none#AAAA-BBBB"))
	if len(happenedTo(t, b.last)) > 0 || len(calls) != 2 {
		t.Errorf("pressed again: %+v", happenedTo(t, b.last))
	}
}

func TestANoToASuggestion(t *testing.T) {
	b := owning(t)
	b.heard(t, suggesting("fld", "lima", false))
	b.take(pressOn(31, "consent:none#AAAA-BBBB"))
	if got := happenedTo(t, b.last); len(got) != 1 || got[0].Answer != "none" || got[0].Question.About != "fld" {
		t.Fatalf("%+v", got)
	}
	if c := b.theCase(); !slices.Equal(c.Desks, []string{"lima"}) || len(b.state().Agreed["AAAA-BBBB"]) != 1 {
		t.Errorf("%v", c.Desks)
	}
}

// A button that answers no open question changes nothing, whoever presses it and whenever.
func TestConsentThatNobodyAskedFor(t *testing.T) {
	for name, prepare := range map[string]func(b *bench0){
		"never asked":       func(*bench0) {},
		"another desk":      func(b *bench0) { b.heard(t, suggesting("pbi", "lima", false)) },
		"after withdrawal":  func(b *bench0) { b.heard(t, suggesting("fld", "lima", false)); withState(b, "withdrawn") },
		"after it was over": func(b *bench0) { b.heard(t, suggesting("fld", "lima", false)); withState(b, "closed") },
	} {
		b := owning(t)
		prepare(b)
		before := b.theCase().Desks
		calls := b.take(pressOn(31, "consent:fld#AAAA-BBBB"))
		if toastOf(t, calls) == "" || len(happenedTo(t, b.last)) > 0 || len(b.last.Documents) > 0 || !slices.Equal(b.theCase().Desks, before) {
			t.Errorf("%s: %q", name, methods(calls))
		}
	}
	b := newBench(t) // a stranger, or a chat that was wiped
	if calls := b.take(pressOn(31, "consent:fld#AAAA-BBBB")); len(calls) != 1 || len(b.last.Errands) != 1 || b.last.State != nil {
		t.Errorf("a stranger: %q", methods(calls))
	}
}

func withState(b *bench0, state string) {
	s := b.state()
	s.Session.Cases[0].State = state
	b.record(s)
}

var silence = referrals.News{Code: "AAAA-BBBB", State: "unanswered", At: noon.Add(time.Hour)}

func TestAfterSilenceOneMoreDeskIsAskedAbout(t *testing.T) {
	b := owning(t)
	c := b.heard(t, silence)
	if !slices.Equal(c.buttons(), []string{"consent:headquarters#AAAA-BBBB", "consent:fld#AAAA-BBBB", "consent:none#AAAA-BBBB"}) {
		t.Fatalf("%q", c.buttons())
	}
	for _, part := range []string{"Human Rights Desk", "Front Line Defenders", "AAAA-BBBB"} {
		if !strings.Contains(c.text(), part) {
			t.Errorf("no %s in %q", part, c.text())
		}
	}
	for name, tt := range map[string]struct {
		prepare func(b *bench0, c *flows.Case)
		want    []string
	}{
		"headquarters was chosen":   {func(_ *bench0, c *flows.Case) { c.Desks = append(c.Desks, "headquarters") }, []string{"fld"}},
		"headquarters is unusable":  {func(b *bench0, _ *flows.Case) { b.glass.dead["headquarters"] = true }, []string{"fld"}},
		"the next takes nothing":    {func(b *bench0, _ *flows.Case) { b.dir.Desk("fld").Accepting = false }, []string{"headquarters", "pbi"}},
		"the next was refused":      {func(_ *bench0, c *flows.Case) { c.Refused = []string{"fld"} }, []string{"headquarters", "pbi"}},
		"the next is gone":          {func(_ *bench0, c *flows.Case) { c.Others = []string{"gone", "pbi"} }, []string{"headquarters", "pbi"}},
		"no organisation was left":  {func(_ *bench0, c *flows.Case) { c.Others = nil }, []string{"headquarters"}},
		"nobody is left: only told": {func(b *bench0, c *flows.Case) { c.Others, c.Refused = nil, []string{"headquarters"} }, nil},
	} {
		b := owning(t)
		s := b.state()
		tt.prepare(b, &s.Session.Cases[0])
		b.record(s)
		c := b.heard(t, silence)
		var got []string
		for _, data := range c.buttons() {
			if v := strings.TrimSuffix(strings.TrimPrefix(data, "consent:"), "#AAAA-BBBB"); v != "none" {
				got = append(got, v)
			}
		}
		if !slices.Equal(got, tt.want) || len(tt.want) == 0 && !strings.Contains(c.text(), "/start") {
			t.Errorf("%s: asks about %v, want %v", name, got, tt.want)
		}
	}
}

// A yes to headquarters after silence tells it at once that the case exists, and no more, and asks the person what it should know.
func TestAYesAfterSilence(t *testing.T) {
	b := owning(t)
	b.heard(t, silence)
	calls := b.take(pressOn(31, "consent:headquarters#AAAA-BBBB"))
	if got := happenedTo(t, b.last); len(got) != 1 || got[0].Answer != "headquarters" || got[0].Question.By != "" {
		t.Fatalf("%+v", got)
	}
	if d := b.last.Documents; len(d) != 1 || d[0].Desk != "headquarters" || d[0].Name != "AAAA-BBBB.asc" || d[0].Case != "AAAA-BBBB" {
		t.Fatalf("%+v", d)
	}
	text := string(b.glass.sealed["headquarters"])
	_, rest, _ := strings.Cut(text, beginJSON+"\n")
	raw, _, _ := strings.Cut(rest, endJSON)
	var doc map[string]any
	if err := json.Unmarshal([]byte(raw), &doc); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"code": "AAAA-BBBB", "time": noon.UTC().Format(time.RFC3339), "lane": "urgent", "desk": "headquarters", "conversation": "threat",
		"document": 1.0, "consent": []any{"mission", "headquarters"}, "language": "en", "country": "PE", "notice": "exists"}
	if g, w := mustJSON(t, doc), mustJSON(t, want); g != w {
		t.Errorf("\n got %s\nwant %s", g, w)
	}
	s := b.state()
	if d := s.Session.Draft; d.Flow != flows.FlowAdd || d.Case != "AAAA-BBBB" || len(s.Session.Cases[0].Questions) > 0 {
		t.Errorf("in the middle of %s, open %+v", d.Flow, s.Session.Cases[0].Questions)
	}
	screens, edited := 0, false
	for _, c := range calls {
		if c.Screen {
			screens++
		}
		edited = edited || c.Method == "editMessageText" && !c.Screen && len(c.buttons()) == 0
	}
	if screens != 1 || !edited {
		t.Errorf("%d screens, question edited: %v, %q", screens, edited, methods(calls))
	}

	b.take(say(40, canary+" for them"))
	b.take(pressOn(41, "nav:done"))
	b.take(pressOn(42, "review:send"))
	var desks []string
	for _, d := range b.last.Documents {
		desks = append(desks, d.Desk+" "+d.Name)
	}
	if !slices.Equal(desks, []string{"lima AAAA-BBBB.2.asc", "headquarters AAAA-BBBB.2.asc"}) || !strings.Contains(string(b.glass.sealed["headquarters"]), canary) {
		t.Errorf("what was written then is sealed as %v", desks)
	}
	if c := b.heard(t, referrals.News{Code: "AAAA-BBBB", State: "unanswered", At: noon.Add(3 * time.Hour)}); !slices.Equal(c.buttons(),
		[]string{"consent:fld#AAAA-BBBB", "consent:none#AAAA-BBBB"}) {
		t.Errorf("headquarters silent too: %q", c.buttons())
	}
}

func mustJSON(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestANoAfterSilenceIsNotAskedAgain(t *testing.T) {
	b := owning(t)
	b.heard(t, silence)
	b.take(pressOn(31, "consent:none#AAAA-BBBB"))
	if c := b.theCase(); !slices.Equal(c.Refused, []string{"headquarters", "fld"}) || len(c.Questions) > 0 || !slices.Equal(c.Desks, []string{"lima"}) {
		t.Fatalf("%+v", c)
	}
	if len(b.last.Documents) > 0 || b.state().Session.Draft.Flow == flows.FlowAdd {
		t.Error("something was begun")
	}
	c := b.heard(t, referrals.News{Code: "AAAA-BBBB", State: "unanswered", At: noon.Add(3 * time.Hour)})
	if !slices.Equal(c.buttons(), []string{"consent:pbi#AAAA-BBBB", "consent:none#AAAA-BBBB"}) {
		t.Errorf("asked again about %q", c.buttons())
	}
}

func TestAYesThatSomebodyOvertook(t *testing.T) {
	b := owning(t)
	b.heard(t, silence)
	b.heard(t, referrals.News{Code: "AAAA-BBBB", State: "read", Desk: "lima", At: noon.Add(2 * time.Hour)})
	calls := b.take(pressOn(31, "consent:headquarters#AAAA-BBBB"))
	if toast := toastOf(t, calls); !strings.Contains(toast, "has read") || len(happenedTo(t, b.last)) > 0 || len(b.last.Documents) > 0 {
		t.Errorf("%q, %+v", toast, b.last.Documents)
	}
}

// When nothing can be sealed for the desk, nothing is agreed to, and the question stays.
func TestAYesThatCannotBeFollowed(t *testing.T) {
	b := owning(t)
	b.heard(t, silence)
	b.glass.late["headquarters"] = true
	calls := b.take(pressOn(31, "consent:headquarters#AAAA-BBBB"))
	if len(happenedTo(t, b.last)) > 0 || len(b.last.Documents) > 0 || len(b.theCase().Questions) != 2 || !slices.Equal(b.theCase().Desks, []string{"lima"}) {
		t.Fatalf("%+v", b.theCase())
	}
	if c, ok := find(calls, "sendMessage"); !ok || c.Screen || !strings.Contains(c.text(), "Human Rights Desk") {
		t.Errorf("%q", methods(calls))
	}
	if _, edited := find(calls, "editMessageText"); edited || b.state().Session.Draft.Flow == flows.FlowAdd {
		t.Error("the question was answered all the same")
	}
	b.glass.late = map[string]bool{}
	b.take(pressOn(31, "consent:headquarters#AAAA-BBBB"))
	if len(happenedTo(t, b.last)) != 1 || len(b.last.Documents) != 1 {
		t.Error("pressed again when it can be followed")
	}
}

// The same where an organisation that a desk suggested was taken out of the configuration before the yes: nothing is said to be agreed to.
func TestAYesToAnOrganisationThatIsGone(t *testing.T) {
	b := owning(t)
	s := b.state()
	s.Session.Cases[0].Questions = []flows.Question{{Field: referrals.ConsentField, About: "gone", By: "lima", Name: "Gone Elsewhere", At: noon}}
	b.record(s)
	calls := b.take(pressOn(31, "consent:gone#AAAA-BBBB"))
	if _, edited := find(calls, "editMessageText"); edited || len(happenedTo(t, b.last)) > 0 || len(b.theCase().Questions) != 1 {
		t.Errorf("%q, %+v", methods(calls), b.theCase())
	}
	if c, ok := find(calls, "sendMessage"); !ok || !strings.Contains(c.text(), "Gone Elsewhere") {
		t.Errorf("%q", methods(calls))
	}
}

// In the middle of something else, that waits.
func TestAYesInTheMiddleOfSomethingElse(t *testing.T) {
	b := owning(t)
	b.heard(t, silence)
	b.take(say(20, "/threat"))
	b.take(pressOn(31, "consent:fld#AAAA-BBBB"))
	s := b.state().Session
	if s.Draft.Flow != flows.FlowAdd || len(s.Parked) != 1 || s.Parked[0].Flow != flows.FlowThreat {
		t.Errorf("in the middle of %s, waiting %+v", s.Draft.Flow, s.Parked)
	}
}

func TestWhoElseCouldHaveBeenChosenIsRemembered(t *testing.T) {
	b := newBench(t)
	for desks, want := range map[string]string{"lima": "fld", "lima fld": "", "": "fld"} {
		tn := &turn{turner: b.turner}
		d := flows.Draft{Flow: flows.FlowThreat, Answers: map[string][]string{"country": {"PE"}, "need": {"legal"}}}
		if got := strings.Join(tn.othersThan(d, strings.Fields(desks)), " "); got != want {
			t.Errorf("beside %q: %q, want %q", desks, got, want)
		}
		d.Flow = flows.FlowContact
		if got := tn.othersThan(d, nil); len(got) > 0 {
			t.Errorf("in a request for contact: %v", got)
		}
	}
}
