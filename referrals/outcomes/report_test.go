package outcomes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"defenderline/referrals"
)

// november is the period of the tests: from a Sunday to a Monday.
var november = Period{From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}

func lineDesks() []Desk {
	return []Desk{{ID: "lima", Name: "Lima", Kind: referrals.MissionDesk}, {ID: "headquarters", Name: "Human Rights Desk", Kind: referrals.HeadquartersDesk},
		{ID: "fld", Name: "Front Line", Kind: referrals.NGODesk}, {ID: "pbi", Name: "Brigades", Kind: referrals.NGODesk}, {ID: "gone", Name: "gone", Kind: referrals.MissionDesk, Gone: true}}
}

// life is the lines of a case at a desk: "3d2h offered; +1h claimed; +2h accepted api; ...", the first being when it began.
func life(t testing.TB, desk, code string, lane referrals.Lane, text string) []referrals.Line {
	t.Helper()
	var lines []referrals.Line
	at := november.From
	for i, step := range strings.Split(text, "; ") {
		words := strings.Fields(step)
		after, err := time.ParseDuration(words[0])
		if err != nil {
			t.Fatal(err)
		}
		at = at.Add(after)
		l := referrals.Line{Desk: desk, Code: code, Lane: lane, State: referrals.State(words[1]), At: at, Begins: i == 0, Since: at}
		if i > 0 {
			l.Since = lines[0].At
		}
		for _, w := range words[2:] {
			if w == "clock" {
				l.Way = referrals.ByClock
			} else {
				l.Why = w
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// often counts the same life of so many cases.
func often(t testing.TB, c *Count, n int, desk, prefix string, lane referrals.Lane, text string) {
	for i := range n {
		code := fmt.Sprintf("%sAA-AA%s%s", prefix, string("ABCDEFGHJK"[i/10]), string("ABCDEFGHJK"[i%10]))
		if slices.Contains([]string{"fld", "pbi"}, desk) {
			code += "-1"
		}
		for _, l := range life(t, desk, code, lane, text) {
			c.Line(l)
		}
	}
}

// shown is a table in words.
func shown(t *Table) string {
	var b strings.Builder
	fmt.Fprintln(&b, t.Name, strings.Join(t.Columns, " "))
	for _, r := range t.Rows {
		fmt.Fprintln(&b, r.ID, strings.Trim(fmt.Sprint(r.Figures), "[]"))
	}
	return b.String()
}

func want(t *testing.T, of *Table, rows ...string) {
	t.Helper()
	got := strings.Split(strings.TrimSpace(shown(of)), "\n")[1:]
	if !slices.Equal(got, rows) {
		t.Errorf("%s\n got %q\nwant %q", of.Name, got, rows)
	}
}

func TestAMonthIsCounted(t *testing.T) {
	c := New(november, lineDesks())
	often(t, c, 10, "lima", "AB", referrals.Emergency, "24h alerted; 10m acknowledged; 48h closed met")
	often(t, c, 8, "lima", "AC", referrals.Routine, "200h alerted; 10m alerted clock; 20m silent clock")
	often(t, c, 8, "headquarters", "AC", referrals.Routine, "201h alerted; 40m acknowledged; 1h alerted; 1h acknowledged")
	often(t, c, 9, "fld", "AB", referrals.Emergency, "24h offered; 5m claimed; 15m accepted; 200h completed relocated")
	often(t, c, 7, "fld", "AD", referrals.Urgent, "400h offered; 30m expired clock")
	often(t, c, 7, "pbi", "AD", referrals.Urgent, "401h offered; 10m declined capacity")
	often(t, c, 6, "gone", "AE", referrals.Urgent, "600h offered; 10m claimed; 1h returned safety")
	for _, k := range []referrals.LineKind{referrals.LineAsked, referrals.LineAgreed, referrals.LineRefused, "of a newer version"} { // no moves
		c.Line(referrals.Line{Kind: k, Desk: "lima", Code: "ABAA-AAAA", Lane: referrals.Routine, Why: "fld", At: november.From.Add(99 * time.Hour)})
	}
	r := c.Report()
	want(t, &r.Cases, "2026-W44 <5 <5 <5 <5", "2026-W45 10 10 <5 <5", "2026-W46 8 <5 <5 8", "2026-W47 7 <5 7 <5", "2026-W48 6 <5 6 <5", "2026-W49 <5 <5 <5 <5", "total 31 10 13 8")
	want(t, &r.Missions, "lima 18 10 <5 8 10 8 10 <5 8 8 8", "headquarters 8 <5 <5 8 8 <5 <5 <5 8 <5 <5", "total 26 10 <5 16 18 8 10 <5 16 8 8")
	want(t, &r.NGOs, "fld 16 9 7 <5 9 9 <5 7 <5 <5 <5", "pbi 7 <5 7 <5 <5 <5 7 <5 <5 <5 <5", "gone 6 <5 6 <5 <5 <5 <5 <5 6 <5 <5", "total 29 9 20 <5 9 9 7 7 6 <5 <5")
	want(t, &r.Reasons, "capacity 7 <5", "mandate <5 <5", "country <5 <5", "language <5 <5", "safety <5 6", "duplicate <5 <5", "other <5 <5", "total 7 6")
	lima := r.Outcomes.Rows[0]
	if got := fmt.Sprint(lima.ID, r.Outcomes.column(lima, "total"), r.Outcomes.column(lima, "met"), r.Outcomes.column(lima, "relocated")); got != "lima10 10 <5" {
		t.Errorf("outcomes of lima: %s", got)
	}
	if len(r.Reached.Rows) != 0 || r.Pages.String() != "<5" || r.Unread != 0 {
		t.Errorf("%s, pages %s, unread %d", shown(&r.Reached), r.Pages, r.Unread)
	}
	if got := fmt.Sprint(r.Acknowledge[0].Median, r.Acknowledge[1].P95, r.Acknowledge[5].Median, r.Accept[0].Median, r.Accept[1].Shown); got != "10m0s 0s 10m0s 20m0s false" {
		t.Errorf("times: %s", got)
	}
}

// TestWhatACaseIs has each way in which a line could be counted wrongly, five times over.
func TestWhatACaseIs(t *testing.T) {
	for name, tt := range map[string]struct {
		desk, text, column, want string
	}{
		"closed without a word is acknowledged then": {"lima", "1h alerted; 1h closed met", "acknowledged", "5"},
		"withdrawn before the desk heard of it":      {"lima", "1h withdrawn", "total", "<5"},
		"begun before":                               {"lima", "-1h alerted; 2h acknowledged", "acknowledged", "<5"},
		"acknowledged only after the end":            {"lima", "719h alerted; 2h acknowledged", "never_acknowledged", "5"},
		"still open then":                            {"lima", "719h alerted; 2h closed met", "open", "5"},
		"after the end":                              {"lima", "720h alerted", "total", "<5"},
		"handed over is no escalation":               {"lima", "1h alerted; 1m alerted", "escalations", "<5"},
		"a rung's silence is":                        {"lima", "1h alerted; 1m alerted clock", "escalations", "5"},
		"taken back from a claim":                    {"fld", "1h offered; 1m claimed; 1m withdrawn", "withdrawn", "5"},
		"offered again after more time":              {"fld", "1h offered; 1m claimed; 1m claimed; 1m accepted", "open", "5"},
		"completed is accepted":                      {"fld", "1h offered; 1m claimed; 1m accepted; 1m completed met", "accepted", "5"},
	} {
		c := New(november, lineDesks())
		often(t, c, 5, tt.desk, "AB", referrals.Urgent, tt.text)
		r := c.Report()
		of := &r.Missions
		if tt.desk == "fld" {
			of = &r.NGOs
		}
		if got := of.column(of.Rows[0], tt.column); got.String() != tt.want {
			t.Errorf("%s: %s is %s\n%s", name, tt.column, got, shown(of))
		}
	}
}

func TestWhatHappensIsCountedWhenItHappens(t *testing.T) {
	c := New(november, lineDesks())
	often(t, c, 6, "lima", "AB", referrals.Urgent, "-900h alerted; 1h acknowledged; 910h closed raised_private")
	often(t, c, 7, "fld", "AC", referrals.Urgent, "-900h offered; 1h claimed; 910h declined safety")
	often(t, c, 5, "fld", "AD", referrals.Urgent, "-900h offered; 1h claimed; 1h accepted; 910h completed other_words")
	for range 2 {
		for i := range 5 {
			c.Line(referrals.Line{Kind: referrals.LinePaged, Code: fmt.Sprint("AAAA-AAA", i), At: november.From})
			c.Line(referrals.Line{Kind: referrals.LineReached, Desk: "fld", Code: fmt.Sprint("AAAA-AAA", i), Why: "not_yet", At: november.From})
		}
	}
	for i := range 5 {
		c.Line(referrals.Line{Kind: referrals.LineReached, Desk: "fld", Code: fmt.Sprint("AAAA-AAA", i), Why: "yes", At: november.From.Add(time.Hour)})
	}
	c.Refusal(referrals.Refusal{Kind: referrals.RefusedCode, N: 12, At: november.From})
	c.Refusal(referrals.Refusal{Kind: referrals.RefusedTwice, N: 12, At: november.To})
	c.Unread(3)
	r := c.Report()
	outcome := func(row int, name string) string { return r.Outcomes.column(r.Outcomes.Rows[row], name).String() }
	if outcome(0, "raised_private") != "6" || outcome(2, "unknown") != "5" || outcome(4, "total") != "11" {
		t.Error(shown(&r.Outcomes))
	}
	want(t, &r.Reached, "fld 5 5 <5 <5", "total 5 5 <5 <5")
	if r.Pages.String() != "5" || r.Unread != 3 || r.Reasons.Rows[4].Figures[0].String() != "7" || r.Refused.Rows[0].Figures[0].String() != "12" ||
		r.Refused.Rows[9].Figures[0].String() != "12" || len(r.Acknowledge) != 6 || r.Acknowledge[0].Shown {
		t.Errorf("pages %s, unread %d\n%s%s", r.Pages, r.Unread, shown(&r.Reasons), shown(&r.Refused))
	}
}

// anyLines draws the lines of some cases that reach several desks, and end as cases do.
func anyLines(t *rapid.T) *Count {
	desks := lineDesks()[:rapid.IntRange(1, 5).Draw(t, "desks")]
	c := New(november, desks)
	lives := map[bool][]string{
		false: {"1h alerted", "1h alerted; 5m acknowledged", "1h alerted; 5m alerted clock; 5m silent clock", "1h alerted; 5m acknowledged; 9h closed met",
			"1h alerted; 5m closed visited", "1h alerted; 5m withdrawn"},
		true: {"1h offered", "1h offered; 5m claimed; 9m accepted; 9h completed funded", "1h offered; 5m claimed; 9m declined capacity", "1h offered; 5m expired clock",
			"1h offered; 5m claimed; 9m accepted; 9h returned safety", "1h offered; 5m claimed; 9m withdrawn"},
	}
	groups := rapid.IntRange(1, 12).Draw(t, "groups")
	for g := range groups {
		d := desks[rapid.IntRange(0, len(desks)-1).Draw(t, "desk")]
		ngo := d.Kind == referrals.NGODesk
		text := rapid.SampledFrom(lives[ngo]).Draw(t, "life")
		lane := rapid.SampledFrom(lanes()).Draw(t, "lane")
		day := rapid.IntRange(-3, 29).Draw(t, "day")
		for i := range rapid.IntRange(1, 9).Draw(t, "cases") {
			code := fmt.Sprintf("AAA%c-AAA%c", "ABCDEFGHJKLM"[g%rapid.IntRange(1, 12).Draw(t, "same")], "ABCDEFGHJKLM"[i])
			if ngo {
				code += fmt.Sprint("-", g+1)
			}
			for _, l := range life(&testing.T{}, d.ID, code, lane, text) {
				l.At, l.Since = l.At.AddDate(0, 0, day), l.Since.AddDate(0, 0, day)
				c.Line(l)
			}
		}
	}
	for i := range rapid.IntRange(0, 9).Draw(t, "pages") {
		c.Line(referrals.Line{Kind: referrals.LinePaged, Code: fmt.Sprint("AAAA-AAA", i), At: november.From})
		c.Line(referrals.Line{Kind: referrals.LineReached, Desk: desks[0].ID, Code: fmt.Sprint("AAAA-AAA", i), Why: answers()[i%3], At: november.From})
	}
	return c
}

// TestNoSmallCountOfAReportCanBeComputed is the promise of the package.
func TestNoSmallCountOfAReportCanBeComputed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyLines(t).make()
		if found := givenAway(&m.sheet); len(found) > 0 {
			t.Fatalf("gives away %q\n%s%s%s%s", found, shown(&m.r.Cases), shown(&m.r.Missions), shown(&m.r.NGOs), shown(&m.r.Outcomes))
		}
	})
}

// TestASheetIsTrue proves that the sums which the attacker is given hold: a wrong one would prove nothing.
func TestASheetIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyLines(t).make()
		for _, s := range m.sums {
			n := 0
			for _, p := range s.parts {
				n += p.n
			}
			if n != s.total.n || s.off != 0 {
				t.Fatalf("%d is said to be %d", s.total.n, n)
			}
		}
		for _, of := range m.r.Tables() {
			for _, r := range of.Rows {
				if len(r.Figures) != len(of.Columns) {
					t.Fatalf("%s", shown(of))
				}
			}
		}
		if len(m.sums) < 40 {
			t.Fatalf("only %d sums are said", len(m.sums))
		}
	})
}

func TestTimesAreShownOfEnough(t *testing.T) {
	for n, want := range map[int]string{4: "false false 0s 0s", 5: "true false 3m0s 0s", 19: "true false 10m0s 0s", 20: "true true 11m0s 19m0s 5m0s 15m0s"} {
		d := &tally{cases: map[string]*course{}}
		for i := range n {
			d.cases[fmt.Sprint(i)] = &course{taken: time.Duration(i+1) * time.Minute, known: true}
		}
		is := d.summary()
		got := fmt.Sprint(is.Shown, " ", is.Spread, " ", is.Median, " ", is.P95)
		if is.Spread {
			got += fmt.Sprint(" ", is.Lower, " ", is.Upper)
		}
		if got != want {
			t.Errorf("%d: %s, not %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]time.Duration{-time.Second: 0, 754 * time.Second: 13 * time.Minute, 99 * time.Second: 99 * time.Second,
		12_499 * time.Millisecond: 12 * time.Second, 185 * time.Minute: 186 * time.Minute, 71 * time.Hour: 72 * time.Hour} {
		if got := rounded(d); got != want {
			t.Errorf("%v is shown as %v, not %v", d, got, want)
		}
	}
}

func TestAFigureSaysWhatItMay(t *testing.T) {
	s := &sheet{}
	some := []*Figure{s.count(0), s.count(4), s.count(5), s.count(1234)}
	s.add(some[3], some[2], unseen(1229))
	s.protect()
	some[3].shown = false
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	lines.SetEscapeHTML(false)
	err := lines.Encode(some)
	if text := strings.TrimSpace(out.String()); err != nil || text != `["<5","<5",5,"5+"]` {
		t.Fatalf("%s %v", text, err)
	}
}

func BenchmarkAYearOfManyDesks(b *testing.B) {
	var desks []Desk
	for i := range 250 {
		desks = append(desks, Desk{ID: fmt.Sprint("m", i), Kind: []referrals.Kind{referrals.MissionDesk, referrals.NGODesk}[i%2]})
	}
	year := Period{From: november.From.AddDate(-1, 0, 0), To: november.To}
	for b.Loop() {
		c := New(year, desks)
		for i := range 20_000 {
			d := desks[i*i%250]
			text := "1h alerted; 5m acknowledged; 9h closed " + referrals.Outcomes()[i%7]
			if d.Kind == referrals.NGODesk {
				text = "1h offered; 5m claimed; 9m accepted; 9h completed " + referrals.Outcomes()[i%9]
			}
			for _, l := range life(b, d.ID, fmt.Sprintf("%04d-%04d-1", i/10000, i%10000), lanes()[i%3], text) {
				l.At, l.Since = l.At.AddDate(0, 0, -i%365), l.Since.AddDate(0, 0, -i%365)
				c.Line(l)
			}
		}
		c.Report()
	}
}
