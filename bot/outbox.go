package bot

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"
)

// parcel is one thing to be sent: it leaves in order with those of the same lane and order.
type parcel struct {
	lane  lane
	order string  // what has the same leaves one after another, all in the highest of its lanes; empty: no order
	to    address // whom Telegram's limits count it for
	free  bool    // not a message: does not count against Telegram's limits
	// over says that it need not be sent any more; nil: it must.
	over func() bool
	// loose says that those behind it in its line need not wait until it succeeds.
	loose bool
	// do makes the calls. It is run again, later, when it says how long to wait; [needless] says that nothing was sent.
	do func(ctx context.Context) (again time.Duration)
}

// needless is what a parcel returns for which nothing had to be sent: what it counted is given back.
const needless = time.Duration(-1)

// outbox decides what leaves next: in the order of the lanes, at the pace that Telegram allows, the messages of one chat
// one after another.
//
// A message is chosen only when it may leave at once, so that an emergency that comes in meanwhile is
// chosen first.
type outbox struct {
	mu     sync.Mutex
	ready  [lanes]queues
	inRow  [lanes]int // messages that left a lane while one of a lane below waited
	lines  map[string]*line
	asleep sleepers
	wake   [lanes]chan struct{} // by the lowest lane that a sender looks at
	pace   pace
	now    func() time.Time
	waits  int // parcels not yet done
	count  uint64
	sent   uint64
	end    chan struct{} // closed when nothing more may leave
	empty  chan struct{} // told when the last parcel is done
}

func newOutbox(limited bool, now func() time.Time) *outbox {
	o := &outbox{lines: map[string]*line{}, pace: newPace(limited), now: now,
		end: make(chan struct{}), empty: make(chan struct{}, 1)}
	for i := range o.wake {
		o.wake[i] = make(chan struct{}, 1)
	}
	return o
}

// add queues a parcel. It never blocks: what waits here is also kept in the store.
func (o *outbox) add(p parcel) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waits++
	if p.order == "" {
		o.enqueue(&line{lane: p.lane, queue: []parcel{p}, active: true})
		return
	}
	l := o.lines[p.order]
	if l == nil {
		l = &line{key: p.order, lane: p.lane}
		o.lines[p.order] = l
	}
	o.waits -= l.shed()
	l.queue = append(l.queue, p)
	if !l.active {
		l.active = true
		o.enqueue(l)
	}
	o.raise(l, p.lane)
}

// raise moves a line up to the lane of what was put into it.
func (o *outbox) raise(l *line, to lane) {
	if to <= l.lane {
		return
	}
	ready := &o.ready[l.lane]
	l.lane = to
	if i := slices.Index(ready.messages, l); i >= 0 {
		heap.Remove(&ready.messages, i)
		o.enqueue(l)
	} else if i := slices.Index(ready.free, l); i >= 0 {
		ready.free = slices.Delete(ready.free, i, i+1)
		o.enqueue(l)
	}
}

// enqueue makes a line ready and wakes those who look at its lane.
func (o *outbox) enqueue(l *line) {
	if l.since == 0 { // a rest does not cost a line its place
		o.count++
		l.since = o.count
	}
	l.written = o.pace.written(l.queue[0].to)
	o.ready[l.lane].push(l)
	o.nudge(l.lane)
}

// refused notes that Telegram asked for patience with a chat, or with all.
func (o *outbox) refused(to address, patience time.Duration, all bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pace.refused(to, patience, o.now())
	if all {
		o.pace.rest(to.bot, min(patience, mostPatience), o.now())
	}
}

// mostPatience is the longest rest of what failed and must not wait long for its turn after an outage: alerts, what desks are
// answered, screens of people in an emergency, a wipe. Where Telegram asked for more, the chat rests for as long.
const mostPatience = 2 * time.Second

// awake lets everything that rests try again at once, because Telegram answers again. Chats that Telegram asked for patience
// with go on resting.
func (o *outbox) awake() {
	o.mu.Lock()
	defer o.mu.Unlock()
	resting := o.asleep
	o.asleep = nil
	for _, l := range resting {
		o.enqueue(l)
	}
}

// nudge wakes one sender of each kind that looks at a lane.
func (o *outbox) nudge(at lane) {
	for _, wake := range o.wake[:at+1] {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// depth is how many parcels are not yet done.
func (o *outbox) depth() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.waits
}

// next takes the line whose first parcel leaves next, of the lanes from lowest up, and how long to wait when
// there is none.
func (o *outbox) next(lowest lane) (*line, parcel, time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	o.pace.forget(now)
	for len(o.asleep) > 0 && !o.asleep[0].until.After(now) {
		l := heap.Pop(&o.asleep).(*line)
		o.enqueue(l)
	}
	l, wait := o.choose(lowest, now, true)
	if l == nil { // nothing of those whose turn it was may leave
		l, wait = o.choose(lowest, now, false)
	}
	if l == nil {
		if len(o.asleep) > 0 {
			wait = min(wait, o.asleep[0].until.Sub(now))
		}
		return nil, parcel{}, wait
	}
	l.sending = true
	if o.more() {
		o.nudge(lanes - 1)
	}
	return l, l.queue[0], 0
}

// more says whether another sender has something to send, or to wait for.
func (o *outbox) more() bool {
	for at := range o.ready {
		if len(o.ready[at].messages)+len(o.ready[at].free) > 0 {
			return true
		}
	}
	return len(o.asleep) > 0
}

// choose takes a line of the highest lane that has one ready; with shares, a lane that had its share lets those below
// it go first.
func (o *outbox) choose(lowest lane, now time.Time, share bool) (*line, time.Duration) {
	wait := time.Hour
	for at := lanes - 1; at >= lowest; at-- {
		if share && o.inRow[at] >= shares[at] && o.waiting(at) {
			continue
		}
		l, until := o.pick(&o.ready[at], now)
		if l != nil {
			o.counted(l)
			return l, 0
		}
		wait = min(wait, until)
	}
	return nil, wait
}

// waiting says whether a message of a lane below waits.
func (o *outbox) waiting(above lane) bool {
	for at := range above {
		if len(o.ready[at].messages) > 0 {
			return true
		}
	}
	return false
}

// counted counts a message that leaves, and lets the lanes above begin anew.
func (o *outbox) counted(l *line) {
	if l.queue[0].free {
		return
	}
	if o.waiting(l.lane) {
		o.inRow[l.lane]++
	}
	for at := l.lane + 1; at < lanes; at++ {
		o.inRow[at] = 0
	}
}

// pick takes a line of a lane, or says how long until one may leave. Lines whose chat must wait are put to sleep.
func (o *outbox) pick(q *queues, now time.Time) (*line, time.Duration) {
	if len(q.free) > 0 && q.freeNext {
		return q.popFree(), 0
	}
	wait := time.Hour
	for len(q.messages) > 0 {
		l := q.messages[0]
		to := l.queue[0].to
		if wait = o.pace.botWait(to.bot, now); wait > 0 {
			break
		}
		if chat := o.chatWait(l, to, now); chat > 0 {
			l.until = now.Add(chat)
			heap.Push(&o.asleep, q.popMessage())
			wait = time.Hour
			continue
		}
		o.sent++
		o.pace.spend(to, l.lane, o.sent)
		return q.popMessage(), 0
	}
	if len(q.free) > 0 {
		return q.popFree(), 0
	}
	return nil, wait
}

// chatWait is how long a line must wait for its chat.
func (o *outbox) chatWait(l *line, to address, now time.Time) time.Duration {
	switch {
	case l.lane == laneCourtesy: // it must not make the next answer wait
		return o.pace.chatWait(to, 1, now)
	case l.lane == laneEmergency:
		return o.pace.alertWait(to, now)
	default:
		return o.pace.chatWait(to, 0, now)
	}
}

// done puts a line back after its first parcel was sent, or to sleep when it must be sent again.
func (o *outbox) done(l *line, again time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.sending = false
	if again == needless && !l.queue[0].free {
		o.pace.back(l.queue[0].to)
	}
	if again > 0 {
		if len(l.queue) > 1 && l.queue[0].loose {
			l.queue = append(l.queue[1:], l.queue[0])
			again, l.since = min(again, firstPause), 0
		}
		if l.lane >= laneUrgent {
			again = min(again, mostPatience)
		}
		l.until = o.now().Add(again)
		heap.Push(&o.asleep, l)
		o.nudge(l.lane)
		return
	}
	l.queue, l.since = l.queue[1:], 0
	if o.waits -= 1 + l.shed(); o.waits == 0 {
		select {
		case o.empty <- struct{}{}:
		default:
		}
	}
	if len(l.queue) > 0 {
		l.lane = slices.MaxFunc(l.queue, func(a, b parcel) int { return int(a.lane - b.lane) }).lane
		o.enqueue(l)
		return
	}
	l.active = false
	delete(o.lines, l.key)
}

// close lets nothing more leave; the senders end when what they send now is done.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case <-o.end:
	default:
		close(o.end)
	}
}

// drain waits until nothing is left to send, or nothing more may leave, and closes.
func (o *outbox) drain(ctx context.Context) {
	defer o.close()
	for o.depth() > 0 {
		select {
		case <-o.empty:
		case <-o.end:
			return
		case <-ctx.Done():
			return
		}
	}
}

// run sends what is in the lanes from lowest up until ctx ends. Several may run at once.
func (o *outbox) run(ctx context.Context, lowest lane) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-o.end:
			return
		default:
		}
		l, p, wait := o.next(lowest)
		if l == nil {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
			case <-o.end:
			case <-o.wake[lowest]:
			case <-timer.C:
			}
			continue
		}
		o.done(l, p.safely(ctx))
	}
}

// afterPanic is how long a parcel waits whose sending failed in a way nobody foresaw.
const afterPanic = time.Minute

// safely makes the calls; a panic in them is a reason to try later, and must not end the line for everybody.
func (p parcel) safely(ctx context.Context) (again time.Duration) {
	defer func() {
		if recover() != nil {
			again = afterPanic
		}
	}()
	return p.do(ctx)
}

// sleepers are lines asleep, the first to wake on top.
type sleepers []*line

func (s sleepers) Len() int           { return len(s) }
func (s sleepers) Less(i, j int) bool { return s[i].until.Before(s[j].until) }
func (s sleepers) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *sleepers) Push(x any)        { *s = append(*s, x.(*line)) }
func (s *sleepers) Pop() any {
	old := *s
	l := old[len(old)-1]
	*s = old[:len(old)-1]
	return l
}
