package flows

import "time"

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
