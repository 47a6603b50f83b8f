package bot

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// diary notes what left, in order.
type diary struct {
	mu   sync.Mutex
	left []string
}

func (d *diary) note(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = append(d.left, s)
}

func (d *diary) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.left)
}

// at is the place of what left, or -1.
func (d *diary) at(s string) int { return slices.Index(d.all(), s) }

// sending runs senders of an outbox in a bubble of time and ends them with the test.
func sending(t *testing.T, o *outbox, all, urgent int) {
	ctx, cancel := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	for range all {
		senders.Go(func() { o.run(ctx, laneCourtesy) })
	}
	for range urgent {
		senders.Go(func() { o.run(ctx, laneEmergency) })
	}
	t.Cleanup(func() { cancel(); senders.Wait() })
}

// parcelOf is a message that takes no time and is noted.
func (d *diary) parcelOf(l lane, order, name string) parcel {
	return parcel{lane: l, order: order, do: func(context.Context) time.Duration { d.note(name); return 0 }}
}

func TestOutboxLanesGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(false, time.Now), &diary{}
		for i := range 50 {
			o.add(d.parcelOf(laneConversation, fmt.Sprint("chat", i), fmt.Sprint("screen", i)))
		}
		o.add(d.parcelOf(laneDesk, "desk:lima:1", "addition"))
		o.add(d.parcelOf(laneEmergency, "desk:lima:0", "alert"))
		sending(t, o, 1, 0)
		synctest.Wait()
		if got := d.all(); len(got) != 52 || got[0] != "alert" || got[1] != "addition" || got[2] != "screen0" {
			t.Fatalf("left %d, first %q", len(got), got[:3])
		}
		if o.depth() != 0 {
			t.Errorf("depth %d after everything left", o.depth())
		}
	})
}

// A flood that uses up what Telegram allows must not make an emergency wait behind what was chosen
// before it came.
func TestOutboxEmergencyIsNextWhenTheLimitIsReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(true, time.Now), &diary{}
		for i := range 500 {
			o.add(d.parcelOf(laneConversation, fmt.Sprint("chat", i), fmt.Sprint("screen", i)))
		}
		sending(t, o, senderCount, urgentCount)
		time.Sleep(time.Second)
		synctest.Wait()
		before := len(d.all())
		if before < perSecond || before > 2*perSecond+1 {
			t.Fatalf("%d messages in the first second", before)
		}
		o.add(d.parcelOf(laneEmergency, "desk:lima:0", "alert"))
		time.Sleep(time.Second / perSecond)
		synctest.Wait()
		if at := d.at("alert"); at < 0 || at > before+1 {
			t.Errorf("the alert left as number %d, %d had left before it came", at, before)
		}
	})
}

// Calls that hang hold their senders; an emergency has senders of its own.
func TestOutboxEmergencyPassesCallsThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(false, time.Now), &diary{}
		for i := range 2 * senderCount {
			o.add(parcel{lane: laneConversation, order: fmt.Sprint(i), do: func(ctx context.Context) time.Duration {
				<-ctx.Done()
				return 0
			}})
		}
		sending(t, o, senderCount, urgentCount)
		synctest.Wait()
		o.add(d.parcelOf(laneEmergency, "desk:lima:0", "alert"))
		o.add(d.parcelOf(laneDesk, "desk:lima:1", "addition"))
		synctest.Wait()
		if got := d.all(); !slices.Equal(got, []string{"alert"}) {
			t.Errorf("left %q while every other sender hangs", got)
		}
	})
}

func TestOutboxAnswersLeaveAtTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(true, time.Now), &diary{}
		for i := range 200 {
			o.add(d.parcelOf(laneConversation, fmt.Sprint(i), "screen"))
		}
		answer := d.parcelOf(laneConversation, "", "answer")
		answer.free = true
		o.add(answer)
		sending(t, o, 2, 0)
		synctest.Wait()
		if d.at("answer") < 0 {
			t.Errorf("an answer to a press waits for the limit of messages; left %d", len(d.all()))
		}
	})
}

func TestOutboxPauseHoldsOnlyItsChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(false, time.Now), &diary{}
		tries := 0
		o.add(parcel{lane: laneConversation, order: "slow", do: func(context.Context) time.Duration {
			if tries++; tries == 1 {
				return 30 * time.Second
			}
			d.note("slow 1")
			return 0
		}})
		o.add(d.parcelOf(laneConversation, "slow", "slow 2"))
		o.add(d.parcelOf(laneConversation, "quick", "quick 1"))
		sending(t, o, 3, 1)
		synctest.Wait()
		if got := d.all(); !slices.Equal(got, []string{"quick 1"}) {
			t.Fatalf("left %q during the pause of one chat", got)
		}
		time.Sleep(29 * time.Second)
		synctest.Wait()
		if d.at("slow 1") >= 0 {
			t.Error("a chat was written to before its pause ended")
		}
		o.add(d.parcelOf(laneEmergency, "desk:slow", "alert"))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := d.all(); !slices.Equal(got, []string{"quick 1", "alert", "slow 1", "slow 2"}) {
			t.Errorf("left %q", got)
		}
		if o.depth() != 0 || len(o.lines) != 0 {
			t.Errorf("depth %d, %d lines left behind", o.depth(), len(o.lines))
		}
	})
}

// Whatever is added, by whatever order, fails and sleeps: everything leaves exactly once, and what
// shares lane and order leaves in the order it was added.
func TestOutboxKeepsOrderAndLosesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type item struct {
			Lane, Order, Fails int
			Free               bool
		}
		items := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) item {
			return item{rapid.IntRange(0, int(lanes)-1).Draw(rt, "lane"), rapid.IntRange(0, 4).Draw(rt, "order"),
				rapid.IntRange(0, 2).Draw(rt, "fails"), rapid.Bool().Draw(rt, "free")}
		}), 1, 60).Draw(rt, "items")
		synctest.Test(t, func(t *testing.T) {
			o, d := newOutbox(true, time.Now), &diary{}
			sending(t, o, 4, 1)
			for i, it := range items {
				order := ""
				if it.Order > 0 {
					order = fmt.Sprint("o", it.Order)
				}
				fails := it.Fails
				o.add(parcel{lane: lane(it.Lane), order: order, free: it.Free, do: func(context.Context) time.Duration {
					if fails--; fails >= 0 {
						return time.Second
					}
					d.note(fmt.Sprint(i))
					return 0
				}})
			}
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			left := d.all()
			if len(left) != len(items) || o.depth() != 0 {
				t.Fatalf("%d of %d left, depth %d", len(left), len(items), o.depth())
			}
			last := map[string]int{}
			for _, s := range left {
				var i int
				fmt.Sscan(s, &i)
				if items[i].Order == 0 {
					continue
				}
				key := fmt.Sprint(items[i].Order)
				if i < last[key] {
					t.Fatalf("%d left after %d of the same order", i, last[key])
				}
				last[key] = i
			}
		})
	})
}
