package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/bot/telegramsim"
)

// withDeskBot gives officers and organisations a bot of their own.
func withDeskBot(r *rig, config *string) {
	desk, err := r.sim.AddBot("2000002:"+strings.Repeat("B", 35), "TheDeskBot")
	if err != nil {
		r.t.Fatal(err)
	}
	r.deskBot = desk
	r.write("desk-token", desk.Token())
	*config = strings.Replace(*config, "telegram: {token_file: token,", "telegram: {token_file: token, desk_token_file: desk-token,", 1)
}

// officerAt is an officer at the bot that serves desks.
func (r *rig) officerAt(chat int64) *actor {
	r.t.Helper()
	p, err := r.sim.AddPerson(telegramsim.User{ID: chat, FirstName: "Officer", LanguageCode: "en"})
	if err != nil {
		r.t.Fatal(err)
	}
	at := r.bot
	if r.deskBot != nil {
		at = r.deskBot
	}
	a := &actor{Phone: p.With(at), r: r, ctx: r.t.Context()}
	a.start(r.t)
	a.reads("This chat is a desk of the line")
	return a
}

// writes writes to the defender of a case and confirms what is shown.
func (a *actor) writes(code, words string) *telegramsim.Message {
	a.r.t.Helper()
	a.press("reply:" + code)
	a.reads("Telegram can read what you write here")
	m := a.says(words)
	a.confirms(code, words)
	return m
}

// confirms waits until words are shown to be sent, and sends them.
func (a *actor) confirms(code, words string) {
	a.r.t.Helper()
	if _, err := a.Press(a.shown(code, words)); err != nil {
		a.r.t.Fatal(err)
	}
}

// shown waits until words are shown to be sent, and gives the button that sends them.
func (a *actor) shown(code, words string) (send string) {
	a.r.t.Helper()
	a.sees("what would be sent: "+words, func(v telegramsim.View) bool {
		for _, m := range slices.Backward(v.Messages) {
			if m.Keyboard == nil || !strings.Contains(m.Text, words) {
				continue
			}
			for _, row := range m.Keyboard.Rows {
				for _, b := range row {
					if strings.HasPrefix(b.CallbackData, "reply:"+code+"#send.") {
						send = b.CallbackData
						return true
					}
				}
			}
		}
		return false
	})
	return send
}

// pressesUnder presses a button of the newest message that says something: buttons of older screens may still be there.
func (a *actor) pressesUnder(words, data string) {
	a.r.t.Helper()
	var full string
	a.sees(words+" with "+data, func(v telegramsim.View) bool {
		for _, m := range slices.Backward(v.Messages) {
			if m.Keyboard == nil || !strings.Contains(m.Text, words) {
				continue
			}
			for _, row := range m.Keyboard.Rows {
				for _, b := range row {
					if bareData(b.CallbackData) == data {
						full = b.CallbackData
						return true
					}
				}
			}
		}
		return false
	})
	if _, err := a.Press(full); err != nil {
		a.r.t.Fatal(err)
	}
}

// times is how often a chat shows words.
func (a *actor) times(words string) (n int) {
	for _, m := range a.View().Messages {
		n += strings.Count(m.Text+m.Caption, words)
	}
	return n
}

// gone waits until a chat shows words no more.
func (a *actor) gone(words string) {
	a.r.t.Helper()
	a.sees("no "+words, func(v telegramsim.View) bool { return !strings.Contains(transcript(v), words) })
}

// answersDesk answers what a desk wrote.
func (a *actor) answersDesk(code, words string) {
	a.r.t.Helper()
	a.press("case:" + code + "#" + code)
	a.reads("What would you like to add to case " + code)
	a.says(words)
	a.pressesUnder("You can write more", "nav:done")
	a.pressesUnder("Nothing has been sent yet", "review:send")
	a.reads("Added to case " + code)
}

const (
	wordsOfDesk     = "Come to the gate at six, canary-of-the-desk."
	wordsOfDefender = "I am at the station, canary-of-the-defender."
)

// TestReplyAndItsAnswer: an officer writes, the defender answers, GnuPG opens the answer; by one bot for all and by a bot of their own
// for desks. Neither side is shown the other's account, and the store, the log and the calls for other chats hold no word of it.
func TestReplyAndItsAnswer(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]func(*rig, *string){"one bot": nil, "two bots": {withDeskBot}} {
		t.Run(name, func(t *testing.T) {
			beside(t, waiting)
			r := newRig(t, change...)
			officer, ngo := r.officerAt(lima1), r.officerAt(fldChat)
			d, code := r.sent("who can hear me", "mission", "front-line-defenders")
			officer.document(code + ".asc")
			if toast := officer.press("ack:" + code); !strings.Contains(toast.Text, "read") {
				t.Errorf("acknowledged: %q", toast.Text)
			}
			typed := officer.writes(code, wordsOfDesk)
			got := d.reads(wordsOfDesk)
			if !strings.Contains(got.Text, "British Embassy Lima") || !strings.Contains(got.Text, code) || got.ForwardOrigin != nil {
				t.Errorf("the defender reads %q, forwarded from %s", got.Text, got.ForwardOrigin)
			}
			officer.reads("delivered to the defender")
			officer.gone(wordsOfDesk)
			if slices.ContainsFunc(officer.View().Messages, func(m *telegramsim.Message) bool { return m.ID == typed.ID }) {
				t.Error("what the officer typed is still there")
			}
			d.answersDesk(code, wordsOfDefender)
			home := gpgHome(t, r.private["lima"], r.signing)
			if text := decrypt(t, home, officer.document(code+".2.asc")); !strings.Contains(string(text), wordsOfDefender) {
				t.Errorf("the officer reads\n%s", text)
			}
			d.gone(wordsOfDefender)
			r.files(officer, d, code)
			if seen := transcript(officer.View()) + transcript(ngo.View()); strings.Contains(seen, fmt.Sprint(d.ID())) {
				t.Error("a desk is shown the defender's account")
			}
			if seen := transcript(d.View()); strings.Contains(seen, fmt.Sprint(lima1)) {
				t.Error("the defender is shown an officer's account")
			}
			for _, method := range []string{"forwardMessage", "copyMessage"} {
				if n := len(r.sim.Calls(method)); n != 0 {
					t.Errorf("%d calls of %s", n, method)
				}
			}
			r.nowhere(t, "canary-of-the-desk", "canary-of-the-defender", "canary-of-the-file")
		})
	}
}

// files has the officer send a file, and the defender get it.
func (r *rig) files(officer, d *actor, code string) {
	r.t.Helper()
	officer.press("reply:" + code)
	if _, err := officer.SendFile(telegramsim.Attachment{Kind: "document", Name: "way.pdf", Data: []byte("canary-of-the-file")}); err != nil {
		r.t.Fatal(err)
	}
	officer.confirms(code, "What you sent last: file")
	if body := d.document("way.pdf"); string(body) != "canary-of-the-file" {
		r.t.Errorf("the file reads %q", body)
	}
}

// nowhere looks for words in all that the line keeps and says.
func (r *rig) nowhere(t *testing.T, words ...string) {
	t.Helper()
	for place, content := range map[string]string{"log": r.log.String(), "redis": string(dump(t, r)), "append-only file": string(onDisk(t, r)), "metrics": r.get("/metrics")} {
		for _, w := range words {
			if strings.Contains(content, w) {
				t.Errorf("%q is in the %s", w, place)
			}
		}
	}
}

// TestReplySurvivesKills: the process is killed between what the officer confirms, what the defender reads and what the officer is
// told; another replica goes on. Nothing is lost, the words come once, and the answer arrives.
func TestReplySurvivesKills(t *testing.T) {
	beside(t, waiting)
	r := newRigWith(t, rigOptions{replicas: 2})
	officer := r.officerAt(lima1)
	d, code := r.sent("who can hear me", "mission")
	officer.press("ack:" + code)
	for i := range 4 {
		words := fmt.Sprintf("reply number %d.", i)
		officer.press("reply:" + code)
		officer.says(words)
		officer.confirms(code, words)
		victim := r.replicas[i%2]
		victim.kill()
		d.reads(words)
		victim.start()
		officer.gone(words)
	}
	d.answersDesk(code, wordsOfDefender)
	if text := r.open("lima", officer.document(code+".2.asc")); !strings.Contains(string(text), wordsOfDefender) {
		t.Errorf("the officer reads\n%s", text)
	}
	last := -1
	for i, m := range d.View().Messages {
		for n := range 4 {
			if strings.Contains(m.Text, fmt.Sprintf("reply number %d.", n)) {
				if n < last {
					t.Errorf("message %d is reply %d, after %d", i, n, last)
				}
				last = n
			}
		}
	}
}

// TestReplyWhileEverythingIsDown: what was confirmed before the line was killed arrives when it is back, once.
func TestReplyWhileEverythingIsDown(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer := r.officerAt(lima1)
	d, code := r.sent("who can hear me", "mission")
	officer.press("ack:" + code)
	officer.press("reply:" + code)
	officer.says(wordsOfDesk)
	send := officer.shown(code, wordsOfDesk)
	r.kill() // in the middle of it
	if _, err := officer.Press(send); err != nil {
		t.Fatal(err)
	}
	r.start()
	d.reads(wordsOfDesk)
	officer.reads("delivered to the defender")
	if n := d.times(wordsOfDesk); n != 1 {
		t.Errorf("the defender reads it %d times", n)
	}
}

// TestSilentHoursHoldAReply: a reply waits in the chat's record, is told to wait, survives a kill, and is read when the hours are changed.
func TestSilentHoursHoldAReply(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer := r.officerAt(lima1)
	d := r.person(0, "en")
	d.start(t)
	before := screen(d.offered("menu:contact"))
	w := &walker{actor: d, picks: picks(), words: []string{"may I visit"}, consents: []string{"mission"}}
	w.picks["reach"] = []string{"here"}
	w.press("menu:contact")
	w.moved(before)
	w.send()
	code := d.code()
	officer.press("ack:" + code)
	d.reads("was read by British Embassy Lima")
	d.quietNow()
	officer.writes(code, wordsOfDesk)
	officer.reads("has set silent hours")
	officer.gone(wordsOfDesk)
	if d.times(wordsOfDesk) != 0 {
		t.Error("delivered in silent hours")
	}
	r.nowhere(t, "canary-of-the-desk")
	r.kill()
	r.start()
	d.says("/settings")
	d.press("menu:hours")
	d.press("hours:none")
	d.reads(wordsOfDesk)
	officer.reads("delivered to the defender")
	d.says("/wipe")
	d.press("wipe:yes")
	d.gone(wordsOfDesk)
}

// quietNow sets silent hours that it is now.
func (a *actor) quietNow() {
	a.r.t.Helper()
	a.says("/settings")
	a.press("menu:hours")
	a.press("hours:22-7")
	a.press("clock:" + fmt.Sprint(offsetAt(23)))
	a.reads("22:00")
}

// offsetAt is how far east of Greenwich it is that hour now, in minutes.
func offsetAt(hour int) int {
	east := (hour - time.Now().UTC().Hour() + 24) % 24
	if east > 12 {
		east -= 24
	}
	return east * 60
}
