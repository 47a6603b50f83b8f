package i18n

import "strings"

// avoidedWord gives the word of a text that the line does not use, or "". A word is met by its beginning,
// without case, accents or the Arabic article and particles, so that its other forms are met too.
func avoidedWord(l *locale, text string) string {
	words := fold(text)
	for _, avoided := range l.avoid {
		parts := fold(avoided)
		for at := range words {
			if beginsWith(words[at:], parts) {
				return avoided
			}
		}
	}
	return ""
}

// beginsWith compares word by word; the last part need only be the beginning of its word.
func beginsWith(words, parts []string) bool {
	if len(words) < len(parts) {
		return false
	}
	for i, part := range parts {
		word := words[i]
		if i == 0 && !strings.HasPrefix(word, part) {
			word = foldWord(prefixless(word))
		}
		if !strings.HasPrefix(word, part) || i < len(parts)-1 && word != part {
			return false
		}
	}
	return true
}

// alarming gives an exclamation mark or emoji of a text, or "".
func alarming(text string) string {
	for _, r := range text {
		switch {
		case r == '!' || r == '¡' || r == '！' || r == '‼' || r == '⁉':
			return string(r)
		case r >= 0x1F000 && r <= 0x1FAFF, r >= 0x2600 && r <= 0x27BF, r >= 0x2B00 && r <= 0x2BFF, r == 0xFE0F, r == 0x20E3:
			return string(r)
		}
	}
	return ""
}
