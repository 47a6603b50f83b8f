package i18n

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// template is a text cut at its placeholders: literal, name, literal, name, …, literal.
type template struct {
	pieces []string
}

// parseTemplate cuts a text at its {{.Name}} placeholders. Anything else between double braces, or half of
// one, is refused: texts are data, not programs.
func parseTemplate(text string) (template, error) {
	var pieces []string
	rest := text
	for {
		open := strings.Index(rest, "{{")
		if stray := strings.Index(rest, "}}"); stray >= 0 && (open < 0 || stray < open) {
			return template{}, fmt.Errorf("has }} without {{; write placeholders as {{.Name}}")
		}
		if open < 0 {
			return template{pieces: append(pieces, rest)}, nil
		}
		end := strings.Index(rest, "}}")
		if end < 0 {
			return template{}, fmt.Errorf("has {{ without }}; write placeholders as {{.Name}}")
		}
		name := strings.TrimSpace(rest[open+2 : end])
		if !isPlaceholder(name) {
			return template{}, fmt.Errorf("has {{%s}}; only placeholders such as {{.Name}} are allowed", name)
		}
		pieces = append(pieces, rest[:open], name[1:])
		rest = rest[end+2:]
	}
}

// isPlaceholder accepts a full stop, a letter, then letters and digits.
func isPlaceholder(name string) bool {
	if len(name) < 2 || name[0] != '.' || name[1] >= '0' && name[1] <= '9' {
		return false
	}
	for i := 1; i < len(name); i++ {
		b := name[i]
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		if !letter && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}

// placeholders lists the names in a text, sorted, each once.
func (t *template) placeholders() []string {
	var names []string
	for i := 1; i < len(t.pieces); i += 2 {
		names = append(names, t.pieces[i])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// source gives the text back with its placeholders.
func (t *template) source() string {
	var b strings.Builder
	for i, piece := range t.pieces {
		if i%2 == 1 {
			piece = "{{." + piece + "}}"
		}
		b.WriteString(piece)
	}
	return b.String()
}

// render fills the placeholders; absent is written where a value is not given, and complete is false then.
func (t *template) render(args map[string]any, rtl bool, absent string) (text string, complete bool) {
	if len(t.pieces) == 1 {
		return t.pieces[0], true
	}
	complete = true
	size := 0
	for i := 0; i < len(t.pieces); i += 2 {
		size += len(t.pieces[i])
	}
	var b strings.Builder
	b.Grow(size + 24*(len(t.pieces)/2))
	for i, piece := range t.pieces {
		if i%2 == 0 {
			b.WriteString(piece)
			continue
		}
		value, ok := args[piece]
		if !ok {
			b.WriteString(absent)
			complete = false
			continue
		}
		writeValue(&b, value, rtl)
	}
	return b.String(), complete
}

// writeValue writes a value as plain text, isolated where the text around it runs from right to left.
func writeValue(b *strings.Builder, value any, rtl bool) {
	var s string
	switch v := value.(type) {
	case string:
		s = v
	case int:
		s = strconv.Itoa(v)
	case int64:
		s = strconv.FormatInt(v, 10)
	default:
		s = fmt.Sprint(v)
	}
	s = balanced(s)
	if rtl {
		writeIsolated(b, s)
		return
	}
	b.WriteString(s)
}
