package referrals

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is one case, its desks and what lies between them, all as the store and the relay promise them:
// moves count once and only from where they start, what fails is tried again in any order, and the posts
// of desks reach the case late and in any order.
type world struct {
	line    map[string]*Desk
	now     time.Time
	c       Case
	held    map[string]*Holding // by desk: each gets a case once
	made    map[string]bool     // moves
	posted  map[string]bool
	inbox   []Event
	applied []Event
	pending []Errand // of desks that are down
	down    map[string]bool
	full    map[string]bool
	waited  bool // somebody was passed over, and waited for
	// What was seen on the way.
	read, silent map[string]bool
	notices      []Notice
	pages        int
	unanswered   int
}

// Desk makes a world a directory whose desks come and go.
func (w *world) Desk(id string) *Desk { return w.line[id] }

// Full makes it one whose organisations are full at times.
func (w *world) Full(id string) bool { return w.full[id] }

func emptyWorld() *world {
	w := &world{line: map[string]*Desk{}, now: noon, held: map[string]*Holding{}, made: map[string]bool{}, posted: map[string]bool{},
		down: map[string]bool{}, full: map[string]bool{}, read: map[string]bool{}, silent: map[string]bool{}}
	for _, d := range lineDesks().Desks() {
		desk := *d
		w.line[d.ID] = &desk
	}
	return w
}

func newWorld(t *rapid.T) *world {
	w := emptyWorld()
	ids := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"lima", "gone-mission", Headquarters, "a", "b", "c", "full", "gone"}),
		func(id string) string { return id }).Draw(t, "shares")
	if slices.Contains(ids, "lima") { // a case has one mission
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == "gone-mission" })
	}
	joined := ""
	for _, id := range ids {
		joined += " " + id
	}
	w.c = shared(joined)
	w.c.Lane = rapid.SampledFrom([]Lane{Emergency, Urgent, Routine}).Draw(t, "lane")
	w.happen(t, Event{Kind: Sent, At: noon})
	return w
}

// happen applies an event and does what follows. Applied again, at once, it does nothing.
func (w *world) happen(t *rapid.T, e Event) {
	before := copied(w.c)
	next, errands := w.c.Happen(e, w)
	if !reflect.DeepEqual(w.c, before) {
		t.Fatalf("%+v changed the case it was given", e)
	}
	w.c = next
	w.waited = w.waited || !next.Look.IsZero()
	w.applied = append(w.applied, e)
	w.run(t, errands)
	w.repeat(t, e)
}

func (w *world) repeat(t *rapid.T, e Event) {
	if again, errands := w.c.Happen(e, w); len(errands) > 0 || !reflect.DeepEqual(again, w.c) {
		t.Fatalf("%+v again\nbefore %+v\n after %+v and %+v", e, w.c, again, errands)
	}
}

func (w *world) run(t *rapid.T, errands []Errand) {
	for _, e := range errands {
		switch {
		case e.Move != nil && w.down[e.Move.Desk]:
			w.pending = append(w.pending, e)
		case e.Move != nil:
			w.move(t, *e.Move)
		case e.Post != nil:
			w.post(t, *e.Post)
		case e.Notice != nil:
			w.notice(t, *e.Notice)
		}
	}
}

// move is the store's move, and its errands. It reports whether the move was made now.
func (w *world) move(t *rapid.T, m Move) bool {
	h := w.held[m.Desk]
	if w.made[m.Desk+m.Code+m.ID] || h == nil && !m.Begins() || h != nil && (h.Code != m.Code || !fits(m, *h)) {
		return false
	}
	if !slices.ContainsFunc(w.c.Shares, func(s Share) bool { return s.Desk == m.Desk }) {
		t.Fatalf("%s was not consented to: %+v", m.Desk, m)
	}
	begun := h == nil
	if begun {
		h = &Holding{Desk: m.Desk, Code: m.Code, Lane: m.Lane, Origin: m.Origin, Since: m.At, Rung: m.Rung}
		w.held[m.Desk] = h
	} else if !h.Open() && m.To != Withdrawn {
		t.Fatalf("%s came back to life: %+v", h.State, m)
	}
	w.made[m.Desk+m.Code+m.ID] = true
	h.State, h.Due, h.Reason = m.To, m.Due, m.Reason
	if m.AtRung >= 0 {
		h.Rung = m.Rung
	}
	if m.Claims {
		h.Claim++
	}
	w.read[m.Desk] = w.read[m.Desk] || h.Readable()
	w.silent[m.Desk] = w.silent[m.Desk] || h.State == Silent
	if begun && !h.Open() {
		return true // nobody was told of it, and nobody is
	}
	w.run(t, m.Errands)
	return true
}

func (w *world) post(t *rapid.T, p Post) {
	if w.posted[p.ID] {
		t.Fatalf("two posts are %s", p.ID)
	}
	w.posted[p.ID] = true
	if p.To.Name != testCode.Name() {
		var n News
		if err := json.Unmarshal(p.Body[1:], &n); err != nil || p.To != w.c.Chat {
			t.Fatalf("news %+v to %+v, %v", n, p.To, err)
		}
		if n.State == "unanswered" {
			w.unanswered++
		}
		return
	}
	var e Event
	if err := json.Unmarshal(p.Body, &e); err != nil {
		t.Fatal(err)
	}
	w.inbox = append(w.inbox, e)
}

func (w *world) notice(t *rapid.T, n Notice) {
	w.notices = append(w.notices, n)
	if n.Kind == NoticePage {
		w.pages++
		return
	}
	if n.Kind == NoticeAddition && w.c.Ended {
		t.Fatalf("an addition after it was withdrawn: %+v", n)
	}
}

// deliver hands the case one of its posts, whichever comes first.
func (w *world) deliver(t *rapid.T) {
	if len(w.inbox) == 0 {
		t.Skip("nothing to deliver")
	}
	i := rapid.IntRange(0, len(w.inbox)-1).Draw(t, "post")
	e := w.inbox[i]
	w.inbox = slices.Delete(w.inbox, i, i+1)
	w.happen(t, e)
}

// sweep tries again, in any order, what waited for desks that were down.
func (w *world) sweep(t *rapid.T) {
	waiting := rapid.Permutation(w.pending).Draw(t, "order")
	w.pending = nil
	w.run(t, waiting)
}

// sleep lets the next clock run out.
func (w *world) sleep(t *rapid.T) bool {
	var first *Holding
	for _, id := range sortedDesks(w.held) {
		if h := w.held[id]; !h.Due.IsZero() && (first == nil || h.Due.Before(first.Due)) {
			first = h
		}
	}
	if wake := w.c.Due(); !wake.IsZero() && (first == nil || wake.Before(first.Due)) {
		return w.wake(t, wake)
	}
	if first == nil {
		return false
	}
	if first.Due.After(w.now) {
		w.now = first.Due
	}
	m, due := Overslept(*first, w.Desk(first.Desk), w.now)
	if !due || !w.move(t, m) {
		t.Fatalf("a clock that leads nowhere: %+v, %v %+v", *first, due, m)
	}
	return true
}

// wake lets the case's own clock run out. What is done is done once.
func (w *world) wake(t *rapid.T, at time.Time) bool {
	if at.After(w.now) {
		w.now = at
	}
	next, errands := w.c.Overdue(w.now, w)
	if again, more := next.Overdue(w.now, w); len(more) > 0 || !reflect.DeepEqual(again, next) {
		t.Fatalf("awake twice at %s\nbefore %+v\n after %+v and %+v", w.now, next, again, more)
	}
	if !next.Due().IsZero() && !next.Due().After(w.now) {
		t.Fatalf("it does not fall asleep again: %+v", next)
	}
	w.c = next
	w.run(t, errands)
	return next.Looks == 0 || next.Looks < mostLooks
}

// mostLooks is when a world that has come to rest stops to look whether a paused organisation opens its doors again.
const mostLooks = 12

func sortedDesks(held map[string]*Holding) []string {
	var ids []string
	for id := range held {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// act lets somebody at a desk press a button, whether it fits or not.
func (w *world) act(t *rapid.T) {
	ids := sortedDesks(w.held)
	if len(ids) == 0 {
		t.Skip("nobody holds it")
	}
	h := *w.held[rapid.SampledFrom(ids).Draw(t, "desk")]
	w.now = w.now.Add(time.Second)
	id := "press:" + w.now.Format(time.RFC3339)
	acts := []Move{Acknowledge(h, id, w.now), CloseCase(h, "met", id, w.now), Accept(h, id, w.now), Decline(h, "other", id, w.now),
		Return(h, "other", id, w.now), Complete(h, "met", id, w.now)}
	if d := w.Desk(h.Desk); d != nil {
		acts = append(acts, Claim(h, d, id, w.now))
	}
	fitting := slices.DeleteFunc(slices.Clone(acts), func(m Move) bool { return !fits(m, h) })
	if len(fitting) > 0 && rapid.IntRange(0, 3).Draw(t, "in earnest") > 0 {
		acts = fitting
	}
	w.move(t, rapid.SampledFrom(acts).Draw(t, "act"))
}

// defender posts what the chat does.
func (w *world) defender(kind EventKind) func(*rapid.T) {
	return func(t *rapid.T) {
		e := Event{Kind: kind, At: w.now}
		if kind == WasAdded {
			e.Documents = w.c.Documents + 1 + rapid.IntRange(0, 1).Draw(t, "ahead")
		}
		if !slices.ContainsFunc(w.inbox, func(other Event) bool { return other.Kind == kind && other.Documents == e.Documents }) {
			w.inbox = append(w.inbox, e)
		}
	}
}

// revoke posts that the chat takes back its consent for a desk.
func (w *world) revoke(desk string) {
	w.inbox = append(w.inbox, Event{Kind: WasRevoked, Desk: desk, At: w.now})
}

// TestWorld lets anything happen, then lets everybody fall silent, and the case must have come to a human, to
// an end, or to a page.
func TestWorld(t *testing.T) {
	seen := map[State]int{}
	for range 20 {
		rapid.Check(t, func(t *rapid.T) {
			w := newWorld(t)
			t.Repeat(w.actions())
			w.settle(t)
			for _, h := range w.held {
				seen[h.State]++
			}
		})
	}
	for _, state := range allStates() {
		if ends := state != Alerted && state != Offered && state != Claimed; ends && seen[state] < 3 {
			t.Errorf("%d cases ended as %s: this world is too quiet to prove anything", seen[state], state)
		}
	}
}

// actions are all that may happen, what is common more than once.
func (w *world) actions() map[string]func(*rapid.T) {
	desk := rapid.SampledFrom([]string{"lima", Headquarters, "a", "b", "c", "full"})
	return map[string]func(*rapid.T){
		"":         w.check,
		"act":      w.act,
		"press":    w.act,
		"deliver":  w.deliver,
		"arrive":   w.deliver,
		"sleep":    func(t *rapid.T) { w.sleep(t) },
		"down":     func(t *rapid.T) { w.down[desk.Draw(t, "desk")] = true },
		"up":       func(*rapid.T) { clear(w.down) },
		"sweep":    w.sweep,
		"replay":   func(t *rapid.T) { w.repeat(t, rapid.SampledFrom(w.applied).Draw(t, "event")) },
		"room":     func(t *rapid.T) { id := desk.Draw(t, "desk"); w.full[id] = !w.full[id] },
		"revoke":   rarely(func(t *rapid.T) { w.revoke(desk.Draw(t, "desk")) }),
		"door":     func(t *rapid.T) { w.door(desk.Draw(t, "desk")) },
		"leave":    rarely(func(t *rapid.T) { delete(w.line, desk.Draw(t, "desk")) }),
		"add":      w.defender(WasAdded),
		"wipe":     rarely(w.defender(WasWiped)),
		"withdraw": rarely(w.defender(WasWithdrawn)),
		"end":      rarely(w.defender(WasEnded)),
	}
}

// settle brings everything to rest: desks are reached, posts arrive, clocks run out.
func (w *world) settle(t *rapid.T) {
	clear(w.down)
	clear(w.full)
	w.sweep(t)
	for moved := true; moved || len(w.inbox) > 0; {
		for len(w.inbox) > 0 {
			w.deliver(t)
		}
		moved = w.sleep(t)
	}
	w.check(t)
}

// rarely does something one of eight times, so that most cases live long enough.
func rarely(act func(*rapid.T)) func(*rapid.T) {
	return func(t *rapid.T) {
		if rapid.IntRange(0, 7).Draw(t, "dice") == 7 {
			act(t)
		}
	}
}

func (w *world) door(desk string) {
	if d := w.line[desk]; d != nil {
		d.Accepting = !d.Accepting
	}
}

// TestAWithdrawalAndTheReleaseMayPassEachOther makes both moves in both orders at a desk.
func TestAWithdrawalAndTheReleaseMayPassEachOther(t *testing.T) {
	for _, desk := range []string{"a", "lima", Headquarters} {
		_, errands := run(t, shared(desk), "sent", "withdraw")
		for _, order := range [][2]int{{0, 1}, {1, 0}} {
			rapid.Check(t, func(t *rapid.T) {
				w := emptyWorld()
				w.c = shared(desk)
				var moves []Errand
				for _, e := range errands {
					if e.Move != nil {
						moves = append(moves, e)
					}
				}
				w.run(t, []Errand{moves[order[0]], moves[order[1]]})
				if h := w.held[desk]; h == nil || h.State != Withdrawn || !h.Due.IsZero() {
					t.Fatalf("%s in order %v: %+v", desk, order, h)
				}
				if told := len(w.notices); order[0] == 1 && told != 0 || order[0] == 0 && told != 2 {
					t.Fatalf("%s in order %v is told %+v", desk, order, w.notices)
				}
			})
		}
	}
}
