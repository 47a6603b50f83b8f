package bot

import (
	"encoding/json"
	"fmt"
	"time"

	"defenderline/flows"
)

// Bots name which of the two bots an update came to and a message leaves by. The byte is the
// first of a post's body; the rest is the raw update.
const (
	lineBot = 'l'
	deskBot = 'd'
)

// chatState is the record of one chat: its conversation and what answering it needs. It is
// sealed wherever it is kept.
type chatState struct {
	Session flows.Session `json:"s"`
	// Chat is the messenger's id of the chat: the only place it is kept, for news of a case.
	Chat int64 `json:"c"`
	Bot  byte  `json:"b"`
	// Theirs are the ids of the person's messages that Telegram still lets the bot delete, and of older ones until the person writes anew.
	Theirs []stamp `json:"m,omitempty"`
	// Screen is the message whose buttons are the current ones, when its id is known: 0 after one was
	// sent anew, until somebody presses it.
	Screen int `json:"sc,omitempty"`
	// Pressed is the message whose button was taken last, and Asked when the present question was asked first, in Unix
	// seconds by Telegram's clock.
	Pressed int   `json:"pr,omitempty"`
	Asked   int64 `json:"as,omitempty"`
	// Newest is the person's newest message: a screen above it is not edited but sent anew below.
	Newest int `json:"ne,omitempty"`
	// Minute and Count are the rate of updates: the minute they are counted in, and how many.
	Minute int64 `json:"mi,omitempty"`
	Count  int   `json:"co,omitempty"`
	// Day and Bytes count the files of a day, in days since 1970.
	Day   int64 `json:"d,omitempty"`
	Bytes int64 `json:"by,omitempty"`
	// Last is when the person last did something, in Unix seconds: a draft ends so long after it.
	Last int64 `json:"la,omitempty"`
	// From is the first message of what is under way: when it ends, the screens from there on are deleted. 0: nothing is.
	From int `json:"fr,omitempty"`
	// Agreed is what was consented to, by the code of a case in the session.
	Agreed map[string][]string `json:"ag,omitempty"`
	// Born is when the record began, in Unix milliseconds: what was made before, a wipe has ended.
	Born int64 `json:"bo,omitempty"`
	// Held is what the line has to say by itself when the person lets it.
	Held []heldNews `json:"he,omitempty"`
	// Talk is what an officer's chat is in the middle of.
	Talk *deskTalk `json:"ta,omitempty"`
	// Blocked says that the person blocked the bot: nothing is sent until they write again.
	Blocked bool `json:"bl,omitempty"`
}

// stamp is a message and when it was written.
type stamp struct {
	ID int   `json:"i"`
	At int64 `json:"a"` // Unix seconds
}

// deletable is how long Telegram lets a bot delete messages of a private chat.
const deletable = 48 * time.Hour

// openState reads a record; nil is the state of a chat that is new.
func openState(raw []byte) (chatState, error) {
	var s chatState
	if raw == nil {
		return s, nil
	}
	if err := parse(raw, &s); err != nil {
		return chatState{}, fmt.Errorf("a chat's record cannot be read; was it written by a newer version?")
	}
	return s, nil
}

// record makes the record to keep. Message ids that Telegram no longer lets go are forgotten: those that are too old by
// the clock, and by Telegram's when it dated the newest, too. One that was days ahead, and came back, must not take from a wipe what it
// is to delete; what is kept for too long is refused there, and hinders nothing.
func (s chatState) record(now time.Time) ([]byte, error) {
	first, last := 0, now.Unix()
	if n := len(s.Theirs); n > 0 {
		last = min(last, s.Theirs[n-1].At)
	}
	for first < len(s.Theirs) && s.Theirs[first].At+int64(deletable.Seconds()) < last {
		first++
	}
	s.Theirs = s.Theirs[first:]
	return json.Marshal(s)
}

// begin notes the first message of what is under way.
func (s *chatState) begin(message int) {
	if s.From == 0 {
		s.From = message
	}
}

// agree notes what was consented to for a case, and forgets it for those that the chat forgot. Turns share the
// map with those before them.
func (s *chatState) agree(code string, values []string) {
	kept := map[string][]string{}
	for _, c := range s.Session.Cases {
		if v := s.Agreed[c.Code]; v != nil {
			kept[c.Code] = v
		}
	}
	kept[code] = values
	s.Agreed = kept
}

// forget drops messages from those still to be deleted.
func (s *chatState) forget(ids []int) {
	gone := make(map[int]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	kept := s.Theirs[:0:0]
	for _, m := range s.Theirs {
		if !gone[m.ID] {
			kept = append(kept, m)
		}
	}
	s.Theirs = kept
}
