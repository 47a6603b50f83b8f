package referrals

import (
	"slices"
	"strconv"
	"time"
)

// open is the move by which a desk comes to hold a case: an alert to the first rung of
// a mission or of headquarters, an offer to an NGO.
func open(d *Desk, c Case, code string, at time.Time) Move {
	m := Move{ID: "open:" + code + ":" + d.ID, Desk: d.ID, Code: code, To: Alerted, AtRung: -1, At: at, Lane: c.Lane, Origin: c.Slot, Way: ByLine}
	n := Notice{Kind: NoticeAlert, Desk: d.ID, Code: code, Lane: c.Lane, Origin: c.Slot, At: at}
	if d.Kind == NGODesk {
		m.To, n.Kind = Offered, NoticeOffer
	} else if m.Rung = d.First(); m.Rung > 0 {
		m.First, m.Told = m.Rung, Rungs(0).With(m.Rung)
	}
	m.Due = Due(d, m.Rung, c.Lane, at)
	n.Rung, n.Due = m.Rung, m.Due
	m.Errands = []Errand{{Notice: &n}}
	if d.Kind == NGODesk && len(d.Ladder) > 1 { // all are told at once: an organisation has no order, and whoever claims has it
		m.Told = UpTo(len(d.Ladder) - 1)
		for rung := 1; rung < len(d.Ladder); rung++ {
			if more := n; !d.Ladder[rung].nobody() {
				more.Rung = rung
				m.Errands = append(m.Errands, Errand{Notice: &more})
			}
		}
	}
	return m
}

// withdraw is the move that takes a share back, in whatever state it is. The release of a share may
// still be under way, since errands that failed are tried again later and may pass each other: its
// withdrawal then begins the holding, and the release, made only where there is none, comes too late.
func withdraw(s Share, c Case, at time.Time) Move {
	m := Move{ID: "withdraw:" + s.Holding + ":" + s.Desk, Desk: s.Desk, Code: s.Holding, AtRung: -1, To: Withdrawn, At: at, Way: ByDefender,
		From: []State{Alerted, Acknowledged, Silent, Offered, Claimed, Accepted, Completed, Closed, Declined, Expired, Returned}}
	if s.Stage == Released {
		m.From = append(m.From, "")
		m.Lane, m.Origin = c.Lane, c.Slot
	}
	return m
}

// Due is when a rung's silence has a consequence. Emergencies and urgent cases ignore duty hours; a routine case's time
// begins with the next duty hour of the desk, and where it ends outside of them, the next duty hour is its end: nobody is
// alerted of one in the night because somebody else did not answer in the evening.
func Due(d *Desk, rung int, lane Lane, at time.Time) time.Time {
	within := d.Within(rung, lane)
	if lane != Routine || within == 0 {
		return at.Add(within)
	}
	begins := d.Hours.Next(at.In(d.Location()))
	return d.Hours.Next(begins.Add(within)).UTC()
}

// Overslept is the move that follows from the silence of a desk at a time: the next rung, the end of
// the ladder, the end of an offer or of a claim. It reports false while nothing is due. A nil desk,
// one that the configuration no longer has, is silent for good: nothing is left lying with it.
func Overslept(h Holding, d *Desk, at time.Time) (Move, bool) {
	if h.Due.IsZero() || at.Before(h.Due) {
		return Move{}, false
	}
	switch h.State {
	case Alerted:
		return nextRung(h, d, at), true
	case Offered, Claimed:
		m := expire(h, at)
		m.Errands = append(m.Errands, Errand{Notice: &Notice{Kind: NoticeExpired, Desk: h.Desk, Rung: EveryRung, Code: h.Code, Lane: h.Lane,
			Origin: h.Origin, At: at}})
		return m, true
	default:
		return Move{}, false
	}
}

// nextRung alerts the next rung, or tells the case that the ladder is at its end. The move is named by the alert that it ends: a rung
// may be alerted of a case more than once, and each of these silences counts once, however it was noticed.
func nextRung(h Holding, d *Desk, at time.Time) Move {
	id := "rung:" + h.Code + ":" + strconv.Itoa(h.Rung) + ":" + strconv.FormatInt(h.Due.UnixMilli(), 10)
	if d != nil {
		if next, ok := d.after(h.First, h.Rung); ok {
			return h.alert(d, next, h.First, []State{Alerted}, id, at).Through(ByClock)
		}
	}
	m := Move{ID: id, Desk: h.Desk, Code: h.Code, From: []State{Alerted}, To: Silent, Claim: h.Handed, AtRung: h.Rung, Rung: h.Rung, At: at, Way: ByClock}
	m.Errands = []Errand{h.post(Event{Kind: WasSilent, Handed: h.Handed, At: at}, id)}
	return m
}

// alert is the move that alerts a rung, in a ladder that began with first.
func (h Holding) alert(d *Desk, rung, first int, from []State, id string, at time.Time) Move {
	m := Move{ID: id, Desk: h.Desk, Code: h.Code, From: from, To: Alerted, AtRung: h.Rung, Rung: rung, First: first,
		Told: h.Reached().With(rung), Due: Due(d, rung, h.Lane, at), At: at, Origin: h.Origin}
	m.Errands = []Errand{{Notice: &Notice{Kind: NoticeAlert, Desk: h.Desk, Rung: rung, Code: h.Code, Lane: h.Lane,
		Origin: h.Origin, At: at, Due: m.Due}}}
	return m
}

// Unreached is the move that follows when an alert or an offer reached nobody: what the silence of its rung, or of the
// organisation, leads to, at once. It reports false when the case is no longer where that notice was of: somebody has it, or it
// has moved on.
func Unreached(h Holding, d *Desk, n Notice, at time.Time) (Move, bool) {
	if h.Due.IsZero() || h.Due.UnixMilli() != n.Due.UnixMilli() {
		return Move{}, false
	}
	switch {
	case h.State == Alerted && n.Kind == NoticeAlert && h.Rung == n.Rung:
		return nextRung(h, d, at), true
	case h.State == Offered && n.Kind == NoticeOffer:
		return expire(h, at), true
	default:
		return Move{}, false
	}
}

// Elsewhere says of an organisation that what is offered to it is found without the chat of one rung: by its own program, or by
// somebody else's chat.
func (d *Desk) Elsewhere(rung int) bool {
	return d.Kind == NGODesk && (len(d.TokenSHA256) > 0 ||
		slices.ContainsFunc(d.Officers(), func(o int) bool { return o != rung && d.Ladder[o].Chat != 0 }))
}

// HandOver is the move by which an officer passes a case on to a colleague at another rung: it waits for them as if they had been
// the first to be alerted, and their silence leads to all the others. It is counted: the case tells by the number, and not by a clock
// that may be set back, whether they were silent before somebody had it or since.
func HandOver(h Holding, d *Desk, rung int, id string, at time.Time) Move {
	m := h.alert(d, rung, rung, []State{Alerted, Acknowledged, Silent}, id, at)
	m.Claims = true
	return m
}

// By makes a move one of the officer at a rung: what they acknowledge is theirs to hand over.
func (m Move) By(h Holding, rung int) Move {
	m.AtRung, m.Rung, m.Origin, m.First, m.Told = -1, rung, "", 0, 0
	if rung != h.Rung {
		m.AtRung, m.Origin, m.First, m.Told = h.Rung, h.Origin, h.First, h.Reached().With(rung)
	}
	return m
}

// Through makes a move one that came by a way.
func (m Move) Through(w Way) Move {
	m.Way = w
	return m
}

// expire ends an offer or a claim that nobody answered.
func expire(h Holding, at time.Time) Move {
	return pass(h, []State{h.State}, Expired, "clock:"+h.Code+":"+strconv.FormatInt(h.Claim, 10), "", at).Through(ByClock)
}

// Acknowledge is the move by which an officer has a case.
func Acknowledge(h Holding, id string, at time.Time) Move {
	m := h.move([]State{Alerted, Silent}, Acknowledged, id, at)
	m.Errands = []Errand{h.post(Event{Kind: WasAcknowledged, Since: h.Since, Handed: h.Handed, At: at}, id)}
	return m
}

// CloseCase is the move by which a mission or headquarters ends its part, with an outcome.
func CloseCase(h Holding, outcome, id string, at time.Time) Move {
	m := h.move([]State{Alerted, Acknowledged, Silent}, Closed, id, at)
	m.Reason = outcome
	m.Errands = []Errand{h.event(WasClosed, id, at)}
	return m
}

// Claim is the move by which an NGO takes a referral for as long as it may keep it, if it has room for one more.
func Claim(h Holding, d *Desk, id string, at time.Time) Move {
	m := h.move([]State{Offered}, Claimed, id, at)
	m.Claims, m.Due, m.Most = true, at.Add(d.AcceptWithin), d.Capacity
	m.Errands = []Errand{h.event(WasClaimed, id, at)}
	return m
}

// Accept is the move by which an NGO takes a claimed referral on.
func Accept(h Holding, id string, at time.Time) Move {
	m := h.moveClaimed([]State{Claimed}, Accepted, id, at)
	m.Errands = []Errand{h.event(WasAccepted, id, at)}
	return m
}

// Decline is the move by which an NGO says no, with a reason: the next one gets it at once.
func Decline(h Holding, reason, id string, at time.Time) Move {
	if h.Claim == 0 { // what a colleague claimed meanwhile is theirs to decline
		return pass(h, []State{Offered}, Declined, id, reason, at)
	}
	return pass(h, []State{Claimed}, Declined, id, reason, at)
}

// Return is the move by which an NGO gives back what it had accepted or claimed.
func Return(h Holding, reason, id string, at time.Time) Move {
	m := pass(h, []State{Claimed, Accepted}, Returned, id, reason, at)
	m.Claim = h.claimed()
	return m
}

// Complete is the move by which an NGO ends a referral, with an outcome.
func Complete(h Holding, outcome, id string, at time.Time) Move {
	m := h.moveClaimed([]State{Accepted}, Completed, id, at)
	m.Reason = outcome
	m.Errands = []Errand{h.event(WasClosed, id, at)}
	return m
}

// pass ends a referral so that the next in turn gets it.
func pass(h Holding, from []State, to State, id, reason string, at time.Time) Move {
	m := h.move(from, to, id, at)
	m.Reason = reason
	m.Errands = []Errand{h.post(Event{Kind: WasPassed, Read: h.Claim > 0, At: at}, id)}
	return m
}

// move is a move of the holding as it was seen: same claim, any rung.
func (h Holding) move(from []State, to State, id string, at time.Time) Move {
	return Move{ID: id, Desk: h.Desk, Code: h.Code, From: from, To: to, Claim: h.Claim, AtRung: -1, Rung: h.Rung, At: at}
}

// moveClaimed is a move that only whoever has the claim may make.
func (h Holding) moveClaimed(from []State, to State, id string, at time.Time) Move {
	m := h.move(from, to, id, at)
	m.Claim = h.claimed()
	return m
}

// noClaim is no holding's claim number: a move that needs it is never made.
const noClaim = -1

// claimed is the claim that was seen, or one that nobody has.
func (h Holding) claimed() int64 {
	if h.Claim == 0 {
		return noClaim
	}
	return h.Claim
}

// event is the errand that tells the case what happened.
func (h Holding) event(k EventKind, id string, at time.Time) Errand {
	return h.post(Event{Kind: k, At: at}, id)
}

// post is the errand that brings an event of the holding to its case.
func (h Holding) post(e Event, id string) Errand {
	code, _ := CaseOf(h.Code)
	e.Desk, e.Holding = h.Desk, h.Code
	p := EventPost(h.Origin, code, id+":"+h.Desk, e)
	return Errand{Post: &p}
}
