package store

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"defenderline/referrals"
)

// unheard are, by the clocks of their slots, the holds whose answer was lost: they may have been carried out, so that their time is one that
// this process may have the errand for. (Another that takes it in the same millisecond is not told apart.)
type unheard struct {
	mu    sync.Mutex
	tried map[unheardHold][]time.Time
}

// unheardHold is a task as its holder knows it.
type unheardHold struct {
	slot, id string
	mark     int64
}

func unheardOf(t referrals.Task) unheardHold { return unheardHold{t.Slot, t.ID, t.Mark} }

// ask returns until when a task is to be held, and the times, ",1,2,", that its holder may have it for. A time that
// was asked for and is still worth having is asked for again.
func (u *unheard) ask(t referrals.Task, now time.Time, lease time.Duration) (till time.Time, mine string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	tried := u.tried[unheardOf(t)]
	till = now.Add(lease)
	if n := len(tried); n > 0 && tried[n-1].After(now.Add(lease/2)) && tried[n-1].Before(till) {
		till = tried[n-1]
	}
	var b strings.Builder
	for _, one := range append([]time.Time{at(t.Mark)}, tried...) {
		b.WriteString("," + strconv.FormatInt(ms(one), 10))
	}
	return till, b.String() + ","
}

// note remembers a time that was asked for and not answered, or forgets them all.
func (u *unheard) note(t referrals.Task, till time.Time, answered bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	of := unheardOf(t)
	switch {
	case answered:
		delete(u.tried, of)
	case !slices.ContainsFunc(u.tried[of], till.Equal):
		u.tried[of] = append(u.tried[of], till)
	}
}

// forget forgets what ended so long ago: its holder has let it go.
func (u *unheard) forget(ago time.Duration, now func(slot string) time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for of, tried := range u.tried {
		if now(of.slot).Sub(tried[len(tried)-1]) > ago {
			delete(u.tried, of)
		}
	}
}
