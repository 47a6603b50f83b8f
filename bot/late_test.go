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

// What an officer is to confirm repeats what they wrote. It leaves only while that would be sent, also when it is not late: a command may
// have been in the same inbox.
func TestWhatIsNotToBeConfirmedIsNotShown(t *testing.T) {
	for name, tt := range map[string]struct {
		record string
		want   int
	}{
		"would be sent":            {`{"ta":{"n":2,"bg":"l1"}}`, 1},
		"there is no talk":         {"", 0},
		"a defender's, too":        {`{"c":5}`, 0},
		"something newer is shown": {`{"ta":{"n":3,"bg":"l1"}}`, 0},
		"another talk":             {`{"ta":{"n":2,"bg":"l7"}}`, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDepot(t, always(200, fine))
			if tt.record != "" {
				d.store.record = []byte(tt.record)
			}
			d.start(t.Context(), tasks("p07", "17", sendOf("shown", func(c *call) {
				c.Own, c.Made, c.Shows = true, time.Now().UnixMilli(), "send.2.l1"
			})))
			sending(t, d.out, 1, 0)
			calm()
			if got := d.diary.all(); len(got) != tt.want || len(d.store.settledIDs()) != 1 {
				t.Errorf("%s: called %q, settled %q", name, got, d.store.settledIDs())
			}
		})
	}
}

// The name that a showing leaves with is that of its button, and the record of its turn holds the talk that it is held against.
func TestAShowingNamesItsTalk(t *testing.T) {
	b := asked(t)
	c, _ := find(b.take(atLima(say(11, canary))), "sendMessage")
	if !slices.Contains(c.buttons(), "reply:AAAA-BBBB#"+c.Shows) || c.Made == 0 || !c.Own || !c.shown(b.state()) {
		t.Errorf("%q shows %q, made %d", c.buttons(), c.Shows, c.Made)
	}
	for i, u := range []string{say(12, canary), pressOn(13, "nav:back#AAAA-BBBB")} {
		if b.take(atLima(u)); c.shown(b.state()) {
			t.Errorf("after act %d it would still be shown", i)
		}
	}
}

// A screen whose question was answered says what it has to tell, and not the question, which repeats what was answered.
func TestALateScreenTellsOnlyItsNotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.store.record = []byte(`{"s":{"t":9}}`)
		d.start(t.Context(), tasks("p07", "17", sendOf("Not that file. "+canary, func(c *call) {
			c.Screen, c.Turn, c.Notes, c.Tells, c.Made = true, 4, []string{"note.file"}, "Not that file.", time.Now().Add(-time.Minute).UnixMilli()
		})))
		sending(t, d.out, 1, 0)
		calm()
		if got := d.diary.all(); !slices.Equal(got, []string{"sendMessage Not that file.[]"}) {
			t.Errorf("called %q", got)
		}
	})
	b := begun(t)
	c, _ := find(b.take(say(20, "/nonsense")), "sendMessage")
	if c.Tells == "" || !strings.HasPrefix(c.text(), c.Tells) || c.Tells == c.text() {
		t.Errorf("of %q it tells %q", c.text(), c.Tells)
	}
}

// What leaves late and loses its place while Telegram has it is deleted, unless it is the very message that shows what is asked now.
func TestWhatArrivesTooLateIsDeleted(t *testing.T) {
	for name, tt := range map[string]struct {
		record string // by the time that it has arrived
		notes  []string
		gone   bool
	}{
		"still the current one":   {`{"s":{"t":4}}`, nil, false},
		"another is":              {`{"s":{"t":9}}`, []string{keptNote}, true},
		"its button was pressed":  {`{"s":{"t":9},"sc":77}`, nil, false},
		"and then sent anew":      {`{"s":{"t":9},"pr":77}`, nil, false},
		"it tells something":      {`{"s":{"t":9}}`, []string{"page.sentAAAA-BBBB"}, false},
		"the chat was wiped":      {"", []string{"page.sentAAAA-BBBB"}, true},
		"wiped, and begun anew":   {`{"s":{"t":4},"bo":253402300799000}`, nil, true},
		"nobody can read it then": {"{", nil, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			var d *depot
			d = newDepot(t, func(method string, _ []byte, _ *http.Request) (int, string) {
				d.store.mu.Lock()
				defer d.store.mu.Unlock()
				d.store.record = nil
				if tt.record != "" {
					d.store.record = []byte(tt.record)
				}
				return 200, fine
			})
			d.store.record = []byte(`{"s":{"t":4}}`)
			d.start(t.Context(), tasks("p07", "17", sendOf("s", func(c *call) {
				c.Own, c.Screen, c.Turn, c.Notes, c.Made = true, true, 4, tt.notes, time.Now().Add(-time.Minute).UnixMilli()
				c.Params = json.RawMessage(`{"chat_id":5,"text":"s"}`)
			})))
			sending(t, d.out, 2, 0)
			calm()
			if gone := slices.Contains(d.diary.all(), "deleteMessages [77]"); gone != tt.gone || len(d.store.settledIDs()) != 1 {
				t.Errorf("%s: called %q, settled %q", name, d.diary.all(), d.store.settledIDs())
			}
		})
	}
}

// A screen that was sent twice, because who sent it was killed before that was noted, goes with the conversation, also when the
// button of the first is pressed.
func TestAScreenSentTwiceGoes(t *testing.T) {
	b := ready(t, "mission")
	s := b.state()
	s.From = 9
	b.record(s)
	b.store.messages[b.work.Member] = []int{-30, 3, 9, 16, 29}
	got := deletedIDs(t, b.take(pressOn(16, "review:send")))
	if !slices.Contains(got, 29) || !slices.Contains(got, 9) || slices.Contains(got, 16) || slices.Contains(got, 3) || slices.Contains(got, 30) {
		t.Errorf("deletes %v", got)
	}
}

// The line's clock is Redis's, and a failover can set it back. What was made since for a chat that began before, by the faster clock, is
// sent; what was made for a record that a wipe has ended is not, whichever of the two is said to be earlier.
func TestAClockThatWentBackTakesNoAnswer(t *testing.T) {
	ahead, behind := int64(300_000), int64(-300_000)
	for name, tt := range map[string]struct {
		made, born, record int64 // ms from now; born: of the call
		want               int
	}{
		"begun by the faster clock":          {-1500, ahead, ahead, 1},
		"made by the faster clock":           {ahead, ahead, ahead, 1},
		"wiped since, and begun anew":        {-1500, ahead, behind, 0},
		"made by the faster clock and wiped": {ahead, ahead, behind, 0},
		"in order":                           {-1500, behind, behind, 1},
		"in order, wiped":                    {-1500, behind, -1000, 0},
		"of an earlier version":              {-1500, 0, behind, 1},
		"of an earlier version, wiped":       {-1500, 0, -1000, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			at := func(from int64) int64 {
				if from == 0 {
					return 0
				}
				return time.Now().UnixMilli() + from
			}
			d := newDepot(t, always(200, fine))
			d.store.record = fmt.Appendf(nil, `{"s":{"t":4},"c":5,"bo":%d}`, at(tt.record))
			d.start(t.Context(), tasks("p07", "17", sendOf("Your case is received.", func(c *call) {
				c.Own, c.Screen, c.Turn, c.Made, c.Born = true, true, 4, at(tt.made), at(tt.born)
			})))
			sending(t, d.out, 1, 0)
			calm()
			if got := d.diary.all(); len(got) != tt.want || len(d.store.settledIDs()) != 1 {
				t.Errorf("%s: called %q, settled %q", name, got, d.store.settledIDs())
			}
		})
	}
	b := newBench(t)
	c, _ := find(b.take(say(1, "/emergency")), "sendMessage")
	if c.Born == 0 || c.Born != b.state().Born {
		t.Errorf("a call of a record of %d says %d", b.state().Born, c.Born)
	}
}

// Who was killed after a receipt took the place of the last question, and before that was noted, leaves it to be sent once more. By then the
// next question stands in that very message: it stays, or the person has nothing to press.
func TestALateReceiptLeavesTheQuestion(t *testing.T) {
	for name, tt := range map[string]struct {
		record string
		notes  []string
		want   []string
	}{
		"in its message":        {`{"s":{"t":5},"sc":12}`, []string{"note.received"}, []string{"sendMessage Received.[]", "deleteMessages [9 11]"}},
		"and nothing is told":   {`{"s":{"t":5},"sc":11}`, nil, []string{"deleteMessages [9]"}},
		"in one of its own":     {`{"s":{"t":5}}`, []string{"note.received"}, []string{"sendMessage Received.[]", "deleteMessages [9 11 12]"}},
		"nothing else came yet": {`{"s":{"t":4},"sc":12}`, []string{"note.received"}, []string{"editMessageText Received. What next?[]", "deleteMessages [9 11]"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDepot(t, always(200, fine))
			d.store.record, d.store.messages[referrals.Member{Slot: "p07", Name: "cHASH"}] = []byte(tt.record), []int{3, 9, 11, 12}
			d.start(t.Context(), tasks("p07", "17", sendOf("Received. What next?", func(c *call) {
				c.Method, c.Own, c.Screen, c.Turn, c.Notes, c.Tells = "editMessageText", true, true, 4, tt.notes, "Received."
				c.Edits, c.Sweep, c.Top, c.Made = 12, 9, 12, time.Now().Add(-time.Minute).UnixMilli()
			})))
			sending(t, d.out, 2, 0)
			calm()
			if got := d.diary.all(); !slices.Equal(got, tt.want) {
				t.Errorf("%s: called %q", name, got)
			}
		})
	}
}
