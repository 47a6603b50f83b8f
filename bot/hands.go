package bot

import (
	"context"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync"
	"time"

	"defenderline/referrals"
)

// ledger is what keeping errands in hand asks of the store.
type ledger interface {
	Hold(ctx context.Context, tasks []referrals.Task) ([]referrals.Task, error)
	Settle(ctx context.Context, done []referrals.Settled) error
}

// hands are the errands that this process has in hand. It holds them while they wait their turn, so that no other replica
// runs them too, and settles those that are done, many in one round trip.
//
// What was done is not run again here, also when the store does not answer to hear of it: it is settled when it
// does. What another replica took over meanwhile, because this process stood still for too long, is let go.
type hands struct {
	store ledger
	now   func() time.Time // by this machine's clock
	line  func() time.Time // by the line's
	log   *slog.Logger

	asking chan struct{} // one extension at a time: a second, with the times of before, would be refused

	mu      sync.Mutex
	tasks   map[errandID]*inHand
	done    []errandID // to be settled
	later   []errandID // to be settled with others
	early   []errandID // not done: the store is told what was sent by them
	batched []errandID // being settled
	told    []errandID // being told early
	recent  recent
	wake    chan struct{}
}

// errandID names an errand among all slots.
type errandID struct{ slot, id string }

// inHand is one errand in hand: until when, by this machine's clock and by the line's, how the store knows it, whether it is done, and
// what was sent by it.
type inHand struct {
	settled
	till     time.Time
	ends     time.Time
	mark     int64
	done     bool
	heard    bool // the store knows what was sent by it, before it is done
	harmless bool // when it is done again
}

func newHands(store ledger, now, line func() time.Time, log *slog.Logger) *hands {
	return &hands{store: store, now: now, line: line, log: log, tasks: map[errandID]*inHand{}, recent: recent{seed: maphash.MakeSeed()},
		wake: make(chan struct{}, 1), asking: make(chan struct{}, 1)}
}

// take takes an errand in hand. It says false when it was there already, done or not, and when it was settled lately: the
// store has forgotten that, and is told again.
func (h *hands) take(t referrals.Task) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := errandID{t.Slot, t.ID}
	if known := h.tasks[id]; known != nil {
		h.held(known, t)
		return false
	}
	task := &inHand{settled: h.recent.of(t.Errand)}
	h.held(task, t)
	h.tasks[id] = task
	if was, ok := h.recent.find(id, task.settled); ok {
		task.done, task.settled = true, was
		h.settleSoon(id)
		return false
	}
	return true
}

// held notes until when the store has given an errand. The caller holds the lock.
func (h *hands) held(task *inHand, t referrals.Task) {
	task.till, task.mark, task.ends = t.Till, t.Mark, h.line().Add(t.Till.Sub(h.now()))
}

// leave lets an errand go that could not be done: it comes again when its time is over.
func (h *hands) leave(id errandID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.tasks, id)
}

// arrived notes what was sent by an errand of which more is to be done. A wipe finds it from now on, as it does what was sent by those that
// are done; the store hears of it with the rest, or earlier when that takes long (see ripen).
func (h *hands) arrived(id errandID, sent ...referrals.Delivery) {
	if len(sent) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	task := h.tasks[id]
	if task == nil { // let go while it was on its way
		task = &inHand{}
		h.tasks[id] = task
	}
	if !task.done {
		task.sent = sent
	}
}

// tell has the store hear at once what was sent by errands that are not done.
func (h *hands) tell(ids ...errandID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tellSoon(ids...)
}

// tellSoon puts an errand among those of which the store hears early. The caller holds the lock.
func (h *hands) tellSoon(ids ...errandID) {
	h.early = append(h.early, ids...)
	h.nudge()
}

// finish notes that an errand was done, and what was sent by it. One that does no harm when it is done again may wait to be
// settled with others.
func (h *hands) finish(id errandID, harmless bool, sent ...referrals.Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	task := h.tasks[id]
	if task == nil { // let go while it was being done: it is done all the same
		task = &inHand{}
		h.tasks[id] = task
	}
	if task.done {
		return
	}
	task.done, task.sent, task.harmless = true, sent, harmless
	if harmless {
		h.later = append(h.later, id)
		return
	}
	h.settleSoon(id)
}

// settleSoon puts an errand among those to be settled. The caller holds the lock.
func (h *hands) settleSoon(ids ...errandID) {
	h.done = append(h.done, ids...)
	h.nudge()
}

// nudge wakes who settles. The caller holds the lock.
func (h *hands) nudge() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// mine says whether an errand may be run now. One whose time is over while this process stood still is asked for again: the
// store knows whether another replica has it. An error says that the store does not answer.
func (h *hands) mine(ctx context.Context, id errandID) (bool, error) {
	if mine, sure := h.known(id); sure {
		return mine, nil
	}
	err := h.extend(ctx, func() []referrals.Task { return h.until(id) })
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tasks[id] != nil, err
}

// known says whether an errand is to be run here, if that is sure without asking.
func (h *hands) known(id errandID) (mine, sure bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	task := h.tasks[id]
	if task == nil || task.done {
		return false, true
	}
	return true, !h.over(task, 0)
}

// over says that the time of an errand is over, or will be so soon. The clock that never jumps decides; the one on the wall, because the
// first stands still while the machine sleeps; and the line's, because both do in a virtual machine that is paused, until a script of
// the store's has refused this process, which then asks for the time.
func (h *hands) over(t *inHand, soon time.Duration) bool {
	at := h.now().Add(soon)
	return !t.till.After(at) || !t.till.Round(0).After(at.Round(0)) || !t.ends.After(h.line().Add(soon))
}

// until is an errand in hand if its time is over.
func (h *hands) until(id errandID) []referrals.Task {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.tasks[id]; t != nil && h.over(t, 0) {
		return []referrals.Task{{Slot: id.slot, ID: id.id, Till: t.till, Mark: t.mark}}
	}
	return nil
}

// How often errands in hand are looked at, and which are held for longer: all but the newest, so that what a killed process
// leaves comes due in the order in which it was to leave.
const (
	holdEvery = time.Second
	holdSoon  = 7 * time.Second
)

// holding holds what waits its turn until ctx ends.
func (h *hands) holding(ctx context.Context) {
	every(ctx, holdEvery, func() {
		if err := h.extend(ctx, h.soon); err != nil && ctx.Err() == nil {
			h.log.Warn("messages that wait could not be held; before they leave it is asked whose they are", "err", err)
		}
	})
}

// soon are the errands whose time is over soon.
func (h *hands) soon() []referrals.Task {
	h.mu.Lock()
	defer h.mu.Unlock()
	var tasks []referrals.Task
	for id, t := range h.tasks {
		if h.over(t, holdSoon) {
			tasks = append(tasks, referrals.Task{Slot: id.slot, ID: id.id, Till: t.till, Mark: t.mark})
		}
	}
	return tasks
}

// extend holds tasks for longer and lets those go that another replica has, or had, but for what has arrived: only this process
// knows as which message.
func (h *hands) extend(ctx context.Context, which func() []referrals.Task) error {
	h.asking <- struct{}{}
	defer func() { <-h.asking }()
	tasks := which()
	if len(tasks) == 0 {
		return nil
	}
	held, err := h.store.Hold(ctx, tasks)
	h.mu.Lock()
	defer h.mu.Unlock()
	still := make(map[errandID]bool, len(held))
	for _, t := range held {
		id := errandID{t.Slot, t.ID}
		still[id] = true
		if known := h.tasks[id]; known != nil {
			h.held(known, t)
		}
	}
	if err != nil { // what was not answered may still be held
		return err
	}
	for _, t := range tasks {
		id := errandID{t.Slot, t.ID}
		if known := h.tasks[id]; known != nil && !still[id] && !known.done && len(known.sent) == 0 && known.till.Equal(t.Till) {
			delete(h.tasks, id)
		}
	}
	return nil
}

// mostSettled is how many errands are settled in one round trip.
const mostSettled = 500

// gather is how long what was done waits for more: the calls that answer one act return at nearly the same time. If
// the process is killed within it, they are made once more.
const gather = 2 * time.Millisecond

// linger is how long what does no harm when it is done again waits at most: edits of a screen and answers to presses are
// most of what is done, and a slot is told of all that were made meanwhile at once.
const linger = time.Second

// settling settles what was done, all that gathered during one round trip in the next, until ctx ends.
func (h *hands) settling(ctx context.Context) {
	tick := time.NewTicker(linger)
	defer tick.Stop()
	for tries := 0; ; {
		select {
		case <-ctx.Done():
			h.last()
			return
		case <-tick.C:
			h.ripen()
			continue
		case <-h.wake:
		}
		wait(ctx, gather)
		err := h.settle(ctx)
		if err == nil {
			tries = 0
			continue
		}
		if tries == 0 && ctx.Err() == nil {
			h.log.Warn("what was done could not be noted; it is tried until the store answers", "err", err)
		}
		wait(ctx, min(firstPause<<min(tries, 3)/2, time.Second))
		tries++
	}
}

// ripen lets everything that waits for others be settled, and the store hear of what has arrived and is not done yet.
func (h *hands) ripen() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.later) > 0 {
		h.settleSoon(h.later...)
		h.later = nil
	}
	for id, t := range h.tasks {
		if !t.done && !t.heard && len(t.sent) > 0 {
			h.tellSoon(id)
		}
	}
}

// settle settles until nothing is left or the store fails.
func (h *hands) settle(ctx context.Context) error {
	for {
		batch, ids := h.batch()
		if len(batch) == 0 {
			return nil
		}
		err := h.store.Settle(ctx, batch)
		h.settled(ids, err)
		if err != nil {
			return err
		}
	}
}

// last settles once more when the process ends.
func (h *hands) last() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	h.ripen()
	if err := h.settle(ctx); err != nil {
		h.log.Warn("what was sent last could not be noted and may be sent once more", "err", err)
	}
}

// batch takes what is to be settled, by slot, what waits to be settled with it, and what is told early.
func (h *hands) batch() ([]referrals.Settled, []errandID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := min(len(h.done), mostSettled)
	ids := slices.Clone(h.done[:n])
	h.done = h.done[n:]
	told := map[string]bool{}
	for _, id := range ids {
		told[id.slot] = true
	}
	h.later = slices.DeleteFunc(h.later, func(id errandID) bool {
		if told[id.slot] {
			ids = append(ids, id)
		}
		return told[id.slot]
	})
	h.batched, h.told, h.early = ids, h.early, nil
	at := map[string]int{}
	var batch []referrals.Settled
	of := func(slot string) *referrals.Settled {
		i, ok := at[slot]
		if !ok {
			i = len(batch)
			at[slot], batch = i, append(batch, referrals.Settled{Slot: slot})
		}
		return &batch[i]
	}
	for _, id := range ids {
		s := of(id.slot)
		s.IDs = append(s.IDs, id.id)
		if t := h.tasks[id]; t != nil {
			s.Sent = append(s.Sent, t.sent...)
		}
	}
	for _, id := range h.told {
		if t := h.tasks[id]; t != nil && !t.done && len(t.sent) > 0 {
			s := of(id.slot)
			s.Sent = append(s.Sent, t.sent...)
		}
	}
	return batch, ids
}

// settled forgets errands that were settled, or puts them back. What could not be told early is told later.
func (h *hands) settled(ids []errandID, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	told := h.told
	h.batched, h.told = nil, nil
	if err == nil {
		for _, id := range told {
			if t := h.tasks[id]; t != nil {
				t.heard = true
			}
		}
		for _, id := range ids {
			if t := h.tasks[id]; !t.harmless {
				h.recent.add(id, t.settled, h.now())
			}
			delete(h.tasks, id)
		}
		return
	}
	h.settleSoon(ids...) // behind the others: a node that is lost must not keep the rest waiting
}

// sent are the messages to a member's chat of which the store has not heard yet, whatever is still to be done with them.
func (h *hands) sent(m referrals.Member) []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids []int
	for _, t := range h.tasks {
		ids = append(ids, t.to(m)...)
	}
	return ids
}

// to are the messages of an errand to a member's chat.
func (t *inHand) to(m referrals.Member) (ids []int) {
	for _, d := range t.sent {
		if d.To == m {
			ids = append(ids, d.Message)
		}
	}
	return ids
}

// count is how many errands are in hand.
func (h *hands) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.tasks)
}

// every does something again and again until ctx ends, first after one time.
func every(ctx context.Context, d time.Duration, do func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do()
		}
	}
}

// wait waits, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
