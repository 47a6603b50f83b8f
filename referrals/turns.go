package referrals

import (
	"slices"
	"time"
)

// desks is what the decisions about a case ask of the directory.
type desks interface {
	Desk(id string) *Desk
}

// rooms also says which organisations have as many referrals as they take at a time.
type rooms interface {
	desks
	Full(id string) bool
}

// Happen applies an event to a case: the next case, and what is to be done. It is pure. An event that
// does not fit changes nothing: one that was applied before, that comes late, or that is about
// another holding. A case that was withdrawn only forgets its chat.
func (c Case) Happen(e Event, dir rooms) (Case, []Errand) {
	if e.Kind == WasWiped {
		c.Chat = Member{}
	}
	if e.Kind == WasReplied { // also of a case that has ended the desk is told
		return c.replied(e)
	}
	if c.Ended {
		return c, nil
	}
	c.Shares, c.Waiting, c.Added, c.Refers = slices.Clone(c.Shares), slices.Clone(c.Waiting), slices.Clone(c.Added), slices.Clone(c.Refers)
	switch e.Kind {
	case Sent:
		return c.begin(e, dir)
	case WasAcknowledged:
		return c.taken(e, "read")
	case WasClaimed:
		return c.claimed(e)
	case WasAccepted:
		return c.taken(e, "accepted")
	case WasPassed:
		return c.passed(e, dir)
	case WasSilent:
		return c.silent(e, dir)
	case WasClosed:
		return c.finished(e, dir)
	case WasAdded:
		return c.added(e, dir)
	case WasSealed, WasUnsealed:
		return c.sealed(e, dir)
	case WasWithdrawn, WasEnded, WasRevoked:
		return c.recalled(e, dir)
	case WasAnswered:
		return c.answered(e, dir)
	default:
		return c.referring(e, dir)
	}
}

// begin releases the case to those whose turn is at once: the mission, or headquarters when no
// mission has part in it, and the first NGO. Headquarters behind a mission waits for its turn.
func (c Case) begin(e Event, dir rooms) (Case, []Errand) {
	if c.Paged || !c.Look.IsZero() || slices.ContainsFunc(c.Shares, func(s Share) bool { return s.Stage != Kept }) {
		return c, nil // it has begun
	}
	var out []Errand
	if i := c.find(MissionDesk); i >= 0 {
		out = c.release(i, e.At, dir)
	}
	if len(out) == 0 {
		out = c.toHeadquarters(e.At, dir)
	}
	if c.find(NGODesk) >= 0 {
		out = append(out, c.onward(e.At, dir)...)
	}
	out = append(out, c.unanswered(e.At)...)
	return c, out
}

// Has says that a desk has the case: an officer acknowledged it, or an organisation took it on.
func (c Case) Has(desk string) bool {
	i := c.share(desk)
	return i >= 0 && c.Shares[i].Stage == Taken
}

// taken notes that a human has it and tells the defender.
func (c Case) taken(e Event, state string) (Case, []Errand) {
	if i := c.holding(e, Taken); i >= 0 && c.Shares[i].since(e) { // once more, after it was handed over
		c.Shares[i].Taken, c.Shares[i].Handed = e.At, max(e.Handed, c.Shares[i].Handed)
	}
	i := c.holding(e, Released, Unheeded)
	if i < 0 {
		return c, nil
	}
	c.Shares[i].Stage, c.Shares[i].Taken, c.Shares[i].Handed = Taken, e.At, e.Handed
	if c.Shares[i].Kind == NGODesk {
		c.Shares[i].Read, c.Shares[i].AskAt = true, e.At.Add(askAfter)
	}
	out := c.tell(state, e.Desk, e.At)
	return c, out
}

// claimed notes that an NGO was given the documents. Heard of later, it is known already.
func (c Case) claimed(e Event) (Case, []Errand) {
	if i := c.holding(e, Released); i >= 0 {
		c.Shares[i].Read = true
	}
	return c, nil
}

// passed moves on to the next NGO consented to, and with none left to headquarters.
func (c Case) passed(e Event, dir rooms) (Case, []Errand) {
	i := c.holding(e, Released, Taken)
	if i < 0 {
		return c, nil
	}
	c.Shares[i].Stage = Passed
	c.Shares[i].Read = c.Shares[i].Read || e.Read
	out := c.movesOn(c.onward(e.At, dir), e.At)
	out = append(out, c.unanswered(e.At)...)
	return c, out
}

// movesOn tells the defender of the desk that the case has gone on to, if it has.
func (c *Case) movesOn(out []Errand, at time.Time) []Errand {
	for _, e := range out {
		if e.Move != nil && e.Move.To != Withdrawn {
			return append(out, c.tell("released", e.Move.Desk, at)...)
		}
	}
	return out
}

// silent moves a case on that no rung of a mission answered. One that somebody had, and handed over to colleagues who were
// silent, is as unanswered as any; a silence that is heard of after it was taken up is over.
func (c Case) silent(e Event, dir rooms) (Case, []Errand) {
	i := c.holding(e, Released, Taken)
	if i < 0 || c.Shares[i].Stage == Taken && !c.Shares[i].since(e) {
		return c, nil
	}
	c.Paged = c.Paged && c.Shares[i].Stage != Taken // that nobody had it before does not say that nobody has it now
	c.Shares[i].Stage = Unheeded
	out := c.movesOn(c.toHeadquarters(e.At, dir), e.At)
	out = append(out, c.unanswered(e.At)...)
	return c, out
}

// since says that an event is of after somebody had it, as far as the case has heard: it was handed over since, or the event is later.
// A clock that was set back hides no event of a case handed over, and at worst one that was over counts.
func (s Share) since(e Event) bool { return e.Handed > s.Handed || e.At.After(s.Taken) }

// finished notes that a desk has done what it could, and tells it which documents it is still to seal.
func (c Case) finished(e Event, dir desks) (Case, []Errand) {
	i := c.holding(e, Released, Taken, Unheeded)
	if i < 0 {
		return c, nil
	}
	c.Shares[i].Stage = Finished
	state := "closed"
	if c.Shares[i].Kind == NGODesk {
		state = "completed"
	}
	held := c.any(Released, Taken, Unheeded, Awaited) || len(c.Refers) > 0 // the person may be about to answer
	out := c.Tell(News{State: state, Desk: e.Desk, At: e.At, Held: held})
	return c, append(out, c.owed(e.Desk, e.At, dir)...)
}

// added tells every desk that may read the case of each new document. When no desk has the case any
// more, the operator is paged: what somebody wrote would lie unread.
func (c Case) added(e Event, dir rooms) (Case, []Errand) {
	if e.Documents < 2 || slices.Contains(c.Added, e.Documents) {
		return c, nil
	}
	first := c.Documents + 1
	c.Added = append(c.Added, e.Documents)
	c.Documents, c.Files = max(c.Documents, e.Documents), max(c.Files, e.Files)
	c.Waiting = append(c.Waiting, e.Waiting...)
	var out []Errand
	for n := first; n <= c.Documents; n++ {
		out = append(out, c.Announce(c.Code.DocumentName(n), e.At, dir)...)
	}
	if !c.any(Released, Taken, Unheeded) {
		out = append(out, c.page(e.At)...)
	}
	return c, out
}

// Announce tells every desk that may read the case now that one more document of it is there.
// Desks whose turn comes later get it with the rest.
func (c Case) Announce(name string, at time.Time, dir desks) []Errand {
	var out []Errand
	for _, s := range c.Shares {
		if dir.Desk(s.Desk) == nil || !s.readable() {
			continue
		}
		out = append(out, Errand{Notice: &Notice{Kind: NoticeAddition, Desk: s.Desk, Rung: EveryRung, Code: s.Holding, Lane: c.Lane,
			Origin: c.Slot, Document: name, At: at}})
	}
	return out
}

// sealed tells of a file: whoever may read the case now, and its defender, whose message has done its work.
func (c Case) sealed(e Event, dir rooms) (Case, []Errand) {
	if e.Kind == WasUnsealed {
		out := c.Tell(News{State: FileFailed, At: e.At, Message: e.Message})
		return c, out
	}
	out := c.Announce(e.File, e.At, dir)
	out = append(out, c.Tell(News{State: FileSealed, At: e.At, Message: e.Message})...)
	return c, out
}

// recalled takes the case back from everybody who holds it or has read it, or from one desk.
func (c Case) recalled(e Event, dir rooms) (Case, []Errand) {
	if e.Kind == WasRevoked {
		return c.revoked(e, dir)
	}
	c.Ended = true
	c.Waiting = nil
	kind := NoticeWithdrawn
	if e.Kind == WasEnded {
		kind = NoticeEnded
	}
	var out []Errand
	for i, s := range c.Shares {
		out = append(out, c.takeBack(s, kind, e.At)...)
		c.Shares[i].Stage = Recalled
	}
	return c, out
}

// unanswered pages the operator and tells the defender when nobody is left to answer.
func (c *Case) unanswered(at time.Time) []Errand {
	if c.any(Released, Taken, Finished) {
		return nil
	}
	return c.page(at)
}

// page tells the operator, without content, and the defender that nobody has the case, once.
func (c *Case) page(at time.Time) []Errand {
	if c.Paged {
		return nil
	}
	c.Paged = true
	page := Errand{Notice: &Notice{Kind: NoticePage, Code: string(c.Code), Lane: c.Lane, At: at}}
	line := Errand{Line: &Line{Kind: LinePaged, Code: string(c.Code), Lane: c.Lane, At: at, Way: ByLine}}
	return append([]Errand{page, line}, c.tell("unanswered", "", at)...)
}

// onward offers the case to the next NGO, and with none left to headquarters.
func (c *Case) onward(at time.Time, dir rooms) []Errand {
	if out := c.offerNext(at, dir); len(out) > 0 {
		return out
	}
	return c.toHeadquarters(at, dir)
}

// offerNext offers the case to the next NGO that was consented to and takes cases. Those that are full or have paused are passed
// over and keep their place: the case looks again, as long as nobody has it.
func (c *Case) offerNext(at time.Time, dir rooms) []Errand {
	waits := false
	for i, s := range c.Shares {
		if s.Kind != NGODesk || s.Stage != Kept {
			continue
		}
		switch d := dir.Desk(s.Desk); {
		case d == nil:
			c.Shares[i].Stage = Passed
		case !d.Accepting || dir.Full(s.Desk):
			waits = true
		default:
			c.waits(false, at)
			return c.release(i, at, dir)
		}
	}
	c.waits(waits, at)
	return nil
}

// toHeadquarters releases headquarters' copy if there is one and it was not released yet.
func (c *Case) toHeadquarters(at time.Time, dir desks) []Errand {
	i := c.find(HeadquartersDesk)
	if i < 0 || c.Shares[i].Stage != Kept {
		return nil
	}
	return c.release(i, at, dir)
}

// release hands the i-th share to its desk.
func (c *Case) release(i int, at time.Time, dir desks) []Errand {
	s := &c.Shares[i]
	d := dir.Desk(s.Desk)
	if d == nil {
		s.Stage = Passed
		return nil
	}
	s.Stage, s.Holding = Released, string(c.Code)
	if s.Kind == NGODesk {
		c.Referrals++
		s.Holding = ReferralCode(c.Code, c.Referrals)
	}
	m := open(d, *c, s.Holding, at)
	return []Errand{{Move: &m}}
}

// find is the index of the first share of a kind, or -1.
func (c Case) find(k Kind) int {
	return slices.IndexFunc(c.Shares, func(s Share) bool { return s.Kind == k })
}

// any says whether a share is in one of the stages.
func (c Case) any(stages ...Stage) bool {
	return slices.ContainsFunc(c.Shares, func(s Share) bool { return slices.Contains(stages, s.Stage) })
}

// holding is the index of the share an event is about, if it has come to one of the stages, or -1.
func (c Case) holding(e Event, stages ...Stage) int {
	return slices.IndexFunc(c.Shares, func(s Share) bool {
		return s.Desk == e.Desk && s.Holding == e.Holding && s.Holding != "" && e.of(s.Kind) && slices.Contains(stages, s.Stage)
	})
}

// of says whether an event happens at desks of a kind.
func (e Event) of(k Kind) bool {
	switch e.Kind {
	case WasClaimed, WasAccepted, WasPassed:
		return k == NGODesk
	case WasAcknowledged, WasSilent:
		return k != NGODesk
	default:
		return true
	}
}

// readable says whether the desk may have the documents now: an NGO from its claim on, others
// from the alert on, until they have ended their part.
func (s Share) readable() bool {
	if s.Kind == NGODesk {
		return s.Stage == Taken || s.Stage == Released && s.Read
	}
	return s.Stage == Released || s.Stage == Taken || s.Stage == Unheeded
}
