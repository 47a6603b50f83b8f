package desk

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// TestOneOfManyClaimsAReferral proves, on a real Redis with two replicas of the line, that of eight who claim at once one has
// it, with the number that is told, that the others are told that it is claimed, and that the winner's claim repeated at the other
// replica has the same answer; for many referrals.
func TestOneOfManyClaimsAReferral(t *testing.T) {
	l := newLine(t, redistest.Start(t).URL(), Limits{PerSecond: 1e6, Burst: 1e6})
	replicas := []*line{l, l.another()}
	const workers, many = 8, 40
	for n := range many {
		l.offer("fld", referralCode(n), referrals.Urgent)
	}
	answers := make([][many]answered, workers)
	var group errgroup.Group
	for w := range workers {
		group.Go(func() error {
			for n := range many {
				answers[w][n] = replicas[w%2].act("/referrals/"+referralCode(n)+"/claim", fld, "", fmt.Sprintf("Idempotency-Key: %d of %d", n, w))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for n := range many {
		won := 0
		for w := range workers {
			a := answers[w][n]
			if a.status != http.StatusOK {
				if p := a.problem(t, wrongState); p.State != referrals.Claimed {
					t.Errorf("%d lost %d: %+v", w, n, p)
				}
				continue
			}
			won++
			if i := a.item(t); i.Claim != 1 || i.State != referrals.Claimed {
				t.Errorf("%d won %d: %+v", w, n, i)
			}
			again := replicas[(w+1)%2].act("/referrals/"+referralCode(n)+"/claim", fld, "", fmt.Sprintf("Idempotency-Key: %d of %d", n, w))
			if again.body != a.body || again.status != a.status {
				t.Errorf("repeated: %s, not %s", again.body, a.body)
			}
		}
		if won != 1 {
			t.Errorf("referral %d has %d owners", n, won)
		}
	}
}

// TestAnActRepeatedWithItsKeyCountsOnce proves what an Idempotency-Key promises.
func TestAnActRepeatedWithItsKeyCountsOnce(t *testing.T) {
	l := newLine(t, "", Limits{})
	one, two := "/referrals/"+referralCode(1), "/referrals/"+referralCode(2)
	for n := 1; n < 3; n++ {
		l.offer("fld", referralCode(n), referrals.Urgent)
		l.offer("pbi", referralCode(n), referrals.Urgent)
	}
	const k = "Idempotency-Key: k1"
	first := l.act(one+"/claim", fld, "", k)
	for range 3 {
		if a := l.act(one+"/claim", fld, "{}", k); a.status != http.StatusOK || a.body != first.body {
			t.Fatalf("repeated: %d %s, not %s", a.status, a.body, first.body)
		}
	}
	for _, other := range []answered{
		l.act(two+"/claim", fld, "", k), l.act(one+"/accept", fld, "", k), l.act(one+"/decline", fld, `{"reason": "other"}`, k),
		l.act(one+"/claim", fld, `{"claim": 1}`, k),
	} {
		other.problem(t, reusedKey)
	}
	l.another().act(two+"/claim", fld, "", k).problem(t, reusedKey)
	if i := l.get(two, fld).item(t); i.State != referrals.Offered {
		t.Fatalf("a key of another act moved it: %+v", i)
	}
	if i := l.act(one+"/claim", pbi, "", k).item(t); i.State != referrals.Claimed {
		t.Fatalf("another organisation's key: %+v", i)
	}
	for range 2 { // a step further, the act that was done is still answered as done
		l.act(one+"/accept", fld, "", "Idempotency-Key: k2").item(t)
		if i := l.act(one+"/claim", fld, "", k).item(t); i.State != referrals.Accepted {
			t.Fatalf("the claim repeated after: %+v", i)
		}
	}
	if p := l.act(one+"/claim", fld, "").problem(t, wrongState); p.State != referrals.Accepted {
		t.Fatalf("without a key: %+v", p)
	}
}

// TestARefusedActMayBeTriedAgainWithItsKey proves that only what was done is remembered.
func TestARefusedActMayBeTriedAgainWithItsKey(t *testing.T) {
	l := newLine(t, "", Limits{})
	path := "/referrals/" + referralCode(1)
	l.offer("fld", referralCode(1), referrals.Urgent)
	l.act(path+"/accept", fld, "", "Idempotency-Key: k").problem(t, wrongState)
	l.act(path+"/claim", fld, "").item(t)
	if i := l.act(path+"/accept", fld, "", "Idempotency-Key: k").item(t); i.State != referrals.Accepted {
		t.Fatalf("%+v", i)
	}
}

// TestAnActFromAStaleClaimIsRefused proves that who lost a claim changes nothing and learns which is the last.
func TestAnActFromAStaleClaimIsRefused(t *testing.T) {
	l := newLine(t, "", Limits{})
	path := "/referrals/" + referralCode(1)
	l.offer("fld", referralCode(1), referrals.Urgent)
	l.act(path+"/claim", fld, "").item(t)
	l.move(referrals.Move{ID: "back", Desk: "fld", Code: referralCode(1), From: []referrals.State{referrals.Claimed}, To: referrals.Offered, AtRung: -1})
	if i := l.act(path+"/claim", fld, "").item(t); i.Claim != 2 {
		t.Fatalf("claimed again: %+v", i)
	}
	for act, body := range map[string]string{"accept": `{"claim": 1}`, "decline": `{"claim": 1, "reason": "other"}`,
		"return": `{"reason": "safety", "claim": 1}`, "complete": `{"claim": 1, "outcome": "met"}`} {
		p := l.act(path+"/"+act, fld, body).problem(t, staleClaim)
		if p.Claim != 2 || p.State != referrals.Claimed || p.Status != http.StatusConflict {
			t.Errorf("%s: %+v", act, p)
		}
	}
	if i := l.act(path+"/accept", fld, `{"claim": 2}`).item(t); i.State != referrals.Accepted {
		t.Fatalf("the last claim: %+v", i)
	}
}

// TestBodiesAreRead proves which bodies an act takes, and that of the others nothing comes.
func TestBodiesAreRead(t *testing.T) {
	l := newLine(t, "", Limits{})
	path := "/referrals/" + referralCode(1)
	l.offer("fld", referralCode(1), referrals.Urgent)
	for body, k := range map[string]kind{
		`{`: unreadable, `null`: unreadable, `[]`: unreadable, `"other"`: unreadable, ` `: unreadable,
		`{"reason": "other"} {}`: unreadable, `{"reason": "other", "reason": "other"}`: unreadable,
		`{"reason": 1}`: unreadable, `{"reason": "other", "note": "x"}`: unreadable, `{"Reason": "other"}`: unreadable,
		"{\"reason\": \"\xff\"}": unreadable, `{"reason": "other", "claim": "1"}`: unreadable, `{"reason": "other", "claim": 1.5}`: unreadable,
		`{"reason": "other", "claim": 99999999999999999999}`: unreadable,
		``: wrongValue, `{}`: wrongValue, `{"reason": null}`: wrongValue, `{"reason": ""}`: wrongValue, `{"reason": "Other"}`: wrongValue,
		`{"reason": "other", "outcome": "met"}`: wrongValue, `{"outcome": "met"}`: wrongValue,
		`{"reason": "other", "claim": 0}`: wrongValue, `{"reason": "other", "claim": -1}`: wrongValue,
		`{"reason": "other"` + strings.Repeat(" ", 4096) + `}`: tooLarge,
	} {
		if p := l.act(path+"/decline", fld, body).problem(t, k); strings.Contains(p.Detail, "Other") {
			t.Errorf("%.40s: repeats what was written: %+v", body, p)
		}
	}
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "application/problem+json", "a", ""} {
		l.act(path+"/decline", fld, `{"reason": "other"}`, "Content-Type: "+media).problem(t, wrongType)
	}
	for _, key := range []string{"", strings.Repeat("k", 129), "ключ"} {
		l.act(path+"/decline", fld, `{"reason": "other"}`, "Idempotency-Key: "+key).problem(t, unreadable)
	}
	if i := l.get(path, fld).item(t); i.State != referrals.Offered {
		t.Fatalf("a refused body moved it: %+v", i)
	}
	a := l.act(path+"/decline", fld, "\n{\"reason\":\t\"other\"}\n", "Content-Type: application/json; charset=utf-8")
	if i := a.item(t); i.State != referrals.Declined {
		t.Fatalf("%+v", i)
	}
}

// written is everything in the files of a folder.
func written(t *testing.T, dir string) string {
	t.Helper()
	var all []byte
	if err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var raw []byte
			raw, err = os.ReadFile(filepath.Join(dir, name))
			all = append(all, raw...)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// TestTheStoreLearnsNeitherKeyNorReason proves that a dump of Redis has neither, also not as a hash that can be found.
func TestTheStoreLearnsNeitherKeyNorReason(t *testing.T) {
	redis := redistest.Start(t)
	l := newLine(t, redis.URL(), Limits{})
	l.offer("fld", referralCode(1), referrals.Urgent)
	const key = "a-key-with-words"
	l.act("/referrals/"+referralCode(1)+"/decline", fld, `{"reason": "safety"}`, "Idempotency-Key: "+key).item(t)
	dump := written(t, redis.Dir())
	if !strings.Contains(dump, referralCode(1)) {
		t.Fatal("what Redis writes to disk was not found")
	}
	for _, secret := range []string{key, "safety", fld} {
		if strings.Contains(dump, secret) {
			t.Errorf("%s is in the store", secret)
		}
	}
	a, b := (&call{guest: &guest{Desk: desks()[2]}}), (&call{guest: &guest{Desk: desks()[3]}})
	prints := []string{a.print("key", key), b.print("key", key), a.print("act", key), a.print("ke", "y"+key), a.print("key" + key)}
	slices.Sort(prints)
	if len(slices.Compact(prints)) != 5 {
		t.Error("two things have one print")
	}
}

// TestKeysAreBounded proves that whoever stole a token cannot fill the store with keys, and that acts without one go on.
func TestKeysAreBounded(t *testing.T) {
	l := newLine(t, "", Limits{KeyBurst: 3, KeysPerSecond: 0.01})
	path := "/referrals/" + referralCode(1)
	l.offer("fld", referralCode(1), referrals.Urgent)
	l.act("/referrals/"+referralCode(9)+"/claim", fld, "", "Idempotency-Key: of what is not there").problem(t, unknown)
	for n := range 3 {
		l.act(path+"/accept", fld, "", fmt.Sprint("Idempotency-Key: ", n)).problem(t, wrongState)
	}
	a := l.act(path+"/claim", fld, "", "Idempotency-Key: one more")
	if wait, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || wait < 1 || wait > 100 {
		t.Errorf("wait %q", a.header.Get("Retry-After"))
	}
	if p := a.problem(t, tooMany); !strings.Contains(p.Detail, "without a key") {
		t.Errorf("says %q", p.Detail)
	}
	if i := l.act(path+"/claim", fld, "").item(t); i.State != referrals.Claimed {
		t.Errorf("without a key: %+v", i)
	}
	l.offer("pbi", referralCode(1), referrals.Urgent)
	l.act(path+"/claim", pbi, "", "Idempotency-Key: another desk's").item(t)
}
