package bot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"defenderline/referrals"
)

// The question that is asked now must stand on the phone. Below an earlier one, which stands there, too, people would answer that, and the
// line would take what they wrote for the answer to this one.

// slowly is a Bot API that numbers what is sent from 21 on, takes a second for each deletion, and more for an edit.
func slowly(meanwhile func(number int64)) server {
	var last atomic.Int64
	last.Store(20)
	return func(method string, _ []byte, _ *http.Request) (int, string) {
		number := last.Load()
		switch method {
		case "deleteMessages":
			time.Sleep(time.Second)
		case "editMessageText":
			time.Sleep(2 * time.Second)
		case "sendMessage":
			number = last.Add(1)
			meanwhile(number)
		}
		return 200, fmt.Sprintf(`{"ok":true,"result":{"message_id":%d}}`, number)
	}
}

// A screen that lost its place while Telegram had it is deleted, which takes a moment. The next question takes the place of the one before
// meanwhile, in its message: it stays.
func TestAScreenThatLostItsPlaceTakesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d *depot
		d = newDepot(t, slowly(func(number int64) {
			if number == 22 { // and while the second is on its way, the button of the first is pressed
				d.store.mu.Lock()
				defer d.store.mu.Unlock()
				d.store.record = []byte(`{"s":{"t":7},"sc":21,"pr":21}`)
			}
		}))
		d.store.record = []byte(`{"s":{"t":6}}`)
		sending(t, d.out, 2, 0)
		for i, text := range []string{"Kept.", "Kept: 2 messages."} {
			d.start(t.Context(), tasks("p07", fmt.Sprint(17+i), sendOf(text, func(c *call) {
				c.Own, c.Screen, c.Short, c.Turn, c.Notes, c.Made = true, true, true, 6, []string{keptNote}, time.Now().Add(-time.Minute).UnixMilli()
			})))
			synctest.Wait()
		}
		d.start(t.Context(), tasks("p07", "19", sendOf("What now?", func(c *call) {
			c.Method, c.Anew, c.Own, c.Screen, c.Turn, c.Edits, c.Made = "editMessageText", true, true, true, 7, 21, time.Now().UnixMilli()
			c.Params = json.RawMessage(`{"chat_id":5,"message_id":21,"text":"What now?"}`)
		})))
		time.Sleep(time.Minute)
		calm()
		want := []string{"sendMessage Kept.[]", "sendMessage Kept: 2 messages.[]", "deleteMessages [22]", "editMessageText What now?[]"}
		if got := d.diary.all(); !slices.Equal(got, want) || len(d.store.settledIDs()) != 3 {
			t.Errorf("called %q, settled %q", got, d.store.settledIDs())
		}
	})
}

// What a screen deletes goes beside what follows. However long that takes, it replaces what stood before it and nothing that came after.
func TestAScreenThatDeletesReplacesNothingNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, slowly(func(int64) {}))
		question := func(text string, turn int, change func(*call)) referrals.Errand {
			return sendOf(text, func(c *call) {
				c.Own, c.Screen, c.Asks, c.Turn, c.Made = true, true, true, turn, time.Now().UnixMilli()
				change(c)
			})
		}
		sending(t, d.out, 3, 0)
		d.start(t.Context(), tasks("p07", "17", question("Which country?", 5, func(*call) {})))
		synctest.Wait()
		d.start(t.Context(), tasks("p07", "18", question("What happened?", 6, func(c *call) { c.Gone = []int{9} })))
		synctest.Wait()
		d.start(t.Context(), tasks("p07", "19", question("Who may read it?", 7, func(*call) {})))
		time.Sleep(time.Minute)
		calm()
		got := d.diary.all()
		gone := func(id int) bool { return slices.Contains(got, fmt.Sprintf("deleteMessages [%d]", id)) }
		if !gone(9) || !gone(21) || !gone(22) || gone(23) {
			t.Errorf("of the questions 21, 22 and 23 the last stays; called %q", got)
		}
	})
}

// A screen that somebody left behind and that asks what is asked no more is not sent, and takes no place: what the present one tells stays
// on the phone when the next question comes.
func TestAScreenThatIsNotSentTakesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, slowly(func(int64) {}))
		sending(t, d.out, 2, 0)
		d.store.record = []byte(`{"s":{"t":5}}`)
		screen := func(number string, turn int, method string, change func(*call)) {
			d.start(t.Context(), tasks("p07", number, sendOf("?", func(c *call) {
				c.Method, c.Own, c.Screen, c.Asks, c.Turn, c.Edits, c.Made = method, true, true, true, turn, 9, time.Now().UnixMilli()
				change(c)
			})))
			time.Sleep(time.Minute)
			calm()
		}
		screen("18", 5, "editMessageText", func(c *call) { c.Notes = []string{"page.sentAAAA-BBBB"} })
		screen("17", 4, "editMessageText", func(c *call) { c.Made = time.Now().Add(-time.Minute).UnixMilli() })
		screen("19", 6, "sendMessage", func(*call) {})
		if got := d.diary.all(); !slices.Equal(got, []string{"editMessageText ?[]", "sendMessage ?[]", "editMessageReplyMarkup []"}) {
			t.Errorf("called %q", got)
		}
	})
}
