package telegramsim

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Trace is the history of some chats: what was handed to the bot and which calls it made, in the order they came.
// It holds a bounded number of moments, the first ones, and works with Options.Load too.
type Trace struct {
	most  int
	chats map[int64]bool // nil: all

	mu      sync.Mutex
	moments []Moment
	missed  int
}

// Moment is one thing of a traced chat: an update that was handed to the bot, or a call the bot made.
type Moment struct {
	At     time.Time
	Bot    string // username
	Chat   int64
	Update string // the update's kind; empty for a call
	ID     int64  // the update's
	Method string // the call's method; empty for an update
	Of     string // the message that the call edits, or those that it deletes
	Text   string // of the message or its caption; a press's data
	File   string // the name of the document sent
	Err    *Error // why the call was refused; nil: done
	// Sent is how many messages the bot had sent before, to any chat: those the speed limits count.
	Sent int64
}

// traces are the histories being written.
type traces struct {
	any  atomic.Bool // whether there is one, so that calls take no lock without
	mu   sync.Mutex
	live []*Trace
}

// Trace writes down what happens in the chats from now on, in all of them when none is named, until stop is called
// or most moments were written.
func (s *Server) Trace(most int, chats ...int64) (t *Trace, stop func()) {
	t = &Trace{most: most}
	if len(chats) > 0 {
		t.chats = make(map[int64]bool, len(chats))
		for _, c := range chats {
			t.chats[c] = true
		}
	}
	s.trace.mu.Lock()
	defer s.trace.mu.Unlock()
	s.trace.live = append(s.trace.live, t)
	s.trace.any.Store(true)
	return t, func() { s.trace.remove(t) }
}

// Moments gives what was written so far, and how many moments found no room.
func (t *Trace) Moments() (moments []Moment, missed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.moments), t.missed
}

func (s *traces) remove(t *Trace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = slices.DeleteFunc(s.live, func(other *Trace) bool { return other == t })
	s.any.Store(len(s.live) > 0)
}

// add writes a moment into every trace that follows its chat.
func (s *traces) add(m Moment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.live {
		if t.chats == nil || t.chats[m.Chat] {
			t.add(m)
		}
	}
}

func (t *Trace) add(m Moment) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.moments) == t.most {
		t.missed++
		return
	}
	t.moments = append(t.moments, m)
}

// handed writes down an update on its way to the bot.
func (s *traces) handed(b *Bot, u update) {
	if !s.any.Load() {
		return
	}
	s.add(Moment{At: b.srv.now(), Bot: b.user.Username, Chat: u.chat, Update: u.kind, ID: u.id, Text: u.note, Sent: b.sent.Load()})
}

// called writes down a call that has ended.
func (s *traces) called(c *call, problem *Error) {
	if !s.any.Load() || c.req == nil || c.method == "getUpdates" {
		return
	}
	m := Moment{At: c.srv.now(), Bot: c.bot.user.Username, Chat: c.concerns(), Method: c.method,
		Of: c.str("message_id") + c.str("message_ids"), Text: c.str("text") + c.str("caption"), Err: problem, Sent: c.number - 1}
	if u := c.req.file("document"); u != nil {
		m.File = u.name
	}
	if c.number == 0 {
		m.Sent = c.bot.sent.Load()
	}
	s.add(m)
}
