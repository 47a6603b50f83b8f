package referrals

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// A desk that has read a case may hand it on to an organisation, and headquarters to a mission too. The defender is asked
// first, with the organisation's name, who suggests it and what for, and nothing moves before the yes. Where the defender had
// agreed when sending, there is a sealed copy, and it is released, whatever the order. Otherwise the line cannot read what it
// keeps: the desk is handed the organisation's public key, seals a document to it, and that is passed on.

// Refer is what a desk asked for: that one organisation gets the case.
type Refer struct {
	To string `json:"to"`
	// For is what for: one of Purposes.
	For string `json:"f,omitempty"`
	// By is the desk that asked, Rung who of it.
	By   string    `json:"by,omitempty"`
	Rung int       `json:"r,omitempty"`
	At   time.Time `json:"at,omitzero"`
	// Agreed says that the defender said yes, and that the document which By seals is awaited.
	Agreed bool `json:"a,omitempty"`
	// Quiet says that By was told that no answer came within AskedFor, or, once agreed, reminded that the document is awaited. What comes
	// later counts all the same.
	Quiet bool `json:"q,omitempty"`
	// Why is what was wrong with the document, in an event of one that was not fit.
	Why string `json:"w,omitempty"`
}

// AskedFor is how long a defender is waited for before the desk is told that no answer has come, and how long they are not asked about
// an organisation again to which they said no.
const AskedFor = 3 * 24 * time.Hour

// MostHanded is the greatest document that is taken from an officer, in bytes.
const MostHanded = 4 << 20

// ConsentField is the field of the question whether an organisation may have a case. Its answer is the organisation's id, or
// ConsentNone.
const (
	ConsentField = "consent"
	ConsentNone  = "none"
)

// Purposes are what a case may be handed on for, in the order of the contract's needs. The set is closed: what an officer
// writes would pass through the chat.
func Purposes() []string {
	return []string{"funding", "relocation", "legal", "medical", "digital", "accompaniment", "training", "family", "transport",
		"advocacy", "equipment", "other"}
}

// PurposesOf are those that a desk serves: an NGO's needs, anything of others.
func PurposesOf(d *Desk) []string {
	if d.Kind != NGODesk {
		return Purposes()
	}
	return slices.DeleteFunc(Purposes(), func(p string) bool { return p != "other" && !slices.Contains(d.Needs, p) })
}

// MayRefer says whether a desk may hand cases on to another: missions and headquarters to NGOs that take cases, headquarters
// also to missions.
func MayRefer(from, to *Desk) bool {
	switch {
	case from == nil || to == nil || from.ID == to.ID:
		return false
	case to.Kind == NGODesk:
		return from.Kind != NGODesk && to.Accepting
	default:
		return from.Kind == HeadquartersDesk && to.Kind == MissionDesk
	}
}

// Referable are the desks that one may hand cases on to and that can be sealed to: the NGOs that serve a country of the mission,
// those that name it first; for headquarters all of them, then the missions. What the line knows of a case does not say
// more. A nil usable trusts every desk.
func (d *Directory) Referable(from *Desk, usable func(desk string) error) []*Desk {
	var named, others, missions []*Desk
	for _, to := range d.now.Load().all {
		if !MayRefer(from, to) || usable != nil && usable(to.ID) != nil {
			continue
		}
		serves := slices.ContainsFunc(from.Countries, func(c string) bool { return slices.Contains(to.Countries, c) })
		switch {
		case to.Kind == MissionDesk:
			missions = append(missions, to)
		case serves:
			named = append(named, to)
		case to.AllCountries || from.Kind == HeadquartersDesk:
			others = append(others, to)
		}
	}
	return slices.Concat(named, others, missions)
}

// referring applies what happens to a desk's wish that an organisation gets the case too.
func (c Case) referring(e Event, dir desks) (Case, []Errand) {
	switch e.Kind {
	case WasWiped:
		return c.unasked(e.At, dir)
	case WasSuggested:
		return c.suggested(e, dir)
	case WasHanded:
		return c.handed(e, dir)
	case WasFit:
		return c.fit(e, dir)
	case WasUnfit:
		return c.unfit(e, dir)
	default:
		return c, nil
	}
}

// suggested asks the defender whether an organisation may have the case, or tells the desk why that is not done.
func (c Case) suggested(e Event, dir desks) (Case, []Errand) {
	i := c.holding(e, Taken)
	if i < 0 || e.Refer == nil || c.Shares[i].Kind == NGODesk {
		return c, nil
	}
	r := Refer{To: e.Refer.To, For: e.Refer.For, By: e.Desk, Rung: e.Refer.Rung, At: e.At}
	if !slices.Contains(Purposes(), r.For) || !MayRefer(dir.Desk(r.By), dir.Desk(r.To)) {
		return c, c.tellReferrer(r, NoticeReferGone, e.At, dir)
	}
	if why := c.instead(r); why != "" {
		return c, c.tellReferrer(r, why, e.At, dir)
	}
	c.Refers = append(c.Refers, r)
	out := c.Ask(Question{Field: ConsentField, About: r.To, By: r.By, For: r.For, Copy: c.has(r.To), At: e.At})
	out = append(c.trails(r, LineAsked, ByChat, e.At), out...)
	return c, append(out, c.tellReferrer(r, NoticeReferAsked, e.At, dir)...)
}

// instead is what a desk is told instead of the defender being asked; empty when they are.
func (c Case) instead(r Refer) NoticeKind {
	if i := c.share(r.To); i >= 0 && c.Shares[i].Stage == Awaited {
		if j := c.refer(r.To, r.By, true); j >= 0 {
			return NoticeReferKey
		}
		return NoticeReferHas
	} else if i >= 0 && c.Shares[i].over() {
		return NoticeReferGone
	} else if i >= 0 && !c.has(r.To) && c.Shares[i].Stage != Recalled {
		return NoticeReferHas
	}
	if slices.ContainsFunc(c.Noes, r.soonAfter) {
		return NoticeReferLately
	}
	for _, open := range c.Refers {
		switch {
		case open.Agreed:
		case open.To == r.To:
			return NoticeReferAlready
		case !open.Quiet: // one question at a time: a no is to the one that was asked
			return NoticeReferBusy
		}
	}
	if c.Chat.Name == "" {
		return NoticeReferWiped
	}
	return ""
}

// soonAfter says that the defender said no to the same organisation a short while before.
func (r Refer) soonAfter(no Refer) bool { return no.To == r.To && r.At.Before(no.At.Add(AskedFor)) }

// has says that there is a sealed copy for a desk which it does not hold now.
func (c Case) has(desk string) bool {
	i := c.share(desk)
	return i >= 0 && (c.Shares[i].Stage == Kept || c.Shares[i].Stage == Passed)
}

// over says that consent was taken back from a desk that knew the case by the case's own code: it cannot be alerted of it anew. An
// organisation is, under a further code.
func (s Share) over() bool { return s.Stage == Recalled && s.Kind != NGODesk && s.Holding != "" }

// share is the index of a desk's share, or -1.
func (c Case) share(desk string) int {
	return slices.IndexFunc(c.Shares, func(s Share) bool { return s.Desk == desk })
}

// refer is the index of what a desk asked for, agreed to or not, or -1.
func (c Case) refer(to, by string, agreed bool) int {
	return slices.IndexFunc(c.Refers, func(r Refer) bool { return r.To == to && r.By == by && r.Agreed == agreed })
}

// consented does what follows from the defender's answer to whether an organisation may have the case.
func (c Case) consented(e Event, dir desks) (Case, []Errand) {
	q := e.Question
	if q.By == "" {
		return c.agreedUnasked(q.About, e, dir)
	}
	i := c.refer(q.About, q.By, false)
	if i < 0 {
		return c, nil
	}
	r := c.Refers[i]
	c.Refers = slices.Delete(c.Refers, i, i+1)
	c, out := c.follows(r, e, dir)
	if e.Answer == r.To {
		return c, append(out, c.trails(r, LineAgreed, ByDefender, e.At)...)
	}
	return c, append(out, c.trails(r, LineRefused, ByDefender, e.At)...)
}

// trails writes to the audit trail what came of what a desk asked for: to whom, sealed there, and not what for.
func (c Case) trails(r Refer, k LineKind, way Way, at time.Time) []Errand {
	i := c.share(r.By)
	if i < 0 {
		return nil
	}
	return []Errand{{Line: &Line{Kind: k, Desk: r.By, Code: c.Shares[i].Holding, Lane: c.Lane, At: at, Way: way, Why: r.To}}}
}

// follows does what follows from the defender's answer to what a desk asked for.
func (c Case) follows(r Refer, e Event, dir desks) (Case, []Errand) {
	switch j := c.share(r.To); {
	case e.Answer != r.To:
		c.Noes = slices.DeleteFunc(slices.Clone(c.Noes), func(no Refer) bool { return no.To == r.To })
		c.Noes = append(c.Noes, Refer{To: r.To, At: e.At})
		return c, c.tellReferrer(r, NoticeReferNo, e.At, dir)
	case dir.Desk(r.To) == nil, j >= 0 && c.Shares[j].over():
		return c, c.tellReferrer(r, NoticeReferGone, e.At, dir)
	case j >= 0 && c.has(r.To):
		out := c.releaseTo(j, e.At, dir)
		return c, append(out, c.tellReferrer(r, NoticeReferOn, e.At, dir)...)
	case j >= 0 && c.Shares[j].Stage == Recalled: // its consent was taken back, and is given anew
		c.Shares[j].Stage = Awaited
	case j >= 0 && c.Shares[j].Stage != Awaited:
		return c, c.tellReferrer(r, NoticeReferHas, e.At, dir)
	case j < 0:
		c.Shares = append(c.Shares, Share{Desk: r.To, Kind: dir.Desk(r.To).Kind, Stage: Awaited})
	}
	r.Agreed, r.At, r.Quiet = true, e.At, false
	c.Refers = append(c.Refers, r)
	return c, c.tellReferrer(r, NoticeReferKey, e.At, dir)
}

// agreedUnasked gives the case to a desk that the line asked for because nobody had answered. What its copy holds was sealed when the
// defender agreed.
func (c Case) agreedUnasked(desk string, e Event, dir desks) (Case, []Errand) {
	d := dir.Desk(desk)
	if e.Answer != desk || d == nil || c.share(desk) >= 0 {
		return c, nil
	}
	c.Shares = append(c.Shares, Share{Desk: desk, Kind: d.Kind, Stage: Kept})
	out := c.releaseTo(len(c.Shares)-1, e.At, dir)
	return c, out
}

// releaseTo releases a share out of its turn and tells the defender. When this desk is silent too, the operator hears of it again.
func (c *Case) releaseTo(i int, at time.Time, dir desks) []Errand {
	c.Shares[i].Read, c.Paged = false, false
	return c.movesOn(c.release(i, at, dir), at)
}

// handed has the document looked at that a desk sealed, while it is awaited.
func (c Case) handed(e Event, dir desks) (Case, []Errand) {
	if c.holding(e, Taken, Finished) < 0 || e.Refer == nil || len(e.Waiting) != 1 {
		return c, nil
	}
	r := *e.Refer
	r.By = e.Desk
	if i := c.share(r.To); c.refer(r.To, r.By, true) < 0 || i < 0 || c.Shares[i].Stage != Awaited {
		return c, c.tellReferrer(r, NoticeReferOver, e.At, dir)
	}
	file := e.Waiting[0]
	file.Name = c.Code.DocumentName(1)
	body, err := json.Marshal(FileJob{Case: c.Code, Desks: []string{r.To}, File: file, Refer: &r})
	if err != nil { // strings and numbers only: cannot fail
		return c, nil
	}
	id := fmt.Sprintf("handed:%s:%s:%d:%d", c.Code, r.By, r.Rung, e.At.UnixMilli())
	return c, []Errand{{Post: &Post{To: Member{Slot: c.Slot, Name: c.Code.FilesName()}, ID: id, Order: e.At.UnixMilli(), Body: body}}}
}

// fit passes on a document that a desk sealed and the line has looked at. Whether it is still agreed to is asked again here.
func (c Case) fit(e Event, dir desks) (Case, []Errand) {
	if e.Refer == nil {
		return c, nil
	}
	i := c.share(e.Refer.To)
	if i < 0 || c.Shares[i].Stage != Awaited {
		return c, nil
	}
	r := *e.Refer
	c.Refers = slices.DeleteFunc(c.Refers, func(o Refer) bool { return o.To == r.To })
	out := c.releaseTo(i, e.At, dir)
	if len(out) == 0 { // taken out of the configuration meanwhile
		return c, c.tellReferrer(r, NoticeReferGone, e.At, dir)
	}
	return c, append(out, c.tellReferrer(r, NoticeReferOn, e.At, dir)...)
}

// unfit tells a desk what is wrong with the document that it sealed. It is still awaited.
func (c Case) unfit(e Event, dir desks) (Case, []Errand) {
	if e.Refer == nil {
		return c, nil
	}
	if i := c.share(e.Refer.To); i < 0 || c.Shares[i].Stage != Awaited {
		return c, c.tellReferrer(*e.Refer, NoticeReferOver, e.At, dir)
	}
	return c, c.tellReferrer(*e.Refer, NoticeReferUnfit, e.At, dir)
}

// owed tells a desk that closed the case of each document that the defender agreed to and that nobody but this desk can seal: it is
// taken afterwards too.
func (c Case) owed(desk string, at time.Time, dir desks) []Errand {
	var out []Errand
	for _, r := range c.Refers {
		if r.By == desk && r.Agreed {
			out = append(out, c.tellReferrer(r, NoticeReferKey, at, dir)...)
		}
	}
	return out
}

// unasked ends the questions that nobody can answer any more, because the chat was wiped.
func (c Case) unasked(at time.Time, dir desks) (Case, []Errand) {
	var out []Errand
	c.Refers = slices.DeleteFunc(c.Refers, func(r Refer) bool {
		if !r.Agreed {
			out = append(out, c.tellReferrer(r, NoticeReferWiped, at, dir)...)
		}
		return !r.Agreed
	})
	return c, out
}

// quiet tells desks that no answer has come, and those that were agreed with that their document has not: nobody else can seal it, and
// the defender was told that it would be. Each once.
func (c Case) quiet(at time.Time, dir desks) (Case, []Errand) {
	var out []Errand
	c.Refers = slices.Clone(c.Refers)
	for i, r := range c.Refers {
		if r.waits() && !at.Before(r.At.Add(AskedFor)) {
			c.Refers[i].Quiet = true
			kind := NoticeReferQuiet
			if r.Agreed {
				kind = NoticeReferKey
			}
			out = append(out, c.tellReferrer(r, kind, at, dir)...)
		}
	}
	return c, out
}

// waits says that the defender was asked, or has agreed, and the desk has heard nothing since.
func (r Refer) waits() bool { return !r.Quiet }

// tellReferrer tells whoever asked for something what became of it, or their colleagues who know the case when that place of
// the ladder is nobody's any more.
func (c Case) tellReferrer(r Refer, k NoticeKind, at time.Time, dir desks) []Errand {
	i := c.share(r.By)
	if i < 0 {
		return nil
	}
	rung := r.Rung
	if d := dir.Desk(r.By); d == nil || rung < 0 || rung >= len(d.Ladder) || d.Ladder[rung].Chat == 0 {
		rung = EveryRung
	}
	return []Errand{{Notice: &Notice{Kind: k, Desk: r.By, Rung: rung, Code: c.Shares[i].Holding, Lane: c.Lane, Origin: c.Slot,
		About: r.To, For: r.For, Why: r.Why, At: at}}}
}
