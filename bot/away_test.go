package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"defenderline/referrals"
)

// inLanguage lets an update come from a program set to a language.
func inLanguage(update, language string) string {
	return strings.ReplaceAll(update, `"language_code":"en"`, `"language_code":"`+language+`"`)
}

// Whoever does something while the store is away is told so, once in an outage, in their language, and not before it has
// lasted; what they were sent is found by a wipe.
func TestPeopleAreToldOfAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, `{"ok":true,"result":{"message_id":7}}`))
		sending(t, d.out, 2, 0)
		k := &keeping{away: errors.New("away")}
		r := newReceiver(k, &bytes.Buffer{})
		r.away.out, r.away.desks, r.away.hands = d.out, d.desks, d.hands
		r.away.fallback = map[string]string{"en": "Write to us.", "es": "Escriba a alguien de confianza."}
		group := strings.Replace(atChat(-5, say(4, "words")), `"type":"private"`, `"type":"group"`, 1)
		raws := []jsontext.Value{[]byte(inLanguage(say(1, "ayuda"), "es")), []byte(say(2, "more")), []byte(atChat(6, pressOn(3, "review:send"))),
			[]byte(group), []byte(atChat(limaChat, pressOn(5, "ack:AAAA-BBBB")))}
		try := func() []string {
			_, err := r.keep(t.Context(), raws)
			if (err == nil) != (k.away == nil) {
				t.Fatal(err)
			}
			synctest.Wait()
			return d.diary.all()
		}
		if try(); len(try()) != 0 {
			t.Fatalf("told at once: %q", d.diary.all())
		}
		time.Sleep(awayAfter)
		for range 3 {
			try()
		}
		got := d.diary.all()
		if len(got) != 3 || !slices.ContainsFunc(got, func(s string) bool {
			return strings.HasPrefix(s, "sendMessage La línea tiene un problema") && strings.Contains(s, "\n\nEscriba a alguien")
		}) {
			t.Errorf("told %q", got)
		}
		alerts := 0
		for _, b := range d.bodies {
			if bytes.Contains(b, []byte(`"show_alert":true`)) {
				alerts++
			}
		}
		own := k.Chat(string(lineBot), 5)
		if calm(); alerts != 2 || !slices.Equal(d.store.messages[own], []int{7}) {
			t.Errorf("%d presses answered, a wipe finds %v", alerts, d.store.messages[own])
		}
		k.away = nil
		try()
		k.away = errors.New("away again")
		try()
		time.Sleep(awayAfter)
		if got := try(); len(got) != 6 {
			t.Errorf("told %d times in two outages", len(got))
		}
	})
}

// Where only some could not be kept, the others are not told.
func TestOnlyThoseWhoCouldNotBeKeptAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		sending(t, d.out, 1, 0)
		k := &keeping{}
		k.away = &referrals.Unkept{Members: []referrals.Member{k.Chat(string(lineBot), 6)}, Err: errors.New("a node is away")}
		r := newReceiver(k, &bytes.Buffer{})
		r.away.out, r.away.desks, r.away.hands = d.out, d.desks, d.hands
		for range 2 {
			if _, err := r.keep(t.Context(), []jsontext.Value{[]byte(say(1, "kept")), []byte(atChat(6, say(2, "not kept")))}); err == nil {
				t.Fatal("kept")
			}
			time.Sleep(awayAfter)
		}
		synctest.Wait()
		if len(d.bodies) != 1 || !bytes.Contains(d.bodies[0], []byte(`"chat_id":6`)) {
			t.Errorf("told %q", d.bodies)
		}
	})
}

// Telegram forgets a press after minutes. One that was received while the store is away longer is kept all the same, in its
// order among what came since.
func TestAPressOutlivesALongOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeping{away: errors.New("away")}
		var mu sync.Mutex
		began, waited := time.Now(), 0
		stop := polling(t, k, func(_ string, body []byte, r *http.Request) (int, string) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case offsetOf(body) > 0:
				<-r.Context().Done()
				return 0, ""
			case time.Since(began) < 150*time.Second:
				return 200, `{"ok":true,"result":[` + pressOn(41, "review:send") + `]}`
			}
			waited++
			return 200, `{"ok":true,"result":[` + say(42, "did it arrive?") + `]}`
		})
		time.Sleep(10 * time.Minute)
		k.mu.Lock()
		k.away = nil
		k.mu.Unlock()
		time.Sleep(longestGap + time.Second)
		synctest.Wait()
		stop()
		if got := k.ids(); !slices.Equal(got, []string{"l41", "l42"}) || waited == 0 {
			t.Errorf("kept %q", got)
		}
	})
}

func TestUnconfirmedAreBoundedAndInOrder(t *testing.T) {
	var held unconfirmed
	for i := mostUnconfirmed + 50; i > 0; i-- {
		raw := jsontext.Value(fmt.Sprintf(`{"update_id":%d}`, i))
		held = held.with([]jsontext.Value{raw, raw})
	}
	if len(held) != mostUnconfirmed || !slices.IsSortedFunc(held, func(a, b jsontext.Value) int { return int(updateID(a) - updateID(b)) }) {
		t.Errorf("%d are held, in order: no", len(held))
	}
}

// An addition whose notice overtakes the alert of its case, as after a kill, waits for it; what was never released in a day
// is let go.
func TestAdditionWaitsForItsCase(t *testing.T) {
	for name, tt := range map[string]struct {
		rung int
		old  time.Duration
		left int
	}{"to everybody who was told": {referrals.EveryRung, time.Minute, 1}, "to a rung": {0, time.Minute, 1}, "after a day": {referrals.EveryRung, 25 * time.Hour, 0}} {
		synctest.Test(t, func(t *testing.T) {
			d := newDepot(t, always(200, fine))
			sending(t, d.out, 1, 0)
			n := notice(referrals.NoticeAddition, "lima", tt.rung, referrals.Emergency)
			n.Notice.At, n.Notice.Document = time.Now().Add(-tt.old), "AAAA-BBBB.2.asc"
			d.store.papers["lima AAAA-BBBB.2.asc"] = []byte("sealed")
			d.start(t.Context(), tasks("p07", "17", n))
			calm()
			if len(d.diary.all()) != 0 || (len(d.store.settledIDs()) == 0) != (tt.left == 1) {
				t.Fatalf("%s: sent %q, settled %q before the case is there", name, d.diary.all(), d.store.settledIDs())
			}
			d.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
			d.start(t.Context(), tasks("p07", "17", n)) // what the sweep does
			time.Sleep(time.Minute)
			calm()
			if got := d.diary.all(); len(got) < tt.left || got != nil && got[0] != "sendDocument AAAA-BBBB.2.asc" {
				t.Errorf("%s: sent %q", name, got)
			}
		})
	}
}

// Alerts of many cases to one chat leave in the order they came, and let something else pass every so often, not once.
func TestAlertsOfOneChatKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(true, time.Now), &diary{}
		to := address{lineBot, limaChat}
		for i := range 40 {
			p := d.parcelOf(laneEmergency, fmt.Sprint("desk:lima:0:p", i), fmt.Sprintf("alert %02d", i))
			p.to = to
			o.add(p)
		}
		for i := range 6 {
			p := d.parcelOf(laneDesk, fmt.Sprint("cards", i), fmt.Sprint("card ", i))
			p.to = to
			o.add(p)
		}
		sending(t, o, 2, 1)
		time.Sleep(32 * time.Second)
		synctest.Wait()
		got := d.all()
		var alerts []string
		cards := 0
		for _, g := range got {
			if strings.HasPrefix(g, "alert") {
				alerts = append(alerts, g)
			} else {
				cards++
			}
		}
		if !slices.IsSorted(alerts) || len(alerts) < 20 {
			t.Errorf("alerts left as %q", alerts)
		}
		if cards < 5 || len(alerts) < 4*cards {
			t.Errorf("%d other messages passed %d alerts", cards, len(alerts))
		}
		time.Sleep(time.Minute)
	})
}

// The card that was pressed is edited by the act, and need not be edited again with all cards of its case.
func TestACardIsNotEditedTwiceTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		c := card{message: 9}.edit(lineBot, limaChat, "as it is now", nil)
		deliver := func(c call) time.Duration {
			_, again := d.desks.deliver(context.Background(), c, &effort{})
			return again
		}
		if deliver(c) != 0 || deliver(c) != needless || len(d.diary.all()) != 1 {
			t.Errorf("called %q", d.diary.all())
		}
		other := card{message: 9}.edit(lineBot, limaChat, "as it is later", nil)
		if deliver(other) != 0 || deliver(c) != 0 {
			t.Error("a card that says something else was not edited")
		}
		time.Sleep(shownFor)
		if deliver(c) != 0 {
			t.Error("what another replica may have changed meanwhile was not edited")
		}
	})
}

// What a receipt that comes late sweeps away is what was before the end of its conversation.
func TestALateReceiptSweepsNothingNewer(t *testing.T) {
	c := call{Sweep: 10, Top: 20, Method: "sendMessage"}
	if got := c.swept([]int{9, 10, 20, 21, 25}, 30); !slices.Equal(got, []int{10, 20}) {
		t.Errorf("swept %v", got)
	}
	c.Top = 0 // of an earlier version
	if got := c.swept([]int{9, 10, 20, 21, 25}, 30); !slices.Equal(got, []int{10, 20, 21, 25}) {
		t.Errorf("swept %v", got)
	}
}
