package store

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// ErrForeign is returned by Open when the state keys are not those that what is stored was sealed with.
var ErrForeign = errors.New("redis holds what was sealed with other state keys: put the former state_keys_file back; " +
	"for a new line use an empty Redis database")

// The marker is a record that the keys of every process must open. It is sealed when a store is opened
// first, and sealed anew with the primary key each time, so that keys that only ever open the oldest
// records are missed as soon as they are gone.

// checkKeys returns ErrForeign when the marker cannot be opened.
func (s *Store) checkKeys(ctx context.Context) error {
	sealed, err := s.db.Get(ctx, s.markerKey()).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return errors.New("redis lost the marker of the state keys; restart the line")
	case err != nil:
		return fmt.Errorf("read the marker of the state keys: %w", clean(err))
	}
	mark, err := s.vault.open(s.markerKey(), "", sealed)
	if err != nil || !hmac.Equal(mark, s.vault.mark()) {
		return ErrForeign
	}
	return nil
}

// mark seals the marker, unless there is one that these keys do not open.
func (s *Store) mark(ctx context.Context) error {
	sealed, err := s.vault.seal(s.markerKey(), "", s.vault.mark())
	if err != nil {
		return err
	}
	first, err := s.db.SetNX(ctx, s.markerKey(), sealed, 0).Result()
	if err != nil {
		return fmt.Errorf("mark the state keys: %w", clean(err))
	}
	if first {
		return nil
	}
	if err := s.checkKeys(ctx); err != nil {
		return err
	}
	if err := s.db.Set(ctx, s.markerKey(), sealed, 0).Err(); err != nil {
		return fmt.Errorf("mark the state keys: %w", clean(err))
	}
	return nil
}
