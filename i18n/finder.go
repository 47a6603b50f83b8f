package i18n

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/language"
)

// kind ranks the names of a country: what is meant by "Guinea" is first Guinea, then the others.
type kind uint8

const (
	fullName kind = iota
	cityName
	partOfName // what follows in a longer name: Arabia, Guinea, Korea
)

// name is something a country may be called, folded.
type name struct {
	text    string
	country uint8 // index in codes
	lang    uint8 // index in langs; cities have none
	kind    kind
	letters uint8
	set     uint64 // which letters, as letterSet gives them
}

// anyLanguage marks names that are no language's.
const anyLanguage = 0xFF

// finder knows what countries are called in all languages shipped. Its names are sorted by text.
type finder struct {
	codes []string
	iso   map[string]string // alpha-2 and alpha-3, upper case, to alpha-2
	langs []string
	names []name
}

// newFinder reads the names from every locale file and the cities.
func newFinder(fsys fs.FS) (*finder, error) {
	f := &finder{codes: Countries(), iso: map[string]string{}}
	for _, code := range f.codes {
		f.iso[code] = code
		if region, err := language.ParseRegion(code); err == nil {
			f.iso[region.ISO3()] = code
		}
	}
	files, _ := fs.Glob(fsys, "locale/*.toml")
	for _, file := range files {
		lang := strings.TrimSuffix(path.Base(file), ".toml")
		if err := f.addLanguage(fsys, lang); err != nil {
			return nil, err
		}
	}
	if err := f.addCities(fsys); err != nil {
		return nil, err
	}
	f.finish()
	return f, nil
}

// addLanguage adds what a language calls each country.
func (f *finder) addLanguage(fsys fs.FS, lang string) error {
	tag, err := language.Parse(lang)
	if err != nil {
		return fmt.Errorf("file locale/%s.toml: name it by a BCP 47 tag such as es", lang)
	}
	l, err := readLocale(fsys, lang, tag)
	if err != nil {
		return err
	}
	number := uint8(len(f.langs))
	f.langs = append(f.langs, lang)
	regions := regionsIn(tag)
	bare := &locale{}
	for _, code := range f.codes {
		f.add(code, countryName(l, regions.Name, code), number, fullName)
		f.add(code, countryName(bare, regions.Name, code), number, fullName)
	}
	return f.addAll("locale/"+lang+".toml: countries.also", l.also, number, fullName)
}

// addCities adds the cities that stand for their country.
func (f *finder) addCities(fsys fs.FS) error {
	data, err := fs.ReadFile(fsys, "cities.toml")
	if err != nil {
		return fmt.Errorf("file cities.toml is missing; restore it: %w", err)
	}
	var cities map[string][]string
	if err := toml.Unmarshal(data, &cities); err != nil {
		return fmt.Errorf("file cities.toml: %w", err)
	}
	return f.addAll("cities.toml", cities, anyLanguage, cityName)
}

func (f *finder) addAll(file string, names map[string][]string, lang uint8, k kind) error {
	for _, code := range slices.Sorted(maps.Keys(names)) {
		if !slices.Contains(f.codes, code) {
			return fmt.Errorf("%s: %s is no country; write its ISO 3166-1 letters", file, code)
		}
		for _, called := range names[code] {
			f.add(code, called, lang, k)
		}
	}
	return nil
}

// add adds a name and, for names of several words, what follows each word.
func (f *finder) add(code, called string, lang uint8, k kind) {
	country := slices.Index(f.codes, code)
	called, inner, _ := strings.Cut(called, "(")
	words := withoutSmall(fold(called))
	f.put(words, country, lang, k)
	if inner != "" {
		f.put(withoutSmall(fold(inner)), country, lang, k)
	}
	if k != fullName {
		return
	}
	for i := 1; i < len(words); i++ {
		if len([]rune(words[i])) > 3 {
			f.put(words[i:], country, lang, partOfName)
		}
	}
}

func (f *finder) put(words []string, country int, lang uint8, k kind) {
	text := strings.Join(words, " ")
	if text != "" {
		runes := []rune(text)
		f.names = append(f.names, name{text, uint8(country), lang, k, uint8(min(255, len(runes))), letterSet(runes)})
	}
}

// finish sorts the names and drops what stands there twice.
func (f *finder) finish() {
	slices.SortFunc(f.names, func(a, b name) int {
		return cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.country, b.country),
			cmp.Compare(a.kind, b.kind), cmp.Compare(a.lang, b.lang))
	})
	f.names = slices.Clip(slices.Compact(f.names))
}
