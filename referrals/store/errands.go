package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// Settled says what became of a slot's errands: the ids of those that were done, and the
// messages that were sent by them.
type Settled struct {
	Slot string
	IDs  []string
	Sent []SentMessages
}

// SentMessages are messages in a chat, to be deleted when the chat is wiped.
type SentMessages struct {
	referrals.Member
	IDs []int
	At  time.Time
}

// Settle forgets errands that were done, and remembers for 48 h the messages that they sent.
// Doing it again changes nothing. Empty ids are passed over.
func (s *Store) Settle(ctx context.Context, slot string, ids []string, sent []SentMessages) error {
	return s.SettleAll(ctx, []Settled{{Slot: slot, IDs: ids, Sent: sent}})
}

// SettleAll is Settle for many slots in one round trip. What failed is overdue later, and
// happens once more.
func (s *Store) SettleAll(ctx context.Context, all []Settled) error {
	var order []string
	bySlot := make(map[string]*Settled)
	in := func(slot string) *Settled {
		if bySlot[slot] == nil {
			bySlot[slot], order = &Settled{Slot: slot}, append(order, slot)
		}
		return bySlot[slot]
	}
	for _, done := range all {
		for _, id := range done.IDs {
			if id != "" {
				in(done.Slot).IDs = append(in(done.Slot).IDs, id)
			}
		}
		for _, sent := range done.Sent {
			if len(sent.IDs) > 0 && sent.Name != "" { // its chat may live in another slot
				in(sent.Slot).Sent = append(in(sent.Slot).Sent, sent)
			}
		}
	}
	calls := make([]call, len(order))
	for i, slot := range order {
		c, err := s.settleCall(*bySlot[slot])
		if err != nil {
			return err
		}
		calls[i] = c
	}
	var failed error
	for _, a := range s.runAll(ctx, calls) {
		if a.err != nil {
			failed = errors.Join(failed, fmt.Errorf("settle: %w", a.err))
		}
	}
	return failed
}

func (s *Store) settleCall(done Settled) (call, error) {
	keys := []string{outboxKey(done.Slot), errandsKey(done.Slot)}
	args := []any{len(done.IDs), ms(s.now().Add(-known)), known.Milliseconds()}
	for _, id := range done.IDs {
		args = append(args, id)
	}
	for _, sent := range done.Sent {
		sealed, err := s.sealMessages(sent)
		if err != nil {
			return call{}, err
		}
		keys = append(keys, messagesKey(sent.Member))
		args = append(args, ms(sent.At), sealed)
	}
	return call{s.scripts.settle, keys, args}, nil
}

// Overdue takes up to n errands that nobody finished within the grace after their commit, or
// within a lease after the last try. One round trip when there are none, two otherwise.
// Errands returned beside an error are taken.
func (s *Store) Overdue(ctx context.Context, n int) ([]referrals.Overdue, error) {
	now := s.now()
	slots, err := s.overdueSlots(ctx, now)
	if err != nil || n <= 0 || len(slots) == 0 {
		return nil, err
	}
	slots = slots[:min(n, len(slots))]
	calls := make([]call, len(slots))
	for i, slot := range slots {
		each := (n + i) / len(slots) // the parts sum up to n
		calls[i] = call{s.scripts.overdue, []string{outboxKey(slot), errandsKey(slot)},
			[]any{ms(now), ms(now.Add(s.lease)), each}}
	}
	var taken []referrals.Overdue
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
			taken = append(taken, referrals.Overdue{Slot: slots[i], ID: a.text(j), Errand: e})
		}
	}
	return taken, failed
}

// overdueSlots returns the slots that have an overdue errand.
func (s *Store) overdueSlots(ctx context.Context, now time.Time) ([]string, error) {
	pipe := s.db.Pipeline()
	asked := make([]*redis.StringSliceCmd, len(s.slots))
	for i, slot := range s.slots {
		asked[i] = pipe.ZRangeByScore(ctx, outboxKey(slot), &redis.ZRangeBy{Min: "-inf", Max: strconv.FormatInt(ms(now), 10), Count: 1})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("overdue: %w", clean(err))
	}
	var slots []string
	for i, slot := range s.slots {
		if len(asked[i].Val()) > 0 {
			slots = append(slots, slot)
		}
	}
	return slots, nil
}

// Retry puts an errand that failed off to a time. One that was settled stays settled.
func (s *Store) Retry(ctx context.Context, slot, id string, at time.Time) error {
	if err := s.db.ZAddXX(ctx, outboxKey(slot), redis.Z{Score: float64(ms(at)), Member: id}).Err(); err != nil {
		return fmt.Errorf("retry: %w", clean(err))
	}
	return nil
}

// Depth is what waits, for metrics.
type Depth struct {
	// Errands not settled, and those of them that are overdue.
	Errands, Overdue int64
	// OldestErrand is the age of the oldest errand, counted from its commit; exact while a
	// slot has no more than 100.
	OldestErrand time.Duration
	// Due are members and clocks that wait for a worker, LongestDue how long the first has.
	Due        int64
	LongestDue time.Duration
}

// Depth counts over all slots in one round trip.
func (s *Store) Depth(ctx context.Context) (Depth, error) {
	now := s.now()
	pipe := s.db.Pipeline()
	counts := make([][3]*redis.IntCmd, len(s.slots))
	first := make([]*redis.StringSliceCmd, len(s.slots))
	longest := make([]*redis.ZSliceCmd, len(s.slots))
	until := strconv.FormatInt(ms(now), 10)
	for i, slot := range s.slots {
		counts[i] = [3]*redis.IntCmd{
			pipe.ZCard(ctx, outboxKey(slot)),
			pipe.ZCount(ctx, outboxKey(slot), "-inf", until),
			pipe.ZCount(ctx, dueKey(slot), "-inf", until),
		}
		first[i] = pipe.ZRange(ctx, outboxKey(slot), 0, 99)
		longest[i] = pipe.ZRangeWithScores(ctx, dueKey(slot), 0, 0)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return Depth{}, fmt.Errorf("depth: %w", clean(err))
	}
	var d Depth
	for i := range s.slots {
		d.Errands += counts[i][0].Val()
		d.Overdue += counts[i][1].Val()
		d.Due += counts[i][2].Val()
		for _, id := range first[i].Val() {
			d.OldestErrand = max(d.OldestErrand, now.Sub(errandTime(id)))
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

// sealErrands gives errands their ids, "prefix-0001" and so on, which are the same when the act is
// repeated, and seals them: id, sealed, id, sealed, ...
func (s *Store) sealErrands(slot, prefix string, errands []referrals.Errand) ([]any, []string, error) {
	var args []any
	var ids []string
	for i, e := range errands {
		text, err := encodeErrand(e)
		if err != nil {
			return nil, nil, err
		}
		id := fmt.Sprintf("%s-%04d", prefix, i+1) // in the order of names, too
		sealed, err := s.vault.seal(errandsKey(slot), id, text)
		if err != nil {
			return nil, nil, err
		}
		args, ids = append(args, id, sealed), append(ids, id)
	}
	return args, ids, nil
}

func (s *Store) openErrand(slot, id string, sealed []byte) (referrals.Errand, error) {
	text, err := s.vault.open(errandsKey(slot), id, sealed)
	if err != nil {
		return referrals.Errand{}, err
	}
	return decodeErrand(text)
}

// errErrand is all that is said about an errand that cannot be read.
var errErrand = errors.New("an errand must be exactly one of a post, a move, a notice and a message")

func encodeErrand(e referrals.Errand) ([]byte, error) {
	if fields(e) != 1 {
		return nil, errErrand
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, errErrand
	}
	return text, nil
}

func decodeErrand(text []byte) (referrals.Errand, error) {
	var e referrals.Errand
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields() // a newer version's errand waits for that version
	if dec.Decode(&e) != nil || dec.More() || fields(e) != 1 {
		return referrals.Errand{}, errErrand
	}
	return e, nil
}

func fields(e referrals.Errand) int {
	n := 0
	for _, set := range []bool{e.Post != nil, e.Move != nil, e.Notice != nil, e.Send != nil} {
		if set {
			n++
		}
	}
	return n
}
