package main

import (
	"slices"

	"defenderline/configs"
	"defenderline/flows"
	"defenderline/i18n"
	"defenderline/referrals"
)

// rehearsal is a small line for looking at conversations without a configuration: missions in three
// countries, headquarters and three NGOs. Everybody can be sealed to.
type rehearsal struct{ desks *referrals.Directory }

func newRehearsal() (*flows.Engine, error) {
	engine, err := flows.New(rehearsal{referrals.NewDirectory(rehearsalDesks())})
	if err != nil {
		return nil, err
	}
	engine.OpenCases = 5
	return engine, nil
}

func rehearsalDesks() []*referrals.Desk {
	mission := func(id, name string, countries ...string) *referrals.Desk {
		return &referrals.Desk{ID: id, Kind: referrals.MissionDesk, Name: name, Countries: countries, Asks: configs.Asks()}
	}
	ngo := func(id, name string, needs ...string) *referrals.Desk {
		return &referrals.Desk{ID: id, Kind: referrals.NGODesk, Name: name, AllCountries: true, Accepting: true,
			Needs: needs, Applicants: configs.Applicants(), Languages: i18n.Shipped()}
	}
	companions := ngo("companions", "Companions", "accompaniment", "advocacy", "training")
	companions.AllCountries, companions.Countries = false, []string{"CO", "KE"}
	return []*referrals.Desk{
		mission("lima", "Mission in Lima", "PE"),
		mission("bogota", "Mission in Bogotá", "CO"),
		mission("nairobi", "Mission in Nairobi", "KE"),
		{ID: referrals.Headquarters, Kind: referrals.HeadquartersDesk, Name: "Human Rights Desk", Asks: configs.Asks()},
		ngo("front-line", "Front Line", configs.Needs()...),
		companions,
	}
}

// Countries are those of the missions.
func (r rehearsal) Countries(string) []string {
	var out []string
	for _, d := range r.desks.Desks() {
		if d.Kind == referrals.MissionDesk {
			out = append(out, d.Countries...)
		}
	}
	return out
}

// Mission is the mission of a country.
func (r rehearsal) Mission(country string) (flows.Recipient, bool) {
	d := r.desks.Mission(country)
	if d == nil {
		return flows.Recipient{}, false
	}
	return flows.Recipient{Value: "mission", Name: d.Name}, true
}

// Languages are all that are shipped.
func (rehearsal) Languages() []string { return i18n.Shipped() }

// Consents are the desks that the case could go to.
func (r rehearsal) Consents(flow, country string, answers map[string][]string) []flows.Recipient {
	facts := referrals.Facts{Country: country, Needs: answers["need"]}
	var out []flows.Recipient
	for _, c := range r.desks.Recipients(facts, nil) {
		value := c.Desk.ID
		switch {
		case c.Desk.Kind == referrals.NGODesk && flow == flows.FlowContact:
			continue
		case c.Desk.Kind == referrals.MissionDesk:
			value = "mission"
		}
		out = append(out, flows.Recipient{Value: value, Name: c.Desk.Name, Instead: c.Instead})
	}
	return out
}

// Asks are the kinds of contact that a country's mission offers.
func (r rehearsal) Asks(country string) []string {
	if d := r.desks.Mission(country); d != nil {
		return slices.Clone(d.Asks)
	}
	return nil
}
