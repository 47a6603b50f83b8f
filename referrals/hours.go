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
// week ("Sun-Thu"); hours may not wrap around midnight.
func ParseHours(s string) (Hours, error) {
	wrong := fmt.Errorf("duty hours %q: write them like \"Mon-Fri 09:00-17:00\"", s)
	days, times, ok := strings.Cut(strings.TrimSpace(s), " ")
	first, last, isRange := strings.Cut(days, "-")
	if !isRange {
		last = first
	}
	a, okA := weekdays[first]
	b, okB := weekdays[last]
	from, till, okT := strings.Cut(times, "-")
	f, errF := time.Parse("15:04", from)
	t, errT := time.Parse("15:04", till)
	if !ok || !okA || !okB || !okT || errF != nil || errT != nil {
		return Hours{}, wrong
	}
	h := Hours{from: f.Hour()*60 + f.Minute(), till: t.Hour()*60 + t.Minute(), set: true}
	if h.till <= h.from {
		return Hours{}, wrong
	}
	for d := a; ; d = (d + 1) % 7 {
		h.days[d] = true
		if d == b {
			return h, nil
		}
	}
}

// Contain says whether t, in its own location, lies in the duty hours.
func (h Hours) Contain(t time.Time) bool {
	if !h.set {
		return true
	}
	m := t.Hour()*60 + t.Minute()
	return h.days[t.Weekday()] && m >= h.from && m < h.till
}

// Next is t itself within the duty hours, else the next beginning of them in t's location.
func (h Hours) Next(t time.Time) time.Time {
	for range 8 * 2 {
		if h.Contain(t) {
			return t
		}
		start := time.Date(t.Year(), t.Month(), t.Day(), h.from/60, h.from%60, 0, 0, t.Location())
		if h.days[t.Weekday()] && t.Before(start) {
			return start
		}
		t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
	}
	return t
}
