package flows

import (
	"slices"
	"testing"
	"time"
)

// fakeDirectory is a small configuration: Lima takes part for PE, nobody for CL, and MX has a
// mission whose key cannot be used.
type fakeDirectory struct {
	languages []string
	many      bool
}

func (f fakeDirectory) Countries(string) []string {
	list := []string{"PE", "CL", "MX", "CO"}
	if f.many {
		list = append(list, "KE", "ID", "NP", "HN", "GT", "UG", "TZ", "ZW", "PH", "BD", "LK", "TH", "VN", "KH")
	}
	return list
}

func (f fakeDirectory) Mission(country string) (Recipient, bool) {
	if country != "PE" && country != "CO" {
		return Recipient{}, false
	}
	return Recipient{Value: "mission", Name: "British Embassy " + country, Web: "https://example.org/" + country}, true
}

func (f fakeDirectory) Languages() []string {
	if f.languages == nil {
		return []string{"en"}
	}
	return f.languages
}

func (f fakeDirectory) Consents(flow, country string, answers map[string][]string) []Recipient {
	var list []Recipient
	if m, ok := f.Mission(country); ok {
		list = append(list, m, Recipient{Value: "headquarters", Name: "Human Rights Desk"})
	} else {
		list = append(list, Recipient{Value: "headquarters", Name: "Human Rights Desk", Instead: true})
	}
	if flow == FlowContact {
		return list
	}
	list = append(list, Recipient{Value: "front-line-defenders", Name: "Front Line Defenders"})
	if slices.Contains(answers["applicant"], "organisation") {
		list = append(list, Recipient{Value: "lifeline", Name: "Lifeline"})
	}
	return list
}

func (f fakeDirectory) Asks(country string) []string {
	if _, ok := f.Mission(country); !ok {
		return nil
	}
	return []string{"meeting", "trial", "raise_private", "uk_company"}
}

func newEngine(t testing.TB, d directory) *Engine {
	t.Helper()
	e, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestEmergencySmoke(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	s := Session{}
	for _, in := range []Input{
		{Kind: Command, Value: "start"},
		{Kind: Press, Field: "menu", Value: "emergency"},
		{Kind: Press, Field: "notice", Value: "understood"},
		{Kind: Press, Field: "safe", Value: "yes"},
		{Kind: Press, Field: "urgency", Value: "now"},
		{Kind: Press, Field: "country", Value: "PE"},
		{Kind: Press, Field: "subject", Value: "self"},
		{Kind: Words, Item: Item{Text: "words"}},
		{Kind: Press, Field: "nav", Value: "done"},
		{Kind: Press, Field: "consent", Value: "mission"},
		{Kind: Press, Field: "review", Value: "send"},
	} {
		in.At = noon
		out, err := e.Step(s, in)
		if err != nil {
			t.Fatal(err)
		}
		if out.Stale {
			t.Fatalf("stale at %s/%s: %+v", s.Draft.Flow, s.Draft.At, in)
		}
		t.Log(out.Session.Draft.Flow, out.Session.Draft.At, out.Screen.Step, out.Screen.Steps, len(out.Screen.Rows), out.Effects)
		s = out.Session
	}
}

func BenchmarkStep(b *testing.B) {
	e := newEngine(b, fakeDirectory{many: true})
	s := Session{Noticed: true, Draft: Draft{Flow: FlowThreat, At: "urgency", Trail: []string{"safe"},
		Answers: map[string][]string{"safe": {"yes"}, "urgency": {"now"}, "peaceful": {"yes"}}}}
	in := Input{Kind: Press, Field: "urgency", Value: "now", Token: "0", At: noon}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Step(s, in); err != nil {
			b.Fatal(err)
		}
	}
}
