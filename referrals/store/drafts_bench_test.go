package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// BenchmarkDrafts measures the acts of the line while 1,000 chats have an open draft of 1 KB, and while 100,000 have: as it goes, and
// right after a rewrite. Beside the acts stand the writes of two of them as bare commands: what those take longer in the larger store
// is none of the line's. The bytes are those of a draft's record, its clock and the id of the one update that made it.
func BenchmarkDrafts(b *testing.B) {
	small := newSized(b, 1000, func(s *sized) error { return s.draftAll(1000) })
	large := newSized(b, 100_000, func(s *sized) error { return s.draftAll(100_000) })
	for b.Loop() {
		converseAll(b, small, large)
	}
	small.rewrite(b)
	large.rewrite(b)
	converseAll(b, small, large)
	compare(b, "open drafts", small, large, "keep", "take", "commit", "bare keep", "bare commit")
}

// converseAll has 3000 chats of each store converse, in turns: others than before, spread over all there are.
func converseAll(b *testing.B, both ...*sized) {
	b.Helper()
	const chats = 3000
	before := map[*sized]float64{}
	for _, s := range both {
		before[s] = s.faults(b)
	}
	for range chats {
		for _, s := range both {
			n, update := int64(s.n), int64(s.n+len(s.took["keep"])+len(s.took["keep"+forked]))
			if err := s.converse(update*7919%n, update); err != nil {
				b.Fatal(err)
			}
			if err := s.bare((update*7919+n/2)%n, update); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, s := range both {
		s.figures = append(s.figures, figure{"faults each" + s.when, (s.faults(b) - before[s]) / (2 * chats)})
	}
}

// draft is what a commit leaves of a chat in the middle of a conversation.
func draft(w referrals.Work) referrals.Commit {
	return referrals.Commit{State: make([]byte, 1024), Keep: 24 * time.Hour, Done: doneOf(w), Again: time.Now().Add(20 * time.Hour)}
}

// draftAll begins n drafts as people do, a hundred updates kept at a time.
func (s *sized) draftAll(n int) error {
	ctx := context.Background()
	return sideBySide(4, n/100, func(i int) error {
		var posts []referrals.Post
		for chat := i * 100; chat < (i+1)*100; chat++ {
			posts = append(posts, post(s.Chat("line", int64(chat)), int64(chat)))
		}
		works, err := s.Keep(ctx, posts)
		if err != nil {
			return err
		}
		calls := make([]call, len(works))
		for j, w := range works {
			if calls[j], _, err = s.commitCall(w, draft(w)); err != nil {
				return err
			}
		}
		for _, a := range s.runAll(ctx, calls) {
			if a.err != nil || a.text(0) != "done" {
				return fmt.Errorf("commit: %s %w", a.text(0), a.err)
			}
		}
		return nil
	})
}

// converse has one more update of a chat kept, given back, taken as what is due is taken, and committed.
func (s *sized) converse(chat, update int64) error {
	ctx := context.Background()
	var works []referrals.Work
	err := s.time("keep", func() (err error) {
		works, err = s.Keep(ctx, []referrals.Post{post(s.Chat("line", chat), update)})
		return err
	})
	if err == nil && len(works) == 1 {
		err = s.Release(ctx, works[0], s.Now())
	}
	if err != nil {
		return err
	}
	err = s.time("take", func() (err error) {
		works, err = s.Take(ctx, nil, 1)
		return err
	})
	if err != nil || len(works) != 1 {
		return fmt.Errorf("%d of the one that is due: %w", len(works), err)
	}
	return s.time("commit", func() error {
		_, _, err := s.Commit(ctx, works[0], draft(works[0]))
		return err
	})
}

// bare writes what a keep and a commit write, as the bare commands of a transaction each, and leaves another chat as it was.
func (s *sized) bare(chat, update int64) error {
	ctx, m, id := context.Background(), s.Chat("line", chat), fmt.Sprint("bare", update)
	now := time.Now()
	due := func(p redis.Pipeliner, at time.Time) {
		p.ZAdd(ctx, s.dueKey(m.Slot), redis.Z{Score: float64(ms(at)), Member: m.Name})
	}
	err := s.time("bare keep", func() error {
		_, err := s.db.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.ZAddNX(ctx, s.seenKey(m.Slot), redis.Z{Score: float64(ms(now)), Member: id})
			p.ZAdd(ctx, s.inboxKey(m), redis.Z{Score: float64(update), Member: id})
			p.HSet(ctx, s.bodiesKey(m), id, make([]byte, 64))
			p.HSet(ctx, s.recordKey(m), "n", ms(now), "l", ms(now))
			due(p, now.Add(s.lease))
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	state, err := s.db.HGet(ctx, s.recordKey(m), "s").Result()
	if err != nil {
		return err
	}
	return s.time("bare commit", func() error {
		_, err := s.db.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.ZRem(ctx, s.inboxKey(m), id)
			p.HDel(ctx, s.bodiesKey(m), id)
			p.HSet(ctx, s.recordKey(m), "c", ms(now), "l", "0", "g", "", "w", "0", "s", state)
			p.PExpire(ctx, s.recordKey(m), 24*time.Hour)
			due(p, now.Add(20*time.Hour))
			return nil
		})
		return err
	})
}
