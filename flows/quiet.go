package flows

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Quiet is when the line must not write to a person by itself: between two hours of their day, or never.
type Quiet struct {
	// From and To are hours of the person's day: quiet begins at From and ends at To, on the next day where To is not later. The
	// same hour twice: at no time.
	From int `json:"f,omitempty"`
	To   int `json:"t,omitempty"`
	// East is how many minutes the person's clock is ahead of UTC.
	East int `json:"e,omitempty"`
	// Never says that the line must not write first at any time.
	Never bool `json:"n,omitempty"`
}

// Until is when the silent hours end that a time lies in; ok is false when it lies in none.
func (q Quiet) Until(at time.Time) (end time.Time, ok bool) {
	zone := time.FixedZone("", q.East*60)
	local := at.In(zone)
	hour := local.Hour()
	length, since := (q.To-q.From+24)%24, (hour-q.From+24)%24
	if since >= length {
		return time.Time{}, false
	}
	year, month, day := local.Date()
	return time.Date(year, month, day, hour+length-since, 0, 0, 0, zone).UTC(), true
}

// clockFor is how long the times that were offered as the person's own may be taken for the present one.
const clockFor = 10 * time.Minute

// clockRow is how many of them stand in a row.
const clockRow = 4

// oddClocks are those that differ from the others by less than an hour, in minutes east of Greenwich.
var oddClocks = []int{-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765}

// clocks are buttons with what time it may be where the person is now. That tells how far their clock is ahead, and not where
// they are.
func (t *turn) clocks() []Button {
	at := t.s.Draft.Begun.UTC()
	var buttons []Button
	if t.s.Draft.Page%2 == 1 {
		for _, east := range oddClocks {
			buttons = append(buttons, clockButton(at, east))
		}
		slices.SortFunc(buttons, func(a, b Button) int { return cmp.Compare(a.Label.(Verbatim), b.Label.(Verbatim)) })
		return buttons
	}
	for hour := range 24 {
		east := (hour - at.Hour() + 24) % 24
		if east > 12 {
			east -= 24
		}
		buttons = append(buttons, clockButton(at, east*60))
	}
	return buttons
}

func clockButton(at time.Time, east int) Button {
	label := at.Add(time.Duration(east) * time.Minute).Format("15:04")
	return Button{Field: "clock", Value: strconv.Itoa(east), Label: Verbatim(label)}
}

// hours takes the hours in which the line must not write. They hold once the person's clock is known.
func (t *turn) hours(value string) {
	switch value {
	case "none":
		t.s.Quiet = Quiet{}
		t.note("note.hours_none", nil)
	case "never":
		t.s.Quiet = Quiet{Never: true}
		t.note("note.hours_never", nil)
	default:
		t.s.Draft.set("hours", value)
	}
}

// clock takes what time it is where the person is.
func (t *turn) clock(value string) {
	from, to, _ := strings.Cut(t.s.Draft.first("hours"), "-")
	q := Quiet{}
	q.From, _ = strconv.Atoi(from) // of the table, and of our own buttons
	q.To, _ = strconv.Atoi(to)
	q.East, _ = strconv.Atoi(value)
	t.s.Quiet = q
	t.s.Draft.set("hours")
	t.note("note.hours_set", nil)
}

// says tells of the hours as the settings show them.
func (q Quiet) says() Text {
	switch {
	case q.Never:
		return Text{Key: "page.quiet_never"}
	case q.From == q.To:
		return Text{Key: "page.quiet_none"}
	default:
		return Text{Key: "page.quiet_hours", Args: map[string]any{"From": oclock(q.From), "To": oclock(q.To)}}
	}
}

func oclock(hour int) string { return fmt.Sprintf("%02d:00", hour) }
