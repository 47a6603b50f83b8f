package bot

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"defenderline/referrals"
)

// Meters count what happens. No label ever derives from a person: lanes, desks' ids, states and
// closed sets of reasons only. Every value of a label that is known beforehand is there from the start, at 0: a counter
// that begins with its first event does not increase by it, and no alert would see it.
type Meters struct {
	Updates      *prometheus.CounterVec // by bot
	Unread       prometheus.Counter
	Damaged      prometheus.Counter
	Panics       prometheus.Counter
	Refused      *prometheus.CounterVec // by reason
	Submissions  *prometheus.CounterVec // by lane and outcome
	SealFailures *prometheus.CounterVec // by desk
	Alerts       *prometheus.CounterVec // by state and lane
	AlertTime    *prometheus.HistogramVec
	AckTime      *prometheus.HistogramVec
	Referrals    *prometheus.CounterVec // by state
	Calls        *prometheus.CounterVec // by method and result
	TooMany      prometheus.Counter
	Pages        prometheus.Counter
	Unreachable  *prometheus.CounterVec // by reason
	Reached      *prometheus.CounterVec // by answer
	Mails        *prometheus.CounterVec // by kind and result
	Replies      *prometheus.CounterVec // by what became of them
	MailTime     *prometheus.HistogramVec

	well map[string]prometheus.Counter // of Calls, those that went well, by method
}

// NewMeters makes the meters and registers them.
func NewMeters(r prometheus.Registerer) *Meters {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "defenderline", Name: name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	times := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "defenderline", Name: name, Help: help, Buckets: buckets}, labels)
		r.MustRegister(h)
		return h
	}
	quick := []float64{.01, .05, .1, .25, .5, 1, 2, 5, 15, 60}
	slow := []float64{60, 300, 900, 1800, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 72 * 3600, 336 * 3600}
	m := &Meters{
		Updates:      counter("updates_total", "Updates kept, by bot.", "bot"),
		Unread:       counter("updates_unread_total", "Updates that could not be decoded and were set aside.").WithLabelValues(),
		Damaged:      counter("records_damaged_total", "Records of chats that nobody can open any more: the person was asked to begin again.").WithLabelValues(),
		Panics:       counter("panics_total", "Updates whose handling failed in a way nobody foresaw.").WithLabelValues(),
		Refused:      counter("refused_total", "Acts refused, by reason.", "reason"),
		Submissions:  counter("submissions_total", "Cases sent, by lane and outcome.", "lane", "outcome"),
		SealFailures: counter("seal_failures_total", "Copies that could not be sealed, by desk.", "desk"),
		Alerts:       counter("alerts_total", "Alerts to missions and headquarters, by state and lane.", "state", "lane"),
		AlertTime:    times("alert_seconds", "From send to the alert leaving.", quick, "lane"),
		AckTime:      times("acknowledge_seconds", "From the first alert of a desk to its first acknowledgement.", slow, "lane"),
		Referrals:    counter("referrals_total", "Referrals that came into a state.", "state"),
		Calls:        counter("telegram_calls_total", "Calls of the Bot API, by method and result.", "method", "result"),
		TooMany:      counter("telegram_429_total", "Calls that Telegram asked to repeat later.").WithLabelValues(),
		Pages:        counter("pages_total", "Cases that nobody answered: a person must look.").WithLabelValues(),
		Unreachable:  counter("unreachable_total", "Alerts and offers that one way brought to nobody, by reason.", "reason"),
		Reached:      counter("reached_total", "What defenders answered to whether a desk that took a case on has reached them.", "answer"),
		Mails:        counter("mails_total", "Attempts to send a mail, by kind and result.", "kind", "result"),
		Replies:      counter("replies_total", "What became of what desks wrote to defenders. One that waits counts again when it is delivered.", "fate"),
		MailTime:     times("mail_seconds", "From a notice to the mail server's having it.", quick, "lane"),
		well:         map[string]prometheus.Counter{},
	}
	m.zero()
	return m
}

// The values of labels that do not depend on a configuration.
var (
	caseLanes  = [...]referrals.Lane{referrals.Emergency, referrals.Urgent, referrals.Routine}
	deskStates = [...]referrals.State{referrals.Alerted, referrals.Silent, referrals.Acknowledged, referrals.Closed}
	ngoStates  = [...]referrals.State{referrals.Offered, referrals.Claimed, referrals.Accepted, referrals.Completed, referrals.Declined,
		referrals.Expired, referrals.Returned, referrals.Withdrawn}
	refusals = [...]string{"rate", "stranger", "bytes", "unknown_code", "wrong_state", "no_room", "secret", "body", "enrol"}
	// What goes by mail, too: package mail has words for these and for nothing else.
	mailedKinds = [...]referrals.NoticeKind{referrals.NoticeAlert, referrals.NoticeAddition, referrals.NoticeOffer, referrals.NoticeWithdrawn,
		referrals.NoticeEnded, referrals.NoticeExpired, referrals.NoticePage}
	mailedAs   = [...]Verdict{MailSent, MailLater, MailRefused, MailSettings, mailLate}
	replyFates = [...]referrals.Fate{referrals.FateDelivered, referrals.FateHeld, referrals.FateKept, referrals.FateElsewhere, referrals.FateEnded,
		referrals.FateGone, referrals.FateWiped, referrals.FateBlocked, referrals.FateFailed}
	sentAs     = [...]string{"sealed", "not_accepted"}
	apiMethods = [...]string{"getUpdates", "getMe", "sendMessage", "sendDocument", "sendPhoto", "sendVoice", "editMessageText", "editMessageCaption",
		"editMessageReplyMarkup", "answerCallbackQuery", "deleteMessages", "leaveChat", "setMyCommands"}
)

// results are all that a call can be counted as.
func results() []string {
	out := []string{"ok", "unreachable", "too_many_requests", "server", "refused"}
	for _, r := range reasons {
		out = append(out, r.reason)
	}
	return out
}

// zero makes every value that is known without a configuration.
func (m *Meters) zero() {
	for _, b := range []byte{lineBot, deskBot} {
		m.Updates.WithLabelValues(botName(b))
	}
	for _, r := range refusals {
		m.Refused.WithLabelValues(r)
	}
	for _, l := range caseLanes {
		m.AlertTime.WithLabelValues(string(l))
		m.AckTime.WithLabelValues(string(l))
		m.MailTime.WithLabelValues(string(l))
		for _, o := range sentAs {
			m.Submissions.WithLabelValues(string(l), o)
		}
		for _, s := range deskStates {
			m.Alerts.WithLabelValues(string(s), string(l))
		}
	}
	for _, why := range []string{lostBlocked, lostRefused, lostMailRefused, lostMailLate} {
		m.Unreachable.WithLabelValues(why)
	}
	for _, answer := range []string{"yes", "no", "not_yet"} {
		m.Reached.WithLabelValues(answer)
	}
	for _, k := range mailedKinds {
		for _, v := range mailedAs {
			m.Mails.WithLabelValues(string(k), string(v))
		}
	}
	for _, f := range replyFates {
		m.Replies.WithLabelValues(string(f))
	}
	for _, s := range ngoStates {
		m.Referrals.WithLabelValues(string(s))
	}
	for _, method := range apiMethods {
		for _, r := range results() {
			m.Calls.WithLabelValues(method, r)
		}
		m.well[method] = m.Calls.WithLabelValues(method, "ok")
	}
}

// expect makes the values that the desks of a configuration add.
func (m *Meters) expect(dir *referrals.Directory) {
	for _, d := range dir.Desks() {
		m.SealFailures.WithLabelValues(d.ID)
	}
}

// called counts a call and its result.
func (m *Meters) called(method string, err error) {
	result := "ok"
	var refused *apiError
	switch {
	case errors.As(err, &refused):
		result = refused.reason()
		if result == "too_many_requests" {
			m.TooMany.Inc()
		}
	case err != nil:
		result = "unreachable"
	}
	if well := m.well[method]; well != nil && result == "ok" {
		well.Inc()
		return
	}
	m.Calls.WithLabelValues(method, result).Inc()
}
