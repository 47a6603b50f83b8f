package i18n

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// locale is what a language brings besides its texts, read from locale/<tag>.toml.
type locale struct {
	neutral   string
	months    []string
	date      template // Day, Month, Year, Clock
	firstDay  string
	zone      template // Date, City
	utc       template // Date
	list      listWords
	within    template // Duration
	durations map[string]*pluralForms
	avoid     []string
	names     map[string]string
	also      map[string][]string
}

// listWords join the items of a list.
type listWords struct {
	Middle, End string
	// SoftEnd stands for End before a word that begins with one of SoftBefore and none of SoftExcept.
	SoftEnd    string   `toml:"soft_end"`
	SoftBefore []string `toml:"soft_before"`
	SoftExcept []string `toml:"soft_except"`
}

// localeFile is the file as written.
type localeFile struct {
	Neutral string
	Months  []string
	Time    struct {
		Date, Zone, UTC string
		FirstDay        string `toml:"first_day"`
	}
	List      listWords
	Within    string
	Durations map[string]map[string]string
	Avoid     []string
	Countries struct {
		Names map[string]string
		Also  map[string][]string
	}
}

// units are the units of durations that a locale names, the largest first.
func units() []string { return []string{"days", "hours", "minutes", "seconds"} }

// readLocale reads locale/<lang>.toml; its errors name the file and what it lacks.
func readLocale(fsys fs.FS, lang string, tag language.Tag) (*locale, error) {
	path := "locale/" + lang + ".toml"
	data, err := fs.ReadFile(fsys, path)
	if err != nil {
		return nil, fmt.Errorf("language %s: %s is missing; write it after another language's", lang, path)
	}
	var file localeFile
	meta, err := toml.Decode(string(data), &file)
	if err != nil {
		return nil, fmt.Errorf("language %s: %s: %w", lang, path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("language %s: %s: %s is not known here; remove it", lang, path, unknown[0])
	}
	l, err := file.compile(tag)
	if err != nil {
		return nil, fmt.Errorf("language %s: %s: %w", lang, path, err)
	}
	return l, nil
}

// compile checks the file and cuts its templates.
func (f *localeFile) compile(tag language.Tag) (*locale, error) {
	l := &locale{neutral: f.Neutral, months: f.Months, firstDay: f.Time.FirstDay, list: f.List,
		avoid: f.Avoid, names: f.Countries.Names, also: f.Countries.Also, durations: map[string]*pluralForms{}}
	if f.Neutral == "" || f.List.Middle == "" || f.List.End == "" {
		return nil, fmt.Errorf("neutral, list.middle and list.end must not be empty")
	}
	if len(f.Months) != 12 || slices.Contains(f.Months, "") {
		return nil, fmt.Errorf("months must be twelve names")
	}
	for _, part := range []struct {
		name, text string
		to         *template
		want       []string
	}{
		{"time.date", f.Time.Date, &l.date, []string{"Clock", "Day", "Month", "Year"}},
		{"time.zone", f.Time.Zone, &l.zone, []string{"City", "Date"}},
		{"time.utc", f.Time.UTC, &l.utc, []string{"Date"}},
		{"within", f.Within, &l.within, []string{"Duration"}},
	} {
		t, err := parseTemplate(part.text)
		if err != nil {
			return nil, fmt.Errorf("%s %w", part.name, err)
		}
		if !slices.Equal(t.placeholders(), part.want) {
			return nil, fmt.Errorf("%s must hold the placeholders %s", part.name, strings.Join(part.want, ", "))
		}
		*part.to = t
	}
	return l, l.compileDurations(f.Durations, tag)
}

// compileDurations takes exactly the units and plural categories that the language asks for.
func (l *locale) compileDurations(written map[string]map[string]string, tag language.Tag) error {
	for _, unit := range units() {
		forms, err := newPluralForms(written[unit])
		if err != nil {
			return fmt.Errorf("durations.%s: %w", unit, err)
		}
		for form, needed := range neededCategories(tag) {
			if needed != (forms[form] != nil) && plural.Form(form) != plural.Other {
				return fmt.Errorf("durations.%s.%s: needed is %t", unit, categories()[form], needed)
			}
		}
		l.durations[unit] = forms
	}
	return nil
}
