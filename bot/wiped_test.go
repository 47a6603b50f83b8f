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

// After a wipe nothing of before may stand in the chat: also not what arrived a moment ago and is not done, nor what was on its way.

// resting is a Bot API that numbers what is sent from 21 on, and does what a test wants before it answers a deletion.
func resting(deletes func(ids string) (status int, answer string)) server {
	number := 20
	return func(method string, body []byte, _ *http.Request) (int, string) {
		switch method {
		case "deleteMessages":
			return deletes(gist(body))
		case "sendMessage":
			number++
		}
		return 200, fmt.Sprintf(`{"ok":true,"result":{"message_id":%d}}`, number)
	}
}

// deletes says whether a message was deleted.
func (d *depot) deletes(id int) bool {
	return slices.ContainsFunc(d.diary.all(), func(c string) bool {
		return strings.HasPrefix(c, "deleteMessages") && slices.Contains(strings.Fields(strings.Trim(c[len("deleteMessages "):], "[]")), fmt.Sprint(id))
	})
}

// question is a screen that has 9 deleted with it.
func question(text string) []referrals.Task {
	return tasks("p07", "17", sendOf(text, func(c *call) {
		c.Own, c.Screen, c.Asks, c.Turn, c.Gone, c.Made = true, true, true, 5, []int{9}, time.Now().UnixMilli()
	}))
}

// What a screen deletes may take long, because Telegram does or asks for patience. A wipe that comes meanwhile finds the screen.
func TestWipeFindsWhatIsStillDeleting(t *testing.T) {
	for name, refused := range map[string]bool{"slow": false, "asked for patience": true} {
		synctest.Test(t, func(t *testing.T) {
			first := true
			d := newDepot(t, resting(func(ids string) (int, string) {
				if ids == "[9]" && first {
					if first = false; refused {
						return refusal(429, "Too Many Requests", 5)
					}
					time.Sleep(10 * time.Second)
				}
				return 200, fine
			}))
			d.store.record = []byte(`{"s":{"t":5}}`)
			sending(t, d.out, 4, 0)
			d.start(t.Context(), question("what was written, repeated"))
			synctest.Wait()
			d.start(t.Context(), tasks("p07", "18", sendOf("wiped", func(c *call) { c.Own, c.Rest = true, true })))
			time.Sleep(time.Minute)
			calm()
			if !d.deletes(21) || d.deletes(22) || len(d.store.settledIDs()) != 2 || d.hands.count() != 0 {
				t.Errorf("%s: called %q, settled %q", name, d.diary.all(), d.store.settledIDs())
			}
		})
	}
}

// The store hears of a message whose deletions take long before they are done: who is killed meanwhile leaves it for a wipe to find. Usually
// it hears of both at once.
func TestTheStoreHearsBeforeWhatTakesLong(t *testing.T) {
	for name, tt := range map[string]struct {
		takes time.Duration
		told  int // how often in the end
	}{
		"at once": {50 * time.Millisecond, 1},
		"slowly":  {10 * time.Second, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDepot(t, resting(func(string) (int, string) { time.Sleep(tt.takes); return 200, fine }))
			d.store.record = []byte(`{"s":{"t":5}}`)
			sending(t, d.out, 2, 0)
			d.start(t.Context(), question("?"))
			time.Sleep(2 * time.Second)
			own := referrals.Member{Slot: "p07", Name: "cHASH"}
			if ids, err := d.store.Messages(t.Context(), own); err != nil || !slices.Equal(ids, []int{21}) {
				t.Errorf("%s: the store knows %v, %v", name, ids, err)
			}
			if tt.takes > time.Second && len(d.store.settledIDs()) != 0 {
				t.Errorf("%s: settled %q before it was done", name, d.store.settledIDs())
			}
			time.Sleep(time.Minute)
			calm()
			if len(d.store.sent) != tt.told || len(d.store.settledIDs()) != 1 || d.hands.count() != 0 {
				t.Errorf("%s: told of %v, settled %q", name, d.store.sent, d.store.settledIDs())
			}
		})
	}
}

// A screen that had lost its place when it arrived is known to the store by the time that it is being deleted: whoever runs its errand again,
// after a kill, sends nothing and could not know of it.
func TestTheStoreHearsOfWhatLostItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d *depot
		d = newDepot(t, func(method string, _ []byte, _ *http.Request) (int, string) {
			if method == "deleteMessages" {
				time.Sleep(10 * time.Second)
			}
			d.store.mu.Lock()
			defer d.store.mu.Unlock()
			d.store.record = []byte(`{"s":{"t":9}}`)
			return 200, fine
		})
		d.store.record = []byte(`{"s":{"t":4}}`)
		time.Sleep(100 * time.Millisecond) // no tick is near
		d.start(t.Context(), tasks("p07", "17", sendOf("s", func(c *call) {
			c.Own, c.Screen, c.Turn, c.Made = true, true, 4, time.Now().Add(-time.Minute).UnixMilli()
		})))
		sending(t, d.out, 2, 0)
		time.Sleep(10 * gather)
		synctest.Wait()
		if got := d.diary.all(); len(d.store.sent) != 1 || d.store.sent[0].Message != 77 || len(d.store.settledIDs()) != 0 || !d.deletes(77) {
			t.Errorf("called %q, told of %v, settled %q", got, d.store.sent, d.store.settledIDs())
		}
		time.Sleep(time.Minute)
		calm()
		if len(d.store.settledIDs()) != 1 || d.hands.count() != 0 {
			t.Errorf("settled %q", d.store.settledIDs())
		}
	})
}

// As which message an errand arrived is not forgotten when another replica has that meanwhile: nobody else knows.
func TestWhatArrivedIsNotLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, resting(func(string) (int, string) { time.Sleep(time.Minute); return 200, fine }))
		d.store.record, d.store.taken = []byte(`{"s":{"t":5}}`), map[string]bool{"17-1": true}
		d.holdingOn(t)
		sending(t, d.out, 2, 0)
		asked := question("?")
		asked[0].Till = time.Now().Add(5 * time.Second)
		d.start(t.Context(), asked)
		time.Sleep(30 * time.Second)
		if got := d.hands.sent(referrals.Member{Slot: "p07", Name: "cHASH"}); !slices.Equal(got, []int{21}) {
			t.Errorf("in hand %v", got)
		}
		time.Sleep(time.Hour)
		calm()
		if len(d.store.settledIDs()) != 1 || d.hands.count() != 0 {
			t.Errorf("settled %q, %d in hand", d.store.settledIDs(), d.hands.count())
		}
	})
}

// A message may become late on its way: Telegram is slow to take it, or the process stands still. It is deleted when its chat was wiped
// meanwhile, or has moved on. The closing line of a wipe stays, however late it is, and so does what an officer may have confirmed.
func TestWhatBecomesLateOnItsWayIsDeleted(t *testing.T) {
	for name, tt := range map[string]struct {
		record string // by the time that it has arrived
		takes  time.Duration
		change func(*call)
		gone   bool
	}{
		"wiped":                         {"", 5 * time.Second, func(*call) {}, true},
		"moved on":                      {`{"s":{"t":9}}`, 5 * time.Second, func(*call) {}, true},
		"pressed before it was known":   {`{"s":{"t":9},"sc":77}`, 5 * time.Second, func(*call) {}, false},
		"still the current one":         {`{"s":{"t":4}}`, 5 * time.Second, func(*call) {}, false},
		"at once":                       {`{"s":{"t":9}}`, 50 * time.Millisecond, func(*call) {}, false},
		"the closing line":              {"", 5 * time.Second, func(c *call) { c.Screen, c.Rest = false, true }, false},
		"what an officer has confirmed": {"", 5 * time.Second, func(c *call) { c.Screen, c.Shows = false, "send.1.l1" }, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			var d *depot
			d = newDepot(t, func(method string, _ []byte, _ *http.Request) (int, string) {
				if method == "sendMessage" {
					time.Sleep(tt.takes)
					d.store.mu.Lock()
					defer d.store.mu.Unlock()
					if d.store.record = nil; tt.record != "" {
						d.store.record = []byte(tt.record)
					}
				}
				return 200, fine
			})
			d.store.record = []byte(`{"s":{"t":4},"ta":{"n":1,"bg":"l1"}}`)
			sending(t, d.out, 2, 0)
			d.start(t.Context(), tasks("p07", "17", sendOf("s", func(c *call) {
				c.Own, c.Screen, c.Turn, c.Made = true, true, 4, time.Now().UnixMilli()
				c.Params = json.RawMessage(`{"chat_id":5,"text":"s"}`)
				tt.change(c)
			})))
			time.Sleep(time.Minute)
			calm()
			if d.deletes(77) != tt.gone || len(d.store.settledIDs()) != 1 {
				t.Errorf("%s: called %q, settled %q", name, d.diary.all(), d.store.settledIDs())
			}
		})
	}
}

// Another replica's message may become known while a wipe rests: the wipe looks again, and keeps what it has done. Where a conversation has begun
// since, it does not: what was sent in that stays.
func TestAWipeThatRestedLooksAgain(t *testing.T) {
	for name, begun := range map[string]bool{"nothing came": false, "begun anew": true} {
		synctest.Test(t, func(t *testing.T) {
			own, calls := referrals.Member{Slot: "p07", Name: "cHASH"}, 0
			var d *depot
			d = newDepot(t, resting(func(string) (int, string) {
				if calls++; calls != 2 {
					return 200, fine
				}
				d.store.mu.Lock()
				defer d.store.mu.Unlock()
				if d.store.messages[own] = append(d.store.messages[own], 400); begun {
					d.store.record = []byte(`{"s":{"t":1}}`)
				}
				return refusal(429, "Too Many Requests", 5)
			}))
			for id := range 2 * mostDeleted {
				d.store.messages[own] = append(d.store.messages[own], 101+id)
			}
			sending(t, d.out, 2, 0)
			d.start(t.Context(), tasks("p07", "18", sendOf("wiped", func(c *call) { c.Own, c.Rest = true, true })))
			time.Sleep(time.Minute)
			calm()
			want := 4 // of the second hundred twice
			if begun {
				want = 3
			}
			if !d.deletes(101) || !d.deletes(300) || d.deletes(400) == begun || calls != want || d.deletes(21) {
				t.Errorf("%s: %d deletions, of 400 %v, settled %q", name, calls, d.deletes(400), d.store.settledIDs())
			}
		})
	}
}
