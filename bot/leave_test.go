package bot

import "testing"

// Of screens that wait one behind the other only the last need be sent, unless an earlier one says more.
func TestScreensThatAreOvertaken(t *testing.T) {
	var s screens
	plainOne, saying := call{Screen: true, Plain: true}, call{Screen: true}
	first, second, third := s.comes("l1", plainOne), s.comes("l1", saying), s.comes("l1", plainOne)
	other := s.comes("l2", plainOne)
	for name, c := range map[string]struct {
		order  string
		call   call
		number int
		want   bool
	}{
		"plain, two behind it":  {"l1", plainOne, first, true},
		"says more, one behind": {"l1", saying, second, false},
		"plain, the last":       {"l1", plainOne, third, false},
		"another chat's":        {"l2", plainOne, other, false},
	} {
		if got := s.overtaken(c.order, c.call, c.number); got != c.want {
			t.Errorf("%s: overtaken %v", name, got)
		}
	}
	if s.comes("l1", call{}) != 0 {
		t.Error("an answer to a press counts as a screen")
	}
}

// A screen sent anew takes the buttons off the one before it: the one this process sent, else the one the turn knows of.
func TestTheScreenBefore(t *testing.T) {
	var s screens
	edit := call{Screen: true, Method: "editMessageText", Edits: 5}
	fresh := call{Screen: true, Method: "sendMessage", Edits: 4}
	if old, _ := s.shown("l1", fresh, 7); old != 4 {
		t.Errorf("nothing known but what the turn said: %d", old)
	}
	if old, _ := s.shown("l1", fresh, 9); old != 7 {
		t.Errorf("after 7 was sent: %d", old)
	}
	if old, _ := s.shown("l1", edit, 0); old != 0 {
		t.Errorf("edited in place: %d", old)
	}
	if old, _ := s.shown("l1", call{Screen: true, Method: "sendMessage"}, 0); old != 0 {
		t.Errorf("refused: %d", old)
	}
	if old, _ := s.shown("l1", call{Screen: true, Method: "sendMessage"}, 11); old != 5 {
		t.Errorf("after 5 was edited: %d", old)
	}
}

// A screen goes when the one that replaces it asks the same question, unless it said something of its own.
func TestSameQuestionIsAskedOnce(t *testing.T) {
	screen := func(turn int, plain bool) call {
		return call{Screen: true, Method: "sendMessage", Turn: turn, Plain: plain}
	}
	var s screens
	for i, tt := range []struct {
		call call
		same bool
	}{{screen(3, true), false}, {screen(3, true), true}, {screen(4, true), false}, {screen(4, false), true}, {screen(4, true), false}} {
		if old, same := s.shown("l1", tt.call, 10+i); same != tt.same || i > 0 && old != 9+i {
			t.Errorf("screen %d replaces %d, the same question %v", i, old, same)
		}
	}
	s.shown("l1", call{Screen: true, Method: "editMessageText", Turn: 5, Edits: 14, Plain: true}, 0)
	if old, same := s.shown("l1", screen(5, true), 20); old != 14 || !same {
		t.Errorf("after an edit: %d, the same question %v", old, same)
	}
}

// What is remembered of chats has a bound.
func TestScreensAreForgotten(t *testing.T) {
	var s screens
	for i := range mostScreens * 2 {
		s.comes(formatID(int64(i)), call{Screen: true})
	}
	if len(s.chats) > mostScreens+1 {
		t.Errorf("%d chats are remembered", len(s.chats))
	}
}
