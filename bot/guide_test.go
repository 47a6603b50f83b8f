package bot

import (
	"slices"
	"testing"

	"defenderline/flows"
	"defenderline/referrals"
)

func newGuide(t testing.TB, dead ...string) *guide {
	g := &glass{dead: map[string]bool{}}
	for _, d := range dead {
		g.dead[d] = true
	}
	return &guide{dir: testDesks(), seal: g, texts: testTexts(t)}
}

// values are the values offered in a consent question, those in a mission's place marked.
func values(offered []flows.Recipient) (out []string) {
	for _, r := range offered {
		v := r.Value
		if r.Instead {
			v += " instead"
		}
		out = append(out, v)
	}
	return out
}

func TestGuideOffersWhoCanRead(t *testing.T) {
	tests := map[string]struct {
		flow, country string
		dead          []string
		answers       map[string][]string
		want          []string
	}{
		"all":                              {flows.FlowThreat, "PE", nil, nil, []string{"mission", "fld", "headquarters"}},
		"no mission there":                 {flows.FlowThreat, "AQ", nil, nil, []string{"headquarters instead", "fld"}},
		"the mission's key is dead":        {flows.FlowThreat, "PE", []string{"lima"}, nil, []string{"headquarters instead", "fld"}},
		"an NGO's key is dead":             {flows.FlowThreat, "PE", []string{"fld"}, nil, []string{"mission", "headquarters"}},
		"no NGO for a meeting":             {flows.FlowContact, "PE", nil, nil, []string{"mission", "headquarters"}},
		"no NGO for that need":             {flows.FlowThreat, "PE", nil, map[string][]string{"need": {"medical"}}, []string{"mission", "headquarters"}},
		"headquarters' key is dead":        {flows.FlowThreat, "PE", []string{referrals.Headquarters}, nil, []string{"mission", "fld"}},
		"no NGO for that kind of defender": {flows.FlowThreat, "CO", nil, map[string][]string{"applicant": {"family"}}, []string{"headquarters instead"}},
		"nobody can read":                  {flows.FlowThreat, "PE", []string{"lima", "fld", referrals.Headquarters}, nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := values(newGuide(t, tt.dead...).Consents(tt.flow, tt.country, "es", tt.answers)); !slices.Equal(got, tt.want) {
				t.Errorf("offered %q, want %q", got, tt.want)
			}
		})
	}
}

func TestGuideKnowsMissions(t *testing.T) {
	if got := newGuide(t).Countries("es"); !slices.Equal(got, []string{"PE", "UA"}) {
		t.Errorf("Spanish first: %q", got)
	}
	if got := newGuide(t).Countries("en"); !slices.Equal(got, []string{"PE", "UA"}) {
		t.Errorf("by name: %q", got)
	}
	if r, ok := newGuide(t).Mission("PE"); !ok || r.Value != "mission" || r.Name != "British Embassy Lima" {
		t.Errorf("mission %+v, %v", r, ok)
	}
	if _, ok := newGuide(t, "lima").Mission("PE"); ok {
		t.Error("a mission that cannot read is said to take part")
	}
	if _, ok := newGuide(t).Mission("AQ"); ok {
		t.Error("a mission in Antarctica")
	}
	asks := newGuide(t).Asks("PE")
	asks[0] = "changed"
	if got := newGuide(t).Asks("PE"); got[0] == "changed" || len(newGuide(t).Asks("AQ")) != 0 {
		t.Errorf("asks %q", got)
	}
}

// Of two organisations that differ in nothing else, the one that reads what the person writes comes first: in the question, and when
// the case is sent.
func TestWhoReadsTheLanguageComesFirst(t *testing.T) {
	ngo := func(id, language string) *referrals.Desk {
		return &referrals.Desk{ID: id, Kind: referrals.NGODesk, Name: id, AllCountries: true, Accepting: true, Languages: []string{language}}
	}
	dir := referrals.NewDirectory([]*referrals.Desk{ngo("one", "en"), ngo("two", "es")})
	for language, want := range map[string][]string{"en": {"one", "two"}, "es": {"two", "one"}} {
		g := &guide{dir: dir, seal: &glass{dead: map[string]bool{}}, texts: testTexts(t)}
		if got := values(g.Consents(flows.FlowEmergency, "PE", language, nil)); !slices.Equal(got, want) {
			t.Errorf("%s: offered %q, want %q", language, got, want)
		}
		tn := &turn{turner: &turner{dir: dir}, state: chatState{Session: flows.Session{Language: language}}}
		var sent []string
		for _, d := range tn.consented(flows.Draft{Answers: map[string][]string{"country": {"PE"}, "consent": {"one", "two"}}}) {
			sent = append(sent, d.ID)
		}
		if !slices.Equal(sent, want) {
			t.Errorf("%s: their turn comes as %q, want %q", language, sent, want)
		}
	}
}
