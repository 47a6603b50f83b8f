package flows

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"defenderline/i18n"

	"github.com/BurntSushi/toml"
)

// known are the answers that the configuration may bring to the question ask.
var knownAsks = []string{"meeting", "trial", "visit", "raise_private", "raise_public", "statement", "uk_company", "capacity",
	"visibility", "multilateral", "regular_contact", "nothing_yet"}

// tableKeys are the texts that the tables ask for.
func tableKeys() map[string]bool {
	keys := map[string]bool{}
	for _, table := range append(tables(), Table{Steps: everywhere}) {
		keys["flow."+table.Flow] = table.Flow != ""
		for i := range table.Steps {
			stepKeys(&table.Steps[i], keys)
		}
	}
	for _, state := range newsStates {
		keys["news."+state], keys["case."+state] = true, true
	}
	for _, a := range knownAsks {
		keys["value.ask."+a] = true
	}
	for _, flow := range []string{FlowEmergency, FlowThreat, FlowContact} {
		keys["page.sent_"+flow], keys["page.unsaid_"+flow] = true, true
	}
	return keys
}

// stepKeys are those of one step: its question, its notes, its buttons and the name of its field.
func stepKeys(s *Step, keys map[string]bool) {
	keys[s.ask()] = s.At != "mission"
	kind := "value."
	if slices.Contains(unkept, s.field()) {
		kind = "button."
	} else if s.question() {
		keys["field."+s.field()] = true
	}
	for _, o := range s.Options {
		keys[kind+s.field()+"."+o] = true
	}
	for _, a := range s.Next {
		keys[a.Say] = a.Say != ""
		if field, value, ok := strings.Cut(a.On, ":"); ok && field != "nav" {
			keys["button."+field+"."+value] = true
		} else if !ok && ownValue(a.On) {
			keys[kind+s.field()+"."+a.On] = true
		}
	}
}

// codeKeys are the texts that stand in the code by their whole key.
func codeKeys(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no code: %v", err)
	}
	whole := regexp.MustCompile(`"((?:ask|note|toast|page|review|button|case|news)\.[a-z_.]*[a-z])"`)
	keys := map[string]bool{"value.consent.none": true, "value.consent.mission": true, "value.consent.headquarters": true, "field.language": true}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		code, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range whole.FindAllSubmatch(code, -1) {
			keys[string(m[1])] = true
		}
	}
	return keys
}

// TestTexts proves that the catalogue has every text the conversations use, and no other.
func TestTexts(t *testing.T) {
	want := codeKeys(t)
	maps.Copy(want, tableKeys())
	have := map[string]bool{}
	for _, name := range []string{"flows.toml", "fields.toml", "questions.toml", "consents.toml", "readers.toml", "over.toml", "quiet.toml"} {
		var texts map[string]any
		if _, err := toml.DecodeFile(filepath.Join("..", "i18n", "texts", "en", name), &texts); err != nil {
			t.Fatal(err)
		}
		for key := range texts {
			have[key] = true
		}
	}
	for key, used := range want {
		if used && !have[key] {
			t.Errorf("%s is used and is not written", key)
		}
	}
	for key := range have {
		if !want[key] {
			t.Errorf("%s is written and is not used", key)
		}
	}
}

// TestScreensInWords renders every recorded conversation with the real texts: each is there, each of its
// placeholders is filled, and it fits a message.
func TestScreensInWords(t *testing.T) {
	catalogue, err := i18n.Load([]string{"en"})
	if err != nil {
		t.Fatal(err)
	}
	at := ""
	catalogue = catalogue.WithHook(func(lang, key string) {
		if lang == "en" { // the scripts' other languages are pretended
			t.Errorf("%s: %s is missing or lacks an argument", at, key)
		}
	})
	screens := 0
	for file, a := range scripts(t) {
		e := engineFor(t, a)
		for _, f := range a.Files {
			if f.Name == "directory" {
				continue
			}
			p := NewPlayer(e, Session{}, noon)
			for _, line := range strings.Split(string(f.Data), "\n") {
				at = file + ": " + line
				if record, err := p.line(line); err != nil {
					t.Fatal(err)
				} else if record == "" {
					continue
				}
				v := p.Screen().View("en", catalogue)
				if v.Text == "" || units(v.Text) > MaxText {
					t.Errorf("%s: a text of %d units", at, units(v.Text))
				}
				screens++
			}
		}
	}
	if screens < 300 {
		t.Errorf("only %d screens were rendered", screens)
	}
}

// TestNewsInWords renders what is told of a case in each state, with and without the desk's name.
func TestNewsInWords(t *testing.T) {
	catalogue, err := i18n.Load([]string{"en"})
	if err != nil {
		t.Fatal(err)
	}
	catalogue = catalogue.WithHook(func(_, key string) { t.Errorf("%s is missing or lacks an argument", key) })
	e := newEngine(t, fakeDirectory{})
	for _, state := range newsStates {
		for _, by := range []string{"Lima", ""} {
			s := Session{Cases: []Case{{Code: "K7QM-3XRP", SentAt: noon, Names: []string{"Lima"}}}}
			s, text, ok := e.News(s, "K7QM-3XRP", state, by, 1, noon)
			said := text.Text("en", catalogue)
			if !ok || !strings.Contains(said, "K7QM-3XRP") {
				t.Errorf("%s: %v %q", state, ok, said)
			}
			out := mustStep(t, e, s, Input{Kind: Command, Value: "cases"})
			if list := out.Screen.View("en", catalogue).Text; !strings.Contains(list, "K7QM-3XRP") || strings.Contains(list, "…") {
				t.Errorf("%s: listed as %q", state, list)
			}
		}
	}
}
