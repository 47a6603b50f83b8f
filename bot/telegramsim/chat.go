package telegramsim

import (
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
)

// chat is one conversation: of a bot and a person, or a group or channel of several.
// Its lock may be held while a bot's update queue or the event log is locked, never the other way round.
type chat struct {
	info *ChatInfo
	ids  *atomic.Int64
	pace bucket
	keep int // messages kept; 0: all

	mu       sync.Mutex
	messages []*Message // by rising id
	deleted  []int64
	reply    json.RawMessage // the reply keyboard shown, or nil
	pinned   *Message
	started  bool           // private: the person wrote first
	blocked  bool           // private: the person blocked the bot
	bots     []*Bot         // who gets updates
	admins   map[int64]bool // group: bots that hear everything
	changed  chan struct{}
}

// view is what the phone shows, taken at once.
func (t *chat) view() View {
	return View{
		Messages:      slices.Clone(t.messages),
		Deleted:       slices.Clone(t.deleted),
		ReplyKeyboard: t.reply,
		Pinned:        t.pinned,
	}
}

// touch wakes whoever waits for a change; the lock is held.
func (t *chat) touch() {
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// watch gives what the next change closes; the lock is held.
func (t *chat) watch() <-chan struct{} {
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.changed
}

// add gives the message its id and its place; the lock is held.
func (t *chat) add(m *Message) {
	m.ID = t.ids.Add(1)
	m.Chat = t.info
	t.messages = append(t.messages, m)
	if t.keep > 0 && len(t.messages) > 2*t.keep {
		t.messages = append(t.messages[:0:0], t.messages[len(t.messages)-t.keep:]...)
	}
	if m.ReplyKeyboard != nil {
		t.showReplyKeyboard(m.ReplyKeyboard)
	}
	t.touch()
}

func (t *chat) showReplyKeyboard(raw json.RawMessage) {
	var keys struct {
		Keyboard json.RawMessage `json:"keyboard"`
		Remove   bool            `json:"remove_keyboard"`
	}
	switch err := json.Unmarshal(raw, &keys); {
	case err != nil:
	case keys.Remove:
		t.reply = nil
	case keys.Keyboard != nil:
		t.reply = raw
	}
}

// index finds a message by id; the lock is held.
func (t *chat) index(id int64) (int, bool) {
	return slices.BinarySearchFunc(t.messages, id, func(m *Message, id int64) int {
		return int(max(-1, min(1, m.ID-id)))
	})
}

// find gives the message or nil; the lock is held.
func (t *chat) find(id int64) *Message {
	if i, found := t.index(id); found {
		return t.messages[i]
	}
	return nil
}

// replace puts an edited message in the place of the one with its id; the lock is held.
func (t *chat) replace(m *Message) {
	if i, found := t.index(m.ID); found {
		t.messages[i] = m
	}
	t.touch()
}

// remove deletes a message and tells whether it was there; the lock is held.
func (t *chat) remove(id int64) bool {
	i, found := t.index(id)
	if !found {
		return false
	}
	t.messages = slices.Delete(t.messages, i, i+1)
	t.deleted = append(t.deleted, id)
	if t.keep > 0 && len(t.deleted) > 2*t.keep {
		t.deleted = append(t.deleted[:0:0], t.deleted[len(t.deleted)-t.keep:]...)
	}
	t.touch()
	return true
}
