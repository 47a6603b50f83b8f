package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// candidate is a name that was due when its slot was asked.
type candidate struct {
	referrals.Member
	due float64
}

// Take takes up to n members and clocks of holdings that are due, the longest due first, from
// the given slots or from all. The clock of a holding is Work named "h" and the code, in the
// slot of its desk, without state; it is ended by a Move or put off by Release.
//
// One round trip when nothing is due, two otherwise. Work returned beside an error is taken.
// A chat's record that is damaged comes as Work.Damaged. What else cannot be opened is reported, stays
// taken until its lease ends, and is reported again.
func (s *Store) Take(ctx context.Context, slots []string, n int) ([]referrals.Work, error) {
	if n <= 0 {
		return nil, nil
	}
	due, err := s.due(ctx, slots, n)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	calls := make([]call, len(due))
	for i, c := range due {
		calls[i] = s.takeCall(c.Member)
	}
	var taken []referrals.Work
	var failed error
	for i, a := range s.runAll(ctx, calls) {
		switch {
		case a.err != nil:
			failed = errors.Join(failed, fmt.Errorf("take: %w", a.err))
		case a.text(0) == "taken":
			w, err := s.work(ctx, due[i].Member, a, 1)
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			taken = append(taken, w)
		case a.text(0) != "none":
			failed = errors.Join(failed, errUnexpected("take", a))
		}
	}
	return taken, failed
}

// due asks every slot for its first names, and returns the n that waited longest.
func (s *Store) due(ctx context.Context, slots []string, n int) ([]candidate, error) {
	if slots == nil {
		slots = s.slots
	}
	pipe := s.db.Pipeline()
	asked := make([]*redis.ZSliceCmd, len(slots))
	for i, slot := range slots {
		asked[i] = pipe.ZRangeByScoreWithScores(ctx, s.dueKey(slot), &redis.ZRangeBy{
			Min: "-inf", Max: fmt.Sprint(ms(s.clocks.at(slot))), Count: int64(n),
		})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("take: %w", clean(err))
	}
	var due []candidate
	for i, slot := range slots {
		for _, z := range asked[i].Val() {
			name, _ := z.Member.(string)
			due = append(due, candidate{referrals.Member{Slot: slot, Name: name}, z.Score})
		}
	}
	slices.SortStableFunc(due, func(a, b candidate) int { return cmp.Compare(a.due, b.due) })
	return due[:min(n, len(due))], nil
}

// tail ends the number of a taking: when it was asked for, by the clock of whoever asked, in milliseconds of a thousand seconds.
func (s *Store) tail() string { return string(appendDigits(nil, ms(s.now())%tails, 10, 6)) }

// tails is how many tails there are: a number without its tail is in milliseconds.
const tails = 1_000_000

func (s *Store) takeCall(m referrals.Member) call {
	now := s.clocks.at(m.Slot)
	till := ms(now.Add(s.lease))
	if desk, code, ok := clockCode(m); ok {
		return call{s.scripts.clock,
			[]string{s.dueKey(m.Slot), s.counterKey(m.Slot), s.holdingKey(desk, code)},
			[]any{m.Name, ms(now), "take", till, ""}}
	}
	return call{s.scripts.take,
		[]string{s.dueKey(m.Slot), s.counterKey(m.Slot), s.recordKey(m), s.inboxKey(m), s.bodiesKey(m)},
		[]any{m.Name, ms(now), till, inboxLimit, s.spare(), s.tail()}}
}

// Extend moves the end of the lease of what w took to a whole lease from now. ErrSuperseded
// when another has it.
func (s *Store) Extend(ctx context.Context, w referrals.Work) error {
	return s.hold(ctx, w, "extend", s.clocks.at(w.Slot).Add(s.lease))
}

// Release gives back what w took, unhandled; it is due at the given time, or earlier when
// something comes for it. ErrSuperseded when another has it.
func (s *Store) Release(ctx context.Context, w referrals.Work, at time.Time) error {
	return s.hold(ctx, w, "release", s.clocks.shift(w.Slot, at))
}

func (s *Store) hold(ctx context.Context, w referrals.Work, act string, at time.Time) error {
	now := ms(s.clocks.at(w.Slot))
	c := call{s.scripts.hold, []string{s.dueKey(w.Slot), s.recordKey(w.Member), s.counterKey(w.Slot)},
		[]any{w.Name, w.Number, act, ms(at), now}}
	if desk, code, ok := clockCode(w.Member); ok {
		c = call{s.scripts.clock, []string{s.dueKey(w.Slot), s.counterKey(w.Slot), s.holdingKey(desk, code)},
			[]any{w.Name, now, act, ms(at), w.Number}}
	}
	a := s.run(ctx, c)
	switch {
	case a.err != nil:
		return fmt.Errorf("%s: %w", act, a.err)
	case a.text(0) == "superseded":
		return referrals.ErrSuperseded
	}
	return nil
}
