package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
)

// begun is a person in the middle of an emergency, asked for the account.
func begun(t *testing.T, r *rig) *actor {
	t.Helper()
	d := r.person(0, "en")
	d.start(t)
	d.press("menu:emergency")
	d.notice()
	d.press("safe:yes")
	d.press("urgency:now")
	d.press("country:PE")
	d.press("subject:self")
	d.reads("What is happening")
	return d
}

// finish ends the emergency of begun and returns what the mission reads.
func (a *actor) finish(officer *actor) string {
	a.r.t.Helper()
	a.press("nav:done")
	a.press("consent:mission")
	a.press("review:send")
	return string(a.r.open("lima", officer.document(a.code()+".asc")))
}

// TestWhatAPersonMayDoWrong does everything at the wrong moment: each gets an answer, nothing written is lost,
// and the case can still be sent.
func TestWhatAPersonMayDoWrong(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer := r.person(lima1, "en")
	officer.start(t)

	t.Run("a button of a screen that has moved on", func(t *testing.T) {
		d := r.person(0, "en")
		d.start(t)
		v := d.offered("menu:emergency")
		old := v.Last()
		d.press("menu:emergency")
		d.offered("notice:understood")
		p, err := d.PressStale(old, keyboardData(old, "menu:contact"))
		if err != nil {
			t.Fatal(err)
		}
		toast, err := p.Wait(d.ctx)
		if err != nil || toast.Text == "" {
			t.Errorf("the toast says %q: %v", toast.Text, err)
		}
		d.offered("notice:understood")
	})
	t.Run("a command nobody knows, a sticker, a contact card, an empty text", func(t *testing.T) {
		d := begun(t, r)
		d.says("/nothing")
		d.offered("nav:back")
		if _, err := d.SendFile(telegramsim.Attachment{Kind: "sticker", Data: []byte("webp")}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.SendContact("+5199", "Canary"); err != nil {
			t.Fatal(err)
		}
		d.says("the account itself")
		d.offered("nav:done")
		if text := d.finish(officer); !strings.Contains(text, "the account itself") {
			t.Errorf("lost:\n%s", text)
		}
	})
	t.Run("the longest text, and many", func(t *testing.T) {
		d := begun(t, r)
		long := strings.Repeat("ع", 4095) + "Z"
		d.says(long)
		for i := range 5 {
			d.says(fmt.Sprintf("message %d of five", i))
		}
		d.reads("What is happening")
		d.offered("nav:done")
		text := d.finish(officer)
		if !strings.Contains(text, long) || strings.Count(text, "of five\n") != 5 {
			t.Error("a message is missing from the document")
		}
		if a, b := strings.Index(text, "message 0"), strings.Index(text, "message 4"); a > b {
			t.Error("the messages are out of order")
		}
	})
	t.Run("an edit of what was written", func(t *testing.T) {
		d := begun(t, r)
		m := d.says("five men in a blue car")
		d.offered("nav:done")
		if _, err := d.Edit(m.ID, "six men in a green car"); err != nil {
			t.Fatal(err)
		}
		d.offered("nav:done")
		d.says("and a second message")
		d.offered("nav:done")
		if text := d.finish(officer); !strings.Contains(text, "six men in a green car") || strings.Contains(text, "blue") {
			t.Errorf("the edit did not count:\n%s", text)
		}
	})
	t.Run("words while buttons are asked", func(t *testing.T) {
		d := r.person(0, "en")
		d.start(t)
		d.press("menu:emergency")
		d.notice()
		d.offered("safe:yes")
		d.says("they took my brother")
		d.reads("kept")
		d.press("safe:yes")
		d.press("urgency:now")
		d.press("country:PE")
		d.press("subject:self")
		d.offered("nav:done")
		if text := d.finish(officer); !strings.Contains(text, "they took my brother") {
			t.Errorf("lost:\n%s", text)
		}
	})
	t.Run("two devices at once", func(t *testing.T) {
		d := begun(t, r)
		other := &actor{Phone: d.Phone, r: r, ctx: d.ctx}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 5 {
				_, _ = other.Send(fmt.Sprintf("tablet %d.", i)) // cannot fail: short texts
			}
		}()
		for i := range 5 {
			d.says(fmt.Sprintf("phone %d.", i))
		}
		<-done
		d.offered("nav:done")
		text := d.finish(officer)
		for i := range 5 {
			for _, device := range []string{"phone", "tablet"} {
				if !strings.Contains(text, fmt.Sprintf("%s %d.", device, i)) {
					t.Errorf("%s %d is missing", device, i)
				}
			}
		}
	})
	t.Run("a country misspelt, in another language, and a place", func(t *testing.T) {
		d := r.person(0, "en")
		d.start(t)
		d.press("menu:emergency")
		d.notice()
		d.press("safe:yes")
		d.press("urgency:now")
		d.says("colmbia")
		d.offered("country:CO")
		if _, err := d.SendLocation(-12.05, -77.04); err != nil {
			t.Fatal(err)
		}
		d.offered("country:PE")
	})
	t.Run("a language that is not shipped", func(t *testing.T) {
		d := r.person(0, "ka")
		d.start(t)
		d.offered("menu:emergency")
	})
}

func keyboardData(m *telegramsim.Message, prefix string) string {
	for _, row := range m.Keyboard.Rows {
		for _, b := range row {
			if strings.HasPrefix(b.CallbackData, prefix) {
				return b.CallbackData
			}
		}
	}
	return prefix
}

// TestWhereOthersReadAlong speaks to the bot in a group and adds it to a channel: it says why not, keeps
// nothing and leaves.
func TestWhereOthersReadAlong(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	p, err := r.sim.AddPerson(telegramsim.User{FirstName: "Somebody", LanguageCode: "en"})
	if err != nil {
		t.Fatal(err)
	}
	group := r.sim.AddGroup("friends", "")
	group.AddBot(r.bot, false)
	phone := &actor{Phone: p.In(group), r: r, ctx: t.Context()}
	phone.reads("private chat")
	channel := r.sim.AddChannel("news", "")
	channel.AddBot(r.bot, true)
	left := func() bool { return len(r.sim.Calls("leaveChat")) == 2 }
	if !r.eventually(left) {
		t.Errorf("the bot left %d chats of 2\n%s", len(r.sim.Calls("leaveChat")), r.log)
	}
}

// TestTelegramFails answers with errors of every kind; nobody is stuck and nothing is lost.
func TestTelegramFails(t *testing.T) {
	t.Parallel()
	faults := map[string]telegramsim.Fault{
		"429":              {Kind: telegramsim.FaultTooMany, Every: 7, RetryAfter: 1},
		"502":              {Kind: telegramsim.FaultStatus, Every: 5},
		"HTML":             {Kind: telegramsim.FaultHTML, Every: 5},
		"cut before":       {Kind: telegramsim.FaultCutBefore, Every: 5},
		"cut after it was": {Kind: telegramsim.FaultCutAfter, Every: 5},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			beside(t, waiting)
			r := newRig(t)
			officer := r.person(lima1, "en")
			officer.start(t)
			defer r.sim.Inject(fault)()
			d := begun(t, r)
			d.says("words in bad weather")
			d.offered("nav:done")
			if text := d.finish(officer); !strings.Contains(text, "words in bad weather") {
				t.Errorf("lost:\n%s", text)
			}
			officer.press("ack:" + d.code())
			d.reads("was read by")
		})
	}
}

// TestMalformedUpdate sends what cannot be read between what can.
func TestMalformedUpdate(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer := r.person(lima1, "en")
	officer.start(t)
	d := begun(t, r)
	r.bot.Offer("message", `{"message_id": "not a number", "chat": 5}`)
	r.bot.Offer("message_reaction", `{"chat": {"id": 1, "type": "private"}, "unknown": {"type": "tomorrow"}}`)
	d.says("after the poison")
	d.offered("nav:done")
	if text := d.finish(officer); !strings.Contains(text, "after the poison") {
		t.Errorf("lost:\n%s", text)
	}
}

// TestRedisAway takes the store away while people write: nothing is confirmed, nothing is lost.
func TestRedisAway(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer := r.person(lima1, "en")
	officer.start(t)
	d := begun(t, r)
	r.redis.Kill()
	d.says("written while the store was away")
	if !r.eventually(func() bool { return r.status("/readyz") == 503 }) {
		t.Error("the line says that it is ready without a store")
	}
	r.redis.Restart()
	d.offered("nav:done")
	if text := d.finish(officer); !strings.Contains(text, "written while the store was away") {
		t.Errorf("lost:\n%s", text)
	}
}

// TestBlocked blocks the bot after sending: the officer's work goes on, and news comes when it is unblocked.
func TestBlocked(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer := r.person(lima1, "en")
	officer.start(t)
	d := begun(t, r)
	d.says("then I block the bot")
	d.offered("nav:done")
	d.finish(officer)
	code := d.code()
	d.Block()
	if toast := officer.press("ack:" + code); toast.Text == "" {
		t.Error("the officer got no answer")
	}
	d.Unblock()
	d.start(t)
	d.says("/cases")
	d.offered("case:" + code)
}

// TestKilledInTheMiddle kills the line as kill -9 does, in the middle of a conversation, and starts it again.
func TestKilledInTheMiddle(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer := r.person(lima1, "en")
	officer.start(t)
	d := begun(t, r)
	d.says("before the kill")
	r.kill()
	d.says("while nobody listens")
	r.start()
	v := d.offered("nav:done")
	if !slices.ContainsFunc(v.Messages, func(m *telegramsim.Message) bool { return m.Text == "while nobody listens" }) {
		t.Error("the chat lost a message")
	}
	text := d.finish(officer)
	for _, words := range []string{"before the kill", "while nobody listens"} {
		if strings.Count(text, words) < 1 {
			t.Errorf("%q is lost", words)
		}
	}
}
