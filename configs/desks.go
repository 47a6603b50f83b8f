package configs

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"defenderline/i18n"
	"defenderline/referrals"
)

// desks makes every organisation of the file and checks what holds between them.
func (l *loader) desks(c *Config) []Desk {
	var desks []Desk
	for i, p := range l.file.Missions {
		desks = append(desks, l.mission(indexed("missions", i), p, c.Languages))
	}
	if l.file.Headquarters == nil {
		l.missing("headquarters", "name the desk that receives what has no mission")
	} else {
		hq := l.office("headquarters", l.file.Headquarters.officePart, c.Languages)
		hq.ID, hq.Kind, hq.Asks = referrals.Headquarters, referrals.HeadquartersDesk, Asks()
		desks = append(desks, hq)
	}
	for i, p := range l.file.NGOs {
		desks = append(desks, l.ngo(indexed("ngos", i), p, c.Languages))
	}
	l.apart(desks)
	return desks
}

func (l *loader) mission(field string, p missionPart, languages []string) Desk {
	l.id(field+".id", p.ID)
	d := l.office(field, p.officePart, languages)
	d.ID, d.Kind, d.Countries = p.ID, referrals.MissionDesk, p.Countries
	if len(p.Countries) == 0 {
		l.missing(field+".countries", "name the countries it serves, like [PE]")
	}
	l.countries(field+".countries", p.Countries)
	d.Asks = l.oneOf(field+".asks", p.Asks, Asks())
	return d
}

// office makes what missions and headquarters have in common.
func (l *loader) office(field string, p officePart, languages []string) Desk {
	d := Desk{Field: field, HideKeyIDs: p.HideKeyIDs == nil || *p.HideKeyIDs, Desk: &referrals.Desk{
		Name: p.Name, Languages: l.tags(field+".languages", p.Languages, languages), Web: p.Web,
		RoutineWithin: orTime(p.RoutineWithin, 72*time.Hour), Accepting: true,
	}}
	l.name(field+".name", p.Name)
	d.Zone = l.zone(field, p)
	if p.DutyHours != "" {
		hours, err := referrals.ParseHours(p.DutyHours)
		if err != nil {
			l.refuse(field+".duty_hours", quote(p.DutyHours)+" are not duty hours", "write them like Mon-Fri 09:00-17:00")
		}
		d.Hours = hours
	}
	if p.Web != "" {
		l.link(field+".web", p.Web)
	}
	d.Keys = l.keys(field+".keys", p.Keys)
	d.Ladder = l.ladder(field+".duty", p.Duty)
	d.TokenSHA256 = l.tokenHash(field+".api_token_sha256_file", p.TokenFile)
	return d
}

func (l *loader) ngo(field string, p ngoPart, languages []string) Desk {
	d := Desk{Field: field, HideKeyIDs: p.HideKeyIDs == nil || *p.HideKeyIDs, Desk: &referrals.Desk{
		ID: p.ID, Kind: referrals.NGODesk, Name: p.Name, Zone: time.UTC,
		AcceptWithin: orTime(p.AcceptWithin, 30*time.Minute), Accepting: p.Accepting == nil || *p.Accepting,
	}}
	l.id(field+".id", p.ID)
	l.name(field+".name", p.Name)
	d.Keys = l.keys(field+".keys", p.Keys)
	if p.Capacity != nil {
		d.Capacity = l.atLeastOne(field+".capacity", p.Capacity, 0)
	}
	if p.Chat != nil {
		l.chat(field+".chat", *p.Chat)
		d.Ladder = []referrals.Rung{{Chat: *p.Chat, Within: d.AcceptWithin}}
	}
	d.TokenSHA256 = l.tokenHash(field+".api_token_sha256_file", p.TokenFile)
	if p.Serves == nil {
		l.missing(field+".serves", "say which countries, needs, applicants and languages it serves")
		return d
	}
	l.serves(field+".serves", *p.Serves, &d, languages)
	return d
}

func (l *loader) serves(field string, p servesPart, d *Desk, languages []string) {
	if !p.Countries.All && len(p.Countries.List) == 0 {
		l.missing(field+".countries", "write all, or a list like [CO, GT]")
	}
	l.countries(field+".countries", p.Countries.List)
	d.AllCountries, d.Countries = p.Countries.All, p.Countries.List
	d.Needs = l.oneOf(field+".needs", p.Needs, Needs())
	d.Applicants = l.oneOf(field+".applicants", p.Applicants, Applicants())
	d.Languages = l.tags(field+".languages", p.Languages, languages)
}

// id refuses names that a button could not carry or that mean something else behind one.
func (l *loader) id(field, id string) {
	switch {
	case id == "":
		l.missing(field, "give it a short name of small letters, digits and -")
	case !regexp.MustCompile(`^[a-z0-9-]{1,40}$`).MatchString(id):
		l.refuse(field, quote(id)+" is not an id", "use 1 to 40 small letters, digits and -")
	case slices.Contains([]string{referrals.Headquarters, "mission", "none"}, id):
		l.refuse(field, quote(id)+" has a meaning of its own", "choose another id")
	}
}

// name refuses what does not fit on one line of a button.
func (l *loader) name(field, name string) {
	switch {
	case strings.TrimSpace(name) == "":
		l.missing(field, "give the name that defenders know it by")
	case len([]rune(name)) > 100 || strings.ContainsFunc(name, unicode.IsControl):
		l.refuse(field, "is longer than 100 letters or has a line break", "shorten it to one line")
	}
}

func (l *loader) countries(field string, codes []string) {
	for i, c := range codes {
		if !i18n.IsCountry(c) {
			l.refuse(indexed(field, i), quote(c)+" is not a country", "write its ISO 3166-1 code of two capital letters, like PE")
		}
	}
	l.unique(field, codes)
}

func (l *loader) zone(field string, p officePart) *time.Location {
	if p.Timezone == "" {
		if p.DutyHours != "" {
			l.missing(field+".timezone", "say where the duty hours are meant, like America/Lima")
		}
		return time.UTC
	}
	zone, err := time.LoadLocation(p.Timezone)
	if err != nil || zone == time.Local {
		l.refuse(field+".timezone", quote(p.Timezone)+" is not a time zone", "write a name of the IANA database, like America/Lima")
		return time.UTC
	}
	return zone
}

func (l *loader) keys(field string, parts []keyPart) []Key {
	if len(parts) == 0 {
		l.missing(field, "name at least one OpenPGP public key: {file: …, fingerprint: …}")
	}
	var keys []Key
	for i, p := range parts {
		at := indexed(field, i)
		k := Key{File: p.File, Field: at, Fingerprint: strings.ToUpper(strings.Join(strings.Fields(p.Fingerprint), ""))}
		if raw, err := hex.DecodeString(k.Fingerprint); p.Fingerprint == "" {
			l.missing(at+".fingerprint", "give the 40 digits that the key's owner told you in person")
		} else if err != nil || len(raw) != 20 {
			l.refuse(at+".fingerprint", "is not 40 hexadecimal digits", "copy it from: gpg --fingerprint")
		}
		if slices.ContainsFunc(keys, func(o Key) bool { return o.Fingerprint == k.Fingerprint }) {
			l.refuse(at+".fingerprint", "is given twice for this desk", "keep one of the two")
		}
		k.Armored = l.keyFile(at+".file", p.File)
		keys = append(keys, k)
	}
	return keys
}

func (l *loader) keyFile(field, name string) []byte {
	const remedy = "export it with: gpg --armor --export FINGERPRINT"
	if name == "" {
		l.missing(field, "name the file of the public key; "+remedy)
		return nil
	}
	content, err := readFile(l.resolve(name), false)
	switch {
	case err != nil:
		l.refuse(field, quote(name)+" "+err.Error(), remedy)
	case strings.Contains(string(content), "PRIVATE KEY BLOCK"):
		l.refuse(field, quote(name)+" holds a private key", "remove it from this machine now; "+remedy)
	}
	return content
}

func (l *loader) ladder(field string, parts []rungPart) []referrals.Rung {
	if len(parts) == 0 {
		l.missing(field, "name at least one officer: {chat: …, acknowledge_within: 10m}")
	}
	var ladder []referrals.Rung
	for i, p := range parts {
		at := indexed(field, i)
		rung := referrals.Rung{Email: p.Email, Within: orTime(p.AcknowledgeWithin, 30*time.Minute)}
		if p.Chat != nil {
			rung.Chat = *p.Chat
			l.chat(at+".chat", rung.Chat)
		}
		if p.Chat == nil && p.Email == "" {
			l.missing(at, "give it a chat, or an address of mail")
		}
		l.address(at+".email", p.Email)
		ladder = append(ladder, rung)
	}
	return ladder
}

func (l *loader) chat(field string, chat int64) {
	switch {
	case chat == 0:
		l.missing(field, "give the id of the officer's private chat with the bot")
	case chat < 0:
		l.warn(field, "is a group", "prefer officers' private chats: a group takes 20 messages a minute and all its members see who acts")
	}
}

func (l *loader) tokenHash(field, name string) []byte {
	const remedy = "write the token's SHA-256 there: 64 lower-case hexadecimal digits"
	digest := l.secret(field, name, remedy)
	if !digest.Set() {
		return nil
	}
	raw, err := hex.DecodeString(digest.Reveal())
	if err != nil || len(raw) != 32 || strings.ToLower(digest.Reveal()) != digest.Reveal() {
		l.refuse(field, "names a file that does not hold a SHA-256", remedy)
		return nil
	}
	return raw
}

// apart checks what holds between desks: ids and countries of missions are nobody else's; a
// key or a chat that two desks share is told.
func (l *loader) apart(desks []Desk) {
	ids, served := map[string]string{}, map[string]string{}
	keys, chats := map[string]string{}, map[int64]string{}
	for _, d := range desks {
		if first, taken := ids[d.ID]; taken && d.ID != "" {
			l.refuse(d.Field+".id", quote(d.ID)+" is the id of "+first+" too", "choose another id")
		}
		ids[d.ID] = d.Field
		for i, c := range d.Countries {
			if d.Kind != referrals.MissionDesk {
				break
			}
			if first, taken := served[c]; taken && first != d.Field {
				l.refuse(indexed(d.Field+".countries", i), c+" is served by "+first+" already", "let one mission serve it")
			}
			served[c] = d.Field
		}
		for _, k := range d.Keys {
			if first, taken := keys[k.Fingerprint]; taken && k.Fingerprint != "" && !strings.HasPrefix(first, d.Field+".") {
				l.warn(k.Field+".fingerprint", "is the key at "+first+" too", "give each desk a key of its own; else consent for one lets the other read")
			}
			keys[k.Fingerprint] = k.Field
		}
		l.sharedChats(d, chats)
	}
}

func (l *loader) sharedChats(d Desk, chats map[int64]string) {
	for i, rung := range d.Ladder {
		at := fmt.Sprintf("%s.duty[%d].chat", d.Field, i)
		if d.Kind == referrals.NGODesk {
			at = d.Field + ".chat"
		}
		if first, taken := chats[rung.Chat]; taken && rung.Chat != 0 {
			why := "let it be if that person really serves both desks; they see the alerts of both"
			if strings.HasPrefix(first, d.Field+".") {
				why = "name another officer: when this one is silent, escalating to them again reaches nobody else"
			}
			l.warn(at, "is the chat at "+first+" too", why)
		}
		chats[rung.Chat] = at
	}
}
