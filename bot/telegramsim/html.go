package telegramsim

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// htmlParser reads the Bot API's HTML strictly: only the documented tags, every tag closed in order.
type htmlParser struct {
	in    string
	at    int // byte offset in the input
	out   strings.Builder
	units int // UTF-16 units written
	open  []openTag
	found []Entity
}

type openTag struct {
	name   string
	entity Entity
}

// parseHTML gives the text without its tags and the entities in order of their starts. Errors are worded as
// the real server words them, with byte offsets.
func parseHTML(in string) (string, []Entity, *Error) {
	p := &htmlParser{in: in}
	p.out.Grow(len(in))
	for p.at < len(in) {
		if err := p.step(); err != nil {
			return "", nil, badRequest("can't parse entities: %s", err.Description)
		}
	}
	if n := len(p.open); n > 0 {
		return "", nil, badRequest("can't parse entities: Can't find end tag corresponding to start tag %q", p.open[n-1].name)
	}
	sortEntities(p.found)
	return p.out.String(), p.found, nil
}

func (p *htmlParser) step() *Error {
	switch c := p.in[p.at]; {
	case c == '&':
		p.reference()
	case c == '<' && strings.HasPrefix(p.in[p.at:], "</"):
		return p.endTag()
	case c == '<':
		return p.startTag()
	default:
		r, size := utf8.DecodeRuneInString(p.in[p.at:])
		p.write(r)
		p.at += size
	}
	return nil
}

func (p *htmlParser) write(r rune) {
	p.out.WriteRune(r)
	p.units += runeUnits(r)
}

// reference reads a character reference; what is none stays as it is.
func (p *htmlParser) reference() {
	end := strings.IndexByte(p.in[p.at:], ';')
	if end > 0 && end < 12 {
		if r := referenced(p.in[p.at+1 : p.at+end]); r != 0 {
			p.write(r)
			p.at += end + 1
			return
		}
	}
	p.write('&')
	p.at++
}

func referenced(name string) rune {
	switch name {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "quot":
		return '"'
	}
	digits, numeric := strings.CutPrefix(name, "#")
	if !numeric {
		return 0
	}
	base := 10
	if hex, isHex := strings.CutPrefix(digits, "x"); isHex {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil || !utf8.ValidRune(rune(n)) {
		return 0
	}
	return rune(n)
}

func (p *htmlParser) startTag() *Error {
	begin := p.at
	end := strings.IndexByte(p.in[begin:], '>')
	if end < 0 {
		return &Error{Description: "Unclosed start tag at byte offset " + strconv.Itoa(begin)}
	}
	inside := p.in[begin+1 : begin+end]
	name, attributes, _ := strings.Cut(inside, " ")
	name = strings.ToLower(strings.TrimSpace(name))
	entity, known := tagEntity(name, attributes)
	if !known {
		return &Error{Description: "Unsupported start tag " + strconv.Quote(name) + " at byte offset " + strconv.Itoa(begin)}
	}
	p.at = begin + end + 1
	entity.Offset = p.units
	p.open = append(p.open, openTag{name: name, entity: entity})
	return nil
}

// tagEntity says what a tag means; an entity without a type marks nothing, like a link without a target.
func tagEntity(name, attributes string) (Entity, bool) {
	switch name {
	case "b", "strong":
		return Entity{Type: "bold"}, true
	case "i", "em":
		return Entity{Type: "italic"}, true
	case "u", "ins":
		return Entity{Type: "underline"}, true
	case "s", "strike", "del":
		return Entity{Type: "strikethrough"}, true
	case "tg-spoiler":
		return Entity{Type: "spoiler"}, true
	case "span":
		return Entity{Type: "spoiler"}, attribute(attributes, "class") == "tg-spoiler"
	}
	return tagWithAttributes(name, attributes)
}

func tagWithAttributes(name, attributes string) (Entity, bool) {
	switch name {
	case "code":
		return Entity{Type: "code", Language: strings.TrimPrefix(attribute(attributes, "class"), "language-")}, true
	case "pre":
		return Entity{Type: "pre"}, true
	case "blockquote":
		if strings.Contains(attributes, "expandable") {
			return Entity{Type: "expandable_blockquote"}, true
		}
		return Entity{Type: "blockquote"}, true
	case "a":
		if target := attribute(attributes, "href"); target != "" {
			return Entity{Type: "text_link", URL: target}, true
		}
		return Entity{}, true
	case "tg-emoji":
		return Entity{Type: "custom_emoji", CustomEmojiID: attribute(attributes, "emoji-id")}, true
	}
	return Entity{}, false
}

// attribute reads name="value" or name='value', with character references resolved.
func attribute(attributes, name string) string {
	_, rest, found := strings.Cut(attributes, name+"=")
	if !found || rest == "" {
		return ""
	}
	value, _, closed := strings.Cut(rest[1:], rest[:1])
	if !closed || rest[0] != '"' && rest[0] != '\'' {
		return ""
	}
	return strings.NewReplacer("&quot;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(value)
}

func (p *htmlParser) endTag() *Error {
	begin := p.at
	end := strings.IndexByte(p.in[begin:], '>')
	if end < 0 {
		return &Error{Description: "Unclosed end tag at byte offset " + strconv.Itoa(begin)}
	}
	name := strings.ToLower(strings.TrimSpace(p.in[begin+2 : begin+end]))
	n := len(p.open)
	if n == 0 {
		return &Error{Description: "Unexpected end tag at byte offset " + strconv.Itoa(begin)}
	}
	top := p.open[n-1]
	if name != "" && name != top.name {
		return &Error{Description: "Unmatched end tag at byte offset " + strconv.Itoa(begin) +
			", expected \"</" + top.name + ">\", found \"</" + name + ">\""}
	}
	p.open = p.open[:n-1]
	p.at = begin + end + 1
	p.close(top.entity)
	return nil
}

// close keeps the entity if it marks anything; code directly inside pre gives pre its language.
func (p *htmlParser) close(e Entity) {
	e.Length = p.units - e.Offset
	if e.Length == 0 || e.Type == "" {
		return
	}
	if last := len(p.found) - 1; e.Type == "pre" && last >= 0 {
		if inner := p.found[last]; inner.Type == "code" && inner.Offset == e.Offset && inner.Length == e.Length {
			e.Language = inner.Language
			p.found = p.found[:last]
		}
	}
	if e.Type == "code" && (len(p.open) == 0 || p.open[len(p.open)-1].name != "pre") {
		e.Language = ""
	}
	p.found = append(p.found, e)
}
