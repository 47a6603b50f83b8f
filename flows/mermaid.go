package flows

import (
	"fmt"
	"strings"
)

// Mermaid draws a conversation as a Mermaid state diagram, in the table's own order with its
// start and its ends; empty for a conversation that does not exist.
func (e *Engine) Mermaid(flow string) string {
	m := e.machines[flow]
	if m == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	fmt.Fprintf(&b, "    [*] --> %s\n", m.table.Begin)
	for _, s := range m.table.Steps {
		if s.Apart {
			fmt.Fprintf(&b, "    [*] --> %s : opened by itself\n", s.At)
		}
		drawStep(&b, s)
	}
	for _, s := range everywhere {
		drawStep(&b, s)
	}
	return b.String()
}

// drawStep draws a step's answers, those that lead to the same place on one arrow.
func drawStep(b *strings.Builder, s Step) {
	var order []string
	labels := map[string][]string{}
	line := func(to, label string) {
		if labels[to] == nil {
			order = append(order, to)
		}
		labels[to] = append(labels[to], label)
	}
	for _, o := range s.Options {
		line(s.At, o)
	}
	for _, a := range s.Next {
		line(target(a), strings.ReplaceAll(label(a), ":", " "))
	}
	for _, to := range order {
		fmt.Fprintf(b, "    %s --> %s : %s\n", s.At, to, strings.Join(labels[to], ", "))
	}
}

func target(a Answer) string {
	if a.To == End {
		return "[*]"
	}
	return a.To
}

// label is the answer, and what is done for it.
func label(a Answer) string {
	switch {
	case a.Do != "":
		return fmt.Sprintf("%s (%s)", a.On, a.Do)
	case a.Begin != "":
		return fmt.Sprintf("%s (begins %s)", a.On, a.Begin)
	default:
		return a.On
	}
}
