package bot

import (
	"hash/maphash"
	"time"

	"defenderline/referrals"
)

// recent are the messages settled in the last minute or two. A store that has lost its last moments, because a replica
// took over that had not heard of them, gives their errands out again: what left once need not leave again.
//
// There may be thousands, so that each is a few numbers without a pointer: which errand, as a hash; what it was, as
// another; as which message it arrived, and when.
type recent struct {
	seed       maphash.Seed
	now, older map[uint64]arrival
	since      time.Time
}

// arrival is what is remembered of a message that left.
type arrival struct {
	print   uint64
	message int64
	at      int64 // in Unix milliseconds
}

// settled is a message that left: a hash of what it was, since a store that lost its last numbers may give one out
// again, whom it was for, and what was sent by it.
type settled struct {
	print uint64
	to    referrals.Member
	sent  []referrals.Delivery
}

const (
	// recentFor is after how long what is remembered becomes old, and what was old is forgotten.
	recentFor = time.Minute
	// mostRecent bounds the memory: with more, it is forgotten earlier. Two bots may send 3,360 messages a minute (see pace.go).
	mostRecent = 4_096
)

// of is what recognises an errand. It has no print if it does no harm when it is run again, because whoever gets it knows its
// id.
func (r *recent) of(e referrals.Errand) settled {
	var h maphash.Hash
	h.SetSeed(r.seed)
	var to referrals.Member
	switch {
	case e.Send != nil:
		_, _ = h.Write(e.Send.Body) // a hash takes everything
		to = e.Send.From
	case e.Notice != nil:
		for _, s := range []string{string(e.Notice.Kind), e.Notice.Desk, string(rune(e.Notice.Rung)), e.Notice.Code, e.Notice.Document} {
			_, _ = h.WriteString(s + "\n")
		}
		to = cards(e.Notice.Desk, e.Notice.Code, e.Notice.Rung)
	default:
		return settled{}
	}
	return settled{print: h.Sum64() | 1, to: to}
}

// place is where an errand is remembered.
func (r *recent) place(id errandID) uint64 { return maphash.Comparable(r.seed, id) }

// add remembers an errand that was settled. What was sent to others than whom it was for is not remembered.
func (r *recent) add(id errandID, s settled, at time.Time) {
	if s.print == 0 {
		return
	}
	if r.now == nil || at.Sub(r.since) >= recentFor || len(r.now) >= mostRecent {
		r.older, r.now, r.since = r.now, map[uint64]arrival{}, at
	}
	a := arrival{print: s.print}
	for _, d := range s.sent {
		if d.To == s.to {
			a.message, a.at = int64(d.Message), d.At.UnixMilli()
		}
	}
	r.now[r.place(id)] = a
}

// find is an errand, as it would be settled, that was settled lately.
func (r *recent) find(id errandID, s settled) (settled, bool) {
	place := r.place(id)
	for _, m := range []map[uint64]arrival{r.now, r.older} {
		a, ok := m[place]
		if !ok || a.print != s.print || s.print == 0 {
			continue
		}
		if a.message != 0 {
			s.sent = []referrals.Delivery{{To: s.to, Message: int(a.message), At: time.UnixMilli(a.at)}}
		}
		return s, true
	}
	return settled{}, false
}
