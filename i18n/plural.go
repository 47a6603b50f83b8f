package i18n

import (
	"errors"
	"math"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// categories are the plural categories of CLDR, each at the number x/text gives it.
func categories() [6]string {
	return [6]string{plural.Other: "other", plural.Zero: "zero", plural.One: "one",
		plural.Two: "two", plural.Few: "few", plural.Many: "many"}
}

// pluralForms are the forms of one text; a category that the text lacks is nil.
type pluralForms [6]*template

// choose gives the form for args["Count"], else the form "other".
func (f *pluralForms) choose(tag language.Tag, args map[string]any) *template {
	n, ok := wholeNumber(args["Count"])
	if ok {
		if form := f[category(tag, n)]; form != nil {
			return form
		}
	}
	return f[plural.Other]
}

// category gives the plural category of a whole number by CLDR's cardinal rules.
func category(tag language.Tag, n int) plural.Form {
	if n < 0 {
		n = -n
	}
	// CLDR's rules look at no more than the last digits, and x/text wants small numbers.
	if n >= 1_000_000 {
		n = 1_000_000 + n%1_000_000
	}
	return plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)
}

// neededCategories are the categories that whole numbers below a million select, so that each form that is
// written can also be shown. CLDR's further ones (Spanish and French "many", for millions) are refused.
func neededCategories(tag language.Tag) [6]bool {
	var needed [6]bool
	for n := range 201 {
		needed[category(tag, n)] = true
	}
	for n := 1000; n < 1_000_000; n *= 10 {
		needed[category(tag, n)] = true
	}
	return needed
}

// wholeNumber reads a count from the kinds of numbers that callers have.
func wholeNumber(value any) (int, bool) {
	switch n := value.(type) {
	case int:
		return n, true
	case int64:
		return int(max(math.MinInt32, min(n, math.MaxInt32))), true
	case int32:
		return int(n), true
	case uint:
		return int(min(n, math.MaxInt32)), true
	}
	return 0, false
}

// newPluralForms cuts the forms of a text that has plurals; "other" must be among them.
func newPluralForms(written map[string]string) (*pluralForms, error) {
	var forms pluralForms
	for i, name := range categories() {
		text, ok := written[name]
		if !ok {
			continue
		}
		t, err := parseTemplate(text)
		if err != nil {
			return nil, err
		}
		forms[i] = &t
	}
	if forms[plural.Other] == nil {
		return nil, errors.New(`lacks the form "other"`)
	}
	return &forms, nil
}
