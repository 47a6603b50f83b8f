package main

import (
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
)

// TestLanguages sends an emergency in every language that is shipped, with a voice note, an album and a place. The screens
// are in the person's language, the document's labels in the mission's, and the words are as they were written.
func TestLanguages(t *testing.T) {
	beside(t, waiting)
	r := newRig(t, func(_ *rig, config *string) {
		*config = strings.Replace(*config, "languages: [en]\noperator", "languages: [en, es, fr, ar]\noperator", 1)
		*config = strings.Replace(*config, "countries: [PE]\n    languages: [en]", "countries: [PE]\n    languages: [es, en]", 1)
	})
	officer := r.person(lima1, "en")
	officer.start(t)
	officer.reads("OpenPGP")
	for lang, sample := range map[string]struct{ words, label string }{
		"en": {"They are outside the house.", "I am in danger"},
		"es": {"Están afuera de la casa, ¿qué hago?", "peligro"},
		"fr": {"Ils sont devant la maison — ça recommence.", "danger"},
		"ar": {"إنهم أمام البيت الآن", "خطر"},
	} {
		t.Run(lang, func(t *testing.T) {
			d := r.person(0, lang)
			d.start(t)
			v := d.offered("menu:emergency")
			if menu := transcript(v); !strings.Contains(menu, sample.label) {
				t.Errorf("the menu is not in %s:\n%s", lang, menu)
			}
			d.follow("menu:emergency")
			d.follow("notice:understood")
			d.follow("safe:yes")
			d.follow("urgency:now")
			d.follow("country:PE")
			d.follow("subject:self")
			before := screen(d.View())
			d.says(sample.words)
			d.moved(before)
			d.attach(telegramsim.Attachment{Kind: "voice", Data: []byte("a voice")})
			if _, err := d.SendAlbum(telegramsim.Attachment{Kind: "photo", Data: []byte("a photo")},
				telegramsim.Attachment{Kind: "photo", Data: []byte("another"), Caption: "the plate of the car"}); err != nil {
				t.Fatal(err)
			}
			if _, err := d.SendLocation(-12.046, -77.043); err != nil {
				t.Fatal(err)
			}
			d.says("last words")
			d.follow("nav:done") // it may be on a message from before the last words
			d.follow("consent:mission")
			d.press("review:send")
			code := d.code()
			text := string(r.open("lima", officer.document(code+".asc")))
			for _, want := range []string{sample.words, "the plate of the car", "-12.046", "last words", "Perú (PE)", code + ".f3.pgp"} {
				if !strings.Contains(text, want) {
					t.Errorf("the document lacks %q:\n%s", want, text)
				}
			}
			for name, want := range map[string]string{".f1.pgp": "a voice", ".f2.pgp": "a photo", ".f3.pgp": "another"} {
				if got := string(r.open("lima", officer.document(code+name))); got != want {
					t.Errorf("%s reads %q", name, got)
				}
			}
		})
	}
}

func (a *actor) attach(f telegramsim.Attachment) {
	a.r.t.Helper()
	if _, err := a.SendFile(f); err != nil {
		a.r.t.Fatal(err)
	}
}

// TestPublished looks at what the bot tells Telegram of itself, in every language.
func TestPublished(t *testing.T) {
	beside(t, waiting)
	r := newRig(t, func(_ *rig, config *string) {
		*config = strings.Replace(*config, "languages: [en]\noperator", "languages: [en, es, fr, ar]\noperator", 1)
	})
	for _, lang := range []string{"", "en", "es", "fr", "ar"} {
		told := func() bool {
			return len(r.bot.Commands("", lang)) == 10 && (lang == "en" || // as the fallback says already
				r.bot.ProfileText("description", lang) != "" && r.bot.ProfileText("short_description", lang) != "" &&
					r.bot.ProfileText("name", lang) != "")
		}
		if !r.eventually(told) {
			t.Errorf("%q: %d commands, name %q", lang, len(r.bot.Commands("", lang)), r.bot.ProfileText("name", lang))
		}
	}
}
