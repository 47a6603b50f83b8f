package store

import (
	"strconv"
	"time"

	"defenderline/referrals"
)

// place is where something stands in a desk's queue, or in its events: in the first place the state, then the
// lane, then the time. As text it is a letter, a digit and the milliseconds as 12 hexadecimal digits.
type place struct {
	state referrals.State
	lane  referrals.Lane
	at    time.Time
}

// placeSize is the length of a place's text.
const placeSize = 1 + 1 + 12

// readPlace reads a place from the beginning of a text.
func readPlace(text string) (p place, ok bool) {
	if len(text) < placeSize {
		return p, false
	}
	p.state, ok = letterState(text[0])
	ranks, lane := lanes(), int(text[1])-'0'
	since, err := strconv.ParseInt(text[2:placeSize], 16, 64)
	if !ok || lane < 0 || lane >= len(ranks) || err != nil {
		return p, false
	}
	p.lane, p.at = ranks[lane], at(since)
	return p, true
}

// lanes are the lanes by their rank.
func lanes() [3]referrals.Lane {
	return [3]referrals.Lane{referrals.Emergency, referrals.Urgent, referrals.Routine}
}

// appendTime appends a time as a place has it.
func appendTime(to []byte, t time.Time) []byte {
	const digits = "0123456789abcdef"
	n := max(0, ms(t))
	for shift := 44; shift >= 0; shift -= 4 {
		to = append(to, digits[n>>shift&15])
	}
	return to
}
