package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// afterSilence are the buttons of the question that is asked when nobody has answered.
var afterSilence = []string{"consent:headquarters#AAAA-BBBB", "consent:fld#AAAA-BBBB", "consent:none#AAAA-BBBB"}

// A yes that is typed is kept and agrees to nothing. It is said to be no answer, and the question comes again below, with its
// buttons, as the last that stands there; of further words it is only said.
func TestATypedYesIsNoConsent(t *testing.T) {
	b := owning(t)
	b.heard(t, silence)
	for i, words := range []string{"yes", "YES please"} {
		calls := b.take(say(20+i, words))
		if got := happenedTo(t, b.last); len(got) > 0 || len(b.last.Documents) > 0 || !slices.Equal(b.theCase().Desks, []string{"lima"}) {
			t.Fatalf("%q is taken as consent: %+v", words, got)
		}
		text := calls[0].text()
		for _, key := range []string{"note.kept_home_case", "line.no_answer"} {
			if want := b.texts.Text("en", key, map[string]any{"Code": "AAAA-BBBB"}); strings.Count(text, want) != 1 {
				t.Errorf("%q: no %s in %q", words, key, text)
			}
		}
		last := calls[len(calls)-1]
		if again := !last.Screen && slices.Equal(last.buttons(), afterSilence) && last.Stays; again != (i == 0) {
			t.Errorf("%q: the last is %q with %q", words, last.text(), last.buttons())
		}
		if items := b.state().Session.Draft.Items; len(items) != i+1 || items[i].Text != words {
			t.Errorf("%q is not kept: %+v", words, items)
		}
	}
	b.take(pressOn(77, "consent:headquarters#AAAA-BBBB"))
	if got := happenedTo(t, b.last); len(got) != 1 || got[0].Answer != "headquarters" {
		t.Errorf("pressed below the question that came again: %+v", got)
	}
}

// What a desk suggests, and whether it reached the person, is asked again in the same way; of several questions the last.
func TestTheLastQuestionComesAgain(t *testing.T) {
	b := owning(t)
	b.heard(t, silence)
	later := suggesting("pbi", "lima", false)
	later.Question.At = noon.Add(2 * time.Hour)
	b.heard(t, later)
	calls := b.take(say(20, "no"))
	if last := calls[len(calls)-1]; !slices.Equal(last.buttons(), []string{"consent:pbi#AAAA-BBBB", "consent:none#AAAA-BBBB"}) {
		t.Errorf("asks again %q", last.buttons())
	}
	if c := b.theCase(); len(c.Refused) > 0 || len(c.Questions) != 3 {
		t.Errorf("a typed no is taken as one: %+v", c)
	}
	b = owning(t)
	asks := b.heard(t, referrals.News{Code: "AAAA-BBBB", At: noon, Question: &referrals.Question{Field: referrals.Reached, About: "lima", At: noon}})
	calls = b.take(say(20, "not yet"))
	if last := calls[len(calls)-1]; last.text() != asks.text() || !slices.Equal(last.buttons(), asks.buttons()) {
		t.Errorf("asks again %q with %q", last.text(), last.buttons())
	}
}

// Nothing is said of a question that the person has not seen, that is answered, or that words were not an answer to: those that were
// asked for.
func TestNoQuestionComesAgainWithoutNeed(t *testing.T) {
	for name, prepare := range map[string]func(b *bench0) string{
		"nothing asked": func(*bench0) string { return say(20, "yes") },
		"answered": func(b *bench0) string {
			b.heard(t, silence)
			b.take(pressOn(9, "consent:none#AAAA-BBBB"))
			return say(20, "yes")
		},
		"over":    func(b *bench0) string { b.heard(t, silence); withState(b, "closed"); return say(20, "yes") },
		"a press": func(b *bench0) string { b.heard(t, silence); return pressOn(20, "menu:about") },
		"words that were asked for": func(b *bench0) string {
			b.heard(t, silence)
			b.take(pressOn(9, "case:AAAA-BBBB#AAAA-BBBB"))
			return say(20, "yes")
		},
		"held": func(b *bench0) string {
			s := b.state()
			s.Session.Quiet = afternoon
			b.record(s)
			b.work.Inbox = nil
			b.news(silence)
			b.taken()
			return say(20, "yes")
		},
	} {
		b := owning(t)
		update := prepare(b)
		calls := b.take(update)
		for _, c := range calls {
			if slices.Equal(c.buttons(), afterSilence) || strings.Contains(c.text(), b.texts.Text("en", "line.no_answer", map[string]any{"Code": "AAAA-BBBB"})) {
				t.Errorf("%s: %q", name, c.text())
			}
		}
	}
	b := owning(t) // written before it could be seen
	b.news(silence)
	b.entry(lineBot, say(20, "yes"))
	asked := 0
	for _, c := range b.taken() {
		if slices.Equal(c.buttons(), afterSilence) {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times in one turn", asked)
	}
}

// What is typed after a desk has written goes with the case that it wrote about, also where a newer one was sent.
func TestWordsAfterAReplyAreOfferedToItsCase(t *testing.T) {
	b := owning(t)
	s := b.state()
	newer := s.Session.Cases[0]
	newer.Code = "CCCC-DDDD"
	s.Session.Cases = append(s.Session.Cases, newer)
	b.record(s)
	offers := func(words string) string {
		c, _ := find(b.take(say(20, words)), "sendMessage")
		for _, data := range c.buttons() {
			if code, ok := strings.CutPrefix(data, "case:"); ok {
				return code[:9]
			}
		}
		return ""
	}
	if got := offers("one"); got != "CCCC-DDDD" {
		t.Errorf("offered to %s", got)
	}
	b.heard(t, referrals.News{Code: "AAAA-BBBB", Desk: "lima", At: noon, Reply: &referrals.Reply{ID: "r", Words: "where are you"}})
	if got := offers("at the station"); got != "AAAA-BBBB" {
		t.Errorf("an answer is offered to %s", got)
	}
	next := b.engine.Sent(b.state().Session, flows.Case{Code: "EEEE-FFFF", State: "sent", Flow: flows.FlowThreat, SentAt: noon})
	s = b.state()
	s.Session = next.Session
	b.record(s)
	if got := offers("and this"); got != "EEEE-FFFF" {
		t.Errorf("after a further case: offered to %s", got)
	}
}
