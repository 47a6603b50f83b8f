package i18n

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
)

// The two marks of UAX 9 that let a stretch of text keep its own direction.
const (
	firstStrongIsolate    = "\u2068"
	popDirectionalIsolate = "\u2069"
)

// lineEnds end a paragraph, and with it every isolate (UAX 9, class B).
const lineEnds = "\n\r\u0085\u2029\x1c\x1d\x1e"

// writeIsolated writes s between FSI and PDI, line by line, where a line needs it: an isolate ends with its
// line, and words in the language around need none.
func writeIsolated(b *strings.Builder, s string) {
	for s != "" {
		end := strings.IndexAny(s, lineEnds)
		line := s
		if end >= 0 {
			line = s[:end]
		}
		if needsIsolation(line) {
			b.WriteString(firstStrongIsolate)
			b.WriteString(line)
			b.WriteString(popDirectionalIsolate)
		} else {
			b.WriteString(line)
		}
		s = s[len(line):]
		if end >= 0 {
			_, size := utf8.DecodeRuneInString(s)
			b.WriteString(s[:size])
			s = s[size:]
		}
	}
}

// isolated gives s as writeIsolated writes it.
func isolated(s string) string {
	var b strings.Builder
	writeIsolated(&b, s)
	return b.String()
}

// isolateCommands writes each command, such as /wipe, that stands by itself in a text between FSI and PDI.
func isolateCommands(text string) string {
	var b strings.Builder
	for at := 0; at < len(text); {
		end := at + commandLength(text, at)
		if end == at {
			b.WriteByte(text[at])
			at++
			continue
		}
		b.WriteString(firstStrongIsolate + text[at:end] + popDirectionalIsolate)
		at = end
	}
	return b.String()
}

// commandLength is the length in bytes of the command that begins at a place of a text; 0 where none does.
func commandLength(text string, at int) int {
	if text[at] != '/' || at > 0 && !strings.ContainsRune(" \n(", rune(text[at-1])) {
		return 0
	}
	n := 1
	for at+n < len(text) && (text[at+n] >= 'a' && text[at+n] <= 'z' || text[at+n] == '_') {
		n++
	}
	if n == 1 {
		return 0
	}
	return n
}

// needsIsolation finds what a text from right to left would show in the wrong order: letters from left to
// right, or digits joined with signs or in groups, such as telephone numbers. A plain number needs nothing, nor
// does one counted in the language ("3 دقائق").
func needsIsolation(s string) bool {
	var digits, signs, spaces, words bool
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			return true
		case r >= '0' && r <= '9':
			digits = true
		case r == ' ':
			spaces = true
		case r < 0x80:
			signs = true
		default:
			if p, _ := bidi.LookupRune(r); p.Class() == bidi.L {
				return true
			}
			words = true
		}
	}
	return digits && (signs || spaces && !words)
}

// balanced removes the direction marks of a value unless they are isolates that all end within it: others
// would turn the words around the value.
func balanced(s string) string {
	if !strings.ContainsFunc(s, isDirectionMark) || isolatesEnd(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isDirectionMark(r) {
			return -1
		}
		return r
	}, s)
}

// isolatesEnd says whether s has no direction marks but isolates, each closed in its line.
func isolatesEnd(s string) bool {
	depth := 0
	for _, r := range s {
		switch {
		case r >= 0x2066 && r <= 0x2068:
			depth++
		case r == 0x2069:
			depth--
		case r >= 0x202A && r <= 0x202E, depth > 0 && strings.ContainsRune(lineEnds, r):
			return false
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}

// isDirectionMark finds embeddings, overrides and isolates; LRM, RLM and ALM change nothing around them.
func isDirectionMark(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
