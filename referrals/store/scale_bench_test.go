package store

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// waitingName names the environment variable that says how many referrals wait in the larger store of
// BenchmarkWaiting, 100,000 when it is not set. A million needs 1.5 GB.
const waitingName = "DEFENDERLINE_BENCH_WAITING"

// sized is a store with so much in it, on a server of its own.
type sized struct {
	*Store
	db    *redis.Client
	n     int
	bytes float64 // each, of the server's memory
	took  map[string][]time.Duration
}

// newSized fills a store and weighs what it was filled with.
func newSized(b *testing.B, n int, fill func(s *sized) error) *sized {
	b.Helper()
	server := redistest.Start(b)
	s := &sized{Store: openNow(b, server.URL()), db: server.Client(), n: n, took: map[string][]time.Duration{}}
	before := info(b, s.db, "memory", "used_memory")
	if err := fill(s); err != nil {
		b.Fatal(err)
	}
	s.bytes = (info(b, s.db, "memory", "used_memory") - before) / float64(n)
	return s
}

// time measures one act.
func (s *sized) time(act string, do func() error) error {
	from := time.Now()
	err := do()
	s.took[act] = append(s.took[act], time.Since(from))
	return err
}

// compare prints the acts of a small and of a large store, which were measured in turns.
func compare(b *testing.B, of string, small, large *sized, acts ...string) {
	b.Helper()
	var t strings.Builder
	fmt.Fprintf(&t, "\n%s: %d and %d, acts in turns, one at a time; load of the machine %s\n%-24s%24s%24s%18s\n", of, small.n, large.n, load(b), "",
		"p50 µs (ratio)", "p99 µs (ratio)", "acts measured")
	for _, act := range acts {
		row := fmt.Sprintf("%-24s", act)
		for _, p := range []float64{.5, .99} {
			of := func(s *sized) float64 {
				sorted := slices.Sorted(slices.Values(s.took[act]))
				return float64(sorted[int(p*float64(len(sorted)-1))].Nanoseconds()) / 1000
			}
			row += fmt.Sprintf("%24s", fmt.Sprintf("%.0f %.0f (%.2f)", of(small), of(large), of(large)/of(small)))
			b.ReportMetric(of(large)/of(small), fmt.Sprintf("%s-p%.0f-x", strings.ReplaceAll(act, " ", "-"), 100*p))
		}
		fmt.Fprintf(&t, "%s%18d\n", row, len(small.took[act]))
	}
	fmt.Fprintf(&t, "%-24s%24s\n", "bytes each, in Redis", fmt.Sprintf("%.0f %.0f", small.bytes, large.bytes))
	fmt.Fprintln(os.Stdout, t.String())
	b.ReportMetric(large.bytes, "bytes-each")
}

// BenchmarkWaiting measures how long a desk's list and a claim take while 1,000 referrals wait, and while a hundred
// times as many do, or as many as the environment says; what was claimed is replaced.
func BenchmarkWaiting(b *testing.B) {
	n := 100_000
	if text := os.Getenv(waitingName); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	offered := func(n int) func(s *sized) error {
		codes := newCodes(b, n, 1)
		return func(s *sized) error { return s.offerAll(codes) }
	}
	small, large := newSized(b, 1000, offered(1000)), newSized(b, n, offered(n))
	if held, _, err := large.Holdings(context.Background(), "fld", nil, 10, ""); err != nil || len(held) != 10 {
		b.Fatalf("%d of 10 are listed: %v", len(held), err)
	}
	if open, err := large.CountOpen(context.Background(), "fld", referrals.Offered); err != nil || open != n {
		b.Fatalf("%d of %d wait: %v", open, n, err)
	}
	for b.Loop() {
		for _, code := range newCodes(b, 3000, 2) {
			for _, s := range []*sized{small, large} {
				if err := s.claimFirst(code); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	compare(b, "waiting referrals", small, large, "list the first 50", "claim", "offer")
}

// offerAll offers the first of many, and copies what that left at the desk for the others: a million in seconds.
func (s *sized) offerAll(codes []string) error {
	ctx := context.Background()
	if _, _, err := s.Move(ctx, offerOf(codes[0], time.Now(), false)); err != nil {
		return err
	}
	words, err := s.db.Get(ctx, s.holdingKey("fld", codes[0])).Result()
	if err != nil {
		return err
	}
	places, err := s.placesOf(codes[0])
	if err != nil {
		return err
	}
	pages := slices.Collect(slices.Chunk(codes[1:], 1000))
	return sideBySide(2, len(pages), func(i int) error {
		pipe := s.db.Pipeline()
		for _, code := range pages[i] {
			pipe.Set(ctx, s.holdingKey("fld", code), words, 0)
		}
		for key, z := range places {
			members := make([]redis.Z, len(pages[i]))
			for j, code := range pages[i] {
				members[j] = redis.Z{Score: z.Score, Member: strings.ReplaceAll(fmt.Sprint(z.Member), codes[0], code)}
			}
			pipe.ZAdd(ctx, key, members...)
		}
		_, err := pipe.Exec(ctx)
		return err
	})
}

// placesOf finds an offer in every sorted set of the desk, by key.
func (s *sized) placesOf(code string) (map[string]redis.Z, error) {
	ctx, places := context.Background(), map[string]redis.Z{}
	keys, err := s.db.Keys(ctx, space("").key(DeskSlot("fld"), "*")).Result()
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		all, err := s.db.ZRangeWithScores(ctx, key, 0, -1).Result()
		if redis.HasErrorPrefix(err, "WRONGTYPE") {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, z := range all {
			if strings.Contains(fmt.Sprint(z.Member), code) {
				places[key] = z
			}
		}
	}
	return places, nil
}

// claimFirst lists what waits, claims the first and offers another instead.
func (s *sized) claimFirst(another string) error {
	ctx := context.Background()
	var first []referrals.Holding
	err := s.time("list the first 50", func() (err error) {
		first, _, err = s.Holdings(ctx, "fld", []referrals.State{referrals.Offered}, 50, "")
		return err
	})
	if err != nil {
		return err
	}
	err = s.time("claim", func() error {
		_, _, err := s.Move(ctx, claimOf(first[0].Code, time.Now(), true))
		return err
	})
	if err != nil {
		return err
	}
	return s.time("offer", func() error {
		_, _, err := s.Move(ctx, offerOf(another, time.Now(), true))
		return err
	})
}

// BenchmarkDrafts measures the acts of the line while 1,000 chats have an open draft of 1 KB, and while 100,000 have. The bytes
// are those of a draft's record, its clock and the id of the one update that made it.
func BenchmarkDrafts(b *testing.B) {
	small := newSized(b, 1000, func(s *sized) error { return s.draftAll(1000) })
	large := newSized(b, 100_000, func(s *sized) error { return s.draftAll(100_000) })
	for b.Loop() {
		for i := range int64(3000) {
			for _, s := range []*sized{small, large} {
				if err := s.converse(i*7919%int64(s.n), int64(s.n)+i); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	compare(b, "open drafts", small, large, "keep", "take", "commit")
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
		err = s.Release(ctx, works[0], time.Now())
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
