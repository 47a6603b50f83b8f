package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// events reads, with the error of a failed read as the test's end.
func (b backend) events(t testing.TB, desk, after string, wait time.Duration) []referrals.DeskEvent {
	t.Helper()
	events, err := b.Events(b.ctx, desk, after, wait)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestADeskLearnsOfEachMove(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		if last, err := b.LastEvent(b.ctx, "fld"); err != nil || last != "0-0" {
			t.Fatalf("before there was any: %q %v", last, err)
		}
		b.offer(t, "AAAA-AAAA-1", referrals.Emergency)
		b.clock.move(time.Second)
		claim := referrals.Move{ID: "c", Desk: "fld", Code: "AAAA-AAAA-1", From: []referrals.State{referrals.Offered},
			To: referrals.Claimed, Claims: true, AtRung: -1, At: b.clock.now()}
		b.mustMove(t, claim)
		b.mustMove(t, claim) // the same again
		claim.ID = "late"
		if _, _, err := b.Move(b.ctx, claim); !errors.Is(err, referrals.ErrNotThere) {
			t.Fatal(err)
		}
		all := b.events(t, "fld", "0-0", 0)
		want := []referrals.DeskEvent{
			{Code: "AAAA-AAAA-1", State: referrals.Offered, Lane: referrals.Emergency, At: b.clock.now().Add(-time.Second)},
			{Code: "AAAA-AAAA-1", State: referrals.Claimed, Lane: referrals.Emergency, At: b.clock.now()},
		}
		if len(all) != len(want) {
			t.Fatalf("events: %+v", all)
		}
		for i := range want {
			if want[i].ID = all[i].ID; all[i] != want[i] || all[i].ID == "" {
				t.Fatalf("event %d: %+v, not %+v", i, all[i], want[i])
			}
		}
		if rest := b.events(t, "fld", all[0].ID, 0); len(rest) != 1 || rest[0] != all[1] {
			t.Fatalf("after the first: %+v", rest)
		}
		if last, err := b.LastEvent(b.ctx, "fld"); err != nil || last != all[1].ID {
			t.Fatalf("the last: %q %v", last, err)
		}
		for _, from := range []string{all[1].ID, "", "$"} {
			if none := b.events(t, "fld", from, time.Millisecond); len(none) != 0 {
				t.Fatalf("after %q: %+v", from, none)
			}
		}
		if other := b.events(t, "lima", "0", 0); len(other) != 0 {
			t.Fatalf("of another desk: %+v", other)
		}
		for _, bad := range []string{"-", "+", ">", "x", "1-", "1-2-3-4", "99999999999999999999", "1 2"} {
			if _, err := b.Events(b.ctx, "fld", bad, 0); !errors.Is(err, ErrEvent) {
				t.Errorf("after %q: %v", bad, err)
			}
		}
	})
}

func TestOldEventsEndAndAnOldIDReadsFromTheOldest(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.offer(t, "AAAA-AAAA-1", referrals.Urgent)
		first := b.events(t, "fld", "0", 0)[0].ID
		b.offer(t, "BBBB-BBBB-1", referrals.Urgent)
		if err := b.db.XTrimMaxLen(b.ctx, b.eventsKey("fld"), 1).Err(); err != nil {
			t.Fatal(err)
		}
		b.offer(t, "CCCC-CCCC-1", referrals.Urgent)
		if rest := b.events(t, "fld", first, 0); len(rest) != 2 || rest[0].Code != "BBBB-BBBB-1" {
			t.Fatalf("after an id that is no longer kept: %+v", rest)
		}
		for n := range actsAtOnce + 10 {
			b.offer(t, referrals.ReferralCode("DDDD-DDDD", n+1), referrals.Urgent)
		}
		page := b.events(t, "fld", "0", 0)
		if rest := b.events(t, "fld", page[len(page)-1].ID, 0); len(page) != actsAtOnce || len(rest) != 12 {
			t.Fatalf("in pages: %d, then %d", len(page), len(rest))
		}
	})
}

func TestEventsEndWithTheirTime(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		for _, hours := range []time.Duration{169, 167} { // ids are of the server's clock
			id := fmt.Sprintf("%d-0", ms(time.Now().Add(-hours*time.Hour)))
			if err := b.db.XAdd(b.ctx, &redis.XAddArgs{Stream: b.eventsKey("fld"), ID: id, Values: []any{"e", fmt.Sprintf("e0%012x%d", 1, int(hours))}}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		b.offer(t, "AAAA-AAAA-1", referrals.Urgent)
		b.clock.move(1000 * time.Hour) // ahead
		b.mustMend(t, 1)
		if kept := b.events(t, "fld", "0", 0); len(kept) != 2 || kept[0].Code != "167" {
			t.Fatalf("kept: %+v", kept)
		}
		b.db.PExpire(b.ctx, b.eventsKey("fld"), 2*time.Hour)
		b.clock.move(time.Second)
		b.mustMove(t, referrals.Move{ID: "r", Desk: "fld", Code: "AAAA-AAAA-1", From: []referrals.State{referrals.Offered}, To: referrals.Offered, AtRung: -1})
		if ttl := b.db.PTTL(b.ctx, b.eventsKey("fld")).Val(); ttl < 167*time.Hour {
			t.Fatalf("an event is kept for %v", ttl)
		}
		b.db.Del(b.ctx, b.eventsKey("fld"))
		b.clock.move(time.Second)
		b.mustMove(t, referrals.Move{ID: "s", Desk: "fld", Code: "AAAA-AAAA-1", From: []referrals.State{referrals.Offered}, To: referrals.Offered, AtRung: -1})
		if ttl := b.db.PTTL(b.ctx, b.eventsKey("fld")).Val(); ttl <= 0 {
			t.Fatalf("events without an end: %v", ttl)
		}
	})
}

func TestAQuietDeskForgetsWhatEnded(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.offer(t, "AAAA-AAAA-1", referrals.Urgent)
		b.offer(t, "BBBB-BBBB-1", referrals.Urgent)
		b.mustMove(t, referrals.Move{ID: "w", Desk: "fld", Code: "AAAA-AAAA-1", From: []referrals.State{referrals.Offered}, To: referrals.Withdrawn, AtRung: -1})
		for _, c := range []struct {
			after           time.Duration
			places, endings int64
		}{{167 * time.Hour, 2, 1}, {2 * time.Hour, 1, 0}} {
			b.clock.move(c.after)
			b.mustMend(t, 1)
			places, endings := b.db.ZCard(b.ctx, b.queueKey("fld")).Val(), b.db.ZCard(b.ctx, b.endedKey("fld")).Val()
			if places != c.places || endings != c.endings {
				t.Fatalf("%d places, %d ended", places, endings)
			}
		}
	})
}

func TestAWaitingReaderSeesAnOffer(t *testing.T) {
	for name, o := range map[string]func() Options{
		"one server": func() Options { return Options{URL: redistest.Start(t).URL()} },
		"cluster":    func() Options { return Options{Cluster: redistest.StartCluster(t, 3)[:1]} },
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, o())
			after, err := b.LastEvent(b.ctx, "fld")
			if err != nil {
				t.Fatal(err)
			}
			var g errgroup.Group
			for range 40 { // more than a pool has
				g.Go(func() error {
					for {
						events, err := b.Events(b.ctx, "fld", after, longestWait)
						if err != nil {
							return err
						}
						if len(events) > 0 && events[0].Code == "AAAA-AAAA-1" {
							return nil
						}
					}
				})
			}
			b.offer(t, "AAAA-AAAA-1", referrals.Emergency)
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
