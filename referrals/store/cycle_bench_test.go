package store

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// openNow opens a store that goes by the machine's clock.
func openNow(b testing.TB, url string) *Store {
	b.Helper()
	s, err := Open(context.Background(), Options{URL: url, RequireDurable: true, Vault: newVault(b), Now: time.Now, Desks: []string{"fld"}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// newCodes draws codes of referrals as the line does, each once: a random case's, and the number of the referral.
func newCodes(b testing.TB, n, number int) []string {
	b.Helper()
	raw, drawn := make([]byte, 5), make(map[string]bool, n)
	codes := make([]string, 0, n)
	for len(codes) < n {
		if _, err := rand.Read(raw); err != nil {
			b.Fatal(err)
		}
		text := base32.StdEncoding.EncodeToString(raw)
		if code := referrals.ReferralCode(referrals.Code(text[:4]+"-"+text[4:]), number); !drawn[code] {
			drawn[code], codes = true, append(codes, code)
		}
	}
	return codes
}

// fld is a desk as the configuration of most lines has it.
func fld() *referrals.Desk {
	return &referrals.Desk{ID: "fld", Kind: referrals.NGODesk, AcceptWithin: 30 * time.Minute}
}

// offerOf is the move by which the line offers a referral, with its notice to the desk's chat when told says so.
func offerOf(code string, at time.Time, told bool) referrals.Move {
	m := referrals.Move{ID: "open:" + code + ":fld", Desk: "fld", Code: code, To: referrals.Offered, AtRung: -1, At: at,
		Due: at.Add(30 * time.Minute), Lane: referrals.Emergency, Origin: "p07"}
	if told {
		m.Errands = []referrals.Errand{{Notice: noticeOf(code, at)}}
	}
	return m
}

func noticeOf(code string, at time.Time) *referrals.Notice {
	return &referrals.Notice{Kind: referrals.NoticeOffer, Desk: "fld", Code: code, Lane: referrals.Emergency, Origin: "p07",
		At: at, Due: at.Add(30 * time.Minute)}
}

// payload is what a task of another queue holds of a referral: the same notice.
func payload(b testing.TB, code string) []byte {
	b.Helper()
	text, err := json.Marshal(noticeOf(code, time.Now()))
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// claimOf and completionOf are the moves of whoever takes a referral, with the news to its case when told says so.
func claimOf(code string, at time.Time, told bool) referrals.Move {
	if told {
		return referrals.Claim(referrals.Holding{Desk: "fld", Code: code, State: referrals.Offered, Lane: referrals.Emergency, Origin: "p07"},
			fld(), "claim:"+code, at)
	}
	return referrals.Move{ID: "claim:" + code, Desk: "fld", Code: code, From: []referrals.State{referrals.Offered}, To: referrals.Claimed,
		Claims: true, AtRung: -1, Due: at.Add(30 * time.Minute), At: at}
}

func completionOf(h referrals.Holding, at time.Time, told bool) referrals.Move {
	m := referrals.Move{ID: "complete:" + h.Code, Desk: h.Desk, Code: h.Code, To: referrals.Completed, Claim: h.Claim, AtRung: -1,
		Rung: h.Rung, At: at, Reason: "supported"}
	if told {
		m = referrals.Complete(h, "supported", m.ID, at)
	}
	m.From = []referrals.State{referrals.Claimed} // the cycle is of three moves; the line has a fourth, to accept
	return m
}

// settler settles what was done as the line does: all that gathered during one round trip in the next. Workers wait for it when it is far
// behind.
type settler struct {
	done   chan referrals.Task
	failed error
	all    sync.WaitGroup
}

func newSettler(s *Store) *settler {
	g := &settler{done: make(chan referrals.Task, 1<<10)}
	g.all.Go(func() {
		for first := range g.done {
			one := referrals.Settled{Slot: first.Slot, IDs: []string{first.ID}}
			for len(g.done) > 0 && len(one.IDs) < 500 {
				one.IDs = append(one.IDs, (<-g.done).ID)
			}
			if err := s.Settle(context.Background(), []referrals.Settled{one}); err != nil {
				g.failed = errors.Join(g.failed, err)
			}
		}
	})
	return g
}

// wait ends when everything was settled.
func (g *settler) wait() error {
	close(g.done)
	g.all.Wait()
	return g.failed
}

// mover makes a move.
type mover func(referrals.Move) (referrals.Holding, error)

// cycle lets n referrals be offered by so many at once, then be seen, claimed and completed by so many workers.
func cycle(b testing.TB, s *Store, codes []string, workers int, told bool) time.Duration {
	b.Helper()
	begun, err := s.LastEvent(context.Background(), "fld")
	if err != nil {
		b.Fatal(err)
	}
	from := time.Now()
	g := newSettler(s)
	move := func(m referrals.Move) (referrals.Holding, error) {
		h, tasks, err := s.Move(context.Background(), m)
		for _, t := range tasks {
			g.done <- t
		}
		return h, err
	}
	err = sideBySide(workers, len(codes), func(i int) error {
		_, err := move(offerOf(codes[i], time.Now(), told))
		return err
	})
	if err == nil {
		err = taken(s, begun, len(codes), workers, move, told)
	}
	if err := errors.Join(err, g.wait()); err != nil {
		b.Fatal(err)
	}
	return time.Since(from)
}

// seenAtOnce is how many offers wait for a worker: what the events bring at once, so that whoever reads them need not be woken by each that
// is taken.
const seenAtOnce = 1000

// taken lets so many workers see, claim and complete n referrals. When one fails all end: whoever reads the events must not
// wait for workers that are gone.
func taken(s *Store, begun string, n, workers int, move mover, told bool) error {
	work, ctx := errgroup.WithContext(context.Background())
	seen := make(chan string, seenAtOnce)
	work.Go(func() error { return offersAfter(ctx, s, begun, n, seen) })
	for range workers {
		work.Go(func() error {
			for code := range seen {
				h, err := move(claimOf(code, time.Now(), told))
				if err == nil {
					_, err = move(completionOf(h, time.Now(), told))
				}
				if err != nil {
					return fmt.Errorf("%s: %w", code, err)
				}
			}
			return nil
		})
	}
	return work.Wait()
}

// noOffers is for how many seconds no event may come while offers are still to be seen.
const noOffers = 10

// offersAfter reads a desk's events until n offers were seen.
func offersAfter(ctx context.Context, s *Store, after string, n int, seen chan<- string) error {
	defer close(seen)
	for none := 0; n > 0; none++ {
		events, err := s.Events(ctx, "fld", after, time.Second)
		if err != nil {
			return err
		}
		if len(events) > 0 {
			none = 0
		} else if none == noOffers {
			return fmt.Errorf("%d offers were not seen", n)
		}
		for _, e := range events {
			after = e.ID
			if e.State != referrals.Offered {
				continue
			}
			select {
			case seen <- e.Code:
				n--
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// A benchmark whose workers all fail says so and ends.
func TestACycleEndsWhenItsWorkersFail(t *testing.T) {
	s := openNow(t, redistest.Start(t).URL())
	codes := newCodes(t, seenAtOnce+100, 1) // more than wait in the channel
	begun, err := s.LastEvent(t.Context(), "fld")
	if err != nil {
		t.Fatal(err)
	}
	err = sideBySide(8, len(codes), func(i int) error {
		_, _, err := s.Move(t.Context(), offerOf(codes[i], time.Now(), false))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	away := errors.New("away")
	refuse := func(referrals.Move) (referrals.Holding, error) { return referrals.Holding{}, away }
	if err := taken(s, begun, len(codes), 8, refuse, false); !errors.Is(err, away) {
		t.Errorf("error %v", err)
	}
}

// sideBySide does n things, so many at once.
func sideBySide(many, n int, do func(i int) error) error {
	var all errgroup.Group
	var next atomic.Int64
	for range many {
		all.Go(func() error {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					return fmt.Errorf("the %d-th of %d: %w", i, n, err)
				}
			}
			return nil
		})
	}
	return all.Wait()
}
