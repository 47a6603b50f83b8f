package main

import (
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"defenderline/referrals"
	"defenderline/referrals/store"
)

// month lets simulated people send cases and desks answer them, each in their own time, through a real store whose clock it
// moves. It has no bot: the decisions are those of package referrals, and the lines in the audit trail are real.
type month struct {
	t      testing.TB
	s      *store.Store
	dir    *referrals.Directory
	random *rand.Rand
	clock  *time.Time
	cases  map[referrals.Code]*referrals.Case
	next   agenda
	n      int
}

// planned is what happens at a time.
type planned struct {
	at time.Time
	n  int // of two at one time, which was planned first
	do func()
}

// agenda is what is planned, the next first.
type agenda []planned

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].n < a[j].n
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push is what heap asks for.
func (a *agenda) Push(x any) { *a = append(*a, x.(planned)) }

// Pop is what heap asks for.
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// at plans something.
func (m *month) at(t time.Time, do func()) {
	m.n++
	heap.Push(&m.next, planned{t, m.n, do})
}

// run lets everything happen that is planned until a time.
func (m *month) run(until time.Time) {
	for len(m.next) > 0 && m.next[0].at.Before(until) {
		p := heap.Pop(&m.next).(planned)
		*m.clock = p.at
		p.do()
	}
}

// about is a random time with a median; of six one is more than twice as long.
func (m *month) about(median time.Duration) time.Duration {
	return time.Duration(float64(median) * math.Exp(m.random.NormFloat64()*0.75))
}

// one is one of some words, each as likely as it stands there often.
func (m *month) one(words ...string) string { return words[m.random.IntN(len(words))] }

// sends has somebody send a case, with consent for the mission of a country, perhaps for headquarters and some organisations.
func (m *month) sends(country string) {
	code, err := referrals.NewCode(m.reader())
	if err != nil {
		m.t.Fatal(err)
	}
	lane := referrals.Lane(m.one("emergency", "emergency", "urgent", "urgent", "urgent", "routine", "routine"))
	c := &referrals.Case{Code: code, Slot: "p07", Lane: lane}
	share := func(d *referrals.Desk) {
		c.Shares = append(c.Shares, referrals.Share{Desk: d.ID, Kind: d.Kind, Stage: referrals.Kept})
	}
	if d := m.dir.Mission(country); d != nil {
		share(d)
	}
	if m.random.IntN(3) > 0 {
		share(m.dir.Headquarters())
	}
	for _, d := range m.dir.NGOs() {
		if m.random.IntN(3) == 0 {
			share(d)
		}
	}
	m.cases[code] = c
	m.happen(code, referrals.Event{Kind: referrals.Sent, At: *m.clock})
	if m.random.IntN(40) == 0 {
		m.at(m.clock.Add(m.about(8*time.Hour)), func() { m.happen(code, referrals.Event{Kind: referrals.WasWithdrawn, At: *m.clock}) })
	}
}

// reader gives codes their randomness.
func (m *month) reader() readerFunc {
	return func(p []byte) (int, error) {
		for i := range p {
			p[i] = byte(m.random.IntN(256))
		}
		return len(p), nil
	}
}

type readerFunc func(p []byte) (int, error)

// Read is what io.Reader asks for.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Desk and Full are what a case asks about desks: who has no room is asked of the store.
func (m *month) Desk(id string) *referrals.Desk { return m.dir.Desk(id) }

// Full is described at [month.Desk].
func (m *month) Full(id string) bool {
	open, err := m.s.CountOpen(context.Background(), id)
	if err != nil {
		m.t.Fatal(err)
	}
	most := m.dir.Desk(id).Capacity
	return most > 0 && open >= most
}

// happen applies an event to a case and runs what it leaves.
func (m *month) happen(code referrals.Code, e referrals.Event) {
	next, errands := m.cases[code].Happen(e, m)
	*m.cases[code] = next
	m.errands(errands)
}

func (m *month) errands(all []referrals.Errand) {
	for _, e := range all {
		switch {
		case e.Move != nil:
			m.move(*e.Move)
		case e.Post != nil && e.Post.Body[0] == '{':
			var event referrals.Event
			code, ok := referrals.CaseOf(e.Post.To.Name[1:])
			if !ok || json.Unmarshal(e.Post.Body, &event) != nil {
				m.t.Fatalf("a post that is no event: %s", e.Post.To.Name)
			}
			m.happen(code, event)
		case e.Line != nil:
			if err := m.s.Note(context.Background(), *e.Line); err != nil {
				m.t.Fatal(err)
			}
		case e.Notice != nil && (e.Notice.Kind == referrals.NoticeAlert || e.Notice.Kind == referrals.NoticeOffer):
			m.told(*e.Notice)
		}
	}
}

// move makes a move, plans its silence, and runs what it leaves. One that comes too late is refused, and counted as the line does.
func (m *month) move(mv referrals.Move) {
	h, tasks, err := m.s.Move(context.Background(), mv)
	switch {
	case errors.Is(err, referrals.ErrNotThere) || errors.Is(err, referrals.ErrNoRoom):
		m.s.Refuse(mv.Desk, referrals.RefusedState, mv.Way)
		return
	case err != nil:
		m.t.Fatal(err)
	}
	if !h.Due.IsZero() {
		m.at(h.Due, func() { m.silent(mv.Desk, mv.Code) })
	}
	var errands []referrals.Errand
	for _, t := range tasks {
		errands = append(errands, t.Errand)
	}
	m.errands(errands)
}

// silent is the clock of what a desk holds.
func (m *month) silent(desk, code string) {
	h, err := m.s.Holding(context.Background(), desk, code)
	if err != nil {
		m.t.Fatal(err)
	}
	if mv, due := referrals.Overslept(h, m.dir.Desk(desk), *m.clock); due {
		m.move(mv)
	}
}

// acts has a desk do something, if it still can.
func (m *month) acts(after time.Duration, desk, code string, act referrals.Act, why string, then func()) {
	m.at(m.clock.Add(after), func() {
		h, err := m.s.Holding(context.Background(), desk, code)
		if err != nil {
			m.t.Fatal(err)
		}
		mv, err := referrals.Deed{Act: act, Why: why, ID: string(act) + code, At: *m.clock, Way: referrals.Way(m.one("chat", "chat", "api"))}.Move(h, m.dir.Desk(desk))
		if err != nil {
			m.t.Fatal(err)
		}
		m.move(mv)
		if now, err := m.s.Holding(context.Background(), desk, code); err == nil && now.State == act.To() && now.State != h.State && then != nil {
			then()
		}
	})
}

// told has somebody at a desk answer an alert or an offer, or not.
func (m *month) told(n referrals.Notice) {
	d := m.dir.Desk(n.Desk)
	if d.Kind != referrals.NGODesk {
		wait := m.about(d.Within(n.Rung, n.Lane) * 3 / 4)
		m.acts(wait, n.Desk, n.Code, referrals.ActAcknowledge, "", func() {
			if m.random.IntN(4) > 0 {
				m.acts(m.about(60*time.Hour), n.Desk, n.Code, referrals.ActClose, m.one("contacted", "contacted", "met", "met", "met", "raised_private", "raised_private",
					"raised_public", "trial_attended", "referred", "referred", "referred", "no_action", "statement"), nil)
			}
		})
		return
	}
	m.acts(m.about(d.AcceptWithin*3/5), n.Desk, n.Code, referrals.ActClaim, "", func() {
		if m.random.IntN(5) == 0 {
			m.acts(d.AcceptWithin/3, n.Desk, n.Code, referrals.ActDecline, m.one("capacity", "capacity", "capacity", "mandate", "language", "safety", "duplicate"), nil)
			return
		}
		m.acts(d.AcceptWithin/4, n.Desk, n.Code, referrals.ActAccept, "", func() {
			switch m.random.IntN(8) {
			case 0:
				m.acts(m.about(50*time.Hour), n.Desk, n.Code, referrals.ActReturn, m.one("mandate", "country", "safety", "other"), nil)
			case 1, 2:
			default:
				m.acts(m.about(90*time.Hour), n.Desk, n.Code, referrals.ActComplete, m.one("supported", "supported", "funded", "funded", "relocated", "relocated", "contacted",
					"no_action"), nil)
			}
		})
	})
}

// fill simulates a month in which so many cases are sent.
func (m *month) fill(from time.Time, days, cases int) {
	countries := []string{"PE", "PE", "PE", "CO", "CO", "CO", "CO", "KE", "BR"}
	for range cases {
		m.at(from.Add(time.Duration(m.random.Int64N(int64(days)*int64(24*time.Hour)))), func() { m.sends(m.one(countries...)) })
	}
	m.run(from.AddDate(0, 0, days))
	for range 7 {
		m.s.Refuse("lima", referrals.RefusedCode, referrals.ByChat)
		m.s.Refuse("", referrals.RefusedLink, referrals.ByChat)
	}
	if err := m.s.WriteRefused(context.Background()); err != nil {
		m.t.Fatal(err)
	}
}
