package i18n

import (
	"testing"
	"time"
)

// localeTongues gives a catalogue whose languages have their locale and next to no texts.
func localeTongues(t testing.TB) *Catalogue {
	t.Helper()
	files := testFiles(t, map[string]string{"texts/fr/flows.toml": `menu.text = "De quoi avez-vous besoin ?"`})
	c, err := load(files, []string{"en", "es", "fr", "ar"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLists(t *testing.T) {
	c := localeTongues(t)
	for _, test := range []struct {
		lang  string
		items []string
		want  string
	}{
		{"en", nil, ""},
		{"en", []string{"a"}, "a"},
		{"en", []string{"a", "b"}, "a and b"},
		{"en", []string{"a", "b", "c"}, "a, b and c"},
		{"es", []string{"Perú", "Chile", "Bolivia"}, "Perú, Chile y Bolivia"},
		{"es", []string{"Perú", "Italia"}, "Perú e Italia"},
		{"es", []string{"agua", "hielo"}, "agua y hielo"},
		{"fr", []string{"Pérou", "Chili", "Bolivie"}, "Pérou, Chili et Bolivie"},
		{"ar", []string{"بيرو", "مصر", "لبنان"}, "بيرو، مصر ولبنان"},
		{"ar", []string{"مصر", "Front Line Defenders"}, "مصر و\u2068Front Line Defenders\u2069"},
		{"xx", []string{"a", "b"}, "a and b"},
	} {
		if got := c.List(test.lang, test.items); got != test.want {
			t.Errorf("%s %q: got %q, want %q", test.lang, test.items, got, test.want)
		}
	}
}

func TestTimes(t *testing.T) {
	c := localeTongues(t)
	lima, err := time.LoadLocation("America/Lima")
	if err != nil {
		t.Fatal(err)
	}
	south := time.FixedZone("America/Argentina/Buenos_Aires", -3*3600)
	at := time.Date(2026, 11, 21, 19, 3, 59, 0, time.UTC)
	first := time.Date(2027, 8, 1, 0, 5, 0, 0, time.UTC)
	for _, test := range []struct {
		lang string
		at   time.Time
		loc  *time.Location
		want string
	}{
		{"en", at, lima, "21 November 2026, 14:03 (Lima time)"},
		{"es", at, lima, "21 de noviembre de 2026, 14:03 (hora de Lima)"},
		{"fr", at, south, "21 novembre 2026, 16:03 (heure de Buenos Aires)"},
		{"ar", at, lima, "21 نوفمبر 2026، 14:03 (بتوقيت \u2068Lima\u2069)"},
		{"en", at, time.UTC, "21 November 2026, 19:03 UTC"},
		{"en", at, nil, "21 November 2026, 19:03 UTC"},
		{"en", at, time.FixedZone("Etc/GMT+5", -5*3600), "21 November 2026, 19:03 UTC"},
		{"ar", first, nil, "1 أغسطس 2027، 00:05 بالتوقيت العالمي"},
		{"fr", first, nil, "1er août 2027, 00:05 UTC"},
		{"es", first, nil, "1 de agosto de 2027, 00:05 UTC"},
	} {
		if got := c.Time(test.lang, test.at, test.loc); got != test.want {
			t.Errorf("%s: got %q, want %q", test.lang, got, test.want)
		}
	}
}

func TestDurations(t *testing.T) {
	c := localeTongues(t)
	for _, test := range []struct {
		lang string
		d    time.Duration
		want string
	}{
		{"en", 10 * time.Minute, "within 10 minutes"},
		{"en", time.Minute, "within 1 minute"},
		{"en", 90*time.Minute + 20*time.Second, "within 1 hour and 30 minutes"},
		{"en", 24 * time.Hour, "within 24 hours"},
		{"en", 48 * time.Hour, "within 2 days"},
		{"en", 75 * time.Hour, "within 3 days and 3 hours"},
		{"en", 1500 * time.Millisecond, "within 1 second"},
		{"en", -time.Hour, "within 0 seconds"},
		{"es", time.Hour, "en un plazo de 1 hora"},
		{"es", 72 * time.Hour, "en un plazo de 3 días"},
		{"fr", 0, "dans un délai de 0 seconde"},
		{"fr", 30 * time.Minute, "dans un délai de 30 minutes"},
		{"ar", 0, "خلال 0 ثانية"},
		{"ar", time.Minute, "خلال دقيقة واحدة"},
		{"ar", 2 * time.Minute, "خلال دقيقتين"},
		{"ar", 10 * time.Minute, "خلال 10 دقائق"},
		{"ar", 11 * time.Minute, "خلال 11 دقيقة"},
		{"ar", 100 * 24 * time.Hour, "خلال 100 يوم"},
		{"ar", 11 * 24 * time.Hour, "خلال 11 يومًا"},
		{"ar", 2*time.Hour + 3*time.Minute, "خلال ساعتين و3 دقائق"},
	} {
		if got := c.Within(test.lang, test.d); got != test.want {
			t.Errorf("%s %s: got %q, want %q", test.lang, test.d, got, test.want)
		}
	}
}
