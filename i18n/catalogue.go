package i18n

import (
	"slices"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Catalogue holds the texts of the languages asked for. It is complete when Load returns, never changes
// afterwards, and may be used by any number of goroutines.
type Catalogue struct {
	languages []string
	tongues   map[string]*tongue
	matcher   language.Matcher
	finder    *finder
	missing   func(lang, key string)
}

// tongue is one language of a catalogue.
type tongue struct {
	tag     language.Tag
	rtl     bool
	locale  *locale
	texts   map[string]entry
	regions display.Namer
}

// entry is one text: a single form, or one for each plural category.
type entry struct {
	file  string
	one   template
	forms *pluralForms
}

// WithHook returns a catalogue of the same texts that reports to missing each text that was asked for and
// is not there, in the language asked for, or whose placeholder got no value. The hook is called by
// whoever asks and must be safe for concurrent use; it learns keys only, never what was inserted.
func (c *Catalogue) WithHook(missing func(lang, key string)) *Catalogue {
	copied := *c
	copied.missing = missing
	return &copied
}

// Languages lists the languages of the catalogue; the first is the one others fall back to.
func (c *Catalogue) Languages() []string { return slices.Clone(c.languages) }

// Keys lists every key that any language of the catalogue has, sorted.
func (c *Catalogue) Keys() []string {
	all := map[string]bool{}
	for _, t := range c.tongues {
		for key := range t.texts {
			all[key] = true
		}
	}
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Has says whether the language itself, without falling back, has the key.
func (c *Catalogue) Has(lang, key string) bool {
	t, ok := c.tongues[lang]
	if !ok {
		return false
	}
	_, ok = t.texts[key]
	return ok
}

// Text gives the text of a key in a language, with its placeholders replaced by args. A text with plurals
// is chosen by args["Count"], a whole number. What the language lacks is taken from the first language,
// and what that lacks is a neutral "…"; both are reported to the hook.
func (c *Catalogue) Text(lang, key string, args map[string]any) string {
	t := c.tongue(lang)
	e, ok := t.texts[key]
	if !ok || c.tongues[lang] == nil {
		c.report(lang, key)
	}
	if !ok {
		t = c.tongues[c.languages[0]]
		if e, ok = t.texts[key]; !ok {
			return c.tongue(lang).locale.neutral
		}
	}
	form := &e.one
	if e.forms != nil {
		form = e.forms.choose(t.tag, args)
	}
	text, complete := form.render(args, t.rtl, t.locale.neutral)
	if !complete {
		c.report(lang, key)
	}
	return text
}

// tongue gives a language of the catalogue, or the first one for a language it does not have.
func (c *Catalogue) tongue(lang string) *tongue {
	if t, ok := c.tongues[lang]; ok {
		return t
	}
	return c.tongues[c.languages[0]]
}

func (c *Catalogue) report(lang, key string) {
	if c.missing != nil {
		c.missing(lang, key)
	}
}
