package bot

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	tg "github.com/go-telegram/bot"

	"defenderline/referrals"
)

// handedOver passes on what an officer had open: the colleague is told how much and by whom, and then each case is alerted anew to
// them. The cases are moved only once that message has left, so that whoever runs the errand again after a kill knows by the
// first of them whether it has.
func (r *runner) handedOver(id errandID, n referrals.Notice) {
	e, told := &effort{}, false
	to := address{r.desks.deskBot, r.desks.chat(n)}
	urgent := laneDesk
	if n.Lane == referrals.Emergency {
		urgent = laneEmergency
	}
	order := "desk:" + n.Desk + ":" + strconv.Itoa(n.Rung) + ":" + string(n.Kind)
	r.out.add(parcel{lane: urgent, order: order, to: to, free: to.chat == 0, loose: true, do: func(ctx context.Context) time.Duration {
		if again, gone := r.mine(ctx, id, e); again > 0 || gone {
			return max(again, needless)
		}
		again := r.announce(ctx, n, e, &told)
		if again <= 0 {
			again = r.passOn(ctx, n, e)
		}
		if again <= 0 {
			r.finish(ctx, id, nil)
		}
		return again
	}})
}

// announce tells the colleague who hands over how much, once, unless it was told before. A chat that cannot be reached is
// passed the cases all the same: their alerts find that out.
func (r *runner) announce(ctx context.Context, n referrals.Notice, e *effort, told *bool) time.Duration {
	d := r.desks.dir.Desk(n.Desk)
	chat := r.desks.chat(n)
	if *told || d == nil || chat == 0 {
		return 0
	}
	began, err := r.passedOne(ctx, n)
	if err != nil {
		e.tries++
		return pause(err, e.tries)
	}
	if began {
		return 0
	}
	lang := r.desks.language(d)
	text := r.desks.texts.Text(lang, "desk.duty.handed", map[string]any{"Count": len(strings.Fields(n.Codes)), "Desk": d.Name, "Who": officer(r.desks.texts, lang, d, n.From)})
	params := encode(tg.SendMessageParams{ChatID: chat, Text: text, LinkPreviewOptions: noPreview})
	_, again := r.desks.deliver(ctx, call{Bot: r.desks.deskBot, Chat: chat, Method: "sendMessage", Params: params}, e)
	*told = again <= 0
	return again
}

// passedOne says whether the first of the cases that could be passed on was.
func (r *runner) passedOne(ctx context.Context, n referrals.Notice) (bool, error) {
	for _, code := range strings.Fields(n.Codes) {
		h, err := r.holding.Holding(ctx, n.Desk, code)
		switch {
		case errors.Is(err, referrals.ErrUnknown) || err == nil && !h.Open():
			continue
		case err != nil:
			return false, err
		default:
			return h.First == n.Rung && h.Rung == n.Rung, nil
		}
	}
	return false, nil
}

// passOn moves the cases, each once, and returns how long to wait when the store does not answer.
func (r *runner) passOn(ctx context.Context, n referrals.Notice, e *effort) time.Duration {
	d := r.desks.dir.Desk(n.Desk)
	if d == nil {
		return 0
	}
	for _, code := range strings.Fields(n.Codes) {
		h, err := r.holding.Holding(ctx, n.Desk, code)
		if err == nil && h.Rung == n.From { // else somebody else has it by now, or it was passed on before
			id := "given:" + code + ":" + strconv.Itoa(n.From) + ":" + strconv.FormatInt(n.At.UnixMilli(), 10)
			_, err = r.Move(ctx, referrals.HandOver(h, d, n.Rung, id, r.now()).Through(referrals.ByChat))
		}
		if err != nil && !errors.Is(err, referrals.ErrUnknown) && !errors.Is(err, referrals.ErrNotThere) {
			e.tries++
			return pause(err, e.tries)
		}
	}
	return 0
}
