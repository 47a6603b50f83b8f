package desk

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-json-experiment/json"
	"go.uber.org/goleak"

	"defenderline/referrals"
	"defenderline/referrals/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	fld, pbi, lima = "fld-token-of-32-random-bytes", "pbi-token", "lima-token" // the tokens of desks of these names
	small          = "small-token"
	nobody         = "a-wrong-token"
)

// desks are three NGOs, of which one takes two at a time, a mission, and headquarters, which has no token.
func desks() []*referrals.Desk {
	hash := func(token string) []byte {
		sum := sha256.Sum256([]byte(token))
		return sum[:]
	}
	return []*referrals.Desk{
		{ID: "lima", Kind: referrals.MissionDesk, TokenSHA256: hash(lima), Ladder: []referrals.Rung{{Chat: 1, Within: time.Hour}, {Chat: 2, Within: time.Hour}}},
		{ID: referrals.Headquarters, Kind: referrals.HeadquartersDesk},
		{ID: "fld", Kind: referrals.NGODesk, AcceptWithin: 30 * time.Minute, Accepting: true, TokenSHA256: hash(fld)},
		{ID: "pbi", Kind: referrals.NGODesk, AcceptWithin: time.Hour, Accepting: true, TokenSHA256: hash(pbi)},
		{ID: "small", Kind: referrals.NGODesk, AcceptWithin: time.Hour, Accepting: true, Capacity: 2, TokenSHA256: hash(small)},
	}
}

// kept is the store in the API's words, and may be told to fail.
type kept struct {
	*store.Store
	down   *atomic.Bool
	paused *sync.Map
}

var errDown = errors.New("the store is down")

// Accepting is what was said last; pbi may not say so.
func (k kept) Accepting(desk string) (now, may bool) {
	_, paused := k.paused.Load(desk)
	return !paused && desk != "pbi", desk != "pbi"
}

func (k kept) Accept(_ context.Context, desk string, accepting bool) error {
	if desk == "pbi" {
		return ErrSettled
	}
	if k.paused.Store(desk, true); accepting {
		k.paused.Delete(desk)
	}
	return k.failing(nil)
}

func (k kept) failing(err error) error {
	switch {
	case k.down.Load():
		return errDown
	case errors.Is(err, store.ErrCursor):
		return ErrCursor
	case errors.Is(err, store.ErrEvent):
		return ErrEvent
	}
	return err
}

func (k kept) Holding(ctx context.Context, desk, code string) (referrals.Holding, error) {
	h, err := k.Store.Holding(ctx, desk, code)
	return h, k.failing(err)
}

func (k kept) Holdings(ctx context.Context, desk string, s []referrals.State, limit int, cursor string) ([]referrals.Holding, string, error) {
	h, next, err := k.Store.Holdings(ctx, desk, s, limit, cursor)
	return h, next, k.failing(err)
}

func (k kept) CountOpen(ctx context.Context, desk string, s ...referrals.State) (int, error) {
	n, err := k.Store.CountOpen(ctx, desk, s...)
	return n, k.failing(err)
}

func (k kept) Move(ctx context.Context, m referrals.Move) (referrals.Holding, error) {
	h, _, err := k.Store.Move(ctx, m)
	return h, k.failing(err)
}

func (k kept) Events(ctx context.Context, desk, after string, wait time.Duration) ([]referrals.DeskEvent, error) {
	e, err := k.Store.Events(ctx, desk, after, min(wait, 50*time.Millisecond))
	return e, k.failing(err)
}

func (k kept) LastEvent(ctx context.Context, desk string) (string, error) {
	id, err := k.Store.LastEvent(ctx, desk)
	return id, k.failing(err)
}

func (k kept) Documents(ctx context.Context, origin string, code referrals.Code, desk string) ([]string, error) {
	names, err := k.Store.Documents(ctx, origin, code, desk)
	return names, k.failing(err)
}

func (k kept) FileReader(ctx context.Context, origin string, code referrals.Code, name string) (io.ReadCloser, error) {
	r, err := k.Store.FileReader(ctx, origin, code, name)
	return r, k.failing(err)
}

// line is an API on a store, reached over HTTP.
type line struct {
	t      testing.TB
	store  *store.Store
	down   *atomic.Bool
	ends   chan struct{}
	url    string
	client *http.Client
	logged *logged
	vault  *store.Vault
	redis  string
	limits Limits
	slot   string
	api    http.Handler
	end    func()
	begun  time.Time
	// refused, when set, is told of refused acts.
	refused func(desk string, kind referrals.RefusalKind)
	offers  atomic.Int64
	doc     *described
}

// newLine opens an API on a Redis: an embedded one when url is empty.
func newLine(t testing.TB, url string, limits Limits) *line {
	t.Helper()
	if url == "" {
		url = "redis://" + miniredis.RunT(t).Addr()
	}
	return replica(t, url, must(store.ParseStateKeys(must(store.NewStateKeys(rand.Reader)))), limits)
}

// another is one more replica of the line: another process on the same store.
func (l *line) another() *line { return replica(l.t, l.redis, l.vault, l.limits) }

func replica(t testing.TB, url string, vault *store.Vault, limits Limits) *line {
	t.Helper()
	s := must(store.Open(t.Context(), store.Options{URL: url, Vault: vault, Now: time.Now, Desks: []string{"lima", "fld", "pbi", "small"}}))
	l := &line{t: t, store: s, down: &atomic.Bool{}, ends: make(chan struct{}), logged: &logged{wrote: make(chan struct{}, 1)},
		doc: describedBy(t), begun: time.Now(), vault: vault, redis: url, limits: limits}
	k := kept{s, l.down, &sync.Map{}}
	l.end = sync.OnceFunc(func() { close(l.ends) })
	l.api = New(Options{Desks: desks(), Holdings: k, Archive: k, Mover: k, Events: k, Doors: k, Keys: k, Now: time.Now, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(l.logged, nil)), Ends: l.ends, Limits: limits,
		Refused: func(desk string, kind referrals.RefusalKind) {
			if l.refused != nil {
				l.refused(desk, kind)
			}
		}})
	server := httptest.NewServer(l.api)
	l.url, l.client = server.URL, server.Client()
	t.Cleanup(func() {
		l.end()
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// logged is what the API has logged.
type logged struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote chan struct{}
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.wrote <- struct{}{}:
	default:
	}
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// must is for what fails only when the test itself is wrong; it panics, because it may be called beside the test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// answered is an answer that was read to its end.
type answered struct {
	status int
	header http.Header
	body   string
}

// item reads the case that was answered.
func (a answered) item(t testing.TB) item {
	t.Helper()
	var i item
	if err := json.Unmarshal([]byte(a.body), &i); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return i
}

// problem reads the problem that was answered.
func (a answered) problem(t testing.TB, k kind) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || p.Status != a.status || p.Type != root+"/problems/"+string(k) {
		t.Fatalf("%d %s is no problem %s: %v", a.status, a.body, k, err)
	}
	return p
}

// ask makes a request and holds the answer against the description. Headers are "Name: value".
func (l *line) ask(method, path, token, body string, headers ...string) answered {
	l.t.Helper()
	req := must(http.NewRequestWithContext(context.WithoutCancel(l.t.Context()), method, l.url+path, strings.NewReader(body)))
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res := must(l.client.Do(req))
	defer res.Body.Close()
	a := answered{res.StatusCode, res.Header, string(must(io.ReadAll(res.Body)))}
	l.doc.judge(l.t, method, path, a)
	return a
}

func (l *line) get(path, token string, headers ...string) answered {
	l.t.Helper()
	return l.ask("GET", root+path, token, "", headers...)
}

func (l *line) act(path, token, body string, headers ...string) answered {
	l.t.Helper()
	return l.ask("POST", root+path, token, body, headers...)
}

// later is a time after all that it was before.
func (l *line) later() time.Time {
	return l.begun.Add(time.Duration(l.offers.Add(1)) * time.Millisecond)
}

// offer offers the n-th referral of a case to an NGO.
func (l *line) offer(desk, code string, lane referrals.Lane) {
	l.t.Helper()
	l.move(referrals.Move{ID: "open:" + code + desk, Desk: desk, Code: code, To: referrals.Offered, Lane: lane, AtRung: -1,
		At: l.later(), Due: time.Now().Add(time.Hour), Origin: l.slot})
}

// alert alerts a mission.
func (l *line) alert(desk, code string, lane referrals.Lane) {
	l.t.Helper()
	l.move(referrals.Move{ID: "open:" + code + desk, Desk: desk, Code: code, To: referrals.Alerted, Lane: lane, AtRung: -1,
		At: l.later(), Due: time.Now().Add(time.Hour), Origin: l.slot})
}

// withdraw takes a case back, as its defender does.
func (l *line) withdraw(desk, code string, from ...referrals.State) {
	l.t.Helper()
	l.move(referrals.Move{ID: "withdraw:" + code + desk, Desk: desk, Code: code, From: from, To: referrals.Withdrawn, AtRung: -1, At: time.Now()})
}

func (l *line) move(m referrals.Move) {
	l.t.Helper()
	if _, _, err := l.store.Move(context.WithoutCancel(l.t.Context()), m); err != nil {
		panic(fmt.Sprintf("%s: %v", m.ID, err))
	}
}

// codes are codes of cases that differ: AAAA-AAAA, AAAA-AAAB, …
func caseCode(n int) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	return fmt.Sprintf("AAAA-A%c%c%c", letters[n/1024%32], letters[n/32%32], letters[n%32])
}

func referralCode(n int) string { return caseCode(n) + "-1" }

// withDocuments keeps sealed copies of the first case for desks: the first document, one that was added, a file, and
// what opens a file whose body is gone.
func (l *line) withDocuments(desks ...string) {
	l.t.Helper()
	ctx := context.WithoutCancel(l.t.Context())
	m := l.store.Chat("line", 1)
	w := must(l.store.Keep(ctx, []referrals.Post{{To: m, ID: "u1", Order: 1, Body: []byte("x")}}))[0]
	l.slot = w.Slot
	code := referrals.Code(caseCode(1))
	c := referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: []string{"u1"}}
	for _, desk := range desks {
		for _, name := range []string{code.DocumentName(1), code.DocumentName(2), code.FileName(1), code.FileName(2)} {
			c.Documents = append(c.Documents, referrals.Document{Case: code, Desk: desk, Name: name, Body: []byte(desk + " " + name + "\n"), Keep: time.Hour})
		}
	}
	f := must(l.store.FileWriter(ctx, l.slot, code, code.FileName(1), time.Hour))
	must(f.Write(bytes.Repeat([]byte("body"), 100_000)))
	if err := f.Close(); err != nil {
		l.t.Fatal(err)
	}
	if _, _, err := l.store.Commit(ctx, w, c); err != nil {
		l.t.Fatal(err)
	}
}

// followed is a stream of events that is being read.
type followed struct {
	res   *http.Response
	lines *bufio.Scanner
}

// follow opens a stream of events, after an id if it is not empty.
func (l *line) follow(token, after string) *followed {
	l.t.Helper()
	req := must(http.NewRequestWithContext(context.WithoutCancel(l.t.Context()), "GET", l.url+root+"/events", nil))
	req.Header.Set("Authorization", "Bearer "+token)
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	res, err := l.client.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	if media := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || media != "text/event-stream" {
		l.t.Fatalf("%d %s", res.StatusCode, media)
	}
	return &followed{res, bufio.NewScanner(res.Body)}
}

func (f *followed) close() { _ = f.res.Body.Close() }

// told is one block of a stream, as a reader of it understands the block.
type block struct {
	id, event, data string
	comment         bool
}

// next reads the next block; false at the end of the stream.
func (f *followed) next(t testing.TB) (b block, more bool) {
	t.Helper()
	for f.lines.Scan() {
		name, value, ok := strings.Cut(f.lines.Text(), ": ")
		switch {
		case f.lines.Text() == "":
			return b, true
		case !ok || name != "" && name != "id" && name != "event" && name != "data" && name != "retry":
			t.Fatalf("%q is no line of a stream", f.lines.Text())
		case name == "id":
			b.id = value
		case name == "event":
			b.event = value
		case name == "data":
			b.data = value
		case name == "":
			b.comment = true
		}
	}
	return b, false
}
