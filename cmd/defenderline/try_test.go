package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
)

// TestTriedScriptPlaysAgain: what try prints is a script that gives itself when it is played.
func TestTriedScriptPlaysAgain(t *testing.T) {
	for flow, answers := range map[string]string{
		"home":      "/help\n2\n",
		"contact":   "1\n1\n\nWe work in Lima.\n/cancel\n",
		"emergency": "1\n1\n1\nPerú\n1\nThey came, \"all of them\".\n-- directory --\n1\n1\n5\n/cases\n",
	} {
		t.Run(flow, func(t *testing.T) {
			var out bytes.Buffer
			h := host{in: strings.NewReader(answers), out: &out, now: time.Now}
			if err := h.try(flow, "en"); err != nil {
				t.Fatal(err)
			}
			_, script, found := strings.Cut(out.String(), "\n-- "+flow+" --\n")
			if !found || strings.Count(script, "\n> ") < 3 {
				t.Fatalf("no script at the end of %q", out.String())
			}
			engine, err := newRehearsal()
			if err != nil {
				t.Fatal(err)
			}
			again, err := flows.Run(engine, script, time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
			if err != nil || again != script {
				t.Errorf("%v\nprinted\n%s\nplayed again\n%s", err, script, again)
			}
			if flow == "emergency" && !strings.Contains(script, "\nsent\n") {
				t.Errorf("the emergency was not sent:\n%s", script)
			}
		})
	}
}
