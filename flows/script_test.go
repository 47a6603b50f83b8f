package flows

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the recorded scripts and diagrams")

// scripts reads every script of testdata; none is an error.
func scripts(t testing.TB) map[string]*txtar.Archive {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in testdata: %v", err)
	}
	all := map[string]*txtar.Archive{}
	for _, f := range files {
		a, err := txtar.ParseFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[f] = a
	}
	return all
}

// engineFor makes the engine that an archive asks for by its file "directory".
func engineFor(t testing.TB, a *txtar.Archive) *Engine {
	t.Helper()
	var d fakeDirectory
	cases := 0
	for _, f := range a.Files {
		if f.Name != "directory" {
			continue
		}
		for _, line := range strings.Split(strings.TrimSpace(string(f.Data)), "\n") {
			switch words := strings.Fields(line); words[0] {
			case "languages":
				d.languages = words[1:]
			case "many":
				d.many = true
			case "nobody":
				d.nobody = true
			case "open-cases":
				cases = len(words[1])
			default:
				t.Fatalf("unknown directory line %q", line)
			}
		}
	}
	e := newEngine(t, d)
	e.OpenCases = cases
	return e
}

// TestScripts plays every recorded conversation again and compares.
func TestScripts(t *testing.T) {
	for file, a := range scripts(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			e := engineFor(t, a)
			if strings.TrimSpace(string(a.Comment)) == "" {
				t.Error("a script is headed by its reason")
			}
			for i, f := range a.Files {
				if f.Name == "directory" {
					continue
				}
				got, err := Run(e, string(f.Data), noon)
				if err != nil {
					t.Fatalf("%s: %v", f.Name, err)
				}
				if !*update && got != string(f.Data) {
					t.Errorf("%s: %s", f.Name, firstDifference(got, string(f.Data)))
				}
				a.Files[i].Data = []byte(got)
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// firstDifference shows where two transcripts part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		a, b := "nothing", "nothing"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return "line " + itoa(i+1) + ":\n got " + a + "\nwant " + b
		}
	}
	return "no difference"
}

// TestEmergencyWithinSevenActs counts, as the line promises it, the acts from the press after
// menu:emergency to review:send: every press and message, without the language, the notice,
// knows and the consent toggles.
func TestEmergencyWithinSevenActs(t *testing.T) {
	counted := 0
	for file, a := range scripts(t) {
		if !strings.Contains(file, "seven_acts") {
			continue
		}
		for _, f := range a.Files {
			if f.Name == "directory" {
				continue
			}
			acts := actsToSend(string(f.Data))
			if acts < 1 || acts > 7 {
				t.Errorf("%s of %s: sent after %d acts, want at most 7", f.Name, file, acts)
			}
			counted++
		}
	}
	if counted < 3 {
		t.Fatalf("%d ways to send counted, want the country as a button, typed and shared", counted)
	}
}

// actsToSend is the number of acts, or 0 when the script never sends.
func actsToSend(script string) int {
	acts, begun := 0, false
	for _, line := range strings.Split(script, "\n") {
		act, ok := strings.CutPrefix(line, "> ")
		switch {
		case !ok:
		case act == "menu:emergency" || act == "/emergency":
			begun = true
		case !begun:
		case act == "review:send":
			return acts + 1
		case strings.HasPrefix(act, "language:"), strings.HasPrefix(act, "notice:"),
			strings.HasPrefix(act, "knows:"), strings.HasPrefix(act, "consent:"):
		default:
			acts++
		}
	}
	return 0
}

// TestScriptRefuses proves that a script that cannot be read is not passed over.
func TestScriptRefuses(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	for _, bad := range []string{"> hello", `> "half`, "! rain", "> edit x", `> "a\q"`} {
		if _, err := Run(e, bad, noon); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestPlayerFinds proves that a player writes down the countries that it found.
func TestPlayerFinds(t *testing.T) {
	p := NewPlayer(newEngine(t, fakeDirectory{}), Session{Noticed: true}, noon)
	p.Find = func(string) []string { return []string{"PE"} }
	for _, answer := range []string{"/emergency", "safe:yes", "urgency:now", `"Perú"`} {
		record, err := p.Answer(answer)
		if err != nil {
			t.Fatal(err)
		}
		if answer == `"Perú"` && !strings.HasPrefix(record, "> \"Perú\" PE\n") {
			t.Errorf("recorded %q", record)
		}
	}
	if p.Session().Draft.Offered[0] != "PE" || p.Screen().Ask.Key != "ask.country_found" {
		t.Errorf("at %+v", p.Session().Draft)
	}
}
