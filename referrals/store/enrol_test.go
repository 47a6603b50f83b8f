package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"defenderline/referrals"
)

// invite keeps a link to lima and returns its hash.
func (b backend) invite(t testing.TB, name string) []byte {
	t.Helper()
	hash := sha256.Sum256([]byte(name))
	l := referrals.Link{Desk: "lima", Name: name, Hash: hash[:], Until: b.clock.now().Add(referrals.LinkLife)}
	if _, err := b.Enlist(b.ctx, func(r referrals.Roll) (referrals.Roll, error) { return r.Invite(l, b.clock.now()) }); err != nil {
		t.Fatal(err)
	}
	return hash[:]
}

// use uses a link.
func (b backend) use(hash []byte, chat int64) error {
	_, err := b.Enlist(b.ctx, func(r referrals.Roll) (referrals.Roll, error) { return r.Enrol(hash, chat, b.clock.now()) })
	return err
}

// Eight use one link at a time: one is enrolled. Eight use eight: all are, each on a rung of their own.
func TestALinkIsUsedOnce(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		one := b.invite(t, "one")
		hashes := make([][]byte, 8)
		for i := range hashes {
			hashes[i] = b.invite(t, fmt.Sprint("officer ", i))
		}
		race := func(hash func(i int) []byte) (won int) {
			var all sync.WaitGroup
			errs := make([]error, 8)
			for i := range 8 {
				all.Go(func() { errs[i] = b.use(hash(i), int64(1000+i)) })
			}
			all.Wait()
			for _, err := range errs {
				if err == nil {
					won++
				} else if !errors.Is(err, referrals.ErrNoLink) && !errors.Is(err, referrals.ErrSeated) {
					t.Errorf("refused with %v", err)
				}
			}
			return won
		}
		if won := race(func(int) []byte { return one }); won != 1 {
			t.Errorf("one link enrolled %d", won)
		}
		if _, err := b.Enlist(b.ctx, func(r referrals.Roll) (referrals.Roll, error) { return r.Revoke("one") }); err != nil {
			t.Fatal(err)
		}
		if won := race(func(i int) []byte { return hashes[i] }); won != 8 {
			t.Errorf("eight links enrolled %d", won)
		}
		roll, err := b.Roll(b.ctx)
		places := map[int]bool{}
		for _, p := range roll.People {
			places[p.Place] = true
		}
		if err != nil || len(places) != 8 || !places[7] || len(roll.Links) != 0 {
			t.Errorf("%d places of %d people, %d links: %v", len(places), len(roll.People), len(roll.Links), err)
		}
	})
}

func TestLinksEndAndPeopleAreRevoked(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		if roll, err := b.Roll(b.ctx); err != nil || len(roll.People)+len(roll.Links) != 0 {
			t.Fatalf("nobody was enrolled yet: %+v, %v", roll, err)
		}
		late, intime := b.invite(t, "late"), b.invite(t, "in time")
		b.clock.move(referrals.LinkLife - time.Second)
		if err := b.use(intime, 4711); err != nil {
			t.Fatal(err)
		}
		b.clock.move(time.Second)
		if err := b.use(late, 4712); !errors.Is(err, referrals.ErrNoLink) {
			t.Errorf("a link of yesterday: %v", err)
		}
		before := b.db.Get(b.ctx, b.rollKey()).Val()
		broken := errors.New("no")
		if _, err := b.Enlist(b.ctx, func(referrals.Roll) (referrals.Roll, error) { return referrals.Roll{}, broken }); !errors.Is(err, broken) {
			t.Errorf("a change that was refused: %v", err)
		}
		if b.db.Get(b.ctx, b.rollKey()).Val() != before {
			t.Error("a change that was refused was made")
		}
		for _, clear := range []string{"in time", "4711", "lima", string(intime)} {
			if bytes.Contains([]byte(before), []byte(clear)) {
				t.Errorf("%q stands in the clear", clear)
			}
		}
		roll, err := b.Enlist(b.ctx, func(r referrals.Roll) (referrals.Roll, error) { return r.Revoke("in time") })
		if err != nil || len(roll.People) != 0 {
			t.Errorf("revoked: %+v, %v", roll, err)
		}
		if err := b.db.Set(b.ctx, b.rollKey(), "damaged", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Roll(b.ctx); err == nil {
			t.Error("a damaged roll is read as an empty one")
		}
	})
}
