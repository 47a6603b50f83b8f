package flows

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// texts renders keys in a language.
type texts interface {
	Text(lang, key string, args map[string]any) string
	CountryName(lang, code string) string
	List(lang string, items []string) string
}

// calendar is what texts may also know: how a language writes a time and how long something
// takes. Without it they are written like 2026-11-20 12:00 UTC and 24h0m0s.
type calendar interface {
	Time(lang string, at time.Time, loc *time.Location) string
	Duration(lang string, d time.Duration) string
}

// View is a screen in a language, ready to be sent.
type View struct {
	// Text is at most MaxText UTF-16 units.
	Text string
	Rows [][]ViewButton
}

// ViewButton is one button. Data is field:value#token, at most 64 bytes; URL stands instead of it.
type ViewButton struct {
	Label string
	Data  string
	URL   string
}

// MaxText is the longest text of a message in UTF-16 units (Bot API, sendMessage).
const MaxText = 4096

// maxPair is the longest label, in characters, that shares its row with another: more is cut on a phone.
const maxPair = 18

// View renders the screen in a language.
func (s Screen) View(lang string, t texts) View {
	r := renderer{lang, t}
	view := View{Text: r.body(s)}
	for _, row := range s.Rows {
		buttons := make([]ViewButton, len(row))
		for i, b := range row {
			buttons[i] = r.button(b, s.Turn)
		}
		view.Rows = append(view.Rows, split(buttons)...)
	}
	return view
}

// split gives each button a row of its own when one of them is too long to share.
func split(row []ViewButton) [][]ViewButton {
	long := false
	for _, b := range row {
		long = long || utf8.RuneCountInString(b.Label) > maxPair
	}
	if !long {
		return [][]ViewButton{row}
	}
	var rows [][]ViewButton
	for i := range row {
		rows = append(rows, row[i:i+1])
	}
	return rows
}

// renderer renders in one language.
type renderer struct {
	lang string
	t    texts
}

// Text renders a text in a language, for what is said beside a screen.
func (x Text) Text(lang string, t texts) string { return renderer{lang, t}.text(x) }

func (r renderer) text(x Text) string {
	args := make(map[string]any, len(x.Args))
	for name, a := range x.Args {
		args[name] = r.arg(a)
	}
	return r.t.Text(r.lang, x.Key, args)
}

// arg renders an argument; a number stays one, for the plural.
func (r renderer) arg(a any) any {
	switch a := a.(type) {
	case int:
		return a
	case string:
		return a
	case Text:
		return r.text(a)
	case Country:
		return r.t.CountryName(r.lang, string(a))
	case Language:
		return r.t.Text(string(a), "button.language_name", nil)
	case Everywhere:
		return r.everywhere(a)
	case Verbatim:
		return string(a)
	case time.Time:
		return r.time(a)
	case time.Duration:
		return r.duration(a)
	case []any:
		items := make([]string, len(a))
		for i := range a {
			items[i] = fmt.Sprint(r.arg(a[i]))
		}
		return r.t.List(r.lang, items)
	default:
		return fmt.Sprint(a)
	}
}

// everywhere is a text in several languages, each wording once.
func (r renderer) everywhere(a Everywhere) string {
	var words []string
	for _, lang := range a.Languages {
		if word := r.t.Text(lang, a.Key, nil); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " · ")
}

func (r renderer) time(at time.Time) string {
	if c, ok := r.t.(calendar); ok {
		return c.Time(r.lang, at, time.UTC)
	}
	return at.UTC().Format("2006-01-02 15:04 UTC")
}

func (r renderer) duration(d time.Duration) string {
	if c, ok := r.t.(calendar); ok {
		return c.Duration(r.lang, d)
	}
	return d.String()
}

func (r renderer) button(b Button, turn int) ViewButton {
	label := fmt.Sprint(r.arg(b.Label))
	if b.Checked {
		label = "✓ " + label
	}
	if b.URL != "" {
		return ViewButton{Label: label, URL: b.URL}
	}
	data := b.Field + ":" + b.Value + "#" + token(turn)
	switch {
	case b.Case != "":
		data = b.Field + ":" + b.Value + "#" + b.Case
	case b.Several && b.Checked:
		data += unmark
	case b.Several:
		data += mark
	}
	return ViewButton{Label: label, Data: data}
}

// body is notes, progress, question and lines. When it is too long, lines are left out from the
// end, and how many is said.
func (r renderer) body(s Screen) string {
	var head []string
	for _, n := range s.Notes {
		head = append(head, r.text(n))
	}
	head = append(head, r.progress(s)+r.text(s.Ask))
	var lines []string
	for _, l := range s.Lines {
		lines = append(lines, r.text(l))
	}
	for n := len(lines); ; n-- {
		shown := lines[:n:n]
		if n < len(lines) {
			shown = append(shown, r.t.Text(r.lang, "review.cut", map[string]any{"Count": len(lines) - n}))
		}
		body := strings.Join(append(head[:len(head):len(head)], strings.Join(shown, "\n")), "\n\n")
		body = strings.TrimSpace(body)
		if n == 0 || units(body) <= MaxText {
			return shorten(body)
		}
	}
}

// progress is the line above a question: its number, or that it may be left out.
func (r renderer) progress(s Screen) string {
	switch {
	case s.Optional:
		return r.t.Text(r.lang, "review.optional", nil) + "\n"
	case s.Steps > 0:
		return r.t.Text(r.lang, "review.progress", map[string]any{"Step": s.Step, "Steps": s.Steps}) + "\n"
	default:
		return ""
	}
}

// units counts UTF-16 units.
func units(s string) int {
	n := 0
	for _, c := range s {
		n += max(utf16.RuneLen(c), 1)
	}
	return n
}

// shorten is the last resort for texts that are too long by themselves.
func shorten(s string) string {
	if units(s) <= MaxText {
		return s
	}
	n := 0
	for i, c := range s {
		if n += max(utf16.RuneLen(c), 1); n > MaxText-1 {
			return s[:i] + "…"
		}
	}
	return s
}
