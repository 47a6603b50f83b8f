package bot

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// counted is the sum of a counter's values that carry a label's value, whatever the label; -1 when there are none.
func counted(t testing.TB, registry *prometheus.Registry, name, value string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := -1.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == name && l.GetValue() == value {
					sum = max(sum, 0) + m.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}

// Every value of a label is there before its first event, or no alert on an increase sees the first.
func TestCountersBeginAtZero(t *testing.T) {
	registry := prometheus.NewRegistry()
	NewMeters(registry).expect(testDesks())
	for name, values := range map[string][]string{
		"defenderline_updates_total":        {"line", "desk"},
		"defenderline_seal_failures_total":  {"lima", "headquarters", "fld", "pbi", "kyiv"},
		"defenderline_submissions_total":    {"emergency", "urgent", "routine", "sealed", "not_accepted"},
		"defenderline_alerts_total":         {"alerted", "silent", "acknowledged", "closed", "emergency", "urgent", "routine"},
		"defenderline_referrals_total":      {"offered", "claimed", "accepted", "completed", "declined", "expired", "returned", "withdrawn"},
		"defenderline_refused_total":        refusals[:],
		"defenderline_mails_total":          {"alert", "addition", "offer", "withdrawn", "ended", "expired", "page", "sent", "later", "refused", "settings", "late"},
		"defenderline_replies_total":        {"delivered", "held", "kept", "kept_reach", "ended", "gone", "wiped", "blocked", "failed"},
		"defenderline_telegram_calls_total": append(results(), apiMethods[:]...),
	} {
		for _, v := range values {
			if got := counted(t, registry, name, v); got != 0 {
				t.Errorf("%s of %q: %v at the start", name, v, got)
			}
		}
	}
}

// What the sources count with a word of their own is among the values that begin at zero.
func TestEveryWordCountedBeginsAtZero(t *testing.T) {
	word := regexp.MustCompile(`(Refused|Submissions)\.WithLabelValues\([^"\n]*"(\w+)"\)`)
	method := regexp.MustCompile(`Method: "(\w+)"|address\{[^}]*\}, "(\w+)"|called\("(\w+)"`)
	known := map[string][]string{"Refused": refusals[:], "Submissions": sentAs[:]}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range word.FindAllStringSubmatch(string(source), -1) {
			if found++; !slices.Contains(known[m[1]], m[2]) {
				t.Errorf("%s: %s counts %q, which meters.go does not know", e.Name(), m[1], m[2])
			}
		}
		for _, m := range method.FindAllStringSubmatch(string(source), -1) {
			if found++; !slices.Contains(apiMethods[:], m[1]+m[2]+m[3]) {
				t.Errorf("%s: the method %q is counted, which meters.go does not know", e.Name(), m[0])
			}
		}
	}
	if found < len(refusals)+len(sentAs)+len(apiMethods) {
		t.Errorf("%d words found: the test does not find what it looks for", found)
	}
}
