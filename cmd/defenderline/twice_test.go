package main

import (
	"testing"

	"defenderline/bot/telegramsim"
)

// twice presses a button two times, as somebody does who sees nothing happen, and gives what the second press was answered with.
func (a *actor) twice(data string) telegramsim.Toast {
	a.r.t.Helper()
	m := a.offered(data).Last()
	full := keyboardData(m, data)
	var toast telegramsim.Toast
	for range 2 {
		p, err := a.PressStale(m, full)
		if err != nil {
			a.r.t.Fatal(err)
		}
		if toast, err = p.Wait(a.ctx); err != nil {
			a.r.t.Fatalf("%s was never answered: %v", data, err)
		}
	}
	return toast
}

// TestEverythingPressedTwice sends an emergency and deletes the chat with two presses for each: the consent stays given,
// one case is sent, and of the chat nothing is left but the closing line.
func TestEverythingPressedTwice(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	d := r.person(0, "en")
	d.start(t)
	for _, data := range []string{"menu:emergency", "notice:understood", "safe:yes", "urgency:now", "country:PE", "subject:self"} {
		d.twice(data)
	}
	d.says("They are at the door.")
	d.twice("nav:done")
	d.twice("consent:mission")
	if toast := d.twice("review:send"); toast.Text == "" {
		t.Error("whoever presses Send again is not told that it was received")
	}
	d.code()
	d.says("/wipe")
	if toast := d.twice("wipe:yes"); toast.Text != "" {
		t.Errorf("after a wipe it is said: %q", toast.Text)
	}
	d.sees("the closing line alone", func(v telegramsim.View) bool { return len(v.Messages) == 1 && len(v.Buttons()) == 0 })
	if v := d.View(); len(v.Messages) != 1 {
		t.Errorf("left behind:\n%s", transcript(v))
	}
}
