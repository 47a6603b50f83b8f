package store

import (
	"context"
	"fmt"
	"time"
)

// Lease takes or renews what one process does at a time, such as polling; false when another
// owner has it. It ends after ttl by Redis's clock. It keeps two pollers apart; it is no
// promise that a frozen owner knows that it lost it.
func (s *Store) Lease(ctx context.Context, name, owner string, ttl time.Duration) (bool, error) {
	return s.leaseFor(ctx, name, owner, max(1, ttl.Milliseconds()))
}

// Unlease gives a lease up, if the owner has it.
func (s *Store) Unlease(ctx context.Context, name, owner string) error {
	_, err := s.leaseFor(ctx, name, owner, 0)
	return err
}

func (s *Store) leaseFor(ctx context.Context, name, owner string, life int64) (bool, error) {
	a := s.run(ctx, call{s.scripts.lease, []string{s.leaseKey(name)}, []any{owner, life}})
	if a.err != nil {
		return false, fmt.Errorf("lease %s: %w", name, a.err)
	}
	return a.text(0) == "held", nil
}
