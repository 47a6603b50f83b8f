package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// balancer stands before the replicas of a rig, as in front of any service that runs twice: each delivery goes to a
// replica drawn at random, and one that did not answer is left alone for a while.
type balancer struct {
	rig *rig
	mu  sync.Mutex
	ill map[string]time.Time // by address, until when it is left alone
}

// leftAlone is for how long, answersWithin how long a replica may take.
const (
	leftAlone     = 5 * time.Second
	answersWithin = 2 * time.Second
)

// delivered changes a configuration to webhooks and stands a load balancer before the replicas.
func (r *rig) delivered(config string) string {
	b := &balancer{rig: r, ill: map[string]time.Time{}}
	way := http.DefaultTransport.(*http.Transport).Clone()
	way.ResponseHeaderTimeout = answersWithin
	front := httptest.NewServer(&httputil.ReverseProxy{
		Transport:    way,
		Rewrite:      func(req *httputil.ProxyRequest) { req.SetURL(&url.URL{Scheme: "http", Host: b.draw()}) },
		ErrorHandler: b.failed,
	})
	r.t.Cleanup(func() { front.Close(); way.CloseIdleConnections() })
	r.hook = front.URL + "/telegram"
	r.write("hook-secret", "s3cret-of-the-hook")
	return strings.Replace(config, "telegram: {token_file: token,", fmt.Sprintf(
		"telegram: {token_file: token, webhook: {url: %q, listen: %q, secret_file: hook-secret},", r.hook, r.listen), 1)
}

// draw is the address of a replica that is well, or of any when none is.
func (b *balancer) draw() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var well []string
	for _, p := range b.rig.replicas {
		if time.Now().After(b.ill[p.listen]) {
			well = append(well, p.listen)
		}
	}
	if len(well) == 0 {
		return b.rig.replicas[rand.IntN(len(b.rig.replicas))].listen
	}
	return well[rand.IntN(len(well))]
}

// failed notes that a replica did not answer; Telegram delivers again.
func (b *balancer) failed(w http.ResponseWriter, req *http.Request, _ error) {
	w.WriteHeader(http.StatusBadGateway)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ill[req.URL.Host] = time.Now().Add(leftAlone)
}
