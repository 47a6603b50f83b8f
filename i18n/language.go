package i18n

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Writing is the direction in which a language is written.
type Writing string

// The two directions, named as HTML's dir attribute names them.
const (
	LeftToRight Writing = "ltr"
	RightToLeft Writing = "rtl"
)

// Match gives the language of the catalogue nearest to a BCP 47 tag, such as Telegram's language_code.
// confident is false when the person should be asked: the code is unknown, or only a related language is
// there. A code that fits nothing gives the first language.
func (c *Catalogue) Match(code string) (lang string, confident bool) {
	tag, err := language.Parse(code)
	if err != nil {
		return c.languages[0], false
	}
	_, at, confidence := c.matcher.Match(tag)
	lang = c.languages[at]
	// CLDR is also sure that who writes Quechua reads Spanish; we ask.
	asked, _ := tag.Base()
	given, _ := c.tongues[lang].tag.Base()
	return lang, confidence >= language.High && asked == given
}

// Direction says how a language is written, by its script.
func Direction(lang string) Writing {
	tag, err := language.Parse(lang)
	if err != nil {
		return LeftToRight
	}
	script, _ := tag.Script()
	rtl := []string{"Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}
	if slices.Contains(rtl, script.String()) {
		return RightToLeft
	}
	return LeftToRight
}

// NativeName is what a language calls itself, with a capital: Español, العربية. A code that is no language
// is given back as it is.
func NativeName(lang string) string {
	tag, err := language.Parse(lang)
	if err != nil {
		return lang
	}
	name := display.Self.Name(tag)
	if name == "" {
		return lang
	}
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToTitle(first)) + name[size:]
}
