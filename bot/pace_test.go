package bot

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// to addresses a noted message.
func (p parcel) at(chat int64) parcel {
	p.to = address{lineBot, chat}
	return p
}

// written counts what left for a chat.
func (d *diary) written(name string) (n int) {
	for _, s := range d.all() {
		if strings.HasPrefix(s, name+" ") {
			n++
		}
	}
	return n
}

// A chat gets one message a second after a short burst, a group eighteen a minute, and nobody waits for them.
func TestPaceOfAChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(true, time.Now), &diary{}
		for i := range 100 {
			o.add(d.parcelOf(laneConversation, "a", fmt.Sprint("a ", i)).at(5))
			o.add(d.parcelOf(laneConversation, "g", fmt.Sprint("g ", i)).at(-5))
		}
		o.add(d.parcelOf(laneConversation, "b", "b 1").at(6))
		sending(t, o, 4, 1)
		time.Sleep(10*time.Second + time.Millisecond)
		synctest.Wait()
		if got, want := d.written("a"), chatBurst+10*chatPerSecond; got != want {
			t.Errorf("%d messages to a chat in ten seconds, want %d", got, want)
		}
		if got, want := d.written("g"), groupBurst+10*groupPerMinute/60; got != want {
			t.Errorf("%d messages to a group in ten seconds, want %d", got, want)
		}
		if d.written("b") != 1 {
			t.Error("another chat had to wait")
		}
	})
}

// A refusal rests its chat for as long as was asked, for all lanes, and holds a server to the limits that was taken to
// have none.
func TestPaceIsLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(false, time.Now), &diary{}
		for i := range 200 {
			o.add(d.parcelOf(laneConversation, fmt.Sprint(i), fmt.Sprint("free ", i)).at(int64(100 + i)))
		}
		sending(t, o, 4, 1)
		synctest.Wait()
		if d.written("free") != 200 {
			t.Fatalf("%d of 200 left a server without limits at once", d.written("free"))
		}
		o.refused(address{lineBot, 5}, 30*time.Second, false)
		o.add(d.parcelOf(laneConversation, "a", "a 1").at(5))
		o.add(d.parcelOf(laneEmergency, "a", "a 2").at(5))
		for i := range 200 {
			o.add(d.parcelOf(laneConversation, fmt.Sprint(i), fmt.Sprint("held ", i)).at(int64(100 + i)))
		}
		time.Sleep(2*time.Second + time.Millisecond)
		synctest.Wait()
		if got := d.written("held"); got > 2*perSecond+1 || got < perSecond {
			t.Errorf("%d messages in two seconds after a refusal", got)
		}
		time.Sleep(27 * time.Second)
		synctest.Wait()
		if d.written("a") != 0 {
			t.Error("a chat was written to before its patience ended")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if d.written("a") != 2 || d.written("held") != 200 {
			t.Errorf("%d and %d left", d.written("a"), d.written("held"))
		}
	})
}

// A bot that is refused in every chat asks once in a while instead of in every chat, and nothing of what waited is lost. Where
// some are refused and others are not, nobody rests but those who were.
func TestABotThatIsRefusedEverywhereRests(t *testing.T) {
	for name, tt := range map[string]struct {
		refuses     func(n int, since time.Duration) bool
		least, most int // calls in the first nine seconds
	}{
		"everywhere":   {func(_ int, since time.Duration) bool { return since < 10*time.Second }, 5, 30},
		"every second": {func(n int, since time.Duration) bool { return since < 10*time.Second && n%2 == 0 }, 200, 400},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun, n := time.Now(), 0
				d := newDepot(t, func(string, []byte, *http.Request) (int, string) {
					if n++; tt.refuses(n, time.Since(begun)) {
						return refusal(429, "Too Many Requests: retry after 10", 10)
					}
					return 200, `{"ok":true,"result":{"message_id":7}}`
				})
				for i := range 300 {
					d.start(t.Context(), tasks("p07", strconv.Itoa(i), sendOf(strconv.Itoa(i), func(c *call) { c.Chat = int64(100 + i) })))
				}
				sending(t, d.out, 1, 0)
				time.Sleep(9 * time.Second)
				synctest.Wait()
				if got := len(d.diary.all()); got < tt.least || got > tt.most {
					t.Errorf("%d calls in nine seconds", got)
				}
				time.Sleep(time.Minute)
				calm()
				if d.hands.count() != 0 || d.out.depth() != 0 {
					t.Errorf("%d messages are left", d.out.depth())
				}
			})
		})
	}
}

// The chats of a flood are not remembered for ever.
func TestPaceForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(true, time.Now), &diary{}
		sending(t, o, 4, 1)
		for i := range 20 * mostChats {
			o.add(d.parcelOf(laneConversation, fmt.Sprint(i), "x").at(int64(1 + i)))
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(o.pace.chats); len(d.all()) != 20*mostChats || n > 2*mostChats {
			t.Errorf("%d left, %d chats are remembered", len(d.all()), n)
		}
	})
}

// A flood in every lane: each has its share, and an alert is the next to leave although everything else waits.
func TestLanesHaveShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(true, time.Now), &diary{}
		for i := range 4000 {
			for l, name := range []string{"courtesy", "conversation", "urgent", "desk", "emergency"} {
				o.add(d.parcelOf(lane(l), fmt.Sprint(name, i), name+" x").at(int64(10_000*l + i + 1)))
			}
		}
		sending(t, o, senderCount, 0)
		time.Sleep(100 * time.Second)
		synctest.Wait()
		got := [lanes]int{d.written("courtesy"), d.written("conversation"), d.written("urgent"), d.written("desk"), d.written("emergency")}
		sum := len(d.all())
		rest := float64(sum) // of what leaves, for a lane and those below it
		for l := laneEmergency; l > laneCourtesy; l-- {
			below := rest / float64(shares[l]+1)
			if want := rest - below; math.Abs(float64(got[l])-want) > 2 {
				t.Errorf("lane %d has %d of %d messages, want %.1f", l, got[l], sum, want)
			}
			rest = below
		}
		if math.Abs(float64(got[laneCourtesy])-rest) > 2 {
			t.Errorf("courtesy has %d messages, want %.1f", got[laneCourtesy], rest)
		}
	})
}

// A newcomer does not wait behind chats that write all the time.
func TestNewcomersDoNotWaitBehindAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(true, time.Now), &diary{}
		sending(t, o, 4, 0)
		for round := range 3 {
			for i := range 1000 {
				o.add(d.parcelOf(laneConversation, fmt.Sprint("flood", i), fmt.Sprint("flood ", round)).at(int64(i + 1)))
			}
		}
		time.Sleep(40 * time.Second) // every chat of the flood was written to once
		before := len(d.all())
		o.add(d.parcelOf(laneConversation, "new", "new x").at(5000))
		time.Sleep(time.Second)
		synctest.Wait()
		if at := d.at("new x"); at < 0 || at > before+2 {
			t.Errorf("the newcomer's screen left as number %d, %d had left before it came", at, before)
		}
	})
}

// Taking buttons off an old screen never makes the next answer wait.
func TestCourtesyLeavesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(true, time.Now), &diary{}
		sending(t, o, 4, 0)
		o.add(d.parcelOf(laneConversation, "a", "answer 1").at(5))
		o.add(d.parcelOf(laneCourtesy, "", "bare").at(5))
		synctest.Wait()
		o.add(d.parcelOf(laneConversation, "a", "answer 2").at(5))
		synctest.Wait()
		if got := d.all(); len(got) != 2 || got[1] != "answer 2" {
			t.Errorf("left at once %q", got)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if d.at("bare") != 2 || o.depth() != 0 {
			t.Errorf("left %q", d.all())
		}
	})
}
