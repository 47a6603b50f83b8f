package telegramsim

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// FaultKind says how a call fails.
type FaultKind string

// The ways a call can fail.
const (
	FaultTooMany   FaultKind = "too_many"   // 429 with RetryAfter, not done
	FaultStatus    FaultKind = "status"     // an error answer with Status, not done
	FaultHTML      FaultKind = "html"       // an HTML page with Status, as a proxy gives, not done
	FaultCutBefore FaultKind = "cut_before" // connection cut, not done
	FaultCutAfter  FaultKind = "cut_after"  // done, then the connection cut
	FaultHang      FaultKind = "hang"       // no answer until the caller leaves, not done
	FaultLatency   FaultKind = "latency"    // done after Latency
)

// Fault makes calls fail. The first injected fault that matches a call applies, at most one.
type Fault struct {
	Kind       FaultKind     `json:"kind"`
	Method     string        `json:"method"`      // pattern as of path.Match, "file" for downloads; "": all but getUpdates
	Chat       int64         `json:"chat"`        // only calls with this chat_id; 0: all
	Every      int           `json:"every"`       // each n-th matching call; 0 and 1: every one
	Times      int           `json:"times"`       // ends after so many failures; 0: never
	Status     int           `json:"status"`      // FaultStatus and FaultHTML; 0: 502
	RetryAfter int           `json:"retry_after"` // seconds, FaultTooMany; 0: 1
	Latency    time.Duration `json:"latency"`     // nanoseconds in JSON
}

type activeFault struct {
	Fault
	seen, done int
}

type faults struct {
	any    atomic.Bool // whether there is one, so that calls without faults take no lock
	mu     sync.Mutex
	active []*activeFault
	count  map[FaultKind]int64
}

// Inject makes matching calls fail until remove is called. A kind it does not know cuts the connection before.
func (s *Server) Inject(f Fault) (remove func()) {
	a := &activeFault{Fault: f}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = append(s.faults.active, a)
	s.faults.any.Store(true)
	return func() { s.faults.remove(a) }
}

// ClearFaults removes all injected faults.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = nil
	s.faults.any.Store(false)
}

// Failed tells how many calls each kind of fault has hit so far.
func (s *Server) Failed() map[FaultKind]int64 {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return maps.Clone(s.faults.count)
}

func (f *faults) remove(a *activeFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = slices.DeleteFunc(f.active, func(other *activeFault) bool { return other == a })
	f.any.Store(len(f.active) > 0)
}

// match gives the fault that hits the call, or nil.
func (f *faults) match(c *call) *Fault {
	if !f.any.Load() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.active {
		if a.hits(c) {
			hit := a.Fault
			if f.count == nil {
				f.count = map[FaultKind]int64{}
			}
			f.count[hit.Kind]++
			return &hit
		}
	}
	return nil
}

func (a *activeFault) hits(c *call) bool {
	if a.Times > 0 && a.done >= a.Times || !a.concerns(c) {
		return false
	}
	a.seen++
	if a.Every > 1 && a.seen%a.Every != 0 {
		return false
	}
	a.done++
	return true
}

func (a *activeFault) concerns(c *call) bool {
	if a.Chat != 0 && (c.req == nil || c.int("chat_id") != a.Chat) {
		return false
	}
	if a.Method == "" {
		return c.method != "getUpdates"
	}
	matched, err := path.Match(a.Method, c.method)
	return err == nil && matched
}

// ends says whether a call the fault hits is not performed.
func (f *Fault) ends() bool {
	return f != nil && f.Kind != FaultCutAfter && f.Kind != FaultLatency
}

// problem is how the call is recorded.
func (f *Fault) problem() *Error {
	e := &Error{Description: "fault: " + string(f.Kind)}
	if f.Kind == FaultTooMany {
		e.Code, e.RetryAfter = http.StatusTooManyRequests, max(1, f.RetryAfter)
	}
	return e
}

// refuse answers a call that is not performed, or cuts its connection.
func (f *Fault) refuse(w http.ResponseWriter, r *http.Request, s *Server) {
	switch f.Kind {
	case FaultTooMany:
		writeError(w, tooMany(max(1, f.RetryAfter)))
	case FaultStatus:
		writeError(w, &Error{Code: f.status(), Description: http.StatusText(f.status())})
	case FaultHTML:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.status())
		_, _ = w.Write([]byte("<html><head><title>Bad Gateway</title></head><body>proxy</body></html>\n")) // as in writeResult
	case FaultHang:
		s.hang(r)
	default:
		panic(http.ErrAbortHandler)
	}
}

func (f *Fault) status() int {
	if f.Status == 0 {
		return http.StatusBadGateway
	}
	return f.Status
}

func (s *Server) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
	panic(http.ErrAbortHandler)
}
