package bot

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"defenderline/referrals"
)

// mailer sends notices by mail, in an outbox of its own.
type mailer struct {
	*Mail
	desks  *post
	out    *outbox
	now    func() time.Time
	log    *slog.Logger
	meters *Meters
}

// longestMailed is for how long a mail is tried whose case has no time by which it must be answered.
const longestMailed = 24 * time.Hour

// byMail queues a notice to one rung, or to the operator, as a mail.
func (r *runner) byMail(id errandID, n referrals.Notice, done func(context.Context, ...referrals.Delivery)) {
	to := r.mails.address(n)
	if to == "" { // it was taken out of the configuration since
		done(context.Background())
		return
	}
	at, e := laneOfMails, &effort{}
	if n.Lane == referrals.Emergency {
		at = laneOfUrgentMails
	}
	r.mails.out.add(parcel{lane: at, free: true, do: func(ctx context.Context) time.Duration {
		if again, gone := r.mine(ctx, id, e); again > 0 || gone {
			return again
		}
		again := r.mails.deliver(ctx, to, n, e)
		if again <= 0 {
			again = cmp.Or(r.unreached(ctx, n, referrals.ByMail, e.lost, e), again)
		}
		if again <= 0 {
			done(ctx)
		}
		return again
	}})
}

// deliver sends a notice by mail and returns how long to wait when it must be tried again.
func (m *mailer) deliver(ctx context.Context, to string, n referrals.Notice, e *effort) time.Duration {
	if again, gone := m.desks.gone(ctx, n, e); again > 0 || gone {
		return again
	}
	l := Letter{To: to, Kind: n.Kind, Lane: n.Lane, Code: n.Code, Due: n.Due}
	if again, gone := m.fill(ctx, &l, n, e); again > 0 || gone {
		return again
	}
	verdict, err := m.Letters.Send(ctx, l)
	if verdict != MailSent && ctx.Err() != nil { // this process ends: it says nothing of the server
		return firstPause
	}
	m.count(n, verdict)
	if verdict == MailSent {
		m.meters.MailTime.WithLabelValues(string(n.Lane)).Observe(m.now().Sub(n.At).Seconds())
		return 0
	}
	return m.failed(n, verdict, err, e)
}

// fill puts the sealed document into a mail that brings one, and what it says in the desk's language. gone says that there is
// no document any more.
func (m *mailer) fill(ctx context.Context, l *Letter, n referrals.Notice, e *effort) (again time.Duration, gone bool) {
	if n.Kind == referrals.NoticePage {
		return 0, false
	}
	d := m.desks.dir.Desk(n.Desk)
	if m.desks.language(d) != "en" {
		l.Local = m.desks.caption(d, n)
	}
	if n.Kind != referrals.NoticeAlert && n.Kind != referrals.NoticeAddition {
		return 0, false
	}
	code, _ := referrals.CaseOf(n.Code)
	plain := n.Document
	if plain == "" {
		plain = code.DocumentName(1)
	}
	var err error
	for _, l.File = range []string{mailName(plain), plain} {
		l.Sealed, err = m.desks.archive.Document(ctx, n.Origin, code, d.ID, l.File)
		if !errors.Is(err, referrals.ErrUnknown) {
			break
		}
	}
	l.Entity = l.File != plain
	switch {
	case errors.Is(err, referrals.ErrUnknown):
		return 0, true // withdrawn or expired meanwhile
	case err != nil:
		e.tries++
		return pause(err, e.tries), false
	}
	return 0, false
}

// failed decides what becomes of a mail that was not taken.
func (m *mailer) failed(n referrals.Notice, v Verdict, err error, e *effort) time.Duration {
	e.tries++
	again := pause(err, e.tries)
	log := m.log.With("kind", n.Kind, "desk", n.Desk, "rung", n.Rung, "code", n.Code, "lane", n.Lane, "err", err)
	switch v {
	case MailRefused:
		log.Error("a mail was refused for good: nobody was told by it")
		e.lost = lostMailRefused
		return 0
	case MailSettings:
		log.Error("no mail can leave until its settings are mended; it is tried again")
		again = longestPause
	}
	end := n.Due
	if end.IsZero() {
		end = n.At.Add(longestMailed)
	}
	if m.now().Add(again).After(end) {
		m.count(n, mailLate)
		log.Error("a mail was given up, because its time is over: nobody was told by it")
		e.lost = lostMailLate
		return 0
	}
	return again
}

func (m *mailer) count(n referrals.Notice, v Verdict) {
	m.meters.Mails.WithLabelValues(string(n.Kind), string(v)).Inc()
}
