package bot

import (
	"context"
	"errors"

	"defenderline/referrals"
)

// rooms is the directory, and which organisations are full, as the store says when it is asked. The answer is true of that
// moment: an organisation that was offered a case and fills up meanwhile cannot claim it, and the case goes on when the
// time of the offer is over.
type rooms struct {
	*referrals.Directory
	count func(desk string) (int, error)
	// err is why the store did not answer: what was decided with it must not be kept.
	err error
}

func newRooms(ctx context.Context, dir *referrals.Directory, of counts) *rooms {
	return &rooms{Directory: dir, count: func(desk string) (int, error) { return of.CountOpen(ctx, desk) }}
}

// Full says whether an organisation has as many referrals as it takes at a time. One without a limit is not asked about.
func (r *rooms) Full(id string) bool {
	d := r.Desk(id)
	if d == nil || d.Capacity == 0 {
		return false
	}
	n, err := r.count(id)
	r.err = errors.Join(r.err, err)
	return n >= d.Capacity
}
