package store

import (
	"context"
	"fmt"
	"os"
	"runtime"
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
	db      *redis.Client
	n       int
	when    string // behind the names of the acts that are measured
	took    map[string][]time.Duration
	figures []figure
}

// figure is what was found beside the times of acts.
type figure struct {
	name  string
	value float64
}

// bytesEach names the first figure of each store: what one of those it was filled with takes of the server's memory.
const bytesEach = "bytes each, in Redis"

// newSized fills a store and weighs what it was filled with. Its server rewrites its append-only file when it is told to, and not
// because the fill made it grow: how much of a measurement comes after that would be chance.
func newSized(b *testing.B, n int, fill func(s *sized) error) *sized {
	b.Helper()
	server := redistest.Start(b, "--auto-aof-rewrite-percentage", "0")
	s := &sized{Store: openNow(b, server.URL()), db: server.Client(), n: n, took: map[string][]time.Duration{}}
	before := info(b, s.db, "memory", "used_memory")
	if err := fill(s); err != nil {
		b.Fatal(err)
	}
	s.figures = []figure{{bytesEach, (info(b, s.db, "memory", "used_memory") - before) / float64(n)}}
	return s
}

// time measures one act.
func (s *sized) time(act string, do func() error) error {
	from := time.Now()
	err := do()
	s.took[act+s.when] = append(s.took[act+s.when], time.Since(from))
	return err
}

// forked is behind the names of acts that came right after a rewrite.
const forked = " after fork"

// rewrite has the server rewrite its append-only file, as Redis does by itself when the file has doubled, and waits until it has; what is
// measured from then on stands apart. Redis forks for it, and from then on each page that there was costs a fault when it is first
// written: a large store has some left for nearly every act, a small one soon has none.
func (s *sized) rewrite(b *testing.B) {
	b.Helper()
	done := info(b, s.db, "persistence", "aof_rewrites")
	if err := s.db.BgRewriteAOF(context.Background()).Err(); err != nil {
		b.Fatal(err)
	}
	for info(b, s.db, "persistence", "aof_rewrites") == done || info(b, s.db, "persistence", "aof_rewrite_in_progress") != 0 {
		runtime.Gosched()
	}
	s.figures = append(s.figures, figure{"ms of the fork", info(b, s.db, "stats", "latest_fork_usec") / 1000})
	s.when = forked
}

// faults are the page faults of the server's process until now.
func (s *sized) faults(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%.0f/stat", info(b, s.db, "server", "process_id")))
	if err != nil {
		b.Fatal(err)
	}
	_, fields, _ := strings.Cut(string(text), ") ") // the name may hold spaces
	n, err := strconv.ParseFloat(strings.Fields(fields)[7], 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// compare prints the acts of a small and of a large store, which were measured in turns, before a rewrite and after.
func compare(b *testing.B, of string, small, large *sized, acts ...string) {
	b.Helper()
	var t strings.Builder
	fmt.Fprintf(&t, "\n%s: %d and %d, acts in turns, one at a time; load of the machine %s\n%-32s%24s%24s%18s\n", of, small.n, large.n, load(b), "",
		"p50 µs (ratio)", "p99 µs (ratio)", "acts measured")
	for _, act := range acts {
		acts = append(acts, act+forked)
	}
	for _, act := range acts {
		row := fmt.Sprintf("%-32s", act)
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
	for i, f := range small.figures {
		fmt.Fprintf(&t, "%-32s%24s\n", f.name, fmt.Sprintf("%.1f %.1f", f.value, large.figures[i].value))
	}
	fmt.Fprintln(os.Stdout, t.String())
	b.ReportMetric(large.figures[0].value, "bytes-each")
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
		claimAll(b, newCodes(b, 3000, 2), small, large)
	}
	small.rewrite(b)
	large.rewrite(b)
	claimAll(b, newCodes(b, 3000, 3), small, large)
	compare(b, "waiting referrals", small, large, "list the first 50", "claim", "offer")
}

// claimAll has a referral claimed in each store, in turns, for each code that is offered instead.
func claimAll(b *testing.B, codes []string, both ...*sized) {
	b.Helper()
	for _, code := range codes {
		for _, s := range both {
			if err := s.claimFirst(code); err != nil {
				b.Fatal(err)
			}
		}
	}
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
