package bot

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// lane is the order in which messages leave. A lane is only looked at when those before
// it have nothing that may be sent now.
type lane int

const (
	laneEmergency    lane = iota // alerts and offers of emergencies
	laneDesk                     // everything else for desks
	laneConversation             // defenders' screens and news
	lanes
)

// parcel is one thing to be sent: it leaves in order with those of the same lane and order.
type parcel struct {
	lane  lane
	order string // messages of one chat and lane leave one after another; empty: no order
	free  bool   // not a message: does not count against Telegram's limits
	// do makes the calls. It is run again, later, when it says how long to wait.
	do func(ctx context.Context) (again time.Duration)
}

// outbox decides what leaves next. Limits (Bot API FAQ): about 30 messages a second for a bot and one a
// second for a chat with short bursts. The bot's limit is kept from the start; a chat's is learned
// from the first 429 it gets, because bursts are allowed and a person is waiting.
//
// A message is chosen only when it may leave at once, so that an emergency that comes in meanwhile is
// chosen first; and some senders take nothing but emergencies, so that calls that hang delay none.
type outbox struct {
	mu     sync.Mutex
	ready  [lanes]queues
	lines  map[string]*line
	asleep sleepers
	wake   [lanes]chan struct{} // by the last lane that a sender looks at
	limit  *rate.Limiter
	now    func() time.Time
	waits  int // parcels not yet done
	count  uint64
}

// queues are the lines of a lane that are ready, each by whether its first parcel counts against the limit.
type queues struct{ messages, free []*line }

// push puts a line at the end.
func (q *queues) push(l *line) {
	if l.queue[0].free {
		q.free = append(q.free, l)
		return
	}
	q.messages = append(q.messages, l)
}

// pop takes the first line off a queue.
func pop(q *[]*line) *line {
	l := (*q)[0]
	(*q)[0] = nil
	*q = (*q)[1:]
	return l
}

// line is the queue of one chat in one lane.
type line struct {
	key    string
	lane   lane
	queue  []parcel
	since  uint64    // its place among those that are ready
	until  time.Time // asleep until then
	active bool      // its first parcel is being sent, or it is asleep
}

// perSecond is Telegram's limit for a bot.
const perSecond = 30

func newOutbox(limit rate.Limit, now func() time.Time) *outbox {
	o := &outbox{lines: map[string]*line{}, limit: rate.NewLimiter(limit, perSecond), now: now}
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
	key := string(rune('0'+int(p.lane))) + p.order
	l := o.lines[key]
	if l == nil {
		l = &line{key: key, lane: p.lane}
		o.lines[key] = l
	}
	l.queue = append(l.queue, p)
	if !l.active {
		l.active = true
		o.enqueue(l)
	}
}

// enqueue makes a line ready and wakes those who look at its lane.
func (o *outbox) enqueue(l *line) {
	o.count++
	l.since = o.count
	o.ready[l.lane].push(l)
	o.nudge(l.lane)
}

// slow keeps to Telegram's own limit from now on: the server has shown that it has one.
func (o *outbox) slow() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.limit.Limit() > perSecond {
		o.limit.SetLimit(perSecond)
		o.limit.SetBurst(1)
	}
}

// nudge wakes one sender of each kind that looks at a lane.
func (o *outbox) nudge(from lane) {
	for _, wake := range o.wake[from:] {
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

// next takes the line whose first parcel leaves next, of the lanes up to last, and how long to wait when
// there is none.
func (o *outbox) next(last lane) (*line, parcel, time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	for len(o.asleep) > 0 && !o.asleep[0].until.After(now) {
		l := heap.Pop(&o.asleep).(*line)
		o.enqueue(l)
	}
	wait := time.Hour
	if len(o.asleep) > 0 {
		wait = o.asleep[0].until.Sub(now)
	}
	for i := range o.ready[:last+1] {
		l, at := o.pick(&o.ready[i], now)
		if l != nil {
			o.nudge(0) // there may be more for another sender
			return l, l.queue[0], 0
		}
		wait = min(wait, at)
	}
	return nil, parcel{}, wait
}

// pick takes the line of a lane that was ready first, or says how long until one may leave.
func (o *outbox) pick(q *queues, now time.Time) (*line, time.Duration) {
	wait := time.Hour
	if len(q.messages) > 0 && (len(q.free) == 0 || q.messages[0].since < q.free[0].since) {
		if wait = o.free(now); wait == 0 {
			return pop(&q.messages), 0
		}
	}
	if len(q.free) > 0 {
		return pop(&q.free), 0
	}
	return nil, wait
}

// free takes leave to send a message now, or says how long until there is one.
func (o *outbox) free(now time.Time) time.Duration {
	r := o.limit.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// done puts a line back after its first parcel was sent, or to sleep when it must be sent again.
func (o *outbox) done(l *line, again time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if again > 0 {
		l.until = o.now().Add(again)
		heap.Push(&o.asleep, l)
		o.nudge(l.lane)
		return
	}
	o.waits--
	l.queue = l.queue[1:]
	if len(l.queue) > 0 {
		o.enqueue(l)
		return
	}
	l.active = false
	delete(o.lines, l.key)
}

// run sends what is in the lanes up to last until ctx ends. Several may run at once.
func (o *outbox) run(ctx context.Context, last lane) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		l, p, wait := o.next(last)
		if l == nil {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
			case <-o.wake[last]:
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
