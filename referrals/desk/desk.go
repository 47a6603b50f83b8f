package desk

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path"
	"time"

	"golang.org/x/time/rate"

	"defenderline/referrals"
)

// holdings is what a desk holds. A cursor that the list did not give out is ErrCursor. Without states, CountOpen counts what was
// claimed or accepted.
type holdings interface {
	Holding(ctx context.Context, desk, code string) (referrals.Holding, error)
	Holdings(ctx context.Context, desk string, states []referrals.State, limit int, cursor string) ([]referrals.Holding, string, error)
	CountOpen(ctx context.Context, desk string, states ...referrals.State) (int, error)
}

// archive keeps the sealed copies, and the bodies of files, which all desks share.
type archive interface {
	Documents(ctx context.Context, origin string, code referrals.Code, desk string) ([]string, error)
	Document(ctx context.Context, origin string, code referrals.Code, desk, name string) ([]byte, error)
	FileReader(ctx context.Context, origin string, code referrals.Code, name string) (io.ReadCloser, error)
}

// mover makes moves, the same ID once only, and starts what they leave to be done.
type mover interface {
	Move(ctx context.Context, m referrals.Move) (referrals.Holding, error)
}

// feed is what a desk learns without asking. An id that no event can have is ErrEvent.
type feed interface {
	Events(ctx context.Context, desk, after string, wait time.Duration) ([]referrals.DeskEvent, error)
	LastEvent(ctx context.Context, desk string) (string, error)
}

// binder gives a name to the first owner that asks, for a time; false to any other.
type binder interface {
	Lease(ctx context.Context, name, owner string, ttl time.Duration) (bool, error)
}

// ErrCursor is what Options.Holdings returns for a cursor that is none of its own.
var ErrCursor = errors.New("that cursor is not one of this list")

// ErrEvent is what Options.Events returns for what cannot be the id of an event.
var ErrEvent = errors.New("that is not the id of an event")

// Options are what the API needs. All fields are required but those that say so.
type Options struct {
	// Desks are those of the line; only those with a TokenSHA256 have access.
	Desks    []*referrals.Desk
	Holdings holdings
	Archive  archive
	Mover    mover
	Events   feed
	// Doors is whether organisations are offered cases.
	Doors doors
	// Keys binds idempotency keys.
	Keys binder
	// Now is the clock that all times of answers are of, and their Date.
	Now func() time.Time
	// Random gives ids to acts that come without a key.
	Random io.Reader
	Log    *slog.Logger
	// Ends is closed when the server begins to end: event streams end then, so that it need not wait for them.
	Ends   <-chan struct{}
	Limits Limits
	// Refused, if not nil, is told of each act that was refused: of a desk, "" when it is not known of which. It must return at once.
	Refused func(desk string, kind referrals.RefusalKind)
	// Observe, if not nil, is told of each answer: the path as the API's description has it, and the status.
	Observe func(path string, status int)
}

// Limits bound what callers may ask. A zero field has its default.
type Limits struct {
	// PerSecond and Burst of calls, for each desk: 200 and 400.
	PerSecond float64
	Burst     int
	// KeysPerSecond and KeyBurst of acts with an Idempotency-Key, for each desk: 0.5 and 10,000. Keys are remembered for 48 hours, so that
	// no more than 100,000 of a desk are, for each process, also when its token was stolen.
	KeysPerSecond float64
	KeyBurst      int
	// WrongPerSecond and WrongBurst of calls without a right token, of all callers together: 5 and 50.
	WrongPerSecond float64
	WrongBurst     int
	// Streams of events that a desk may have at a time, in this process: 16.
	Streams int
	// Heartbeat is the longest silence of a stream of events: 15 s.
	Heartbeat time.Duration
	// Answer is how long an answer may take on its way to a slow caller, and each event of a stream: 30 s. Sealed files
	// may take longer.
	Answer time.Duration
}

func (l Limits) filled() Limits {
	l.PerSecond, l.Burst = cmp.Or(l.PerSecond, 200), cmp.Or(l.Burst, 400)
	l.KeysPerSecond, l.KeyBurst = cmp.Or(l.KeysPerSecond, 0.5), cmp.Or(l.KeyBurst, 10_000)
	l.WrongPerSecond, l.WrongBurst = cmp.Or(l.WrongPerSecond, 5), cmp.Or(l.WrongBurst, 50)
	l.Streams = cmp.Or(l.Streams, 16)
	l.Heartbeat, l.Answer = cmp.Or(l.Heartbeat, 15*time.Second), cmp.Or(l.Answer, 30*time.Second)
	return l
}

// api is the handler.
type api struct {
	Options
	guests []*guest
	wrong  *rate.Limiter
	mux    *http.ServeMux
}

// New returns the API as a handler of every path below /api/v1/. It starts nothing and holds nothing open but the
// requests it is given. The server's ReadTimeout and WriteTimeout do not end its event streams, which set their own
// deadlines; the ResponseWriter must let them (http.ResponseController).
func New(o Options) http.Handler {
	o.Limits = o.Limits.filled()
	a := &api{Options: o, wrong: rate.NewLimiter(rate.Limit(o.Limits.WrongPerSecond), o.Limits.WrongBurst), mux: http.NewServeMux()}
	for _, d := range o.Desks {
		if len(d.TokenSHA256) > 0 {
			a.guests = append(a.guests, newGuest(d, o.Limits))
		}
	}
	for _, r := range a.routes() {
		a.mux.Handle(r.path, a.serving(r))
	}
	nothing := a.serving(route{path: "/", get: notFound, post: notFound})
	a.mux.Handle("/", nothing)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if asked := req.URL.EscapedPath(); asked != path.Clean(asked) { // the mux would send the caller elsewhere, unasked who it is
			nothing.ServeHTTP(w, req)
			return
		}
		a.mux.ServeHTTP(w, req)
	})
}
