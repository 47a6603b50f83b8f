package i18n

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// limit is how long a kind of text may be, in UTF-16 units; above warn it is allowed but not wished.
type limit struct {
	what      string
	most      int
	warnAbove int
}

// limitOf knows a text's kind from its file and the parts of its key, as the package comment says.
func limitOf(file, key string) limit {
	parts := strings.Split(key, ".")
	has := func(part string) bool { return slices.Contains(parts, part) }
	switch {
	case key == "bot.name":
		return limit{"the bot's name", 64, 64}
	case key == "bot.description":
		return limit{"the bot's description", 512, 512}
	case parts[0] == "bot" && strings.HasPrefix(parts[len(parts)-1], "short"):
		return limit{"the bot's short description", 120, 120}
	case has("toast"):
		return limit{"an answer to a press", 200, 200}
	case has("button") || file == "fields.toml":
		return limit{"a button", 64, 30}
	case has("caption"):
		return limit{"a caption", 1024, 1024}
	case has("command") || has("commands"):
		return limit{"a command's description", 256, 256}
	}
	return limit{"a message", 4096, 1200}
}

// length compares a text, its placeholders counted as written, with the limit of its kind.
func (k *checker) length(text string) {
	l := limitOf(k.entry.file, k.key)
	units := len(utf16.Encode([]rune(text)))
	switch {
	case units > l.most:
		k.found(false, fmt.Sprintf("has %d units, %d more than %s may have", units, units-l.most, l.what), "shorten it")
	case units > l.warnAbove:
		k.found(true, fmt.Sprintf("has %d units, more than the %d wished for %s", units, l.warnAbove, l.what), "shorten it if you can")
	}
}
