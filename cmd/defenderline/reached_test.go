package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/configs"
	"defenderline/referrals"
	"defenderline/referrals/store"
)

// TestWhetherTheyWereReachedSurvivesKills kills the line before it asks somebody in an emergency whether the organisation has been in touch,
// and between the question and the answer: the desks hear of that, and the audit trail has it once.
func TestWhetherTheyWereReachedSurvivesKills(t *testing.T) {
	beside(t, waiting)
	r := newRigWith(t, rigOptions{webhook: true})
	lima, ngo := r.desk(lima1), r.desk(fldChat)
	d, code := r.sent("has anybody called", "mission", "front-line-defenders")
	lima.press("ack:" + code)
	ngo.press("claim:" + code + "-1")
	ngo.press("accept:" + code + "-1")
	d.reads("was taken on by Front Line Defenders")
	r.idle()
	r.kill()
	r.inStore(func(s *store.Store) { r.dayLater(s, code) })
	r.start()
	notYet := "reached:not_yet#" + code
	asked, _ := button(d.offered(notYet), func(b string) bool { return b == notYet })
	r.kill()
	if _, err := d.PressStale(asked, notYet); err != nil {
		t.Fatal(err)
	}
	r.start()
	d.reads("You answered: they have not been in touch yet about case " + code)
	for _, desk := range []*actor{lima, ngo} {
		desk.reads("The defender says: Front Line Defenders has not been in touch yet.")
	}
	var answers []string
	if !r.eventually(func() bool { answers = r.answers(fld); return len(answers) > 0 }) || !slices.Equal(answers, []string{code + "-1 not_yet"}) {
		t.Errorf("the audit trail says %q", answers)
	}
}

// answers are what the audit trail has of whether a desk has been in touch.
func (r *rig) answers(desk string) (all []string) {
	r.t.Helper()
	r.inStore(func(s *store.Store) {
		_, err := s.Trail(r.t.Context(), desk, s.Now().Add(-time.Hour), s.Now().Add(time.Hour), func(l referrals.Line) {
			if l.Kind == referrals.LineReached {
				all = append(all, l.Code+" "+l.Why)
			}
		})
		if err != nil {
			r.t.Error(err)
		}
	})
	return all
}

// idle waits until nothing is left to be done.
func (r *rig) idle() {
	r.t.Helper()
	if !r.eventually(func() bool { return r.waiting() == 0 }) {
		r.t.Fatalf("%d errands are left", r.waiting())
	}
}

// inStore does something with the line's store, by its configuration.
func (r *rig) inStore(do func(s *store.Store)) {
	r.t.Helper()
	c, _ := configs.Load(filepath.Join(r.dir, r.file), configs.Options{})
	s, err := openStore(r.t.Context(), c, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	do(s)
}

// dayLater lets a day go by for a case, while no line runs: what it will ask its defender it asks now.
func (r *rig) dayLater(s *store.Store, code string) {
	r.t.Helper()
	ctx, db := r.t.Context(), r.redis.Client()
	keys := db.Keys(ctx, "*:r:k"+code).Val()
	if len(keys) != 1 {
		r.t.Fatalf("the case is kept as %q", keys)
	}
	slot := strings.Trim(strings.TrimSuffix(keys[0], ":r:k"+code), "{}")
	if err := db.Do(ctx, "ZADD", "{"+slot+"}:due", 1, "k"+code).Err(); err != nil {
		r.t.Fatal(err)
	}
	taken, err := s.Take(ctx, []string{slot}, 1)
	var c referrals.Case
	if err != nil || len(taken) != 1 || json.Unmarshal(taken[0].State, &c) != nil {
		r.t.Fatalf("took %d, %v", len(taken), err)
	}
	for i := range c.Shares {
		if !c.Shares[i].AskAt.IsZero() {
			c.Shares[i].AskAt = s.Now()
		}
	}
	state, err := json.Marshal(c)
	if err == nil {
		_, _, err = s.Commit(ctx, taken[0], referrals.Commit{State: state, Keep: time.Hour, Again: s.Now()})
	}
	if err != nil {
		r.t.Fatal(err)
	}
}
