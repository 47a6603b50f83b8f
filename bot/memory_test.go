package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"defenderline/referrals"
)

// memory is a store of one test: what the bot asks of it, in maps.
type memory struct {
	mu       sync.Mutex
	away     error // when set, every call fails with it
	holdings map[string]referrals.Holding
	moves    map[string]referrals.Move
	messages map[referrals.Member][]int
	settled  []string
	sent     []referrals.Delivery
	posts    []referrals.Post
	overdue  []referrals.Overdue
	papers   map[string][]byte // "desk name"
	bodies   map[string]string
	refuse   func(referrals.Move) error
}

func newMemory() *memory {
	return &memory{holdings: map[string]referrals.Holding{}, moves: map[string]referrals.Move{}, messages: map[referrals.Member][]int{},
		papers: map[string][]byte{}, bodies: map[string]string{}}
}

func (m *memory) hold(h referrals.Holding) { m.holdings[h.Desk+" "+h.Code] = h }

func (m *memory) Holding(_ context.Context, desk, code string) (referrals.Holding, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return referrals.Holding{}, m.away
	}
	if h, ok := m.holdings[desk+" "+code]; ok {
		return h, nil
	}
	return referrals.Holding{}, referrals.ErrUnknown
}

func (m *memory) Holdings(_ context.Context, desk string, _ []referrals.State, limit int, _ string) (found []referrals.Holding, next string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.holdings {
		if h.Desk == desk && h.Open() {
			found = append(found, h)
		}
	}
	slices.SortFunc(found, func(a, b referrals.Holding) int {
		if a.Lane != b.Lane {
			return a.Lane.Rank() - b.Lane.Rank()
		}
		return a.Since.Compare(b.Since)
	})
	if len(found) > limit {
		found, next = found[:limit], "more"
	}
	return found, next, m.away
}

// Move makes a move as the store does: from a fitting state, each id once.
func (m *memory) Move(_ context.Context, mv referrals.Move) (referrals.Holding, []string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return referrals.Holding{}, nil, m.away
	}
	key := mv.Desk + " " + mv.Code
	h, ok := m.holdings[key]
	if _, again := m.moves[mv.ID+key]; again {
		return h, make([]string, len(mv.Errands)), nil
	}
	if m.refuse != nil {
		if err := m.refuse(mv); err != nil {
			return h, nil, err
		}
	}
	if !ok && len(mv.From) > 0 {
		return referrals.Holding{}, nil, referrals.ErrUnknown
	}
	if ok && (!slices.Contains(mv.From, h.State) || mv.Claim != 0 && mv.Claim != h.Claim || mv.AtRung >= 0 && mv.AtRung != h.Rung) {
		return h, nil, referrals.ErrNotThere
	}
	m.moves[mv.ID+key] = mv
	if !ok {
		h = referrals.Holding{Desk: mv.Desk, Code: mv.Code, Lane: mv.Lane, Origin: mv.Origin, Since: mv.At}
	}
	h.State, h.Due, h.Reason = mv.To, mv.Due, mv.Reason
	if mv.Claims {
		h.Claim++
	}
	m.holdings[key] = h
	ids := make([]string, len(mv.Errands))
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%d", mv.ID, i+1)
	}
	return h, ids, nil
}

func (m *memory) Post(_ context.Context, p referrals.Post) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away == nil {
		m.posts = append(m.posts, p)
	}
	return m.away
}

func (m *memory) Settle(ctx context.Context, slot string, ids []string, sent []referrals.Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(m.away, ctx.Err()); err != nil {
		return err
	}
	for _, id := range ids {
		m.settled = append(m.settled, slot+" "+id)
	}
	for _, d := range sent {
		m.sent = append(m.sent, d)
		m.messages[d.To] = append(m.messages[d.To], d.Message)
	}
	return nil
}

func (m *memory) Messages(_ context.Context, of referrals.Member) ([]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages[of]), m.away
}

func (m *memory) Overdue(context.Context, int) ([]referrals.Overdue, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.overdue), m.away
}

func (m *memory) Retry(context.Context, string, string, time.Time) error { return m.away }

func (m *memory) Documents(_ context.Context, _ string, _ referrals.Code, desk string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for k := range m.papers {
		if d, name, _ := strings.Cut(k, " "); d == desk {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, m.away
}

func (m *memory) Document(_ context.Context, _ string, _ referrals.Code, desk, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return nil, m.away
	}
	if p, ok := m.papers[desk+" "+name]; ok {
		return p, nil
	}
	return nil, referrals.ErrUnknown
}

func (m *memory) FileReader(_ context.Context, _ string, _ referrals.Code, name string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	body, ok := m.bodies[name]
	if !ok {
		return nil, referrals.ErrUnknown
	}
	return io.NopCloser(strings.NewReader(body)), nil
}

func (m *memory) settledIDs() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.settled)
}
