package i18n

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
)

// Finding is something wrong with a text.
type Finding struct {
	Language string // the language's tag
	File     string // the file's name, such as flows.toml; empty where the key stands in no file
	Key      string
	Problem  string // what is wrong, never the text itself
	Remedy   string // what to do
	Warning  bool   // true when the line can be run with it
}

// String is the finding on one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s/%s %s: %s; %s", f.Language, f.File, f.Key, f.Problem, f.Remedy)
}

// Check looks through all texts: each language has the same keys with the same placeholders and exactly the
// plural forms it shows; no text is empty, begins or ends with space, is longer than Telegram takes, uses a
// word the line avoids, an exclamation mark or an emoji. The findings are sorted by language and key.
func Check(c *Catalogue) []Finding {
	var findings []Finding
	keys := c.Keys()
	for _, lang := range c.languages {
		for _, key := range keys {
			k := checker{c: c, lang: lang, key: key}
			k.run()
			findings = append(findings, k.findings...)
		}
	}
	return findings
}

// checker looks at one text.
type checker struct {
	c         *Catalogue
	lang, key string
	entry     entry
	findings  []Finding
}

func (k *checker) found(warning bool, problem, remedy string) {
	k.findings = append(k.findings, Finding{k.lang, k.entry.file, k.key, problem, remedy, warning})
}

func (k *checker) run() {
	t := k.c.tongues[k.lang]
	e, ok := t.texts[k.key]
	if !ok {
		file, has := k.elsewhere()
		k.entry.file = file
		k.found(false, "is missing", "translate it from "+has)
		return
	}
	k.entry = e
	k.plurals(t)
	k.placeholders()
	for _, form := range e.all() {
		k.form(t, form.source())
	}
}

// elsewhere finds the file and a language that have the key.
func (k *checker) elsewhere() (file, lang string) {
	for _, lang := range k.c.languages {
		if e, ok := k.c.tongues[lang].texts[k.key]; ok {
			return e.file, lang
		}
	}
	return "", ""
}

// all gives the forms of a text.
func (e *entry) all() []*template {
	if e.forms == nil {
		return []*template{&e.one}
	}
	var all []*template
	for _, form := range e.forms {
		if form != nil {
			all = append(all, form)
		}
	}
	return all
}

// plurals compares the categories written with those shown.
func (k *checker) plurals(t *tongue) {
	first, ok := k.c.tongues[k.c.languages[0]].texts[k.key]
	if ok && (first.forms == nil) != (k.entry.forms == nil) {
		k.found(false, "has plural forms in one language and none in another", "write it alike in all")
	}
	if k.entry.forms == nil {
		return
	}
	for i, needed := range neededCategories(t.tag) {
		name := categories()[i]
		switch written := k.entry.forms[i] != nil; {
		case needed && !written:
			k.found(false, "lacks the plural form "+name, "add it")
		case written && !needed && plural.Form(i) != plural.Other:
			k.found(false, "has the plural form "+name+", which is never shown", "remove it")
		}
	}
}

// placeholders compares the names with the first language's, over all forms. A form alone may lack Count: "one day".
func (k *checker) placeholders() {
	first, ok := k.c.tongues[k.c.languages[0]].texts[k.key]
	if ok {
		want, have := first.placeholders(), k.entry.placeholders()
		if !slices.Equal(want, have) {
			k.found(false, fmt.Sprintf("has the placeholders %v, not %v", have, want), "use the same ones as "+k.c.languages[0])
		}
	}
	if k.entry.forms == nil {
		return
	}
	all := k.entry.placeholders()
	for _, form := range k.entry.all() {
		for _, name := range all {
			if name != "Count" && !slices.Contains(form.placeholders(), name) {
				k.found(false, "lacks the placeholder "+name+" in one plural form", "use it in each form")
			}
		}
	}
}

// placeholders lists the names in all forms of a text.
func (e *entry) placeholders() []string {
	var names []string
	for _, form := range e.all() {
		names = append(names, form.placeholders()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// form looks at one form's words.
func (k *checker) form(t *tongue, text string) {
	if strings.TrimSpace(text) == "" {
		k.found(false, "is empty", "write it")
		return
	}
	if strings.TrimSpace(text) != text {
		k.found(false, "begins or ends with space", "remove the space")
	}
	if word := avoidedWord(t.locale, text); word != "" {
		k.found(false, "uses the word "+word, "say it without")
	}
	if mark := alarming(text); mark != "" {
		k.found(false, fmt.Sprintf("uses %q", mark), "say it calmly, without")
	}
	k.length(text)
}
