package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// model is what the store promises, as plainly as it can be said: members with an inbox, a state, a number
// that decides, and a time at which they are due; errands that one worker has at a time; holdings; messages.
// Several workers act on it: what any of them ever had is still in its hand, until it crashes and
// forgets everything. Any answer may be lost although its act was done.
type model struct {
	b        backend
	loss     *lossy
	jumped   time.Duration
	members  []referrals.Member
	known    map[string]bool // slot and id of every post ever kept
	of       map[referrals.Member]*modelMember
	tasks    map[string]*modelTask // slot and id of errands that are not settled
	held     map[string]*modelHolding
	messages map[int]bool                // of the first member
	tried    map[unheardHold][]time.Time // until when tasks may be held, which nobody heard
	// In the hands of workers.
	works     []referrals.Work
	committed []modelCommit
	made      []referrals.Move
	hand      []referrals.Task
	next      int64
}

// modelMember is a member, or the clock of a holding, which has neither inbox nor state.
type modelMember struct {
	inbox   []int64 // orders, ascending; the id is "u" and the order
	handled map[int64]int
	state   string
	number  int64 // of the last taking that is known
	taken   bool  // somebody has it
	unheard bool  // under a number that nobody heard
	last    int64 // of the last commit, whose repetition is answered and not refused
	given   time.Time
	handed  bool // by the last commit, and since by nothing else
	lease   time.Time
	due     time.Time
}

// drawn checks what is drawn, each time on an empty store.
func drawn(t *testing.T, one func(r *rapid.T, b backend)) {
	server := redistest.Start(t)
	db := server.Client()
	vault := newVault(t)
	rapid.Check(t, func(r *rapid.T) {
		b := open(t, Options{URL: server.URL() + patient, Vault: vault})
		if err := db.FlushDB(b.ctx).Err(); err != nil {
			r.Fatal(err)
		}
		defer func() { _ = b.Close() }()
		one(r, b)
	})
}

func TestTheStoreDoesWhatTheModelDoes(t *testing.T) {
	drawn(t, func(r *rapid.T, b backend) {
		m := newModel(b)
		r.Repeat(map[string]func(*rapid.T){
			"keep": m.keep, "keep anew": m.keepAgain, "take": m.take, "commit": m.commit, "commit again": m.commitAgain,
			"extend": m.extend, "release": m.release, "wipe": m.wipe,
			"settle": m.settle, "hold": m.hold, "overdue": m.overdue,
			"move": m.move, "withdraw": m.withdraw, "move again": m.moveAgain,
			"crash":       m.crash,
			"time passes": func(r *rapid.T) { b.clock.move(time.Duration(rapid.IntRange(0, 20).Draw(r, "s")) * time.Second) },
			"clock lags":  func(r *rapid.T) { b.clock.move(-time.Duration(rapid.IntRange(0, 5).Draw(r, "s")) * time.Second) },
			"clock jumps": m.jump,
			"":            m.check,
		})
	})
}

func newModel(b backend) *model {
	m := &model{b: b, loss: &lossy{}, known: map[string]bool{}, of: map[referrals.Member]*modelMember{},
		tasks: map[string]*modelTask{}, held: map[string]*modelHolding{}, messages: map[int]bool{}, tried: map[unheardHold][]time.Time{}}
	b.db.AddHook(m.loss)
	first := b.Chat("line", 1)
	m.members = []referrals.Member{first, b.Case(first, code), {Slot: "p64", Name: "c"}}
	for _, member := range m.members {
		m.of[member] = &modelMember{handled: map[int64]int{}}
	}
	b.slots = []string{first.Slot, "p64", "desk:fld"} // p64 is certainly another one than the first's
	return m
}

// jump moves the clock by hours, and back.
func (m *model) jump(r *rapid.T) {
	by := 2 * time.Hour
	if m.jumped > 0 || m.jumped == 0 && rapid.Bool().Draw(r, "back") {
		by = -by
	}
	m.b.clock.move(by)
	m.jumped += by
}

// crash makes all workers forget what they have in hand.
func (m *model) crash(*rapid.T) { m.works, m.committed, m.made, m.hand = nil, nil, nil, nil }

// lost decides whether the answer of the next act is lost.
func (m *model) lost(r *rapid.T) bool {
	lost := rapid.IntRange(0, 5).Draw(r, "lost") == 5
	m.loss.next.Store(lost)
	return lost
}

// answered checks that an act failed if its answer was lost, and only then.
func (m *model) answered(r *rapid.T, lost bool, err error) {
	if m.loss.next.Store(false); lost != errors.Is(err, errLost) || !lost && err != nil {
		r.Fatalf("lost %v, and the act: %v", lost, err)
	}
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
	lost := m.lost(r)
	got, err := m.b.Keep(m.b.ctx, posts)
	m.answered(r, lost, err)
	is, now := m.of[to], m.b.clock.now()
	for _, p := range posts {
		if id := to.Slot + p.ID; !m.known[id] {
			m.known[id] = true
			is.inbox = append(is.inbox, p.Order)
		}
	}
	slices.Sort(is.inbox)
	free := !is.lease.After(now) || is.lease.After(now.Add(30*time.Second)) // no clock that is right wrote such a lease
	want := free && len(is.inbox) > 0
	if !lost && want != (len(got) == 1) {
		r.Fatalf("free %v, inbox %v, taken %+v", free, is.inbox, got)
	}
	if want {
		m.takenNow(is)
	}
	m.handOut(r, got)
}

// takenNow is a taking, under a number that is not known yet.
func (m *model) takenNow(is *modelMember) {
	is.taken, is.unheard, is.handed = true, true, false
	is.lease = m.b.clock.now().Add(15 * time.Second)
	is.due = is.lease
}

// handOut checks what was taken against the model and makes it the one that counts.
func (m *model) handOut(r *rapid.T, works []referrals.Work) {
	for _, w := range works {
		is := m.of[w.Member]
		if !is.unheard || w.Number <= is.number || string(w.State) != is.state || fmt.Sprint(orders(w)) != fmt.Sprint(is.inbox) {
			r.Fatalf("taken %+v, but the member is %+v", w, is)
		}
		for _, e := range w.Inbox {
			if string(e.Body) != fmt.Sprintf("body %d", e.Order) {
				r.Fatalf("entry %+v", e)
			}
		}
		is.number, is.unheard = w.Number, false
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
	lost := m.lost(r)
	got, err := m.b.Take(m.b.ctx, nil, 100)
	var want, have []string
	dueNow := false
	for member, is := range m.of {
		if is.due.IsZero() || is.due.After(m.b.clock.now()) {
			continue
		}
		dueNow = true
		if m.nothingToTake(member) {
			is.due = time.Time{} // nothing is known and nothing came: forgotten
			continue
		}
		want = append(want, member.Name)
		m.takenNow(is)
	}
	m.answered(r, lost && dueNow, err)
	for _, w := range got {
		have = append(have, w.Name)
	}
	slices.Sort(want)
	slices.Sort(have)
	if err == nil && !slices.Equal(want, have) {
		r.Fatalf("due %v, taken %v", want, have)
	}
	m.handOut(r, got)
}

func (m *model) nothingToTake(member referrals.Member) bool {
	if code, isClock := strings.CutPrefix(member.Name, "h"); isClock {
		return m.held[code].h.Due.IsZero()
	}
	is := m.of[member]
	return is.state == "" && len(is.inbox) == 0
}

// anyWork is a taking of the past: the one that counts, or one that was superseded.
func (m *model) anyWork(r *rapid.T) (w referrals.Work, is *modelMember, counts bool) {
	if len(m.works) == 0 {
		return referrals.Work{}, nil, false
	}
	from := max(0, len(m.works)-4)
	w = m.works[rapid.IntRange(from, len(m.works)-1).Draw(r, "work")]
	is = m.of[w.Member]
	return w, is, is.taken && !is.unheard && is.number == w.Number
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
		is.lease, is.due, is.taken = time.Time{}, at, false
	}
}

// check holds after every step: nothing is lost, nothing happens twice.
func (m *model) check(r *rapid.T) {
	d, err := m.b.Depth(m.b.ctx)
	if err != nil || int(d.Errands) != len(m.tasks) {
		r.Fatalf("%d errands wait, %d were kept: %v", d.Errands, len(m.tasks), err)
	}
	sealed := 0
	for _, slot := range m.b.slots {
		sealed += int(m.b.db.HLen(m.b.ctx, m.b.errandsKey(slot)).Val())
	}
	if sealed != len(m.tasks) {
		r.Fatalf("%d errands are kept, %d are not settled", sealed, len(m.tasks))
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
	m.checkHeld(r)
	m.checkMessages(r)
}
