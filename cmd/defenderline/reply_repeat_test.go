package main

import (
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
)

// TestWhatWasShownIsNotShownAgain: the line is killed after an officer was shown what to confirm and before that was noted. By the time that
// it would be shown once more, it has been confirmed and delivered: the words do not come back to the officer's chat, which says that
// they are deleted.
func TestWhatWasShownIsNotShownAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	officer := r.officerAt(lima1)
	d, code := r.sent("who can hear me", "mission")
	officer.press("ack:" + code)
	officer.press("reply:" + code)
	officer.reads("Telegram can read what you write here")
	r.sim.Inject(telegramsim.Fault{Kind: telegramsim.FaultCutAfter, Method: "sendMessage", Chat: lima1, Times: 1})
	officer.says(wordsOfDesk)
	send := officer.shown(code, wordsOfDesk)
	r.kill()
	if r.sim.Failed()[telegramsim.FaultCutAfter] != 1 || r.shownTo(lima1, wordsOfDesk) != 1 {
		t.Fatalf("%d were cut off, shown %d times", r.sim.Failed()[telegramsim.FaultCutAfter], r.shownTo(lima1, wordsOfDesk))
	}
	if _, err := officer.Press(send); err != nil {
		t.Fatal(err)
	}
	r.start()
	d.reads(wordsOfDesk)
	officer.reads("delivered to the defender")
	if !r.eventually(func() bool { return r.waiting() == 0 }) {
		t.Fatalf("%d errands are left", r.waiting())
	}
	if n := r.shownTo(lima1, wordsOfDesk); n != 1 || officer.times(wordsOfDesk) != 0 {
		t.Errorf("shown %d times; the officer's chat is\n%s", n, transcript(officer.View()))
	}
}

// shownTo is how many messages with such words a chat was sent.
func (r *rig) shownTo(chat int64, words string) (n int) {
	for _, c := range r.sim.Calls("sendMessage") {
		if c.Chat == chat && strings.Contains(c.Param("text"), words) {
			n++
		}
	}
	return n
}
