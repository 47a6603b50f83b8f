package telegramsim

import (
	"net/http"
	"time"
)

// poller is one getUpdates call that waits; ended gets the reason when another call ends it.
type poller struct{ ended chan *Error }

// longestPoll is the longest wait of getUpdates; longer ones are cut to it, as the real server does.
const longestPoll = 50 * time.Second

// getUpdates confirms what is below the offset and answers with what waits, or waits for something.
func (c *call) getUpdates() (any, *Error) {
	q := &c.bot.queue
	p, batch, err := q.startPoll(c)
	if p == nil {
		return batch, c.conflicted(err)
	}
	defer q.endPoll(p)
	timer := time.NewTimer(min(longestPoll, time.Duration(c.int("timeout"))*time.Second))
	defer timer.Stop()
	for {
		batch, added := q.batchOrWatch(c)
		if batch != nil {
			return batch, nil
		}
		select {
		case <-added:
		case <-timer.C:
			return []byte("[]"), nil
		case err := <-p.ended:
			return nil, c.conflicted(err)
		case <-c.done():
			return []byte("[]"), nil
		case <-c.srv.ctx.Done():
			return []byte("[]"), nil
		}
	}
}

// startPoll ends an older poll, confirms, and gives a batch at once, or a poller that has to wait.
func (q *queue) startPoll(c *call) (*poller, []byte, *Error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.hook != nil {
		return nil, nil, conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
	}
	if err := q.allow(c); err != nil {
		return nil, nil, err
	}
	q.interrupt(conflict("terminated by other getUpdates request; make sure that only one bot instance is running"))
	q.confirm(c.int("offset"))
	if batch := q.batch(c.int("limit")); batch != nil || c.int("timeout") <= 0 {
		if batch == nil {
			batch = []byte("[]")
		}
		return nil, batch, nil
	}
	q.poller = &poller{ended: make(chan *Error, 1)}
	return q.poller, nil, nil
}

// conflictEvery is how often a conflict is told at once: an earlier one waits so long for its answer, which keeps
// two pollers from interrupting each other all the time (Client.cpp, fail_query_conflict).
const conflictEvery = 3 * time.Second

// conflicted holds back the answer to a poll that was ended or refused because of another, or of a webhook.
func (c *call) conflicted(err *Error) *Error {
	if err == nil || err.Code != http.StatusConflict || c.http == nil {
		return err
	}
	if wait := c.bot.queue.conflictWait(); wait > 0 {
		c.srv.sleep(c.http, wait)
	}
	return err
}

func (q *queue) conflictWait() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if now.Before(q.calm) {
		return conflictEvery
	}
	q.calm = now.Add(conflictEvery)
	return 0
}

// interrupt ends the poll that waits, if there is one; the lock is held.
func (q *queue) interrupt(reason *Error) {
	if q.poller != nil {
		q.poller.ended <- reason
		q.poller = nil
	}
}

func (q *queue) endPoll(p *poller) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.poller == p {
		q.poller = nil
	}
}

// confirm forgets what is below a positive offset; a negative one keeps so many of the newest.
func (q *queue) confirm(offset int64) {
	q.expire()
	n := 0
	if offset < 0 {
		n = max(0, len(q.pending)+int(max(offset, -1<<30)))
	}
	for offset > 0 && n < len(q.pending) && q.pending[n].id < offset {
		n++
	}
	q.pending = q.pending[n:]
}

// batch gives the oldest updates as a JSON array, nil when there are none. A limit outside 1-100 is 100.
func (q *queue) batch(limit int64) []byte {
	if limit < 1 || limit > 100 {
		limit = 100
	}
	n := min(int(limit), len(q.pending))
	if n == 0 {
		return nil
	}
	out := []byte{'['}
	for i, u := range q.pending[:n] {
		if i > 0 {
			out = append(out, ',')
		}
		q.bot.srv.trace.handed(q.bot, u)
		out = append(out, u.json()...)
	}
	return append(out, ']')
}

func (q *queue) batchOrWatch(c *call) ([]byte, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if batch := q.batch(c.int("limit")); batch != nil {
		return batch, nil
	}
	if q.added == nil {
		q.added = make(chan struct{})
	}
	return nil, q.added
}

// done is closed when the caller left; nil for a call in a webhook's answer.
func (c *call) done() <-chan struct{} {
	if c.http == nil {
		return nil
	}
	return c.http.Context().Done()
}
