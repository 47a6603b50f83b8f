package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"defenderline/bot/telegramsim"
	"defenderline/i18n"
)

// word is something that a person of a crowd wrote, and the screen that it answers.
type word struct {
	text    string
	message int64
	below   shownMessage
	again   bool // the question had been answered and was shown once more: nobody can tell which one it answers now
}

// asked are the questions of all conversations by their text, which a person knows them by, and the fields that they ask for.
var asked = sync.OnceValue(func() map[string]string {
	texts, err := i18n.Load([]string{"en"})
	if err != nil {
		panic(err)
	}
	questions := map[string]string{}
	for _, key := range texts.Keys() {
		name, is := strings.CutPrefix(key, "ask.")
		for is && !texts.Has("en", "field."+name) && name != "" { // of two wordings of one question the second is ask.account_contact
			name = name[:max(0, strings.LastIndexByte(name, '_'))]
		}
		if is && name != "" {
			questions[texts.Text("en", key, nil)] = name
		}
	}
	return questions
})

// fieldAsked is what the newest question of the bot asks for among messages that end with a screen. That it takes more of what was
// written is said below a question without asking it again.
func fieldAsked(messages []*telegramsim.Message) string {
	for _, m := range slices.Backward(messages) {
		field, longest := "", 0
		for text, f := range asked() {
			if m.From != nil && m.From.IsBot && len(text) > longest && strings.Contains(m.Text, text) {
				field, longest = f, len(text)
			}
		}
		if field != "" {
			return field
		}
	}
	return ""
}

// moment is how long a person takes to look twice at what surprises them.
const moment = 5 * time.Second

// look looks at the screen. A screen that is older than one that was shown must not stand last for longer than a moment: one that came late is
// on its way out. Nor may none.
func (p *caller) look(ctx context.Context) (s shownMessage, err error) {
	if s = shownScreen(p.phone.View()); s.id == 0 {
		p.again = append(p.again, "no screen after number "+strconv.Itoa(p.newest))
		if s, err = p.shown(ctx, s.print(), 0); err != nil {
			return s, fmt.Errorf("no screen is left: %w", err)
		}
	}
	if s.number() < p.newest {
		twice, cancel := context.WithTimeout(ctx, moment)
		defer cancel()
		_, _ = p.phone.Wait(twice, func(v telegramsim.View) bool { return shownScreen(v).number() >= p.newest })
		s = shownScreen(p.phone.View())
	}
	number := s.number()
	if number < 0 {
		return s, fmt.Errorf("a screen without a number: %s", s.print())
	}
	if number < p.newest {
		p.again = append(p.again, fmt.Sprintf("after screen number %d the earlier one %s", p.newest, s.print()))
	}
	p.newest = max(p.newest, number)
	return s, nil
}

// number is the number of a screen, below zero where there is none.
func (s shownMessage) number() int {
	n, err := strconv.ParseInt(s.token(), 36, 32)
	if err != nil {
		return -1
	}
	return int(n)
}

// mostMoments is how much is remembered of a person's chat, to be told if something is amiss: many times what happens in a conversation.
const mostMoments = 2000

// handed says that the line was handed a message.
func (p *caller) handed(text string) bool {
	moments, _ := p.trace.Moments()
	return slices.ContainsFunc(moments, func(m telegramsim.Moment) bool { return m.Update == "message" && m.Text == text })
}

// placed holds the words of a document against what its person wrote below which question: each is there once, in its field and in order,
// in the part for readers and in that for machines.
func (c *crowd) placed(v *verdict, p *caller, text string, doc map[string]any, desk string) {
	before := len(v.problems)
	for _, filed := range [][]filedWord{p.forMachines(doc), p.forReaders(text)} {
		for _, w := range p.words {
			p.place(v, w, filed, desk)
		}
		p.ordered(v, filed, desk)
		if len(v.problems) > before {
			v.problems = append(v.problems, p.history(), text)
			return
		}
	}
}

// filedWord is a word in a document and the field that it stands in.
type filedWord struct{ field, text string }

// place finds one word.
func (p *caller) place(v *verdict, w word, filed []filedWord, desk string) {
	var fields []string
	for _, f := range filed {
		if f.text == w.text {
			fields = append(fields, f.field)
		}
	}
	switch {
	case len(fields) == 0:
		v.add(&v.lost, "%q of %s (%s) is not in the document at %s", w.text, p.mark, p.flow, desk)
	case len(fields) > 1:
		v.add(&v.doubled, "%q of %s (%s) is in the document at %s as %q", w.text, p.mark, p.flow, desk, fields)
	case fields[0] == "account" && p.askedAgain(w): // as the line says: kept with what is written, and the question still open
		v.again("%q of %s (%s) answers %q and was kept in the document at %s as %q", w.text, p.mark, p.flow, w.below.field, desk, fields[0])
	case fields[0] != w.below.field && w.again:
		v.again("%q of %s (%s), who was asked for %q again, is in the document at %s as %q", w.text, p.mark, p.flow, w.below.field, desk, fields[0])
	case fields[0] != w.below.field:
		v.add(&v.lost, "%q of %s (%s) answers %q and is in the document at %s as %q", w.text, p.mark, p.flow, w.below.field, desk, fields[0])
	}
}

// askedAgain says that a person was asked once more what a word answers, and wrote again.
func (p *caller) askedAgain(w word) bool {
	return w.below.field != "account" && slices.ContainsFunc(p.words, func(later word) bool {
		return later.again && later.message > w.message && later.below.field == w.below.field
	})
}

// ordered demands that the words of each field stand in the order in which they were written.
func (p *caller) ordered(v *verdict, filed []filedWord, desk string) {
	last := map[string]int{}
	for _, f := range filed {
		at := slices.IndexFunc(p.words, func(w word) bool { return w.text == f.text })
		if at < last[f.field] {
			v.add(&v.lost, "%q of %s (%s) is out of order in %q at %s", f.text, p.mark, p.flow, f.field, desk)
		}
		last[f.field] = at
	}
}

// forMachines are a person's words in the JSON of a document.
func (p *caller) forMachines(doc map[string]any) (filed []filedWord) {
	for field, value := range doc {
		list, _ := value.([]any)
		for _, one := range list {
			if text, _ := one.(string); strings.HasPrefix(text, p.mark+".") {
				filed = append(filed, filedWord{strings.TrimSuffix(field, "_words"), text})
			}
		}
	}
	return filed
}

// labels are the names of fields in a document, in English as all desks of a rig read it.
var labels = sync.OnceValue(func() map[string]string {
	texts, err := i18n.Load([]string{"en"})
	if err != nil {
		panic(err)
	}
	fields := map[string]string{}
	for _, key := range texts.Keys() {
		if field, ok := strings.CutPrefix(key, "field."); ok {
			fields[texts.Text("en", key, nil)] = field
		}
	}
	return fields
})

// forReaders are a person's words in the part of a document that people read, each below the label that stands before it.
func (p *caller) forReaders(text string) (filed []filedWord) {
	text, _, _ = strings.Cut(text, "\n-----BEGIN CASE JSON-----\n")
	field := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		label, _, _ := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, p.mark+"."):
			filed = append(filed, filedWord{field, line})
		case labels()[label] != "":
			field = labels()[label]
		}
	}
	return filed
}

// history is what a person wrote, below what, what the line was handed and did in the chat, and the chat as it is.
func (p *caller) history() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s) wrote:\n", p.mark, p.flow)
	for _, w := range p.words {
		fmt.Fprintf(&b, "  message %d %q as %q, below %s\n", w.message, w.text, w.below.field, w.below.print())
	}
	fmt.Fprintf(&b, "again: %q\nthe line was handed, and did:\n", p.again)
	moments, missed := p.trace.Moments()
	for _, m := range moments {
		fmt.Fprintf(&b, "  %s %d %s%s %s %.200q", m.At.Format("05.000"), m.ID, m.Update, m.Method, m.Of, m.Text)
		if m.Err != nil {
			fmt.Fprintf(&b, " %v", m.Err)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "and %d more; the chat:\n%s", missed, transcript(p.phone.View()))
	return b.String()
}
