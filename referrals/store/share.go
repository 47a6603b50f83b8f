package store

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// share lets calls of many goroutines travel together, in pipelines: one system call each way, at the server as
// here, and with `appendfsync always` one sync of the disk for all of them. Nothing is kept waiting for company: while
// as many pipelines as may be are under way, those who come gather, and the next takes all of them. Who came
// first sends it, so that no goroutine outlives a caller.
type share struct {
	mu      sync.Mutex
	under   int
	waiting []*rider
}

// rider is a call on its way. ready is closed when it has its answer, or when it leads the next pipeline; both are
// written before.
type rider struct {
	call   call
	ready  chan struct{}
	leads  bool
	answer answer
}

// How many pipelines are under way at a time, and how many calls one takes.
const (
	pipelines   = 3
	mostSharing = 64
)

// errUnsent is the answer of calls of which nothing is known.
var errUnsent = errors.New("the pipeline that took this along failed")

// run runs a call, with others or alone, and returns its answer. A caller whose context ends does not wait any longer;
// its call may have run.
func (sh *share) run(ctx context.Context, c call, send func(context.Context, []call) []answer) answer {
	r := &rider{call: c}
	if !sh.board(r) {
		select {
		case <-r.ready:
		case <-ctx.Done():
			if sh.leave(r) {
				return answer{err: ctx.Err()}
			}
		}
		if !r.leads {
			return r.answer
		}
	}
	riders := sh.company(r)
	defer sh.next()
	calls := make([]call, len(riders))
	for i, one := range riders {
		calls[i] = one.call
	}
	if len(riders) > 1 { // not only for this caller
		all, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*answerWithin)
		defer cancel()
		ctx = all
	}
	var answers []answer
	defer func() { // whatever happens in there, nobody waits for ever
		for i, one := range riders[1:] {
			if one.answer = (answer{err: errUnsent}); len(answers) == len(riders) {
				one.answer = answers[i+1]
			}
			close(one.ready)
		}
	}()
	answers = send(ctx, calls)
	return answers[0]
}

// board says that a call leads a pipeline at once; otherwise it waits.
func (sh *share) board(r *rider) (leads bool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.under < pipelines {
		sh.under++
		return true
	}
	r.ready = make(chan struct{})
	sh.waiting = append(sh.waiting, r)
	return false
}

// leave says that a call need not be waited for: it is given up, or others run it. It is false for one that leads.
func (sh *share) leave(r *rider) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.waiting = slices.DeleteFunc(sh.waiting, func(w *rider) bool { return w == r })
	return !r.leads
}

// company takes those that wait to the one that leads.
func (sh *share) company(leader *rider) []*rider {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	n := min(len(sh.waiting), mostSharing-1)
	riders := append([]*rider{leader}, sh.waiting[:n]...)
	sh.waiting = slices.Delete(sh.waiting, 0, n)
	return riders
}

// next lets the one that waited longest lead the next pipeline.
func (sh *share) next() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if len(sh.waiting) == 0 {
		sh.under--
		return
	}
	first := sh.waiting[0]
	sh.waiting = slices.Delete(sh.waiting, 0, 1)
	first.leads = true
	close(first.ready)
}
