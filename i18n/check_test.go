package i18n

import (
	"strings"
	"testing"
)

// checkText puts one text into testdata's fields or messages and gives what Check finds at its key.
func checkText(t *testing.T, lang, key, text string) []Finding {
	t.Helper()
	files := map[string]string{"texts/en/extra.toml": key + ` = "Fine"`}
	for _, other := range []string{"es", "ar"} {
		files["texts/"+other+"/extra.toml"] = key + ` = "Bien"`
	}
	files["texts/"+lang+"/extra.toml"] = key + " = " + text
	c, err := loadTexts(testFiles(t, files), []string{"en", "es", "ar"})
	if err != nil {
		t.Fatal(err)
	}
	var found []Finding
	for _, finding := range Check(c) {
		if finding.Key == strings.ReplaceAll(key, `"`, "") {
			found = append(found, finding)
		}
	}
	return found
}

func TestCheckFindsEachFault(t *testing.T) {
	long := func(n int) string { return `"` + strings.Repeat("a", n) + `"` }
	for _, test := range []struct {
		name, lang, key, text, want string
		warning                     bool
	}{
		{"empty", "es", "x.y", `""`, "es/extra.toml x.y: is empty; write it", false},
		{"space only", "es", "x.y", `" "`, "is empty", false},
		{"space before", "en", "x.y", `" a"`, "begins or ends with space", false},
		{"line break after", "en", "x.y", `"a\n"`, "begins or ends with space", false},
		{"word", "en", "x.y", `"Your Tickets"`, "uses the word ticket", false},
		{"word es", "es", "x.y", `"las VICTIMAS"`, "uses the word víctima", false},
		{"word es", "es", "x.y", `"nombre de usuario"`, "uses the word usuari", false},
		{"word ar", "ar", "x.y", `"عدد المستخدمين"`, "uses the word مستخدم", false},
		{"word ar with particle", "ar", "x.y", `"للضحايا"`, "uses the word ضحايا", false},
		{"two words ar", "ar", "x.y", `"هذا غير صالح"`, "uses the word غير صالح", false},
		{"exclamation", "es", "x.y", `"¡Ya"`, `uses "¡"`, false},
		{"emoji", "en", "x.y", `"Sent 🚨"`, `uses "🚨"`, false},
		{"emoji", "en", "x.y", `"Sent ✅"`, `uses "✅"`, false},
		{"placeholder more", "es", "x.y", `"Hola {{.Name}}"`, "has the placeholders [Name], not []", false},
		{"plural in one only", "en", "x.y", `{one = "a", other = "b"}`, "has plural forms in one language and none in another", false},
		{"plural lacking", "ar", "x.y", `{one = "a", other = "b"}`, "lacks the plural form few", false},
		{"plural too many", "es", "x.y", `{one = "a", many = "c", other = "b"}`, "has the plural form many, which is never shown", false},
		{"placeholder in one form", "es", "x.y", `{one = "a {{.Desk}}", other = "b"}`, "lacks the placeholder Desk in one plural form", false},
		{"message", "en", "x.y", long(4097), "has 4097 units, 1 more than a message may have", false},
		{"message wished", "en", "x.y", long(1201), "more than the 1200 wished", true},
		{"button", "en", "x.button", long(65), "1 more than a button", false},
		{"button wished", "en", "button.x", long(31), "more than the 30 wished", true},
		{"toast", "en", "x.toast.y", long(201), "1 more than an answer to a press", false},
		{"caption", "en", "caption.x", long(1025), "1 more than a caption", false},
		{"command", "en", "commands.start", long(257), "1 more than a command", false},
		{"bot name", "en", "bot.name", long(65), "1 more than the bot's name", false},
		{"bot description", "en", "bot.description", long(513), "1 more than the bot's description", false},
		{"bot short", "en", "bot.short_description", long(121), "1 more than the bot's short description", false},
	} {
		found := checkText(t, test.lang, test.key, test.text)
		matched := false
		for _, finding := range found {
			matched = matched || strings.Contains(finding.String(), test.want) && finding.Warning == test.warning && finding.Remedy != ""
		}
		if !matched {
			t.Errorf("%s: found %v, want %q", test.name, found, test.want)
		}
	}
}

func TestCheckLetsGoodTextsPass(t *testing.T) {
	for key, text := range map[string]string{
		"x.y":      `"Use the other way: {{.Way}}"`,
		"button.x": `"` + strings.Repeat("a", 30) + `"`,
		"bot.name": `"` + strings.Repeat("a", 64) + `"`,
		"x.z":      `"→ One line.\nAnother, “quoted” – with signs."`,
	} {
		files := map[string]string{}
		for _, lang := range []string{"en", "es", "ar"} {
			files["texts/"+lang+"/extra.toml"] = key + " = " + text
		}
		c, err := loadTexts(testFiles(t, files), []string{"en", "es", "ar"})
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range Check(c) {
			if finding.Key != "only.english" {
				t.Errorf("%s: %s", key, finding)
			}
		}
	}
}

func TestCheckFindsWhatOneLanguageLacks(t *testing.T) {
	c := testCatalogue(t, "en", "es")
	found := Check(c)
	if len(found) != 1 || found[0].String() != "es/line.toml only.english: is missing; translate it from en" {
		t.Errorf("found %v", found)
	}
}
