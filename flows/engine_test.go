package flows

import (
	"slices"
	"strconv"
	"testing"
	"time"
)

// fakeDirectory is a small configuration: Lima takes part for PE, nobody for CL, and MX has a
// mission whose key cannot be used.
type fakeDirectory struct {
	languages []string
	many      bool
	nobody    bool // no key at all is usable
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

func (f fakeDirectory) Consents(flow, country, language string, answers map[string][]string) []Recipient {
	var list []Recipient
	if f.nobody {
		return nil
	}
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

func itoa(n int) string { return strconv.Itoa(n) }
