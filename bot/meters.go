package bot

import "github.com/prometheus/client_golang/prometheus"

// Meters count what happens. No label ever derives from a person: lanes, desks' ids, states and
// closed sets of reasons only.
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
	return &Meters{
		Updates:      counter("updates_total", "Updates kept, by bot.", "bot"),
		Unread:       counter("updates_unread_total", "Updates that could not be decoded and were set aside.").WithLabelValues(),
		Damaged:      counter("records_damaged_total", "Records of chats that nobody can open any more: the person was asked to begin again.").WithLabelValues(),
		Panics:       counter("panics_total", "Updates whose handling failed in a way nobody foresaw.").WithLabelValues(),
		Refused:      counter("refused_total", "Acts refused, by reason.", "reason"),
		Submissions:  counter("submissions_total", "Cases sent, by lane and outcome.", "lane", "outcome"),
		SealFailures: counter("seal_failures_total", "Copies that could not be sealed, by desk.", "desk"),
		Alerts:       counter("alerts_total", "Alerts to missions and headquarters, by state and lane.", "state", "lane"),
		AlertTime:    times("alert_seconds", "From send to the alert leaving.", quick, "lane"),
		AckTime:      times("acknowledge_seconds", "From alert to acknowledgement.", slow, "lane"),
		Referrals:    counter("referrals_total", "Referrals that came into a state.", "state"),
		Calls:        counter("telegram_calls_total", "Calls of the Bot API, by method and result.", "method", "result"),
		TooMany:      counter("telegram_429_total", "Calls that Telegram asked to repeat later.").WithLabelValues(),
		Pages:        counter("pages_total", "Cases that nobody answered: a person must look.").WithLabelValues(),
	}
}
