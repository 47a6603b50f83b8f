package i18n

import (
	"fmt"
	"strings"
	"time"
)

// List joins items as the language does: "a, b and c". Items are plain text, treated like values in Text.
func (c *Catalogue) List(lang string, items []string) string {
	t := c.tongue(lang)
	words := &t.locale.list
	var b strings.Builder
	for i, item := range items {
		switch {
		case i == 0:
		case i < len(items)-1:
			b.WriteString(words.Middle)
		default:
			b.WriteString(words.end(item))
		}
		writeValue(&b, item, t.rtl)
	}
	return b.String()
}

// end gives the word before the last item; in Spanish it depends on how that item sounds.
func (w *listWords) end(item string) string {
	lower := strings.ToLower(item)
	if hasPrefix(lower, w.SoftBefore) && !hasPrefix(lower, w.SoftExcept) {
		return w.SoftEnd
	}
	return w.End
}

func hasPrefix(s string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// Time writes a moment to the minute as it is at a place: "21 November 2026, 14:03 (Lima time)". The place
// is the city of the time zone's name; UTC, Local and zones without a city are written as UTC.
func (c *Catalogue) Time(lang string, at time.Time, loc *time.Location) string {
	t := c.tongue(lang)
	city := cityOf(loc)
	if city == "" {
		loc = time.UTC
	}
	at = at.In(loc)
	day := fmt.Sprint(at.Day())
	if at.Day() == 1 && t.locale.firstDay != "" {
		day = t.locale.firstDay
	}
	// Nothing here needs isolation: numbers, a month in the language, and a clock, which stays in order.
	date, _ := t.locale.date.render(map[string]any{"Day": day, "Month": t.locale.months[at.Month()-1],
		"Year": at.Year(), "Clock": at.Format("15:04")}, false, "")
	if city == "" {
		text, _ := t.locale.utc.render(map[string]any{"Date": date}, false, "")
		return text
	}
	if t.rtl {
		city = isolated(city)
	}
	text, _ := t.locale.zone.render(map[string]any{"Date": date, "City": city}, false, "")
	return text
}

// cityOf takes the city from a zone's name such as America/Argentina/Buenos_Aires.
func cityOf(loc *time.Location) string {
	if loc == nil {
		return ""
	}
	name := loc.String()
	area := strings.LastIndexByte(name, '/')
	if area < 0 || strings.HasPrefix(name, "Etc/") {
		return ""
	}
	return strings.ReplaceAll(name[area+1:], "_", " ")
}

// Duration writes a length of time in words, rounded to its one or two largest units: "10 minutes",
// "1 hour and 30 minutes", "3 days". Up to two days are counted in hours. Less than nothing is nothing.
func (c *Catalogue) Duration(lang string, d time.Duration) string {
	t := c.tongue(lang)
	var parts []string
	for _, part := range split(d) {
		forms := t.locale.durations[part.unit]
		args := map[string]any{"Count": part.count}
		text, _ := forms.choose(t.tag, args).render(args, t.rtl, "")
		parts = append(parts, text)
	}
	return c.List(lang, parts)
}

// Within writes a limit: "within 10 minutes".
func (c *Catalogue) Within(lang string, d time.Duration) string {
	t := c.tongue(lang)
	text, _ := t.locale.within.render(map[string]any{"Duration": c.Duration(lang, d)}, false, "")
	return text
}

// amount is so many of a unit.
type amount struct {
	unit  string
	count int
}

// split takes a duration apart into its largest unit and, if any is left, the next one.
func split(d time.Duration) []amount {
	sizes := []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second}
	d = max(0, d)
	for i, size := range sizes {
		if d < size || size > time.Hour && d < 2*size {
			continue
		}
		parts := []amount{{units()[i], int(d / size)}}
		if i+1 < len(sizes) && d%size >= sizes[i+1] {
			parts = append(parts, amount{units()[i+1], int(d % size / sizes[i+1])})
		}
		return parts
	}
	return []amount{{"seconds", 0}}
}
