package main

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"defenderline/bot/telegramsim"
	"defenderline/referrals"
)

// departure is one thing that left the line for a chat other than the defender's.
type departure struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	To     string    `json:"to"`
	Text   string    `json:"text,omitempty"`
	File   string    `json:"file,omitempty"`
}

// departuresShown is how many the page shows.
const departuresShown = 40

// watch follows the simulated Telegram until ctx ends.
func (w *world) watch(ctx context.Context) {
	next := w.sim.Events(ctx)
	for {
		e, more := next()
		if !more {
			return
		}
		if d, ok := w.departure(e); ok {
			w.mu.Lock()
			w.left = append(w.left, d)
			w.left = slices.Clone(w.left[max(0, len(w.left)-departuresShown):])
			w.mu.Unlock()
		}
		w.noteCodes(e)
		w.touch()
	}
}

// noteCodes notes the codes of cases that the line tells the defender.
func (w *world) noteCodes(e telegramsim.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Message == nil || e.Bot == "" || e.Chat != w.person.user.ID {
		return
	}
	for _, word := range strings.FieldsFunc(e.Message.Text, func(r rune) bool { return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if c, ok := referrals.ParseCode(word); ok && string(c) == word && !slices.Contains(w.person.codes, word) {
			w.person.codes = append(slices.Clip(w.person.codes), word)
		}
	}
}

// departure reads what a bot did to a desk's chat.
func (w *world) departure(e telegramsim.Event) (departure, bool) {
	s := w.seatOfChat(e.Chat)
	if s == nil || e.Bot == "" {
		return departure{}, false
	}
	d := departure{At: e.At, To: s.title + ", " + s.who}
	switch e.Kind {
	case "sent":
		d.Method = "sendMessage"
	case "edited":
		d.Method = "editMessageText"
	case "deleted":
		d.Method = "deleteMessage"
	case "toast":
		d.Method, d.Text = "answerCallbackQuery", e.Text
	default:
		return departure{}, false
	}
	if m := e.Message; m != nil {
		d.Text = m.Text
		if f := m.Media(); f != nil {
			d.Text, d.File = m.Caption, f.FileName
			d.Method = map[string]string{"sent": "sendDocument", "edited": "editMessageCaption"}[e.Kind]
		}
	}
	return d, true
}

// forgetCodes makes the page forget which cases the defender sent.
func (w *world) forgetCodes() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.person.codes = []string{}
}

// departures are the newest first.
func (w *world) departures() []departure {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := slices.Clone(w.left)
	slices.Reverse(out)
	return out
}
