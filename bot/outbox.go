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
type outbox struct {
	mu     sync.Mutex
	ready  [lanes][]*line
	lines  map[string]*line
	asleep sleepers
	wake   chan struct{}
	limit  *rate.Limiter
	now    func() time.Time
	waits  int // parcels not yet done
}

// line is the queue of one chat in one lane.
type line struct {
	key    string
	lane   lane
	queue  []parcel
	until  time.Time // asleep until then
	active bool      // its first parcel is being sent, or it is asleep
}

// perSecond is Telegram's limit for a bot.
const perSecond = 30

func newOutbox(limit rate.Limit, now func() time.Time) *outbox {
	return &outbox{lines: map[string]*line{}, wake: make(chan struct{}, 1), limit: rate.NewLimiter(limit, perSecond), now: now}
}

// add queues a parcel. It never blocks: what waits here is also kept in the store.
func (o *outbox) add(p parcel) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waits++
	if p.order == "" {
		o.ready[p.lane] = append(o.ready[p.lane], &line{lane: p.lane, queue: []parcel{p}, active: true})
		o.nudge()
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
		o.ready[p.lane] = append(o.ready[p.lane], l)
		o.nudge()
	}
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

func (o *outbox) nudge() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// depth is how many parcels are not yet done.
func (o *outbox) depth() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.waits
}

// next takes the line whose first parcel leaves next, and how long to wait when there is none.
func (o *outbox) next() (*line, parcel, time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	for len(o.asleep) > 0 && !o.asleep[0].until.After(now) {
		l := heap.Pop(&o.asleep).(*line)
		o.ready[l.lane] = append(o.ready[l.lane], l)
	}
	for i := range o.ready {
		if len(o.ready[i]) > 0 {
			l := o.ready[i][0]
			o.ready[i][0] = nil
			o.ready[i] = o.ready[i][1:]
			o.nudge() // there may be more for another sender
			return l, l.queue[0], 0
		}
	}
	if len(o.asleep) > 0 {
		return nil, parcel{}, o.asleep[0].until.Sub(now)
	}
	return nil, parcel{}, time.Hour
}

// done puts a line back after its first parcel was sent, or to sleep when it must be sent again.
func (o *outbox) done(l *line, again time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if again > 0 {
		l.until = o.now().Add(again)
		heap.Push(&o.asleep, l)
		o.nudge()
		return
	}
	o.waits--
	l.queue = l.queue[1:]
	if len(l.queue) > 0 {
		o.ready[l.lane] = append(o.ready[l.lane], l)
		o.nudge()
		return
	}
	l.active = false
	delete(o.lines, l.key)
}

// run sends until ctx ends. Several may run at once.
func (o *outbox) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		l, p, wait := o.next()
		if l == nil {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
			case <-o.wake:
			case <-timer.C:
			}
			continue
		}
		if !p.free && o.limit.Wait(ctx) != nil {
			return
		}
		o.done(l, p.do(ctx))
	}
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
