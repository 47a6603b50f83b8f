package bot

import (
	"slices"

	"defenderline/flows"
	"defenderline/referrals"
)

// A defender is asked whether one more desk may have a case: because a desk that has read it suggests an organisation, or because
// nobody has answered. What is agreed to is sealed for the new desk from then on.

// asksConsent is how a desk's suggestion is put, and the buttons that answer it.
func asksConsent(by, code string, q flows.Question) (flows.Text, [][]flows.Button, bool) {
	key := "line.consent_new"
	if q.Copy {
		key = "line.consent_copy"
	}
	return flows.Text{Key: key, Args: map[string]any{"Code": code, "By": flows.Verbatim(by), "Desk": flows.Verbatim(q.Name),
		"For": flows.Text{Key: "value.need." + q.For}}}, flows.AgreeButtons(code, []string{q.About}, []string{q.Name}), true
}

// offerOthers opens the question whether one more desk may have a case that nobody has answered: headquarters, and the next
// organisation that could have been chosen. Who was chosen, or refused since, is not asked about again.
func (tn *turn) offerOthers(code string, n referrals.News) {
	c, ok := caseOf(tn.state.Session.Cases, code)
	if !ok {
		return
	}
	for _, d := range tn.othersFor(c) {
		q := flows.Question{Field: referrals.ConsentField, About: d.ID, Name: d.Name, At: n.At}
		if next, ok := tn.engine.Ask(tn.state.Session, code, q); ok {
			tn.state.Session = next
		}
	}
}

// othersFor are the desks that a person may be asked about because nobody has answered.
func (tn *turn) othersFor(c flows.Case) []*referrals.Desk {
	var out []*referrals.Desk
	offer := func(d *referrals.Desk) bool {
		if d == nil || slices.Contains(c.Desks, d.ID) || slices.Contains(c.Refused, d.ID) || tn.seal.Usable(d.ID) != nil ||
			d.Kind == referrals.NGODesk && !d.Accepting {
			return false
		}
		out = append(out, d)
		return true
	}
	offer(tn.dir.Headquarters())
	for _, id := range c.Others {
		if offer(tn.dir.Desk(id)) {
			break
		}
	}
	return out
}

// othersThan are the organisations that could have been chosen for a draft and were not.
func (tn *turn) othersThan(d flows.Draft, desks []string) []string {
	g := &guide{dir: tn.dir, seal: tn.seal, texts: tn.texts}
	var out []string
	for _, r := range g.Consents(d.Flow, first(d.Answers["country"]), tn.lang(), d.Answers) {
		if n := tn.dir.Desk(r.Value); n != nil && n.Kind == referrals.NGODesk && !slices.Contains(desks, n.ID) {
			out = append(out, n.ID)
		}
	}
	return out
}

// asksUnanswered is how a person is told that nobody has answered, when one more desk may be asked about.
func (tn *turn) asksUnanswered(c flows.Case, n referrals.News) (flows.Text, [][]flows.Button, bool) {
	var ids, names []string
	var list []any
	for _, q := range c.Questions {
		if q.Field == referrals.ConsentField && q.By == "" {
			ids, names, list = append(ids, q.About), append(names, q.Name), append(list, flows.Verbatim(q.Name))
		}
	}
	if len(ids) == 0 {
		return flows.Text{}, nil, false
	}
	return flows.Text{Key: "line.consent_unanswered", Args: map[string]any{"Code": c.Code, "Time": n.At, "Desks": list}},
		flows.AgreeButtons(c.Code, ids, names), true
}

// consentTo notes a yes. When the line asked, a document for the desk is sealed at once: that the case exists, how urgent it is, in
// which country and who may read it. What the person writes then follows as additions; a phone that is taken in
// between leaves a desk that knows. It reports false when nothing can be sealed: then the question stays.
func (tn *turn) consentTo(e flows.Effect, before flows.Session) bool {
	c, ok := caseOf(tn.state.Session.Cases, e.Case)
	code, valid := referrals.ParseCode(e.Case)
	d := tn.dir.Desk(e.Question.About)
	if !ok || !valid || d == nil {
		tn.notAgreed(e, before)
		return false
	}
	agreed := tn.agreed(c)
	if !slices.Contains(agreed, d.ID) {
		agreed = append(slices.Clip(agreed), d.ID)
	}
	if e.Question.By == "" {
		p := &paper{draft: flows.Draft{Flow: c.Flow}, code: code, number: 1, at: tn.at, lane: referrals.Lane(c.Lane), lang: tn.lang(),
			agreed: agreed, names: names(tn.byID(c.Desks)), notice: true}
		if c.Country != "" {
			p.draft.Answers = map[string][]string{"country": {c.Country}}
		}
		copies := tn.sealAll(p, []*referrals.Desk{d})
		if len(copies) == 0 {
			tn.notAgreed(e, before)
			return false
		}
		tn.keepCopies(code, p.number, copies)
	}
	tn.state.agree(e.Case, agreed)
	return true
}

// notAgreed leaves a question open whose yes cannot be followed now.
func (tn *turn) notAgreed(e flows.Effect, before flows.Session) {
	tn.state.Session, tn.undone = before, true
	tn.screen, tn.notes = nil, nil
	tn.say(flows.Text{Key: "line.not_agreed", Args: map[string]any{"Code": e.Case, "Desk": flows.Verbatim(e.Question.Name)}})
}
