package i18n

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"pgregory.net/rapid"
)

func TestLoadSaysWhatIsWrong(t *testing.T) {
	locale := func(change, to string) string {
		data, err := shipped.ReadFile("locale/es.toml")
		if err != nil || !strings.Contains(string(data), change) {
			t.Fatal("no such place in locale/es.toml:", change, err)
		}
		return strings.Replace(string(data), change, to, 1)
	}
	for _, test := range []struct {
		file, content string
		want          []string
	}{
		{"texts/es/bad.toml", "a = ", []string{"language es", "texts/es/bad.toml", "line 1"}},
		{"texts/es/bad.toml", `a.b = "x {{.Y"`, []string{"language es", "texts/es/bad.toml", "key a.b", "{{.Name}}"}},
		{"texts/es/bad.toml", `a.b = "x }} y"`, []string{"key a.b", "{{.Name}}"}},
		{"texts/es/bad.toml", `a.b = "{{if .Y}}x{{end}}"`, []string{"key a.b", "only placeholders"}},
		{"texts/es/bad.toml", `a.b = {one = "x"}`, []string{"key a.b", `"other"`}},
		{"texts/es/bad.toml", `a.b = {one = "{{", other = "x"}`, []string{"key a.b", "{{.Name}}"}},
		{"texts/es/bad.toml", `a.b = 3`, []string{"key a.b", "between quotes"}},
		{"texts/es/bad.toml", "\"a.b\" = \"x\"\n[a]\nb = \"y\"", []string{"key a.b", "twice"}},
		{"texts/es/bad.toml", `menu.text = "x"`, []string{"key menu.text", "bad.toml", "already"}},
		{"texts/not_a_tag!/a.toml", `a.b = "x"`, []string{"texts/not_a_tag!", "BCP 47"}},
		{"texts/de/a.toml", `a.b = "x"`, []string{"language de", "locale/de.toml", "missing"}},
		{"locale/es.toml", "months = 3", []string{"language es", "locale/es.toml"}},
		{"locale/es.toml", locale(`neutral = "…"`, `neutral = ""`), []string{"locale/es.toml", "neutral"}},
		{"locale/es.toml", locale(`"enero", `, ``), []string{"locale/es.toml", "twelve"}},
		{"locale/es.toml", locale(`{{.Clock}}`, ``), []string{"locale/es.toml", "time.date", "Clock"}},
		{"locale/es.toml", locale(`{{.Duration}}`, `{{`), []string{"locale/es.toml", "within"}},
		{"locale/es.toml", locale(`one = "{{.Count}} día", `, ``), []string{"durations.days.one"}},
		{"locale/es.toml", locale(`other = "{{.Count}} días"`, ``), []string{"durations.days", `"other"`}},
		{"locale/es.toml", locale(`neutral`, "colour = 1\nneutral"), []string{"colour", "remove"}},
		{"locale/es.toml", locale(`ZW = [`, `ZZ = ["x"]`+"\nZW = ["), []string{"ZZ", "no country"}},
		{"locale/x y.toml", "", []string{"locale/x y.toml", "BCP 47"}},
		{"cities.toml", "PE = 1", []string{"cities.toml"}},
		{"cities.toml", `XX = ["Nowhere"]`, []string{"cities.toml", "XX"}},
	} {
		_, err := load(testFiles(t, map[string]string{test.file: test.content}), nil)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s with %q: got %v, want %q in it", test.file, test.content, err, want)
			}
		}
	}
}

func TestLoadRefusesLanguages(t *testing.T) {
	for want, languages := range map[string][]string{
		`"de" is not shipped; choose from en, ar, es`: {"en", "de"},
		`"en" is named twice`:                         {"en", "es", "en"},
	} {
		if _, err := load(testFiles(t, nil), languages); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", languages, err, want)
		}
	}
	if _, err := load(fstest.MapFS{}, nil); err == nil || !strings.Contains(err.Error(), "no language is shipped") {
		t.Errorf("nothing shipped: got %v", err)
	}
	files := testFiles(t, nil)
	delete(files, "cities.toml")
	if _, err := load(files, nil); err == nil || !strings.Contains(err.Error(), "cities.toml") {
		t.Errorf("no cities: got %v", err)
	}
}

// Our plural forms are those go-i18n would choose, for the counts that the line can show.
func TestPluralsAgreeWithGoI18n(t *testing.T) {
	for _, lang := range []string{"en", "es", "fr", "ar", "ru", "pl", "ja"} {
		tag := language.MustParse(lang)
		bundle := goi18n.NewBundle(tag)
		bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
		message := &goi18n.Message{ID: "x", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"}
		bundle.MustAddMessages(tag, message)
		localizer := goi18n.NewLocalizer(bundle, lang)
		needed := map[string]bool{}
		for i, name := range categories() {
			needed[name] = neededCategories(tag)[i]
		}
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.OneOf(rapid.IntRange(0, 250), rapid.IntRange(0, 999_999)).Draw(t, "count")
			want := localizer.MustLocalize(&goi18n.LocalizeConfig{MessageID: "x", PluralCount: n})
			if got := categories()[category(tag, n)]; got != want || !needed[got] {
				t.Fatalf("%s %d: got %s, want %s, needed %t", lang, n, got, want, needed[got])
			}
		})
	}
}

func FuzzParseTemplate(f *testing.F) {
	for _, seed := range []string{"", "a {{.B}} c", "{{", "}}", "{{.A}}{{.B}}", "{{ .A }}", "{{.1}}", "{{{.A}}}", "\u2068{{.A}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cut, err := parseTemplate(text)
		if err != nil {
			return
		}
		args := map[string]any{}
		for _, name := range cut.placeholders() {
			args[name] = "{{." + name + "}}"
		}
		filled, complete := cut.render(args, false, "")
		if source := cut.source(); !complete || filled != source {
			t.Errorf("%q: filled with its own placeholders it is %q, not %q", text, filled, source)
		}
		again, err := parseTemplate(cut.source())
		if err != nil || !slices.Equal(again.pieces, cut.pieces) {
			t.Errorf("%q: cut again it is %q, %v", text, again.pieces, err)
		}
	})
}
