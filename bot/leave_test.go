package bot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"defenderline/referrals"
)

// screenOf is a screen on its way to a chat.
func screenOf(order string, notes ...string) *leaving {
	return &leaving{call: call{Screen: true, Notes: notes}, order: order}
}

// Of screens that wait one behind the other only the last need be sent, unless an earlier one says more or deletes.
func TestScreensThatAreOvertaken(t *testing.T) {
	var s screens
	kept, receipt, sweeping := screenOf("l1", keptNote), screenOf("l1", "page.sentAAAA-BBBB"), screenOf("l1")
	hint, other := screenOf("l1", "note.kept_home"), screenOf("l2")
	sweeping.Sweep = 9
	leaving0 := screenOf("l1")
	for _, l := range []*leaving{leaving0, kept, receipt, sweeping, hint, other} {
		s.comes(l)
		if l == leaving0 && !s.leaves(l) {
			t.Fatal("overtaken by nothing")
		}
	}
	if !kept.over() || receipt.over() || sweeping.over() || hint.over() || other.over() || leaving0.over() {
		t.Error("a screen that says more, deletes, is being sent or is another chat's was overtaken, or one that only counts was not")
	}
	if over := s.comes(screenOf("l1", "note.kept_home", keptNote)); len(over) != 1 || over[0] != hint || s.leaves(hint) {
		t.Errorf("%d overtaken by a screen that says the same hint", len(over))
	}
	if s.comes(&leaving{order: "l1"}) != nil || !s.leaves(&leaving{order: "l1"}) {
		t.Error("an answer to a press counts as a screen")
	}
}

// However much a person writes while Telegram is slow, one screen waits, and the others are settled.
func TestOneScreenWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		for i := range 500 {
			d.start(t.Context(), tasks("p07", fmt.Sprint(i), sendOf("screen", func(c *call) {
				c.Screen, c.Made, c.Notes = true, time.Now().UnixMilli(), []string{"note.kept_home"}
			})))
		}
		synctest.Wait()
		time.Sleep(gather)
		synctest.Wait()
		if d.out.depth() != 1 || d.hands.count() != 1 || len(d.store.settledIDs()) != 499 {
			t.Errorf("%d wait, %d in hand, %d settled", d.out.depth(), d.hands.count(), len(d.store.settledIDs()))
		}
		sending(t, d.out, 2, 0)
		calm()
		if len(d.diary.all()) != 1 || len(d.store.settledIDs()) != 500 || d.out.depth() != 0 {
			t.Errorf("%d sent, %d settled", len(d.diary.all()), len(d.store.settledIDs()))
		}
	})
}

// A screen that leaves late does not take the place of a newer one: it is left out, or tells below what it has to tell.
func TestLateScreens(t *testing.T) {
	for name, tt := range map[string]struct {
		record string
		notes  []string
		late   time.Duration
		want   []string
	}{
		"in time":                     {`{"s":{"t":9}}`, nil, 0, []string{"editMessageText s[]"}},
		"still the current one":       {`{"s":{"t":4}}`, nil, time.Minute, []string{"editMessageText s[]"}},
		"another is":                  {`{"s":{"t":9}}`, []string{keptNote}, time.Minute, nil},
		"another is, and it tells":    {`{"s":{"t":9}}`, []string{"page.sentAAAA-BBBB"}, time.Minute, []string{"sendMessage s[]"}},
		"the chat was wiped":          {"", []string{"page.sentAAAA-BBBB"}, time.Minute, nil},
		"wiped, and begun anew":       {`{"s":{"t":9},"bo":253402300799000}`, []string{"page.sentAAAA-BBBB"}, time.Minute, nil},
		"nobody can read what it was": {"{", nil, time.Minute, []string{"editMessageText s[]"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDepot(t, always(200, fine))
				if tt.record != "" {
					d.store.record = []byte(tt.record)
				}
				d.start(t.Context(), tasks("p07", "17", sendOf("s", func(c *call) {
					c.Own = true
					c.Method, c.Screen, c.Turn, c.Notes, c.Made = "editMessageText", true, 4, tt.notes, time.Now().Add(-tt.late).UnixMilli()
					c.Params = json.RawMessage(`{"chat_id":5,"message_id":9,"text":"s","reply_markup":{"inline_keyboard":[]}}`)
				})))
				sending(t, d.out, 2, 0)
				calm()
				if got := d.diary.all(); !slices.Equal(got, tt.want) || len(d.store.settledIDs()) != 1 || d.out.depth() != 0 {
					t.Errorf("called %q, want %q, settled %q", got, tt.want, d.store.settledIDs())
				}
				if len(tt.want) == 1 && strings.HasPrefix(tt.want[0], "sendMessage") && strings.Contains(string(d.bodies[0]), "reply_markup") {
					t.Errorf("a screen of the past asks: %s", d.bodies[0])
				}
			})
		})
	}
}

// A screen that comes late, because who had it in hand was killed after a newer one was committed, takes no newer one away, whichever of two
// versions of the line committed which.
func TestALateScreenOvertakesNone(t *testing.T) {
	for newer, older := range map[string]string{"18": "9", "1795000000002": "1795000000001-123456", "1795000000003-000000": "1795000000002-999999",
		"1795000000005-123456": "1795000000004"} {
		synctest.Test(t, func(t *testing.T) {
			d := newDepot(t, always(200, fine))
			d.store.record = []byte(`{"s":{"t":5}}`)
			screen := func(text string, turn int) referrals.Errand {
				return sendOf(text, func(c *call) {
					c.Own, c.Screen, c.Turn, c.Made = true, true, turn, time.Now().Add(-time.Minute).UnixMilli()
				})
			}
			d.start(t.Context(), tasks("p07", newer, screen("newer", 5)))
			d.start(t.Context(), tasks("p07", older, screen("older", 4)))
			sending(t, d.out, 2, 0)
			calm()
			if got := d.diary.all(); !slices.Equal(got, []string{"sendMessage newer[]"}) || len(d.store.settledIDs()) != 2 {
				t.Errorf("%s and %s: called %q, settled %q", newer, older, got, d.store.settledIDs())
			}
		})
	}
}

// A press on a screen below which another was sent meanwhile, because the person wrote and pressed at once, is answered below:
// the question stands last on the phone, and no message that shows it is taken away.
func TestTheQuestionStandsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		number := 20
		d := newDepot(t, func(method string, _ []byte, _ *http.Request) (int, string) {
			if method == "sendMessage" {
				number++
			}
			return 200, fmt.Sprintf(`{"ok":true,"result":{"message_id":%d}}`, number)
		})
		screen := func(name string, change func(*call)) referrals.Errand {
			return sendOf(name, func(c *call) { c.Screen, c.Own, c.Made = true, true, time.Now().UnixMilli(); change(c) })
		}
		sending(t, d.out, 1, 0)
		d.start(t.Context(), tasks("p07", "17", screen("account", func(c *call) { c.Turn = 6 })))
		calm() // 21 asks for the account, 22 too; then the press on 21 is answered
		d.start(t.Context(), tasks("p07", "18", screen("account", func(c *call) { c.Turn, c.Edits = 6, 21 })))
		calm()
		d.start(t.Context(), tasks("p07", "19", screen("consent", func(c *call) {
			c.Method, c.Anew, c.Turn, c.Edits = "editMessageText", true, 7, 21
			c.Params = json.RawMessage(`{"chat_id":5,"message_id":21,"text":"consent"}`)
		})))
		time.Sleep(time.Minute)
		calm()
		want := []string{"sendMessage account[]", "sendMessage account[]", "deleteMessages [21]", "sendMessage consent[]", "editMessageReplyMarkup []"}
		if got := d.diary.all(); !slices.Equal(got, want) {
			t.Errorf("called %q", got)
		}
	})
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
		c := call{Screen: true, Method: "sendMessage", Turn: turn, Notes: []string{keptNote}}
		if !plain {
			c.Notes = []string{"note.appended"}
		}
		return c
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
	s.shown("l1", call{Screen: true, Method: "editMessageText", Turn: 5, Edits: 14}, 0)
	if old, same := s.shown("l1", screen(5, true), 20); old != 14 || !same {
		t.Errorf("after an edit: %d, the same question %v", old, same)
	}
}

// What is remembered of chats has a bound.
func TestScreensAreForgotten(t *testing.T) {
	var s screens
	for i := range mostScreens * 2 {
		s.comes(screenOf(formatID(int64(i))))
	}
	if len(s.chats) > mostScreens+1 {
		t.Errorf("%d chats are remembered", len(s.chats))
	}
}
