package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/referrals"
)

// atLima are updates of the officer of Lima.
func atLima(update string) string { return atChat(limaChat, update) }

// asked is a bench whose officer of Lima has pressed Reply below a case that is read.
func asked(t testing.TB) *bench0 {
	b := newBench(t)
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Acknowledged))
	calls := b.take(atLima(pressOn(9, "reply:AAAA-BBBB")))
	if c, ok := find(calls, "sendMessage"); !ok || !c.has("reply:AAAA-BBBB#call") || !strings.Contains(c.text(), "Telegram") {
		t.Fatalf("asks %q", methods(calls))
	}
	return b
}

// wantTalk says what the officer's chat is to be in the middle of: nothing when code is empty.
func wantTalk(t testing.TB, b *bench0, code string) {
	t.Helper()
	s := b.state()
	switch {
	case code == "" && s.Talk != nil:
		t.Errorf("still in the middle of %+v", s.Talk.Wants)
	case code == "" && b.last.State != nil:
		t.Error("the officer is remembered though nothing is under way")
	case code != "" && (s.Talk == nil || s.Talk.Code != code):
		t.Errorf("in the middle of %v, want %s", s.Talk, code)
	}
}

func TestTalkIsKeptUntilItsEnd(t *testing.T) {
	b := asked(t)
	wantTalk(t, b, "AAAA-BBBB")
	if !b.last.Again.Equal(noon.Add(talkFor)) || b.last.Keep < talkFor {
		t.Errorf("due at %v, kept for %v", b.last.Again, b.last.Keep)
	}
	b.atTime(noon.Add(20 * time.Minute))
	b.take(atLima(say(11, canary)))
	if wantTalk(t, b, "AAAA-BBBB"); !b.last.Again.Equal(noon.Add(50 * time.Minute)) {
		t.Errorf("due at %v after a further act", b.last.Again)
	}
	b.atTime(noon.Add(40 * time.Minute))
	b.take()
	wantTalk(t, b, "AAAA-BBBB")
}

func TestTalkEndsByItself(t *testing.T) {
	b := asked(t)
	b.atTime(noon.Add(talkFor))
	if calls := b.take(); len(calls) != 0 {
		t.Errorf("of what was not written %q is said", methods(calls))
	}
	wantTalk(t, b, "")
	b = asked(t)
	b.take(atLima(say(11, canary)))
	b.store.messages[b.work.Member] = []int{40}
	b.atTime(noon.Add(2 * talkFor))
	calls := b.take()
	if got := deletedIDs(t, calls); !slices.Contains(got, 11) || !slices.Contains(got, 40) {
		t.Errorf("deletes %v, want what was written and what was shown", got)
	}
	if c, ok := find(calls, "sendMessage"); !ok || c.Chat != limaChat || !strings.Contains(c.text(), "AAAA-BBBB") || strings.Contains(c.text(), canary) {
		t.Errorf("says %q", methods(calls))
	}
	wantTalk(t, b, "")
}

func TestTalkEndsWithAnythingElse(t *testing.T) {
	for name, update := range map[string]string{"back": pressOn(10, "nav:back#AAAA-BBBB"), "a command": say(10, "/queue"),
		"a code": say(10, "AAAA-BBBB"), "a command of others": say(10, "/start")} {
		b := asked(t)
		b.take(atLima(update))
		if wantTalk(t, b, ""); t.Failed() {
			t.Fatal(name)
		}
		calls := b.take(atLima(say(12, canary)))
		if len(calls) != 1 || strings.Contains(calls[0].text(), canary) {
			t.Errorf("%s: words that follow are shown: %q", name, methods(calls))
		}
	}
}

func TestTalkStaysThroughOtherButtons(t *testing.T) {
	b := asked(t)
	b.store.hold(held("lima", "CCCC-DDDD", referrals.Alerted))
	b.take(atLima(pressOn(10, "ack:CCCC-DDDD")), atLima(pressOn(11, "close:CCCC-DDDD")), atLima(pressOn(12, "nav:back#CCCC-DDDD")))
	wantTalk(t, b, "AAAA-BBBB")
}

func TestTalkEndsWhenTheCaseIsGone(t *testing.T) {
	for _, s := range []referrals.State{referrals.Withdrawn, referrals.Closed} {
		b := asked(t)
		b.store.hold(held("lima", "AAAA-BBBB", s))
		c, ok := find(b.take(atLima(say(11, canary))), "sendMessage")
		if want := b.texts.Text("es", "desk.talk.gone", map[string]any{"Code": "AAAA-BBBB"}); !ok || c.text() != want {
			t.Errorf("%s: %q", s, c.text())
		}
		wantTalk(t, b, "")
	}
}

// An officer tries three wordings. Telegram can read all of them, also those that were not sent.
func TestWhatWasWrittenGoesWithTheTalk(t *testing.T) {
	for name, c := range map[string]struct {
		update string
		want   []int
	}{
		"back":      {pressOn(13, "nav:back#AAAA-BBBB"), []int{13, 10, 11, 12}}, // the question that Back stands below, too
		"a command": {say(13, "/queue"), []int{10, 11, 12}},
		"anew":      {pressOn(9, "reply:AAAA-BBBB"), []int{10, 11, 12}},
		"sent":      {pressOn(60, "reply:AAAA-BBBB#send.3.l1"), []int{10, 11}}, // the last goes once it was taken
	} {
		b := asked(t)
		b.take(atLima(say(10, canary)), atLima(say(11, canary)), atLima(say(12, canary)))
		if got := deletedIDs(t, b.take(atLima(c.update))); !slices.Equal(got, c.want) {
			t.Errorf("%s: deletes %v, want %v", name, got, c.want)
		}
	}
}

// What is shown last is what its button sends: a change, or another message, takes its place.
func TestEachShowingHasItsOwnNumber(t *testing.T) {
	b := asked(t)
	first, _ := find(b.take(atLima(say(11, "one"))), "sendMessage")
	second, _ := find(b.take(atLima(strings.Replace(say(11, "two"), `"message"`, `"edited_message"`, 1))), "sendMessage")
	third, _ := find(b.take(atLima(pressOn(12, "reply:AAAA-BBBB#come"))), "sendMessage")
	if !strings.Contains(first.text(), "one") || !strings.Contains(second.text(), "two") || strings.Contains(third.text(), "two") {
		t.Fatalf("shown %q, %q, %q", first.text(), second.text(), third.text())
	}
	for i, c := range []call{first, second, third} {
		if want := "reply:AAAA-BBBB#send." + string(rune('1'+i)) + ".l1"; !slices.Contains(c.buttons(), want) {
			t.Errorf("buttons %q, want %s", c.buttons(), want)
		}
	}
	if calls := b.take(atLima(strings.Replace(say(11, "late"), `"message"`, `"edited_message"`, 1))); len(calls) != 0 {
		t.Errorf("a change of what is not shown any more: %q", methods(calls))
	}
}

// A button of an earlier talk, left in the chat because its message was on its way when that ended, does not send what a later one shows.
func TestABeginAnewMakesEarlierButtonsOld(t *testing.T) {
	b := asked(t)
	one, _ := find(b.take(atLima(say(11, "one"))), "sendMessage")
	b.take(atLima(pressOn(9, "reply:AAAA-BBBB")))
	b.take(atLima(say(12, "two")))
	old := one.buttons()[0]
	if got, want := toastOf(t, b.take(atLima(pressOn(60, old)))), b.texts.Text("es", "desk.toast.not_sent", nil); got != want {
		t.Errorf("%s below “one”, with “two” shown last: %q", old, got)
	}
	wantTalk(t, b, "AAAA-BBBB")
}

// What the members of a group say to one another is nobody's reply.
func TestGroupsSendOnlyTheLinesQuestions(t *testing.T) {
	b := newBench(t)
	b.store.hold(held("kyiv", "AAAA-BBBB", referrals.Acknowledged))
	inGroup := func(u string) string {
		return strings.ReplaceAll(atChat(deskGroup, u), `"type":"private"`, `"type":"supergroup"`)
	}
	c, _ := find(b.take(inGroup(pressOn(9, "reply:AAAA-BBBB"))), "sendMessage")
	if want := b.texts.Text("en", "desk.reply.ask_group", map[string]any{"Code": "AAAA-BBBB", "Lane": b.texts.Text("en", "desk.lane.emergency", nil)}); c.text() != want {
		t.Errorf("asks %q", c.text())
	}
	if calls := b.take(inGroup(say(10, canary))); len(calls) != 0 || b.state().Talk.Words != "" {
		t.Errorf("takes what is said in a group: %q", methods(calls))
	}
	if c, _ := find(b.take(inGroup(pressOn(11, "reply:AAAA-BBBB#where"))), "sendMessage"); !slices.Contains(c.buttons(), "reply:AAAA-BBBB#send.1.l1") {
		t.Errorf("a question of the line in a group: %q", c.buttons())
	}
}

func TestReplyNeedsARead(t *testing.T) {
	for state, key := range map[referrals.State]string{referrals.Alerted: "desk.toast.read_first", referrals.Silent: "desk.toast.read_first",
		referrals.Closed: "desk.toast.not_there", referrals.Withdrawn: "desk.toast.not_there"} {
		b := newBench(t)
		b.store.hold(held("lima", "AAAA-BBBB", state))
		toast := toastOf(t, b.take(atLima(pressOn(9, "reply:AAAA-BBBB"))))
		if want := b.texts.Text("es", key, map[string]any{"State": b.texts.Text("es", "desk.state."+string(state), nil)}); toast != want {
			t.Errorf("%s: %q, want %q", state, toast, want)
		}
		wantTalk(t, b, "")
	}
}
