package bot

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"defenderline/referrals"
)

// bench is where workers take work from and put it back.
type bench interface {
	Take(ctx context.Context, slots []string, n int) ([]referrals.Work, error)
	Commit(ctx context.Context, w referrals.Work, c referrals.Commit) ([]referrals.Task, *referrals.Work, error)
	Release(ctx context.Context, w referrals.Work, at time.Time) error
}

// leases keeps work in hand that takes longer than a lease.
type leases interface {
	Extend(ctx context.Context, w referrals.Work) error
}

// workers take the turns of chats, cases and clocks, each member by one worker at a time.
type workers struct {
	bench   bench
	leases  leases
	turner  *turner
	cases   *caseworker
	files   *fileworker
	runner  *runner
	queue   chan referrals.Work
	urgent  chan referrals.Work // of people in an emergency: taken first
	poke    chan string         // slots with something due
	lease   time.Duration
	log     *slog.Logger
	nothing time.Duration // how often to look for due work when nobody says so
	away    outage        // of the store

	mu      sync.Mutex
	stopped bool
	fails   map[referrals.Member]int  // turns that failed one after another
	dangers map[referrals.Member]bool // chats in the middle of an emergency, as far as this process has answered them
}

// hand gives work just kept to the workers. What they cannot take now is released and comes due at once,
// also when the process is about to end.
func (ws *workers) hand(work []referrals.Work) {
	for _, w := range work {
		if !ws.queued(w) {
			ws.giveBack(context.Background(), w, time.Time{})
		}
	}
}

// queued puts work into its queue, unless that is full or nobody takes from it any more.
func (ws *workers) queued(w referrals.Work) bool {
	lane := ws.lane(w)
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.stopped {
		return false
	}
	select {
	case lane <- w:
		return true
	default:
		return false
	}
}

// stop lets nothing more into the queues; deliveries may still come in while the process ends.
func (ws *workers) stop() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.stopped = true
}

func (ws *workers) giveBack(ctx context.Context, w referrals.Work, at time.Time) {
	if at.IsZero() {
		at = ws.turner.now()
	}
	if err := ws.bench.Release(ctx, w, at); err != nil && ctx.Err() == nil {
		ws.log.Warn("work could not be given back; it comes due when its lease ends", "err", err)
	}
}

// wake says that a slot has something due.
func (ws *workers) wake(slot string) {
	select {
	case ws.poke <- slot:
	default: // the next look finds it
	}
}

// look takes due work until ctx ends: when woken, and every so often for what others left.
func (ws *workers) look(ctx context.Context) {
	tick := time.NewTicker(ws.nothing)
	defer tick.Stop()
	for {
		var slots []string
		select {
		case <-ctx.Done():
			return
		case slot := <-ws.poke:
			slots = ws.poked(slot)
		case <-tick.C:
		}
		work, err := ws.bench.Take(ctx, slots, cap(ws.queue)-len(ws.queue))
		if ctx.Err() == nil {
			ws.away.note(err == nil, ws.turner.now(), ws.log, "redis")
		}
		if err != nil && ctx.Err() == nil {
			ws.log.Warn("taking work failed; it is tried again", "err", err)
		}
		for _, w := range work { // also when ctx ends: the workers finish what was taken
			ws.lane(w) <- w
		}
	}
}

// lane is the queue that work waits in. A flood of others must not hold up people in danger.
func (ws *workers) lane(w referrals.Work) chan referrals.Work {
	ws.mu.Lock()
	danger := ws.dangers[w.Member]
	ws.mu.Unlock()
	if danger || slices.ContainsFunc(w.Inbox, func(e referrals.Entry) bool {
		for _, first := range []string{"/start", "/emergency", "menu:emergency"} { // in danger, too, people begin with the first
			if bytes.Contains(e.Body, []byte(first)) {
				return true
			}
		}
		return false
	}) {
		return ws.urgent
	}
	return ws.queue
}

// mostDangers bounds the memory; beyond it everything is forgotten, which only makes people wait with the others.
const mostDangers = 20_000

// answered notes whether a chat is in an emergency after a turn.
func (ws *workers) answered(m referrals.Member, tasks []referrals.Task) {
	danger := slices.ContainsFunc(tasks, func(t referrals.Task) bool {
		if t.Errand.Send == nil {
			return false
		}
		c, _ := t.Errand.Send.Live.(call)
		return c.Lane == laneUrgent
	})
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.dangers == nil || len(ws.dangers) > mostDangers {
		ws.dangers = map[referrals.Member]bool{}
	}
	if danger {
		ws.dangers[m] = true
		return
	}
	delete(ws.dangers, m)
}

// poked collects the slots that were poked meanwhile.
func (ws *workers) poked(first string) []string {
	slots := []string{first}
	for {
		select {
		case s := <-ws.poke:
			slots = append(slots, s)
		default:
			return slots
		}
	}
}

// mostUrgentTurns is how many turns of people in an emergency a worker takes before it looks at the others.
const mostUrgentTurns = 10

// work handles what is in the queues, the urgent first, until stop is closed and they are empty; with only, nothing but
// what is urgent. ctx is for the handling itself and outlives stop: what was taken is finished.
func (ws *workers) work(ctx context.Context, stop <-chan struct{}, only bool) {
	others := ws.queue
	if only {
		others = nil
	}
	for row := 0; ; {
		if row < mostUrgentTurns {
			select {
			case w := <-ws.urgent:
				ws.handle(ctx, w)
				row++
				continue
			default:
			}
		}
		row = 0
		select {
		case w := <-ws.urgent:
			ws.handle(ctx, w)
		case w := <-others:
			ws.handle(ctx, w)
		case <-stop:
			if len(ws.urgent)+len(others) == 0 {
				return
			}
		}
	}
}

// handle takes the turns of one member until its inbox is empty.
func (ws *workers) handle(ctx context.Context, w referrals.Work) {
	defer func() { // what a person wrote may be in what went wrong: it is counted, and not told
		if recover() != nil {
			ws.turner.meters.Panics.Inc()
			ws.log.Error("work could not be handled; it comes due again when its lease ends")
		}
	}()
	if strings.HasPrefix(w.Slot, "desk:") {
		ws.clock(ctx, w)
		return
	}
	for next, rounds := &w, 0; next != nil; rounds++ {
		work := *next
		if rounds == mostRounds { // others wait
			ws.hand([]referrals.Work{work})
			return
		}
		c, err := ws.held(ctx, work)
		if err != nil {
			ws.log.Error("a turn failed; it is tried again", "err", err)
			ws.giveBack(ctx, work, ws.turner.now().Add(ws.failed(work.Member)))
			return
		}
		tasks, again, err := ws.commit(ctx, work, c)
		if errors.Is(err, referrals.ErrSuperseded) {
			return // whoever took over handles it
		}
		if err != nil {
			ws.log.Warn("a commit failed; its turn is taken again", "err", err)
			ws.giveBack(ctx, work, ws.turner.now().Add(ws.failed(work.Member)))
			return
		}
		ws.succeeded(work.Member)
		ws.answered(work.Member, tasks)
		ws.runner.start(ctx, tasks)
		next = again
	}
}

// mostRounds is how often one member's turn follows on itself: whoever writes without a pause must not keep a worker.
const mostRounds = 3

// failed says how long a member rests whose turn failed: twice as long each time, a minute at most.
func (ws *workers) failed(m referrals.Member) time.Duration {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.fails == nil || len(ws.fails) > mostDangers {
		ws.fails = map[referrals.Member]int{}
	}
	rest := min(firstPause<<min(ws.fails[m], 10), longestPause)
	ws.fails[m]++
	return rest
}

// succeeded forgets the failures of a member.
func (ws *workers) succeeded(m referrals.Member) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.fails, m)
}

// mostCommits is how often a commit is tried: with the pauses between, for eight seconds.
const mostCommits = 6

// commit commits, again and again while the store does not answer: the same commit counts once, and the
// person who waits need not wait for the lease to end.
func (ws *workers) commit(ctx context.Context, w referrals.Work, c referrals.Commit) (tasks []referrals.Task, again *referrals.Work, err error) {
	c.Errands = ws.runner.mails.also(c.Errands)
	for tries := range mostCommits {
		tasks, again, err = ws.bench.Commit(ctx, w, c)
		if err == nil || errors.Is(err, referrals.ErrSuperseded) || errors.Is(err, referrals.ErrBorn) || ctx.Err() != nil {
			return tasks, again, err
		}
		wait(ctx, min((firstPause<<tries)/4, 4*time.Second))
	}
	return tasks, again, err
}

// errPanic is a turn that failed in a way nobody foresaw. What went wrong may hold a person's words and
// is not told.
var errPanic = errors.New("a turn failed in a way nobody foresaw")

// held takes one turn. A panic in it is an error that says nothing of what caused it.
func (ws *workers) held(ctx context.Context, w referrals.Work) (c referrals.Commit, err error) {
	defer func() {
		if recover() != nil {
			ws.turner.meters.Panics.Inc()
			c, err = referrals.Commit{}, errPanic
		}
	}()
	switch w.Name[:min(1, len(w.Name))] {
	case "k":
		return ws.cases.take(ctx, w)
	case "f":
		return ws.sealing(ctx, w)
	default:
		return ws.turner.take(ctx, w)
	}
}

// sealing takes the turn of a case's files and keeps the lease while it lasts: a download may take longer.
func (ws *workers) sealing(ctx context.Context, w referrals.Work) (referrals.Commit, error) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { ws.extend(ctx, w, done) })
	defer wg.Wait()
	defer close(done)
	return ws.files.take(ctx, w)
}

func (ws *workers) extend(ctx context.Context, w referrals.Work, done <-chan struct{}) {
	tick := time.NewTicker(ws.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := ws.leases.Extend(ctx, w); err != nil && ctx.Err() == nil {
				ws.log.Warn("a lease could not be extended", "err", err)
			}
		}
	}
}

// clock acts on the silence of a desk.
func (ws *workers) clock(ctx context.Context, w referrals.Work) {
	desk := ws.turner.dir.Desk(strings.TrimPrefix(w.Slot, "desk:"))
	h, err := ws.turner.holding.Holding(ctx, strings.TrimPrefix(w.Slot, "desk:"), strings.TrimPrefix(w.Name, "h"))
	if errors.Is(err, referrals.ErrUnknown) {
		return
	}
	if err != nil {
		ws.log.Warn("a case's clock could not be read; it is tried again", "err", err)
		return
	}
	m, due := referrals.Overslept(h, desk, ws.turner.now())
	if !due {
		if !h.Due.IsZero() {
			ws.giveBack(ctx, w, h.Due)
		}
		return
	}
	if _, err := ws.runner.Move(ctx, m); err != nil && !errors.Is(err, referrals.ErrNotThere) && ctx.Err() == nil {
		ws.log.Warn("a case could not be moved on; it is tried again", "err", err)
	}
}
