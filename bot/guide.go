package bot

import (
	"cmp"
	"slices"

	"defenderline/flows"
	"defenderline/i18n"
	"defenderline/referrals"
)

// guide tells the conversations what the configuration knows: who is where and who may be asked.
type guide struct {
	dir   *referrals.Directory
	seal  sealer
	texts *i18n.Catalogue
}

// Countries lists the countries of the missions that take part: those whose mission reads the
// language first, then by name.
func (g *guide) Countries(language string) []string {
	var out []string
	reads := map[string]bool{}
	for _, d := range g.dir.Desks() {
		if d.Kind != referrals.MissionDesk {
			continue
		}
		for _, c := range d.Countries {
			out = append(out, c)
			reads[c] = slices.Contains(d.Languages, language)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if reads[a] != reads[b] {
			if reads[a] {
				return -1
			}
			return 1
		}
		return cmp.Compare(g.texts.CountryName(language, a), g.texts.CountryName(language, b))
	})
	return out
}

// Mission is the mission that takes part for a country and can be sealed to.
func (g *guide) Mission(country string) (flows.Recipient, bool) {
	d := g.dir.Mission(country)
	if d == nil || g.seal.Usable(d.ID) != nil {
		return flows.Recipient{}, false
	}
	return flows.Recipient{Value: "mission", Name: d.Name, Web: d.Web}, true
}

// Languages lists the languages that texts exist in.
func (g *guide) Languages() []string { return g.texts.Languages() }

// Consents lists who may be offered in a consent question: the mission or headquarters in its place,
// the NGOs that serve such a case when it is one of danger, headquarters.
func (g *guide) Consents(flow, country, language string, answers map[string][]string) []flows.Recipient {
	facts := referrals.Facts{Country: country, Language: language, Applicant: first(answers["applicant"]), Needs: answers["need"]}
	var out []flows.Recipient
	for _, c := range g.dir.Route(facts, g.seal.Usable, g.dir.Load) {
		if !c.Receives() || c.Desk.Kind == referrals.NGODesk && flow == flows.FlowContact {
			continue
		}
		r := flows.Recipient{Value: c.Desk.ID, Name: c.Desk.Name, Instead: c.Instead, Web: c.Desk.Web}
		if c.Desk.Kind == referrals.MissionDesk {
			r.Value = "mission"
		}
		out = append(out, r)
	}
	return out
}

// Asks lists the kinds of contact that the country's mission offers.
func (g *guide) Asks(country string) []string {
	if d := g.dir.Mission(country); d != nil {
		return slices.Clone(d.Asks)
	}
	return nil
}
