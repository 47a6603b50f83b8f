package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"defenderline/bot/telegramsim"
)

// TestFullOutbox lets Telegram refuse everything while an emergency is sent and thousands of messages pile up. The
// memory they take is bounded; when Telegram is back nothing waits for its next try and the emergency's alert goes before
// nearly all of it, everything else arrives, and each chat's screens in their order.
func TestFullOutbox(t *testing.T) {
	beside(t, crowded)
	const strangers, each = 1500, 2
	r := newRigWith(t, rigOptions{lean: true, change: []func(*rig, *string){roomy}})
	officer := r.desk(lima1)
	d := begun(t, r)
	d.says("while nothing arrives")
	d.press("nav:done")
	d.press("consent:mission")
	idle := r.memory()
	heal := r.sim.Inject(telegramsim.Fault{Kind: telegramsim.FaultStatus})
	send := d.offered("review:send")
	if _, err := d.Press(keyboardData(send.Last(), "review:send")); err != nil {
		t.Fatal(err)
	}
	phones := r.strangers(strangers)
	for _, words := range []string{"/start", "/help"} {
		for _, p := range phones {
			if _, err := p.Send(words); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !r.eventually(func() bool { return r.waiting() >= strangers && r.bot.Pending() == 0 }) {
		t.Fatalf("%d messages wait, %d updates were not taken", r.waiting(), r.bot.Pending())
	}
	grown := r.memory() - idle
	t.Logf("%d messages of %d acts wait; they take %d KB of memory", r.waiting(), strangers*each, grown>>10)
	if grown > 64<<20 {
		t.Errorf("%d MB of memory for %d messages that wait", grown>>20, r.waiting())
	}
	if !r.eventually(func() bool { return len(r.sim.Calls("sendDocument")) >= 5 }) { // each pause was longer than the one before
		t.Fatal("the alert was not tried again")
	}
	refused, waiting := len(r.sim.Calls()), r.waiting()
	healed := time.Now()
	heal()
	officer.document(d.code() + ".asc")
	alerted, before := alertIn(r.sim.Calls()[refused:])
	t.Logf("the alert came %v after Telegram did, behind %d messages of %d", alerted.Sub(healed), before, waiting)
	if before > waiting/10 { // those that were being tried when Telegram came back
		t.Error("those did not wait for it")
	}
	if !within(3*patience, func() bool { return r.waiting() == 0 }) {
		t.Fatalf("%d messages still wait", r.waiting())
	}
	inOrderOfTurns(t, r.sim.Calls()[refused:])
	for _, p := range phones {
		if v := p.View(); v.Last() == nil || !v.Last().From.IsBot {
			t.Fatalf("a chat was left without an answer:\n%s", transcript(v))
		}
	}
}

// strangers are people with phones.
func (r *rig) strangers(n int) []*telegramsim.Phone {
	r.t.Helper()
	var out []*telegramsim.Phone
	for range n {
		p, err := r.sim.AddPerson(telegramsim.User{FirstName: "Somebody", LanguageCode: "en"})
		if err != nil {
			r.t.Fatal(err)
		}
		out = append(out, p.With(r.bot))
	}
	return out
}

// alertIn is when the first document was sent to the officer, and how many messages were sent before.
func alertIn(calls []telegramsim.Call) (at time.Time, before int) {
	for _, c := range calls {
		switch {
		case c.Err != nil:
		case c.Method == "sendDocument" && c.Chat == lima1:
			return c.At, before
		case c.Method == "sendMessage":
			before++
		}
	}
	return at, before
}

// inOrderOfTurns demands that the screens of each chat came in the order of their turns.
func inOrderOfTurns(t *testing.T, calls []telegramsim.Call) {
	t.Helper()
	last := map[int64]int64{}
	for _, c := range calls {
		_, rest, ok := strings.Cut(c.Param("reply_markup"), "#")
		if !ok || c.Err != nil {
			continue
		}
		end := strings.IndexByte(rest, '"')
		turn, err := strconv.ParseInt(unwished(rest[:end]), 36, 64)
		if err != nil {
			t.Fatal(err)
		}
		if turn < last[c.Chat] {
			t.Errorf("chat %d was shown turn %d after %d", c.Chat, turn, last[c.Chat])
		}
		last[c.Chat] = turn
	}
}

var outboxDepths = regexp.MustCompile(`(?m)^defenderline_outbox_depth (\S+)$`)

// waiting is how many errands the store holds, as the metrics say.
func (r *rig) waiting() int {
	m := outboxDepths.FindStringSubmatch(r.get("/metrics"))
	if m == nil {
		return -1
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return -1
	}
	return int(n)
}

// memory is what the first replica has resident, in bytes.
func (r *rig) memory() int {
	r.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", r.process.Process.Pid))
	if err != nil {
		r.t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		r.t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
