package telegramsim

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Event is one thing that happened, for a live page.
type Event struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"` // sent, edited, deleted, pressed, toast, call, blocked, unblocked
	Bot     string    `json:"bot,omitempty"`
	Chat    int64     `json:"chat,omitempty"`
	Message *Message  `json:"message,omitempty"`
	ID      int64     `json:"message_id,omitempty"` // of a deleted message
	Text    string    `json:"text,omitempty"`       // of a toast; data of a press; method of a call
	Problem string    `json:"problem,omitempty"`    // why a call was refused
}

// eventBacklog is how many events a slow reader may be behind before it loses the oldest.
const eventBacklog = 4096

type eventLog struct {
	readers atomic.Int64 // nobody reads: nothing is kept
	mu      sync.Mutex
	wake    *sync.Cond
	ring    []Event
	last    int64 // sequence number of the newest
	closed  bool
}

func (l *eventLog) init() { l.wake = sync.NewCond(&l.mu) }

func (l *eventLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.wake.Broadcast()
}

func (s *Server) emit(e Event) {
	l := &s.events
	if l.readers.Load() == 0 {
		return
	}
	e.At = s.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	e.Seq = l.last
	if len(l.ring) == eventBacklog {
		l.ring = append(l.ring[:0:0], l.ring[eventBacklog/2:]...)
	}
	l.ring = append(l.ring, e)
	l.wake.Broadcast()
}

func (s *Server) emitCall(c *call, problem *Error) {
	if s.events.readers.Load() == 0 || c.method == "getUpdates" {
		return
	}
	e := Event{Kind: "call", Bot: c.bot.user.Username, Text: c.method}
	if c.req != nil {
		e.Chat = c.int("chat_id")
	}
	if problem != nil {
		e.Problem = problem.Description
	}
	s.emit(e)
}

// Events subscribes to everything that happens from now on, in one order; a chat's events are in the order
// of the chat. Next blocks; it answers false when ctx or the server ends. A gap in Seq tells that the
// reader was too slow. Subscribing begins with this call, so nothing is missed before the first Next.
func (s *Server) Events(ctx context.Context) (next func() (Event, bool)) {
	l := &s.events
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers.Add(1)
	seen := l.last
	context.AfterFunc(ctx, func() {
		l.readers.Add(-1)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.wake.Broadcast()
	})
	return func() (Event, bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for seen == l.last && ctx.Err() == nil && !l.closed {
			l.wake.Wait()
		}
		if ctx.Err() != nil || l.closed {
			return Event{}, false
		}
		first := l.last - int64(len(l.ring)) + 1
		seen = max(seen+1, first)
		return l.ring[seen-first], true
	}
}
