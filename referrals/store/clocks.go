package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// clocks reckon what the clock of a slot's server says. Between two questions this process's own counts on, by its monotonic
// reading: that it is wrong, or is set, changes nothing.
type clocks struct {
	given func() time.Time // Options.Clock: no server is asked
	mine  func() time.Time
	each  bool // slots may have servers of their own

	mu     sync.RWMutex
	asking map[string]chan struct{} // by slot, "" for all: somebody does, until it is closed
	read   map[string]reading       // by slot, "" for all
	known  []string                 // slots to be asked
}

// reading is what a server's clock said, and when by this process's; jumped is when it was found to have jumped, or to be
// another's.
type reading struct {
	said, at, jumped time.Time
}

// tells is what the clock says that was read, now.
func (r reading) tells(now time.Time) time.Time { return r.said.Add(now.Sub(r.at)) }

// sure is how long a question may take whose answer is believed without another; the error is half of it. jump is by how much
// a clock differs from what was reckoned that has jumped: less than what a script takes for a delay.
const (
	sure = 100 * time.Millisecond
	jump = time.Second
)

// errApart is the answer of a script to a caller that was wrong about the time. Nothing was done.
var errApart = errors.New("redis: its clock is another than was reckoned, and nothing was done; it was asked anew: try again")

// slots are those whose clocks are to be asked for.
func (c *clocks) slots() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if !c.each {
		return c.known[:1]
	}
	return slices.Clone(c.known)
}

func (c *clocks) of(slot string) string {
	if c.each {
		return slot
	}
	return ""
}

func (c *clocks) reading(slot string) (reading, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	r, known := c.read[c.of(slot)]
	return r, known
}

// at is the time in a slot: what its server's clock says. A slot that was never asked has this process's time, for which its
// scripts will refuse it if it is wrong.
func (c *clocks) at(slot string) time.Time {
	if c.given != nil {
		return c.given()
	}
	now := c.mine()
	if r, known := c.reading(slot); known {
		return r.tells(now)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.known, slot) {
		c.known = append(c.known, slot)
	}
	return now.Round(0)
}

// shift is the time in a slot when the line's clock says another. A time that is never is never.
func (c *clocks) shift(slot string, t time.Time) time.Time {
	if t.IsZero() || c.of(slot) == c.of(Partition(0)) {
		return t
	}
	return t.Add(c.at(slot).Sub(c.line()))
}

// line is the line's clock: that of the first slot.
func (c *clocks) line() time.Time { return c.at(Partition(0)) }

// Now is the time of the line, the same in all its processes but for milliseconds: Redis's, in a cluster that of the master
// that has the first partition. Whatever one replica writes and another compares with a time of its own is to be of this
// clock, and times that are given to the store are.
func (s *Store) Now() time.Time { return s.clocks.line() }

// unsettled says that the clock of a slot jumped so lately that who has something in hand may not have asked for it anew.
func (c *clocks) unsettled(slot string, within time.Duration) bool {
	r, known := c.reading(slot)
	return known && !r.jumped.IsZero() && c.mine().Sub(r.jumped) < within
}

// note notes what a clock said between two times. What was reckoned stays as it is unless this proves it wrong.
func (c *clocks) note(slot string, said, began, ended time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	half := ended.Sub(began) / 2
	now := reading{said: said, at: began.Add(half)}
	before, known := c.read[c.of(slot)]
	if known {
		now.jumped = before.jumped
		differs := said.Sub(before.tells(now.at)).Abs()
		if differs <= half {
			return
		}
		if differs-half > jump {
			now.jumped = ended
		}
	}
	c.read[c.of(slot)] = now
}

// reckon asks the servers for their clocks, each by itself, so that one that is slow or frozen spoils nothing that the others say.
// Where some slots are named, it is their servers that are waited for, and others no longer than a moment.
func (s *Store) reckon(ctx context.Context, of ...string) error {
	if s.clocks.given != nil {
		return nil
	}
	servers := s.servers(ctx)
	failed := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, slots := range servers {
		within, named := answerWithin, slices.ContainsFunc(of, func(slot string) bool { return !s.clocks.each || slices.Contains(slots, slot) })
		if len(of) > 0 && !named {
			within = askWithin
		}
		wg.Go(func() {
			ctx := ctx
			if s.clocks.each { // there the driver asks again and again
				short, cancel := context.WithTimeout(ctx, within)
				defer cancel()
				ctx = short
			}
			failed[i] = s.askTime(ctx, slots, named)
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}

// servers are the slots to be asked, by who has them.
func (s *Store) servers(ctx context.Context) (slots [][]string) {
	cluster, ok := s.db.(*redis.ClusterClient)
	if !ok {
		return [][]string{s.clocks.slots()}
	}
	of := map[*redis.Client]int{}
	for _, slot := range s.clocks.slots() {
		master, _ := cluster.MasterForKey(ctx, s.pingKey(slot)) // nil where nobody is known to have it
		i, known := of[master]
		if !known {
			i, slots = len(slots), append(slots, nil)
			of[master] = i
		}
		slots[i] = append(slots[i], slot)
	}
	return slots
}

// askTime asks one server for its clock, in one round trip, and a second and a third while that takes long. Whoever comes while
// another asks does not, and waits for that answer if theirs depends on it.
func (s *Store) askTime(ctx context.Context, slots []string, depends bool) error {
	if asked := s.clocks.begin(slots); asked != nil {
		if depends {
			short, cancel := context.WithTimeout(ctx, answerWithin)
			defer cancel()
			select {
			case <-asked:
			case <-short.Done():
			}
		}
		return nil
	}
	defer s.clocks.end(slots)
	calls := make([]call, len(slots))
	for i, slot := range slots {
		calls[i] = call{s.scripts.time, []string{s.pingKey(slot)}, nil}
	}
	heard := make([]bool, len(slots))
	for range 3 {
		began := s.now()
		answers := s.runAll(ctx, calls)
		ended := s.now()
		var failed, unheard error
		for i, a := range answers {
			said, err := a.time()
			if err == nil {
				s.clocks.note(slots[i], said, began, ended)
				heard[i] = true
				continue
			}
			if failed = fmt.Errorf("ask redis for the time: %w", err); !heard[i] {
				unheard = failed
			}
		}
		if failed != nil || ended.Sub(began) <= sure {
			return unheard // what took long is wrong by half of that at most, and what decides by it is held against the server's clock
		}
	}
	return nil
}

// begin notes that the caller asks for some slots, until end; or gives what is closed when another, who asks for one of them, has.
func (c *clocks) begin(slots []string) (asked <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, slot := range slots {
		if another := c.asking[c.of(slot)]; another != nil {
			return another
		}
	}
	done := make(chan struct{})
	for _, slot := range slots {
		c.asking[c.of(slot)] = done
	}
	return nil
}

func (c *clocks) end(slots []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.asking[c.of(slots[0])])
	for _, slot := range slots {
		delete(c.asking, c.of(slot))
	}
}

// time reads what TIME says.
func (a answer) time() (time.Time, error) {
	if a.err != nil {
		return time.Time{}, a.err
	}
	seconds, err1 := strconv.ParseInt(a.text(0), 10, 64)
	micros, err2 := strconv.ParseInt(a.text(1), 10, 64)
	if err1 != nil || err2 != nil {
		return time.Time{}, errUnexpected("time", a)
	}
	return time.Unix(seconds, micros*1000).UTC(), nil
}

// heed asks for the time where a script has refused the caller's.
func (s *Store) heed(ctx context.Context, calls []call, answers []answer) {
	var refused []string
	for i, a := range answers {
		if errors.Is(a.err, errApart) {
			refused = append(refused, s.slotOf(calls[i].keys[0]))
		}
	}
	if len(refused) > 0 {
		_ = s.reckon(ctx, refused...) // the next call is refused, too, and asks again
	}
}

// farApart is how far clocks may be from each other without being told.
const farApart = 5 * time.Second

// wrong says that this machine's clock and Redis's are apart. Nothing that the line does goes by this machine's, but one of them
// is wrong.
func (c *clocks) wrong() error {
	var most time.Duration
	for _, slot := range c.slots() {
		if ahead := c.mine().Sub(c.at(slot)); ahead.Abs() > most.Abs() {
			most = ahead
		}
	}
	word := "ahead of"
	if most < 0 {
		word = "behind"
	}
	if most.Abs() <= farApart {
		return nil
	}
	return fmt.Errorf("the clock of this machine is %v %s that of redis, by which the line goes; set both by a time server", most.Abs().Round(time.Second), word)
}

// eachHas says that slots may have servers of their own.
func eachHas(db redis.UniversalClient) bool {
	_, is := db.(*redis.ClusterClient)
	return is
}
