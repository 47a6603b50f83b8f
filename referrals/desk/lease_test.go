package desk

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// TestAnOrganisationHasNoMoreThanItTakes proves, on a real Redis with two replicas, that of many claims at once as many
// are answered as there is room for, and that the others learn how many are open and what to do.
func TestAnOrganisationHasNoMoreThanItTakes(t *testing.T) {
	l := newLine(t, redistest.Start(t).URL(), Limits{PerSecond: 1e6, Burst: 1e6})
	replicas := []*line{l, l.another()}
	for n := range 20 {
		l.offer("small", referralCode(n), referrals.Urgent)
	}
	answers := make([]answered, 20)
	var group errgroup.Group
	for n := range answers {
		group.Go(func() error {
			answers[n] = replicas[n%2].act("/referrals/"+referralCode(n)+"/claim", small, "")
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	var claimed, refused []int
	for n, a := range answers {
		if a.status == http.StatusOK {
			claimed = append(claimed, n)
			continue
		}
		refused = append(refused, n)
		if p := a.problem(t, noRoom); p.Open != 2 || p.Capacity != 2 || p.State != referrals.Offered {
			t.Errorf("%+v", p)
		}
	}
	if len(claimed) != 2 {
		t.Fatalf("%d of 2 were claimed", len(claimed))
	}
	path := func(n int) string { return "/referrals/" + referralCode(n) }
	l.act(path(claimed[0])+"/accept", small, "").item(t)
	l.act(path(refused[0])+"/claim", small, "", "Idempotency-Key: k").problem(t, noRoom)
	l.act(path(claimed[0])+"/complete", small, `{"outcome": "met"}`).item(t)
	if i := l.act(path(refused[0])+"/claim", small, "", "Idempotency-Key: k").item(t); i.Claim != 1 {
		t.Fatalf("with room again: %+v", i)
	}
}

// claimedAgo has an organisation claim the first case's referral, so long ago that a renewal gains something.
func (l *line) claimedAgo(ago time.Duration) {
	l.t.Helper()
	at := time.Now().Add(-ago)
	l.move(referrals.Move{ID: "open", Desk: "fld", Code: referralCode(1), To: referrals.Offered, Lane: referrals.Urgent, AtRung: -1, At: at, Origin: l.slot})
	l.move(referrals.Move{ID: "claim", Desk: "fld", Code: referralCode(1), From: []referrals.State{referrals.Offered}, To: referrals.Claimed, Claims: true,
		AtRung: -1, At: at, Due: at.Add(30 * time.Minute)})
}

func (l *line) due() time.Duration {
	l.t.Helper()
	h, err := l.store.Holding(context.WithoutCancel(l.t.Context()), "fld", referralCode(1))
	if err != nil {
		l.t.Fatal(err)
	}
	return h.Due.Sub(h.Since)
}

// lines are how many the audit trail has of the organisation.
func (l *line) lines() (n int) {
	l.t.Helper()
	now := time.Now()
	if _, err := l.store.Trail(l.t.Context(), "fld", now.Add(-24*time.Hour), now.Add(time.Hour), func(referrals.Line) { n++ }); err != nil {
		l.t.Fatal(err)
	}
	return n
}

// TestWhoeverReadsKeepsTheClaim proves that reading a document renews a claim, listing them does not, and that it has an
// end, also in the audit trail; and that a claim by who has it does the same.
func TestWhoeverReadsKeepsTheClaim(t *testing.T) {
	claim := "/referrals/" + referralCode(1)
	reads := map[string]func(l *line){
		"the first document": func(l *line) { l.get(claim+"/sealed", fld) },
		"any document":       func(l *line) { l.get(claim+"/documents/"+caseCode(1)+".2.asc", fld) },
		"a claim again":      func(l *line) { l.act(claim+"/claim", fld, `{"claim": 1}`).item(t) },
	}
	for name, read := range reads {
		l := newLine(t, "", Limits{})
		l.withDocuments("fld")
		l.claimedAgo(20 * time.Minute)
		l.get(claim+"/documents", fld)
		l.ask("HEAD", root+claim+"/sealed", fld, "")
		if due := l.due(); due != 30*time.Minute {
			t.Fatalf("%s: due after %s before anybody read", name, due)
		}
		read(l)
		if due := l.due(); due < 50*time.Minute || due > 51*time.Minute {
			t.Errorf("%s: due %s after the offer", name, due)
		}
	}
	l := newLine(t, "", Limits{})
	l.withDocuments("fld")
	l.claimedAgo(119 * time.Minute) // and its clock did not run out: no worker is here
	for range 3 {
		l.get(claim+"/sealed", fld)
		if i := l.act(claim+"/claim", fld, `{"claim": 1}`).item(t); i.State != referrals.Claimed || i.Claim != 1 {
			t.Fatalf("%+v", i)
		}
	}
	if due := l.due(); due != 120*time.Minute {
		t.Errorf("held for %s from the offer", due)
	}
	if n := l.lines(); n != 3 { // offered, claimed, and the one renewal that gained something
		t.Errorf("%d lines in the audit trail", n)
	}
	l.act(claim+"/claim", fld, `{"claim": 7}`).problem(t, staleClaim)
	l.act(claim+"/accept", fld, `{"claim": 1}`).item(t)
	if p := l.act(claim+"/claim", fld, `{"claim": 1}`).problem(t, wrongState); p.State != referrals.Accepted {
		t.Errorf("what is accepted is renewed: %+v", p)
	}
}

// TestALateReaderIsTold proves that a document whose time has passed is refused with how it stands.
func TestALateReaderIsTold(t *testing.T) {
	l := newLine(t, "", Limits{})
	l.withDocuments("fld")
	l.claimedAgo(time.Hour)
	l.move(referrals.Move{ID: "clock", Desk: "fld", Code: referralCode(1), From: []referrals.State{referrals.Claimed}, To: referrals.Expired, AtRung: -1})
	for _, what := range []string{"/sealed", "/documents", fmt.Sprintf("/documents/%s.asc", caseCode(1))} {
		if p := l.get("/referrals/"+referralCode(1)+what, fld).problem(t, wrongState); p.State != referrals.Expired {
			t.Errorf("%s: %+v", what, p)
		}
	}
	if p := l.act("/referrals/"+referralCode(1)+"/claim", fld, `{"claim": 1}`).problem(t, wrongState); p.State != referrals.Expired {
		t.Errorf("%+v", p)
	}
}
