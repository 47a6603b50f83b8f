package i18n

import (
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tableRows reads a table of testdata: a row a line, fields between bars, # before what is said about it.
func tableRows(t *testing.T, file string, fields int) [][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, "|")
		if len(row) != fields {
			t.Fatalf("%s:%d: %d fields, not %d", file, i+1, len(row), fields)
		}
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		rows = append(rows, row)
	}
	return rows
}

func TestCountriesAreFoundAsTyped(t *testing.T) {
	c := testCatalogue(t, "en")
	rows := tableRows(t, "typed.txt", 3)
	if len(rows) < 120 {
		t.Fatalf("only %d inputs", len(rows))
	}
	for _, row := range rows {
		lang, typed, first := row[0], row[1], strings.Fields(row[2])
		got := c.FindCountries(lang, typed, 6)
		if len(got) < len(first) || !slices.Equal(got[:len(first)], first) {
			t.Errorf("%s %q: got %v, want first %v", lang, typed, got, first)
		}
	}
}

func TestEveryCountryIsFoundByItsNameInEachLanguage(t *testing.T) {
	c := testCatalogue(t, "en", "es", "ar")
	for _, lang := range c.Languages() {
		for _, code := range Countries() {
			name := c.CountryName(lang, code)
			if got := c.FindCountries(lang, name, 1); !slices.Equal(got, []string{code}) {
				t.Errorf("%s %s %q: got %v", lang, code, name, got)
			}
		}
	}
}

// One slip of the typist anywhere in a name of five letters or more still finds the country.
func TestOneSlipIsForgiven(t *testing.T) {
	c := testCatalogue(t, "en", "es", "ar")
	rapid.Check(t, func(t *rapid.T) {
		lang := rapid.SampledFrom(c.Languages()).Draw(t, "lang")
		code := rapid.SampledFrom(Countries()).Draw(t, "code")
		name := strings.Join(withoutSmall(fold(c.CountryName(lang, code))), " ")
		letters := []rune(name)
		if len(letters) < 5 {
			return
		}
		at := rapid.IntRange(1, len(letters)-1).Draw(t, "at")
		if letters[at] == ' ' || letters[at-1] == ' ' {
			return // words run together are another kind of slip
		}
		switch rapid.IntRange(0, 2).Draw(t, "slip") {
		case 0:
			letters = slices.Delete(letters, at, at+1)
		case 1:
			letters[at] = letters[at-1]
		case 2:
			letters[at-1], letters[at] = letters[at], letters[at-1]
		}
		if another := (query{finder: c.finder, whole: true}); another.exact(string(letters), 0) {
			return // the slip made the name of another country
		}
		// Eight others may fit better: "sain" begins the names of all the saints.
		if got := c.FindCountries(lang, string(letters), 8); len(got) < 8 && !slices.Contains(got, code) {
			t.Fatalf("%s %s %q typed %q: got %v", lang, code, name, string(letters), got)
		}
	})
}

func TestOrdinarySentencesNameNoCountry(t *testing.T) {
	c := testCatalogue(t, "en")
	for _, sentence := range []string{
		"", "   ",
		"help me please they are coming",
		"they follow us every day",
		"in the north of the coast, near the bank",
		"asdfgh",
		"my house was raided this morning",
		"the person is male, about thirty, and is not safe",
		"can you call me on Monday at nine",
		"please tell nobody that I wrote to you",
		"I do not know where they have taken her",
		"we are three women and two children",
		"hola me llamo Juan y necesito ayuda",
		"necesito ayuda para mi familia",
		"vivo en el norte",
		"no sé qué hacer",
		"la policía vino a mi casa anoche",
		"amenazaron a mis hijos y a mi compañera",
		"nos siguen desde el lunes por la tarde",
		"ils sont venus chez moi ce matin",
		"aidez moi s'il vous plaît",
		"je ne peux pas rentrer à la maison",
		"mon avocat est en prison depuis mardi",
		"أحتاج إلى مساعدة الآن",
		"جاءوا إلى بيتي أمس",
		"أخي معتقل منذ أسبوع",
		"لا أستطيع العودة إلى البيت",
		"?!",
		"👍",
		"12345",
		"the",
	} {
		if got := c.FindCountries("en", sentence, 4); got != nil {
			t.Errorf("%q: got %v", sentence, got)
		}
	}
}

func TestFindCountriesKeepsItsLimits(t *testing.T) {
	c := testCatalogue(t, "en")
	if got := c.FindCountries("en", "island", 3); len(got) != 3 {
		t.Errorf("at most three: got %v", got)
	}
	if got := c.FindCountries("en", "Peru", 0); got != nil {
		t.Errorf("at most none: got %v", got)
	}
	if got := c.FindCountries("xx", "Peru", 1); !slices.Equal(got, []string{"PE"}) {
		t.Errorf("a language that is not shipped: got %v", got)
	}
	long := strings.Repeat("colmbia gautemala ", 5000)
	if got := c.FindCountries("en", long, 2); !slices.Equal(got, []string{"CO", "GT"}) {
		t.Errorf("a long text: got %v", got)
	}
}

func FuzzFindCountries(f *testing.F) {
	c := testCatalogue(f, "en")
	for _, seed := range []string{"Pery", "أنا في البيرو الآن", "Côte d’Ivoire", "\xff\xfe", "\u0301\u0301", "ﷺﷺ", "İı", "a b c d e f g h"} {
		f.Add(seed, 4)
	}
	f.Fuzz(func(t *testing.T, typed string, most int) {
		got := c.FindCountries("ar", typed, most)
		if len(got) > max(0, most) {
			t.Errorf("got %d of at most %d", len(got), most)
		}
		for i, code := range got {
			if !IsCountry(code) || slices.Contains(got[:i], code) {
				t.Errorf("got %v", got)
			}
		}
	})
}

func BenchmarkFindCountries(b *testing.B) {
	c := testCatalogue(b, "en")
	for name, typed := range map[string]string{"exact": "Peru", "misspelt": "Guatamala",
		"sentence": "I am hiding near the border of Pery since last night", "longest": strings.Repeat("xolmbia ", 512)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.FindCountries("en", typed, 4)
			}
		})
	}
}
