package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"defenderline/referrals"
)

// refusals are acts that were refused and not written down yet.
type refusals struct {
	mu sync.Mutex
	n  map[refused]int64
}

// refused is what is told apart.
type refused struct {
	desk string
	kind referrals.RefusalKind
	by   referrals.Way
	at   int64 // the minute, in Unix seconds
}

// Bounds of what refusals take: of the memory of this process between two writings, and of Redis, for each desk and day.
const (
	mostRefused     = 10_000
	mostRefusedADay = 500
)

// minuteForm is how a minute stands in the store.
const minuteForm = "15:04"

// Refuse counts an act that was refused, at a desk or at "" where that is not known. It only remembers it: nothing waits for
// the store, and what a killed process had not written by WriteRefused is lost. It counts no more than there is room for.
func (s *Store) Refuse(desk string, kind referrals.RefusalKind, by referrals.Way) {
	one := refused{desk, kind, by, s.Now().Truncate(time.Minute).Unix()}
	s.refusals.mu.Lock()
	defer s.refusals.mu.Unlock()
	if _, known := s.refusals.n[one]; known || len(s.refusals.n) < mostRefused {
		s.refusals.n[one]++
	}
}

// WriteRefused writes what Refuse remembered. What fails is remembered on; after an error it may be counted twice.
func (s *Store) WriteRefused(ctx context.Context) error {
	s.refusals.mu.Lock()
	all := s.refusals.n
	s.refusals.n = map[refused]int64{}
	s.refusals.mu.Unlock()
	calls := map[string]*call{}
	of := map[string][]refused{}
	for one, n := range all {
		when := time.Unix(one.at, 0).UTC()
		key := s.refusedKey(trailSlot(one.desk), when)
		if calls[key] == nil {
			calls[key] = &call{s.scripts.refused, []string{key}, []any{s.auditFor.Milliseconds(), mostRefusedADay}}
		}
		calls[key].args = append(calls[key].args, string(one.kind)+" "+string(wayLetter(one.by, false)), when.Format(minuteForm), n)
		of[key] = append(of[key], one)
	}
	var keys []string
	var list []call
	for key, c := range calls {
		keys, list = append(keys, key), append(list, *c)
	}
	var failed error
	for i, a := range s.runAll(ctx, list) {
		if a.err != nil {
			failed = errors.Join(failed, fmt.Errorf("count refused acts: %w", a.err))
			s.remember(of[keys[i]], all)
		}
	}
	return failed
}

// remember takes back what could not be written.
func (s *Store) remember(some []refused, n map[refused]int64) {
	s.refusals.mu.Lock()
	defer s.refusals.mu.Unlock()
	for _, one := range some {
		s.refusals.n[one] += n[one]
	}
}

// Refusals reads the acts refused at a desk, "" where it is not known at which, on the days of a time, the first first.
func (s *Store) Refusals(ctx context.Context, desk string, from, to time.Time) ([]referrals.Refusal, error) {
	var found []referrals.Refusal
	for day := from.UTC().Truncate(24 * time.Hour); day.Before(to); day = day.AddDate(0, 0, 1) {
		counts, err := s.db.HGetAll(ctx, s.refusedKey(trailSlot(desk), day)).Result()
		if err != nil {
			return nil, fmt.Errorf("read refused acts: %w", clean(err))
		}
		for field, n := range counts {
			if one, ok := parseRefusal(desk, day, field, n); ok && (!one.At.Before(from) || one.At.Equal(day)) && one.At.Before(to) {
				found = append(found, one)
			}
		}
	}
	slices.SortFunc(found, func(a, b referrals.Refusal) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(string(a.Kind)+string(a.Way), string(b.Kind)+string(b.Way))
	})
	return found, nil
}

func parseRefusal(desk string, day time.Time, field, n string) (referrals.Refusal, bool) {
	words := strings.Fields(field)
	count, err := strconv.Atoi(n)
	if err != nil || len(words) < 2 || len(words) > 3 || len(words[1]) != 1 {
		return referrals.Refusal{}, false
	}
	one := referrals.Refusal{Desk: desk, Kind: referrals.RefusalKind(words[0]), At: day, N: count}
	one.Way, _, _ = letterWay(words[1][0])
	if len(words) == 3 {
		minute, err := time.Parse(minuteForm, words[2])
		if err != nil {
			return referrals.Refusal{}, false
		}
		one.At = day.Add(time.Duration(minute.Hour())*time.Hour + time.Duration(minute.Minute())*time.Minute)
	}
	return one, true
}
