package telegramsim

import (
	"context"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options shape a simulation. The zero value is one for tests: real time, everything recorded, no limits.
type Options struct {
	// Now is the clock that dates messages, ages callback queries and fills the limits' buckets.
	// Deadlines (long polls, backoff, latency) use the time package. Nil: time.Now.
	Now func() time.Time
	// Seed makes update ids, and nothing else, start elsewhere: the same seed, the same start.
	Seed uint64
	// Load bounds memory: nothing is recorded, a chat keeps its last 50 messages, the server 1,000 files.
	Load bool
	// WebhookBackoff is the wait after a first failed delivery; it doubles up to 64 times of it. 0: one second.
	WebhookBackoff time.Duration
	// WebhookTransport carries deliveries. Nil: a transport of the server's own.
	WebhookTransport http.RoundTripper
}

// Server is the simulation: an http.Handler for the API side. It is safe for concurrent use. Close ends it.
type Server struct {
	options Options
	table   *table
	methods map[string]handler
	limits  atomic.Pointer[Limits]
	faults  faults
	record  recorder
	trace   traces
	events  eventLog
	files   fileStore
	hooks   *http.Client
	ctx     context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup

	connections atomic.Int64
	counts      map[string]*atomic.Int64 // by method, fixed at start
	refusals    map[string]*atomic.Int64 // answers 429, likewise

	mu      sync.RWMutex
	bots    map[string]*Bot // by token
	names   map[string]*chat
	groups  map[int64]*chat
	persons map[int64]*Person
	lastID  int64
}

// New starts a simulation without bots or people.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.WebhookBackoff == 0 {
		options.WebhookBackoff = time.Second
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{
		options: options, table: botAPI(), methods: handlers(), ctx: ctx, stop: stop,
		counts: map[string]*atomic.Int64{}, refusals: map[string]*atomic.Int64{},
		bots:    map[string]*Bot{},
		names:   map[string]*chat{},
		groups:  map[int64]*chat{},
		persons: map[int64]*Person{},
		lastID:  7_000_000_000,
	}
	for method := range s.table.methods {
		s.counts[method], s.refusals[method] = new(atomic.Int64), new(atomic.Int64)
	}
	transport := options.WebhookTransport
	if transport == nil {
		transport = &http.Transport{MaxIdleConnsPerHost: 100}
	}
	s.hooks = &http.Client{Transport: transport, Timeout: time.Minute}
	s.files.init(options.Load)
	s.record.on = !options.Load
	s.events.init()
	return s
}

// Close ends long polls, hanging calls, webhook deliveries and event streams, and waits for the server's own
// goroutines. Calls that come later are answered 502.
func (s *Server) Close() {
	s.stop()
	s.events.close()
	s.work.Wait()
	s.hooks.CloseIdleConnections()
}

func (s *Server) now() time.Time { return s.options.Now() }

func (s *Server) keep() int {
	if s.options.Load {
		return 50
	}
	return 0
}

// Limit switches the speed limits on, or off with nil.
func (s *Server) Limit(l *Limits) {
	if l != nil {
		filled := l.filled()
		l = &filled
	}
	s.limits.Store(l)
}

// Counts tells how often each method was called, refused calls included; methods never called are left out.
func (s *Server) Counts() map[string]int64 { return read(s.counts) }

// TooMany tells how often each method was answered 429, by a limit or by a fault; methods that never were are left out.
func (s *Server) TooMany() map[string]int64 { return read(s.refusals) }

func read(meters map[string]*atomic.Int64) map[string]int64 {
	counts := map[string]int64{}
	for method, n := range meters {
		counts[method] = n.Load()
	}
	maps.DeleteFunc(counts, func(_ string, n int64) bool { return n == 0 })
	return counts
}

// ConnState counts connections when it is set as the ConnState of the http.Server that serves this one.
func (s *Server) ConnState(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.connections.Add(1)
	}
}

// Connections tells how many connections ConnState saw opened.
func (s *Server) Connections() int64 { return s.connections.Load() }

func (s *Server) botByToken(token string) *Bot {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.bots[token]
}

func (s *Server) person(id int64) *Person {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.persons[id]
}

// freshID gives an id for a person or bot that was created without one; the lock is held.
func (s *Server) freshID() int64 {
	s.lastID++
	return s.lastID
}
