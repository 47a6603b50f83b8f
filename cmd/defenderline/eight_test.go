package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
	"defenderline/referrals/store"
)

var offers = flag.Int("referrals", 120, "how many referrals eight workers claim from two replicas")

// eight are workers of one organisation that share its token and nothing else.
type eight struct {
	r       *rig
	n       int
	mu      sync.Mutex
	owner   map[string]int // by code: who was answered that it is theirs
	claimed atomic.Int64
	calls   atomic.Int64
	slowed  atomic.Int64 // answers 429
}

// TestEightWorkersClaimEachReferralOnce offers many referrals to one organisation, whose eight workers claim whatever they see
// offered from two replicas of the line, one of which is killed in the middle and comes back. Each is owned by exactly one worker,
// none is lost, and each is accepted by its owner alone.
func TestEightWorkersClaimEachReferralOnce(t *testing.T) {
	r := newRigWith(t, rigOptions{replicas: 2, change: []func(*rig, *string){withToken, func(_ *rig, config *string) {
		*config = strings.ReplaceAll(*config, "    capacity: 20\n", "")
	}}})
	e := &eight{r: r, n: *offers, owner: map[string]int{}}
	e.offer(t)
	begun := time.Now()
	var g errgroup.Group
	for worker := range 8 {
		g.Go(func() error { return e.work(t.Context(), worker) })
	}
	g.Go(func() error { // half-way one replica dies, in the middle of whatever it does
		if !within(5*time.Minute, func() bool { return e.claimed.Load() >= int64(e.n/2) }) {
			return errors.New("half of them were never claimed")
		}
		r.replicas[1].kill()
		r.replicas[1].start()
		return nil
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d referrals, %d calls, %d of them told to wait, in %s", e.n, e.calls.Load(), e.slowed.Load(), time.Since(begun).Round(time.Millisecond))
	e.judge(t)
}

func (e *eight) code(i int) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	return fmt.Sprintf("AAAA-A%c%c%c-1", letters[i/1024%32], letters[i/32%32], letters[i%32])
}

// offer offers all of them, as their cases do.
func (e *eight) offer(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(e.r.dir, "secrets", "state-keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	vault, err := store.ParseStateKeys(raw)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{URL: e.r.redis.URL(), Vault: vault, Now: time.Now, Desks: []string{"front-line-defenders"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range e.n {
		_, _, err := s.Move(t.Context(), referrals.Move{ID: "open", Desk: "front-line-defenders", Code: e.code(i), To: referrals.Offered, AtRung: -1,
			At: time.Now(), Due: time.Now().Add(time.Hour), Lane: referrals.Urgent, Origin: "p07"})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// work claims what is offered, and accepts what was claimed, until nothing is offered any more.
func (e *eight) work(ctx context.Context, worker int) error {
	dice := rand.New(rand.NewPCG(uint64(worker), 8))
	for {
		var list struct{ Items []struct{ Code string } }
		if _, err := e.ask(ctx, worker, "GET", "/referrals?state=offered&limit=20", "", "", &list); err != nil {
			return err
		}
		if len(list.Items) == 0 {
			return nil
		}
		dice.Shuffle(len(list.Items), func(i, j int) { list.Items[i], list.Items[j] = list.Items[j], list.Items[i] })
		for _, one := range list.Items {
			if err := e.claim(ctx, worker, one.Code); err != nil {
				return err
			}
		}
	}
}

// claim claims one and, if it is this worker's, accepts it by the claim's number.
func (e *eight) claim(ctx context.Context, worker int, code string) error {
	var item struct{ Claim int64 }
	status, err := e.ask(ctx, worker, "POST", "/referrals/"+code+"/claim", fmt.Sprintf("%d claims %s", worker, code), "", &item)
	if err != nil || status == http.StatusConflict {
		return err
	}
	e.mu.Lock()
	other, taken := e.owner[code]
	e.owner[code] = worker
	e.mu.Unlock()
	if taken && other != worker || item.Claim != 1 {
		return fmt.Errorf("%s is claimed by %d and by %d, claim %d", code, other, worker, item.Claim)
	}
	e.claimed.Add(1)
	said := fmt.Sprintf(`{"claim": %d}`, item.Claim)
	if status, err = e.ask(ctx, worker, "POST", "/referrals/"+code+"/accept", fmt.Sprintf("%d accepts %s", worker, code), said, &item); err == nil && status != http.StatusOK {
		return fmt.Errorf("%d owns %s and may not accept it: %d", worker, code, status)
	}
	return err
}

// ask asks a replica, again and again with the same key while it does not answer or asks for patience.
func (e *eight) ask(ctx context.Context, worker int, method, path, key, body string, into any) (status int, err error) {
	for tries := range 600 {
		e.calls.Add(1)
		p := e.r.replicas[(worker+tries)%2]
		req, err := http.NewRequestWithContext(ctx, method, "http://"+p.http+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Authorization", "Bearer "+apiToken)
		if key != "" {
			req.Header.Set("Idempotency-Key", key)
		}
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil { // it was killed: done or not, nobody knows
			rest(ctx, 100*time.Millisecond)
			continue
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		switch {
		case err != nil:
		case resp.StatusCode == http.StatusTooManyRequests:
			e.slowed.Add(1)
			rest(ctx, 200*time.Millisecond)
		case resp.StatusCode == http.StatusServiceUnavailable:
			rest(ctx, 100*time.Millisecond)
		case resp.StatusCode == http.StatusOK:
			return resp.StatusCode, json.Unmarshal(raw, into)
		case resp.StatusCode == http.StatusConflict:
			return resp.StatusCode, nil
		default:
			return resp.StatusCode, fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, raw)
		}
	}
	return 0, fmt.Errorf("%s %s was never answered", method, path)
}

// rest is a client's pause before it asks again.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// judge compares what the workers were told with what the line knows.
func (e *eight) judge(t *testing.T) {
	if len(e.owner) != e.n {
		t.Errorf("%d of %d have an owner", len(e.owner), e.n)
	}
	shares := make([]int, 8)
	for _, worker := range e.owner {
		shares[worker]++
	}
	accepted := 0
	for cursor := ""; ; {
		var page struct {
			Items []struct {
				Code  string
				Claim int64
			}
			NextCursor string `json:"next_cursor"`
		}
		path := "/referrals?state=accepted&limit=200"
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		if _, err := e.ask(t.Context(), 0, "GET", path, "", "", &page); err != nil {
			t.Fatal(err)
		}
		for _, one := range page.Items {
			if _, owned := e.owner[one.Code]; !owned || one.Claim != 1 {
				t.Errorf("%s is accepted by nobody, claim %d", one.Code, one.Claim)
			}
			accepted++
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if accepted != e.n {
		t.Errorf("%d of %d are accepted", accepted, e.n)
	}
	t.Logf("each worker has %v", shares)
}
