package main

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
	"time"

	"defenderline/referrals/outcomes"
)

//go:embed report.html
var reportHTML string

// htmlTable is a table as the page shows it.
type htmlTable struct {
	ID, Title, First string
	Columns          []string
	Rows             []htmlRow
	Empty            string // titles of columns that are left out
	Wide             bool   // it has many columns
}

type htmlRow struct {
	Name  string
	Total bool
	Cells []htmlCell
}

// htmlCell is a number, or what stands for one that is not shown.
type htmlCell struct {
	Text  string
	Shown bool
}

// printReportHTML writes one page that needs nothing else.
func printReportHTML(out io.Writer, p *reportPage) error {
	page, err := template.New("report").Funcs(template.FuncMap{
		"day":      func(t time.Time) string { return t.Format("2 January 2006") },
		"moment":   func(t time.Time) string { return t.Format(reportTime) },
		"table":    tableOf,
		"times":    timesTable,
		"weeks":    plotWeeks,
		"spans":    plotTimes,
		"outcomes": plotOutcomes,
		"last":     func(t outcomes.Table, column string) string { return lastOf(t, column).String() },
		"typical":  typical,
	}).Parse(reportHTML)
	if err != nil {
		return err
	}
	return page.Execute(out, p)
}

// lastOf is the figure of all in a column.
func lastOf(t outcomes.Table, column string) *outcomes.Figure {
	for i, c := range t.Columns {
		if c == column {
			return t.Rows[len(t.Rows)-1].Figures[i]
		}
	}
	return nil
}

// typical is the median of all desks together, of a lane or of all cases.
func typical(all []outcomes.Times, id string) string {
	for _, t := range all[len(all)-4:] {
		if t.ID == id {
			return duration(t.Median, t.Shown)
		}
	}
	return duration(0, false)
}

// tableOf is a table for the page.
func tableOf(t outcomes.Table, first string) htmlTable {
	columns, empty := shownColumns(&t)
	out := htmlTable{ID: t.Name, Title: reportTitle(t.Name), First: first, Empty: strings.Join(empty, ", "), Wide: len(columns) > 7}
	for _, c := range columns {
		out.Columns = append(out.Columns, reportTitle(t.Columns[c]))
	}
	for _, r := range t.Rows {
		row := htmlRow{Name: rowName(&t, r), Total: r.ID == outcomes.Total}
		for _, c := range columns {
			_, shown := r.Figures[c].Number()
			row.Cells = append(row.Cells, htmlCell{r.Figures[c].String(), shown})
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// timesTable is a table of times for the page.
func timesTable(name string, all []outcomes.Times) htmlTable {
	out := htmlTable{ID: name, Title: reportTitle(name), First: "Desk", Columns: []string{"Median", "95 of 100 within", "Middle half"}}
	for _, t := range all {
		middle := "–"
		if t.Spread {
			middle = duration(t.Lower, true) + " to " + duration(t.Upper, true)
		}
		out.Rows = append(out.Rows, htmlRow{Name: timesName(t), Total: t.ID == outcomes.Total, Cells: []htmlCell{
			{duration(t.Median, t.Shown), t.Shown}, {duration(t.P95, t.Spread), t.Spread}, {middle, t.Spread}}})
	}
	return out
}
