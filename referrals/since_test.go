package referrals

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"
)

// handing is a mission's case, the desk's view of it, and what it posts.
type handing struct {
	h      Holding
	posted []Event
}

// move makes a move, and keeps what it posts. It fails the test when the move does not fit.
func (w *handing) move(t *testing.T, m Move) {
	t.Helper()
	if !fits(m, w.h) {
		t.Fatalf("%+v does not fit %+v", m, w.h)
	}
	w.h = made(w.h, m)
	for _, e := range m.Errands {
		if e.Post == nil {
			continue
		}
		var happened Event
		if err := json.Unmarshal(e.Post.Body, &happened); err != nil {
			t.Fatal(err)
		}
		w.posted = append(w.posted, happened)
	}
}

// silence lets every rung be silent, the last at a time.
func (w *handing) silence(t *testing.T, at time.Time) {
	t.Helper()
	for w.h.State == Alerted {
		w.h.Due = at
		m, due := Overslept(w.h, lineDesks().Desk("lima"), at)
		if !due {
			t.Fatalf("never due: %+v", w.h)
		}
		w.move(t, m)
	}
}

func alertedLima(t *testing.T) (Case, *handing) {
	c, _ := run(t, shared("lima headquarters"), "sent")
	return c, &handing{h: Holding{Desk: "lima", Code: string(testCode), State: Alerted, Lane: Urgent, Origin: "p07", Due: noon}}
}

// TestTheClockGoesBack: somebody has the case by a clock that is ahead, hands it over after that was set right, and the colleagues are
// silent. However far back it went and however late this is heard, headquarters is told.
func TestTheClockGoesBack(t *testing.T) {
	lima := lineDesks().Desk("lima")
	for _, back := range []time.Duration{0, time.Second, 2 * time.Hour, 72 * time.Hour} {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprint(back, again), func(t *testing.T) {
				c, w := alertedLima(t)
				w.move(t, Acknowledge(w.h, "ack", noon))
				now := noon.Add(-back)
				w.move(t, HandOver(w.h, lima, 1, "over", now.Add(time.Minute)))
				if again { // the colleague has it, and hands it over too
					w.move(t, Acknowledge(w.h, "ack2", now.Add(2*time.Minute)))
					w.move(t, HandOver(w.h, lima, 0, "over2", now.Add(3*time.Minute)))
				}
				w.silence(t, now.Add(40*time.Minute))
				var out []Errand
				for _, e := range w.posted {
					c, out = c.Happen(e, lineRooms())
				}
				if got := inWords(t, out); got != "alert headquarters, tell released headquarters" || c.Has("lima") {
					t.Errorf("the last of %+v: %q, and the case is %+v", w.posted, got, c.Shares)
				}
			})
		}
	}
}

// TestAnOldSilenceIsOver: what was silent before somebody had the case does not take it from them, heard of in whatever order, though
// it was handed over in between.
func TestAnOldSilenceIsOver(t *testing.T) {
	lima := lineDesks().Desk("lima")
	_, w := alertedLima(t)
	w.silence(t, noon)
	w.move(t, Acknowledge(w.h, "ack", noon.Add(time.Minute)))
	w.move(t, HandOver(w.h, lima, 1, "over", noon.Add(2*time.Minute)))
	w.silence(t, noon.Add(3*time.Minute))
	w.move(t, Acknowledge(w.h, "ack2", noon.Add(4*time.Minute)))
	w.move(t, HandOver(w.h, lima, 0, "over2", noon.Add(5*time.Minute)))
	w.move(t, Acknowledge(w.h, "ack3", noon.Add(6*time.Minute)))
	if len(w.posted) != 5 {
		t.Fatalf("posted: %+v", w.posted)
	}
	for order := range permutations(5) {
		c, _ := alertedLima(t)
		for _, i := range order {
			c, _ = c.Happen(w.posted[i], lineRooms())
		}
		if !c.Has("lima") {
			t.Errorf("heard of in order %v: %+v", order, c.Shares)
		}
	}
}

// permutations are all orders of n things.
func permutations(n int) func(func([]int) bool) {
	return func(yield func([]int) bool) {
		var from func(order []int) bool
		from = func(order []int) bool {
			if len(order) == n {
				return yield(order)
			}
			for i := range n {
				if !slices.Contains(order, i) && !from(append(slices.Clone(order), i)) {
					return false
				}
			}
			return true
		}
		from(nil)
	}
}

// TestOfAnEarlierVersion: what says nothing of how often it was handed over is told apart by its time.
func TestOfAnEarlierVersion(t *testing.T) {
	for _, tt := range []struct {
		at   time.Duration
		know int64
		has  bool
	}{{time.Minute, 0, false}, {-time.Minute, 0, true}, {time.Minute, 2, false}, {-time.Minute, 2, true}} {
		c, _ := alertedLima(t)
		c, _ = c.Happen(Event{Kind: WasAcknowledged, Desk: "lima", Holding: string(testCode), At: noon, Handed: tt.know}, lineRooms())
		c, _ = c.Happen(Event{Kind: WasSilent, Desk: "lima", Holding: string(testCode), At: noon.Add(tt.at)}, lineRooms())
		if c.Has("lima") != tt.has {
			t.Errorf("%+v: %+v", tt, c.Shares)
		}
	}
}

// TestAStaleSilenceIsNotMade: who noticed the silence of a ladder that was handed over since does not end the new one.
func TestAStaleSilenceIsNotMade(t *testing.T) {
	lima := lineDesks().Desk("lima")
	_, w := alertedLima(t)
	w.move(t, HandOver(w.h, lima, 1, "over", noon))
	w.move(t, HandOver(w.h, lima, 0, "over2", noon))
	w.h.Rung, w.h.Due = 1, noon
	m, due := Overslept(w.h, lima, noon)
	w.h.Handed++
	if !due || m.To != Silent || fits(m, w.h) {
		t.Errorf("%v %+v fits %+v", due, m, w.h)
	}
}

// TestALookOfAClockThatWasAhead: the case looks again at once, and from then on as soon as ever.
func TestALookOfAClockThatWasAhead(t *testing.T) {
	c, _ := shared("a").Happen(Event{Kind: Sent, At: noon}, lineRooms("a"))
	if _, early := c.Overdue(noon.Add(time.Second), lineRooms()); c.Look.IsZero() || len(early) > 0 {
		t.Fatalf("it looks at %v, too early: %+v", c.Look, early)
	}
	now := noon.Add(-2 * time.Hour)
	full, _ := c.Overdue(now, lineRooms("a"))
	if full.Look.Sub(now) > longestLook || full.Look.Before(now) {
		t.Errorf("nobody has room at %v: it looks again at %v", now, full.Look)
	}
	if _, out := c.Overdue(now, lineRooms()); inWords(t, out) != "offer a 1, tell released a" {
		t.Errorf("there is room: %s", inWords(t, out))
	}
}
