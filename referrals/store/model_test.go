package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// model is what the store promises, as plainly as it can be said: for each member an inbox,
// a state, a number that decides, and when it is due.
type model struct {
	b       backend
	members []referrals.Member
	known   map[string]bool // slot and id of every post ever kept
	of      map[referrals.Member]*modelMember
	pending map[string]bool // slot and id of errands that are not settled
	works   []referrals.Work
	next    int64
}

type modelMember struct {
	inbox   []int64 // orders, ascending; the id is "u" and the order
	handled map[int64]int
	state   string
	number  int64 // of the last taking
	last    int64 // of the last commit, whose repetition is answered and not refused
	lease   time.Time
	due     time.Time
}

func TestTheStoreDoesWhatTheModelDoes(t *testing.T) {
	server := redistest.Start(t)
	db := server.Client()
	vault := newVault(t)
	rapid.Check(t, func(r *rapid.T) {
		b := open(t, Options{URL: server.URL(), Vault: vault})
		if err := db.FlushDB(b.ctx).Err(); err != nil {
			r.Fatal(err)
		}
		defer func() { _ = b.Close() }()
		m := &model{b: b, known: map[string]bool{}, of: map[referrals.Member]*modelMember{}, pending: map[string]bool{}}
		first := b.Chat("line", 1)
		m.members = []referrals.Member{first, b.Case(first, code), {Slot: "p64", Name: "c"}}
		b.slots = append(b.slots, "p64") // certainly another one than the first's
		for _, member := range m.members {
			m.of[member] = &modelMember{handled: map[int64]int{}}
		}
		r.Repeat(map[string]func(*rapid.T){
			"keep":        m.keep,
			"take":        m.take,
			"commit":      m.commit,
			"extend":      m.extend,
			"release":     m.release,
			"settle":      m.settle,
			"overdue":     m.overdue,
			"time passes": func(r *rapid.T) { b.clock.move(time.Duration(rapid.IntRange(0, 20).Draw(r, "s")) * time.Second) },
			"clock lags":  func(r *rapid.T) { b.clock.move(-time.Duration(rapid.IntRange(0, 5).Draw(r, "s")) * time.Second) },
			"clock jumps": func(r *rapid.T) {
				b.clock.move(rapid.SampledFrom([]time.Duration{-2 * time.Hour, 2 * time.Hour}).Draw(r, "by"))
			},
			"":             m.check,
			"keep anew":    m.keepAgain,
			"commit twice": m.commitTwice,
		})
	})
}

func (m *model) keep(r *rapid.T) {
	to := rapid.SampledFrom(m.members).Draw(r, "to")
	var posts []referrals.Post
	for range rapid.IntRange(1, 3).Draw(r, "n") {
		m.next++
		posts = append(posts, post(to, m.next))
	}
	if rapid.Bool().Draw(r, "late first") {
		slices.Reverse(posts)
	}
	m.keepAll(r, to, posts)
}

func (m *model) keepAgain(r *rapid.T) {
	if m.next > 0 {
		to := rapid.SampledFrom(m.members).Draw(r, "to")
		m.keepAll(r, to, []referrals.Post{post(to, rapid.Int64Range(1, m.next).Draw(r, "old"))})
	}
}

func (m *model) keepAll(r *rapid.T, to referrals.Member, posts []referrals.Post) {
	got, err := m.b.Keep(m.b.ctx, posts)
	if err != nil {
		r.Fatal(err)
	}
	is := m.of[to]
	for _, p := range posts {
		if id := to.Slot + p.ID; !m.known[id] {
			m.known[id] = true
			is.inbox = append(is.inbox, p.Order)
		}
	}
	slices.Sort(is.inbox)
	now := m.b.clock.now()
	free := !is.lease.After(now) || is.lease.After(now.Add(30*time.Second)) // no clock that is right wrote such a lease
	if want := free && len(is.inbox) > 0; want != (len(got) == 1) {
		r.Fatalf("free %v, inbox %v, taken %+v", free, is.inbox, got)
	}
	m.handOut(r, got)
}

// handOut checks what was taken against the model and makes it the one that counts.
func (m *model) handOut(r *rapid.T, works []referrals.Work) {
	for _, w := range works {
		is := m.of[w.Member]
		if w.Number <= is.number || string(w.State) != is.state || fmt.Sprint(orders(w)) != fmt.Sprint(is.inbox) {
			r.Fatalf("taken %+v, but the member is %+v", w, is)
		}
		for _, e := range w.Inbox {
			if string(e.Body) != fmt.Sprintf("body %d", e.Order) {
				r.Fatalf("entry %+v", e)
			}
		}
		is.number, is.lease = w.Number, m.b.clock.now().Add(15*time.Second)
		is.due = is.lease
		m.works = append(m.works, w)
	}
}

func orders(w referrals.Work) []int64 {
	var all []int64
	for _, e := range w.Inbox {
		all = append(all, e.Order)
	}
	return all
}

func (m *model) take(r *rapid.T) {
	got, err := m.b.Take(m.b.ctx, nil, 10)
	if err != nil {
		r.Fatal(err)
	}
	var want, have []string
	for _, member := range m.members {
		is := m.of[member]
		if !is.due.IsZero() && !is.due.After(m.b.clock.now()) {
			if is.state == "" && len(is.inbox) == 0 {
				is.due = time.Time{} // nothing is known and nothing came: forgotten
				continue
			}
			want = append(want, member.Name)
		}
	}
	for _, w := range got {
		have = append(have, w.Name)
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		r.Fatalf("due %v, taken %v", want, have)
	}
	m.handOut(r, got)
}

// anyWork is a taking of the past: the one that counts, or one that was superseded.
func (m *model) anyWork(r *rapid.T) (referrals.Work, *modelMember, bool) {
	if len(m.works) == 0 {
		return referrals.Work{}, nil, false
	}
	from := max(0, len(m.works)-4)
	w := m.works[rapid.IntRange(from, len(m.works)-1).Draw(r, "work")]
	is := m.of[w.Member]
	return w, is, is.number == w.Number && !is.lease.IsZero()
}

func (m *model) commit(r *rapid.T) {
	if w, is, counts := m.anyWork(r); is != nil && (counts || w.Number != is.last) {
		m.commitWork(r, w, m.drawCommit(r, w))
	}
}

func (m *model) drawCommit(r *rapid.T, w referrals.Work) referrals.Commit {
	c := referrals.Commit{Done: doneOf(w)[:rapid.IntRange(0, len(w.Inbox)).Draw(r, "done")]}
	if rapid.Bool().Draw(r, "state") {
		c.State, c.Keep = fmt.Appendf(nil, "state %d", w.Number), 24*time.Hour
		if rapid.Bool().Draw(r, "again") {
			c.Again = m.b.clock.now().Add(time.Minute)
		}
	}
	for range rapid.IntRange(0, 2).Draw(r, "errands") {
		c.Errands = append(c.Errands, referrals.Errand{Notice: &referrals.Notice{Desk: "lima"}})
	}
	return c
}

func (m *model) commitWork(r *rapid.T, w referrals.Work, c referrals.Commit) *referrals.Work {
	is := m.of[w.Member]
	counts := is.number == w.Number && !is.lease.IsZero()
	tasks, again, err := m.b.Commit(m.b.ctx, w, c)
	if !counts {
		if !errors.Is(err, referrals.ErrSuperseded) {
			r.Fatalf("a superseded commit: %v", err)
		}
		return nil
	}
	if err != nil {
		r.Fatal(err)
	}
	for i := range c.Done {
		is.handled[w.Inbox[i].Order]++
		is.inbox = slices.DeleteFunc(is.inbox, func(o int64) bool { return o == w.Inbox[i].Order })
	}
	for _, task := range tasks {
		m.pending[w.Slot+task.ID] = true
	}
	is.state, is.due, is.lease, is.last = string(c.State), c.Again, time.Time{}, w.Number
	if (again != nil) != (len(is.inbox) > 0) {
		r.Fatalf("inbox %v, again %+v", is.inbox, again)
	}
	if again != nil {
		m.handOut(r, []referrals.Work{*again})
	}
	return again
}

// commitTwice repeats a commit whose answer was lost.
func (m *model) commitTwice(r *rapid.T) {
	w, _, counts := m.anyWork(r)
	if !counts {
		return
	}
	c := m.drawCommit(r, w)
	first := m.commitWork(r, w, c)
	tasks, again, err := m.b.Commit(m.b.ctx, w, c)
	if err != nil || len(tasks) != len(c.Errands) {
		r.Fatalf("the same commit again: %v %v", tasks, err)
	}
	if (first == nil) != (again == nil) || again != nil && again.Number != first.Number {
		r.Fatalf("first %+v, then %+v", first, again)
	}
}

func (m *model) extend(r *rapid.T) {
	w, is, counts := m.anyWork(r)
	if is == nil {
		return
	}
	if err := m.b.Extend(m.b.ctx, w); counts != (err == nil) {
		r.Fatalf("counts %v, extended %v", counts, err)
	}
	if counts {
		is.lease = m.b.clock.now().Add(15 * time.Second)
		is.due = is.lease
	}
}

func (m *model) release(r *rapid.T) {
	w, is, counts := m.anyWork(r)
	if is == nil {
		return
	}
	at := m.b.clock.now().Add(time.Duration(rapid.IntRange(0, 30).Draw(r, "s")) * time.Second)
	if err := m.b.Release(m.b.ctx, w, at); counts != (err == nil) {
		r.Fatalf("counts %v, released %v", counts, err)
	}
	if counts {
		is.lease, is.due = time.Time{}, at
	}
}

func (m *model) settle(r *rapid.T) {
	for _, w := range m.works[max(0, len(m.works)-3):] {
		id := fmt.Sprintf("%d-0001", w.Number)
		if err := m.b.Settle(m.b.ctx, []referrals.Settled{{Slot: w.Slot, IDs: []string{id}}}); err != nil {
			r.Fatal(err)
		}
		delete(m.pending, w.Slot+id)
	}
}

func (m *model) overdue(r *rapid.T) {
	got, err := m.b.Overdue(m.b.ctx, 100)
	if err != nil {
		r.Fatal(err)
	}
	for _, o := range got {
		if !m.pending[o.Slot+o.ID] {
			r.Fatalf("an errand that was settled, or never kept: %+v", o)
		}
	}
}

// check holds after every step: nothing is lost, nothing happens twice.
func (m *model) check(r *rapid.T) {
	d, err := m.b.Depth(m.b.ctx)
	if err != nil || int(d.Errands) != len(m.pending) {
		r.Fatalf("%d errands wait, %d were kept: %v", d.Errands, len(m.pending), err)
	}
	sealed := 0
	for _, slot := range []string{m.members[0].Slot, m.members[2].Slot} {
		sealed += int(m.b.db.HLen(m.b.ctx, errandsKey(slot)).Val())
	}
	if sealed != len(m.pending) {
		r.Fatalf("%d errands are kept, %d are not settled", sealed, len(m.pending))
	}
	kept := 0
	for member, is := range m.of {
		kept += len(is.inbox) + len(is.handled)
		for order, times := range is.handled {
			if times != 1 {
				r.Fatalf("%s handled %d %d times", member.Name, order, times)
			}
		}
		if len(is.inbox) > 0 && is.due.IsZero() {
			r.Fatalf("%s has an inbox and nobody will look at it", member.Name)
		}
	}
	if kept != len(m.known) {
		r.Fatalf("%d were kept, %d are accounted for", len(m.known), kept)
	}
}
