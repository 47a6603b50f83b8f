package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Depth is what waits, for metrics.
type Depth struct {
	// Errands not settled, and those of them that are overdue.
	Errands, Overdue int64
	// OldestErrand is the age of the oldest errand, counted from its commit, OldestMail of the oldest that goes by mail, which
	// the other leaves out; exact while a slot has no more than 100.
	OldestErrand, OldestMail time.Duration
	// Due are members and clocks that wait for a worker, LongestDue how long the first has.
	Due        int64
	LongestDue time.Duration
}

// Depth counts over all slots in one round trip.
func (s *Store) Depth(ctx context.Context) (Depth, error) {
	pipe := s.db.Pipeline()
	counts := make([][3]*redis.IntCmd, len(s.slots))
	first := make([]*redis.StringSliceCmd, len(s.slots))
	longest := make([]*redis.ZSliceCmd, len(s.slots))
	for i, slot := range s.slots {
		until := strconv.FormatInt(ms(s.clocks.at(slot)), 10)
		counts[i] = [3]*redis.IntCmd{
			pipe.ZCard(ctx, s.outboxKey(slot)),
			pipe.ZCount(ctx, s.outboxKey(slot), "-inf", until),
			pipe.ZCount(ctx, s.dueKey(slot), "-inf", until),
		}
		first[i] = pipe.ZRange(ctx, s.outboxKey(slot), 0, 99)
		longest[i] = pipe.ZRangeWithScores(ctx, s.dueKey(slot), 0, 0)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return Depth{}, fmt.Errorf("depth: %w", clean(err))
	}
	var d Depth
	for i, slot := range s.slots {
		now := s.clocks.at(slot)
		d.Errands += counts[i][0].Val()
		d.Overdue += counts[i][1].Val()
		d.Due += counts[i][2].Val()
		for _, id := range first[i].Val() {
			oldest := &d.OldestErrand
			if strings.HasSuffix(id, mailed) {
				oldest = &d.OldestMail
			}
			*oldest = max(*oldest, now.Sub(errandTime(id)))
		}
		for _, z := range longest[i].Val() {
			d.LongestDue = max(d.LongestDue, now.Sub(at(int64(z.Score))))
		}
	}
	return d, nil
}

// errandTime reads when an errand began from its id, which starts with milliseconds: those of
// a move, or the number of a commit, which is never below the clock.
func errandTime(id string) time.Time {
	digits, _, _ := strings.Cut(id, "-")
	milliseconds, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return at(milliseconds)
}
