package i18n

import (
	"slices"
	"strings"
	"testing"
)

// typed is what people type, by language: input, and the countries expected first, in order.
func typedInputs() map[string]map[string]string {
	return map[string]map[string]string{
		"en": {
			"Peru": "PE", "peru": "PE", "  PERU. ": "PE", "PE": "PE", "pe": "PE", "PER": "PE", "XK": "XK", "gbr": "GB", "Pery": "PE", "colmbia": "CO",
			"Guatamala": "GT", "Hondurs": "HN", "Phillipines": "PH", "Zimbawe": "ZW", "Uzbekstan": "UZ", "Egpyt": "EG", "Afganistan": "AF",
			"Azerbajan": "AZ", "Ukrane": "UA", "Venezula": "VE", "UK": "GB", "U.K.": "GB", "Great Britain": "GB", "England": "GB", "Scotland": "GB",
			"USA": "US", "U.S.A.": "US", "United States of America": "US", "America": "US", "Burma": "MM", "Myanmar": "MM", "Ivory Coast": "CI",
			"Côte d'Ivoire": "CI", "cote divoire": "CI", "Palestine": "PS", "Gaza": "PS", "West Bank": "PS", "Turkey": "TR", "Türkiye": "TR", "turkiye": "TR",
			"Holland": "NL", "The Netherlands": "NL", "DRC": "CD", "DR Congo": "CD", "Congo": "CD CG", "Congo-Brazzaville": "CG", "Korea": "KP KR",
			"South Korea": "KR", "Guinea": "GN", "Guinea-Bissau": "GW", "guinea bissau": "GW", "Niger": "NE NG", "Nigeria": "NG", "Dominica": "DM DO",
			"South Sudan": "SS", "Sudan": "SD", "Swaziland": "SZ", "Eswatini": "SZ", "Macedonia": "MK", "Czech Republic": "CZ", "The Gambia": "GM",
			"Russian Federation": "RU", "Vatican": "VA", "Cape Verde": "CV", "St Lucia": "LC", "Trinidad": "TT", "Bosnia": "BA", "Timor-Leste": "TL",
			"East Timor": "TL", "Viet Nam": "VN", "Laos": "LA", "Kosovo": "XK", "Hong Kong": "HK", "Colo": "CO", "Ger": "DE", "Arabia": "SA", "Lanka": "LK",
			"I am in Peru now": "PE", "we fled from south sudan to kenya last week": "SS KE", "i live in colmbia": "CO", "near Goma, DRC": "CD",
			"Lima": "PE", "Limma": "PE", "New York": "US", "Ramallah": "PS", "in lagos": "NG", "Deutschland": "DE", "Brasil": "BR", "Georgia": "GE", "Turks": "TC",
		},
		"es": {
			"Perú": "PE", "el Perú": "PE", "República del Perú": "PE", "México": "MX", "mejico": "MX", "Estados Unidos": "US", "los estados unidos": "US",
			"EE. UU.": "US", "EEUU": "US", "Inglaterra": "GB", "Reino Unido": "GB", "Holanda": "NL", "Corea": "KP KR", "Corea del Sur": "KR", "Birmania": "MM",
			"Costa de Marfil": "CI", "hondorus": "HN", "Etiopia": "ET", "kirgistan": "KG", "Alemania": "DE", "brasil": "BR", "El Salvador": "SV",
			"vivo en el salvador": "SV", "estoy en la frontera de colombia con venezuela": "CO VE", "Filipinas": "PH", "Turquía": "TR", "Ciudad de México": "MX",
			"La Paz": "BO", "Guinea Ecuatorial": "GQ", "sudan del sur": "SS", "Palestina": "PS", "Bogota": "CO", "Arabia Saudí": "SA", "nicaragüa": "NI",
		},
		"fr": {
			"Pérou": "PE", "États-Unis": "US", "etats unis": "US", "Royaume-Uni": "GB", "Angleterre": "GB", "Pays-Bas": "NL", "Birmanie": "MM", "RDC": "CD",
			"Congo": "CD CG", "Allemagne": "DE", "Côte d’Ivoire": "CI", "Tchad": "TD", "je suis au tchad": "TD", "je suis au Burkina": "BF", "Algerie": "DZ",
			"Cameroune": "CM", "Tunissie": "TN", "Centrafrique": "CF", "Corée du Nord": "KP", "Londres": "GB", "Le Caire": "EG", "Turquie": "TR", "Haiti": "HT",
		},
		"ar": {
			"البيرو": "PE", "بيرو": "PE", "الببرو": "PE", "بالبيرو": "PE", "أنا في البيرو الآن": "PE", "الإمارات": "AE", "الامارات": "AE", "امارات": "AE",
			"مصر": "EG", "مـصـر": "EG", "مِصر": "EG", "لبنان": "LB", "سوريا": "SY", "سورية": "SY", "العراق": "IQ", "عراق": "IQ", "السعودية": "SA", "السعوديه": "SA",
			"فلسطين": "PS", "غزة": "PS", "غزه": "PS", "الأردن": "JO", "الاردن": "JO", "أمريكا": "US", "امريكا": "US", "بريطانيا": "GB", "الكونغو": "CD CG", "ليبيا": "LY",
			"لیبیا": "LY", "المغرب": "MA", "كولومبيا": "CO", "غواتيمالا": "GT", "جواتيمالا": "GT", "كوريا": "KP KR", "بورما": "MM", "تركيا": "TR", "صنعاء": "YE", "وأنا من السودان": "SD",
		},
	}
}

func TestCountriesAreFoundAsTyped(t *testing.T) {
	c := testCatalogue(t, "en")
	inputs := 0
	for lang, table := range typedInputs() {
		for typed, want := range table {
			inputs++
			first := strings.Fields(want)
			got := c.FindCountries(lang, typed, 6)
			if len(got) < len(first) || !slices.Equal(got[:len(first)], first) {
				t.Errorf("%s %q: got %v, want first %v", lang, typed, got, first)
			}
		}
	}
	if inputs < 120 {
		t.Errorf("only %d inputs", inputs)
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

func TestOrdinarySentencesNameNoCountry(t *testing.T) {
	c := testCatalogue(t, "en")
	for _, sentence := range []string{
		"help me please they are coming", "they follow us every day", "in the north of the coast, near the bank", "asdfgh", "my house was raided this morning",
		"hola me llamo Juan y necesito ayuda", "vivo en el norte", "no sé qué hacer", "la policía vino a mi casa anoche", "ils sont venus chez moi ce matin",
		"aidez moi s'il vous plaît", "أحتاج إلى مساعدة الآن", "جاءوا إلى بيتي أمس", "", "   ", "?!", "👍", "12345", "the",
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
