package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"defenderline/flows"
	"defenderline/referrals"
)

// copyFor is one desk's sealed copy.
type copyFor struct {
	desk   *referrals.Desk
	sealed []byte
	mail   []byte // the same as the body of a mail; nil: there is none
}

// submit seals a draft as a new case, one copy for each desk consented to. When nothing could be
// sealed the draft stays as it was and the person is told: never in the clear instead.
func (tn *turn) submit(ctx context.Context, d flows.Draft, before flows.Session) error {
	desks := tn.consented(d)
	code, err := referrals.NewCode(tn.random)
	if err != nil {
		return err
	}
	p := &paper{draft: d, code: code, number: 1, at: tn.at, lane: laneOf(d), lang: tn.lang(), names: names(desks)}
	copies := tn.sealAll(p, desks)
	if len(copies) == 0 {
		tn.meters.Submissions.WithLabelValues(string(p.lane), "not_accepted").Inc()
		tn.notAccepted(before)
		return nil
	}
	if err := tn.begin(ctx, p, copies); err != nil {
		return err
	}
	tn.meters.Submissions.WithLabelValues(string(p.lane), "sealed").Inc()
	tn.sent(p, copies)
	return nil
}

// laneOf is how urgent a draft is.
func laneOf(d flows.Draft) referrals.Lane {
	urgency := ""
	if u := d.Answers["urgency"]; len(u) > 0 {
		urgency = u[0]
	}
	return referrals.LaneOf(d.Flow, urgency)
}

// consented are the desks a draft's consent names, in the order in which their turn comes: the mission,
// the NGOs as the router orders them, headquarters.
func (tn *turn) consented(d flows.Draft) []*referrals.Desk {
	agreed := map[string]bool{}
	for _, v := range d.Answers["consent"] {
		agreed[v] = true
	}
	var out []*referrals.Desk
	country := first(d.Answers["country"])
	if m := tn.dir.Mission(country); m != nil && agreed["mission"] {
		out = append(out, m)
	}
	// The same facts as in the consent question, so that the order is the one that was shown.
	facts := referrals.Facts{Country: country, Language: tn.lang(), Applicant: first(d.Answers["applicant"]),
		Needs: d.Answers["need"], Lane: laneOf(d)}
	for _, c := range tn.dir.Route(facts, nil, tn.dir.Load) {
		if c.Desk.Kind == referrals.NGODesk && agreed[c.Desk.ID] {
			out = append(out, c.Desk)
		}
	}
	if hq := tn.dir.Headquarters(); hq != nil && agreed[referrals.Headquarters] {
		out = append(out, hq)
	}
	return out
}

// names are the desks' names by the values of the consent question.
func names(desks []*referrals.Desk) map[string]string {
	out := make(map[string]string, len(desks))
	for _, d := range desks {
		if d.Kind == referrals.MissionDesk {
			if out["mission"] == "" { // of a case that was handed on to another mission
				out["mission"] = d.Name
			}
		}
		out[d.ID] = d.Name
	}
	return out
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// sealAll makes the copies. A desk that cannot be sealed to is left out and counted.
func (tn *turn) sealAll(p *paper, desks []*referrals.Desk) []copyFor {
	var out []copyFor
	for _, d := range desks {
		name, document := p.code.DocumentName(p.number), p.compose(d, tn.texts)
		sealed, err := tn.seal.SealNamed(d.ID, name, document)
		if err != nil {
			tn.meters.SealFailures.WithLabelValues(d.ID).Inc()
			tn.log.Error("a copy could not be sealed", "desk", d.ID, "err", err)
			continue
		}
		out = append(out, copyFor{desk: d, sealed: sealed, mail: tn.sealForMail(d, name, document)})
	}
	return out
}

// begin puts the case and its copies into the commit and releases it to those whose turn is first.
func (tn *turn) begin(ctx context.Context, p *paper, copies []copyFor) error {
	c := referrals.Case{Code: p.code, Lane: p.lane, Slot: tn.work.Slot, Chat: tn.work.Member, SentAt: tn.at, Documents: 1}
	for _, one := range copies {
		c.Shares = append(c.Shares, referrals.Share{Desk: one.desk.ID, Kind: one.desk.Kind, Stage: referrals.Kept})
	}
	tn.keepCopies(p.code, p.number, copies)
	c.Waiting = p.waiting()
	c.Files = len(c.Waiting)
	room := newRooms(ctx, tn.dir, tn.counts)
	c, errands := c.Happen(referrals.Event{Kind: referrals.Sent, At: tn.at}, room)
	if room.err != nil { // the part of the store that keeps a desk's cases is away: that keeps nobody from sending, and a full one cannot claim
		tn.log.Warn("who has room for a case is not known; it is offered as if they had", "err", room.err)
	}
	record, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write the case's record: %w", err)
	}
	birth := referrals.Birth{Name: p.code.Name(), State: record, Keep: tn.keep.Sealed, Again: c.Due()}
	if len(c.Waiting) > 0 {
		birth.Again = tn.at
	}
	tn.out.Births = append(tn.out.Births, birth)
	tn.out.Errands = append(tn.out.Errands, errands...)
	return nil
}

// sent shows what happens next and deletes the words, which are sealed now, from the chat. Messages
// that brought files go when those are sealed.
func (tn *turn) sent(p *paper, copies []copyFor) {
	remembered := flows.Case{Code: string(p.code), Flow: p.draft.Flow, Lane: string(p.lane), SentAt: tn.at,
		Country: first(p.draft.Answers["country"]), Reach: first(p.draft.Answers["reach"]), State: "sent", At: tn.at, Documents: 1, Files: len(p.waiting())}
	for _, one := range copies {
		remembered.Desks = append(remembered.Desks, one.desk.ID)
		remembered.Names = append(remembered.Names, one.desk.Name)
	}
	remembered.Others = tn.othersThan(p.draft, remembered.Desks)
	tn.state.agree(remembered.Code, p.consent())
	next := tn.engine.Sent(tn.state.Session, remembered)
	tn.state.Session = next.Session
	tn.show(next.Screen)
	if words := p.words(); len(words) > 0 {
		tn.notes = append(tn.notes, flows.Text{Key: "line.erased"})
		tn.erase(words)
	}
	tn.over(p.waiting()...)
}

// add seals what was added to a case for every desk that was consented to and whose copy was made. An
// addition to a case that was taken back has nobody who may read it.
func (tn *turn) add(d flows.Draft, before flows.Session) error {
	c, ok := caseOf(before.Cases, d.Case) // before: a wipe sends what was answered, and has forgotten the cases
	code, valid := referrals.ParseCode(d.Case)
	if !ok || !valid {
		return errNotTaken
	}
	if now, ok := caseOf(tn.state.Session.Cases, d.Case); ok {
		c = now
	}
	if c.State == "withdrawn" { // nobody may read more of it
		tn.erase(messagesOf(d))
		return nil
	}
	c.Documents++
	p := &paper{draft: d, code: code, number: c.Documents, at: tn.at, lane: referrals.Lane(c.Lane),
		lang: tn.lang(), files: c.Files, agreed: tn.agreed(c)}
	desks := tn.byID(c.Desks)
	p.names = names(desks)
	copies := tn.sealAll(p, desks)
	if len(copies) == 0 {
		tn.notAdded(d, before)
		return nil
	}
	tn.keepCopies(code, p.number, copies)
	waiting := p.waiting()
	c.Files += len(waiting)
	if reach := d.Answers["reach"]; len(reach) > 0 {
		c.Reach = reach[0]
	}
	tn.remember(c)
	id := fmt.Sprintf("added:%s:%d", code, p.number)
	post := referrals.EventPost(tn.work.Slot, code, id, referrals.Event{Kind: referrals.WasAdded, At: tn.at,
		Documents: p.number, Files: c.Files, Waiting: waiting})
	tn.out.Errands = append(tn.out.Errands, referrals.Errand{Post: &post})
	tn.erase(p.words())
	if tn.state.Session.Draft.Flow == flows.FlowHome {
		tn.over(waiting...)
	}
	return nil
}

// agreed are the values consented to for a case: as they were answered, or, of a case that an earlier version
// remembered, those of the desks that have it.
func (tn *turn) agreed(c flows.Case) []string {
	if v := tn.state.Agreed[c.Code]; len(v) > 0 {
		return v
	}
	var out []string
	for _, d := range tn.byID(c.Desks) {
		if d.Kind == referrals.MissionDesk {
			out = append(out, "mission")
			continue
		}
		out = append(out, d.ID)
	}
	return out
}

// notAccepted leaves a draft as it was before it should have been sent, and says so.
func (tn *turn) notAccepted(before flows.Session) {
	tn.state.Session = before
	tn.notes = append(tn.notes[:tn.mark], flows.Text{Key: "line.not_accepted"})
	tn.again()
}

// notAdded is notAccepted for an addition. When the person has gone on to something else, which may be an
// emergency, the addition waits behind it.
func (tn *turn) notAdded(d flows.Draft, before flows.Session) {
	if tn.state.Session.Draft.Flow == flows.FlowHome {
		tn.notAccepted(before)
		return
	}
	tn.state.Session = tn.engine.Return(tn.state.Session, d)
	tn.notes = append(tn.notes[:tn.mark], flows.Text{Key: "line.not_accepted"})
}

// remember puts what is new of a case into the session, unless that has forgotten it. Sessions share
// their cases with those before them.
func (tn *turn) remember(c flows.Case) {
	cases := slices.Clone(tn.state.Session.Cases)
	for i := range cases {
		if cases[i].Code == c.Code {
			cases[i] = c
		}
	}
	tn.state.Session.Cases = cases
}

func caseOf(cases []flows.Case, code string) (flows.Case, bool) {
	for _, c := range cases {
		if c.Code == code {
			return c, true
		}
	}
	return flows.Case{}, false
}

func (tn *turn) byID(ids []string) []*referrals.Desk {
	var out []*referrals.Desk
	for _, id := range ids {
		if d := tn.dir.Desk(id); d != nil {
			out = append(out, d)
		}
	}
	return out
}
