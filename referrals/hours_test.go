package referrals

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same wherever the tests run

	"pgregory.net/rapid"
)

func mustHours(t testing.TB, s string) Hours {
	t.Helper()
	h, err := ParseHours(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestParseHoursRefuses(t *testing.T) {
	for _, s := range []string{
		"", "Mon", "Mon-Fri", "09:00-17:00", "Mon-Fri 17:00-09:00", "Mon-Fri 09:00-09:00", "Mon-Fri 09:00", "Mo-Fr 09:00-17:00",
		"mon-fri 09:00-17:00", "Mon-Fri 09:00-25:00", "Mon-Fri 9-17", "Mon-Fri-Sun 09:00-17:00", "Mon,Tue 09:00-17:00",
		"Mon-Fri 09:00-17:00 UTC", "Mon-Fri 09:00-17:00-18:00", "Mon-Fri 24:00-24:00", "Mon-Fri -09:00-17:00", "- 09:00-17:00",
	} {
		if h, err := ParseHours(s); err == nil || h != (Hours{}) {
			t.Errorf("%q: %+v, %v", s, h, err)
		}
	}
}

// TestHoursContain names weekdays by their date: 1 March 2026 is a Sunday.
func TestHoursContain(t *testing.T) {
	for _, tt := range []struct {
		hours, at string
		want      bool
	}{
		{"Mon-Fri 09:00-17:00", "2026-03-02 09:00:00", true}, {"Mon-Fri 09:00-17:00", "2026-03-02 08:59:59", false},
		{"Mon-Fri 09:00-17:00", "2026-03-06 16:59:59", true}, {"Mon-Fri 09:00-17:00", "2026-03-06 17:00:00", false},
		{"Mon-Fri 09:00-17:00", "2026-03-07 12:00:00", false}, {"Mon-Fri 09:00-17:00", "2026-03-01 12:00:00", false},
		{"Sun-Thu 08:00-15:30", "2026-03-01 08:00:00", true}, {"Sun-Thu 08:00-15:30", "2026-03-05 15:29:00", true},
		{"Sun-Thu 08:00-15:30", "2026-03-06 10:00:00", false}, {"Sun-Thu 08:00-15:30", "2026-03-07 10:00:00", false},
		{"Fri-Mon 10:00-12:00", "2026-03-01 11:00:00", true}, {"Fri-Mon 10:00-12:00", "2026-03-03 11:00:00", false},
		{"Sat 10:00-12:00", "2026-03-07 10:00:00", true}, {"Sat 10:00-12:00", "2026-03-01 10:00:00", false},
		{"Mon-Sun 00:00-24:00", "2026-03-04 23:59:59", true}, {"Mon-Sun 00:00-24:00", "2026-03-04 00:00:00", true},
		{"  Mon-Fri   09:00-17:00 ", "2026-03-02 09:00:00", true}, {"Mon 9:00-17:00", "2026-03-02 09:00:00", true},
	} {
		at, err := time.Parse(time.DateTime, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := mustHours(t, tt.hours).Contain(at); got != tt.want {
			t.Errorf("%q at %s: %v", tt.hours, tt.at, got)
		}
	}
}

func TestZeroHoursAreAlways(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0)
		if !(Hours{}).Contain(at) || !(Hours{}).Next(at).Equal(at) {
			t.Errorf("%s is not within always", at)
		}
	})
}

// TestHoursNextAcrossClockChanges has the nights on which a day has no midnight, no 02:30 or two of them.
func TestHoursNextAcrossClockChanges(t *testing.T) {
	for _, tt := range []struct{ zone, hours, at, want string }{
		{"America/Lima", "Mon-Fri 09:00-17:00", "2026-03-06T22:00:00Z", "2026-03-09T14:00:00Z"}, // Friday 17:00
		{"Asia/Amman", "Sun-Thu 08:00-15:00", "2026-03-06T10:00:00Z", "2026-03-08T05:00:00Z"},
		{"Asia/Kathmandu", "Mon 09:15-10:00", "2026-03-02T00:00:00Z", "2026-03-02T03:30:00Z"},
		// Clocks go from Saturday 24:00 to Sunday 01:00: there is no midnight.
		{"America/Santiago", "Sun 09:00-17:00", "2026-09-05T20:00:00Z", "2026-09-06T12:00:00Z"},
		{"America/Santiago", "Mon-Fri 09:00-17:00", "2026-09-04T22:00:00Z", "2026-09-07T12:00:00Z"},
		{"America/Santiago", "Sun 00:00-17:00", "2026-09-05T20:00:00Z", "2026-09-06T04:00:00Z"},
		{"America/Havana", "Mon-Sun 00:00-06:00", "2026-03-07T20:00:00Z", "2026-03-08T05:00:00Z"},
		{"Africa/Cairo", "Fri 00:00-10:00", "2026-04-23T12:00:00Z", "2026-04-23T22:00:00Z"},
		{"Asia/Beirut", "Sun 00:30-10:00", "2026-03-28T12:00:00Z", "2026-03-28T22:00:00Z"},
		// There is no 02:30: the hours begin when the clock has jumped over it.
		{"America/New_York", "Sun 02:30-05:00", "2026-03-08T05:00:00Z", "2026-03-08T07:00:00Z"},
		{"Europe/Berlin", "Sun 02:30-05:00", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		// The only hour of the week does not take place.
		{"Europe/Berlin", "Sun 02:15-02:45", "2026-03-29T00:00:00Z", "2026-04-05T00:15:00Z"},
		// 02:30 comes twice: the first counts.
		{"Europe/Berlin", "Sun 02:30-05:00", "2026-10-24T20:00:00Z", "2026-10-25T00:30:00Z"},
		{"America/New_York", "Sun 01:30-05:00", "2026-11-01T00:00:00Z", "2026-11-01T05:30:00Z"},
		{"Australia/Lord_Howe", "Sun 02:00-05:00", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z"},
	} {
		at, errA := time.Parse(time.RFC3339, tt.at)
		want, errW := time.Parse(time.RFC3339, tt.want)
		if errA != nil || errW != nil {
			t.Fatal(errA, errW)
		}
		zone := mustZone(t, tt.zone)
		got := mustHours(t, tt.hours).Next(at.In(zone))
		if !got.Equal(want) || got.Location() != zone {
			t.Errorf("%s, %s from %s: %s, want %s", tt.zone, tt.hours, at.In(zone), got, want.In(zone))
		}
	}
}

// TestHoursNextIsTheFirst compares with a walk minute by minute.
func TestHoursNextIsTheFirst(t *testing.T) {
	days := []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
	zones := []string{"UTC", "America/Lima", "America/Santiago", "Africa/Cairo", "Asia/Kathmandu", "Europe/London", "Australia/Lord_Howe"}
	rapid.Check(t, func(rt *rapid.T) {
		day := rapid.SampledFrom(days)
		from := rapid.IntRange(0, 24*60-30).Draw(rt, "from")
		till := rapid.IntRange(from+1, 24*60).Draw(rt, "till")
		clock := func(m int) string {
			return string([]byte{byte('0' + m/600), byte('0' + m/60%10), ':', byte('0' + m%60/10), byte('0' + m%10)})
		}
		s := day.Draw(rt, "first") + "-" + day.Draw(rt, "last") + " " + clock(from) + "-" + clock(till)
		h := mustHours(t, s)
		at := time.Unix(rapid.Int64Range(1767225600, 1798761600).Draw(rt, "at"), 0).In(mustZone(t, rapid.SampledFrom(zones).Draw(rt, "zone")))
		next := h.Next(at)
		if next.Before(at) || !h.Contain(next) || next.Sub(at) > 15*24*time.Hour {
			rt.Fatalf("%s from %s: %s", s, at, next)
		}
		for m := next.Add(-time.Minute); !m.Before(at); m = m.Add(-time.Minute) {
			if h.Contain(m) {
				rt.Fatalf("%s from %s: %s, but %s is earlier", s, at, next, m)
			}
		}
	})
}

func FuzzParseHours(f *testing.F) {
	for _, s := range []string{"Mon-Fri 09:00-17:00", "Sun 10:00-24:00", "Fri-Mon 0:00-0:01", "- -", "Mon-Fri 99:99-00:00"} {
		f.Add(s)
	}
	sunday := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseHours(s)
		if err != nil {
			return
		}
		if next := h.Next(sunday); !h.Contain(next) || next.Before(sunday) || next.Sub(sunday) > 7*24*time.Hour {
			t.Fatalf("%q: next after %s is %s", s, sunday, next)
		}
	})
}

// TestHoursEnd asks until when: over a change of clocks, over days that follow on each other, and for ever.
func TestHoursEnd(t *testing.T) {
	for _, tt := range []struct{ hours, zone, at, want string }{
		{"Mon-Fri 09:00-17:00", "America/Lima", "2026-03-04 09:00", "2026-03-04 17:00"},
		{"Mon-Fri 09:00-17:00", "America/Lima", "2026-03-06 16:59", "2026-03-06 17:00"},
		{"Mon-Fri 00:00-24:00", "America/Lima", "2026-03-04 12:00", "2026-03-07 00:00"},
		{"Sun 00:00-04:00", "Europe/London", "2026-03-29 00:30", "2026-03-29 04:00"}, // an hour is missing
		{"Sun 00:00-01:30", "Europe/London", "2026-03-29 00:30", "2026-03-29 02:00"}, // and with it the end
		{"Sun 00:00-04:00", "Europe/London", "2026-10-25 00:30", "2026-10-25 04:00"}, // one comes twice
		{"Mon-Sun 00:00-24:00", "Europe/London", "2026-10-25 00:30", ""},
		{"", "Europe/London", "2026-10-25 00:30", ""},
	} {
		zone := mustZone(t, tt.zone)
		at, err := time.ParseInLocation("2006-01-02 15:04", tt.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		var h Hours
		if tt.hours != "" {
			h = mustHours(t, tt.hours)
		}
		end, ok := h.End(at.Add(30 * time.Second))
		if got := end.Format("2006-01-02 15:04"); ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%q at %s: %s %v, want %s", tt.hours, tt.at, got, ok, tt.want)
		}
	}
}

// TestRoutineOverAChangeOfClocks: the time runs by elapsed hours, and its begin and its end are the desk's own duty hours.
func TestRoutineOverAChangeOfClocks(t *testing.T) {
	london := mustZone(t, "Europe/London")
	d := &Desk{Kind: MissionDesk, Zone: london, Hours: mustHours(t, "Mon-Fri 09:00-17:00"), Ladder: []Rung{{Chat: 1, Within: time.Hour}}}
	for _, tt := range []struct{ at, until string }{
		{"2026-03-27 16:30", "2026-03-30 09:00"}, // clocks go forward on the Sunday between
		{"2026-10-23 18:00", "2026-10-26 10:00"}, // and back
		{"2026-10-23 15:00", "2026-10-23 16:00"},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", tt.at, london)
		if err != nil {
			t.Fatal(err)
		}
		if got := Due(d, 0, Routine, at).In(london).Format("2006-01-02 15:04"); got != tt.until {
			t.Errorf("from %s until %s, want %s", tt.at, got, tt.until)
		}
		if got := Due(d, 0, Emergency, at); !got.Equal(at.Add(time.Hour)) {
			t.Errorf("an emergency from %s until %s", tt.at, got)
		}
	}
}
