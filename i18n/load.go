package i18n

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// shipped is the real catalogue: texts/<lang>/*.toml, locale/<lang>.toml, and the cities.
//
//go:embed texts locale cities.toml
var shipped embed.FS

// Shipped lists the languages in the binary: those with a folder of texts, sorted, English first.
func Shipped() []string { return shippedIn(shipped) }

// Load reads the catalogue of the languages given, the first being the one others fall back to; of all
// that are shipped, English first, when none is given. It reads everything once. Its errors name the
// language, the file and the key, and say what to do.
func Load(languages []string) (*Catalogue, error) { return load(shipped, languages) }

func load(fsys fs.FS, languages []string) (*Catalogue, error) {
	c, err := loadTexts(fsys, languages)
	if err != nil {
		return nil, err
	}
	if c.finder, err = newFinder(fsys); err != nil {
		return nil, err
	}
	return c, nil
}

// loadTexts reads everything but what countries are called.
func loadTexts(fsys fs.FS, languages []string) (*Catalogue, error) {
	available := shippedIn(fsys)
	if len(languages) == 0 {
		languages = available
	}
	if len(languages) == 0 {
		return nil, errors.New("no language is shipped; add texts/<language>/*.toml")
	}
	c := &Catalogue{tongues: map[string]*tongue{}}
	var tags []language.Tag
	for _, lang := range languages {
		if !slices.Contains(available, lang) {
			return nil, fmt.Errorf("language %q is not shipped; choose from %s", lang, strings.Join(available, ", "))
		}
		if c.tongues[lang] != nil {
			return nil, fmt.Errorf("language %q is named twice; name it once", lang)
		}
		t, err := loadTongue(fsys, lang)
		if err != nil {
			return nil, err
		}
		c.tongues[lang] = t
		c.languages = append(c.languages, lang)
		tags = append(tags, t.tag)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// shippedIn finds the folders that hold texts.
func shippedIn(fsys fs.FS) []string {
	files, _ := fs.Glob(fsys, "texts/*/*.toml")
	var langs []string
	for _, file := range files {
		langs = append(langs, path.Base(path.Dir(file)))
	}
	slices.SortFunc(langs, func(a, b string) int {
		if (a == "en") != (b == "en") {
			return map[bool]int{true: -1, false: 1}[a == "en"]
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(langs)
}

// loadTongue reads one language.
func loadTongue(fsys fs.FS, lang string) (*tongue, error) {
	tag, err := language.Parse(lang)
	if err != nil || tag.String() != lang {
		return nil, fmt.Errorf("folder texts/%s: name it by a BCP 47 tag such as es or pt-BR", lang)
	}
	t := &tongue{tag: tag, rtl: Direction(lang) == RightToLeft, texts: map[string]entry{}, regions: regionsIn(tag)}
	if t.locale, err = readLocale(fsys, lang, tag); err != nil {
		return nil, err
	}
	t.locale.also = nil // the finder has them
	files, _ := fs.Glob(fsys, "texts/"+lang+"/*.toml")
	for _, file := range files {
		if err := t.read(fsys, file); err != nil {
			return nil, fmt.Errorf("language %s: %s: %w", lang, file, err)
		}
	}
	return t, nil
}

// regionsIn names countries in a language, or in English where CLDR's tables lack the language.
func regionsIn(tag language.Tag) display.Namer {
	if namer := display.Regions(tag); namer != nil {
		return namer
	}
	return display.Regions(language.English)
}

// read adds the texts of one file.
func (t *tongue) read(fsys fs.FS, file string) error {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return err
	}
	var plurals map[string]map[string]string
	flat := func(data []byte, v any) error {
		var raw map[string]any
		if err := toml.Unmarshal(data, &raw); err != nil {
			return err
		}
		messages, err := flatten(raw)
		plurals = messages.plurals
		*(v.(*any)) = messages.all
		return err
	}
	parsed, err := goi18n.ParseMessageFileBytes(data, file, map[string]goi18n.UnmarshalFunc{"toml": flat})
	if err != nil {
		return err
	}
	for _, message := range parsed.Messages {
		if before, ok := t.texts[message.ID]; ok {
			return fmt.Errorf("key %s: stands in %s already; keep one", message.ID, before.file)
		}
		e, err := newEntry(message, plurals[message.ID])
		if err != nil {
			return fmt.Errorf("key %s: %w", message.ID, err)
		}
		if t.rtl {
			e.isolateCommands()
		}
		e.file = path.Base(file)
		t.texts[message.ID] = e
	}
	return nil
}

// newEntry cuts a text, or all its plural forms.
func newEntry(message *goi18n.Message, plurals map[string]string) (entry, error) {
	if plurals != nil {
		forms, err := newPluralForms(plurals)
		return entry{forms: forms}, err
	}
	one, err := parseTemplate(message.Other)
	return entry{one: one}, err
}

// isolateCommands sets the commands in the literal words of a text apart, as inserted values are: their
// slash would otherwise be shown at their end. Telegram's clients still make them links.
func (e *entry) isolateCommands() {
	for _, form := range e.all() {
		for i := 0; i < len(form.pieces); i += 2 {
			form.pieces[i] = isolateCommands(form.pieces[i])
		}
	}
}
