package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// echo answers each call with its first key, after a time, and counts how many travelled in each pipeline.
type echo struct {
	mu     sync.Mutex
	takes  time.Duration
	counts []int
	under  int
	most   int
}

func (e *echo) send(ctx context.Context, calls []call) []answer {
	e.mu.Lock()
	e.counts = append(e.counts, len(calls))
	e.under++
	e.most = max(e.most, e.under)
	e.mu.Unlock()
	select {
	case <-time.After(e.takes):
	case <-ctx.Done():
	}
	e.mu.Lock()
	e.under--
	e.mu.Unlock()
	answers := make([]answer, len(calls))
	for i, c := range calls {
		answers[i] = answer{err: ctx.Err(), rest: []any{c.keys[0]}}
	}
	return answers
}

// Everybody has the answer to their own call, nobody waits for company, and so many pipelines are under way at most.
func TestCallsShareRoundTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sh, e := &share{}, &echo{takes: time.Second}
		var all sync.WaitGroup
		for i := range 3 * mostSharing {
			all.Go(func() {
				key := fmt.Sprint("key ", i)
				if a := sh.run(t.Context(), call{keys: []string{key}}, e.send); a.err != nil || a.text(0) != key {
					t.Errorf("%s was answered %q, %v", key, a.text(0), a.err)
				}
			})
			if i < pipelines {
				synctest.Wait() // those who come first leave alone
			}
		}
		all.Wait()
		sum := 0
		for i, n := range e.counts {
			sum += n
			if i < pipelines && n != 1 {
				t.Errorf("the first went with %v", e.counts)
			}
		}
		if sum != 3*mostSharing || e.most != pipelines || len(e.counts) > 2*pipelines+1 || sh.under != 0 || len(sh.waiting) != 0 {
			t.Errorf("%d calls in pipelines of %v, %d at once, %d left", sum, e.counts, e.most, sh.under)
		}
	})
}

// Whoever gives up waits no longer, and takes nobody along: not those who travel with them, and not those who come next.
func TestSharingSurvivesWhoGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sh, e := &share{}, &echo{takes: time.Second}
		run := func(ctx context.Context, key string) answer { return sh.run(ctx, call{keys: []string{key}}, e.send) }
		var all sync.WaitGroup
		for range pipelines {
			all.Go(func() { run(t.Context(), "first") })
			time.Sleep(time.Millisecond) // of the bubble's time: they end one after another
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		for i := range 4 { // the first of them leads what comes next, the second waits with it
			of := []context.Context{ctx, ctx, t.Context(), t.Context()}[i]
			all.Go(func() {
				if a := run(of, "later"); (a.err != nil) != (i == 1) || i == 1 && !errors.Is(a.err, context.DeadlineExceeded) {
					t.Errorf("caller %d: %v", i, a.err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if a := run(t.Context(), "last"); a.err != nil || sh.under != 0 || len(sh.waiting) != 0 {
			t.Errorf("afterwards: %v, %d under way", a.err, sh.under)
		}
		early, gone := context.WithCancel(t.Context())
		for range pipelines {
			all.Go(func() { run(t.Context(), "first") })
			synctest.Wait()
		}
		all.Go(func() {
			if a := run(early, "gives up at once"); !errors.Is(a.err, context.Canceled) {
				t.Errorf("answered %v", a.err)
			}
		})
		synctest.Wait()
		gone()
		all.Wait()
		if sh.under != 0 || len(sh.waiting) != 0 {
			t.Errorf("%d under way, %d wait", sh.under, len(sh.waiting))
		}
	})
}
