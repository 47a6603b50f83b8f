package referrals

import (
	"fmt"
	"strings"
	"time"
)

// Hours are weekly duty hours: "Mon-Fri 09:00-17:00". The zero value means always.
type Hours struct {
	days       [7]bool
	from, till int // minutes of the day
	set        bool
}

var weekdays = map[string]time.Weekday{
	"Sun": time.Sunday, "Mon": time.Monday, "Tue": time.Tuesday, "Wed": time.Wednesday,
	"Thu": time.Thursday, "Fri": time.Friday, "Sat": time.Saturday,
}

// ParseHours reads "Mon-Fri 09:00-17:00" or "Sun 10:00-14:00". Days may wrap around the
// week ("Sun-Thu"); hours may end at 24:00 and may not wrap around midnight.
func ParseHours(s string) (Hours, error) {
	wrong := fmt.Errorf("duty hours %q: write them like \"Mon-Fri 09:00-17:00\"", s)
	parts := strings.Fields(s)
	if len(parts) != 2 {
		return Hours{}, wrong
	}
	first, last, isRange := strings.Cut(parts[0], "-")
	if !isRange {
		last = first
	}
	a, okA := weekdays[first]
	b, okB := weekdays[last]
	from, till, _ := strings.Cut(parts[1], "-")
	h := Hours{from: minuteOf(from), till: minuteOf(till), set: true}
	if !okA || !okB || h.from < 0 || h.till <= h.from {
		return Hours{}, wrong
	}
	for d := a; ; d = (d + 1) % 7 {
		h.days[d] = true
		if d == b {
			return h, nil
		}
	}
}

// minuteOf is the minute of the day that "09:30" names, 1440 for "24:00", or -1.
func minuteOf(s string) int {
	if s == "24:00" {
		return 24 * 60
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return -1
	}
	return t.Hour()*60 + t.Minute()
}

// Contain says whether t, in its own location, lies in the duty hours.
func (h Hours) Contain(t time.Time) bool {
	if !h.set {
		return true
	}
	m := t.Hour()*60 + t.Minute()
	return h.days[t.Weekday()] && m >= h.from && m < h.till
}

// clockChange is more than any zone moves its clocks at once.
const clockChange = 3 * time.Hour

// Next is t itself within the duty hours, else the first minute of them after t in t's location. Where
// clocks change it is the first minute that really comes: hours that are jumped over begin late
// or not at all, and of an hour that comes twice the first counts.
func (h Hours) Next(t time.Time) time.Time {
	for !h.Contain(t) {
		// Wall clock and elapsed time differ across a change of clocks, so the last hours before the
		// beginning are walked minute by minute.
		t = t.Truncate(time.Minute).Add(max(h.until(t)-clockChange, time.Minute))
	}
	return t
}

// End is when the duty hours that contain t end: the first minute after t that they do not contain. It says false when they never
// end.
func (h Hours) End(t time.Time) (time.Time, bool) {
	const week = 8 * 24 * 60
	if !h.set {
		return t, false
	}
	t = t.Truncate(time.Minute)
	for range week {
		if t = t.Add(time.Minute); !h.Contain(t) {
			return t, true
		}
	}
	return t, false
}

// until is how far the wall clock is from the next beginning of the duty hours after t.
func (h Hours) until(t time.Time) time.Duration {
	for day := range 8 {
		m := (day*24*60 + h.from) - (t.Hour()*60 + t.Minute())
		if h.days[(int(t.Weekday())+day)%7] && m > 0 {
			return time.Duration(m) * time.Minute
		}
	}
	return 0
}
