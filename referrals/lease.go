package referrals

import "time"

// A claim is a lease. Whoever works on a referral keeps it: opening its documents renews the lease, and so does asking for
// more time. But a person waits at the other end: without an answer nobody has a case for longer than this many times
// accept_within, counted from the offer.
const longestHeld = 4

// Renew is the move by which whoever has a claim keeps it for as long again, as far as it may be kept. It never makes
// the time shorter.
func Renew(h Holding, d *Desk, id string, at time.Time) Move {
	m := h.moveClaimed([]State{Claimed}, Claimed, id, at)
	m.Due = h.until(d, at)
	return m
}

// until is when a claim ends that is renewed at a time.
func (h Holding) until(d *Desk, at time.Time) time.Time {
	due := at.Add(d.AcceptWithin)
	if last := h.Longest(d); due.After(last) {
		due = last
	}
	if h.Due.After(due) {
		return h.Due
	}
	return due
}

// Longest is how long an organisation may keep a referral that it has not accepted.
func (h Holding) Longest(d *Desk) time.Time { return h.Since.Add(longestHeld * d.AcceptWithin) }

// Renewable says that renewing a claim at a time would gain something worth telling: a tenth of accept_within.
func (h Holding) Renewable(d *Desk, at time.Time) bool {
	return h.State == Claimed && h.until(d, at).Sub(h.Due) >= d.AcceptWithin/10
}

// Renews says that the move renews a claim.
func (m Move) Renews() bool { return m.To == Claimed && !m.Claims }
