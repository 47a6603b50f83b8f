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
	overdue  []referrals.Task
	taken    map[string]bool   // errands that another replica took over
	papers   map[string][]byte // "desk name"
	bodies   map[string]string
	refuse   func(referrals.Move) error
	record   []byte
	forgot   bool // no case has a record any more
	missed   map[string]bool
	lines    []referrals.Line
	refused  []string
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

func (m *memory) Refuse(desk string, kind referrals.RefusalKind, way referrals.Way) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused = append(m.refused, desk+" "+string(kind)+" "+string(way))
}

func (m *memory) Note(_ context.Context, l referrals.Line) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, l)
	return nil
}

// Move makes a move as the store does: from a fitting state, each id once.
func (m *memory) Move(_ context.Context, mv referrals.Move) (referrals.Holding, []referrals.Task, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return referrals.Holding{}, nil, m.away
	}
	key := mv.Desk + " " + mv.Code
	if _, again := m.moves[mv.ID+key]; again {
		return m.holdings[key], nil, nil
	}
	if m.refuse != nil {
		if err := m.refuse(mv); err != nil {
			return m.holdings[key], nil, err
		}
	}
	h, ok := m.holdings[key] // refuse may have moved it
	if !ok && len(mv.From) > 0 {
		return referrals.Holding{}, nil, referrals.ErrUnknown
	}
	if ok && (!slices.Contains(mv.From, h.State) || mv.Claim != 0 && mv.Claim != h.Claim || mv.AtRung >= 0 && mv.AtRung != h.Rung) {
		return h, nil, referrals.ErrNotThere
	}
	if mv.Most > 0 && h.State != referrals.Claimed && h.State != referrals.Accepted && m.open(mv.Desk) >= mv.Most {
		return h, nil, referrals.ErrNoRoom
	}
	m.moves[mv.ID+key] = mv
	if !ok {
		h = referrals.Holding{Desk: mv.Desk, Code: mv.Code, Lane: mv.Lane, Origin: mv.Origin, Since: mv.At, Rung: mv.Rung}
	}
	if mv.AtRung >= 0 {
		h.Rung = mv.Rung
	}
	if mv.Origin != "" {
		h.First, h.Told = mv.First, mv.Told
	}
	h.State, h.Due, h.Reason = mv.To, mv.Due, mv.Reason
	if mv.Claims {
		h.Claim++
	}
	m.holdings[key] = h
	return h, tasks("desk:"+mv.Desk, mv.ID, mv.Errands...), nil
}

// Missed notes a way that failed.
func (m *memory) Missed(_ context.Context, n referrals.Notice, way string, ways []string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return false, m.away
	}
	alert := fmt.Sprint(n.Desk, n.Code, n.Rung, n.Due)
	if m.missed == nil {
		m.missed = map[string]bool{}
	}
	m.missed[alert+way] = true
	return !slices.ContainsFunc(ways, func(w string) bool { return !m.missed[alert+w] }), nil
}

// open is how many a desk has claimed or accepted.
func (m *memory) open(desk string) (n int) {
	for _, h := range m.holdings {
		if h.Desk == desk && (h.State == referrals.Claimed || h.State == referrals.Accepted) {
			n++
		}
	}
	return n
}

func (m *memory) CountOpen(_ context.Context, desk string, _ ...referrals.State) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open(desk), m.away
}

func (m *memory) CountsOpen(_ context.Context, desks []string) (map[string]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	open := map[string]int{}
	for _, desk := range desks {
		open[desk] = m.open(desk)
	}
	return open, m.away
}

func (m *memory) Post(_ context.Context, p referrals.Post) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away == nil {
		m.posts = append(m.posts, p)
	}
	return m.away
}

// tasks are errands as a commit or a move returns them, in hand for as long as a test lasts.
func tasks(slot, prefix string, errands ...referrals.Errand) []referrals.Task {
	var out []referrals.Task
	for i, e := range errands {
		out = append(out, referrals.Task{Slot: slot, ID: fmt.Sprintf("%s-%d", prefix, i+1), Till: time.Now().Add(time.Hour), Errand: e})
	}
	return out
}

func (m *memory) Settle(ctx context.Context, done []referrals.Settled) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(m.away, ctx.Err()); err != nil {
		return err
	}
	for _, s := range done {
		for _, id := range s.IDs {
			m.settled = append(m.settled, s.Slot+" "+id)
		}
		for _, d := range s.Sent {
			m.sent = append(m.sent, d)
			m.messages[d.To] = append(m.messages[d.To], d.Message)
		}
	}
	return nil
}

// Hold holds for a minute what nobody else took.
func (m *memory) Hold(_ context.Context, in []referrals.Task) (held []referrals.Task, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return nil, m.away
	}
	for _, t := range in {
		if !m.taken[t.ID] {
			t.Till = time.Now().Add(time.Minute)
			held = append(held, t)
		}
	}
	return held, nil
}

func (m *memory) Record(_ context.Context, of referrals.Member) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, isCase := referrals.ParseCode(of.Name[1:]); isCase && m.record == nil && !m.forgot {
		return []byte("{}"), m.away
	}
	return m.record, m.away
}

func (m *memory) Messages(_ context.Context, of referrals.Member) ([]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages[of]), m.away
}

func (m *memory) Overdue(context.Context, int) ([]referrals.Task, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.overdue), m.away
}

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
