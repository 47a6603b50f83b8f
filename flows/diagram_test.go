package flows

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/looplab/fsm"
)

// page is a conversation's diagram as it is checked in.
func page(flow, diagram string) string {
	return fmt.Sprintf("# %s\n\nDrawn from the table in `flows/%s.go`; `go test ./flows -update` rewrites it.\n\n```mermaid\n%s```\n", flow, flow, diagram)
}

// TestDiagrams compares the diagrams with those checked in; one that is missing fails.
func TestDiagrams(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	dir := filepath.Join("..", "docs", "flows")
	if *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, flow := range e.Flows() {
		file := filepath.Join(dir, flow+".md")
		want := page(flow, e.Mermaid(flow))
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v: run go test ./flows -update", err)
			continue
		}
		if string(got) != want {
			t.Errorf("%s is not what the table says: run go test ./flows -update\n%s", file, firstDifference(string(got), want))
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(files) != len(e.Flows()) {
		t.Errorf("%d diagrams for %d conversations: %v", len(files), len(e.Flows()), err)
	}
}

// TestDiagramIsWhatRuns compares our drawing with the library's own of what it runs: the same states and
// the same number of ways between them.
func TestDiagramIsWhatRuns(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	for _, flow := range e.Flows() {
		m := e.machines[flow]
		drawn, err := fsm.VisualizeForMermaidWithGraphType(newFSM(m.table), fsm.StateDiagram)
		if err != nil {
			t.Fatal(err)
		}
		ours := arrows(e.Mermaid(flow))
		theirs := map[string]bool{}
		for _, line := range strings.Split(drawn, "\n") {
			from, rest, ok := strings.Cut(strings.TrimSpace(line), " --> ")
			to, _, _ := strings.Cut(rest, ": ")
			if to == End {
				to = "[*]"
			}
			if ok && from != "[*]" {
				theirs[from+">"+to] = true
			}
		}
		for arrow := range theirs {
			if !ours[arrow] {
				t.Errorf("%s: %s runs and is not drawn", flow, arrow)
			}
		}
		if len(ours) != len(theirs) {
			t.Errorf("%s: %d arrows drawn, %d run", flow, len(ours), len(theirs))
		}
	}
	if e.Mermaid("no such") != "" {
		t.Error("a conversation that does not exist was drawn")
	}
}

// arrows are the arrows of a drawing, without those that only enter it.
func arrows(drawing string) map[string]bool {
	found := map[string]bool{}
	for _, line := range strings.Split(drawing, "\n") {
		from, rest, ok := strings.Cut(strings.TrimSpace(line), " --> ")
		to, _, _ := strings.Cut(rest, " : ")
		if ok && from != "[*]" {
			found[from+">"+to] = true
		}
	}
	return found
}
