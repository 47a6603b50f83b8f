package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"defenderline/configs"
	"defenderline/referrals"
	"defenderline/referrals/store"
	"defenderline/referrals/store/redistest"
)

// reported is a line that has had a month, and its configuration file.
type reported struct {
	t    testing.TB
	path string
	now  time.Time
}

// novembers is when the simulated month begins.
var novembers = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// newReported has so many cases in November, on a Redis of its own. The example's keys and desks are those of the line.
func newReported(t testing.TB, cases int, redis func(config string) string) *reported {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../configs/example")); err != nil {
		t.Fatal(err)
	}
	r := &reported{t: t, path: filepath.Join(dir, "defenderline.yaml"), now: novembers.AddDate(0, 1, 0).Add(9 * time.Hour)}
	if _, complaint, status := r.command("secrets", "init", filepath.Join(dir, "secrets")); status != 0 {
		t.Fatal(complaint)
	}
	if err := os.WriteFile(filepath.Join(dir, "secrets", "line-token"), []byte("123456:a-token-of-no-bot"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.edit(redis)
	c, findings := configs.Load(r.path, configs.Options{})
	if c == nil {
		t.Fatal(findings)
	}
	vault, err := store.ParseStateKeys([]byte(c.StateKeys.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	clock := novembers
	o := storeOptions(c, vault)
	o.Now = func() time.Time { return clock }
	o.Clock = o.Now
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := &month{t: t, s: s, dir: c.Directory(), random: mrand.New(mrand.NewPCG(4, 7)), clock: &clock, cases: map[referrals.Code]*referrals.Case{}}
	m.fill(novembers, 30, cases)
	if err := s.Mend(context.Background()); err != nil {
		t.Fatal(err)
	}
	return r
}

// edit changes the configuration file.
func (r *reported) edit(change func(string) string) {
	r.t.Helper()
	text, err := os.ReadFile(r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.path, []byte(change(string(text))), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// command runs the program in this process.
func (r *reported) command(args ...string) (out, complaint string, status int) {
	var stdout, stderr bytes.Buffer
	h := host{in: strings.NewReader(""), out: &stdout, err: &stderr, now: func() time.Time { return r.now }, random: rand.Reader, redis: askRedis}
	status = h.run(context.Background(), args)
	return stdout.String(), stderr.String(), status
}

// report prints November.
func (r *reported) report(flags ...string) string {
	r.t.Helper()
	out, complaint, status := r.command(append([]string{"report", "--config", r.path, "--from", "2026-11-01", "--to", "2026-11-30"}, flags...)...)
	if status != 0 || complaint != "" {
		r.t.Fatalf("%d: %s", status, complaint)
	}
	return out
}

// onSingle puts a server of its own into a configuration.
func onSingle(t testing.TB) func(string) string {
	url := redistest.Start(t).URL()
	return func(config string) string { return strings.Replace(config, "redis://127.0.0.1:6379/0", url, 1) }
}

// TestReportOfAMonth prints the same month in each form, and the numbers agree.
func TestReportOfAMonth(t *testing.T) {
	r := newReported(t, 260, onSingle(t))
	var all map[string]json.RawMessage
	text := r.report("--json")
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	tables := map[string][]map[string]any{}
	for _, name := range []string{"cases", "missions", "organisations", "outcomes", "reasons", "reached", "refused"} {
		var rows []map[string]any
		if err := json.Unmarshal(all[name], &rows); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tables[name] = rows
	}
	total := tables["cases"][len(tables["cases"])-1]
	if total["id"] != "total" || total["total"].(float64) < 200 || total["emergency"].(float64) < 40 || len(tables["missions"]) != 5 || len(tables["organisations"]) != 4 {
		t.Errorf("%v", tables)
	}
	if !strings.Contains(text, `"<5"`) || tables["refused"][0]["total"] != 7.0 {
		t.Error("no small count, or no refused act, is in the report")
	}
	lines, err := csv.NewReader(strings.NewReader(r.report("--csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, line := range lines[1:] {
		for _, row := range tables[line[0]] {
			if row["id"] == line[1] {
				compared++
				if got := fmt.Sprint(row[line[3]]); got != line[4] {
					t.Errorf("%v in CSV is %s in JSON", line, got)
				}
			}
		}
	}
	if compared < 150 {
		t.Errorf("only %d numbers were compared", compared)
	}
	for _, form := range []string{r.report(), r.report("--html")} {
		for _, want := range []string{"British Embassy Lima", "Peace Brigades International", "Raised privately", "No capacity", fmt.Sprint(total["total"])} {
			if !strings.Contains(form, want) {
				t.Errorf("%q is not in\n%s", want, form)
			}
		}
	}
}

// TestReportIsOnePage proves that the page asks for nothing: no script, no address, no file.
func TestReportIsOnePage(t *testing.T) {
	r := newReported(t, 40, onSingle(t))
	r.edit(func(c string) string {
		return strings.Replace(c, "name: British Embassy Lima", `name: "<b>Lima</b> & ""sons"""`, 1)
	})
	r.edit(func(c string) string { return strings.Replace(c, `& ""sons"""`, `& sons"`, 1) })
	page := r.report("--html")
	for _, never := range []string{"<script", "http:", "https:", "url(", "@import", "<link", "<img", "<iframe", " src=", " href=", "<b>Lima", " on"} {
		if i := strings.Index(strings.ReplaceAll(page, "Made on ", ""), never); i >= 0 && never != " on" || never == " on" && regexp.MustCompile(` on[a-z]+=`).MatchString(page) {
			t.Errorf("%q is in the page", never)
		}
	}
	if !strings.Contains(page, "&lt;b&gt;Lima&lt;/b&gt; &amp; sons") || strings.Contains(page, "{{") || strings.Contains(page, "ZgotmplZ") {
		t.Error("a name is not escaped, or the page is not whole")
	}
	if codes := regexp.MustCompile(`\b[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}\b`).FindString(page); codes != "" {
		t.Errorf("the page names a case: %s", codes)
	}
}

// TestReportOnSentinelAndCluster proves that a report is made wherever the line's store is.
func TestReportOnSentinelAndCluster(t *testing.T) {
	beside(t, waiting)
	cluster := redistest.StartCluster(t, 3)[:1]
	server := redistest.Start(t)
	sentinel := redistest.StartSentinel(t, "line", server)
	for name, redis := range map[string]string{
		"cluster":  "cluster: ['" + cluster[0] + "']",
		"sentinel": "sentinel: {master: line, addresses: ['" + sentinel + "']}",
	} {
		r := newReported(t, 60, func(c string) string { return strings.Replace(c, "url: redis://127.0.0.1:6379/0", redis, 1) })
		if out := r.report(); !strings.Contains(out, "British Embassy Lima") || strings.Contains(out, "Note:") {
			t.Errorf("on %s:\n%s", name, out)
		}
	}
}

// TestReportSaysWhatItLacks has lines that are gone, a period that is not over, a desk that has left, and keys that are others.
func TestReportSaysWhatItLacks(t *testing.T) {
	r := newReported(t, 60, onSingle(t))
	r.now = novembers.AddDate(0, 0, 20)
	if out := r.report(); !strings.Contains(out, "Note: The period is not over") {
		t.Error(out)
	}
	r.now = novembers.AddDate(1, 0, 20)
	if out := r.report(); !strings.Contains(out, "Note: Lines of the audit trail from before 2026-11-21 are gone") {
		t.Error(out)
	}
	r.now = novembers.AddDate(0, 1, 1)
	r.edit(func(c string) string {
		before, after, _ := strings.Cut(c, "  - id: bogota")
		_, after, _ = strings.Cut(after, "  - id: nairobi")
		return before + "  - id: nairobi" + after
	})
	out := r.report("--csv")
	if !strings.Contains(out, "missions,bogota,bogota (no longer configured),total,") {
		t.Errorf("a desk that has left is not counted:\n%s", out)
	}
}

// TestReportIsWrittenRightly proves what the command refuses before it asks a store, and how it says so.
func TestReportIsWrittenRightly(t *testing.T) {
	r := &reported{t: t, now: novembers}
	for args, want := range map[string]string{
		"--from 2026-11-01":                                          `required flag(s) "to" not set`,
		"--from 2026-11-31 --to 2026-12-01":                          `--from: "2026-11-31" is no day; write it like 2026-11-30`,
		"--from 2026-11-01 --to November":                            `--to: "November" is no day`,
		"--from 2026-11-02 --to 2026-11-01":                          "--to: it is before --from",
		"--from 2026-11-01 --to 2026-11-30 --csv --html":             "none of the others can be",
		"--from 2026-11-01 --to 2026-11-30 and --something more":     "unknown flag",
		"--from 2026-11-01T00:00:00Z --to 2026-11-30T00:00:00+05:00": "is no day",
	} {
		_, complaint, status := r.command(append([]string{"report", "--config", "none.yaml"}, strings.Fields(args)...)...)
		if status != 2 || !strings.Contains(complaint, want) {
			t.Errorf("report %s: %d %s", args, status, complaint)
		}
	}
	if _, complaint, status := r.command("report", "--config", "none.yaml", "--from", "2026-11-01", "--to", "2026-11-01"); status != 1 || !strings.Contains(complaint, "none.yaml") {
		t.Errorf("without a configuration: %d %s", status, complaint)
	}
	if out, _, status := r.command("report", "--help"); status != 0 || !strings.Contains(out, "both are part of the period") {
		t.Errorf("help: %d %s", status, out)
	}
}
