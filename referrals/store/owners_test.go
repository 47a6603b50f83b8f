package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// ledger is what was handled by commits that succeeded, as the workers saw it.
type ledger struct {
	mu      sync.Mutex
	handled map[referrals.Member][]int64
}

func (l *ledger) note(w referrals.Work) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handled[w.Member] = append(l.handled[w.Member], orders(w)...)
}

// handle commits work, and what comes back with it, until nothing does.
func (l *ledger) handle(b backend, w referrals.Work) error {
	for next := &w; next != nil; {
		tasks, again, err := b.Commit(b.ctx, *next, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(*next),
			Errands: []referrals.Errand{{Notice: &referrals.Notice{Desk: "lima"}}}})
		if err != nil {
			return err
		}
		l.note(*next)
		if err := b.Settle(b.ctx, done(tasks...)); err != nil {
			return err
		}
		next = again
	}
	return nil
}

func TestManyReceiversHandleEachUpdateOnce(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		const chats, updates, receivers = 7, 40, 4
		l := &ledger{handled: map[referrals.Member][]int64{}}
		var g errgroup.Group
		for receiver := range receivers {
			g.Go(func() error {
				for i := range int64(updates) {
					for chat := range int64(chats) {
						if (chat+i)%receivers != int64(receiver) && i%3 != 0 { // every third arrives at all receivers
							continue
						}
						works, err := b.Keep(b.ctx, []referrals.Post{post(b.Chat("line", chat), chat*1000+i)})
						if err != nil {
							return err
						}
						for _, w := range works {
							if err := l.handle(b, w); err != nil {
								return err
							}
						}
					}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		for chat := range int64(chats) {
			seen := map[int64]int{}
			for _, order := range l.handled[b.Chat("line", chat)] {
				seen[order]++
			}
			if len(seen) != updates || len(l.handled[b.Chat("line", chat)]) != updates {
				t.Fatalf("chat %d: %d of %d updates handled, %d times", chat, len(seen), updates, len(l.handled[b.Chat("line", chat)]))
			}
		}
		if d, err := b.Depth(b.ctx); err != nil || d != (Depth{}) {
			t.Fatalf("left over: %+v %v", d, err)
		}
	})
}

func TestOneOfManyClaims(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.offer(t, "ABCD-EFGH-1", referrals.Emergency)
		var g errgroup.Group
		won := make([]bool, 16)
		for i := range won {
			g.Go(func() error {
				h, _, err := b.Move(b.ctx, referrals.Move{ID: fmt.Sprint("claim", i), Desk: "fld", Code: "ABCD-EFGH-1",
					From: []referrals.State{referrals.Offered}, To: referrals.Claimed, Claims: true, AtRung: -1})
				if won[i] = err == nil; won[i] && h.Claim != 1 {
					return fmt.Errorf("claim %d", h.Claim)
				}
				if errors.Is(err, referrals.ErrNotThere) {
					return nil
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		winners := 0
		for _, w := range won {
			if w {
				winners++
			}
		}
		if winners != 1 {
			t.Fatalf("%d won the same claim", winners)
		}
	})
}

func TestALongInboxComesInParts(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := b.Chat("line", 1)
		var posts []referrals.Post
		for i := range int64(2*inboxLimit + 10) {
			posts = append(posts, post(m, i))
		}
		w := b.mustKeep(t, posts...)[0]
		var all []int64
		for next := &w; next != nil; {
			if len(next.Inbox) > inboxLimit {
				t.Fatalf("%d at once", len(next.Inbox))
			}
			all = append(all, orders(*next)...)
			_, next = b.mustCommit(t, *next, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(*next)})
		}
		for i, order := range all {
			if order != int64(i) || len(all) != len(posts) {
				t.Fatalf("%d is at place %d of %d", order, i, len(all))
			}
		}
	})
}

func TestTheLongestDueComesFirst(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		want := []string{}
		for i := range int64(6) {
			m := b.Chat("line", i)
			want = append(want, m.Name)
			if err := b.Post(b.ctx, post(m, i)); err != nil {
				t.Fatal(err)
			}
			b.clock.move(time.Second)
		}
		for _, n := range []int{0, 2, 3, 10} {
			for i, w := range b.mustTake(t, n) {
				if i >= n || w.Name != want[0] {
					t.Fatalf("%d of %d: %s before %s", i, n, w.Name, want[0])
				}
				want = want[1:]
			}
		}
		if len(want) != 0 {
			t.Fatalf("never taken: %v", want)
		}
		if got, err := b.Take(b.ctx, []string{}, 1); err != nil || len(got) != 0 {
			t.Fatalf("of no slots: %v %v", got, err)
		}
	})
}

func TestTwoWhoSawTheSameDueShareNothing(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		if err := b.Post(b.ctx, post(b.Chat("line", 1), 1)); err != nil {
			t.Fatal(err)
		}
		b.mustMove(t, referrals.Move{ID: "o", Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered, Due: b.clock.now()})
		due, err := b.due(b.ctx, nil, 10)
		if err != nil || len(due) != 2 {
			t.Fatalf("due: %+v %v", due, err)
		}
		for _, c := range due {
			taker := b.takeCall(c.Member)
			first, second := b.run(b.ctx, taker), b.run(b.ctx, taker)
			if first.text(0) != "taken" || second.text(0) != "none" {
				t.Fatalf("%s: %q, then %q", c.Name, first.text(0), second.text(0))
			}
		}
	})
}

func TestABadPostOrCommitChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := b.Chat("line", 1)
		for _, p := range []referrals.Post{{To: m}, {ID: "x"}, {To: m, ID: "x", Order: maxOrder + 1}} {
			if _, err := b.Keep(b.ctx, []referrals.Post{post(m, 1), p}); err == nil {
				t.Errorf("kept: %+v", p)
			}
		}
		if n := b.db.Exists(b.ctx, b.inboxKey(m)).Val(); n != 0 {
			t.Fatal("some of it was kept")
		}
		w := b.mustKeep(t, post(m, 1))[0]
		for name, c := range map[string]referrals.Commit{
			"no end":               {State: []byte("s")},
			"deleted, due again":   {Again: b.clock.now()},
			"an empty errand":      {Errands: []referrals.Errand{{}}},
			"two errands in one":   {Errands: []referrals.Errand{{Post: &referrals.Post{}, Send: &referrals.Send{}}}},
			"a nameless birth":     {Births: []referrals.Birth{{State: []byte("s"), Keep: time.Hour}}},
			"an endless birth":     {Births: []referrals.Birth{{Name: "k", State: []byte("s")}}},
			"a deskless document":  {Documents: []referrals.Document{{Case: code, Name: "x", Keep: time.Hour}}},
			"an endless document":  {Documents: []referrals.Document{{Case: code, Desk: "lima", Name: "x"}}},
			"a birth with nothing": {Births: []referrals.Birth{{Name: "k", Keep: time.Hour}}},
		} {
			if _, _, err := b.Commit(b.ctx, w, c); err == nil {
				t.Errorf("%s: committed", name)
			}
		}
		for name, m := range map[string]referrals.Move{
			"no id":    {Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered},
			"no desk":  {ID: "x", Code: "ABCD-EFGH-1", To: referrals.Offered},
			"no state": {ID: "x", Desk: "fld", Code: "ABCD-EFGH-1", To: "lost"},
			"a bad errand": {ID: "x", Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered,
				Errands: []referrals.Errand{{}}},
		} {
			if _, _, err := b.Move(b.ctx, m); err == nil {
				t.Errorf("%s: moved", name)
			}
		}
		if again := b.mustTake(t, 1); len(again) != 0 {
			t.Fatalf("the member was let go: %+v", again)
		}
	})
}

func TestASentinelFindsTheServer(t *testing.T) {
	server := redistest.Start(t)
	sentinel := redistest.StartSentinel(t, "line", server)
	b := open(t, Options{Sentinel: Sentinel{Master: "line", Addresses: []string{sentinel}}, RequireDurable: true})
	journey(t, b)
}

func TestAMissingPermissionIsNamedWithoutArguments(t *testing.T) {
	server := redistest.Start(t, "--user", "default", "on", "nopass", "~*", "&*", "+@all", "-@scripting")
	b := open(t, Options{URL: server.URL()})
	m := b.Chat("line", 1)
	_, err := b.Keep(b.ctx, []referrals.Post{{To: m, ID: canary, Body: []byte(canary)}})
	if err == nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "@scripting") {
		t.Fatalf("kept with %v", err)
	}
}

func TestADeadlineEndsACall(t *testing.T) {
	server := redistest.Start(t)
	b := open(t, Options{URL: server.URL()})
	if err := server.Client().Do(b.ctx, "CLIENT", "PAUSE", "60000").Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := b.Keep(ctx, []referrals.Post{post(b.Chat("line", 1), 1)}); err == nil {
		t.Fatal("kept by a server that does not answer")
	}
}

// fillQueue puts n offered places into a queue, as fast as Redis can.
const fillQueue = `for i = 1, tonumber(ARGV[1]) do
  redis.call('ZADD', KEYS[1], 4, '1' .. string.format('%012x', i) .. 'ABCD-EFGH-' .. i)
end return 1`

func BenchmarkHoldingsAmongAMillion(b *testing.B) {
	server := redistest.Start(b)
	s := open(b, Options{URL: server.URL()})
	if err := redis.NewScript(fillQueue).Run(s.ctx, redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: time.Minute}),
		[]string{s.queueKey("fld")}, 1_000_000).Err(); err != nil {
		b.Fatal(err)
	}
	s.offer(b, "ZZZZ-ZZZZ-1", referrals.Emergency)
	s.offer(b, "ZZZZ-ZZZZ-2", referrals.Routine)
	b.Run("first page", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := s.Holdings(s.ctx, "fld", nil, 50, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			if n, err := s.CountOpen(s.ctx, "fld", referrals.Offered); err != nil || n != 1_000_002 {
				b.Fatal(n, err)
			}
		}
	})
}
