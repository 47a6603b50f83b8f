package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// gather lets moves of one desk share round trips. Nothing is kept waiting for company: while as many round trips
// as may be are under way, those who come gather, and the next takes all of them. Who came first runs the script
// for all, so that no goroutine outlives a caller.
type gather struct {
	mu    sync.Mutex
	desks map[string]*gathering
}

// gathering is what one desk has under way, and who waits.
type gathering struct {
	under   int
	waiting []*making
}

// making is a move on its way to the store. ready is closed when it has its answer, or when it leads the next round
// trip; both are written before.
type making struct {
	desk, code string
	args       []any // its words, and its errands
	ready      chan struct{}
	leads      bool
	text       string
	err        error
}

// What one round trip takes at most, and how many of one desk are under way at a time: while the server is at one,
// the next is made ready.
const (
	movesAtOnce   = 64
	movingAtOnce  = 2
	gatherTimeout = 2 * answerWithin
)

// run makes a move, with others or alone, and returns its answer. A caller whose context ends does not wait any
// longer; its move may have been made.
func (g *gather) run(ctx context.Context, s *Store, m *making) (string, error) {
	if g.join(m) {
		return g.lead(ctx, s, m)
	}
	select {
	case <-m.ready:
	case <-ctx.Done():
		if g.leave(m) {
			return "", ctx.Err()
		}
	}
	if m.leads {
		return g.lead(ctx, s, m)
	}
	return m.text, m.err
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
func (g *gather) lead(ctx context.Context, s *Store, m *making) (string, error) {
	moves := g.company(m)
	defer g.next(m.desk)
	if len(moves) > 1 { // not only for this caller
		all, cancel := context.WithTimeout(context.WithoutCancel(ctx), gatherTimeout)
		defer cancel()
		ctx = all
	}
	texts, err := s.make(ctx, moves)
	for i, one := range moves {
		if one.err = err; err == nil {
			one.text = texts[i]
		}
		if i > 0 {
			close(one.ready)
		}
	}
	return m.text, m.err
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
	if d.under--; d.under == 0 {
		delete(g.desks, desk)
	}
}

// make has the script make moves of one desk, each of another holding. Each has its answer, or all have the error.
func (s *Store) make(ctx context.Context, moves []*making) ([]string, error) {
	desk := moves[0].desk
	slot := DeskSlot(desk)
	keys := make([]string, 7, 7+len(moves))
	copy(keys, []string{s.queueKey(desk), s.endedKey(desk), s.dueKey(slot), s.outboxKey(slot), s.errandsKey(slot), s.eventsKey(desk), s.counterKey(slot)})
	args := make([]any, 3, 3+3*len(moves))
	args[0], args[1], args[2] = s.endedFor.Milliseconds(), known.Milliseconds(), ms(s.now())
	for _, m := range moves {
		keys = append(keys, s.holdingKey(desk, m.code))
		args = append(args, m.args...)
	}
	a := s.run(ctx, call{s.scripts.move, keys, args})
	if a.err != nil {
		return nil, a.err
	}
	if len(a.rest) != len(moves) {
		return nil, fmt.Errorf("%d answers to %d moves: is another version writing to the store?", len(a.rest), len(moves))
	}
	texts := make([]string, len(moves))
	for i := range moves {
		texts[i] = a.text(i)
	}
	return texts, nil
}
