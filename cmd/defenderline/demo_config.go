package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"defenderline/configs"
	"defenderline/i18n"
	"defenderline/referrals"
	"defenderline/referrals/seal"
	"defenderline/referrals/store"
)

// How long people may stay silent in the demo: long enough to read a screen, short enough to watch what
// follows from silence.
const (
	demoRung   = 2 * time.Minute
	demoAccept = 2 * time.Minute
)

// The ids of the demo's bots.
const (
	demoLineBot = 1000001
	demoDeskBot = 1000002
)

// demoToken is a fresh token of a bot. It opens nothing but the simulation, which others on this machine can
// reach too.
func demoToken(h host, bot int) (configs.Secret, error) {
	var secret [24]byte
	if _, err := io.ReadFull(h.random, secret[:]); err != nil {
		return configs.Secret{}, err
	}
	return configs.NewSecret(fmt.Sprintf("%d:%s", bot, base64.RawURLEncoding.EncodeToString(secret[:]))), nil
}

// demoTelegram is how the line reaches the simulated Telegram.
func demoTelegram(h host, api string) (configs.Telegram, error) {
	line, err := demoToken(h, demoLineBot)
	if err != nil {
		return configs.Telegram{}, err
	}
	desk, err := demoToken(h, demoDeskBot)
	return configs.Telegram{Token: line, DeskToken: desk, APIURL: api}, err
}

// seat is an officer's or a caseworker's place in the demo: a chat on the page, and the key of its desk.
type seat struct {
	id, desk    string
	title, who  string
	kind        referrals.Kind
	chat        int64
	private     []byte // armored; made at start, kept in memory only
	fingerprint string
}

// demoKey is the throw-away key of one desk.
type demoKey struct {
	private []byte
	public  configs.Key
}

// demoDesks are the desks of the demo without keys, in the order of a configuration file.
func demoDesks() []*referrals.Desk {
	lima, err := time.LoadLocation("America/Lima")
	if err != nil { // the time zones are in the binary
		lima = time.UTC
	}
	officers := func(within time.Duration, chats ...int64) []referrals.Rung {
		var ladder []referrals.Rung
		for _, c := range chats {
			ladder = append(ladder, referrals.Rung{Chat: c, Within: within})
		}
		return ladder
	}
	mission := func(id, name, country string, zone *time.Location, chats ...int64) *referrals.Desk {
		return &referrals.Desk{ID: id, Kind: referrals.MissionDesk, Name: name, Countries: []string{country},
			Languages: []string{"en", "es"}, Zone: zone, Ladder: officers(demoRung, chats...), RoutineWithin: 72 * time.Hour,
			Asks: configs.Asks(), Accepting: true}
	}
	ngo := func(id, name string, chat int64, needs, applicants []string) *referrals.Desk {
		return &referrals.Desk{ID: id, Kind: referrals.NGODesk, Name: name, AllCountries: true, Needs: needs, Applicants: applicants,
			Languages: []string{"en", "es", "fr", "ar"}, Zone: time.UTC, Ladder: officers(demoAccept, chat), AcceptWithin: demoAccept,
			Accepting: true}
	}
	return []*referrals.Desk{
		mission("lima", "British Embassy Lima", "PE", lima, 900001, 900002),
		mission("bogota", "British Embassy Bogotá", "CO", lima, 900011), // one time zone
		{ID: referrals.Headquarters, Kind: referrals.HeadquartersDesk, Name: "Human Rights Desk", Languages: []string{"en"},
			Zone: time.UTC, Ladder: officers(demoRung, 900099), RoutineWithin: 72 * time.Hour, Asks: configs.Asks(), Accepting: true},
		ngo("front-line-defenders", "Front Line Defenders", 910001,
			[]string{"funding", "relocation", "legal", "medical", "digital", "advocacy", "training", "family"}, configs.Applicants()),
		ngo("lifeline", "Lifeline", 910002,
			[]string{"funding", "legal", "relocation", "equipment", "advocacy"}, []string{"organisation", "community"}),
	}
}

// demoConfig is a whole configuration made in memory, with fresh keys for everybody, and who sits where.
func demoConfig(h host, api, redis string) (*configs.Config, []seat, *seal.SigningKey, error) {
	stateKeys, err := store.NewStateKeys(h.random)
	if err != nil {
		return nil, nil, nil, err
	}
	private, _, err := seal.NewSigningKey(h.now())
	if err != nil {
		return nil, nil, nil, err
	}
	signing, err := seal.ParseSigningKey(private)
	if err != nil {
		return nil, nil, nil, err
	}
	telegram, err := demoTelegram(h, api)
	if err != nil {
		return nil, nil, nil, err
	}
	c := &configs.Config{
		Telegram: telegram, Redis: configs.Redis{URL: "redis://" + redis + "/0"}, StateKeys: configs.NewSecret(string(stateKeys)),
		SigningKey: configs.NewSecret(string(private)), HTTP: configs.HTTP{Listen: "127.0.0.1:0"}, Languages: i18n.Shipped(),
		Limits:    configs.Limits{OpenCasesPerChat: 5, UpdatesPerChatPerMinute: 60},
		Retention: configs.Retention{Draft: 24 * time.Hour, Sealed: 168 * time.Hour, Audit: 8760 * time.Hour},
	}
	var seats []seat
	for _, d := range demoDesks() {
		key, err := newDemoKey(h, d.ID)
		if err != nil {
			return nil, nil, nil, err
		}
		c.Desks = append(c.Desks, configs.Desk{Desk: d, Keys: []configs.Key{key.public}, HideKeyIDs: true, Field: d.ID})
		seats = append(seats, seatsOf(d, key)...)
	}
	return c, seats, signing, nil
}

// newDemoKey makes a desk's key. A real desk makes its own, and its private half never comes near the line.
func newDemoKey(h host, desk string) (demoKey, error) {
	private, public, err := seal.Generate(desk, h.now())
	if err != nil {
		return demoKey{}, err
	}
	own, err := seal.ParseSigningKey(private) // reads the fingerprint
	if err != nil {
		return demoKey{}, err
	}
	return demoKey{private, configs.Key{File: desk, Fingerprint: own.Fingerprint(), Armored: public, Field: desk + ".keys[0]"}}, nil
}

// seatsOf are the chats of a desk, named as the page names them.
func seatsOf(d *referrals.Desk, k demoKey) []seat {
	var out []seat
	for i, r := range d.Ladder {
		s := seat{id: d.ID, desk: d.ID, title: d.Name, who: "caseworker", kind: d.Kind, chat: r.Chat, private: k.private,
			fingerprint: k.public.Fingerprint}
		if d.Kind != referrals.NGODesk {
			s.who = "officer"
		}
		if len(d.Ladder) > 1 {
			s.id += []string{"-1", "-2"}[i]
			s.who += []string{" 1", " 2"}[i]
		}
		out = append(out, s)
	}
	return out
}
