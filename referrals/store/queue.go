package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// placeForm is a place in the queue: lane, since, code.
var placeForm = regexp.MustCompile(`^[0-2][0-9a-f]{12}[A-Z0-9-]{1,40}$`)

// codeAt is where the code begins in a place.
const codeAt = placeSize - 1

// ErrCursor is returned for a cursor that this store did not give out.
var ErrCursor = errors.New("that cursor is not one of this list; leave it out to start again")

// openStates are those that Holding.Open is true for.
func openStates() []referrals.State {
	return []referrals.State{
		referrals.Alerted, referrals.Acknowledged, referrals.Silent,
		referrals.Offered, referrals.Claimed, referrals.Accepted,
	}
}

// Holdings lists what a desk holds in any of the states, nil for those it may still act in:
// the most urgent lane first, then the oldest. next continues the list and is empty at its end; what
// moves while it is read appears at most once. Two round trips, however much waits.
// ErrCursor for a cursor that cannot be read.
func (s *Store) Holdings(ctx context.Context, desk string, states []referrals.State, limit int, cursor string) ([]referrals.Holding, string, error) {
	if states == nil {
		states = openStates()
	}
	after, err := readCursor(cursor)
	if err != nil || limit <= 0 {
		return nil, "", err
	}
	places, err := s.places(ctx, desk, states, limit+1, after)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(places) > limit {
		places = places[:limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(places[limit-1]))
	}
	held, err := s.heldAt(ctx, desk, places, states)
	return held, next, err
}

func readCursor(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	place, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || !placeForm.Match(place) {
		return "", ErrCursor
	}
	return string(place), nil
}

// places reads the first n places after a cursor, of each state, and merges them.
func (s *Store) places(ctx context.Context, desk string, states []referrals.State, n int, after string) ([]string, error) {
	calls := make([]call, len(states))
	for i, state := range states {
		score := stateIndex(state)
		if score < 0 {
			return nil, fmt.Errorf("there is no state %q", state)
		}
		calls[i] = call{s.scripts.after, []string{s.queueKey(desk)}, []any{score, after, n}}
	}
	var places []string
	for _, a := range s.runAll(ctx, calls) {
		if a.err != nil {
			return nil, fmt.Errorf("list holdings: %w", a.err)
		}
		for i := range a.rest {
			places = append(places, a.text(i))
		}
	}
	slices.Sort(places)
	return places[:min(n, len(places))], nil
}

// heldAt reads the holdings at places, without those that left the states meanwhile.
func (s *Store) heldAt(ctx context.Context, desk string, places []string, states []referrals.State) ([]referrals.Holding, error) {
	if len(places) == 0 {
		return nil, nil
	}
	keys := make([]string, len(places))
	for i, place := range places {
		keys[i] = s.holdingKey(desk, place[codeAt:])
	}
	values, err := s.db.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, fmt.Errorf("list holdings: %w", clean(err))
	}
	var held []referrals.Holding
	for i, place := range places {
		words, ok := values[i].(string)
		if !ok {
			continue // forgotten
		}
		h, err := s.readHolding(desk, place[codeAt:], words)
		if err != nil {
			return nil, err
		}
		if slices.Contains(states, h.State) {
			held = append(held, h)
		}
	}
	return held, nil
}

// CountOpen counts what a desk holds in the given states; without any, what it has taken on:
// claimed and accepted. It never scans.
func (s *Store) CountOpen(ctx context.Context, desk string, states ...referrals.State) (int, error) {
	open, err := s.countOpen(ctx, []string{desk}, states)
	return open[desk], err
}

// CountsOpen counts what each of some desks has claimed and accepted, of all of them in one round trip.
func (s *Store) CountsOpen(ctx context.Context, desks []string) (map[string]int, error) {
	return s.countOpen(ctx, desks, nil)
}

func (s *Store) countOpen(ctx context.Context, desks []string, states []referrals.State) (map[string]int, error) {
	if len(states) == 0 {
		states = []referrals.State{referrals.Claimed, referrals.Accepted}
	}
	pipe := s.db.Pipeline()
	counts := map[string][]*redis.IntCmd{}
	for _, state := range states {
		score := strconv.Itoa(stateIndex(state))
		if score == "-1" {
			return nil, fmt.Errorf("there is no state %q", state)
		}
		for _, desk := range desks {
			counts[desk] = append(counts[desk], pipe.ZCount(ctx, s.queueKey(desk), score, score))
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("count holdings: %w", clean(err))
	}
	open := make(map[string]int, len(desks))
	for desk, of := range counts {
		for _, n := range of {
			open[desk] += int(n.Val())
		}
	}
	return open, nil
}
