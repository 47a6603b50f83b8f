package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// gather lets moves of one desk share round trips. Nothing is kept waiting for company: while as many round trips
// as may be are under way, those who come gather, and the next takes all of them. Who came first runs the script
// for all, so that no goroutine outlives a caller.
type gather struct {
	mu    sync.Mutex
	desks map[string]*gathering
}

// gathering is what one desk has under way, and who waits. There is one for each desk, for ever.
type gathering struct {
	under   int
	waiting []*making
	noted   time.Time // when the clock was noted last
}

// making is a move on its way to the store. ready is of one that waits, and closed when it has its answer, or when it leads the next round
// trip; both are written before.
type making struct {
	desk, code string
	text       []byte
	reason     string // sealed
	errands    []any  // id, sealed
	ready      chan struct{}
	leads      bool
	outcome    string
	held       string // the holding
	err        error
}

// What one round trip takes at most, and how many of one desk are under way at a time. A second under way would halve
// what each takes, and every script costs its server as much as two moves.
const (
	movesAtOnce  = 64
	movingAtOnce = 1
)

// yields is how often in a row others are let run, and nobody comes, before a round trip leaves. Whoever was answered by the last one
// comes within a few yields; where nothing else is to be run they cost nothing.
const yields = 4

// errUnmade is the answer of moves of which nothing is known.
var errUnmade = errors.New("the moves of others that went together with it failed")

// run makes a move, with others or alone, and returns its answer. A caller whose context ends does not wait any
// longer; its move may have been made.
func (g *gather) run(ctx context.Context, s *Store, m *making) error {
	if g.join(m) {
		return g.lead(ctx, s, m)
	}
	select {
	case <-m.ready:
	case <-ctx.Done():
		if g.leave(m) {
			return ctx.Err()
		}
	}
	if m.leads {
		return g.lead(ctx, s, m)
	}
	return m.err
}

// join says that a move leads a round trip at once; otherwise it waits for its turn.
func (g *gather) join(m *making) (leads bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.desks[m.desk]
	if d == nil {
		d = &gathering{}
		g.desks[m.desk] = d
	}
	if d.under < movingAtOnce {
		d.under++
		return true
	}
	m.ready = make(chan struct{})
	d.waiting = append(d.waiting, m)
	return false
}

// leave says that a move need not be waited for: it is given up, or others make it. It is false for one that
// leads.
func (g *gather) leave(m *making) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.desks[m.desk]
	d.waiting = slices.DeleteFunc(d.waiting, func(w *making) bool { return w == m })
	return !m.leads
}

// lead makes a move and those that wait.
func (g *gather) lead(ctx context.Context, s *Store, m *making) error {
	for come, none := 0, 0; none < yields && come < movesAtOnce-1; none++ {
		runtime.Gosched()
		if n := g.come(m.desk); n > come {
			come, none = n, -1
		}
	}
	moves := g.company(m)
	defer g.next(m.desk)
	if len(moves) > 1 { // not only for this caller
		ctx = context.WithoutCancel(ctx) // the driver ends it in seconds
	}
	err := errUnmade
	defer func() { // whatever happens here, nobody waits for ever
		for _, one := range moves[1:] {
			one.err = err
			close(one.ready)
		}
	}()
	err = s.make(ctx, moves)
	return err
}

// come is how many wait at a desk.
func (g *gather) come(desk string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.desks[desk].waiting)
}

// company takes those that wait to the one that leads. A holding is moved once in a round trip.
func (g *gather) company(m *making) []*making {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.desks[m.desk]
	moves := append(make([]*making, 0, 1+len(d.waiting)), m)
	rest := d.waiting[:0]
	for _, w := range d.waiting {
		if len(moves) < movesAtOnce && !slices.ContainsFunc(moves, func(one *making) bool { return one.code == w.code }) {
			moves = append(moves, w)
		} else {
			rest = append(rest, w)
		}
	}
	clear(d.waiting[len(rest):])
	d.waiting = rest
	return moves
}

// next lets the one that waited longest lead the next round trip.
func (g *gather) next(desk string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.desks[desk]
	if len(d.waiting) > 0 {
		first := d.waiting[0]
		d.waiting = slices.Delete(d.waiting, 0, 1)
		first.leads = true
		close(first.ready)
		return
	}
	d.under--
}

// toNote says that it is time to note the clock in a desk's slot: it is not what it was a second ago.
func (g *gather) toNote(desk string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	since := now.Sub(g.desks[desk].noted)
	return since >= time.Second || since < 0
}

func (g *gather) noted(desk string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.desks[desk].noted = now
}

// make has the script make moves of one desk, each of another holding, and writes their answers to them.
func (s *Store) make(ctx context.Context, moves []*making) error {
	desk := moves[0].desk
	slot := DeskSlot(desk)
	now := s.clocks.at(slot)
	keys := make([]string, 8, 8+len(moves))
	copy(keys, []string{s.queueKey(desk), s.endedKey(desk), s.dueKey(slot), s.outboxKey(slot), s.errandsKey(slot), s.eventsKey(desk), s.counterKey(slot),
		s.trailKey(slot, s.Now())})
	args := make([]any, 6, 6+2*len(moves))
	note := s.gather.toNote(desk, now)
	args[0], args[1], args[2], args[3] = s.endedFor.Milliseconds(), appendEntryTime(nil, now.Add(-known)), ms(now), ms(now.Add(s.endedFor))
	args[4], args[5] = bit(note), s.auditFor.Milliseconds()
	holding := s.holdingKey(desk, "")
	for _, m := range moves {
		keys = append(keys, holding+m.code)
		args = append(append(args, m.text), m.errands...)
	}
	a := s.runSynced(ctx, []call{{s.scripts.move, keys, args}})[0]
	if a.err != nil {
		return a.err
	}
	if len(a.rest) != 2*len(moves) {
		return fmt.Errorf("%d answers to %d moves: is another version writing to the store?", len(a.rest), len(moves))
	}
	for i, m := range moves {
		m.outcome, m.held = a.text(2*i), a.text(2*i+1)
	}
	if note {
		s.gather.noted(desk, now)
	}
	return nil
}
