package store

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

//go:embed enrol.lua
var enrolLua string

// The roll of those who were enrolled is one sealed string: who it names, and how many links wait, is nobody's business who
// reads the disk. It is replaced as a whole, by whoever has read what stands there: of many who use one link at
// a time one finds it in the roll that is replaced.

// Roll is everybody who was enrolled; an empty one when nobody ever was.
func (s *Store) Roll(ctx context.Context) (referrals.Roll, error) {
	_, roll, err := s.readRoll(ctx)
	return roll, err
}

func (s *Store) readRoll(ctx context.Context) (sealed []byte, roll referrals.Roll, err error) {
	sealed, err = s.db.Get(ctx, s.rollKey()).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, roll, nil
	}
	if err != nil {
		return nil, roll, fmt.Errorf("read who is enrolled: %w", clean(err))
	}
	text, err := s.vault.open(s.rollKey(), "", sealed)
	if err != nil {
		return nil, roll, fmt.Errorf("read who is enrolled: %w", err)
	}
	if json.Unmarshal(text, &roll) != nil {
		return nil, roll, errors.New("who is enrolled cannot be read; was it written by a newer version?")
	}
	return sealed, roll, nil
}

// Enlist replaces the roll by what change makes of it and returns the new one. change is called again when somebody else
// was faster, with what they left; its error ends it, and nothing was changed. Two round trips. After any other error the roll
// may have been replaced or not. Where there are replicas, one of them has it when Enlist returns.
func (s *Store) Enlist(ctx context.Context, change func(referrals.Roll) (referrals.Roll, error)) (referrals.Roll, error) {
	script := redis.NewScript(enrolLua)
	for ctx.Err() == nil {
		was, roll, err := s.readRoll(ctx)
		if err != nil {
			return roll, err
		}
		next, err := change(roll)
		if err != nil {
			return roll, err
		}
		text, err := json.Marshal(next)
		if err != nil {
			return roll, fmt.Errorf("write who is enrolled: %w", err)
		}
		sealed, err := s.vault.seal(s.rollKey(), "", text)
		if err != nil {
			return roll, err
		}
		a := s.runSynced(ctx, []call{{script, []string{s.rollKey()}, []any{was, sealed}}})[0]
		switch {
		case a.err != nil:
			return roll, fmt.Errorf("write who is enrolled: %w", a.err)
		case a.text(0) == "done":
			return next, nil
		case a.text(0) != "changed":
			return roll, errUnexpected("enlist", a)
		}
	}
	return referrals.Roll{}, ctx.Err()
}
