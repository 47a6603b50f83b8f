package main

import (
	"slices"
	"strings"

	"defenderline/bot/telegramsim"
)

// walker answers whatever is asked, as somebody would who has an answer to everything, until the
// case is sent. It knows the contract's fields and nothing of the order of the questions.
type walker struct {
	*actor
	// picks are the values chosen, by field; of other fields the first is taken.
	picks map[string][]string
	// words are what is written where words are asked for, each once; then the last again.
	words    []string
	consents []string
	used     map[string]bool
	said     []string // what was written
}

// screen is the newest message that shows buttons: data and label of each.
func screen(v telegramsim.View) []string {
	for _, m := range slices.Backward(v.Messages) {
		if m.Keyboard == nil || m.From != nil && !m.From.IsBot {
			continue
		}
		var out []string
		for _, row := range m.Keyboard.Rows {
			for _, b := range row {
				out = append(out, b.CallbackData+" "+b.Text)
			}
		}
		return out
	}
	return nil
}

// bareData drops token and label.
func bareData(data string) string { d, _, _ := strings.Cut(data, "#"); return d }

// follow presses a button and waits until another screen is shown.
func (a *actor) follow(data string) {
	a.r.t.Helper()
	before := screen(a.offered(data))
	a.press(data)
	a.moved(before)
}

// moved waits until the buttons are others than before.
func (a *actor) moved(before []string) {
	a.r.t.Helper()
	a.sees("another screen", func(v telegramsim.View) bool { return !slices.Equal(screen(v), before) })
}

// send walks until review:send was pressed. The conversation must have been begun.
func (w *walker) send() {
	w.r.t.Helper()
	w.used = map[string]bool{}
	for range 80 {
		before := screen(w.View())
		data := w.choose(before)
		if data == "" {
			text := w.words[0]
			if len(w.words) > 1 {
				w.words = w.words[1:]
			}
			w.says(text)
			w.said = append(w.said, text)
			w.moved(before)
			continue
		}
		w.press(data)
		if data == "review:send" {
			return
		}
		w.moved(before)
	}
	w.r.t.Fatalf("the conversation did not come to an end:\n%s", transcript(w.View()))
}

// choose decides what to press; empty: to write words.
func (w *walker) choose(buttons []string) string {
	field, values := w.question(buttons)
	has := func(data string) bool {
		return slices.ContainsFunc(buttons, func(b string) bool { return bareData(b) == data })
	}
	switch field {
	case "consent":
		for _, c := range w.consents {
			if !w.used["consent:"+c] && slices.Contains(values, c) {
				w.used["consent:"+c] = true
				return "consent:" + c
			}
		}
		if has("review:send") {
			return "review:send"
		}
		return "nav:done"
	case "review":
		return "review:send"
	case "":
		if has("nav:done") && !has("nav:skip") && w.used["wrote"] { // with nav:skip it leaves out all the rest
			w.used["wrote"] = false
			return "nav:done"
		}
		w.used["wrote"] = true
		return ""
	}
	for _, v := range w.picks[field] {
		if !w.used[field+":"+v] && slices.Contains(values, v) {
			w.used[field+":"+v] = true
			return field + ":" + v
		}
	}
	if has("nav:done") && len(w.picks[field]) > 0 {
		return "nav:done"
	}
	if w.used[field] {
		return "nav:skip"
	}
	w.used[field] = true
	return field + ":" + values[0]
}

// question is the field that is asked and its values.
func (w *walker) question(buttons []string) (field string, values []string) {
	for _, b := range buttons {
		f, v, _ := strings.Cut(bareData(b), ":")
		if f == "nav" || field != "" && f != field {
			continue
		}
		field = f
		values = append(values, v)
	}
	return field, values
}
