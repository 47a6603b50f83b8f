package flows

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// plain renders a key with its arguments, so that a test sees both.
type plain struct{}

func (plain) Text(lang, key string, args map[string]any) string {
	words := []string{lang + ":" + key}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		words = append(words, fmt.Sprintf("%s=%v", name, args[name]))
	}
	return strings.Join(words, " ")
}

func (plain) CountryName(_, code string) string { return "<" + code + ">" }

func (plain) List(_ string, items []string) string { return strings.Join(items, " & ") }

// dated can also write times.
type dated struct{ plain }

func (dated) Time(lang string, at time.Time, _ *time.Location) string {
	return lang + " " + at.Format(time.Kitchen)
}

func (dated) Duration(lang string, d time.Duration) string { return lang + " " + d.String() }

// TestViewText proves the order of what is said, and how each kind of argument is said.
func TestViewText(t *testing.T) {
	s := Screen{
		Notes: []Text{{Key: "note.a", Args: map[string]any{"Desk": Verbatim("Lima"), "Time": noon, "Count": 2}}},
		Step:  2, Steps: 6,
		Ask: Text{Key: "ask.b", Args: map[string]any{"Country": Country("PE"), "Flow": Text{Key: "flow.c"}, "Word": "w", "Odd": 1.5, "Long": time.Hour}},
		Lines: []Text{{Key: "line.d", Args: map[string]any{"Value": []any{Country("PE"), Text{Key: "value.e"}, Verbatim("F")}}},
			{Key: "line.g", Args: map[string]any{"Own": Language("es")}}, {Key: "line.h", Args: map[string]any{"All": Everywhere{"key", []string{"es", "en", "es"}}}}},
	}
	want := `en:note.a Count=2 Desk=Lima Time=2026-11-20 12:00 UTC

en:review.progress Step=2 Steps=6
en:ask.b Country=<PE> Flow=en:flow.c Long=1h0m0s Odd=1.5 Word=w

en:line.d Value=<PE> & en:value.e & F
en:line.g Own=es:button.language_name
en:line.h All=es:key · en:key`
	if got := s.View("en", plain{}).Text; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s.Optional = true
	if got := s.View("en", plain{}).Text; !strings.Contains(got, "\n\nen:review.optional\nen:ask.b") || strings.Contains(got, "progress") {
		t.Errorf("a question that can be left out is shown as\n%s", got)
	}
	if got := s.Notes[0].Text("fr", dated{}); !strings.Contains(got, "Time=fr 12:00PM") {
		t.Errorf("a catalogue that can write times was not asked: %s", got)
	}
	if got := s.Ask.Text("fr", dated{}); !strings.Contains(got, "Long=fr 1h0m0s") {
		t.Errorf("a catalogue that can write durations was not asked: %s", got)
	}
}

// TestViewButtons proves what stands behind and on a button, and that long labels do not share a row.
func TestViewButtons(t *testing.T) {
	long := Verbatim(strings.Repeat("ñ", maxPair+1))
	s := Screen{Turn: 36, Rows: [][]Button{
		{{Field: "urgency", Value: "now", Label: Verbatim("Now"), Checked: true}, {Field: "urgency", Value: "week", Label: Country("PE")}},
		{{Field: "a", Value: "b", Label: long}, {Label: Verbatim("Page"), URL: "https://example.org"}},
	}}
	want := [][]ViewButton{
		{{Label: "✓ Now", Data: "urgency:now#10"}, {Label: "<PE>", Data: "urgency:week#10"}},
		{{Label: string(long), Data: "a:b#10"}},
		{{Label: "Page", URL: "https://example.org"}},
	}
	got := s.View("en", plain{}).Rows
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("row %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

// TestViewFits proves that a text is never longer than a message may be, and says what is not shown.
func TestViewFits(t *testing.T) {
	line := Text{Key: strings.Repeat("😀", 200)} // 400 UTF-16 units
	s := Screen{Ask: Text{Key: "ask"}}
	for range 30 {
		s.Lines = append(s.Lines, line)
	}
	got := s.View("en", plain{}).Text
	if n := len(utf16.Encode([]rune(got))); n > MaxText || n < MaxText-1000 {
		t.Errorf("%d units, want at most %d and not much less", n, MaxText)
	}
	shown := strings.Count(got, "en:"+line.Key)
	if !strings.HasSuffix(got, fmt.Sprintf("review.cut Count=%d", 30-shown)) || shown < 8 {
		t.Errorf("%d of 30 lines shown, and the end says %q", shown, got[len(got)-40:])
	}
	s = Screen{Ask: Text{Key: strings.Repeat("😀", 3000)}}
	got = s.View("en", plain{}).Text
	if n := len(utf16.Encode([]rune(got))); n > MaxText || !strings.HasSuffix(got, "…") {
		t.Errorf("a question that is too long by itself has %d units", n)
	}
}

// TestIrreversibleStandsApart proves that what cannot be taken back shares its row with nothing and comes last of
// the answers, and that Back is always first and Stop second in the last row.
func TestIrreversibleStandsApart(t *testing.T) {
	e := newEngine(t, fakeDirectory{languages: []string{"en", "es"}, many: true})
	found := map[string]bool{}
	for _, s := range append(everyState(e), Session{Draft: Draft{Flow: FlowHome, At: atMenu, Items: []Item{{Text: "words"}}}}) {
		rows := e.Show(s).Screen.Rows
		for i, row := range rows {
			for _, b := range row {
				data := b.Field + ":" + b.Value
				if !slices.Contains(irreversible, data) {
					continue
				}
				found[data] = true
				if len(row) > 1 {
					t.Errorf("%s/%s: %s shares its row", s.Draft.Flow, s.Draft.At, data)
				}
				for _, below := range rows[i+1:] {
					if below[0].Field != "nav" && !slices.Contains(irreversible, below[0].Field+":"+below[0].Value) {
						t.Errorf("%s/%s: %s:%s stands below %s", s.Draft.Flow, s.Draft.At, below[0].Field, below[0].Value, data)
					}
				}
			}
			for n, b := range row {
				if place := map[string]int{"back": 0, "cancel": 1}; b.Field == "nav" && (i < len(rows)-1 || n != place[b.Value]) && (b.Value == "back" || b.Value == "cancel") {
					t.Errorf("%s/%s: %s stands in row %d of %d at %d", s.Draft.Flow, s.Draft.At, b.Value, i+1, len(rows), n+1)
				}
			}
		}
	}
	if len(found) != len(irreversible) {
		t.Errorf("only %v were found", found)
	}
}
