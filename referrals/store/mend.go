package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Mend puts right what a clock of Redis that jumped has left behind, asks Redis for the time and for its replicas anew, and forgets
// ids of posts, and events and ended holdings of desks, whose time is over. It notes whose audit trail there is. Every process calls it about once a minute, and always the same way: by it a process
// also shows which clock is in use. Four round trips when nothing is wrong.
//
// A clock that was ahead leaves leases, errands and clocks that end hours too late. Every slot remembers
// the highest clock that was used in it. When that lies ahead, and nobody has used such a clock
// for Options.Quiet, what it left is pulled back: leases and errands to now, the clock of a rung or of a
// claim, and a chat's next turn, to now and its own length. While such a clock is still used, because
// that of Redis goes back and forth or a process of an older version goes by its own, nothing is pulled: Mend returns an
// error that says how far they are apart. So it does when this machine's clock is far from Redis's.
func (s *Store) Mend(ctx context.Context) error {
	s.unheard.forget(time.Hour, s.clocks.at)
	var failed error
	for _, did := range []error{s.learn(ctx), s.reckon(ctx), s.clocks.wrong(), s.know(ctx, s.Now())} {
		if did != nil {
			failed = errors.Join(failed, fmt.Errorf("mend: %w", did))
		}
	}
	calls := make([]call, len(s.slots))
	for i, slot := range s.slots {
		keys := []string{s.counterKey(slot), s.markKey(slot), s.outboxKey(slot), s.seenKey(slot)}
		if desk, ok := strings.CutPrefix(slot, "desk:"); ok {
			keys = append(keys, s.eventsKey(desk), s.queueKey(desk), s.endedKey(desk))
		}
		now := s.clocks.at(slot)
		calls[i] = call{s.scripts.mend, keys, []any{ms(s.clocks.at(slot)), s.longest().Milliseconds(), s.quiet.Milliseconds(), mendAtOnce,
			ms(now.Add(-known)), known.Milliseconds(), s.endedFor.Milliseconds()}}
	}
	var apart time.Duration
	for i, a := range s.runAll(ctx, calls) {
		switch {
		case a.err != nil:
			failed = errors.Join(failed, fmt.Errorf("mend: %w", a.err))
		case a.text(0) == "still":
			far, _ := strconv.ParseInt(a.text(1), 10, 64)
			apart = max(apart, time.Duration(far)*time.Millisecond)
		case a.text(0) == "late":
			if err := s.pull(ctx, s.slots[i], a.text(1)); err != nil {
				failed = errors.Join(failed, err)
			}
		}
	}
	if apart > 0 {
		failed = errors.Join(failed, fmt.Errorf("the clock of redis is %v behind one that was used there within minutes: it was set, a failover brought "+
			"another's, or an older version of the line serves beside this one; set all by a time server", apart.Round(time.Second)))
	}
	return failed
}

// mendAtOnce is the most errands, and the most names, that one script puts right.
const mendAtOnce = 1000

// longest is how far ahead of now a lease or an errand may lie: twice what it is given, for clocks that
// do not quite agree.
func (s *Store) longest() time.Duration { return 2 * max(s.lease, s.grace) }

// pull goes through all names that are due in a slot and pulls those that are due too late. Names that come
// or go meanwhile were written by clocks that are right.
func (s *Store) pull(ctx context.Context, slot, mark string) error {
	limit := float64(ms(s.clocks.at(slot).Add(s.longest())))
	for cursor := uint64(0); ; {
		found, next, err := s.db.ZScan(ctx, s.dueKey(slot), cursor, "", mendAtOnce/2).Result()
		if err != nil {
			return fmt.Errorf("mend: %w", clean(err))
		}
		var names []string
		for i := 0; i+1 < len(found); i += 2 {
			if score, err := strconv.ParseFloat(found[i+1], 64); err == nil && score > limit {
				names = append(names, found[i])
			}
		}
		if err := s.pullNames(ctx, slot, names); err != nil {
			return err
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	return s.unmark(ctx, slot, mark)
}

// pullNames pulls names of one slot: at a desk its holdings' clocks, elsewhere members.
func (s *Store) pullNames(ctx context.Context, slot string, names []string) error {
	var calls []call
	for _, clocks := range []bool{true, false} {
		keys, args := []string{s.dueKey(slot)}, []any{ms(s.clocks.at(slot)), s.longest().Milliseconds(), bit(clocks), ms(s.Now())}
		for _, name := range names {
			m := memberOf(slot, name)
			desk, code, isClock := clockCode(m)
			if isClock != clocks {
				continue
			}
			holder := s.recordKey(m)
			if isClock {
				holder = s.holdingKey(desk, code)
			}
			keys, args = append(keys, holder, s.inboxKey(m)), append(args, name)
		}
		if len(keys) > 1 {
			calls = append(calls, call{s.scripts.pull, keys, args})
		}
	}
	var failed error
	for _, a := range s.runAll(ctx, calls) {
		if a.err != nil {
			failed = errors.Join(failed, fmt.Errorf("mend: %w", a.err))
		}
	}
	return failed
}

// unmark ends the mending of a slot, unless it had more errands than one script puts right.
func (s *Store) unmark(ctx context.Context, slot, mark string) error {
	left, err := s.db.ZCount(ctx, s.outboxKey(slot), "("+strconv.FormatInt(ms(s.clocks.at(slot).Add(s.longest())), 10), "+inf").Result()
	if err == nil && left == 0 {
		a := s.run(ctx, call{s.scripts.unmark, []string{s.markKey(slot)}, []any{mark}})
		err = a.err
	}
	if err != nil {
		return fmt.Errorf("mend: %w", clean(err))
	}
	return nil
}
