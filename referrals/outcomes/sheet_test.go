package outcomes

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// attacker knows what is printed, how it hangs together, and what "<5" and "5+" mean.
type attacker struct {
	least, most map[*Figure]int
}

// plenty is more than any count of a test.
const plenty = 1 << 30

func attack(s *sheet) attacker {
	a := attacker{map[*Figure]int{}, map[*Figure]int{}}
	for _, one := range s.sums {
		for _, f := range one.all {
			a.read(f)
		}
	}
	for _, f := range s.figures {
		a.read(f)
	}
	for again := true; again; {
		again = false
		for _, one := range s.sums {
			again = a.narrow(one) || again
		}
	}
	return a
}

// read is what one figure says by itself.
func (a attacker) read(f *Figure) {
	n, shown := f.Number()
	switch {
	case f.rest:
		a.least[f], a.most[f] = 0, plenty
	case shown:
		a.least[f], a.most[f] = n, n
	case f.String() == "<5":
		a.least[f], a.most[f] = 0, 4
	default:
		a.least[f], a.most[f] = 5, plenty
	}
}

// narrow draws what follows from a sum: for the total, and for each part less all others.
func (a attacker) narrow(s *sum) (news bool) {
	least, most := 0, 0
	for _, p := range s.parts {
		least, most = least+a.least[p], min(plenty, most+a.most[p])
	}
	news = a.within(s.total, least, most)
	for _, p := range s.parts {
		others := 0
		for _, o := range s.parts {
			if o != p {
				others = min(plenty, others+a.most[o])
			}
		}
		from := -plenty
		if others < plenty {
			from = a.least[s.total] - others
		}
		to := plenty
		if a.most[s.total] < plenty {
			to = a.most[s.total] - (least - a.least[p])
		}
		if a.within(p, from, to) {
			return true // what was summed up is of before
		}
	}
	return news
}

func (a attacker) within(f *Figure, least, most int) (news bool) {
	if least > a.least[f] {
		a.least[f], news = least, true
	}
	if most < a.most[f] {
		a.most[f], news = most, true
	}
	return news
}

// prime is what the attacker calculates by: sums of sums are the same by it as they are.
const prime = 1<<31 - 1

// solved are the figures that the sums alone give away, by elimination: subtracting sums from one another in any way.
func solved(s *sheet) map[*Figure]bool {
	column, figures := map[*Figure]int{}, []*Figure{}
	for _, one := range s.sums {
		for _, f := range one.all {
			if _, known := column[f]; !known && !f.shown {
				column[f] = len(figures)
				figures = append(figures, f)
			}
		}
	}
	var rows [][]uint64
	for _, one := range s.sums {
		row := make([]uint64, len(figures))
		for _, f := range one.all {
			if i, hidden := column[f]; hidden {
				row[i] = 1
				if f == one.total {
					row[i] = prime - 1
				}
			}
		}
		rows = append(rows, row)
	}
	eliminate(rows, len(figures))
	found := map[*Figure]bool{}
	for _, row := range rows {
		only, n := 0, 0
		for i, x := range row {
			if x != 0 {
				only, n = i, n+1
			}
		}
		if n == 1 {
			found[figures[only]] = true
		}
	}
	return found
}

// eliminate brings rows into reduced form.
func eliminate(rows [][]uint64, columns int) {
	at := 0
	for c := range columns {
		pivot := at
		for pivot < len(rows) && rows[pivot][c] == 0 {
			pivot++
		}
		if pivot == len(rows) {
			continue
		}
		rows[at], rows[pivot] = rows[pivot], rows[at]
		by := inverse(rows[at][c])
		for i := range rows[at] {
			rows[at][i] = rows[at][i] * by % prime
		}
		for r := range rows {
			if times := rows[r][c]; r != at && times != 0 {
				for i, x := range rows[at] {
					rows[r][i] = (rows[r][i] + (prime-times)*x) % prime
				}
			}
		}
		at++
	}
}

// inverse is what a number is multiplied with to be one.
func inverse(n uint64) uint64 {
	out := uint64(1)
	for e := uint64(prime - 2); e > 0; e /= 2 {
		if e%2 == 1 {
			out = out * n % prime
		}
		n = n * n % prime
	}
	return out
}

// givenAway are the counts from one to four that somebody could compute: of a figure, and of the small ones of a sum together.
func givenAway(s *sheet) []string {
	a, known := attack(s), solved(s)
	for f := range known {
		a.least[f], a.most[f] = f.n, f.n
	}
	found := a.computes(s)
	for _, f := range s.figures {
		if f.n > 0 && f.n < under && (f.shown || a.least[f] == a.most[f] || known[f]) {
			found = append(found, fmt.Sprintf("%d shown as %s: %d to %d", f.n, f, a.least[f], a.most[f]))
		}
	}
	return found
}

// computes are the small counts of a sum that are known together, less the other parts from the total, where they are from one to four.
func (a attacker) computes(s *sheet) (found []string) {
	for _, one := range s.sums {
		n, small := 0, 0
		least, most, from, to := 0, 0, a.least[one.total], a.most[one.total]
		for _, p := range one.parts {
			if p.small() {
				n, small = n+p.n, small+1
				least, most = least+a.least[p], most+a.most[p]
			} else {
				from, to = from-a.most[p], to-a.least[p]
			}
		}
		if small > 1 && n > 0 && n < under && max(least, from) == min(most, to) {
			found = append(found, fmt.Sprintf("%d small ones are %d together", small, n))
		}
	}
	return found
}

// grid is a table with totals.
func grid(counts [][]int) *sheet {
	s := &sheet{}
	var rows, last []*Figure
	cells := make([][]*Figure, len(counts[0]))
	all := 0
	for _, row := range counts {
		var parts []*Figure
		n := 0
		for c, x := range row {
			f := s.count(x)
			parts, cells[c], n = append(parts, f), append(cells[c], f), n+x
		}
		total := s.count(n)
		s.add(total, parts...)
		rows, all = append(rows, total), all+n
	}
	for _, column := range cells {
		n := 0
		for _, f := range column {
			n += f.n
		}
		total := s.count(n)
		s.add(total, column...)
		last = append(last, total)
	}
	whole := s.count(all)
	s.add(whole, rows...)
	s.add(whole, last...)
	return s
}

func TestNoSmallCountOfATableCanBeComputed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, columns := rapid.IntRange(1, 5).Draw(t, "rows"), rapid.IntRange(1, 5).Draw(t, "columns")
		most := rapid.SampledFrom([]int{2, 5, 9, 40}).Draw(t, "most")
		counts := make([][]int, rows)
		for i := range counts {
			counts[i] = rapid.SliceOfN(rapid.IntRange(0, most), columns, columns).Draw(t, "row")
		}
		s := grid(counts)
		s.protect()
		if found := givenAway(s); len(found) > 0 {
			t.Fatalf("%v gives away %q", counts, found)
		}
	})
}

// TestEverySmallTableHasALookAlike tries all tables of four small counts, and for each all others that fit what is printed of it: every
// count from one to four is another number in one of them.
func TestEverySmallTableHasALookAlike(t *testing.T) {
	const most, larger = 7, 13
	for n := range most * most * most * most {
		counts := [][]int{{n % most, n / most % most}, {n / most / most % most, n / most / most / most}}
		s := grid(counts)
		s.protect()
		var could [4]map[int]bool
		for i := range could {
			could[i] = map[int]bool{}
		}
		for o := range larger * larger * larger * larger {
			a, b, c, d := o%larger, o/larger%larger, o/larger/larger%larger, o/larger/larger/larger
			if !fits(s, a, b, a+b, c, d, c+d, a+c, b+d, a+b+c+d) {
				continue
			}
			for i, x := range []int{a, b, c, d} {
				could[i][x] = true
			}
		}
		for i, f := range []int{0, 1, 3, 4} {
			if is := s.figures[f].n; is > 0 && is < under && len(could[i]) < 2 {
				t.Fatalf("%v is shown as %v: %d can only be %v", counts, s.figures, is, could[i])
			}
		}
	}
}

// fits says that numbers are possible where a sheet's figures are printed.
func fits(s *sheet, numbers ...int) bool {
	for i, n := range numbers {
		if !s.figures[i].could(n) {
			return false
		}
	}
	return true
}

// TestTheAttackerFinds proves that the tests above would see it: a total less its other part, and a part whose sum is at its end.
func TestTheAttackerFinds(t *testing.T) {
	for name, counts := range map[string][][]int{
		"a total less its other part":        {{12, 3}},
		"two that are as many as they can":   {{4, 4, 9}},
		"across rows and columns":            {{3, 9, 9}, {9, 9, 9}, {9, 9, 9}},
		"one of a row whose others are none": {{3, 0}, {0, 9}},
		"two of a row together":              {{30, 1, 2}, {40, 50, 60}},
		"three of a column together":         {{30, 90}, {1, 60}, {2, 70}, {1, 80}},
	} {
		s := grid(counts)
		for _, f := range s.figures {
			f.shown = !f.small()
		}
		if len(givenAway(s)) == 0 {
			t.Errorf("%s: not found", name)
		}
		s.protect()
		if found := givenAway(s); len(found) > 0 {
			t.Errorf("%s: %q", name, found)
		}
	}
}

func TestNoMoreIsHiddenThanNeedBe(t *testing.T) {
	for want, counts := range map[string][][]int{
		"[12 30 42 12 30 42]":                                {{12, 30}},
		"[40 <5 <5 <5 46 40 <5 <5 <5 46]":                    {{40, 2, 1, 3}},
		"[40 5+ <5 48 40 5+ <5 48]":                          {{40, 6, 2}},
		"[5+ <5 <5 41 5+ <5 <5 41]":                          {{40, 0, 1}}, // two that are one together
		"[5+ <5 10 5+ 5+ 80 47 43 90]":                       {{7, 3}, {40, 40}},
		"[<5 5+ 12 24 5+ 5+ 30 59 19 20 21 60 31 49 63 143]": {{3, 9, 12}, {9, 20, 30}, {19, 20, 21}},
	} {
		s := grid(counts)
		s.protect()
		if got := fmt.Sprint(s.figures); got != want {
			t.Errorf("%v is shown as %s, not %s", counts, got, want)
		}
	}
}
