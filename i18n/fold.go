package i18n

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold gives the words of a text in the form in which names are compared: no case, accents, signs,
// hamza, tatweel, vowel marks or Arabic article; one spelling of letters that are written in several ways.
func fold(s string) []string {
	words := spelt(s)
	for i, word := range words {
		words[i] = foldWord(word)
	}
	return words
}

// spelt is fold with the Arabic article left on: a slip can make the beginning of a name look like one.
func spelt(s string) []string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '.' || r == 'ـ' || r == 'ء' || unicode.Is(unicode.Cf, r):
			// A mark on a letter, or inside an abbreviation.
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteString(foldLetter(unicode.ToLower(r)))
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// foldLetter brings letters to the plain one that people type for them.
func foldLetter(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'ı':
		return "i"
	case 'ٱ':
		return "ا"
	case 'ى', 'ی':
		return "ي"
	case 'ة':
		return "ه"
	case 'ک':
		return "ك"
	case 'پ':
		return "ب"
	case 'گ':
		return "غ"
	}
	return string(r)
}

// foldWord takes the Arabic article off and writes abbreviations out.
func foldWord(word string) string {
	switch word {
	case "st", "ste", "sainte", "san", "santa":
		return "saint"
	}
	if rest, ok := strings.CutPrefix(word, "ال"); ok && len(rest) >= 6 {
		return rest
	}
	return word
}

// without drops the small words of names, so that "república del Perú" is "república Perú"; a text of small
// words only is kept.
func withoutSmall(words []string) []string {
	kept := slices.DeleteFunc(slices.Clone(words), func(word string) bool {
		switch word {
		case "the", "of", "and", "la", "le", "les", "el", "los", "las", "l", "d", "de", "del", "du", "des", "y", "e", "et", "s", "و":
			return true
		}
		return false
	})
	if len(kept) == 0 {
		return words
	}
	return kept
}

// prefixless gives an Arabic word without the particle that is written together with it ("بالبيرو" is
// "in Peru"), or "".
func prefixless(word string) string {
	for _, particle := range []string{"وال", "بال", "كال", "فال", "لل", "و", "ب", "ل", "ف", "ك"} {
		if rest, ok := strings.CutPrefix(word, particle); ok && len(rest) >= 6 {
			return rest
		}
	}
	return ""
}
