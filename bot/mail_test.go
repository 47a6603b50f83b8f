package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"defenderline/referrals"
)

// The addresses of the tests. The word in them is looked for wherever an address must not be.
const (
	limaMail = "duty-" + canary + "@example.org"
	nextMail = "second-" + canary + "@example.org"
	opsMail  = "ops-" + canary + "@example.org"
)

var errServer = errors.New("mail: connect: no")

// mailServer takes mails in memory. Each attempt is answered with the next of its verdicts, and those after the last are sent.
type mailServer struct {
	mu       sync.Mutex
	verdicts []Verdict
	tried    []time.Time
	taken    []Letter
	hangs    bool
}

func (s *mailServer) Send(ctx context.Context, l Letter) (Verdict, error) {
	if s.hangs {
		<-ctx.Done()
		return MailLater, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried = append(s.tried, time.Now())
	if len(s.verdicts) > 0 {
		v := s.verdicts[0]
		s.verdicts = s.verdicts[1:]
		if v != MailSent {
			return v, errServer
		}
	}
	s.taken = append(s.taken, l)
	return MailSent, nil
}

// mailDepot is a depot whose first two rungs in Lima have addresses: the first beside its chat, the second alone.
type mailDepot struct {
	*depot
	server *mailServer
	log    *bytes.Buffer
	reg    *prometheus.Registry
}

func newMailDepot(t *testing.T, api server) *mailDepot {
	d := &mailDepot{depot: newDepot(t, api), server: &mailServer{}, log: &bytes.Buffer{}, reg: prometheus.NewRegistry()}
	lima := d.desks.dir.Desk("lima")
	lima.Ladder = []referrals.Rung{{Chat: limaChat, Email: limaMail, Within: 10 * time.Minute}, {Email: nextMail, Within: 20 * time.Minute}, {Chat: limaSecond}}
	d.meters = NewMeters(d.reg)
	d.desks.meters = d.meters
	d.mails = &mailer{Mail: &Mail{Letters: d.server, Operator: opsMail}, desks: d.desks, out: newOutbox(false, time.Now), now: time.Now,
		log: slog.New(slog.NewTextHandler(d.log, nil)), meters: d.meters}
	d.runner.log = d.mails.log
	for _, name := range []string{"AAAA-BBBB.asc", "AAAA-BBBB.mail.asc", "AAAA-BBBB.2.asc", "AAAA-BBBB.2.mail.asc"} {
		d.store.papers["lima "+name] = []byte(name)
	}
	sending(t, d.out, 4, 1)
	sending(t, d.mails.out, mailSenders, 0)
	t.Cleanup(func() {
		if strings.Contains(d.log.String(), canary) {
			t.Errorf("an address is in the log:\n%s", d.log)
		}
	})
	return d
}

// opens alerts the first rung in Lima.
func (d *mailDepot) opens(t *testing.T) {
	t.Helper()
	now := time.Now()
	n := referrals.Notice{Kind: referrals.NoticeAlert, Desk: "lima", Code: "AAAA-BBBB", Lane: referrals.Emergency, Origin: "p07", At: now, Due: now.Add(10 * time.Minute)}
	m := referrals.Move{ID: "open", Desk: "lima", Code: "AAAA-BBBB", To: referrals.Alerted, AtRung: -1, At: now, Due: n.Due, Origin: n.Origin, Lane: referrals.Emergency,
		Errands: []referrals.Errand{{Notice: &n}}}
	if _, err := d.Move(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

// tells runs one notice by mail.
func (d *mailDepot) tells(t *testing.T, n referrals.Notice) {
	n.Desk, n.Code, n.Origin, n.Lane, n.At, n.Via = "lima", "AAAA-BBBB", "p07", referrals.Urgent, time.Now(), referrals.ByMail
	d.start(t.Context(), tasks("p07", fmt.Sprint(n.Kind), referrals.Errand{Notice: &n}))
}

func (d *mailDepot) counted(t *testing.T, result Verdict) float64 {
	return counted(t, d.reg, "defenderline_mails_total", string(result))
}

// A rung with a chat and an address is told both ways, each tried on its own: a mail server that is away for a while holds up no
// message, and has the mail when it is back.
func TestBothWaysAreTriedOnTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMailDepot(t, always(200, fine))
		d.server.verdicts = []Verdict{MailLater, MailLater, MailSettings}
		d.opens(t)
		calm()
		if got := d.diary.all(); !slices.Equal(got, []string{"sendDocument AAAA-BBBB.asc"}) {
			t.Errorf("sent %q", got)
		}
		if got := d.store.settledIDs(); !slices.Equal(got, []string{"desk:lima open-1"}) {
			t.Errorf("settled %q while the mail waits", got)
		}
		time.Sleep(2 * longestPause)
		calm()
		if len(d.server.taken) != 1 || len(d.server.tried) != 4 || len(d.store.settledIDs()) != 2 || d.mails.depth() != 0 {
			t.Fatalf("%d taken of %d tried, settled %q", len(d.server.taken), len(d.server.tried), d.store.settledIDs())
		}
		if rest := d.server.tried[3].Sub(d.server.tried[2]); rest < longestPause {
			t.Errorf("wrong settings are tried again after %v", rest)
		}
		l := d.server.taken[0]
		if l.To != limaMail || !l.Entity || l.File != "AAAA-BBBB.mail.asc" || string(l.Sealed) != l.File || l.Code != "AAAA-BBBB" || l.Due.IsZero() {
			t.Errorf("mailed %+v", l)
		}
		if !strings.Contains(l.Local, "AAAA-BBBB") {
			t.Errorf("a desk that reads Spanish is told %q", l.Local)
		}
		if d.counted(t, MailSent) != 1 || d.counted(t, MailLater) != 2 || d.counted(t, MailSettings) != 1 || len(d.diary.all()) != 1 {
			t.Errorf("counted wrongly, or sent twice: %q", d.diary.all())
		}
	})
}

// A Telegram that is away holds up no mail, and a mail server that hangs no message.
func TestNeitherWayWaitsForTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMailDepot(t, always(0, "away"))
		d.opens(t)
		synctest.Wait()
		if len(d.server.taken) != 1 {
			t.Errorf("%d mails while Telegram is away", len(d.server.taken))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		d := newMailDepot(t, always(200, fine))
		d.server.hangs = true
		d.store.hold(referrals.Holding{Desk: "lima", Code: "AAAA-BBBB", State: referrals.Alerted})
		for i := range mailSenders + 5 {
			n := referrals.Notice{Kind: referrals.NoticeAddition, Desk: "lima", Code: "AAAA-BBBB", Lane: referrals.Urgent, Document: "AAAA-BBBB.2.asc", At: time.Now()}
			d.start(t.Context(), tasks("p07", fmt.Sprint(i), d.mails.also([]referrals.Errand{{Notice: &n}})...))
		}
		calm()
		if d.out.depth() != 0 {
			t.Errorf("%d messages wait for a mail server", d.out.depth())
		}
		if d.mails.depth() == 0 {
			t.Error("no mail waits: nothing is proved")
		}
	})
}

// A mail that is refused for good is given up at once and said, without the address.
func TestRefusedMailIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMailDepot(t, always(200, fine))
		d.server.verdicts = []Verdict{MailRefused}
		d.opens(t)
		calm()
		if len(d.server.tried) != 1 || len(d.store.settledIDs()) != 2 || d.counted(t, MailRefused) != 1 {
			t.Errorf("tried %d times, settled %q", len(d.server.tried), d.store.settledIDs())
		}
		if got := d.log.String(); !strings.Contains(got, "level=ERROR") || !strings.Contains(got, "desk=lima") || !strings.Contains(got, "refused") {
			t.Errorf("said %q", got)
		}
	})
}

// A mail is tried until its rung's time is over, and without one for a day; pauses grow to a minute.
func TestMailIsTriedUntilItIsDue(t *testing.T) {
	for kind, longest := range map[referrals.NoticeKind]time.Duration{referrals.NoticeAlert: 10 * time.Minute, referrals.NoticeWithdrawn: longestMailed} {
		synctest.Test(t, func(t *testing.T) {
			d := newMailDepot(t, always(200, fine))
			d.store.hold(referrals.Holding{Desk: "lima", Code: "AAAA-BBBB", State: referrals.Alerted})
			d.server.verdicts = slices.Repeat([]Verdict{MailLater}, 5000)
			begun := time.Now()
			n := referrals.Notice{Kind: kind}
			if kind == referrals.NoticeAlert {
				n.Due = begun.Add(longest)
			}
			d.tells(t, n)
			time.Sleep(longest + time.Minute)
			calm()
			last := d.server.tried[len(d.server.tried)-1].Sub(begun)
			if last > longest || last < longest-longestPause-firstPause {
				t.Errorf("%s: tried last after %v, want nearly %v", kind, last, longest)
			}
			if d.counted(t, mailLate) != 1 || d.mails.depth() != 0 || !strings.Contains(d.log.String(), "given up") || len(d.store.settledIDs()) != 1 {
				t.Errorf("%s: not given up: %v late, %d wait", kind, d.counted(t, mailLate), d.mails.depth())
			}
		})
	}
}

// What is no longer the desk's is not mailed, and what has no copy for mail is attached.
func TestWhatIsMailed(t *testing.T) {
	for name, tt := range map[string]struct {
		notice referrals.Notice
		state  referrals.State
		lost   []string
		want   []string // address, file and whether it is the body
	}{
		"an alert":                         {referrals.Notice{Kind: referrals.NoticeAlert}, referrals.Alerted, nil, []string{limaMail + " AAAA-BBBB.mail.asc true"}},
		"an alert sealed before":           {referrals.Notice{Kind: referrals.NoticeAlert}, referrals.Alerted, []string{"AAAA-BBBB.mail.asc"}, []string{limaMail + " AAAA-BBBB.asc false"}},
		"an alert to a rung of mail alone": {referrals.Notice{Kind: referrals.NoticeAlert, Rung: 1}, referrals.Alerted, nil, []string{nextMail + " AAAA-BBBB.mail.asc true"}},
		"a rung without an address":        {referrals.Notice{Kind: referrals.NoticeAlert, Rung: 2}, referrals.Alerted, nil, nil},
		"an alert of what was taken back":  {referrals.Notice{Kind: referrals.NoticeAlert}, referrals.Withdrawn, nil, nil},
		"an alert without documents":       {referrals.Notice{Kind: referrals.NoticeAlert}, referrals.Alerted, []string{"AAAA-BBBB.mail.asc", "AAAA-BBBB.asc"}, nil},
		"an addition to all who were told": {referrals.Notice{Kind: referrals.NoticeAddition, Rung: referrals.EveryRung, Document: "AAAA-BBBB.2.asc"}, referrals.Acknowledged, nil,
			[]string{limaMail + " AAAA-BBBB.2.mail.asc true", nextMail + " AAAA-BBBB.2.mail.asc true"}},
		"an addition to a closed case": {referrals.Notice{Kind: referrals.NoticeAddition, Rung: referrals.EveryRung, Document: "AAAA-BBBB.2.asc"}, referrals.Closed, nil, nil},
		"taken back":                   {referrals.Notice{Kind: referrals.NoticeWithdrawn, Rung: referrals.EveryRung}, referrals.Withdrawn, nil, []string{limaMail + "  false", nextMail + "  false"}},
		"a page":                       {referrals.Notice{Kind: referrals.NoticePage}, "", nil, []string{opsMail + "  false"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newMailDepot(t, always(200, fine))
				for _, lost := range tt.lost {
					delete(d.store.papers, "lima "+lost)
				}
				d.store.hold(referrals.Holding{Desk: "lima", Code: "AAAA-BBBB", State: tt.state, Rung: 2})
				d.tells(t, tt.notice)
				calm()
				var got []string
				for _, l := range d.server.taken {
					got = append(got, fmt.Sprint(l.To, " ", l.File, " ", l.Entity))
				}
				slices.Sort(got)
				if !slices.Equal(got, tt.want) {
					t.Errorf("mailed %q, want %q", got, tt.want)
				}
				if len(d.store.settledIDs()) != 1 || len(d.diary.all()) != 0 {
					t.Errorf("settled %q, Telegram was sent %q", d.store.settledIDs(), d.diary.all())
				}
				if strings.Contains(d.log.String(), "nobody has answered") {
					t.Error("a page is told twice")
				}
			})
		})
	}
}

// Each notice that an address is meant for is followed by one by mail, behind all others; the rest is left as it is.
func TestNoticesThatAreMailedToo(t *testing.T) {
	d := newMailDepot(t, always(200, fine))
	notice := func(k referrals.NoticeKind, desk string, rung int, document string) referrals.Errand {
		return referrals.Errand{Notice: &referrals.Notice{Kind: k, Desk: desk, Rung: rung, Document: document}}
	}
	for name, tt := range map[string]struct {
		errand referrals.Errand
		want   bool
	}{
		"an alert":                       {notice(referrals.NoticeAlert, "lima", 0, ""), true},
		"an alert to a chat":             {notice(referrals.NoticeAlert, "lima", 2, ""), false},
		"a rung that is no more":         {notice(referrals.NoticeAlert, "lima", 3, ""), false},
		"a desk that is no more":         {notice(referrals.NoticeAlert, "gone", referrals.EveryRung, ""), false},
		"a desk without addresses":       {notice(referrals.NoticeAddition, "fld", referrals.EveryRung, ""), false},
		"an addition":                    {notice(referrals.NoticeAddition, "lima", referrals.EveryRung, "AAAA-BBBB.2.asc"), true},
		"a file":                         {notice(referrals.NoticeAddition, "lima", referrals.EveryRung, "AAAA-BBBB.f1.pgp"), false},
		"what was asked for in the chat": {notice(referrals.NoticeOpened, "lima", 0, ""), false},
		"whether they were reached":      {notice(referrals.NoticeReached, "lima", referrals.EveryRung, ""), false},
		"what became of referring":       {notice(referrals.NoticeReferNo, "lima", 0, ""), false},
		"what is handed over":            {notice(referrals.NoticeHandedOver, "lima", 0, ""), false},
		"taken back":                     {notice(referrals.NoticeWithdrawn, "lima", referrals.EveryRung, ""), true},
		"a page":                         {notice(referrals.NoticePage, "", 0, ""), true},
		"what is no notice":              {sendOf("one"), false},
		"what goes by mail already":      {referrals.Errand{Notice: &referrals.Notice{Kind: referrals.NoticePage, Via: referrals.ByMail}}, false},
	} {
		errands := []referrals.Errand{tt.errand, sendOf("behind")}
		got := d.mails.also(errands)
		if !tt.want {
			if len(got) != 2 {
				t.Errorf("%s is mailed", name)
			}
			continue
		}
		if len(got) != 3 || got[0] != errands[0] || got[2].Notice == nil || got[2].Notice.Via != referrals.ByMail || got[0].Notice.Via != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := (*mailer)(nil).also([]referrals.Errand{notice(referrals.NoticeAlert, "lima", 0, "")}); len(got) != 1 {
		t.Error("mailed without mail")
	}
}

// A notice by mail that waited while mail was taken out of the configuration is done.
func TestMailThatIsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMailDepot(t, always(200, fine))
		m := d.mails
		d.mails = nil
		d.tells(t, referrals.Notice{Kind: referrals.NoticeAlert})
		d.store.hold(referrals.Holding{Desk: "lima", Code: "AAAA-BBBB", State: referrals.Alerted})
		calm()
		if len(d.store.settledIDs()) != 1 || m.depth() != 0 || len(d.diary.all()) != 0 {
			t.Errorf("settled %q, %d wait", d.store.settledIDs(), m.depth())
		}
	})
}

// A process that ends says nothing of the mail server, and keeps the mail.
func TestMailAtTheEnd(t *testing.T) {
	d := newMailDepot(t, server(func(string, []byte, *http.Request) (int, string) { return 200, fine }))
	d.store.hold(referrals.Holding{Desk: "lima", Code: "AAAA-BBBB", State: referrals.Alerted})
	d.server.hangs = true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := referrals.Notice{Kind: referrals.NoticeAlert, Desk: "lima", Code: "AAAA-BBBB", Lane: referrals.Urgent, At: noon, Due: noon}
	if again := d.mails.deliver(ctx, limaMail, n, &effort{}); again <= 0 || d.counted(t, MailLater) != 0 || d.counted(t, mailLate) != 0 {
		t.Errorf("again after %v, counted %v", again, d.counted(t, MailLater))
	}
}

// withoutMail cannot seal for mail.
type withoutMail struct{ *glass }

func (w withoutMail) SealNamed(desk, name string, text []byte) ([]byte, error) {
	if strings.HasSuffix(name, ".mail.asc") {
		return nil, errDead
	}
	return w.glass.SealNamed(desk, name, text)
}

// A desk with an address gets its document once more, as the body of a mail, for the case and for each addition; nobody else does.
func TestSealedForMail(t *testing.T) {
	for _, one := range []struct {
		bench  *bench0
		number string
	}{{ready(t, "mission", "headquarters"), ""}, {addition(t, "read"), ".2"}} {
		b := one.bench
		b.dir.Desk("lima").Ladder[1].Email = limaMail
		b.turner.entity = func(document []byte) []byte { return append([]byte("Content-Type: text/plain\r\n\r\n"), document...) }
		b.take(pressOn(9, "review:send"))
		var names []string
		for _, d := range b.last.Documents {
			if d.Desk == "lima" {
				_, name, _ := strings.Cut(d.Name, "-")
				names = append(names, name[4:])
			}
			if d.Desk != "lima" && strings.Contains(d.Name, "mail") {
				t.Errorf("%s has %s", d.Desk, d.Name)
			}
			if d.Keep != b.keep.Sealed {
				t.Errorf("%s is kept for %v", d.Name, d.Keep)
			}
		}
		if !slices.Equal(names, []string{one.number + ".asc", one.number + ".mail.asc"}) {
			t.Errorf("kept %q", names)
		}
		if !bytes.HasPrefix(b.glass.sealed["lima"], []byte("Content-Type: ")) {
			t.Error("what was sealed for mail is no entity")
		}
	}
}

// A copy that cannot be sealed for mail is counted and said, and the case is sent all the same.
func TestMailThatCannotBeSealed(t *testing.T) {
	b := ready(t, "mission")
	b.dir.Desk("lima").Ladder[0].Email = limaMail
	b.turner.entity = bytes.Clone
	b.turner.seal = withoutMail{b.glass}
	b.take(pressOn(9, "review:send"))
	if got := desksOf(b.last); !slices.Equal(got, []string{"lima"}) || b.counted("defenderline_seal_failures_total") != 1 {
		t.Errorf("sealed for %q, %v failures", got, b.counted("defenderline_seal_failures_total"))
	}
	if got := b.log.String(); !strings.Contains(got, "copy for mail") || strings.Contains(got, canary) {
		t.Errorf("said %q", got)
	}
}
