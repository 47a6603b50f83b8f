package bot

import (
	"slices"
	"sync"
	"sync/atomic"
)

// screens knows, of the chats this process has answered lately, which message shows the current screen, and
// which screens still wait to be sent. It is a courtesy, kept in memory only: a screen that a newer one
// overtakes is not sent, and one that was replaced goes or loses its buttons.
type screens struct {
	mu    sync.Mutex
	chats map[string]*chatScreens
}

type chatScreens struct {
	waiting []*leaving // screens not sent yet, in order
	message int        // the message that shows the last one
	turn    int        // its number
	notes   []string
	asks    bool // it is a question
	short   bool // its question stands above it
}

// mostScreens bounds the memory; beyond it everything is forgotten, which only leaves buttons behind.
const mostScreens = 20_000

func (s *screens) chat(order string) *chatScreens {
	if s.chats == nil || len(s.chats) > mostScreens {
		s.chats = map[string]*chatScreens{}
	}
	if s.chats[order] == nil {
		s.chats[order] = &chatScreens{}
	}
	return s.chats[order]
}

// says is whether a screen says all that an older one does: which messages were kept, every screen tells.
func says(notes, older []string) bool {
	return !slices.ContainsFunc(older, func(n string) bool { return n != keptNote && !slices.Contains(notes, n) })
}

// keptNote tells how many messages were kept: a newer count takes its place.
const keptNote = "note.kept"

// comes notes a screen that is going to be sent, and gives those that need not be any more, because it says all that they
// say: however much a person writes while Telegram is slow, one screen waits. One of an earlier commit, which comes late because
// somebody else had it in hand, overtakes none.
func (s *screens) comes(l *leaving) (overtaken []*leaving) {
	if !l.Screen {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.chat(l.order)
	k.waiting = slices.DeleteFunc(k.waiting, func(old *leaving) bool {
		if l.Short && !old.Short { // its question would not be asked at all
			return false
		}
		if l.id.before(old.id) || old.Sweep > 0 || len(old.Gone) > 0 || !says(l.Notes, old.Notes) || !old.stage.CompareAndSwap(stageWaits, stageOver) {
			return false
		}
		overtaken = append(overtaken, old)
		return true
	})
	k.waiting = append(k.waiting, l)
	return overtaken
}

// The stages of a screen on its way.
const (
	stageWaits int32 = iota
	stageLeaves
	stageOver // a newer one overtook it
)

// stage is how far a screen has come.
type stage struct{ atomic.Int32 }

// over says that a message need not be sent any more.
func (l *leaving) over() bool { return l.stage.Load() == stageOver }

// leaves notes that a screen is being sent. It says false when a newer one overtook it.
func (s *screens) leaves(l *leaving) bool {
	if !l.Screen || l.stage.Load() == stageLeaves {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.chat(l.order)
	k.waiting = slices.DeleteFunc(k.waiting, func(w *leaving) bool { return w == l })
	return l.stage.CompareAndSwap(stageWaits, stageLeaves)
}

// below says that a screen was sent below the message that a call edits: the question must not be asked above it.
func (s *screens) below(l *leaving) bool {
	if !l.Screen || l.Edits == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chat(l.order).message > l.Edits
}

// shown notes which message shows the current screen, and gives the one that it replaces, 0: none. same says that
// the one before asked the same, or a question that has been answered, and said nothing that this one does not; or that it says
// nothing without the question above it. A screen that does not repeat its question replaces none that asks it.
//
// It reads what stood before and writes what stands now: it must be called once for each screen, in the order in which they are sent.
func (s *screens) shown(order string, c call, message int) (old int, same bool) {
	if !c.Screen {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.chat(order)
	if message == 0 {
		if c.Method == "editMessageText" {
			k.message, k.turn, k.notes, k.asks, k.short = c.Edits, c.Turn, c.Notes, c.Asks, false
		}
		return 0, false
	}
	old, same = k.message, k.message != 0 && (k.short || (k.asks || k.turn == c.Turn) && says(c.Notes, k.notes))
	if old == 0 {
		old = c.Edits
	}
	if c.Short && !k.short {
		old, same = 0, false
	}
	k.message, k.turn, k.notes, k.asks, k.short = message, c.Turn, c.Notes, c.Asks, c.Short
	return old, same
}
