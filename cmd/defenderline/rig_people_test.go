package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"defenderline/bot/telegramsim"
)

// actor is a person with a phone in the chat with the line.
type actor struct {
	*telegramsim.Phone
	r   *rig
	ctx context.Context
	// acts counts presses and messages since the emergency was begun, by the contract's rule.
	acts int
}

// person gives a phone to somebody; an id of 0 is a new one.
func (r *rig) person(id int64, lang string) *actor {
	r.t.Helper()
	p, err := r.sim.AddPerson(telegramsim.User{ID: id, FirstName: "Somebody", LanguageCode: lang})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.t.Cleanup(cancel)
	return &actor{Phone: p.With(r.bot), r: r, ctx: ctx}
}

// sees waits for a chat that fulfils ok.
func (a *actor) sees(what string, ok func(telegramsim.View) bool) telegramsim.View {
	a.r.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, patience)
	defer cancel()
	v, err := a.Wait(ctx, ok)
	if err != nil {
		a.r.t.Fatalf("never seen: %s\n%s\nlog:\n%s", what, transcript(a.View()), a.r.log)
	}
	return v
}

// offered waits for a button whose data begins so.
func (a *actor) offered(data string) telegramsim.View {
	a.r.t.Helper()
	return a.sees("button "+data, func(v telegramsim.View) bool { return has(v, data) })
}

func has(v telegramsim.View, data string) bool {
	for _, b := range v.Buttons() {
		if b == data || strings.HasPrefix(b, data+"#") {
			return true
		}
	}
	return false
}

// press presses a button by its field and value and waits for the answer. The very button goes before a newer one that adds a token:
// what "reply:" and a code begins, below a case, the same with a token goes on with.
func (a *actor) press(data string) telegramsim.Toast {
	a.r.t.Helper()
	a.offered(data)
	m, full := button(a.View(), func(b string) bool { return b == data })
	if m == nil {
		m, full = button(a.View(), func(b string) bool { return strings.HasPrefix(b, data+"#") })
	}
	if m == nil {
		a.r.t.Fatalf("%s is not there any more\n%s", data, transcript(a.View()))
	}
	p, err := a.PressStale(m, full)
	if err != nil {
		a.r.t.Fatalf("press %s: %v\n%s", data, err, transcript(a.View()))
	}
	ctx, cancel := context.WithTimeout(a.ctx, patience)
	defer cancel()
	toast, err := p.Wait(ctx)
	if err != nil {
		a.r.t.Fatalf("the press of %s was never answered\nlog:\n%s", data, a.r.log)
	}
	a.acts++
	return toast
}

// button finds the newest button with such data, and the message that it is below.
func button(v telegramsim.View, is func(data string) bool) (*telegramsim.Message, string) {
	for _, m := range slices.Backward(v.Messages) {
		if m.Keyboard == nil {
			continue
		}
		for _, b := range slices.Concat(m.Keyboard.Rows...) {
			if is(b.CallbackData) {
				return m, b.CallbackData
			}
		}
	}
	return nil, ""
}

// says sends words.
func (a *actor) says(text string) *telegramsim.Message {
	a.r.t.Helper()
	m, err := a.Send(text)
	if err != nil {
		a.r.t.Fatal(err)
	}
	a.acts++
	return m
}

// reads waits for a message that holds the words.
func (a *actor) reads(words string) *telegramsim.Message {
	a.r.t.Helper()
	var found *telegramsim.Message
	a.sees("words "+words, func(v telegramsim.View) bool {
		for _, m := range v.Messages {
			if strings.Contains(m.Text+m.Caption, words) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// document waits for a document by its name and returns its bytes.
func (a *actor) document(name string) []byte {
	a.r.t.Helper()
	var body []byte
	a.sees("document "+name, func(v telegramsim.View) bool {
		for _, m := range v.Messages {
			if m.Document != nil && strings.HasSuffix(m.Document.FileName, name) {
				body = a.r.sim.Bytes(m.Document.FileID)
				return true
			}
		}
		return false
	})
	return body
}

// transcript is a chat as a phone shows it.
func transcript(v telegramsim.View) string {
	var b strings.Builder
	for _, m := range v.Messages {
		who := "bot"
		if m.From != nil && !m.From.IsBot {
			who = "you"
		}
		fmt.Fprintf(&b, "%s: %s%s\n", who, m.Text, m.Caption)
		if m.Document != nil {
			fmt.Fprintf(&b, "     [%s]\n", m.Document.FileName)
		}
		if m.Keyboard == nil {
			continue
		}
		for _, row := range m.Keyboard.Rows {
			b.WriteString("    ")
			for _, k := range row {
				fmt.Fprintf(&b, " [%s <%s>]", k.Text, k.CallbackData)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
