package bot

import (
	"hash/maphash"
	"time"

	"defenderline/referrals"
)

// recent are the messages settled in the last minute or two. A store that has lost its last moments, because a replica
// took over that had not heard of them, gives their errands out again: what left once need not leave again.
type recent struct {
	seed       maphash.Seed
	now, older map[errandID]settled
	since      time.Time
}

// settled is a message that left: a hash of what it was, since a store that lost its last numbers may give one out
// again, and what was sent by it.
type settled struct {
	print uint64
	sent  []referrals.Delivery
}

const (
	// recentFor is after how long what is remembered becomes old, and what was old is forgotten.
	recentFor = time.Minute
	// mostRecent bounds the memory: with more, it is forgotten earlier.
	mostRecent = 20_000
)

// print recognises an errand; zero: one that does no harm when it is run again, because whoever gets it knows its id.
func (r *recent) print(e referrals.Errand) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	switch {
	case e.Send != nil:
		_, _ = h.Write(e.Send.Body) // a hash takes everything
	case e.Notice != nil:
		for _, s := range []string{string(e.Notice.Kind), e.Notice.Desk, string(rune(e.Notice.Rung)), e.Notice.Code, e.Notice.Document} {
			_, _ = h.WriteString(s + "\n")
		}
	default:
		return 0
	}
	return h.Sum64() | 1
}

// add remembers an errand that was settled.
func (r *recent) add(id errandID, s settled, at time.Time) {
	if r.now == nil || at.Sub(r.since) >= recentFor || len(r.now) >= mostRecent {
		r.older, r.now, r.since = r.now, map[errandID]settled{}, at
	}
	r.now[id] = s
}

// find is an errand that was settled lately.
func (r *recent) find(id errandID, print uint64) (settled, bool) {
	for _, m := range []map[errandID]settled{r.now, r.older} {
		if s, ok := m[id]; ok && s.print == print && print != 0 {
			return s, true
		}
	}
	return settled{}, false
}
