package i18n

import (
	"strings"
	"testing"
)

func TestInsertedValuesKeepTheirOrder(t *testing.T) {
	for value, want := range map[string]string{
		"":                         "",
		"K7QM-3XRP":                "\u2068K7QM-3XRP\u2069",
		"@line_bot":                "\u2068@line_bot\u2069",
		"+51 1 617 3000":           "\u2068+51 1 617 3000\u2069",
		"617 3000":                 "\u2068617 3000\u2069",
		"10:30":                    "\u206810:30\u2069",
		"12":                       "12",
		"3 دقائق":                  "3 دقائق",
		"ليما":                     "ليما",
		"Привет":                   "\u2068Привет\u2069",
		"ليما\nLima\n":             "ليما\n\u2068Lima\u2069\n",
		"\u202Eevil":               "\u2068evil\u2069",
		"a\u2069b":                 "\u2068ab\u2069",
		"\u2066a":                  "\u2068a\u2069",
		"\u2066a\nb\u2069":         "\u2068a\u2069\n\u2068b\u2069",
		"و\u2068Lima\u2069":        "\u2068و\u2068Lima\u2069\u2069",
		"https://example.org/?a=b": "\u2068https://example.org/?a=b\u2069",
	} {
		var b strings.Builder
		writeValue(&b, value, true)
		if b.String() != want {
			t.Errorf("%q: got %q, want %q", value, b.String(), want)
		}
	}
	var b strings.Builder
	writeValue(&b, "\u202Eevil\u2067", false)
	if b.String() != "evil" {
		t.Errorf("from left to right: got %q", b.String())
	}
}

func TestCommandsInTextsKeepTheirOrder(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"/wipe":                  "\u2068/wipe\u2069",
		"أرسل /wipe الآن":        "أرسل \u2068/wipe\u2069 الآن",
		"(/my_cases)\n/help":     "(\u2068/my_cases\u2069)\n\u2068/help\u2069",
		"و/أو":                   "و/أو",
		"a/b / c":                "a/b / c",
		"https://example.org/x/": "https://example.org/x/",
	} {
		if got := isolateCommands(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	files := testFiles(t, map[string]string{"texts/ar/line.toml": `only.english = "أرسل /wipe يا {{.Name}}"`})
	c, err := load(files, []string{"en", "ar"})
	if err != nil {
		t.Fatal(err)
	}
	want := "أرسل \u2068/wipe\u2069 يا ليلى"
	if got := c.Text("ar", "only.english", map[string]any{"Name": "ليلى"}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever is inserted, the marks around it are closed in each line, so that the text around is not turned.
func FuzzInsertedValues(f *testing.F) {
	for _, seed := range []string{"a", "\u2068a", "a\u2069\u2069", "\u202A\n\u202C", "\u2067\n\u2069", "\xff\u2066", "0\r", "a\u2029b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		var b strings.Builder
		writeValue(&b, value, true)
		for line := range strings.FieldsFuncSeq(b.String(), func(r rune) bool { return strings.ContainsRune(lineEnds, r) }) {
			if strings.ContainsFunc(line, isDirectionMark) && !isolatesEnd(line) {
				t.Errorf("%q: the line %q turns what is around it", value, line)
			}
		}
	})
}
