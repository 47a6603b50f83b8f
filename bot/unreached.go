package bot

import (
	"context"
	"errors"
	"time"

	"defenderline/referrals"
)

// An alert or an offer that reaches nobody, because every way to its rung has failed for good, is as good as silence: what silence
// leads to follows at once. A rung with a chat and an address is reached by either. What is refused for now (429, 5xx, a token that
// Telegram does not take) is no such failure: it is tried again, and the rung's clock runs.

// Why nobody was reached. The set is closed: it is a label of a metric.
const (
	lostBlocked     = "blocked"      // the chat blocked the bot, or there is no such chat
	lostRefused     = "refused"      // Telegram will not take it for another reason
	lostMailRefused = "mail_refused" // the mail, or its address, was refused for good
	lostMailLate    = "mail_late"    // the mail was given up
)

// byChat is the way of a notice to the rung's chat, as the store notes it; the other is referrals.ByMail.
const byChat = "chat"

// lost says why a call reached nobody, "" when that is not sure, and for how long to wait when the bot's own token was refused: that
// is no fault of the chat's.
func lost(err error) (why string, again time.Duration) {
	var answer *apiError
	switch {
	case !refused(err) || !errors.As(err, &answer):
		return "", 0
	case answer.Code == 401 || answer.Code == 404:
		return "", longestPause
	case answer.Code == 403 || answer.reason() == lostBlocked:
		return lostBlocked, 0
	default:
		return lostRefused, 0
	}
}

// ways are how a notice's rung is reached.
func (r *runner) ways(n referrals.Notice) (out []string) {
	if r.desks.chat(n) != 0 {
		out = append(out, byChat)
	}
	if r.mails.address(n) != "" {
		out = append(out, referrals.ByMail)
	}
	return out
}

// unreached does what follows when a notice reached nobody by one way, and returns how long to wait when it must be tried again.
// What is late changes nothing: somebody has the case by then, or its ladder has moved on.
func (r *runner) unreached(ctx context.Context, n referrals.Notice, way, why string, e *effort) time.Duration {
	if why == "" || n.Kind != referrals.NoticeAlert && n.Kind != referrals.NoticeOffer {
		return 0
	}
	moved, err := r.passOver(ctx, n, way)
	if err != nil && !errors.Is(err, referrals.ErrNotThere) && !errors.Is(err, referrals.ErrUnknown) {
		e.tries++
		return pause(err, e.tries)
	}
	r.meters.Unreachable.WithLabelValues(why).Inc()
	if moved {
		r.log.Error("a desk's rung cannot be reached and counts as silent; see who it is", "desk", n.Desk, "rung", n.Rung, "lane", n.Lane, "reason", why)
	} else {
		r.log.Warn("one way to a desk's rung has failed", "desk", n.Desk, "rung", n.Rung, "lane", n.Lane, "reason", why)
	}
	return 0
}

// passOver moves a case on whose notice has failed by all ways, and says whether it did.
func (r *runner) passOver(ctx context.Context, n referrals.Notice, way string) (bool, error) {
	d := r.desks.dir.Desk(n.Desk)
	if ways := r.ways(n); len(ways) > 1 {
		if all, err := r.store.Missed(ctx, n, way, ways); err != nil || !all {
			return false, err
		}
	}
	if d == nil || d.Elsewhere(n.Rung) {
		return false, nil
	}
	h, err := r.holding.Holding(ctx, n.Desk, n.Code)
	if err != nil {
		return false, err
	}
	m, ok := referrals.Unreached(h, d, n, r.now())
	if !ok {
		return false, nil
	}
	_, err = r.Move(ctx, m)
	return err == nil, err
}
