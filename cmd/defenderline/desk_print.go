package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// deskTime is how the client writes times, always UTC.
const deskTime = "2006-01-02 15:04:05Z"

// printCases writes cases as a table. What is due is so long after now, by the line's clock.
func printCases(out io.Writer, items []json.RawMessage, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CODE\tSTATE\tLANE\tOFFERED\tDUE\tCLAIM")
	for _, raw := range items {
		var i struct {
			Code      string     `json:"code"`
			State     string     `json:"state"`
			Lane      string     `json:"lane"`
			OfferedAt time.Time  `json:"offered_at"`
			DueAt     *time.Time `json:"due_at"`
			Claim     int64      `json:"claim"`
		}
		if json.Unmarshal(raw, &i) != nil {
			return errNotTheAPI
		}
		due, claim := "-", "-"
		if i.DueAt != nil {
			due = left(i.DueAt.Sub(now))
		}
		if i.Claim > 0 {
			claim = fmt.Sprint(i.Claim)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", i.Code, i.State, i.Lane, i.OfferedAt.UTC().Format(deskTime), due, claim)
	}
	return w.Flush()
}

// left says how long there is until something, roughly.
func left(d time.Duration) string {
	switch {
	case d <= 0:
		return "now"
	case d < 2*time.Minute:
		return fmt.Sprintf("in %d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("in %d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("in %d h", int(d.Hours()))
	default:
		return fmt.Sprintf("in %d days", int(d.Hours()/24))
	}
}
