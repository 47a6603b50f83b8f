package i18n

import (
	"slices"
	"testing"
)

func TestMatchTelegramsLanguageCodes(t *testing.T) {
	c := localeTongues(t)
	for code, want := range map[string]struct {
		lang      string
		confident bool
	}{
		"en":      {"en", true},
		"en-GB":   {"en", true},
		"es":      {"es", true},
		"es-419":  {"es", true},
		"es-PE":   {"es", true},
		"ES":      {"es", true},
		"fr-CD":   {"fr", true},
		"ar":      {"ar", true},
		"ar-EG":   {"ar", true},
		"ar-SY":   {"ar", true},
		"fr_CA":   {"fr", true},
		"":        {"en", false},
		"zz-!!":   {"en", false},
		"zh-Hant": {"en", false},
		"ru":      {"en", false},
		"qu-PE":   {"es", false},
		"pt-BR":   {"en", false},
		"und":     {"en", false},
	} {
		lang, confident := c.Match(code)
		if lang != want.lang || confident != want.confident {
			t.Errorf("%q: got %s, %t, want %s, %t", code, lang, confident, want.lang, want.confident)
		}
	}
}

func TestDirectionsAndOwnNames(t *testing.T) {
	for lang, want := range map[string]Writing{
		"ar":      RightToLeft,
		"fa":      RightToLeft,
		"he":      RightToLeft,
		"ps":      RightToLeft,
		"ur":      RightToLeft,
		"dv":      RightToLeft,
		"ckb":     RightToLeft,
		"en":      LeftToRight,
		"es":      LeftToRight,
		"ru":      LeftToRight,
		"zh-Hant": LeftToRight,
		"uz":      LeftToRight,
		"?":       LeftToRight,
	} {
		if got := Direction(lang); got != want {
			t.Errorf("%s: got %s, want %s", lang, got, want)
		}
	}
	for lang, want := range map[string]string{
		"en":  "English",
		"es":  "Español",
		"fr":  "Français",
		"ar":  "العربية",
		"ru":  "Русский",
		"?":   "?",
		"tlh": "tlh",
	} {
		if got := NativeName(lang); got != want {
			t.Errorf("%s: got %q, want %q", lang, got, want)
		}
	}
}

func TestCountryNames(t *testing.T) {
	c := localeTongues(t)
	for _, test := range []struct{ lang, code, want string }{
		{"en", "PE", "Peru"},
		{"es", "PE", "Perú"},
		{"fr", "PE", "Pérou"},
		{"ar", "PE", "بيرو"},
		{"en", "CI", "Côte d’Ivoire"},
		{"en", "TR", "Türkiye"},
		{"en", "SZ", "Eswatini"},
		{"fr", "MK", "Macédoine du Nord"},
		{"en", "XK", "Kosovo"},
		{"es", "CD", "República Democrática del Congo"},
		{"ar", "PS", "فلسطين"},
		{"xx", "GB", "United Kingdom"},
		{"en", "QQQ", "QQQ"},
		{"en", "", ""},
	} {
		if got := c.CountryName(test.lang, test.code); got != test.want {
			t.Errorf("%s %s: got %q, want %q", test.lang, test.code, got, test.want)
		}
	}
	codes := Countries()
	if len(codes) != 250 || !slices.IsSorted(codes) {
		t.Fatalf("%d codes, sorted: %t", len(codes), slices.IsSorted(codes))
	}
	for _, lang := range c.Languages() {
		names := map[string]string{}
		for _, code := range codes {
			name := c.CountryName(lang, code)
			if name == "" || name == code || names[name] != "" {
				t.Errorf("%s %s: named %q like %q", lang, code, name, names[name])
			}
			names[name] = code
		}
	}
	if IsCountry("pe") || IsCountry("") || IsCountry("EU") || !IsCountry("PE") {
		t.Error("IsCountry must know the codes, in capitals, and no others")
	}
}
