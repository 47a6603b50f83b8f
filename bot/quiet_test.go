package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// waitingFor is a bench whose defender has sent a case, and may be written to as told.
func waitingFor(t testing.TB, c flows.Case, q flows.Quiet) *bench0 {
	b := begun(t)
	s := b.state()
	c.Code, c.SentAt, c.State, c.At = "AAAA-BBBB", noon, "sent", noon
	s.Session.Cases, s.Session.Quiet = []flows.Case{c}, q
	b.record(s)
	return b
}

// afternoon are silent hours that noon lies in.
var afternoon = flows.Quiet{From: 11, To: 14}

// at makes the bench's clock stand at a time.
func (b *bench0) atTime(at time.Time) { b.turner.now = func() time.Time { return at } }

// saidIn are the texts of the messages among calls that are no screens.
func saidIn(calls []call) (out []string) {
	for _, c := range calls {
		if c.Method == "sendMessage" && !c.Screen {
			out = append(out, c.text())
		}
	}
	return out
}

func (b *bench0) told(t testing.TB, n referrals.News) []string {
	t.Helper()
	b.work.Inbox = nil
	b.news(n)
	return saidIn(b.taken())
}

// due takes the turn that comes due at a time, with nothing new.
func (b *bench0) due(at time.Time) []string {
	b.t.Helper()
	b.atTime(at)
	b.work.Inbox = nil
	return saidIn(b.taken())
}

func TestNewsWaitsForTheEndOfSilentHours(t *testing.T) {
	b := waitingFor(t, flows.Case{Lane: "routine"}, afternoon)
	for i, state := range []string{"read", "unanswered", "released"} {
		if got := b.told(t, referrals.News{Code: "AAAA-BBBB", State: state, Desk: "lima", At: noon.Add(time.Duration(i) * time.Minute)}); len(got) != 0 {
			t.Fatalf("told in silent hours: %q", got)
		}
	}
	if !b.last.Again.Equal(noon.Add(2 * time.Hour)) {
		t.Errorf("due at %v", b.last.Again)
	}
	if c := b.state().Session.Cases[0]; c.State != "released" {
		t.Errorf("the page of the case says %s", c.State)
	}
	if got := b.due(noon.Add(time.Hour)); len(got) != 0 || !b.last.Again.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("too early: %q, due at %v", got, b.last.Again)
	}
	got := b.due(noon.Add(2 * time.Hour))
	want := flows.NewsText("AAAA-BBBB", "released", "British Embassy Lima", noon.Add(2*time.Minute)).Text("en", b.texts)
	if !slices.Equal(got, []string{want}) {
		t.Errorf("told %q, want once %q", got, want)
	}
	if got := b.due(noon.Add(3 * time.Hour)); len(got) != 0 || len(b.state().Held) != 0 {
		t.Errorf("told again: %q", got)
	}
}

// An emergency was sent to be answered at any hour.
func TestNewsOfAnEmergencyDoesNotWait(t *testing.T) {
	b := waitingFor(t, flows.Case{Lane: "emergency"}, afternoon)
	if got := b.told(t, referrals.News{Code: "AAAA-BBBB", State: "unanswered", At: noon}); len(got) != 1 {
		t.Errorf("told %q", got)
	}
}

// Who asked not to be written to is told nothing until they come by themselves, and then is.
func TestNothingIsWrittenFirstToWhoAskedSo(t *testing.T) {
	tests := map[string]struct {
		c flows.Case
		q flows.Quiet
	}{
		"the chat": {flows.Case{Lane: "emergency"}, flows.Quiet{Never: true}},
		"the case": {flows.Case{Lane: "emergency", Reach: "none"}, flows.Quiet{}},
	}
	for name, tt := range tests {
		b := waitingFor(t, tt.c, tt.q)
		if got := b.told(t, referrals.News{Code: "AAAA-BBBB", State: "read", Desk: "lima", At: noon}); len(got) != 0 || !b.last.Again.IsZero() {
			t.Errorf("%s: told %q, due at %v", name, got, b.last.Again)
		}
		if got := b.due(noon.Add(100 * time.Hour)); len(got) != 0 {
			t.Errorf("%s: told later %q", name, got)
		}
		got := saidIn(b.take(say(20, "/start")))
		if len(got) != 1 || !strings.Contains(got[0], "AAAA-BBBB") {
			t.Errorf("%s: who came is told %q", name, got)
		}
		if got := saidIn(b.take(say(21, "/start"))); len(got) != 0 {
			t.Errorf("%s: and once more %q", name, got)
		}
	}
}

// The answer to an act of one's own does not wait, nor what is held about the case that is looked at; all else does.
func TestAnswersAreGivenInSilentHours(t *testing.T) {
	b := waitingFor(t, flows.Case{Lane: "routine"}, afternoon)
	b.told(t, referrals.News{Code: "AAAA-BBBB", State: "read", Desk: "lima", At: noon})
	calls := b.take(say(20, "/cases"))
	if screen, ok := find(calls, "sendMessage"); !ok || !screen.Screen || len(saidIn(calls)) != 0 {
		t.Fatalf("an answer: %q", methods(calls))
	}
	var press string
	for _, c := range calls {
		for _, data := range c.buttons() {
			if strings.HasPrefix(data, "case:") {
				press = data
			}
		}
	}
	if got := saidIn(b.take(pressOn(30, press))); len(got) != 1 || len(b.state().Held) != 0 {
		t.Errorf("who looks at the case is told %q", got)
	}
}

func TestAWipeForgetsWhatWasHeld(t *testing.T) {
	b := waitingFor(t, flows.Case{Lane: "routine"}, afternoon)
	b.told(t, referrals.News{Code: "AAAA-BBBB", State: "read", Desk: "lima", At: noon})
	if len(b.state().Held) != 1 {
		t.Fatal("nothing was held")
	}
	b.take(say(20, "/wipe"))
	calls := b.take(pressOn(31, "wipe:yes"))
	if len(saidIn(calls)) != 1 || b.last.State != nil {
		t.Errorf("a wipe leaves %q and a record: %v", saidIn(calls), b.last.State != nil)
	}
}

// What was held is told when the wishes change, without waiting for the hour that was set before.
func TestChangedWishesHoldNothing(t *testing.T) {
	b := waitingFor(t, flows.Case{Lane: "routine"}, afternoon)
	b.told(t, referrals.News{Code: "AAAA-BBBB", State: "read", Desk: "lima", At: noon})
	s := b.state()
	s.Session.Quiet = flows.Quiet{}
	b.record(s)
	if got := b.due(noon.Add(time.Minute)); len(got) != 1 {
		t.Errorf("told %q", got)
	}
}

func TestHeldIsBounded(t *testing.T) {
	b := waitingFor(t, flows.Case{Lane: "routine"}, afternoon)
	for i := range mostHeld + 20 {
		b.told(t, referrals.News{Code: "AAAA-BBBB", State: referrals.FileFailed, Message: i + 1, At: noon})
	}
	if n := len(b.state().Held); n != mostHeld {
		t.Errorf("%d are held", n)
	}
}

// Who has set hours and sent nothing yet finds them again for as long as a case would be kept.
func TestWishesAreRemembered(t *testing.T) {
	b := begun(t)
	b.take(say(20, "/start"))
	short := b.last.Keep
	s := b.state()
	s.Session.Quiet = flows.Quiet{Never: true}
	b.record(s)
	b.take(say(21, "/start"))
	if short >= b.keep.Sealed || b.last.Keep != b.keep.Sealed {
		t.Errorf("kept for %v with wishes, for %v without", b.last.Keep, short)
	}
}

// Who blocked the bot, and comes back, is asked what was to be asked meanwhile: whether another desk may have a case that nobody answers is asked
// by nobody else. Until then nothing rings.
func TestWhoBlockedTheBotIsAskedWhenTheyAreBack(t *testing.T) {
	b := owning(t)
	s := b.state()
	s.Blocked = true
	b.record(s)
	b.news(silence)
	if calls := b.taken(); len(calls) != 0 || !b.last.Again.IsZero() {
		t.Fatalf("called %q, due again at %v", methods(calls), b.last.Again)
	}
	calls := b.take(say(20, "/start"))
	if last := calls[len(calls)-1]; !slices.Equal(last.buttons(), afterSilence) || len(b.state().Held) != 0 {
		t.Errorf("the last is %q with %q, held %d", last.text(), last.buttons(), len(b.state().Held))
	}
}

// A question may leave before Telegram says that its chat blocked the bot, and be refused. It is asked when the person is back, and waits also
// where they had just written.
func TestAQuestionThatABlockedChatRefusedIsAskedLater(t *testing.T) {
	const kicked = `{"update_id":30,"my_chat_member":{"chat":{"id":5,"type":"private"},"new_chat_member":{"status":"kicked"}}}`
	for name, tt := range map[string]struct {
		news []referrals.News
		want []string
	}{
		"after silence":    {[]referrals.News{silence}, afterSilence},
		"a suggestion":     {[]referrals.News{suggesting("fld", "lima", true)}, []string{"consent:fld#AAAA-BBBB", "consent:none#AAAA-BBBB"}},
		"nothing is asked": {[]referrals.News{suggesting("fld", "lima", true), {Code: "AAAA-BBBB", State: "closed", Desk: "lima", At: noon}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := owning(t)
			for _, n := range tt.news {
				b.heard(t, n)
			}
			if calls := b.take(say(29, "/start"), kicked); len(calls) != 0 || !b.last.Again.IsZero() {
				t.Fatalf("called %q, due again at %v", methods(calls), b.last.Again)
			}
			var asked []string
			for _, c := range b.take(say(31, "/start")) {
				if !c.Screen && c.Method == "sendMessage" {
					asked = append(asked, c.buttons()...)
				}
			}
			if !slices.Equal(asked, tt.want) || len(b.state().Held) != 0 {
				t.Errorf("asked %q, held %d", asked, len(b.state().Held))
			}
		})
	}
}

// What is held of a case already tells of it when a chat blocks the bot.
func TestABlockedChatHoldsEachOnce(t *testing.T) {
	b := waitingFor(t, flows.Case{Lane: "routine", Desks: []string{"lima"}, Others: []string{"fld"}}, afternoon)
	b.told(t, silence)
	b.told(t, referrals.News{Code: "AAAA-BBBB", State: "released", Desk: "lima", At: noon.Add(2 * time.Hour)})
	b.take(`{"update_id":30,"my_chat_member":{"chat":{"id":5,"type":"private"},"new_chat_member":{"status":"kicked"}}}`)
	if held := b.state().Held; len(held) != 1 || held[0].News.State != "released" {
		t.Errorf("held %+v", held)
	}
}
