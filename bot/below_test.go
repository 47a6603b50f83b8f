package bot

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/bot/telegramsim"
)

// look is what a phone shows, who wrote it before each message.
func look(v telegramsim.View) string {
	var b strings.Builder
	for _, m := range v.Messages {
		who := "line: "
		if m.From != nil && !m.From.IsBot {
			who = "ana:  "
		}
		b.WriteString(who + strings.ReplaceAll(m.Text, "\n", " / ") + "\n")
		if m.Keyboard != nil {
			for _, row := range m.Keyboard.Rows {
				for _, k := range row {
					b.WriteString("  [" + k.Text + "]")
				}
				b.WriteString("\n")
			}
		}
	}
	return b.String()
}

// settled waits until a phone shows what it should.
func (w *whole) settled(p *telegramsim.Phone, what string, is func(telegramsim.View) bool) telegramsim.View {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	v, err := p.Wait(ctx, is)
	if err != nil {
		w.t.Fatalf("%s: never\n%s%s", what, look(v), w.log)
	}
	return v
}

func ends(text string) func(telegramsim.View) bool {
	return func(v telegramsim.View) bool { return v.Last() != nil && strings.HasPrefix(v.Last().Text, text) }
}

// Somebody who writes an account is told below each message that it is kept. The question stands above it all the while and
// costs no call; of what was said below only the last stands; in the end all of it goes with what was written.
func TestWhatIsKeptIsSaidBelowAndTheQuestionStands(t *testing.T) {
	w := newWhole(t)
	w.phone(telegramsim.User{ID: limaChat, FirstName: "Officer"})
	w.run()
	ana := w.phone(telegramsim.User{FirstName: "Ana", LanguageCode: "en"})
	w.await(ana, "menu:emergency")
	if _, err := ana.Send("/emergency"); err != nil {
		t.Fatal(err)
	}
	for _, button := range []string{"notice:understood", "safe:yes", "urgency:now", "country:PE", "subject:self"} {
		w.press(ana, button)
	}
	asked := w.settled(ana, "the question", func(v telegramsim.View) bool {
		return strings.Contains(v.Last().Text, "words") || v.Shows("nav:back") && !v.Shows("subject:self")
	})
	question := asked.Last().Text
	deleted := len(w.sim.Calls("deleteMessages"))
	say := func(words, answer string) telegramsim.View {
		t.Helper()
		if _, err := ana.Send(words); err != nil {
			t.Fatal(err)
		}
		return w.settled(ana, answer, ends(answer))
	}
	v := say("They are at the door.", "Kept. You can write more, or press Done.")
	t.Logf("\n%s", look(v))
	if n := len(w.sim.Calls("deleteMessages")); n != deleted {
		t.Errorf("%d deletions more", n-deleted)
	}
	say("There are four of them.", "Kept: 2 messages.")
	v = w.settled(ana, "one count", func(v telegramsim.View) bool {
		return !slices.ContainsFunc(v.Messages, func(m *telegramsim.Message) bool { return strings.HasPrefix(m.Text, "Kept.") })
	})
	t.Logf("\n%s", look(v))
	if !slices.ContainsFunc(v.Messages, func(m *telegramsim.Message) bool { return m.Text == question }) {
		t.Error("the question is gone")
	}
	for _, button := range []string{"nav:done", "consent:mission", "review:send"} {
		w.press(ana, button)
	}
	v = w.settled(ana, "the end", func(v telegramsim.View) bool {
		return v.Shows("nav:skip") && !slices.ContainsFunc(v.Messages, func(m *telegramsim.Message) bool { return m.Text == question || strings.Contains(m.Text, "door") })
	})
	t.Logf("\n%s", look(v))
	w.end()
}

// A question that was answered in words does not stay above the next one without its buttons. A page that was read does.
func TestAnAnsweredQuestionDoesNotStay(t *testing.T) {
	w := newWhole(t)
	w.run()
	ana := w.phone(telegramsim.User{FirstName: "Ana", LanguageCode: "en"})
	w.await(ana, "menu:emergency")
	for _, button := range []string{"menu:safety", "nav:back", "menu:threat", "notice:understood"} {
		w.press(ana, button)
	}
	v := w.settled(ana, "a question", func(v telegramsim.View) bool { return v.Shows("nav:back") && !v.Shows("notice:understood") })
	question := v.Last().Text
	if _, err := ana.Send("/safety"); err != nil {
		t.Fatal(err)
	}
	v = w.settled(ana, "the page without the question above it", func(v telegramsim.View) bool {
		return !strings.Contains(v.Last().Text, question) && v.Shows("nav:back") &&
			!slices.ContainsFunc(v.Messages, func(m *telegramsim.Message) bool { return m.Text == question })
	})
	page := v.Last().Text
	if _, err := ana.Send("/privacy"); err != nil {
		t.Fatal(err)
	}
	v = w.settled(ana, "another page below", func(v telegramsim.View) bool { return v.Last().Keyboard != nil && v.Last().Text != page })
	t.Logf("\n%s", look(v))
	if !slices.ContainsFunc(v.Messages, func(m *telegramsim.Message) bool { return m.Text == page }) {
		t.Error("a page that was read is gone")
	}
	w.end()
}
