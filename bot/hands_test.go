package bot

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"defenderline/referrals"
)

// holdingOn keeps what a depot has in hand until the test ends.
func (d *depot) holdingOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var holding sync.WaitGroup
	holding.Go(func() { d.hands.holding(ctx) })
	t.Cleanup(func() { cancel(); holding.Wait() })
}

// short are tasks whose time is over in five seconds.
func short(errands ...referrals.Errand) []referrals.Task {
	all := tasks("p07", "17", errands...)
	for i := range all {
		all[i].Till = time.Now().Add(5 * time.Second)
	}
	return all
}

// What waits its turn is held; what another replica took over, because this one stood still, does not leave twice.
func TestWhatAnotherReplicaHasIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.start(t.Context(), short(sendOf("one"), sendOf("two")))
		time.Sleep(6 * time.Second) // nothing runs: as a frozen process
		d.store.taken = map[string]bool{"17-1": true}
		sending(t, d.out, 2, 0)
		calm()
		if got := d.diary.all(); !slices.Equal(got, []string{"sendMessage two[]"}) {
			t.Errorf("left %q", got)
		}
		if got := d.store.settledIDs(); !slices.Equal(got, []string{"p07 17-2"}) || d.hands.count() != 0 || d.out.depth() != 0 {
			t.Errorf("settled %q, %d in hand, %d waiting", got, d.hands.count(), d.out.depth())
		}
	})
}

func TestWhatWaitsIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.holdingOn(t)
		d.start(t.Context(), short(sendOf("one")))
		time.Sleep(30 * time.Second)
		if mine, err := d.hands.mine(t.Context(), errandID{"p07", "17-1"}); !mine || err != nil || len(d.hands.soon()) != 0 {
			t.Errorf("mine %v, %v after half a minute", mine, err)
		}
		d.store.mu.Lock()
		d.store.taken = map[string]bool{"17-1": true}
		d.store.mu.Unlock()
		time.Sleep(2 * time.Minute)
		calm()
		if d.hands.count() != 0 {
			t.Error("what another replica has is still in hand")
		}
	})
}

// A store that does not answer when a message has left hears of it later; meanwhile it is not sent again, although its time
// is over and the sweep finds it.
func TestWhatWasSentIsNotSentAgainWhenTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.holdingOn(t)
		all := short(sendOf("one"))
		d.start(t.Context(), all)
		d.store.away = errors.New("away")
		sending(t, d.out, 1, 0)
		time.Sleep(time.Minute)
		d.start(t.Context(), all) // what the sweep does
		time.Sleep(time.Minute)
		d.store.mu.Lock()
		d.store.away = nil
		d.store.mu.Unlock()
		time.Sleep(2 * time.Second)
		calm()
		if got := d.diary.all(); len(got) != 1 || len(d.store.settledIDs()) != 1 || d.hands.count() != 0 {
			t.Errorf("left %q, settled %q, %d in hand", got, d.store.settledIDs(), d.hands.count())
		}
	})
}

// What does no harm when it is done again waits for others of its slot, a moment at most; what was sent is settled at once.
func TestEditsAreSettledTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, `{"ok":true,"result":{"message_id":7}}`))
		edit := func(c *call) { c.Method = "editMessageText" }
		shortly := func() []string { synctest.Wait(); time.Sleep(gather); synctest.Wait(); return d.store.settledIDs() }
		d.start(t.Context(), tasks("p07", "17", sendOf("a", edit)))
		d.start(t.Context(), tasks("p08", "17", sendOf("b", edit)))
		sending(t, d.out, 2, 0)
		if got := shortly(); len(got) != 0 || len(d.diary.all()) != 2 {
			t.Fatalf("left %q, settled %q", d.diary.all(), got)
		}
		d.start(t.Context(), tasks("p07", "18", sendOf("c")))
		if got := shortly(); !slices.Equal(got, []string{"p07 18-1", "p07 17-1"}) {
			t.Errorf("settled %q when something else of the slot was", got)
		}
		d.start(t.Context(), tasks("p09", "17", sendOf("received", edit, func(c *call) { c.Notes = []string{"note.received"} })))
		if got := shortly(); len(got) != 3 {
			t.Errorf("settled %q: what tells something would tell it again after a kill", got)
		}
		time.Sleep(linger)
		if got := shortly(); len(got) != 4 || d.hands.count() != 0 {
			t.Errorf("settled %q in the end, %d in hand", got, d.hands.count())
		}
	})
}

// A store that a replica took over from forgets what it was told last. What left is not sent again then, but told again, and
// with it what a wipe would look for; another message under the same number leaves.
func TestWhatTheStoreForgotIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, `{"ok":true,"result":{"message_id":7}}`))
		all := short(sendOf("one", func(c *call) { c.Own = true }))
		d.start(t.Context(), all)
		sending(t, d.out, 1, 0)
		calm()
		time.Sleep(recentFor + 10*time.Second)
		d.start(t.Context(), tasks("p07", "20", sendOf("another"))) // time goes by for what is remembered, too
		calm()
		before := d.store.settledIDs()
		own := referrals.Member{Slot: "p07", Name: "cHASH"}
		d.store.messages[own] = nil
		d.start(t.Context(), all) // what the sweep does
		calm()
		if got := d.diary.all(); !slices.Equal(got, []string{"sendMessage one[]", "sendMessage another[]"}) {
			t.Errorf("left %q", got)
		}
		if got := d.store.settledIDs(); len(got) != len(before)+1 || d.hands.count() != 0 || !slices.Equal(d.store.messages[own], []int{7}) {
			t.Errorf("settled %q, messages %v, %d in hand", got, d.store.messages[own], d.hands.count())
		}
		d.start(t.Context(), short(sendOf("under a number used before")))
		calm()
		if got := d.diary.all(); len(got) != 3 {
			t.Errorf("left %q", got)
		}
	})
}

// A message whose time is over waits while nobody can say whose it is, and leaves then.
func TestWhoseItIsIsAskedUntilTheStoreAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.start(t.Context(), short(sendOf("one")))
		time.Sleep(6 * time.Second)
		d.store.away = errors.New("away")
		sending(t, d.out, 1, 0)
		time.Sleep(10 * time.Second)
		if len(d.diary.all()) != 0 {
			t.Fatal("a message left that may be another replica's")
		}
		d.store.mu.Lock()
		d.store.away = nil
		d.store.mu.Unlock()
		time.Sleep(longestGap)
		calm()
		if len(d.diary.all()) != 1 {
			t.Error("a message was held back for ever")
		}
	})
}

// A machine that slept believes that no time has passed: then the clock on the wall says that another may have the errand.
func TestAfterASleepItIsAskedWhoseItIs(t *testing.T) {
	slept := func(now time.Time, seconds int64) time.Time { // a Time has the seconds above the nanoseconds, and the monotonic reading apart
		*(*uint64)(unsafe.Pointer(&now)) += uint64(seconds) << 30
		return now
	}
	now := time.Now()
	till := now.Add(9 * time.Second)
	at := now
	id, h := errandID{"p07", "17-1"}, newHands(nil, func() time.Time { return at }, func() time.Time { return noon }, nil)
	h.take(referrals.Task{Slot: "p07", ID: "17-1", Till: till, Mark: 5})
	over := func() bool { _, sure := h.known(id); return !sure }
	for seconds, want := range map[int64]bool{0: false, 8: false, 9: true, 3600: true, -3600: false} {
		at = slept(now, seconds)
		if at.Sub(now) != 0 || at.Round(0).Sub(now.Round(0)) != time.Duration(seconds)*time.Second {
			t.Fatalf("%v is not %v after a sleep", at, now)
		}
		if over() != want {
			t.Errorf("after %d seconds of sleep it is over: %v", seconds, !want)
		}
	}
	if at = slept(till, -3600); !over() {
		t.Error("a clock that was put back makes more time")
	}
	if of := h.until(id); len(of) != 1 || of[0].Mark != 5 || len(h.soon()) != 1 {
		t.Errorf("asked for %+v", of)
	}
}

// In a virtual machine that was paused from outside both clocks stood still. What the line's says, as soon as the store has answered
// anything, shows it: nothing leaves then that another replica has by now.
func TestAfterAPauseItIsAskedWhoseItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		line := time.Now()
		d.hands.line = func() time.Time { return line }
		d.start(t.Context(), short(sendOf("one"), sendOf("two")))
		d.store.taken = map[string]bool{"17-1": true}
		line = line.Add(5 * time.Second)
		sending(t, d.out, 2, 0)
		calm()
		if got := d.diary.all(); !slices.Equal(got, []string{"sendMessage two[]"}) || d.hands.count() != 0 {
			t.Errorf("left %q, %d in hand", got, d.hands.count())
		}
	})
}

// A wipe also finds the messages of which the store has not heard yet.
func TestWipeFindsWhatIsNotSettledYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		id, own := errandID{"p07", "17-1"}, referrals.Member{Slot: "p07", Name: "cHASH"}
		d.store.away = errors.New("away")
		d.hands.take(referrals.Task{Slot: id.slot, ID: id.id, Till: time.Now().Add(time.Hour)})
		d.hands.finish(id, false, referrals.Delivery{To: own, Message: 7}, referrals.Delivery{To: referrals.Member{Name: "other"}, Message: 8})
		calm()
		if got := d.hands.sent(own); !slices.Equal(got, []int{7}) {
			t.Errorf("found %v while it waits", got)
		}
		d.store.mu.Lock()
		d.store.away = nil
		d.store.messages[own] = []int{3, 7}
		d.store.mu.Unlock()
		if got, err := d.messages(t.Context(), own); err != nil || !slices.Equal(got, []int{3, 7}) {
			t.Errorf("messages %v, %v", got, err)
		}
		time.Sleep(time.Minute)
		calm()
		if got := d.hands.sent(own); len(got) != 0 {
			t.Errorf("found %v after the store heard of it", got)
		}
	})
}
