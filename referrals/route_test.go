package referrals

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var errDead = errors.New("expired")

func ngo(id, countries, needs, applicants, languages string) *Desk {
	d := &Desk{
		ID: id, Kind: NGODesk, Accepting: true, Needs: strings.Fields(needs),
		Applicants: strings.Fields(applicants), Languages: strings.Fields(languages),
	}
	if d.AllCountries = countries == "all"; !d.AllCountries {
		d.Countries = strings.Fields(countries)
	}
	return d
}

func testDesks() []*Desk {
	paused := ngo("paused", "all", "legal relocation", "individual", "es")
	paused.Accepting = false
	return []*Desk{
		{ID: "lima", Kind: MissionDesk, Countries: []string{"PE"}, Ladder: []Rung{{Chat: 1}, {Chat: 2}}},
		{ID: "bogota", Kind: MissionDesk, Countries: []string{"CO", "EC"}, Ladder: []Rung{{Chat: 2}, {Email: "a@example.org"}}},
		{ID: Headquarters, Kind: HeadquartersDesk, Ladder: []Rung{{Chat: 2}}},
		paused,
		ngo("everywhere", "all", "legal relocation medical", "individual organisation", "en"),
		ngo("groups", "all", "legal", "organisation", "es"),
		ngo("companions", "CO MX", "accompaniment legal", "individual organisation", "es"),
		ngo("spanish", "all", "relocation legal", "individual", "es-419"),
	}
}

// TestRoute is written as people ask: facts, then the ids in order; ! marks a desk that does
// not fit, ~ one that is paused, = headquarters in a mission's place.
func TestRoute(t *testing.T) {
	for _, tt := range []struct {
		name  string
		facts Facts
		dead  string
		want  string
	}{
		{"more needs met first", Facts{Country: "PE", Needs: []string{"medical", "legal"}}, "",
			"lima everywhere groups spanish headquarters ~paused !companions"},
		{"the country named goes before all", Facts{Country: "CO", Needs: []string{"legal"}}, "",
			"bogota companions everywhere groups spanish headquarters ~paused"},
		{"the language decides between equals", Facts{Country: "PE", Needs: []string{"relocation"}, Applicant: "individual", Language: "es"}, "",
			"lima spanish everywhere headquarters ~paused !groups !companions"},
		{"a language alone leaves nobody out", Facts{Country: "PE", Applicant: "organisation", Language: "ar"}, "",
			"lima everywhere groups headquarters !paused !companions !spanish"},
		{"other says nothing about who could help", Facts{Country: "PE", Needs: []string{"other"}}, "",
			"lima everywhere groups spanish headquarters ~paused !companions"},
		{"no mission", Facts{Country: "KE"}, "", "=headquarters everywhere groups spanish ~paused !companions"},
		{"a mission that cannot read", Facts{Country: "PE"}, "lima",
			"=headquarters everywhere groups spanish !lima ~paused !companions"},
		{"an NGO that cannot read", Facts{Country: "CO"}, "everywhere",
			"bogota companions groups spanish headquarters ~paused !everywhere"},
		{"headquarters cannot read", Facts{Country: "PE"}, Headquarters,
			"lima everywhere groups spanish !headquarters ~paused !companions"},
		{"nothing known", Facts{}, "", "=headquarters everywhere groups companions spanish ~paused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			usable := func(id string) error {
				if id == tt.dead {
					return errDead
				}
				return nil
			}
			if got := short(NewDirectory(testDesks()).Route(tt.facts, usable, nil)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func short(route []Choice) string {
	var out []string
	for _, c := range route {
		mark := ""
		switch {
		case !c.Fits:
			mark = "!"
		case c.Paused:
			mark = "~"
		case c.Instead:
			mark = "="
		}
		out = append(out, mark+c.Desk.ID)
	}
	return strings.Join(out, " ")
}

func TestRouteSaysWhy(t *testing.T) {
	route := NewDirectory(testDesks()).Route(Facts{
		Country: "PE", Needs: []string{"legal", "legal", "funding"}, Applicant: "individual", Language: "ar",
	}, nil, nil)
	want := map[string]string{
		"lima":       "serves PE",
		"everywhere": "serves every country; offers legal; takes individual cases; BUT does not read ar",
		"groups":     "serves every country; offers legal; BUT does not take individual cases; BUT does not read ar",
		"companions": "BUT does not serve PE; offers legal; takes individual cases; BUT does not read ar",
		"paused": "serves every country; offers legal; takes individual cases; BUT does not read ar; " +
			"BUT takes nothing at present (accepting: false)",
		Headquarters: "behind all others, for what nobody picked up",
	}
	for _, c := range route {
		var said []string
		for _, r := range c.Reasons {
			text := r.String()
			if r.Against {
				text = "BUT " + text
			}
			said = append(said, text)
		}
		if w, ok := want[c.Desk.ID]; ok && w != strings.Join(said, "; ") {
			t.Errorf("%s:\n got %s\nwant %s", c.Desk.ID, strings.Join(said, "; "), w)
		}
	}
}

func TestReasonsHaveTexts(t *testing.T) {
	kinds := []ReasonKind{
		CoversCountry, ServesEverywhere, NoMission, MissionUnusable, BehindAll, MeetsNeed, ServesApplicant,
		ReadsLanguage, OtherCountries, OtherNeeds, OtherApplicants, OtherLanguages, NotAccepting, KeyUnusable,
	}
	seen := map[string]ReasonKind{}
	for _, k := range kinds {
		text := Reason{Kind: k, Detail: "x"}.String()
		if text == string(k) {
			t.Errorf("%s has no text", k)
		}
		if other, twice := seen[text]; twice {
			t.Errorf("%s and %s say the same", k, other)
		}
		seen[text] = k
	}
}

func TestDirectory(t *testing.T) {
	desks := testDesks()
	d := NewDirectory(append(desks, &Desk{ID: "lima", Kind: NGODesk}, &Desk{ID: "quito", Kind: MissionDesk, Countries: []string{"EC"}}))
	if d.Desk("lima") != desks[0] || d.Desk("nobody") != nil || d.Headquarters() != desks[2] {
		t.Error("a desk is not found by its id")
	}
	if d.Mission("EC") != desks[1] || d.Mission("KE") != nil {
		t.Error("of two missions for a country the first counts")
	}
	if got := len(d.NGOs()); got != 5 {
		t.Errorf("%d NGOs, want 5", got)
	}
	var seats []string
	for _, s := range d.ByChat(2) {
		seats = append(seats, fmt.Sprint(s.Desk.ID, s.Rung))
	}
	if want := []string{"lima1", "bogota0", "headquarters0"}; !slices.Equal(seats, want) {
		t.Errorf("seats of a chat: %v, want %v", seats, want)
	}
	if d.ByChat(0) != nil || d.ByChat(3) != nil {
		t.Error("a chat of nobody has a seat")
	}
	d.Desks()[0] = nil
	if d.Desks()[0] == nil {
		t.Error("a caller can change the directory")
	}
	if got := NewDirectory(nil).Route(Facts{Country: "PE"}, nil, nil); len(got) != 0 {
		t.Errorf("nobody is there, and %v receives", got)
	}
}

func drawDesk(t *rapid.T, i int) *Desk {
	some := func(what string, of ...string) []string {
		return rapid.SliceOfDistinct(rapid.SampledFrom(of), rapid.ID[string]).Draw(t, what)
	}
	d := &Desk{
		ID:        fmt.Sprintf("d%d", i),
		Kind:      rapid.SampledFrom([]Kind{MissionDesk, NGODesk, NGODesk, NGODesk}).Draw(t, "kind"),
		Countries: some("countries", "PE", "CO", "KE"),
		Needs:     some("needs", "legal", "medical", "other"), Applicants: some("applicants", "individual", "family"),
		Languages: some("languages", "es", "en"),
		Accepting: rapid.Bool().Draw(t, "accepting"),
	}
	d.AllCountries = d.Kind == NGODesk && rapid.Bool().Draw(t, "all")
	return d
}

// TestRouteProperties holds for whatever desks and facts: nobody twice, nobody forgotten, always
// the same, headquarters first only in a mission's place and else behind whoever receives, and
// nobody receives who cannot read, is paused or has a reason to refuse.
func TestRouteProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		desks := []*Desk{{ID: Headquarters, Kind: HeadquartersDesk}}
		for i := range rapid.IntRange(0, 8).Draw(t, "desks") {
			desks = append(desks, drawDesk(t, i))
		}
		facts := Facts{
			Country:   rapid.SampledFrom([]string{"", "PE", "CO", "BR"}).Draw(t, "country"),
			Language:  rapid.SampledFrom([]string{"", "es", "es-PE", "ar"}).Draw(t, "language"),
			Applicant: rapid.SampledFrom([]string{"", "individual", "community"}).Draw(t, "applicant"),
			Needs:     rapid.SliceOf(rapid.SampledFrom([]string{"legal", "medical", "other"})).Draw(t, "needs"),
		}
		dead := rapid.SliceOf(rapid.SampledFrom(desks)).Draw(t, "dead")
		usable := func(id string) error {
			if slices.ContainsFunc(dead, func(d *Desk) bool { return d.ID == id }) {
				return errDead
			}
			return nil
		}
		d := NewDirectory(desks)
		route := d.Route(facts, usable, nil)
		if again := d.Route(facts, usable, nil); !reflect.DeepEqual(route, again) {
			t.Fatalf("asked twice: %s, then %s", short(route), short(again))
		}
		checkMembers(t, d, facts, route)
		checkHeadquarters(t, d, facts, route, usable)
		for _, c := range d.Recipients(facts, usable, nil) {
			if !c.Receives() || usable(c.Desk.ID) != nil || c.Desk.Kind == NGODesk && !c.Desk.Accepting {
				t.Fatalf("%s receives", c.Desk.ID)
			}
		}
	})
}

func checkMembers(t *rapid.T, d *Directory, f Facts, route []Choice) {
	seen := map[string]bool{}
	for _, c := range route {
		if seen[c.Desk.ID] {
			t.Fatalf("%s twice in %s", c.Desk.ID, short(route))
		}
		seen[c.Desk.ID] = true
		if c.Desk.Kind == MissionDesk && c.Desk != d.Mission(f.Country) {
			t.Fatalf("the mission %s of another country in %s", c.Desk.ID, short(route))
		}
		if len(c.Reasons) == 0 && f.Country != "" {
			t.Fatalf("%s stands in the route without a reason", c.Desk.ID)
		}
		for _, r := range c.Reasons {
			if r.Against && r.Kind != OtherLanguages && c.Receives() {
				t.Fatalf("%s receives although it %s", c.Desk.ID, r)
			}
		}
	}
	for _, ngo := range d.NGOs() {
		if !seen[ngo.ID] {
			t.Fatalf("%s was forgotten in %s", ngo.ID, short(route))
		}
	}
}

func checkHeadquarters(t *rapid.T, d *Directory, f Facts, route []Choice, usable func(string) error) {
	mission := d.Mission(f.Country)
	alone := mission == nil || usable(mission.ID) != nil
	for i, c := range route {
		if c.Desk.Kind != HeadquartersDesk {
			continue
		}
		if c.Instead != alone || c.Instead && i != 0 {
			t.Fatalf("headquarters in %s; its place is a mission's: %v", short(route), alone)
		}
		for _, after := range route[i+1:] {
			if !c.Instead && after.Receives() {
				t.Fatalf("%s receives behind headquarters in %s", after.Desk.ID, short(route))
			}
		}
		return
	}
	t.Fatalf("no headquarters in %s", short(route))
}

// Who has room comes first, and of those alike who has more of it; who is full is asked for last, and why is said.
func TestRoutePrefersThoseWithRoom(t *testing.T) {
	ngo := func(id string, capacity int, needs ...string) *Desk {
		return &Desk{ID: id, Kind: NGODesk, AllCountries: true, Accepting: true, Capacity: capacity, Needs: needs}
	}
	d := NewDirectory([]*Desk{ngo("full", 2, "legal", "funding"), ngo("busy", 4, "legal"), ngo("idle", 4, "legal"), ngo("any", 0, "legal"),
		ngo("more", 10, "legal", "funding")})
	d.Loaded(map[string]int{"full": 2, "busy": 3, "idle": 0, "more": 9})
	facts := Facts{Country: "PE", Needs: []string{"legal", "funding"}}
	for _, tt := range []struct {
		open func(string) (int, bool)
		want string
	}{
		{d.Load, "more idle any busy full"},
		{nil, "full more busy idle any"},
	} {
		var got []string
		for _, c := range d.Recipients(facts, nil, tt.open) {
			got = append(got, c.Desk.ID)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
	said := map[string]string{}
	for _, c := range d.Route(facts, nil, d.Load) {
		said[c.Desk.ID] = c.Reasons[len(c.Reasons)-1].String()
	}
	if said["full"] != "is full: 2 of 2 open; passed over until it has room" || said["busy"] != "has room: 3 of 4 open" {
		t.Errorf("%q", said)
	}
	last := d.Route(facts, nil, nil)[0].Reasons
	if got := last[len(last)-1].String(); got != "takes 2 at a time" {
		t.Errorf("without knowing: %q", got)
	}
}
