package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"defenderline/referrals"
)

// routes serves health, readiness, metrics and the desk API, whose streams end when ends is closed.
func (p *parts) routes(ends <-chan struct{}) http.Handler {
	p.register()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", p.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{}))
	mux.Handle("/api/v1/", newDeskAPI(p.store, p.desks.Desks(), p.line, p.registry, p.log, ends))
	return mux
}

// readyz answers 200 when everybody named in the configuration can be served, else 503 and why not.
func (p *parts) readyz(w http.ResponseWriter, req *http.Request) {
	problems := p.unready(req.Context())
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"ready": len(problems) == 0, "problems": problems})
}

// unready lists what keeps the line from serving everybody.
func (p *parts) unready(ctx context.Context) []string {
	problems := []string{} // never null in JSON
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := p.store.Ping(ctx); err != nil {
		problems = append(problems, err.Error())
	}
	problems = append(problems, p.line.Problems()...)
	for _, d := range p.desks.Desks() {
		if err := p.sealer.Usable(d.ID); err != nil && d.Kind != referrals.NGODesk {
			problems = append(problems, fmt.Sprintf("%s %s: %v", d.Kind, d.ID, err))
		}
	}
	return problems
}

// register adds the meters that are read when they are asked for.
func (p *parts) register() {
	gauge := func(name, help string, read func() float64) {
		p.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "defenderline", Name: name, Help: help}, read))
	}
	gauge("sending", "Messages that wait to leave this process.", func() float64 { return float64(p.line.Depth()) })
	gauge("ready", "1 when everybody named in the configuration can be served, as /readyz says, else 0.", func() float64 {
		if len(p.unready(context.Background())) > 0 {
			return 0
		}
		return 1
	})
	p.registry.MustRegister(&depths{p}, collectors.NewGoCollector()) // not the process's: its bytes tell the size of files
}

// depths reads the outbox of the store and the keys' days when metrics are asked for.
type depths struct{ *parts }

var (
	outboxDepth = prometheus.NewDesc("defenderline_outbox_depth", "Errands kept and not yet done, in all slots.", nil, nil)
	outboxAge   = prometheus.NewDesc("defenderline_outbox_age_seconds", "Age of the oldest errand, without mails.", nil, nil)
	mailAge     = prometheus.NewDesc("defenderline_mail_age_seconds", "Age of the oldest mail that has not left.", nil, nil)
	keyDays     = prometheus.NewDesc("defenderline_key_expiry_days", "Days until a desk's last usable key expires; -1 when none is usable.",
		[]string{"desk"}, nil)
)

// Describe implements prometheus.Collector.
func (d *depths) Describe(ch chan<- *prometheus.Desc) {
	ch <- outboxDepth
	ch <- outboxAge
	ch <- mailAge
	ch <- keyDays
}

// Collect implements prometheus.Collector.
func (d *depths) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if depth, err := d.store.Depth(ctx); err == nil {
		ch <- prometheus.MustNewConstMetric(outboxDepth, prometheus.GaugeValue, float64(depth.Errands))
		ch <- prometheus.MustNewConstMetric(outboxAge, prometheus.GaugeValue, depth.OldestErrand.Seconds())
		ch <- prometheus.MustNewConstMetric(mailAge, prometheus.GaugeValue, depth.OldestMail.Seconds())
	}
	for desk, days := range d.keyDays() {
		ch <- prometheus.MustNewConstMetric(keyDays, prometheus.GaugeValue, days, desk)
	}
}

// keyDays are the days until the last usable key of each desk expires; a key that never does is not listed.
func (d *depths) keyDays() map[string]float64 {
	out := map[string]float64{}
	now := time.Now()
	for _, desk := range d.desks.Desks() {
		last, never := time.Time{}, false
		for _, k := range d.keys.keys {
			if k.desk.ID != desk.ID || k.key == nil || k.key.Usable(now) != nil {
				continue
			}
			at, expires := k.key.Expires(now)
			never = never || !expires
			if at.After(last) {
				last = at
			}
		}
		switch {
		case never:
		case last.IsZero():
			out[desk.ID] = -1
		default:
			out[desk.ID] = last.Sub(now).Hours() / 24
		}
	}
	return out
}

// webhookMux serves deliveries at the webhook's path.
func (p *parts) webhookMux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(exactly(p.config.Telegram.Webhook.Path), p.line.Webhook())
	if h := p.line.DeskWebhook(); h != nil {
		mux.Handle(exactly(p.config.Telegram.Webhook.DeskPath), h)
	}
	return mux
}

// exactly is the pattern of one path and none below it.
func exactly(path string) string {
	if strings.HasSuffix(path, "/") {
		return path + "{$}"
	}
	return path
}
