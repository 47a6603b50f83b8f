package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// page reads a page of a list.
func (a answered) page(t testing.TB) (codes []string, next string) {
	t.Helper()
	var p page
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	for _, i := range p.Items {
		codes = append(codes, i.Code)
	}
	if p.NextCursor != nil {
		next = *p.NextCursor
	}
	return codes, next
}

// TestPagesUnderChange proves, on a real Redis with two organisations, that a list read in pages while cases come and
// go has each that stayed exactly once, in order, the most urgent first, and nothing of the other organisation.
func TestPagesUnderChange(t *testing.T) {
	l := newLine(t, redistest.Start(t).URL(), Limits{})
	lanes := []referrals.Lane{referrals.Routine, referrals.Emergency, referrals.Urgent}
	const many = 60
	for n := range many {
		l.offer("fld", referralCode(n), lanes[n%3])
		l.offer("pbi", referralCode(1000+n), lanes[n%3])
	}
	var want []string
	for _, lane := range []int{1, 2, 0} {
		for n := lane; n < many; n += 3 {
			if n%7 != 0 {
				want = append(want, referralCode(n))
			}
		}
	}
	var got []string
	for cursor, n := "", 0; ; n++ {
		codes, next := l.get("/referrals?state=offered&limit=4&cursor="+url.QueryEscape(cursor), fld).page(t)
		got = append(got, codes...)
		if cursor = next; cursor == "" {
			break
		}
		if at := 7 * n; at < many { // somebody takes one: it may have been listed, or not
			l.act("/referrals/"+referralCode(at)+"/claim", fld, "").item(t)
		}
		l.offer("pbi", referralCode(2000+n), referrals.Emergency)
	}
	got = slices.DeleteFunc(got, func(code string) bool {
		for at := 0; at < many; at += 7 {
			if code == referralCode(at) {
				return true
			}
		}
		return false
	})
	if !slices.Equal(got, want) {
		t.Errorf("read %v\nwant %v", got, want)
	}
}

// TestLists proves what a list is asked with.
func TestLists(t *testing.T) {
	l := newLine(t, "", Limits{})
	for n := range 3 {
		l.offer("fld", referralCode(n), referrals.Urgent)
	}
	l.act("/referrals/"+referralCode(1)+"/claim", fld, "").item(t)
	l.act("/referrals/"+referralCode(2)+"/decline", fld, `{"reason": "other"}`).item(t)
	for query, want := range map[string][]string{
		"":                              {referralCode(0), referralCode(1)},
		"?state=offered":                {referralCode(0)},
		"?state=claimed&state=declined": {referralCode(1), referralCode(2)},
		"?state=claimed&state=claimed":  {referralCode(1)},
		"?state=completed":              nil,
		"?limit=200":                    {referralCode(0), referralCode(1)},
		"?cursor=":                      {referralCode(0), referralCode(1)},
	} {
		if codes, next := l.get("/referrals"+query, fld).page(t); !slices.Equal(codes, want) || next != "" {
			t.Errorf("%s: %v %q", query, codes, next)
		}
	}
	for _, query := range []string{"state=", "state=open", "state=alerted", "state=offered,claimed", "limit=", "limit=0", "limit=201", "limit=-1",
		"limit=1&limit=2", "limit=1e1", "cursor=x", "cursor=" + fmt.Sprintf("%0300d", 0), "cursor=a&cursor=b", "stat=offered", "state=%zz", "a;b"} {
		l.get("/referrals?"+query, fld).problem(t, unreadable)
	}
}
