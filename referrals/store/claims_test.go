package store

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// claimAct is one act of the history of a holding: a claim, what its owner did with it, or its end.
type claimAct struct {
	kind       string // claim, accept, end
	claim      int64
	actor      int
	start, end time.Duration // when it was called, and when it had its answer
}

// history is what several actors saw of one holding: their acts that succeeded, and the claims of which
// they heard, after lost answers, that another has claimed since: they may have been made.
type history struct {
	mu    sync.Mutex
	acts  []claimAct
	maybe []claimAct
}

func (h *history) add(list *[]claimAct, a claimAct) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*list = append(*list, a)
}

// unheard finds the claim of a number that its owner never heard of, made between two moments, and takes it
// from the list. Its owner was only told so if somebody had claimed again before that answer.
func (h *history) unheard(claim int64, after, before time.Duration) (claimAct, bool) {
	slices.SortFunc(h.maybe, func(a, b claimAct) int { return cmp.Compare(a.end, b.end) })
	for i, m := range h.maybe {
		again := slices.ContainsFunc(h.acts, func(a claimAct) bool { return a.kind == "claim" && a.claim > claim && a.start < m.end }) ||
			slices.ContainsFunc(h.maybe, func(a claimAct) bool { return a.actor != m.actor && a.start < m.end })
		if again && after <= m.end && m.start <= before {
			h.maybe = slices.Delete(h.maybe, i, i+1)
			return m, true
		}
	}
	return claimAct{}, false
}

// check says why a history admits no single owner at any time. All of it must fit on one line: claim 1,
// what its owner did, its end, claim 2, and so on, each act at some moment between its call and its answer.
func (h *history) check() error {
	place := map[string]int{"claim": 0, "accept": 1, "end": 2}
	acts := slices.Clone(h.acts)
	slices.SortStableFunc(acts, func(a, b claimAct) int {
		return cmp.Or(cmp.Compare(a.claim, b.claim), cmp.Compare(place[a.kind], place[b.kind]))
	})
	var line time.Duration
	var last claimAct // a claim that has no end yet, or the end of the claim before
	owner := -1
	for _, a := range acts {
		if a.kind == "end" && owner < 0 && a.claim == last.claim+1 {
			if m, ok := h.unheard(a.claim, line, a.end); ok {
				line, owner, last.claim = max(line, m.start), m.actor, a.claim
			}
		}
		switch {
		case a.kind == "claim" && (owner >= 0 || a.claim != last.claim+1):
			return fmt.Errorf("actor %d has claim %d after claim %d of actor %d", a.actor, a.claim, last.claim, owner)
		case a.kind != "claim" && (owner < 0 || a.claim != last.claim):
			return fmt.Errorf("actor %d: %s of claim %d, which nobody has", a.actor, a.kind, a.claim)
		case a.kind == "accept" && a.actor != owner:
			return fmt.Errorf("actor %d accepted claim %d of actor %d", a.actor, a.claim, owner)
		}
		if line = max(line, a.start); line > a.end {
			return fmt.Errorf("actor %d: %s of claim %d was answered before what it came after was called", a.actor, a.kind, a.claim)
		}
		last, owner = a, a.actor
		if a.kind == "end" {
			owner = -1
		}
	}
	return nil
}

// claimant acts on one holding, in competition with others.
type claimant struct {
	b     backend
	actor int
	begun time.Time
	h     *history
	dice  *rand.Rand
	acts  int
}

const contested = "ABCD-EFGH-1"

// run acts n times: it claims what it sees offered, and does something with what it sees claimed, by
// whomever; what its eyes saw may be long past.
func (c *claimant) run(n int) error {
	for range n {
		h, err := c.b.Holding(c.b.ctx, "fld", contested)
		if err != nil {
			return err
		}
		mine := h.State == referrals.Offered
		m := referrals.Move{From: []referrals.State{referrals.Offered}, To: referrals.Claimed, Claims: true}
		kind := "claim"
		if !mine || c.dice.IntN(4) == 0 { // an offered one is ended, too, by who saw an older claim
			kind = "end"
			m = referrals.Move{From: []referrals.State{referrals.Claimed, referrals.Accepted}, To: referrals.Offered, Claim: max(1, h.Claim)}
		}
		got, err := c.move(kind, m)
		if err != nil {
			return err
		}
		if kind == "claim" && got > 0 && c.dice.IntN(2) == 0 {
			if _, err := c.move("accept", referrals.Move{From: []referrals.State{referrals.Claimed}, To: referrals.Accepted, Claim: got}); err != nil {
				return err
			}
		}
	}
	return nil
}

// move makes a move until it has an answer, and notes it when it was made. It returns the claim.
func (c *claimant) move(kind string, m referrals.Move) (int64, error) {
	c.acts++
	m.ID, m.Desk, m.Code, m.AtRung = fmt.Sprintf("%d-%d", c.actor, c.acts), "fld", contested, -1
	start := time.Since(c.begun)
	for lost := false; ; {
		h, _, err := c.b.Move(c.b.ctx, m)
		if errors.Is(err, errLost) {
			lost = true
			continue
		}
		if errors.Is(err, referrals.ErrNotThere) {
			if lost && kind == "claim" {
				c.h.add(&c.h.maybe, claimAct{kind, 0, c.actor, start, time.Since(c.begun)})
			}
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		claim := m.Claim
		if kind == "claim" {
			claim = h.Claim
		}
		c.h.add(&c.h.acts, claimAct{kind, claim, c.actor, start, time.Since(c.begun)})
		return claim, nil
	}
}

// contest lets several actors of three processes act on one holding, every so manieth answer lost, and returns the history.
func contest(t testing.TB, server *redistest.Server, v *Vault, script string, seed uint64) *history {
	t.Helper()
	if err := server.Client().FlushDB(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	loss, line := &lossy{}, make([]backend, 3)
	for i := range line {
		line[i] = open(t, Options{URL: server.URL() + patient, Vault: v})
		line[i].scripts.move = redis.NewScript(anyTime + counterLua + heldLua + trailLua + script)
	}
	line[0].offer(t, contested, referrals.Emergency)
	for _, b := range line {
		b.db.AddHook(loss)
	}
	loss.every.Store(7)
	h := &history{}
	begun := time.Now()
	var g errgroup.Group
	for actor := range 6 {
		c := &claimant{b: line[actor%len(line)], actor: actor, begun: begun, h: h, dice: rand.New(rand.NewPCG(seed, uint64(actor)))}
		g.Go(func() error { return c.run(60) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAClaimHasOneOwnerAtATime(t *testing.T) {
	server, v := redistest.Start(t), newVault(t)
	for seed := range uint64(soak(5)) {
		h := contest(t, server, v, moveLua, seed)
		claims := 0
		for _, a := range h.acts {
			if a.kind == "claim" {
				claims++
			}
		}
		if err := h.check(); err != nil || claims < 10 {
			t.Fatalf("seed %d, %d claims: %v", seed, claims, err)
		}
	}
}

// soak is how often to do something that is done n times in everyday tests: -rapid.checks, of which 100 are
// everyday, makes it more.
func soak(n int) int {
	checks, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		return n
	}
	return max(n, n*checks/100)
}

// TestTheCheckerOfClaimsSeesWhatIsWrong spoils the script in each way that would give a claim two owners.
func TestTheCheckerOfClaimsSeesWhatIsWrong(t *testing.T) {
	server, v := redistest.Start(t), newVault(t)
	for name, change := range map[string][2]string{
		"a state that does not matter": {"byte(move, byte(is) - 55) == dash", "false"},
		"a claim that does not matter": {"sub(move, 54, 62) ~= sub(is, 51, 59)", "false"},
		"a number that does not rise":  {"number + 1", "1"},
		"a move that counts twice":     {"local again = is and", "local again = false and"},
		"a claim taken for another's":  {"claimant(is) ~= sub(entry, 2, 12)", "false"},
	} {
		spoilt := strings.Replace(moveLua, change[0], change[1], 1)
		if spoilt == moveLua {
			t.Fatalf("%s: the script has changed, and is not spoilt", name)
		}
		var err error
		for seed := uint64(0); err == nil && seed < 30; seed++ {
			err = contest(t, server, v, spoilt, seed).check()
		}
		if err == nil {
			t.Errorf("%s: not seen", name)
		}
	}
}
