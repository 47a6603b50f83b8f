package flows

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// transcript writes down what came of an act, by keys and never by language:
//
//	at emergency/urgency 2/6
//	note note.kept Count=2
//	ask ask.urgency
//	say review.answer Field=field.country Value=[PE]
//	[urgency:now] [urgency:today]
//	submit emergency country=PE … account"words"
//
// A chosen option is written [✓ harm:attack], a link [link URL].
func transcript(out Outcome) string {
	var b strings.Builder
	d := out.Session.Draft
	fmt.Fprintf(&b, "at %s/%s", d.Flow, d.At)
	if out.Screen.Steps > 0 {
		fmt.Fprintf(&b, " %d/%d", out.Screen.Step, out.Screen.Steps)
	}
	if out.Screen.Optional {
		b.WriteString(" optional")
	}
	for _, waiting := range out.Session.Parked {
		fmt.Fprintf(&b, ", waiting %s/%s", waiting.Flow, waiting.At)
	}
	b.WriteByte('\n')
	if out.Stale {
		b.WriteString("stale\n")
	}
	if out.Toast.Key != "" {
		fmt.Fprintf(&b, "toast %s\n", written(out.Toast))
	}
	if out.Beside {
		return b.String() + beside(out)
	}
	for _, n := range out.Screen.Notes {
		fmt.Fprintf(&b, "note %s\n", written(n))
	}
	fmt.Fprintf(&b, "ask %s\n", written(out.Screen.Ask))
	for _, l := range out.Screen.Lines {
		fmt.Fprintf(&b, "say %s\n", written(l))
	}
	for _, row := range out.Screen.Rows {
		b.WriteString(writtenRow(row) + "\n")
	}
	for _, e := range out.Effects {
		b.WriteString(writtenEffect(e) + "\n")
	}
	return b.String()
}

// beside is what came of a press that left the screen as it was.
func beside(out Outcome) string {
	words := "as before\n"
	if out.Says.Key != "" {
		words += "says " + written(out.Says) + "\n"
	}
	for _, e := range out.Effects {
		words += writtenEffect(e) + "\n"
	}
	return words
}

func writtenRow(row []Button) string {
	var words []string
	for _, x := range row {
		switch {
		case x.URL != "":
			words = append(words, "[link "+x.URL+"]")
		case x.Checked:
			words = append(words, "[✓ "+x.Field+":"+x.Value+"]")
		default:
			words = append(words, "["+x.Field+":"+x.Value+"]")
		}
	}
	return strings.Join(words, " ")
}

// written is a text by its key and arguments, times left out.
func written(x Text) string {
	words := []string{x.Key}
	for _, name := range slices.Sorted(maps.Keys(x.Args)) {
		if _, ok := x.Args[name].(time.Time); !ok {
			words = append(words, name+"="+writtenArg(x.Args[name]))
		}
	}
	return strings.Join(words, " ")
}

func writtenArg(a any) string {
	switch a := a.(type) {
	case Text:
		return written(a)
	case []any:
		var words []string
		for _, x := range a {
			words = append(words, writtenArg(x))
		}
		return "[" + strings.Join(words, ", ") + "]"
	default:
		return fmt.Sprint(a)
	}
}

// writtenEffect is an effect with all that its draft holds, so that a script shows what is sent.
func writtenEffect(e Effect) string {
	words := []string{string(e.Kind)}
	if e.Case != "" {
		words = append(words, e.Case)
	}
	if e.Kind == Withdraw || e.Kind == Close {
		return strings.Join(words, " ")
	}
	if e.Kind == Revoke {
		return strings.Join(append(words, e.Value), " ")
	}
	if e.Kind == Answered {
		return strings.TrimSpace(strings.Join(append(words, e.Question.Field, e.Question.About), " ")) + " " + e.Value
	}
	words = append(words, e.Draft.Flow)
	for _, field := range slices.Sorted(maps.Keys(e.Draft.Answers)) {
		words = append(words, field+"="+strings.Join(e.Draft.Answers[field], "+"))
	}
	for _, it := range e.Draft.Items {
		kind := ""
		if it.Kind != ItemText {
			kind = "(" + string(it.Kind) + ")"
		}
		words = append(words, fmt.Sprintf("%s%s%q", it.Field, kind, it.Text))
	}
	return strings.Join(words, " ")
}
