package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"defenderline/referrals/outcomes"
)

// reportLegend explains what a report does not show.
const reportLegend = "<5: fewer than five, or none. 5+: five or more, not shown because it would tell a smaller one. -: not shown.\n" +
	"–: a time of fewer than five, not shown."

// printReportText writes tables for a terminal.
func printReportText(out io.Writer, p *reportPage) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Report of %s to %s, both included (UTC)\n", p.First().Format(time.DateOnly), p.Last().Format(time.DateOnly))
	for _, note := range p.Notes {
		fmt.Fprintln(&b, "Note:", note)
	}
	for _, t := range p.Tables() {
		if len(t.Rows) > 0 {
			fmt.Fprintf(&b, "\n%s\n", reportTitle(t.Name))
			textTable(&b, t)
		}
	}
	for _, of := range []struct {
		name  string
		times []outcomes.Times
	}{{"acknowledge", p.Acknowledge}, {"accept", p.Accept}} {
		fmt.Fprintf(&b, "\n%s\n", reportTitle(of.name))
		textTimes(&b, of.times)
	}
	fmt.Fprintf(&b, "\nCases of which the operator was paged: %s\n\n%s\n", p.Pages, reportLegend)
	_, err := io.WriteString(out, b.String())
	return err
}

// textTable writes a table without the columns in which nothing is shown, and names those below.
func textTable(b *strings.Builder, t *outcomes.Table) {
	columns, empty := shownColumns(t)
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, c := range columns {
		fmt.Fprintf(w, "\t%s", reportTitle(t.Columns[c]))
	}
	fmt.Fprintln(w)
	for _, r := range t.Rows {
		fmt.Fprint(w, rowName(t, r))
		for _, c := range columns {
			fmt.Fprintf(w, "\t%s", r.Figures[c])
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // into memory
	if len(empty) > 0 {
		fmt.Fprintf(b, "<5 everywhere: %s\n", strings.Join(empty, ", "))
	}
}

// shownColumns are the columns that show a number or hide a large one, and the titles of the others. A table of few has all.
func shownColumns(t *outcomes.Table) (columns []int, empty []string) {
	const few = 12
	for c, name := range t.Columns {
		says := len(t.Columns) <= few || name == outcomes.Total
		for _, r := range t.Rows {
			says = says || r.Figures[c].String() != "<5"
		}
		if says {
			columns = append(columns, c)
		} else {
			empty = append(empty, reportTitle(name))
		}
	}
	return columns, empty
}

// rowName is a row's name for people: words of the line's own are said, names of desks and weeks are as they are.
func rowName(t *outcomes.Table, r outcomes.Row) string {
	if r.ID == outcomes.Total {
		return "All"
	}
	if t.Name == "reasons" || t.Name == "refused" {
		return reportTitle(r.ID)
	}
	return r.Name
}

func textTimes(b *strings.Builder, times []outcomes.Times) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tMedian\t95 %")
	for _, t := range times {
		fmt.Fprintf(w, "%s\t%s\t%s\n", timesName(t), duration(t.Median, t.Shown), duration(t.P95, t.Spread))
	}
	_ = w.Flush() // into memory
}

// timesName is whose times they are.
func timesName(t outcomes.Times) string {
	switch {
	case t.ID == outcomes.Total:
		return "All"
	case t.ID == t.Name && slices.Contains([]string{"emergency", "urgent", "routine"}, t.ID):
		return reportTitle(t.ID) + ", all desks"
	default:
		return t.Name
	}
}

// duration is a time as people say it; a dash when it is not shown.
func duration(d time.Duration, shown bool) string {
	one := func(unit time.Duration, name string) string {
		return strconv.FormatFloat(float64(d)/float64(unit), 'f', -1, 64) + " " + name
	}
	switch {
	case !shown:
		return "–"
	case d < 2*time.Minute:
		return one(time.Second, "s")
	case d < 2*time.Hour:
		return one(time.Minute, "min")
	case d < 48*time.Hour:
		return one(time.Hour, "h")
	default:
		return one(24*time.Hour, "days")
	}
}

// secondsOf is a time for programs; nil when it is not shown.
func secondsOf(d time.Duration, shown bool) any {
	if !shown {
		return nil
	}
	return int64(d / time.Second)
}

// measures are what there is of a desk's times, by stable names.
func measures(t outcomes.Times) []struct {
	name  string
	value any
} {
	return []struct {
		name  string
		value any
	}{{"median_seconds", secondsOf(t.Median, t.Shown)}, {"p95_seconds", secondsOf(t.P95, t.Spread)},
		{"lower_quartile_seconds", secondsOf(t.Lower, t.Spread)}, {"upper_quartile_seconds", secondsOf(t.Upper, t.Spread)}}
}

// printReportJSON writes a report as docs/operating.md describes it.
func printReportJSON(out io.Writer, p *reportPage) error {
	object := map[string]any{"from": p.First().Format(time.DateOnly), "to": p.Last().Format(time.DateOnly), "made": p.Made.Format(time.RFC3339),
		"pages": p.Pages, "unread_lines": p.Unread, "notes": append([]string{}, p.Notes...)}
	for _, t := range p.Tables() {
		rows := []map[string]any{}
		for _, r := range t.Rows {
			row := map[string]any{"id": r.ID, "name": r.Name}
			for i, c := range t.Columns {
				row[c] = r.Figures[i]
			}
			rows = append(rows, row)
		}
		object[t.Name] = rows
	}
	times := func(all []outcomes.Times) []map[string]any {
		rows := []map[string]any{}
		for _, t := range all {
			row := map[string]any{"id": t.ID, "name": t.Name}
			for _, m := range measures(t) {
				row[m.name] = m.value
			}
			rows = append(rows, row)
		}
		return rows
	}
	object["times"] = map[string]any{"acknowledge": times(p.Acknowledge), "accept": times(p.Accept)}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false) // "<5" is to be found as it is
	enc.SetIndent("", "  ")
	return enc.Encode(object)
}

// printReportCSV writes a line for each number.
func printReportCSV(out io.Writer, p *reportPage) error {
	w := csv.NewWriter(out)
	write := func(fields ...string) { _ = w.Write(fields) } // w.Error says so
	write("table", "id", "name", "measure", "value")
	for _, t := range p.Tables() {
		for _, r := range t.Rows {
			for i, c := range t.Columns {
				write(t.Name, r.ID, r.Name, c, r.Figures[i].String())
			}
		}
	}
	for _, of := range []struct {
		name  string
		times []outcomes.Times
	}{{"acknowledge", p.Acknowledge}, {"accept", p.Accept}} {
		for _, t := range of.times {
			for _, m := range measures(t) {
				value := ""
				if m.value != nil {
					value = fmt.Sprint(m.value)
				}
				write("times_"+of.name, t.ID, t.Name, m.name, value)
			}
		}
	}
	write("pages", outcomes.Total, "Total", outcomes.Total, p.Pages.String())
	w.Flush()
	return w.Error()
}

// reportTitle is a stable name in words.
func reportTitle(name string) string {
	titles := map[string]string{
		"cases": "Cases that reached a desk, by week", "missions": "At missions and headquarters", "organisations": "At organisations",
		"outcomes": "What came of cases that were closed or completed", "reasons": "Why organisations said no",
		"reached": "Whether the desk reached them, as defenders said", "refused": "Acts that were refused",
		"acknowledge": "Time until a mission or headquarters acknowledged", "accept": "Time until an organisation accepted",
		"total": "All", "never_acknowledged": "Never acknowledged", "open": "Still open", "escalations": "Next rung alerted", "silent": "Whole ladder silent",
		"raised_private": "Raised privately", "raised_public": "Raised publicly", "uk_company_raised": "Raised with a UK company", "no_action": "No action",
		"unknown": "Not known", "not_yet": "Not yet", "unknown_code": "Code not known at the desk", "wrong_state": "Case not in a state for it",
		"twice": "Done already", "stale_claim": "From an earlier claim", "full": "Desk had no room", "no_desk": "By somebody of no desk",
		"enrol": "Enrolment link not valid", "api_token": "Token of the API not valid", "value": "No such act, reason or outcome",
		"capacity": "No capacity", "mandate": "Outside of the mandate", "trial_attended": "Trial attended",
	}
	if title, ok := titles[name]; ok {
		return title
	}
	words := strings.ReplaceAll(name, "_", " ")
	if words == "" {
		return words
	}
	return strings.ToUpper(words[:1]) + words[1:]
}
