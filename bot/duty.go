package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"defenderline/referrals"
)

// Who is on duty at a mission or at headquarters, as its officers see and change it: /duty, "I am on now", and handing over, of
// everything or of one case. Whoever is on is kept with those who were enrolled; every replica follows.

// duty shows, for each of the officer's desks, who is on and until when, and offers to change it; of an organisation, whether it is
// offered cases.
func (a *atDesk) duty(ctx context.Context) error {
	text, k, err := a.dutyPage(ctx)
	if err == nil {
		a.tell(text, k)
	}
	return err
}

func (a *atDesk) dutyPage(ctx context.Context) (string, *keyboard, error) {
	var lines []string
	k := &keyboard{}
	for _, s := range a.ownSeats() {
		if s.Desk.Kind == referrals.NGODesk {
			text, row, err := a.standing(ctx, s.Desk)
			if err != nil {
				return "", nil, err
			}
			if lines = append(lines, text); row != nil {
				k.Rows = append(k.Rows, row)
			}
			continue
		}
		lines = append(lines, a.dutyOf(s))
		if s.Desk.Shares() {
			k.Rows = append(k.Rows, a.dutyButtons(s)...)
		}
	}
	if len(k.Rows) == 0 {
		k = nil
	}
	return strings.Join(lines, "\n\n"), k, nil
}

// ownSeats are the officer's seats, one at each desk.
func (a *atDesk) ownSeats() (out []referrals.Seat) {
	for _, s := range a.seats {
		if !slices.ContainsFunc(out, func(o referrals.Seat) bool { return o.Desk.ID == s.Desk.ID }) {
			out = append(out, s)
		}
	}
	return out
}

// dutyOf says how the duty of one desk stands.
func (a *atDesk) dutyOf(s referrals.Seat) string {
	d := s.Desk
	on := a.text("desk.duty.on", map[string]any{"Who": a.officer(d, d.First())})
	if a.is(d, d.First()) {
		on = a.text("desk.duty.you", nil)
	}
	return strings.Join([]string{
		a.text("desk.duty_place", map[string]any{"Desk": d.Name, "Rung": s.Rung + 1, "Rungs": len(d.Ladder)}), on, a.hours(d)}, "\n")
}

// hours says whether it is within the duty hours of a desk now, and until when.
func (a *atDesk) hours(d *referrals.Desk) string {
	now := a.at.In(d.Location())
	if !d.Hours.Contain(now) {
		return a.text("desk.duty.outside", map[string]any{"Until": a.texts.Time(a.lang, d.Hours.Next(now), d.Zone)})
	}
	end, ok := d.Hours.End(now)
	if !ok {
		return a.text("desk.duty.always", nil)
	}
	return a.text("desk.duty.within", map[string]any{"Until": a.texts.Time(a.lang, end, d.Zone)})
}

// dutyButtons are what the officer can change at a desk, which they name where there are several.
func (a *atDesk) dutyButtons(s referrals.Seat) (rows [][]button) {
	name := a.named(s.Desk)
	if !a.is(s.Desk, s.Desk.First()) {
		rows = append(rows, []button{{Text: a.text("desk.button.duty.take", nil) + name, Data: "duty:take#" + s.Desk.ID}})
	}
	return append(rows, []button{{Text: a.text("desk.button.duty.give", nil) + name, Data: "duty:give#" + s.Desk.ID}})
}

// is says whether a rung is the officer's own.
func (a *atDesk) is(d *referrals.Desk, rung int) bool {
	return rung < len(d.Ladder) && d.Ladder[rung].Chat == a.chat
}

// officer names whoever is at a rung, in the language of the desk's chat.
func (a *atDesk) officer(d *referrals.Desk, rung int) string {
	return officer(a.texts, a.lang, d, rung)
}

// others are the colleagues to whom the officer can hand over.
func (a *atDesk) others(d *referrals.Desk) []int {
	return slices.DeleteFunc(d.Officers(), func(rung int) bool { return a.is(d, rung) })
}

// choose asks to whom to hand over. data makes the data of the button of a token: a rung's, or a page's.
func (a *atDesk) choose(d *referrals.Desk, question, page string, data func(token string) string) {
	var all []button
	for _, rung := range a.others(d) {
		all = append(all, button{Text: a.officer(d, rung), Data: data(strconv.Itoa(rung))})
	}
	a.asks(question, a.paged(all, page, data), "", page != "")
}

// dutyPressed does what a button of /duty says: "take", or "give" with a rung, a page of them, or neither. A desk that is not the officer's is unknown.
func (a *atDesk) dutyPressed(ctx context.Context, act, token string) error {
	desk, rung, chosen := strings.Cut(token, ".")
	s, sits := a.seat(desk)
	if !sits || !s.Desk.Shares() || a.roster == nil {
		a.unknown()
		a.toast("desk.toast.duty.unknown", nil)
		return nil
	}
	d := s.Desk
	switch {
	case act == "take" && !chosen:
		return a.take(ctx, d, s.Rung)
	case act == "give" && (!chosen || pageIn(rung) != ""):
		a.choose(d, a.text("desk.ask.duty", map[string]any{"Desk": d.Name}), pageIn(rung), func(token string) string {
			return "duty:give#" + d.ID + "." + token
		})
		return nil
	case act == "give":
		return a.give(ctx, d, rung)
	default:
		a.toast("desk.toast.duty.unknown", nil)
		return nil
	}
}

// take makes the officer the one who is alerted first from now on.
func (a *atDesk) take(ctx context.Context, d *referrals.Desk, rung int) error {
	if err := a.roster.putOnDuty(ctx, d, rung, a.at); err != nil {
		return fmt.Errorf("take the duty: %w", err)
	}
	a.toast("desk.toast.duty.taken", nil)
	a.instead(a.text("desk.duty.taken", map[string]any{"Desk": d.Name}))
	return nil
}

// give hands over to a colleague what is open with the officer, and the duty where it is theirs. The passing itself is an
// errand of its own, which knows the cases by their codes: whatever happens in between, each is passed once.
func (a *atDesk) give(ctx context.Context, d *referrals.Desk, to string) error {
	rung, err := strconv.Atoi(to)
	if err != nil || !slices.Contains(a.others(d), rung) {
		a.toast("desk.toast.duty.unknown", nil)
		return nil
	}
	from := a.rung(d)
	if a.is(d, d.First()) || d.First() == rung { // or this very press did it, before it was interrupted
		if err := a.roster.putOnDuty(ctx, d, rung, a.at); err != nil {
			return fmt.Errorf("hand the duty over: %w", err)
		}
	}
	n := referrals.Notice{Kind: referrals.NoticeHandedOver, Desk: d.ID, Rung: rung, From: from, At: a.at}
	codes, lane, err := a.openWith(ctx, d)
	if err != nil {
		return fmt.Errorf("hand over what is open: %w", err)
	}
	n.Codes, n.Lane = strings.Join(codes, " "), lane
	a.out.Errands = append(a.out.Errands, referrals.Errand{Notice: &n})
	a.toast("desk.toast.duty.given", nil)
	a.instead(a.text("desk.duty.given", map[string]any{"Count": len(codes), "Who": a.officer(d, rung)}))
	return nil
}

// openWith are the codes of what waits for the officer at a desk or was acknowledged by them, and how urgent the most urgent is.
func (a *atDesk) openWith(ctx context.Context, d *referrals.Desk) (codes []string, lane referrals.Lane, err error) {
	lane = referrals.Routine
	for cursor := ""; ; {
		held, next, err := a.holding.Holdings(ctx, d.ID, nil, mostRead, cursor)
		if err != nil {
			return nil, lane, err
		}
		for _, h := range held {
			if a.is(d, h.Rung) {
				codes = append(codes, h.Code)
				if h.Lane.Rank() < lane.Rank() {
					lane = h.Lane
				}
			}
		}
		if cursor = next; next == "" {
			return codes, lane, nil
		}
	}
}

// mostRead is how many cases are read of a desk in one round trip.
const mostRead = 200

// instead says in the message that was pressed what came of it, without buttons.
func (a *atDesk) instead(text string) {
	if !a.replaces(text, nil) {
		a.tell(text, nil)
	}
}

// handOver asks to whom one case is handed over, or hands it over.
func (a *atDesk) handOver(ctx context.Context, p onCase) error {
	page := pageIn(p.token)
	rung, err := strconv.Atoi(p.token)
	switch {
	case !p.d.Shares() || len(a.others(p.d)) == 0:
		a.toast("desk.toast.duty.unknown", nil)
		return nil
	case !slices.Contains(deskActs[p.h.State], p.button):
		a.late(p.h, referrals.Alerted)
		return a.again(ctx, p.h, p.d)
	case err != nil || page != "": // "+1" is a number, too
		a.choose(p.d, a.text("desk.ask.handover", map[string]any{"Code": p.h.Code}), page, func(token string) string {
			return "handover:" + p.h.Code + "#" + token
		})
		return nil
	case !slices.Contains(a.others(p.d), rung):
		a.toast("desk.toast.duty.unknown", nil)
		return nil
	}
	h, err := a.mover.Move(ctx, referrals.HandOver(p.h, p.d, rung, "handover:"+a.id, a.at).Through(referrals.ByChat))
	who := map[string]any{"Code": p.h.Code, "Who": a.officer(p.d, rung)}
	switch {
	case errors.Is(err, referrals.ErrNotThere):
		a.tooLate(h, "", 0)
		a.toast("desk.toast.not_there", map[string]any{"State": a.text("desk.state."+string(h.State), nil)})
		return nil
	case err != nil:
		return fmt.Errorf("hand a case over: %w", err)
	}
	a.toast("desk.toast.duty.passed", who)
	a.instead(a.text("desk.duty.passed", who))
	return nil
}
