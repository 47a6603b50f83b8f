package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// demoFiles is the page: plain HTML, CSS and JavaScript, which load nothing from elsewhere.
//
//go:embed web
var demoFiles embed.FS

// demoPolicy lets the page load its own files and talk to its own server, and nothing else.
const demoPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pages serves the demo's page and what it asks for.
type pages struct {
	*world
	ended context.Context // when the demo ends, so do its streams
}

// demoPages is the page's handler for a server at an address; its streams end with ctx.
func demoPages(ctx context.Context, w *world, address string) http.Handler {
	p := &pages{w, ctx}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", asset("web/index.html", "text/html; charset=utf-8"))
	mux.HandleFunc("GET /app.js", asset("web/app.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /chat.js", asset("web/chat.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /guide.js", asset("web/guide.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /style.css", asset("web/style.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /api/state", p.state)
	mux.HandleFunc("GET /api/events", p.events)
	p.acts(mux)
	return guarded(address, http.NewCrossOriginProtection().Handler(mux))
}

func asset(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		content, err := demoFiles.ReadFile(name)
		if err != nil { // embedded: cannot be missing
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(content) // a reader that is gone is no concern of the server
	}
}

// guarded sets the headers of every answer and refuses a Host that is not this server: a page from elsewhere
// whose name was made to point here (DNS rebinding) would be same-origin otherwise.
func guarded(address string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", demoPolicy)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("X-Frame-Options", "DENY")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Cache-Control", "no-store")
		if !ownHost(r.Host, address) {
			http.Error(w, "This address is not the demo's. Open the address that it printed when it started.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ownHost says whether a Host header names this server: by an IP address or as localhost, with its port. No
// name that somebody else could point here is accepted.
func ownHost(host, address string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), "80"
	}
	_, own, err := net.SplitHostPort(address)
	if err != nil || port != own {
		return false
	}
	return name == "localhost" || net.ParseIP(name) != nil
}

// state answers everything at once, as a JSON array of [section, content].
func (p *pages) state(w http.ResponseWriter, r *http.Request) {
	var out []any
	for _, s := range p.sections(r.Context()) {
		out = append(out, [2]any{s.name, json.RawMessage(s.body)})
	}
	answerJSON(w, http.StatusOK, out)
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a reader that is gone is no concern of the server
}

// How often a page is told news at most, and how often it is told without any: what ends by itself (keys of
// the store, clocks of desks) makes no event.
const (
	newsGap  = 60 * time.Millisecond
	lookEach = time.Second
)

// events streams sections as server-sent events: all of them first, then those that changed.
func (p *pages) events(w http.ResponseWriter, r *http.Request) {
	stream := http.NewResponseController(w)
	_ = stream.SetReadDeadline(time.Time{}) // the server's limit is for requests, this one stays
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "retry: 1000\n\n")
	id, _ := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64) // numbers go on rising; what is missed is sent whole
	known := map[int][]byte{}
	for {
		changed := p.change()
		for i, s := range p.sections(r.Context()) {
			if bytes.Equal(known[i], s.body) {
				continue
			}
			known[i] = s.body
			id++
			if _, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", id, s.name, s.body); err != nil {
				return
			}
		}
		if stream.Flush() != nil || !p.await(r.Context(), changed) {
			return
		}
	}
}

// await waits for news, but not longer than lookEach and not shorter than newsGap; false at the end.
func (p *pages) await(ctx context.Context, changed <-chan struct{}) bool {
	soonest, latest := time.NewTimer(newsGap), time.NewTimer(lookEach)
	defer soonest.Stop()
	defer latest.Stop()
	select {
	case <-changed:
	case <-latest.C:
	case <-ctx.Done():
		return false
	case <-p.ended.Done():
		return false
	}
	select {
	case <-soonest.C:
		return true
	case <-ctx.Done():
		return false
	case <-p.ended.Done():
		return false
	}
}
