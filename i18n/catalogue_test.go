package i18n

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

// testFiles are the locales shipped with the texts of testdata, and changes to them: path to content.
func testFiles(t testing.TB, changes map[string]string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, source := range []fs.FS{shipped, os.DirFS("testdata")} {
		err := fs.WalkDir(source, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || source == fs.FS(shipped) && strings.HasPrefix(path, "texts/") {
				return err
			}
			data, err := fs.ReadFile(source, path)
			files[path] = &fstest.MapFile{Data: data}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, content := range changes {
		files[path] = &fstest.MapFile{Data: []byte(content)}
	}
	return files
}

// testCatalogue reads the texts of testdata in the languages given.
func testCatalogue(t testing.TB, languages ...string) *Catalogue {
	t.Helper()
	c, err := load(testFiles(t, nil), languages)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTextsAreFilledIn(t *testing.T) {
	c := testCatalogue(t, "en", "es", "ar")
	args := map[string]any{"Code": "K7QM-3XRP", "Desk": "Lima"}
	for _, test := range []struct {
		lang, key string
		args      map[string]any
		want      string
	}{
		{"en", "menu.text", nil, "What do you need?"},
		{"en", "sent.text", args, "Your case K7QM-3XRP was sealed for Lima."},
		{"es", "sent.text", args, "Su caso K7QM-3XRP quedó sellado para Lima."},
		{"ar", "sent.text", args, "خُتمت حالتك \u2068K7QM-3XRP\u2069 لأجل \u2068Lima\u2069."},
		{"ar", "sent.text", map[string]any{"Code": "12", "Desk": "ليما"}, "خُتمت حالتك 12 لأجل ليما."},
		{"en", "sent.text", map[string]any{"Code": int64(7), "Desk": 8.5}, "Your case 7 was sealed for 8.5."},
		{"en", "reason.other", nil, "Another reason"},
		{"es", "harm.other", nil, "Otra cosa"},
		{"ar", "outcome.other", nil, "نتيجة أخرى"},
		{"en", "wait.text", map[string]any{"Count": 1}, "1 desk has it."},
		{"en", "wait.text", map[string]any{"Count": uint(0)}, "0 desks have it."},
		{"es", "wait.text", map[string]any{"Count": int32(1_000_000)}, "Lo tienen 1000000 oficinas."},
		{"en", "wait.text", map[string]any{"Count": "many"}, "many desks have it."},
	} {
		if got := c.Text(test.lang, test.key, test.args); got != test.want {
			t.Errorf("%s %s: got %q, want %q", test.lang, test.key, got, test.want)
		}
	}
}

func TestArabicHasSixForms(t *testing.T) {
	c := testCatalogue(t, "en", "ar")
	for count, want := range map[int]string{
		0: "ليست لدى أي مكتب.", 1: "لدى مكتب واحد.", 2: "لدى مكتبين.", 3: "لدى 3 مكاتب.", 10: "لدى 10 مكاتب.",
		11: "لدى 11 مكتبًا.", 99: "لدى 99 مكتبًا.", 100: "لدى 100 مكتب.", 102: "لدى 102 مكتب.", 103: "لدى 103 مكاتب.",
		-2: "لدى مكتبين.", 5_000_011: "لدى 5000011 مكتبًا.",
	} {
		if got := c.Text("ar", "wait.text", map[string]any{"Count": count}); got != want {
			t.Errorf("%d: got %q, want %q", count, got, want)
		}
	}
}

func TestWhatIsMissingFallsBackAndIsReported(t *testing.T) {
	var reported []string
	c := testCatalogue(t, "en", "es").WithHook(func(lang, key string) { reported = append(reported, lang+" "+key) })
	for _, test := range []struct {
		lang, key, want string
	}{
		{"es", "only.english", "Only here."},
		{"es", "nowhere", "…"},
		{"de", "menu.text", "What do you need?"},
		{"es", "sent.text", "Su caso … quedó sellado para …."},
		{"en", "", "…"},
	} {
		reported = nil
		if got := c.Text(test.lang, test.key, nil); got != test.want {
			t.Errorf("%s %q: got %q, want %q", test.lang, test.key, got, test.want)
		}
		if want := []string{test.lang + " " + test.key}; !slices.Equal(reported, want) {
			t.Errorf("%s %q: reported %q, want %q", test.lang, test.key, reported, want)
		}
	}
	reported = nil
	if c.Text("es", "menu.text", nil); reported != nil {
		t.Errorf("reported %q, though the text is there", reported)
	}
	if got := testCatalogue(t, "en").Text("en", "nowhere", nil); got != "…" {
		t.Errorf("without a hook: got %q", got)
	}
}

func TestCatalogueTellsWhatItHas(t *testing.T) {
	c := testCatalogue(t)
	if got, want := c.Languages(), []string{"en", "ar", "es"}; !slices.Equal(got, want) {
		t.Errorf("languages: got %q, want %q", got, want)
	}
	if !c.Has("en", "only.english") || c.Has("es", "only.english") || c.Has("de", "menu.text") {
		t.Error("Has must look at the language itself and nowhere else")
	}
	keys := c.Keys()
	if !slices.IsSorted(keys) || !slices.Contains(keys, "only.english") || len(keys) != 11 {
		t.Errorf("keys: got %q", keys)
	}
	c.Languages()[0] = "changed"
	if c.Languages()[0] != "en" {
		t.Error("a caller must not be able to change the catalogue")
	}
}

func TestManyMayReadAtOnce(t *testing.T) {
	c := testCatalogue(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for n := range 12 {
				c.Text("ar", "wait.text", map[string]any{"Count": n})
				c.FindCountries("es", "vivo en el peru", 3)
				c.CountryName("es", "PE")
				c.Match("es-419")
				CountriesAt(float64(n), float64(n))
			}
		})
	}
	group.Wait()
}

func BenchmarkText(b *testing.B) {
	c := testCatalogue(b)
	args := map[string]any{"Code": "K7QM-3XRP", "Desk": "British Embassy Lima"}
	for _, lang := range []string{"en", "ar"} {
		b.Run(lang, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Text(lang, "sent.text", args)
			}
		})
	}
}
