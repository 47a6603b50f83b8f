package main

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
	"time"

	"defenderline/referrals/outcomes"
)

// Plots are drawn as SVG in the page. Their numbers stand in tables beside them, too: a plot says what it shows in one
// sentence, and is otherwise hidden from a screen reader.

// drawing is an SVG on its way. Widths are of a page in points, so that a line is a line in print.
type drawing struct {
	strings.Builder
	width, height float64
}

// plotWidth is how wide every plot is.
const plotWidth = 720

func (d *drawing) text(x, y float64, class, anchor, words string) {
	fmt.Fprintf(d, `<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`, x, y, class, anchor, html.EscapeString(words))
}

func (d *drawing) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(d, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`, x1, y1, x2, y2, class)
}

func (d *drawing) box(x, y, w, h float64, class string) {
	fmt.Fprintf(d, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="%s"/>`, x, y, w, h, class)
}

// svg is the whole drawing, with a sentence that says what it shows.
func (d *drawing) svg(says string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">%s</svg>`, //nolint:gosec // all words were escaped
		d.width, d.height, html.EscapeString(says), d.String()))
}

// height is how high a bar is, in a plot whose highest is most: one that is not shown has the height of the least that it may be, or of
// four.
func barHeight(f *outcomes.Figure, most, high float64) (h float64, shown bool) {
	n, shown := f.Number()
	if !shown {
		n = 4
		if f.String() != "<5" {
			n = 5
		}
	}
	return float64(n) / most * high, shown
}

// highest is the largest number shown, and never less than ten.
func highest(figures ...*outcomes.Figure) float64 {
	most := 10
	for _, f := range figures {
		if n, shown := f.Number(); shown {
			most = max(most, n)
		}
	}
	return float64(most)
}

// barClass is how a bar is drawn: a number that is not shown is an outline.
func barClass(kind string, shown bool) string {
	if !shown {
		return "bar hidden " + kind
	}
	return "bar " + kind
}

// plotWeeks draws the cases of each week, a row of bars for each lane.
func plotWeeks(t outcomes.Table) template.HTML {
	const left, top, high, gap, foot = 96, 18, 78, 30, 34
	weeks := t.Rows[:len(t.Rows)-1]
	lanes := t.Columns[1:]
	d := &drawing{width: plotWidth, height: top + float64(len(lanes))*(high+gap) - gap + foot}
	var all []*outcomes.Figure
	for _, w := range weeks {
		all = append(all, w.Figures[1:]...)
	}
	most, step := highest(all...), (plotWidth-left)/float64(max(1, len(weeks)))
	wide := min(step*0.62, 64)
	for i, lane := range lanes {
		base := top + float64(i)*(high+gap) + high
		d.text(left-14, base-high/2+4, "label", "end", reportTitle(lane))
		d.line(left, base, plotWidth, base, "axis")
		for w, week := range weeks {
			x := left + (float64(w)+0.5)*step
			h, shown := barHeight(week.Figures[i+1], most, high)
			d.box(x-wide/2, base-h, wide, h, barClass(lane, shown))
			if len(weeks) <= 18 {
				d.text(x, base-h-4, "value", "middle", week.Figures[i+1].String())
			}
		}
	}
	every := (len(weeks) + 8) / 9
	for w, week := range weeks {
		if w%every == 0 {
			d.text(left+(float64(w)+0.5)*step, d.height-foot+18, "tick", "middle", shortWeek(week.Name))
		}
	}
	return d.svg(fmt.Sprintf("Bars: cases of each of %d weeks, by lane. The numbers are in the table below.", len(weeks)))
}

// shortWeek is a week's name without its year.
func shortWeek(name string) string {
	return name[:max(0, strings.LastIndexByte(name, ' '))]
}

// spanTicks are the times that are marked on an axis.
func spanTicks() []time.Duration {
	return []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour,
		7 * 24 * time.Hour, 30 * 24 * time.Hour}
}

// spanName is a tick's name.
func spanName(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d == 24*time.Hour:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
}

// axis is a logarithmic axis of time.
type axis struct {
	from, to    time.Duration
	left, right float64
}

// axisOf is from the last tick below all times to the first above them.
func axisOf(all []outcomes.Times, left, right float64) axis {
	ticks := spanTicks()
	least, most := ticks[len(ticks)-1], ticks[0]
	for _, t := range all {
		least, most = min(least, t.Median), max(most, t.Median)
		if t.Spread {
			least, most = min(least, t.Lower), max(most, t.P95)
		}
	}
	a := axis{ticks[0], max(most, ticks[len(ticks)-1]), left, right}
	for _, tick := range ticks {
		if tick <= least {
			a.from = tick
		}
		if tick >= most {
			a.to = tick
			break
		}
	}
	return a
}

// at is where a time is.
func (a axis) at(d time.Duration) float64 {
	log := func(d time.Duration) float64 { return math.Log(max(1, d.Seconds())) }
	return a.left + (a.right-a.left)*(log(max(d, a.from))-log(a.from))/max(1e-9, log(a.to)-log(a.from))
}

// plotTimes draws the times of each desk: the median, and of enough of them the middle half and what 95 of 100 do not exceed.
func plotTimes(all []outcomes.Times) template.HTML {
	const left, row, top, foot = 230, 30, 8, 30
	var some []outcomes.Times
	for _, t := range all {
		if t.Shown {
			some = append(some, t)
		}
	}
	if len(some) == 0 {
		return ""
	}
	d := &drawing{width: plotWidth, height: top + row*float64(len(some)) + foot}
	a := axisOf(some, left, plotWidth-30)
	for _, tick := range spanTicks() {
		if tick >= a.from && tick <= a.to {
			d.line(a.at(tick), top, a.at(tick), d.height-foot, "grid")
			d.text(a.at(tick), d.height-foot+16, "tick", "middle", spanName(tick))
		}
	}
	for i, t := range some {
		y := top + row*(float64(i)+0.5)
		d.text(left-16, y+4, "label", "end", shortName(timesName(t)))
		if t.Spread {
			d.line(a.at(t.Median), y, a.at(t.P95), y, "whisker")
			d.line(a.at(t.Lower), y, a.at(t.Upper), y, "middle")
			d.line(a.at(t.P95), y-6, a.at(t.P95), y+6, "whisker")
		}
		fmt.Fprintf(d, `<circle cx="%.1f" cy="%.1f" r="5" class="median"/>`, a.at(t.Median), y)
	}
	return d.svg("For each desk: a dot at the median, and of twenty times or more a thick line over the middle half and a line to the time that 95 of 100 did not exceed. " +
		"The numbers are in the table below.")
}

// shortName is a name that fits beside a plot.
func shortName(name string) string {
	const most = 34
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return name
}

// plotOutcomes draws what came of all cases, the most frequent first.
func plotOutcomes(t outcomes.Table) template.HTML {
	const left, row, top = 230, 24, 4
	all := t.Rows[len(t.Rows)-1]
	columns, _ := shownColumns(&t)
	columns = columns[1:] // without their total
	if len(columns) == 0 {
		return ""
	}
	var figures []*outcomes.Figure
	for _, c := range columns {
		figures = append(figures, all.Figures[c])
	}
	d := &drawing{width: plotWidth, height: top + row*float64(len(columns)) + 6}
	most := highest(figures...)
	for i, c := range columns {
		y := top + row*float64(i)
		w, shown := barHeight(all.Figures[c], most, plotWidth-left-60)
		d.text(left-16, y+row/2+4, "label", "end", reportTitle(t.Columns[c]))
		d.box(left, y+4, w, row-8, barClass("outcome", shown))
		d.text(left+w+8, y+row/2+4, "value", "start", all.Figures[c].String())
	}
	d.line(left, top, left, d.height-6, "axis")
	return d.svg("Bars: what came of the cases that were closed or completed, of all desks together. The numbers are in the table below.")
}
