package bot

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
)

// at is an update whose message was written so long after noon, by Telegram's clock.
func at(d time.Duration, update string) string {
	return strings.Replace(update, `"date":`+itoa(noon.Unix()), `"date":`+itoa(noon.Add(d).Unix()), 1)
}

func itoa(n int64) string { return string(encode(n)) }

// full is the data of a button that calls show, with its token.
func full(t testing.TB, calls []call, data string) string {
	t.Helper()
	for _, c := range calls {
		for _, b := range c.buttons() {
			if before, _, _ := strings.Cut(b, "#"); before == data {
				return b
			}
		}
	}
	t.Fatalf("no button %s", data)
	return ""
}

// texts of the answers to presses, in order.
func toasts(calls []call) []string {
	var out []string
	for _, c := range calls {
		if c.Method == "answerCallbackQuery" {
			out = append(out, c.text())
		}
	}
	return out
}

// itemsOf are the words of a draft by their field, in order.
func itemsOf(d flows.Draft) (out []string) {
	for _, i := range d.Items {
		out = append(out, i.Field+": "+i.Text)
	}
	return out
}

// Whoever presses Delete twice, or any other button that stood there, is left with the one closing line: the phone may be in other hands
// a moment later.
func TestDeletePressedTwiceLeavesNothingBehind(t *testing.T) {
	for _, second := range []string{"wipe:yes", "wipe:no", "nav:back", "review:send", "menu:wipe"} {
		for _, apart := range []bool{true, false} {
			b := ready(t, "mission")
			yes := full(t, b.take(say(20, "/wipe")), "wipe:yes")
			press := pressOn(9, strings.Replace(yes, "wipe:yes", second, 1))
			var calls []call
			if apart {
				b.take(pressOn(9, yes))
				calls = b.take(press)
			} else {
				calls = slices.DeleteFunc(b.take(pressOn(9, yes), press), func(c call) bool { return c.Rest })
			}
			for _, c := range calls {
				if c.Method != "answerCallbackQuery" || c.Screen {
					t.Errorf("%s after a wipe, apart %v: %s %q", second, apart, c.Method, c.text())
				}
			}
			said := toasts(calls)
			if last := said[len(said)-1]; (last == "") != strings.Contains(second, "wipe") {
				t.Errorf("%s after a wipe is answered with %q", second, last)
			}
			if b.last.State != nil {
				t.Errorf("%s after a wipe brought the chat's record back", second)
			}
		}
	}
}

// I am in danger works from a menu of any age; the other buttons of a menu show it anew.
func TestOldMenuStillLeadsToHelp(t *testing.T) {
	b := newBench(t)
	b.take(pressOn(9, "menu:emergency#1k"))
	if d := b.state().Session.Draft; d.Flow != flows.FlowEmergency {
		t.Errorf("in danger, and led to %s/%s", d.Flow, d.At)
	}
	b = newBench(t)
	if calls := b.take(pressOn(9, "menu:threat#1k")); toasts(calls)[0] == "" || screenText(t, calls) == "" {
		t.Errorf("calls %q", methods(calls))
	}
}

// afterEmergency is a bench whose defender has sent an emergency and is asked how to be reached.
func afterEmergency(t testing.TB) (*bench0, string) {
	b := begun(t)
	s := b.state()
	s.Session.Turn = 20
	s.Session.Cases = []flows.Case{{Code: "AAAA-BBBB", Flow: flows.FlowEmergency, Lane: "emergency", State: "sent", SentAt: noon, Documents: 1,
		Desks: []string{"lima"}, Names: []string{"British Embassy Lima"}}}
	s.Session.Draft = flows.Draft{Flow: flows.FlowAfter, At: "reach", Case: "AAAA-BBBB", Begun: noon}
	b.record(s)
	return b, full(t, b.take(say(1, "/start")), "reach:signal")
}

// After an outage an answer, a number and words that nobody asked for come at once. The last two were written
// before their questions could be seen: they go to the desks as words, and into no field.
func TestWordsOfAnOutageFillNoField(t *testing.T) {
	b, signal := afterEmergency(t)
	calls := b.take(pressOn(9, signal), pressOn(9, signal), say(2, "+51 999"), say(3, "they have left"))
	if d := b.state().Session.Draft; d.At != "reach_detail" || len(d.Items) != 0 {
		t.Errorf("at %s with %q", d.At, itemsOf(d))
	}
	if text := screenText(t, calls); !strings.Contains(text, "AAAA-BBBB") || !strings.Contains(text, b.texts.Text("en", "ask.reach_detail", nil)) {
		t.Errorf("said %q", text)
	}
	sealed := string(b.glass.sealed["lima"])
	if strings.Contains(sealed, `"avoid"`) || strings.Contains(sealed, `"reach_detail"`) || !strings.Contains(sealed, "they have left") {
		t.Errorf("sealed %q", sealed)
	}
}

// asking is a bench whose defender is asked in words what must not be done.
func asking(t testing.TB) *bench0 {
	b := begun(t)
	s := b.state()
	s.Session.Draft = flows.Draft{Flow: flows.FlowThreat, At: "avoid", Begun: noon, Answers: map[string][]string{"country": {"PE"}}}
	b.record(s)
	return b
}

func TestWordsOlderThanTheirQuestionAreNotItsAnswer(t *testing.T) {
	tests := []struct {
		name            string
		before, written time.Duration // of the message before, and of this one
		field           string
	}{{"in an outage", -10 * time.Second, -3 * time.Second, "account"}, {"at once", -time.Second, 0, "when"}, {"later", -time.Second, time.Minute, "when"},
		{"by a server whose dates stand still", -time.Hour, -time.Hour, "when"}, {"by one of another year", -9001 * time.Hour, -9000 * time.Hour, "when"}}
	for _, tt := range tests {
		b := begun(t)
		s := b.state()
		s.Session.Draft = flows.Draft{Flow: flows.FlowThreat, At: "harm", Begun: noon, Answers: map[string][]string{"country": {"PE"}}}
		b.record(s)
		b.take(pressOn(9, full(t, b.take(at(tt.before, say(1, "/start"))), "nav:skip")))
		text := screenText(t, b.take(at(tt.written, say(2, "words"))))
		d := b.state().Session.Draft
		if got := itemsOf(d); !slices.Equal(got, []string{tt.field + ": words"}) {
			t.Errorf("%s: kept %q", tt.name, got)
		}
		if said := strings.Contains(text, b.texts.Text("en", "note.kept_aside", nil)); said != (tt.field == "account") || (d.At == "when") != said {
			t.Errorf("%s: at %s, said %q", tt.name, d.At, text)
		}
	}
}

// Of several messages at once the first is the answer: the next question was not there yet.
func TestBurstAnswersOneQuestion(t *testing.T) {
	b := asking(t)
	b.take(say(1, "/start"))
	text := screenText(t, b.take(say(2, "do not call"), say(3, "my house"), say(4, "on Tuesday")))
	if got := itemsOf(b.state().Session.Draft); !slices.Equal(got, []string{"avoid: do not call", "account: my house", "account: on Tuesday"}) {
		t.Errorf("kept %q", got)
	}
	if !strings.Contains(text, b.texts.Text("en", "note.kept_aside", nil)) {
		t.Errorf("said %q", text)
	}
}

// A line whose clock is wrong still knows an answer when it comes.
func TestWrongClockTakesAnswers(t *testing.T) {
	for _, wrong := range []time.Duration{time.Hour, -time.Hour, time.Second} {
		c := &telegramClock{now: func() time.Time { return noon }}
		if got := c.second(noon); got != noon.Unix() {
			t.Errorf("before Telegram has answered: %d", got)
		}
		for range 2 { // and when what it says is no date
			c.heard(http.Header{"Date": {noon.Format(http.TimeFormat)}})
			if got, want := c.second(noon.Add(wrong)), noon.Unix(); max(got-want, want-got) > int64(tolerance/time.Second) {
				t.Errorf("%v wrong: %d seconds", wrong, got-want)
			}
			c.heard(http.Header{"Date": {"yesterday"}})
		}
	}
}

// The line's clock jumps, and before Telegram is heard again a question is asked and answered.
func TestJumpOfTheClockTakesAnswers(t *testing.T) {
	for _, far := range []time.Duration{time.Hour, -time.Hour} {
		b := begun(t)
		s := b.state()
		s.Session.Draft = flows.Draft{Flow: flows.FlowThreat, At: "harm", Begun: noon, Answers: map[string][]string{"country": {"PE"}}}
		b.record(s)
		own := noon.Add(9 * time.Hour) // this machine's is wrong and stays so
		b.clock = &telegramClock{now: func() time.Time { return own }}
		b.clock.heard(http.Header{"Date": {noon.Format(http.TimeFormat)}})
		skip := full(t, b.take(at(-time.Second, say(1, "/start"))), "nav:skip")
		own = own.Add(10 * time.Second)
		b.now = func() time.Time { return noon.Add(10 * time.Second).Add(far) }
		b.take(pressOn(9, skip))
		b.take(at(9*time.Second, say(2, "before")))
		b.take(at(12*time.Second, say(3, "answer")))
		if got := itemsOf(b.state().Session.Draft); !slices.Equal(got, []string{"account: before", "when: answer"}) {
			t.Errorf("the clock jumped by %v: kept %q", far, got)
		}
	}
}

// What was kept is counted as it is in the end, and above another question it is not said that Done ends it.
func TestCountOfKeptMessagesIsTheLast(t *testing.T) {
	for _, lang := range []string{"en", "es", "ar"} {
		b := begun(t)
		s := b.state()
		s.Session.Language = lang
		s.Session.Draft = flows.Draft{Flow: flows.FlowEmergency, At: "account", Begun: noon, Answers: map[string][]string{"country": {"PE"}}}
		b.record(s)
		done := full(t, b.take(say(1, "one")), "nav:done")
		text := screenText(t, b.take(say(2, "two"), say(3, "three"), say(4, "four")))
		if want := b.texts.Text(lang, "note.kept", map[string]any{"Count": 4}); !strings.Contains(text, want) || strings.Count(text, "\n\n") > 3 {
			t.Errorf("said %q, want %q", text, want)
		}
		text = screenText(t, b.take(say(5, "five"), say(6, "six"), pressOn(9, done)))
		if want := b.texts.Text(lang, "note.kept_only", map[string]any{"Count": 6}); !strings.Contains(text, want) ||
			strings.Contains(text, b.texts.Text(lang, "note.kept", map[string]any{"Count": 6})) {
			t.Errorf("above the next question: %q", text)
		}
	}
}

// Somebody in danger whose first words waited in an outage is told that they are kept, and of no menu that is not there.
func TestFirstContactInAnOutageSpeaksOfWhatIsShown(t *testing.T) {
	b := newBench(t)
	arabic := func(u string) string { return strings.Replace(u, `"language_code":"en"`, `"language_code":"ar"`, 1) }
	text := screenText(t, b.take(arabic(say(1, "/start")), arabic(say(2, "ساعدوني")), arabic(say(3, "/emergency"))))
	if strings.Contains(text, b.texts.Text("ar", "note.kept_home", nil)) || !strings.Contains(text, b.texts.Text("ar", "note.kept_there", nil)) ||
		!strings.Contains(text, b.texts.Text("ar", "ask.notice", nil)) {
		t.Errorf("said %q", text)
	}
	if got := itemsOf(b.state().Session.Draft); !slices.Equal(got, []string{"account: ساعدوني"}) {
		t.Errorf("kept %q", got)
	}
}

// A mark that is slow to come is pressed again: it stays. The button that then shows it takes it away.
func TestConsentPressedTwiceStays(t *testing.T) {
	b := ready(t)
	s := b.state()
	s.Session.Draft.At, s.Asked = "consent", noon.Unix()
	b.record(s)
	mark := full(t, b.take(say(20, "/start")), "consent:mission")
	consent := func() []string { return b.state().Session.Draft.Answers["consent"] }
	b.take(pressOn(9, mark), pressOn(9, mark))
	if calls := b.take(pressOn(9, mark)); len(calls) != 1 {
		t.Errorf("the third press draws the screen again: %q", methods(calls))
	}
	b.now = func() time.Time { return noon.Add(2 * time.Minute) } // the mark may not have come
	calls := b.take(pressOn(9, mark))
	if !slices.Equal(consent(), []string{"mission"}) {
		t.Fatalf("pressed four times, and consent is %q", consent())
	}
	unmark := full(t, calls, "consent:mission")
	if unmark == mark || len(unmark) > 64 {
		t.Fatalf("the button to take it away is %q", unmark)
	}
	b.take(pressOn(9, unmark))
	if b.take(pressOn(9, unmark)); len(consent()) != 0 {
		t.Errorf("taken away twice, and consent is %q", consent())
	}
}

// A second press of what was taken gets a line and no screen, as long as the present question may still be on its way.
func TestSecondPressDrawsNothing(t *testing.T) {
	b := begun(t)
	menu := b.take(say(1, "/start"))
	press := pressOn(9, full(t, menu, "menu:missions"))
	b.take(press)
	calls := b.take(press)
	if got := methods(calls); !slices.Equal(got, []string{"answerCallbackQuery"}) || calls[0].text() != b.texts.Text("en", "toast.answered", nil) {
		t.Errorf("the second press: %q %q", got, toasts(calls))
	}
	if calls := b.take(strings.ReplaceAll(press, `"message_id":9`, `"message_id":8`)); len(calls) != 2 || toasts(calls)[0] != b.texts.Text("en", "toast.stale", nil) {
		t.Errorf("of another message: %q %q", methods(calls), toasts(calls))
	}
	b.now = func() time.Time { return noon.Add(2 * time.Minute) }
	if calls := b.take(press); len(calls) != 2 {
		t.Errorf("much later the question is not shown: %q", methods(calls))
	}
}

// A store that lost its last moments knows less than the phone shows: the person must not be stuck.
func TestButtonOfALostTurnShowsTheQuestion(t *testing.T) {
	b := begun(t)
	before := b.work.State
	calls := b.take(pressOn(9, full(t, b.take(say(1, "/start")), "menu:missions")))
	ahead := pressOn(9, full(t, calls, "nav:back"))
	b.work.State = before
	if calls := b.take(ahead); len(calls) != 2 {
		t.Errorf("calls %q", methods(calls))
	}
}

// Send pressed again says that it was received; the Send of a screen that was left says no such thing.
func TestSendPressedAgainSaysReceived(t *testing.T) {
	reviewing := func() *bench0 {
		b := ready(t, "mission")
		s := b.state()
		s.Session.Turn = 12
		b.record(s)
		return b
	}
	b := reviewing()
	review := b.take(say(20, "/start"))
	send := pressOn(21, full(t, review, "review:send"))
	b.take(send)
	if calls := b.take(send); !slices.Equal(toasts(calls), []string{b.texts.Text("en", "toast.sent", nil)}) || len(calls) != 1 {
		t.Errorf("sent, and pressed again: %q", toasts(calls))
	}
	b = reviewing()
	review = b.take(say(20, "/start"))
	b.take(pressOn(21, full(t, review, "nav:back")))
	if said := toasts(b.take(pressOn(21, full(t, review, "review:send")))); said[0] == b.texts.Text("en", "toast.sent", nil) {
		t.Error("what was not sent is said to be received")
	}
}

// What is written between the press of Send and the receipt is kept for the case, and that is said.
func TestWordsAfterSendAreAnAddition(t *testing.T) {
	b := ready(t, "mission")
	send := full(t, b.take(say(20, "/start")), "review:send")
	text := screenText(t, b.take(pressOn(21, send), say(22, "they broke the window")))
	code := b.state().Session.Cases[0].Code
	if want := b.texts.Text("en", "note.kept_home_case", map[string]any{"Code": code}); !strings.Contains(text, want) {
		t.Errorf("after a report: %q", text)
	}
	b = ready(t, "mission")
	s := b.state()
	s.Session.Draft.Flow, s.Session.Draft.At = flows.FlowEmergency, "consent"
	b.record(s)
	send = full(t, b.take(say(20, "/start")), "review:send")
	text = screenText(t, b.take(pressOn(21, send), pressOn(21, send), say(22, "they broke the window")))
	code = b.state().Session.Cases[0].Code
	if want := b.texts.Text("en", "note.added_now", map[string]any{"Code": code}); !strings.Contains(text, want) {
		t.Errorf("after an emergency: %q", text)
	}
	if !strings.Contains(string(b.glass.sealed["lima"]), "they broke the window") {
		t.Error("the desk does not get it")
	}
}
