package bot

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"defenderline/referrals"
)

// letters carries mails.
type letters interface {
	// Send gives one mail to a server, once, and returns within a minute or when ctx ends. An error goes with every
	// verdict but MailSent, and holds no address.
	Send(ctx context.Context, l Letter) (Verdict, error)
}

// Letter is one notice to a rung, or a page to the operator, as a mail.
type Letter struct {
	To   string
	Kind referrals.NoticeKind
	Lane referrals.Lane
	Code string    // the case's or the referral's
	Due  time.Time // zero: silence has no consequence
	// Sealed is the document under its name File, for kinds that bring one. Entity says that it was sealed as the
	// body of a mail, else it is attached to one.
	Sealed []byte
	Entity bool
	File   string
	// Local is what the mail says of the case, in the desk's language; empty: English is that.
	Local string
}

// Verdict is what became of a mail. The set is closed: it is a label of a metric.
type Verdict string

// The verdicts of whoever carries mails.
const (
	MailSent     Verdict = "sent"
	MailLater    Verdict = "later"    // not now: it is tried again
	MailRefused  Verdict = "refused"  // this mail or this address, for good
	MailSettings Verdict = "settings" // no mail at all, until somebody mends the configuration
)

// mailLate counts a mail that was given up because its time was over.
const mailLate Verdict = "late"

// Mail lets desks be told by mail too.
type Mail struct {
	Letters letters
	// Entity makes of a document the plaintext that is sealed as the body of a mail.
	Entity func(document []byte) []byte
	// Operator is the address that is told of cases that nobody answered; empty: none.
	Operator string
}

// A mail server that hangs keeps those who send mails, and nobody else. Of them some take nothing but emergencies.
const (
	mailSenders       = 4
	urgentMailSenders = 2
)

// The lanes of mails, in their own outbox. They are low ones because those above try again every two seconds, which a mail
// server may take for an attack.
const (
	laneOfMails       = laneCourtesy
	laneOfUrgentMails = laneConversation
)

// withMail adds the way by mail to the parts of a line.
func (l *Line) withMail(p *post) {
	m := l.o.Mail
	if m == nil {
		return
	}
	l.workers.turner.entity = m.Entity
	l.runner.mails = &mailer{Mail: m, desks: p, out: newOutbox(false, l.o.Own), now: l.o.Now, log: l.o.Log, meters: l.o.Meters}
}

// mailing starts those who send mails, until the mailer is closed or ctx ends.
func (l *Line) mailing(ctx context.Context, senders *sync.WaitGroup) {
	m := l.runner.mails
	if m == nil {
		return
	}
	for range mailSenders {
		senders.Go(func() { m.out.run(ctx, laneOfMails) })
	}
	for range urgentMailSenders {
		senders.Go(func() { m.out.run(ctx, laneOfUrgentMails) })
	}
}

// close lets no further mail leave. The store keeps those that wait, and the next start sends them.
func (m *mailer) close() {
	if m != nil {
		m.out.close()
	}
}

// depth is how many mails wait.
func (m *mailer) depth() int {
	if m == nil {
		return 0
	}
	return m.out.depth()
}

// also adds to errands a notice by mail for each that somebody with an address is meant to get. It is an errand of its own, so
// that neither way waits for the other, and it stands behind all others: their ids stay what they are without mail.
func (m *mailer) also(errands []referrals.Errand) []referrals.Errand {
	if m == nil {
		return errands
	}
	all := slices.Clip(errands)
	for _, e := range errands {
		if e.Notice == nil || e.Notice.Via != "" || !m.reaches(*e.Notice) {
			continue
		}
		n := *e.Notice
		n.Via = referrals.ByMail
		all = append(all, referrals.Errand{Notice: &n})
	}
	return all
}

// reaches says whether a notice has a form as mail, and anybody to go to. Files are too large for mail: the document, which does
// go, names them, and a chat or the desk API has them. What an officer asked for in the chat is answered there.
func (m *mailer) reaches(n referrals.Notice) bool {
	switch {
	case n.Kind == referrals.NoticePage:
		return m.Operator != ""
	case !slices.Contains(mailedKinds[:], n.Kind), strings.HasSuffix(n.Document, ".pgp"):
		return false
	}
	d := m.desks.dir.Desk(n.Desk)
	if d == nil {
		return false
	}
	if n.Rung == referrals.EveryRung {
		return byMail(d)
	}
	return m.address(n) != ""
}

// byMail says whether anybody at a desk has an address.
func byMail(d *referrals.Desk) bool {
	return slices.ContainsFunc(d.Ladder, func(r referrals.Rung) bool { return r.Email != "" })
}

// address is where a notice to one rung goes; empty when it has none.
func (m *mailer) address(n referrals.Notice) string {
	if m == nil {
		return ""
	}
	if n.Kind == referrals.NoticePage {
		return m.Operator
	}
	d := m.desks.dir.Desk(n.Desk)
	if d == nil || n.Rung < 0 || n.Rung >= len(d.Ladder) {
		return ""
	}
	return d.Ladder[n.Rung].Email
}

// mailName is the name of the copy that was sealed as the body of a mail: CODE.mail.asc beside CODE.asc.
func mailName(name string) string { return strings.TrimSuffix(name, ".asc") + ".mail.asc" }

// sealForMail seals a document once more, as the body of a mail, for a desk that has one. Without it the mail has the other copy
// attached.
func (tn *turn) sealForMail(d *referrals.Desk, name string, document []byte) []byte {
	if tn.entity == nil || !byMail(d) {
		return nil
	}
	sealed, err := tn.seal.SealNamed(d.ID, mailName(name), tn.entity(document))
	if err != nil {
		tn.meters.SealFailures.WithLabelValues(d.ID).Inc()
		tn.log.Error("a copy for mail could not be sealed; the other one is attached instead", "desk", d.ID, "err", err)
		return nil
	}
	return sealed
}

// keepCopies puts the copies of one document into the commit.
func (tn *turn) keepCopies(code referrals.Code, number int, copies []copyFor) {
	for _, one := range copies {
		kept := referrals.Document{Case: code, Desk: one.desk.ID, Name: code.DocumentName(number), Body: one.sealed, Keep: tn.keep.Sealed}
		tn.out.Documents = append(tn.out.Documents, kept)
		if one.mail != nil {
			kept.Name, kept.Body = mailName(kept.Name), one.mail
			tn.out.Documents = append(tn.out.Documents, kept)
		}
	}
}
