package store

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// claimWithin is a claim by a desk that takes so many at a time.
func claimWithin(code, id string, most int) referrals.Move {
	return referrals.Move{ID: id, Desk: "fld", Code: code, From: []referrals.State{referrals.Offered}, To: referrals.Claimed, Claims: true,
		AtRung: -1, Most: most}
}

// end ends what was claimed.
func end(code, id string) referrals.Move {
	return referrals.Move{ID: id, Desk: "fld", Code: code, From: []referrals.State{referrals.Claimed, referrals.Accepted}, To: referrals.Returned, AtRung: -1}
}

func TestADeskHasNoMoreThanItTakes(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		for i := range 3 {
			b.offer(t, fmt.Sprintf("ABCD-EFGH-%d", i+1), referrals.Urgent)
		}
		b.mustMove(t, claimWithin("ABCD-EFGH-1", "c1", 2))
		b.mustMove(t, referrals.Move{ID: "a1", Desk: "fld", Code: "ABCD-EFGH-1", From: []referrals.State{referrals.Claimed}, To: referrals.Accepted,
			AtRung: -1, Most: 1}) // it was counted before
		b.mustMove(t, claimWithin("ABCD-EFGH-2", "c2", 2))
		h, tasks, err := b.Move(b.ctx, claimWithin("ABCD-EFGH-3", "c3", 2))
		if !errors.Is(err, referrals.ErrNoRoom) || h.State != referrals.Offered || h.Claim != 0 || len(tasks) != 0 {
			t.Fatalf("a third of two: %+v %v", h, err)
		}
		if h, _, err := b.Move(b.ctx, claimWithin("ABCD-EFGH-2", "c2", 2)); err != nil || h.Claim != 1 {
			t.Fatalf("a claim made again is refused: %+v %v", h, err)
		}
		if _, _, err := b.Move(b.ctx, claimWithin("ABCD-EFGH-1", "c4", 2)); !errors.Is(err, referrals.ErrNotThere) {
			t.Fatalf("what is accepted is claimed: %v", err)
		}
		b.mustMove(t, end("ABCD-EFGH-1", "r1"))
		if h := b.mustMove(t, claimWithin("ABCD-EFGH-3", "c3", 2)); h.Claim != 1 {
			t.Fatalf("room again, and yet %+v", h)
		}
		if n, err := b.CountOpen(b.ctx, "fld"); err != nil || n != 2 {
			t.Fatalf("%d are open: %v", n, err)
		}
		if open, err := b.CountsOpen(b.ctx, []string{"fld", "nobody"}); err != nil || len(open) != 2 || open["fld"] != 2 || open["nobody"] != 0 {
			t.Fatalf("open are %v: %v", open, err)
		}
		if open, err := b.CountsOpen(b.ctx, nil); err != nil || len(open) != 0 {
			t.Fatalf("of no desk open are %v: %v", open, err)
		}
	})
}

// scramble lets workers of three processes claim what is offered and give it back, and returns the most that a
// worker saw open and how many claims were refused for want of room.
func scramble(t *testing.T, script string, most int) (seen, refused int64) {
	t.Helper()
	server, v := redistest.Start(t), newVault(t)
	line := make([]backend, 3)
	for i := range line {
		line[i] = open(t, Options{URL: server.URL() + patient, Vault: v})
		line[i].scripts.move = redis.NewScript(anyTime + counterLua + heldLua + trailLua + script)
	}
	const cases = 60
	for i := range cases {
		line[0].offer(t, fmt.Sprintf("ABCD-EFGH-%d", i+1), referrals.Urgent)
	}
	var top, no atomic.Int64
	var g errgroup.Group
	for worker := range 12 {
		g.Go(func() error {
			b := line[worker%len(line)]
			for i := range cases {
				code := fmt.Sprintf("ABCD-EFGH-%d", (i*7+worker*5)%cases+1)
				_, _, err := b.Move(b.ctx, claimWithin(code, fmt.Sprint("c", worker, "-", i), most))
				switch {
				case errors.Is(err, referrals.ErrNoRoom):
					no.Add(1)
					continue
				case errors.Is(err, referrals.ErrNotThere):
					continue
				case err != nil:
					return err
				}
				n, err := b.CountOpen(b.ctx, "fld")
				if err != nil {
					return err
				}
				for was := top.Load(); int64(n) > was && !top.CompareAndSwap(was, int64(n)); was = top.Load() {
				}
				if i%3 > 0 {
					if _, _, err := b.Move(b.ctx, end(code, fmt.Sprint("r", worker, "-", i))); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return top.Load(), no.Load()
}

// Moves that share a round trip count each other too: see more in move.lua.
func TestRoomIsCountedWhereItCannotRace(t *testing.T) {
	const most = 4
	if seen, refused := scramble(t, moveLua, most); seen != most || refused == 0 {
		t.Errorf("at most %d of %d were open, %d claims were refused", seen, most, refused)
	}
	for name, change := range map[string][2]string{
		"the count of a round trip is forgotten": {"since = since + grows", ""},
		"room that does not matter":              {"full(move) then", "false then"},
	} {
		spoilt := strings.Replace(moveLua, change[0], change[1], 1)
		if spoilt == moveLua {
			t.Fatalf("%s: the script has changed, and is not spoilt", name)
		}
		wrong := false
		for range 20 {
			if seen, _ := scramble(t, spoilt, most); seen > most {
				wrong = true
				break
			}
		}
		if !wrong {
			t.Errorf("%s: not seen", name)
		}
	}
}
