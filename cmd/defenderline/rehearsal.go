package main

import (
	"slices"

	"defenderline/flows"
	"defenderline/i18n"
	"defenderline/referrals"
)

// rehearsal is a line without a configuration, for looking at its conversations: missions in Peru and
// Colombia, none in Chile and Mexico, and two NGOs. It is the directory that the recorded scripts of flows are
// played with, so that what is rehearsed here can be kept there.
type rehearsal struct{}

func newRehearsal() (*flows.Engine, error) { return flows.New(rehearsal{}) }

// Countries are four, with and without a mission.
func (rehearsal) Countries(string) []string { return []string{"PE", "CL", "MX", "CO"} }

// Mission is the mission of Peru or Colombia.
func (rehearsal) Mission(country string) (flows.Recipient, bool) {
	if country != "PE" && country != "CO" {
		return flows.Recipient{}, false
	}
	return flows.Recipient{Value: "mission", Name: "British Embassy " + country, Web: "https://example.org/" + country}, true
}

// Languages are all that are shipped.
func (rehearsal) Languages() []string { return i18n.Shipped() }

// Consents are the mission, headquarters, and in danger the NGOs.
func (r rehearsal) Consents(flow, country, language string, answers map[string][]string) []flows.Recipient {
	mission, takesPart := r.Mission(country)
	headquarters := flows.Recipient{Value: referrals.Headquarters, Name: "Human Rights Desk", Instead: !takesPart}
	list := []flows.Recipient{mission, headquarters}
	if !takesPart {
		list = list[1:]
	}
	if flow == flows.FlowContact {
		return list
	}
	list = append(list, flows.Recipient{Value: "front-line-defenders", Name: "Front Line Defenders"})
	if slices.Contains(answers["applicant"], "organisation") {
		list = append(list, flows.Recipient{Value: "lifeline", Name: "Lifeline"})
	}
	return list
}

// Asks are some of what a mission may offer.
func (r rehearsal) Asks(country string) []string {
	if _, takesPart := r.Mission(country); !takesPart {
		return nil
	}
	return []string{"meeting", "trial", "raise_private", "uk_company"}
}
