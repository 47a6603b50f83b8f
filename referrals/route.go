package referrals

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Facts are the few answers that routing may read. What is empty is not known, and nobody is
// left out because of it.
type Facts struct {
	Country   string   // ISO 3166-1 alpha-2: where the danger is
	Language  string   // BCP 47: what the defender writes
	Applicant string   // individual, family, organisation, community
	Needs     []string // the contract's needs; "other" says nothing about who could help
	// Lane is carried for those who log or count; it does not change who receives.
	Lane Lane
}

// Choice is one desk's place in a route.
type Choice struct {
	Desk *Desk
	// Fits says that the case is what the desk serves and that the desk could read it.
	Fits bool
	// Paused says that an NGO takes nothing at present.
	Paused bool
	// Instead says that headquarters stands in for a mission that takes no part or cannot read.
	Instead bool
	Reasons []Reason
}

// Receives says that the desk may be offered to the defender and, with consent, get the case.
func (c Choice) Receives() bool { return c.Fits && !c.Paused }

// Route tells who would receive a case with these facts, in order, and why. Pure: the same facts
// and desks give the same answer.
//
// First the country's mission, or headquarters in its place when there is none or it has no
// usable key. Then the NGOs that serve the country, at least one of the needs, and the applicant:
// those that have room first, then those that meet more needs, then those that name the country, then those that read the
// language, then those with more of their room free, then in configured order. One that is full keeps a place behind, because its
// turn may come when it has room again. Then headquarters, which picks up what nobody did. Behind
// them, listed so that a reader sees why not: NGOs that are paused, then whoever does not fit. A
// language alone leaves nobody out, because a translation is quicker than another NGO. Each desk
// occurs once. A place in the route is never a consent.
//
// usable returns why a desk cannot be sealed to, or nil; a nil usable trusts every desk. open tells how many referrals an NGO has
// claimed or accepted, if it is known; a nil open knows nothing, and everybody has room.
func (d *Directory) Route(f Facts, usable func(deskID string) error, open func(deskID string) (n int, known bool)) []Choice {
	if usable == nil {
		usable = func(string) error { return nil }
	}
	if open == nil {
		open = func(string) (int, bool) { return 0, false }
	}
	first, last := d.governments(f, usable)
	ngos := d.now.Load().ngos
	graded := make([]grade, len(ngos))
	for i, ngo := range ngos {
		graded[i] = gradeNGO(ngo, f, usable)
		graded[i].gradeRoom(open)
	}
	slices.SortStableFunc(graded, better)

	route := make([]Choice, 0, len(graded)+2)
	if first.Desk != nil {
		route = append(route, first)
	}
	behind := len(graded)
	for i, g := range graded {
		if !g.Receives() {
			behind = i
			break
		}
	}
	for _, g := range graded[:behind] {
		route = append(route, g.Choice)
	}
	if last.Desk != nil {
		route = append(route, last)
	}
	for _, g := range graded[behind:] {
		route = append(route, g.Choice)
	}
	return route
}

// Recipients are the desks that may be named in the question for consent, in the order of Route.
func (d *Directory) Recipients(f Facts, usable func(deskID string) error, open func(deskID string) (int, bool)) []Choice {
	return slices.DeleteFunc(d.Route(f, usable, open), func(c Choice) bool { return !c.Receives() })
}

// governments are who stands first and who stands behind the NGOs; either may have no desk.
func (d *Directory) governments(f Facts, usable func(string) error) (first, last Choice) {
	mission := d.Mission(f.Country)
	if mission == nil {
		return d.chooseHeadquarters(Reason{Kind: NoMission, Detail: f.Country}, usable), Choice{}
	}
	if usable(mission.ID) != nil {
		dead := Choice{Desk: mission, Reasons: []Reason{
			{Kind: CoversCountry, Detail: f.Country}, {Kind: KeyUnusable, Against: true},
		}}
		return d.chooseHeadquarters(Reason{Kind: MissionUnusable, Detail: mission.ID}, usable), dead
	}
	first = Choice{Desk: mission, Fits: true, Reasons: []Reason{{Kind: CoversCountry, Detail: f.Country}}}
	return first, d.chooseHeadquarters(Reason{Kind: BehindAll}, usable)
}

func (d *Directory) chooseHeadquarters(why Reason, usable func(string) error) Choice {
	headquarters := d.Headquarters()
	if headquarters == nil {
		return Choice{}
	}
	c := Choice{Desk: headquarters, Fits: true, Instead: why.Kind != BehindAll, Reasons: []Reason{why}}
	if usable(headquarters.ID) != nil {
		c.Fits = false
		c.Reasons = append(c.Reasons, Reason{Kind: KeyUnusable, Against: true})
	}
	return c
}

// grade is an NGO's choice with what it is ordered by.
type grade struct {
	Choice
	needs           int
	named, language bool
	full            bool
	free            float64 // of what it takes at a time; 1 without a limit
}

func better(a, b grade) int {
	return cmp.Or(
		cmp.Compare(standing(a.Choice), standing(b.Choice)),
		cmp.Compare(rank(a.full), rank(b.full)),
		cmp.Compare(b.needs, a.needs),
		cmp.Compare(rank(b.named), rank(a.named)),
		cmp.Compare(rank(b.language), rank(a.language)),
		cmp.Compare(b.free, a.free),
	)
}

// standing groups choices: who receives, who is paused, who does not fit.
func standing(c Choice) int { return rank(c.Paused && c.Fits) + 2*rank(!c.Fits) }

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func gradeNGO(ngo *Desk, f Facts, usable func(string) error) grade {
	g := grade{Choice: Choice{Desk: ngo, Fits: true, Paused: !ngo.Accepting}}
	g.gradeCountry(f.Country)
	g.gradeNeeds(f.Needs)
	if f.Applicant != "" {
		g.note(slices.Contains(ngo.Applicants, f.Applicant), ServesApplicant, OtherApplicants, f.Applicant)
	}
	if f.Language != "" {
		g.language = reads(ngo.Languages, f.Language)
		kind := ReadsLanguage
		if !g.language {
			kind = OtherLanguages
		}
		g.Reasons = append(g.Reasons, Reason{Kind: kind, Against: !g.language, Detail: f.Language})
	}
	if g.Paused {
		g.Reasons = append(g.Reasons, Reason{Kind: NotAccepting, Against: true})
	}
	if usable(ngo.ID) != nil {
		g.Fits = false
		g.Reasons = append(g.Reasons, Reason{Kind: KeyUnusable, Against: true})
	}
	return g
}

// gradeRoom notes how many referrals the NGO takes at a time, and how many of them are open as far as it is known.
func (g *grade) gradeRoom(open func(string) (int, bool)) {
	most := g.Desk.Capacity
	g.free = 1
	if most == 0 {
		return
	}
	n, known := open(g.Desk.ID)
	if !known {
		g.Reasons = append(g.Reasons, Reason{Kind: TakesAtATime, Detail: strconv.Itoa(most)})
		return
	}
	g.full, g.free = n >= most, float64(most-n)/float64(most)
	kind := HasRoom
	if g.full {
		kind = IsFull
	}
	g.Reasons = append(g.Reasons, Reason{Kind: kind, Against: g.full, Detail: fmt.Sprintf("%d of %d", n, most)})
}

func (g *grade) gradeCountry(country string) {
	g.named = slices.Contains(g.Desk.Countries, country)
	switch {
	case country == "":
	case g.Desk.AllCountries && !g.named:
		g.Reasons = append(g.Reasons, Reason{Kind: ServesEverywhere})
	default:
		g.note(g.named, CoversCountry, OtherCountries, country)
	}
}

func (g *grade) gradeNeeds(needs []string) {
	var met, asked []string
	for _, need := range needs {
		if need == "other" || slices.Contains(asked, need) {
			continue
		}
		asked = append(asked, need)
		if slices.Contains(g.Desk.Needs, need) {
			met = append(met, need)
		}
	}
	g.needs = len(met)
	if len(asked) > 0 && len(met) == 0 {
		met = asked
	}
	if len(asked) > 0 {
		g.note(g.needs > 0, MeetsNeed, OtherNeeds, strings.Join(met, ", "))
	}
}

// note adds the reason for or against, and what is against makes the NGO unfit.
func (g *grade) note(met bool, pro, con ReasonKind, detail string) {
	kind := pro
	if !met {
		kind, g.Fits = con, false
	}
	g.Reasons = append(g.Reasons, Reason{Kind: kind, Against: !met, Detail: detail})
}

// reads compares languages by their first subtag: who reads es reads es-PE.
func reads(languages []string, tag string) bool {
	base, _, _ := strings.Cut(tag, "-")
	return slices.ContainsFunc(languages, func(l string) bool {
		l, _, _ = strings.Cut(l, "-")
		return strings.EqualFold(l, base)
	})
}
