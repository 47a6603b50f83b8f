package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"defenderline/referrals"
)

// table is where workers take work from in a test.
type table struct {
	mu       sync.Mutex
	due      []referrals.Work
	fails    int // commits that fail first
	commits  []referrals.Work
	left     []referrals.Commit
	more     []referrals.Work // brought by the next commits
	released map[string]time.Time
	extended int
}

func (b *table) put(w referrals.Work) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.due = append(b.due, w)
}

func (b *table) Take(_ context.Context, _ []string, n int) ([]referrals.Work, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = min(n, len(b.due))
	out := b.due[:n]
	b.due = b.due[n:]
	return out, nil
}

func (b *table) Commit(ctx context.Context, w referrals.Work, c referrals.Commit) ([]referrals.Task, *referrals.Work, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if b.fails--; b.fails >= 0 {
		return nil, nil, errors.New("away")
	}
	b.commits, b.left = append(b.commits, w), append(b.left, c)
	var again *referrals.Work
	if len(b.more) > 0 {
		again, b.more = &b.more[0], b.more[1:]
	}
	return nil, again, nil
}

func (b *table) Release(_ context.Context, w referrals.Work, at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.released[w.Name] = at
	return nil
}

func (b *table) Extend(context.Context, referrals.Work) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.extended++
	return nil
}

// crew are workers at a table.
type crew struct {
	*workers
	table *table
	bench *bench0
}

func newCrew(t testing.TB) *crew {
	b := newBench(t)
	b.turner.now = time.Now
	tb := &table{released: map[string]time.Time{}}
	out := newOutbox(false, time.Now)
	r := &runner{store: b.store, late: b.store, history: b.store, holding: b.store, desks: &post{dir: b.dir, texts: b.texts}, out: out, wake: func(string) {}, now: time.Now, log: quiet(),
		meters: NewMeters(prometheus.NewRegistry()), hands: newHands(b.store, time.Now, time.Now, quiet())}
	f := newFiles(telegramFile)
	return &crew{table: tb, bench: b, workers: &workers{bench: tb, leases: tb, turner: b.turner, cases: newCasework(), files: f.fileworker, runner: r,
		queue: make(chan referrals.Work, 4), urgent: make(chan referrals.Work, 4), poke: make(chan string, 4), lease: 15 * time.Second, log: quiet(), nothing: lookEvery}}
}

// chatWork is the work of a chat with one message.
func chatWork(name string) referrals.Work {
	return referrals.Work{Member: referrals.Member{Slot: "p07", Name: name}, Number: 1,
		Inbox: []referrals.Entry{{ID: "l1", Body: append([]byte{lineBot}, say(1, "hello")...)}}}
}

func TestWorkersFinishWhatTheyHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(t)
		for i := range 4 {
			c.queue <- chatWork(fmt.Sprint("c", i))
		}
		stop := make(chan struct{})
		close(stop)
		c.work(t.Context(), stop, false)
		if len(c.table.commits) != 4 {
			t.Errorf("%d of 4 turns were committed at the end", len(c.table.commits))
		}
	})
}

func TestWhatNobodyCanTakeIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(t)
		var work []referrals.Work
		for i := range 6 {
			work = append(work, chatWork(fmt.Sprint("c", i)))
		}
		c.hand(work)
		if len(c.queue) != 4 || len(c.table.released) != 2 || !c.table.released["c5"].Equal(time.Now()) {
			t.Errorf("queued %d, released %v", len(c.queue), c.table.released)
		}
	})
}

func TestLookTakesWhatIsDueAndWhatIsPoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(t)
		ctx, cancel := context.WithCancel(t.Context())
		var looking sync.WaitGroup
		c.table.due = []referrals.Work{chatWork("c1")}
		looking.Go(func() { c.look(ctx) })
		c.wake("p07")
		synctest.Wait()
		if len(c.queue) != 1 {
			t.Error("a poke was not followed")
		}
		c.table.put(chatWork("c2"))
		time.Sleep(lookEvery)
		synctest.Wait()
		if len(c.queue) != 2 {
			t.Error("what others left was not found")
		}
		for range 100 { // more pokes than fit
			c.wake("p07")
		}
		cancel()
		looking.Wait()
	})
}

func TestTurnsGoOnUntilTheInboxIsEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(t)
		next := chatWork("c1")
		next.Number = 2
		c.table.more = []referrals.Work{next}
		c.handle(t.Context(), chatWork("c1"))
		if len(c.table.commits) != 2 || c.table.commits[1].Number != 2 {
			t.Errorf("commits %+v", c.table.commits)
		}
	})
}

func TestCommitIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(t)
		c.table.fails = mostCommits - 1
		c.handle(t.Context(), chatWork("c1"))
		if len(c.table.commits) != 1 {
			t.Error("a commit was given up while its lease lasts")
		}
		c.table.fails = 1000
		c.handle(t.Context(), chatWork("c2")) // returns
		if len(c.table.commits) != 1 {
			t.Error("committed")
		}
	})
}

func TestTurnThatFailsIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(t)
		w := chatWork("c1")
		w.State = []byte("{")
		c.handle(t.Context(), w)
		if at := c.table.released["c1"]; time.Until(at) != firstPause || len(c.table.commits) != 0 {
			t.Errorf("released for %v", at)
		}
		for range 20 { // it fails again and again
			c.handle(t.Context(), w)
		}
		if at := c.table.released["c1"]; time.Until(at) != longestPause {
			t.Errorf("after 21 failures it rests for %v", time.Until(at))
		}
		c.turner.engine = nil // whatever else goes wrong
		c.handle(t.Context(), chatWork("c2"))
		if _, ok := c.table.released["c2"]; !ok || len(c.table.commits) != 0 {
			t.Error("a panic was not caught")
		}
	})
}

// A file that takes longer than a lease keeps its case.
func TestLeaseIsKeptWhileAFileIsSealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(t)
		c.files.clients[lineBot] = clientOf(server(telegramFile))
		c.files.seal = slowSeal{&glass{}}
		c.handle(t.Context(), fileWork(t, 1))
		if c.table.extended < 5 || len(c.table.commits) != 1 {
			t.Errorf("extended %d times, %d commits", c.table.extended, len(c.table.commits))
		}
	})
}

// clockWork is the clock of a holding.
func clockWork(desk, code string) referrals.Work {
	return referrals.Work{Member: referrals.Member{Slot: "desk:" + desk, Name: "h" + code}, Number: 1}
}

func TestClocksMoveSilentCases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(t)
		hold := func(desk, code string, s referrals.State, due time.Time) {
			c.bench.store.hold(referrals.Holding{Desk: desk, Code: code, State: s, Lane: referrals.Emergency, Origin: "p07", Since: time.Now(), Due: due})
		}
		past, later := time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
		hold("lima", "AAAA-BBBB", referrals.Alerted, past)
		hold("fld", "AAAA-BBBB-1", referrals.Offered, past)
		hold("gone", "CCCC-DDDD", referrals.Alerted, past) // a desk that the configuration no longer has
		hold("lima", "EEEE-FFFF", referrals.Alerted, later)
		for _, w := range []referrals.Work{clockWork("lima", "AAAA-BBBB"), clockWork("fld", "AAAA-BBBB-1"), clockWork("gone", "CCCC-DDDD"),
			clockWork("lima", "EEEE-FFFF"), clockWork("lima", "GGGG-HHHH")} {
			c.handle(t.Context(), w)
		}
		var got []string
		for key, h := range c.bench.store.holdings {
			got = append(got, key+" "+string(h.State))
		}
		slices.Sort(got)
		want := []string{"fld AAAA-BBBB-1 expired", "gone CCCC-DDDD silent", "lima AAAA-BBBB alerted", "lima EEEE-FFFF alerted"}
		if !slices.Equal(got, want) {
			t.Errorf("holdings %q, want %q", got, want)
		}
		if len(c.bench.store.moves) != 3 || !c.table.released["hEEEE-FFFF"].Equal(later) {
			t.Errorf("%d moves, released %v", len(c.bench.store.moves), c.table.released)
		}
	})
}

// A flood of others does not hold up people in an emergency: neither its first word nor what follows.
func TestPeopleInDangerAreTakenFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(t)
		begin := chatWork("c9")
		begin.Inbox[0].Body = append([]byte{lineBot}, say(1, "/emergency")...)
		c.hand([]referrals.Work{chatWork("c1"), chatWork("c2"), begin})
		stop := make(chan struct{})
		close(stop)
		c.work(t.Context(), stop, true)
		if len(c.table.commits) != 1 || c.table.commits[0].Name != "c9" {
			t.Fatalf("first %+v", c.table.commits)
		}
		c.answered(begin.Member, []referrals.Task{{Errand: call{Lane: laneUrgent}.errand(begin.Member)}})
		c.hand([]referrals.Work{{Member: begin.Member, Number: 2}})
		if len(c.urgent) != 1 || len(c.queue) != 2 {
			t.Errorf("%d urgent, %d others", len(c.urgent), len(c.queue))
		}
		c.answered(begin.Member, nil)
		c.hand([]referrals.Work{{Member: begin.Member, Number: 3}})
		if len(c.urgent) != 1 || len(c.queue) != 3 {
			t.Errorf("%d urgent, %d others after the emergency", len(c.urgent), len(c.queue))
		}
	})
}
