package telegramsim

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the Bot API; texts count in UTF-16 units after the entities were parsed.
const (
	MaxText    = 4096
	MaxCaption = 1024
)

func runeUnits(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// utf16Length counts the UTF-16 units of text, as Telegram measures texts.
func utf16Length(text string) int {
	units := 0
	for _, r := range text {
		units += runeUnits(r)
	}
	return units
}

// formatted is a text or caption with its entities, parsed, trimmed and checked.
type formatted struct {
	text     string
	entities []Entity
}

// format reads a text parameter with its parse mode or entities.
func format(text, mode, entities string) (formatted, *Error) {
	if !utf8.ValidString(text) {
		return formatted{}, badRequest("strings must be encoded in UTF-8")
	}
	f := formatted{text: text}
	var err *Error
	switch strings.ToLower(mode) {
	case "":
		f.entities, err = readEntities(entities, text)
	case "html":
		f.text, f.entities, err = parseHTML(text)
	case "markdown", "markdownv2":
		return f, badRequest("method not simulated: parse_mode %s", mode)
	default:
		return f, badRequest("unsupported parse_mode")
	}
	if err != nil {
		return f, err
	}
	f.trim()
	if len(f.entities) == 0 {
		f.entities = commandEntities(f.text)
	}
	return f, nil
}

func readEntities(raw, text string) ([]Entity, *Error) {
	if raw == "" {
		return nil, nil
	}
	var entities []Entity
	if err := json.Unmarshal([]byte(raw), &entities); err != nil {
		return nil, badRequest("can't parse entities: %s", "the value is not an array of MessageEntity")
	}
	length := utf16Length(text)
	for _, e := range entities {
		if e.Offset < 0 || e.Length <= 0 || e.Offset > length-e.Length {
			return nil, badRequest("can't parse entities: entity %q is outside the text", e.Type)
		}
		if !slices.Contains(entityTypes(), e.Type) {
			return nil, badRequest("can't parse entities: unsupported type of entity %q", e.Type)
		}
	}
	sortEntities(entities)
	return entities, nil
}

func entityTypes() []string {
	return []string{"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic",
		"underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre", "text_link",
		"text_mention", "custom_emoji"}
}

func sortEntities(entities []Entity) {
	slices.SortStableFunc(entities, func(a, b Entity) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length))
	})
}

// trim cuts white space at both ends, as the real server does, and moves the entities along.
func (f *formatted) trim() {
	text := strings.TrimLeftFunc(f.text, unicode.IsSpace)
	shift := len(f.text) - len(text)
	if shift > 0 {
		shift = utf16Length(f.text[:shift])
	}
	trimmed := strings.TrimRightFunc(text, unicode.IsSpace)
	if shift == 0 && len(trimmed) == len(text) {
		return
	}
	f.text = trimmed
	length := utf16Length(trimmed)
	kept := f.entities[:0]
	for _, e := range f.entities {
		end := min(e.Offset+e.Length-shift, length)
		e.Offset = max(e.Offset-shift, 0)
		if e.Length = end - e.Offset; e.Length > 0 {
			kept = append(kept, e)
		}
	}
	f.entities = kept
}

// commandEntities finds /commands; of what the real server detects by itself, only these are simulated.
func commandEntities(text string) []Entity {
	if !strings.Contains(text, "/") {
		return nil
	}
	var found []Entity
	units, before := 0, ' '
	for i, r := range text {
		if r == '/' && unicode.IsSpace(before) {
			if n := commandLength(text[i+1:]); n > 0 {
				found = append(found, Entity{Type: "bot_command", Offset: units, Length: n + 1})
			}
		}
		units += runeUnits(r)
		before = r
	}
	return found
}

// commandLength is the length of name or name@bot at the start of text, which is ASCII, so bytes are units.
func commandLength(text string) int {
	n := wordLength(text)
	if n == 0 || n > 64 {
		return 0
	}
	if n < len(text) && text[n] == '@' {
		if bot := wordLength(text[n+1:]); bot >= 3 {
			return n + 1 + bot
		}
	}
	return n
}

func wordLength(text string) int {
	for i, r := range text {
		if r != '_' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)) {
			return i
		}
	}
	return len(text)
}
