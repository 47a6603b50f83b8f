package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// An errand's place in the outbox is scored by when its time is up, and only whoever has it knows that
// score: a commit or a move has its errands for the grace, whoever takes them afterwards for a lease.
// It is a time of the slot's server, and a task's Mark; Till is when that is by the clock of whoever has it.
// Hold compares the score, so that one errand has one runner at a time without a field for an owner.

// Overdue takes up to n errands that nobody finished in the time they had. Whoever calls has them until
// Till, a lease from now; Hold makes it longer. One round trip when there are none, two otherwise. Tasks
// returned beside an error are taken.
func (s *Store) Overdue(ctx context.Context, n int) ([]referrals.Task, error) {
	mine := s.now()
	slots, err := s.overdueSlots(ctx)
	if err != nil || n <= 0 || len(slots) == 0 {
		return nil, err
	}
	slots = slots[:min(n, len(slots))]
	till := make([]int64, len(slots))
	calls := make([]call, len(slots))
	for i, slot := range slots {
		now := s.clocks.at(slot)
		till[i] = ms(now.Add(s.lease))
		each := (n + i) / len(slots) // the parts sum up to n
		calls[i] = call{s.scripts.overdue, []string{s.outboxKey(slot), s.errandsKey(slot)}, []any{ms(now), till[i], each}}
	}
	var taken []referrals.Task
	var failed error
	for i, a := range s.runAll(ctx, calls) {
		if a.err != nil {
			failed = errors.Join(failed, fmt.Errorf("overdue: %w", a.err))
			continue
		}
		for j := 0; j+1 < len(a.rest); j += 2 {
			e, err := s.openErrand(slots[i], a.text(j), a.blob(j+1))
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			taken = append(taken, referrals.Task{Slot: slots[i], ID: a.text(j), Till: mine.Add(s.lease), Mark: till[i], Errand: e})
		}
	}
	return taken, failed
}

// overdueSlots returns the slots that have an overdue errand. Where the clock has just jumped all may seem to be: whoever
// is alive asks for their errands anew within seconds, and is given the time to.
func (s *Store) overdueSlots(ctx context.Context) ([]string, error) {
	pipe := s.db.Pipeline()
	asked := make([]*redis.StringSliceCmd, len(s.slots))
	for i, slot := range s.slots {
		asked[i] = pipe.ZRangeByScore(ctx, s.outboxKey(slot), &redis.ZRangeBy{Min: "-inf", Max: strconv.FormatInt(ms(s.clocks.at(slot)), 10), Count: 1})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("overdue: %w", clean(err))
	}
	var slots []string
	for i, slot := range s.slots {
		if len(asked[i].Val()) > 0 && !s.clocks.unsettled(slot, max(s.lease, s.grace)) {
			slots = append(slots, slot)
		}
	}
	return slots, nil
}

// Hold keeps tasks for a lease from now, and returns those that are still the caller's with the new
// Till, in their order. Those that were settled, or that another has taken, are missing: they must not
// be run. One round trip. Beside an error it returns what is known to be held; the rest may be another's from
// its Till on. When the same task, with the same Till, is asked for again by this process, it does not matter that
// the first answer was lost; its new Till may then be as little as half a lease from now.
func (s *Store) Hold(ctx context.Context, tasks []referrals.Task) (held []referrals.Task, err error) {
	mine := s.now()
	slots, of := bySlot(tasks)
	calls := make([]call, len(slots))
	till := make(map[unheardHold]holdTill, len(tasks))
	for i, slot := range slots {
		now := s.clocks.at(slot)
		args := []any{ms(now)}
		for _, t := range of[slot] {
			to, known := s.unheard.ask(t, now, s.lease)
			till[unheardOf(t)] = holdTill{to, mine.Add(to.Sub(now))}
			args = append(args, t.ID, ms(to), known)
		}
		calls[i] = call{s.scripts.prolong, []string{s.outboxKey(slot)}, args}
	}
	still := make(map[string]map[string]bool, len(slots))
	for i, a := range s.runAll(ctx, calls) {
		for _, t := range of[slots[i]] {
			s.unheard.note(t, till[unheardOf(t)].slot, a.err == nil)
		}
		if a.err != nil {
			err = errors.Join(err, fmt.Errorf("hold: %w", a.err))
			continue
		}
		still[slots[i]] = make(map[string]bool, len(a.rest))
		for j := range a.rest {
			still[slots[i]][a.text(j)] = true
		}
	}
	for _, t := range tasks {
		if still[t.Slot][t.ID] {
			to := till[unheardOf(t)]
			t.Till, t.Mark = to.mine, ms(to.slot)
			held = append(held, t)
		}
	}
	return held, err
}

// holdTill is until when a task is to be held, by the clock of its slot and by this process's.
type holdTill struct{ slot, mine time.Time }

// bySlot groups tasks, slots in the order in which they appear.
func bySlot(tasks []referrals.Task) ([]string, map[string][]referrals.Task) {
	var slots []string
	of := make(map[string][]referrals.Task)
	for _, t := range tasks {
		if _, ok := of[t.Slot]; !ok {
			slots = append(slots, t.Slot)
		}
		of[t.Slot] = append(of[t.Slot], t)
	}
	return slots, of
}
