package outcomes

import (
	"fmt"
	"slices"
	"time"

	"defenderline/referrals"
)

// Report is what may be shown of a period.
type Report struct {
	Period Period
	// Cases are those that reached a desk, by week and lane; Missions and NGOs what became of them there; Outcomes by desk;
	// Reasons why organisations said no; Reached what defenders answered when they were asked whether a desk reached them, empty
	// when nobody was; Refused acts that were refused.
	Cases, Missions, NGOs, Outcomes, Reasons, Reached, Refused Table
	// Pages are cases of which the operator was told that nobody has them.
	Pages *Figure
	// Times until a mission acknowledged, and until an organisation accepted.
	Acknowledge, Accept []Times
	// Unread are lines that could not be read and are not counted, or only in part.
	Unread int
}

// Table is a part of a report. Its names are stable.
type Table struct {
	Name    string
	Columns []string
	Rows    []Row
}

// Row is a line of a table: a desk, a week, a reason, or "total" of those above it.
type Row struct {
	ID, Name string
	Figures  []*Figure
}

// Total is the name of a table's last row and of a first column that others add up to.
const Total = "total"

// Tables are all tables, in the order of reading.
func (r *Report) Tables() []*Table {
	return []*Table{&r.Cases, &r.Missions, &r.NGOs, &r.Outcomes, &r.Reasons, &r.Reached, &r.Refused}
}

// maker makes a report: every figure of it is of one sheet.
type maker struct {
	sheet
	c *Count
	r *Report
}

// Report is what may be shown of all that was counted.
func (c *Count) Report() *Report { return c.make().r }

// make makes the report and keeps the sheet.
func (c *Count) make() *maker {
	m := &maker{c: c, r: &Report{Period: c.period, Unread: c.unread}}
	m.cases()
	m.missions()
	m.ngos()
	m.across()
	m.outcomes()
	m.reasons()
	m.reached()
	m.refused()
	m.r.Pages = m.count(len(c.pages))
	m.protect()
	m.r.Acknowledge, m.r.Accept = timesOf(c.of(false)), timesOf(c.of(true))
	return m
}

// row adds a row of figures.
func (m *maker) row(t *Table, id, name string, counts ...int) {
	r := Row{ID: id, Name: name}
	for _, n := range counts {
		r.Figures = append(r.Figures, m.count(n))
	}
	t.Rows = append(t.Rows, r)
}

// total adds a row that is the sum of all others.
func (m *maker) total(t *Table) {
	sums := make([]int, len(t.Columns))
	for _, r := range t.Rows {
		for i, f := range r.Figures {
			sums[i] += f.n
		}
	}
	rows := t.Rows
	m.row(t, Total, "Total", sums...)
	for i, f := range t.Rows[len(rows)].Figures {
		var parts []*Figure
		for _, r := range rows {
			parts = append(parts, r.Figures[i])
		}
		m.add(f, parts...)
	}
}

// column is a row's figure in a named column.
func (t *Table) column(r Row, name string) *Figure { return r.Figures[slices.Index(t.Columns, name)] }

// are says of every row that one column is the sum of others.
func (m *maker) are(t *Table, whole string, parts ...string) {
	for _, r := range t.Rows {
		var figures []*Figure
		for _, p := range parts {
			figures = append(figures, t.column(r, p))
		}
		m.add(t.column(r, whole), figures...)
	}
}

// within says of every row that one column is not more than another.
func (m *maker) within(t *Table, part, whole string) {
	for _, r := range t.Rows {
		m.atLeast(t.column(r, whole), t.column(r, part))
	}
}

// laneNames are the names of columns of lanes.
func laneNames() []string {
	var names []string
	for _, l := range lanes() {
		names = append(names, string(l))
	}
	return names
}

// cases are all that reached a desk, each once, by the week in which the first desk was told.
func (m *maker) cases() {
	t := &m.r.Cases
	t.Name, t.Columns = "cases", append([]string{Total}, laneNames()...)
	for _, week := range m.c.period.weeks() {
		counts := make([]int, len(t.Columns))
		for _, is := range m.c.cases {
			if monday(is.at).Equal(week) {
				counts[0]++
				counts[1+is.lane.Rank()]++
			}
		}
		year, n := week.ISOWeek()
		m.row(t, fmt.Sprintf("%d-W%02d", year, n), weekName(week), counts...)
	}
	m.total(t)
	m.are(t, Total, laneNames()...)
}

// weekName is a week as people write it.
func weekName(monday time.Time) string {
	sunday := monday.AddDate(0, 0, 6)
	if sunday.Month() == monday.Month() {
		return monday.Format("2") + "–" + sunday.Format("2 Jan 2006")
	}
	return monday.Format("2 Jan") + " – " + sunday.Format("2 Jan 2006")
}

// lanesOf counts a desk's cases: all, then by lane.
func lanesOf(t *tally) []int {
	counts := []int{len(t.cases)}
	for _, lane := range lanes() {
		counts = append(counts, t.among(func(is *course) bool { return is.lane == lane }))
	}
	return counts
}

// missions are what became of cases at missions and at headquarters.
func (m *maker) missions() {
	t := &m.r.Missions
	t.Name = "missions"
	t.Columns = slices.Concat([]string{Total}, laneNames(), []string{"acknowledged", "never_acknowledged", "closed", "withdrawn", "open", "escalations", "silent"})
	for _, d := range m.c.of(false) {
		taken := len(d.times())
		m.row(t, d.ID, d.Name, append(lanesOf(d), taken, len(d.cases)-taken, d.in(referrals.Closed), d.in(referrals.Withdrawn),
			d.in(referrals.Alerted, referrals.Acknowledged, referrals.Silent), d.climbed, d.silent)...)
	}
	m.total(t)
	m.are(t, Total, laneNames()...)
	m.are(t, Total, "acknowledged", "never_acknowledged")
	m.are(t, Total, "closed", "withdrawn", "open")
	m.within(t, "closed", "acknowledged")
}

// ngos are what became of referrals at organisations.
func (m *maker) ngos() {
	t := &m.r.NGOs
	ends := []referrals.State{referrals.Completed, referrals.Declined, referrals.Expired, referrals.Returned, referrals.Withdrawn}
	t.Name = "organisations"
	t.Columns = slices.Concat([]string{Total}, laneNames(), []string{"accepted"})
	for _, s := range append(ends, "open") {
		t.Columns = append(t.Columns, string(s))
	}
	for _, d := range m.c.of(true) {
		counts := append(lanesOf(d), len(d.times()))
		for _, s := range ends {
			counts = append(counts, d.in(s))
		}
		m.row(t, d.ID, d.Name, append(counts, d.in(referrals.Offered, referrals.Claimed, referrals.Accepted))...)
	}
	m.total(t)
	m.are(t, Total, laneNames()...)
	m.are(t, Total, "completed", "declined", "expired", "returned", "withdrawn", "open")
	m.within(t, "completed", "accepted")
	m.within(t, "accepted", Total)
}

// across says that every case of the line is at a desk at least.
func (m *maker) across() {
	r := m.r
	last := func(t *Table) Row { return t.Rows[len(t.Rows)-1] }
	for _, name := range append([]string{Total}, laneNames()...) {
		a, b := r.Missions.column(last(&r.Missions), name), r.NGOs.column(last(&r.NGOs), name)
		both := unseen(a.n + b.n)
		m.add(both, a, b)
		m.atLeast(both, r.Cases.column(last(&r.Cases), name))
	}
}

// outcomes are what came of cases that were closed or completed in the period, whenever they began.
func (m *maker) outcomes() {
	t, c := &m.r.Outcomes, m.c
	desks := append(c.of(false), c.of(true)...)
	var counted []map[string]int
	for _, d := range desks {
		counted = append(counted, d.outcomes)
	}
	all := words(referrals.Outcomes(), counted...)
	t.Name, t.Columns = "outcomes", append([]string{Total}, all...)
	for _, d := range desks {
		counts := []int{0}
		for _, word := range all {
			counts[0] += d.outcomes[word]
			counts = append(counts, d.outcomes[word])
		}
		m.row(t, d.ID, d.Name, counts...)
	}
	ended := func(r Row) *Figure { // those of them that began in the period
		for _, of := range []*Table{&m.r.Missions, &m.r.NGOs} {
			for _, row := range of.Rows {
				if row.ID == r.ID && r.ID != Total {
					return of.column(row, map[string]string{"missions": "closed", "organisations": "completed"}[of.Name])
				}
			}
		}
		return nil
	}
	for _, r := range t.Rows {
		m.atLeast(r.Figures[0], ended(r))
	}
	m.total(t)
	m.are(t, Total, all...)
	other(t.Columns)
}

// other names the column of words that are none.
func other(names []string) {
	if i := slices.Index(names, ""); i >= 0 {
		names[i] = "unknown"
	}
}

// reasons are why organisations declined or returned in the period.
func (m *maker) reasons() {
	t, c := &m.r.Reasons, m.c
	t.Name, t.Columns = "reasons", []string{"declined", "returned"}
	for _, word := range words(referrals.Reasons(), c.declined, c.returned) {
		id := []string{word}
		other(id)
		m.row(t, id[0], id[0], c.declined[word], c.returned[word])
	}
	m.total(t)
	sums, of := t.Rows[len(t.Rows)-1], &m.r.NGOs
	for i, name := range t.Columns {
		m.atLeast(sums.Figures[i], of.column(of.Rows[len(of.Rows)-1], name))
	}
}

// reached are the answers of defenders, the last of each.
func (m *maker) reached() {
	t := &m.r.Reached
	t.Name, t.Columns = "reached", append([]string{Total}, answers()...)
	for _, d := range append(m.c.of(false), m.c.of(true)...) {
		if len(d.reached) == 0 {
			continue
		}
		counts := []int{0}
		for _, word := range answers() {
			n := 0
			for _, said := range d.reached {
				if said == word {
					n++
				}
			}
			counts[0] += n
			counts = append(counts, n)
		}
		m.row(t, d.ID, d.Name, counts...)
	}
	if len(t.Rows) > 0 {
		m.total(t)
		m.are(t, Total, answers()...)
	}
}

// refused are acts that were refused, by kind.
func (m *maker) refused() {
	t := &m.r.Refused
	t.Name, t.Columns = "refused", []string{Total}
	for _, kind := range referrals.RefusalKinds() {
		m.row(t, string(kind), string(kind), m.c.refused[kind])
	}
	m.total(t)
}
