package flows

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSilentHoursEnd(t *testing.T) {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	night := Quiet{From: 22, To: 7}
	tests := map[string]struct {
		q         Quiet
		at, until time.Time // zero: no silent hours
	}{
		"in the evening":        {night, at(21, 23, 30), at(22, 7, 0)},
		"as they begin":         {night, at(21, 22, 0), at(22, 7, 0)},
		"after midnight":        {night, at(22, 6, 59), at(22, 7, 0)},
		"as they end":           {night, at(22, 7, 0), time.Time{}},
		"at noon":               {night, at(21, 12, 0), time.Time{}},
		"none set":              {Quiet{}, at(21, 0, 30), time.Time{}},
		"by day":                {Quiet{From: 9, To: 17}, at(21, 12, 0), at(21, 17, 0)},
		"east of Greenwich":     {Quiet{From: 22, To: 7, East: 345}, at(21, 16, 30), at(22, 1, 15)}, // Nepal: 22:15 there
		"still evening there":   {Quiet{From: 22, To: 7, East: 345}, at(21, 16, 0), time.Time{}},
		"west of Greenwich":     {Quiet{From: 22, To: 7, East: -300}, at(21, 3, 0), at(21, 12, 0)}, // Lima: 22:00 the day before
		"the end of the month":  {night, at(30, 23, 0), time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC)},
		"at midnight they end":  {Quiet{From: 20, To: 0}, at(21, 23, 59), at(22, 0, 0)},
		"and not a moment more": {Quiet{From: 20, To: 0}, at(22, 0, 0), time.Time{}},
	}
	for name, tt := range tests {
		until, quiet := tt.q.Until(tt.at)
		if quiet != !tt.until.IsZero() || !until.Equal(tt.until) {
			t.Errorf("%s: quiet %v until %v, want until %v", name, quiet, until, tt.until)
		}
	}
}

// Whatever the hours, they end within a day, at the hour they should by the person's clock, and are over then.
func TestSilentHoursAreOverAtTheirEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Quiet{From: rapid.IntRange(0, 23).Draw(t, "from"), To: rapid.IntRange(0, 23).Draw(t, "to"),
			East: 15 * rapid.IntRange(-48, 56).Draw(t, "east")}
		at := noon.Add(time.Duration(rapid.IntRange(0, 3*24*3600).Draw(t, "at")) * time.Second)
		until, quiet := q.Until(at)
		if !quiet {
			return
		}
		local := until.In(time.FixedZone("", q.East*60))
		if !until.After(at) || until.Sub(at) > 24*time.Hour || local.Hour() != q.To || local.Minute() != 0 {
			t.Fatalf("%+v at %v ends at %v", q, at, until)
		}
		if _, still := q.Until(until); still {
			t.Fatalf("%+v is quiet at its end %v", q, until)
		}
	})
}

// Who wants nothing written first is not promised a message.
func TestWhatIsPromisedOnceACaseIsSent(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	for key, tt := range map[string]struct {
		quiet Quiet
		reach string
	}{
		"page.sent_threat":         {Quiet{From: 22, To: 7}, "here"},
		"page.unsaid_threat":       {Quiet{Never: true}, "here"},
		"page.unsaid_threat ":      {Quiet{}, "none"},
		"page.sent_threat phone":   {Quiet{}, "phone"},
		"page.sent_threat nowhere": {Quiet{}, ""},
	} {
		want, _, _ := strings.Cut(key, " ")
		notes := e.Sent(Session{Quiet: tt.quiet}, Case{Code: "AAAA-2222", Flow: FlowThreat, Reach: tt.reach, SentAt: noon}).Screen.Notes
		if !slices.ContainsFunc(notes, func(n Text) bool { return n.Key == want }) {
			t.Errorf("%+v: %+v", tt, notes)
		}
	}
}
