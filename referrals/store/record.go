package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// Record returns what a member knows, without taking it: nil when it has no record, or one that is
// damaged and would be given up as Work.Damaged.
func (s *Store) Record(ctx context.Context, m referrals.Member) ([]byte, error) {
	sealed, err := s.db.HGet(ctx, s.recordKey(m), "s").Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a record: %w", clean(err))
	}
	state, err := s.vault.open(s.recordKey(m), "", sealed)
	if err != nil && s.givenUp(ctx, m, err) {
		return nil, nil
	}
	return state, err
}
