package desk

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"defenderline/referrals"
)

// TestALifeOfAReferral walks a referral from offer to end, as an NGO's program does.
func TestALifeOfAReferral(t *testing.T) {
	l := newLine(t, "", Limits{})
	code := referralCode(1)
	l.offer("fld", code, referrals.Urgent)
	i := l.get("/referrals/"+code, fld).item(t)
	if i.Code != code || i.State != referrals.Offered || i.Lane != referrals.Urgent || i.Claim != 0 || i.DueAt == nil || i.OfferedAt.IsZero() {
		t.Fatalf("offered: %+v", i)
	}
	if p := l.get("/referrals/"+code+"/sealed", fld).problem(t, wrongState); p.State != referrals.Offered {
		t.Fatalf("opened before the claim: %+v", p)
	}
	for _, step := range []struct {
		act, body string
		state     referrals.State
	}{
		{"claim", "", referrals.Claimed},
		{"accept", `{"claim": 1}`, referrals.Accepted},
		{"complete", `{"outcome": "relocated", "claim": 1}`, referrals.Completed},
	} {
		i := l.act("/referrals/"+code+"/"+step.act, fld, step.body).item(t)
		if i.State != step.state || i.Claim != 1 || (i.DueAt != nil) != (step.act == "claim") {
			t.Fatalf("%s: %+v", step.act, i)
		}
	}
	if p := l.act("/referrals/"+code+"/claim", fld, "").problem(t, wrongState); p.State != referrals.Completed {
		t.Fatalf("claimed after its end: %+v", p)
	}
}

// TestALifeOfACase walks a case at a mission from alert to end.
func TestALifeOfACase(t *testing.T) {
	l := newLine(t, "", Limits{})
	code := caseCode(1)
	l.alert("lima", code, referrals.Emergency)
	if i := l.act("/cases/"+code+"/acknowledge", lima, "{}").item(t); i.State != referrals.Acknowledged || i.DueAt != nil {
		t.Fatalf("acknowledged: %+v", i)
	}
	if p := l.act("/cases/"+code+"/acknowledge", lima, "").problem(t, wrongState); p.State != referrals.Acknowledged {
		t.Fatalf("acknowledged twice: %+v", p)
	}
	if i := l.act("/cases/"+code+"/close", lima, `{"outcome": "trial_attended"}`).item(t); i.State != referrals.Closed {
		t.Fatalf("closed: %+v", i)
	}
	if p := l.get("/cases/"+code+"/sealed", lima).problem(t, wrongState); p.State != referrals.Closed {
		t.Fatalf("opened after its end: %+v", p)
	}
}

// TestAnOrganisationSeesOnlyItsOwn proves that another's case, a code that never was and what is no code are one
// answer, letter for letter, for everything that can be asked.
func TestAnOrganisationSeesOnlyItsOwn(t *testing.T) {
	l := newLine(t, "", Limits{})
	theirs, mission := referralCode(1), caseCode(1)
	l.offer("fld", theirs, referrals.Urgent)
	l.alert("lima", mission, referrals.Urgent)
	var first string
	same := func(a answered) {
		t.Helper()
		a.problem(t, unknown)
		if text := a.body + a.header.Get("Content-Type"); first == "" {
			first = text
		} else if text != first {
			t.Errorf("tells more than nothing: %s", a.body)
		}
	}
	for _, code := range []string{theirs, mission, referralCode(2), caseCode(2), "x", "%2e%2e", "AAAA-AAAA-1000", "%F0%9F%92%A5"} {
		for _, path := range []string{"", "/sealed", "/documents", "/documents/" + caseCode(1) + ".asc", "/nothing"} {
			same(l.get("/referrals/"+code+path, pbi))
			same(l.get("/cases/"+code+path, pbi))
		}
		for _, act := range referrals.NGODesk.Acts() {
			body := ""
			switch act {
			case referrals.ActDecline, referrals.ActReturn:
				body = `{"reason": "other"}`
			case referrals.ActComplete:
				body = `{"outcome": "met"}`
			}
			same(l.act("/referrals/"+code+"/"+string(act), pbi, body))
			same(l.act("/referrals/"+code+"/"+string(act), lima, body))
		}
		same(l.act("/cases/"+code+"/acknowledge", pbi, ""))
	}
	same(l.get("/cases", pbi))
	same(l.get("/referrals", lima))
	same(l.get("", pbi))
	if a := l.get("/referrals", pbi); a.status != http.StatusOK || a.body != `{"items":[],"next_cursor":null}` {
		t.Errorf("another's list: %s", a.body)
	}
	if i := l.get("/referrals/"+theirs, fld).item(t); i.State != referrals.Offered {
		t.Errorf("another's acts changed it: %+v", i)
	}
}

// TestTokens proves who gets in: one right token in the one right form.
func TestTokens(t *testing.T) {
	l := newLine(t, "", Limits{})
	for header, status := range map[string]int{
		"Bearer " + fld:                       http.StatusOK,
		"bearer  " + fld + " ":                http.StatusOK,
		"":                                    http.StatusUnauthorized,
		"Bearer":                              http.StatusUnauthorized,
		"Bearer ":                             http.StatusUnauthorized,
		"Bearer " + nobody:                    http.StatusUnauthorized,
		"Bearer " + fld + "x":                 http.StatusUnauthorized,
		"Bearer " + strings.ToUpper(fld):      http.StatusUnauthorized,
		"Basic " + fld:                        http.StatusUnauthorized,
		fld:                                   http.StatusUnauthorized,
		"Bearer " + strings.Repeat("x", 9000): http.StatusUnauthorized,
	} {
		a := l.get("/referrals", "", "Authorization: "+header)
		if a.status != status {
			t.Errorf("%.20q: %d", header, a.status)
		}
		challenge := a.header.Get("WWW-Authenticate")
		if (challenge != "") != (status == http.StatusUnauthorized) || challenge != "" && !strings.HasPrefix(challenge, `Bearer realm="defenderline"`) {
			t.Errorf("%.20q: challenged %q", header, challenge)
		}
	}
	if a := l.get("/nothing", nobody); a.status != http.StatusUnauthorized {
		t.Errorf("a stranger learns which paths there are: %d", a.status)
	}
	if text := l.logged.String(); strings.Contains(text, "token") {
		t.Errorf("a token is in the log: %s", text)
	}
}

// TestMethods proves that what is asked in the wrong way is answered with the right one.
func TestMethods(t *testing.T) {
	l := newLine(t, "", Limits{})
	code := referralCode(1)
	l.offer("fld", code, referrals.Urgent)
	for path, allow := range map[string]string{
		"/referrals":                    "GET, HEAD, OPTIONS",
		"/referrals/" + code + "/claim": "POST, OPTIONS",
		"/events":                       "GET, HEAD, OPTIONS",
		"/openapi.json":                 "GET, HEAD, OPTIONS",
	} {
		for _, method := range []string{"PUT", "PATCH", "DELETE", "TRACE", "GET", "POST"} {
			if strings.Contains(allow, method) {
				continue
			}
			if a := l.ask(method, root+path, fld, ""); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != allow {
				t.Errorf("%s %s: %d, allowed %q", method, path, a.status, a.header.Get("Allow"))
			}
		}
		if a := l.ask("OPTIONS", root+path, fld, ""); a.status != http.StatusNoContent || a.header.Get("Allow") != allow {
			t.Errorf("OPTIONS %s: %d, allowed %q", path, a.status, a.header.Get("Allow"))
		}
		if a := l.ask("HEAD", root+path, fld, ""); strings.HasPrefix(allow, "GET") && (a.status != http.StatusOK || a.body != "") {
			t.Errorf("HEAD %s: %d %q", path, a.status, a.body)
		}
	}
	if i := l.get("/referrals/"+code, fld).item(t); i.State != referrals.Offered {
		t.Errorf("a wrong method changed it: %+v", i)
	}
}

// TestAProblemsTypeLeadsToWhatItMeans proves that each type is a path that explains it.
func TestAProblemsTypeLeadsToWhatItMeans(t *testing.T) {
	l := newLine(t, "", Limits{})
	types, _ := l.doc.at("/components/schemas/Problem/properties/type")
	all := types.(map[string]any)["enum"].([]any)
	if len(all) != 15 {
		t.Fatalf("%d kinds of problem are described", len(all))
	}
	for _, kind := range all {
		a := l.ask("GET", kind.(string), "", "")
		var p problem
		if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != http.StatusOK || p.Type != kind {
			t.Errorf("%s: %d %s %v", kind, a.status, a.body, err)
		}
	}
	l.ask("GET", root+"/problems/none", "", "").problem(t, unknown)
}

// TestTheStoreIsDown proves that an outage is said to be one, and told to the operator without words of the caller.
func TestTheStoreIsDown(t *testing.T) {
	l := newLine(t, "", Limits{})
	code := referralCode(1)
	l.offer("fld", code, referrals.Urgent)
	l.down.Store(true)
	for _, a := range []answered{l.get("/referrals", fld), l.get("/referrals/"+code, fld), l.get("/events", fld),
		l.act("/referrals/"+code+"/claim", fld, "", "Idempotency-Key: words-of-the-caller")} {
		a.problem(t, unavailable)
	}
	if text := l.logged.String(); !strings.Contains(text, errDown.Error()) || strings.Contains(text, "words") || strings.Contains(text, code) {
		t.Errorf("logged: %s", text)
	}
}

// TestDate: how long there is until a due_at is told by the Date of the same answer, whatever other clocks say.
func TestDate(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	w := httptest.NewRecorder()
	New(Options{Now: func() time.Time { return at.Add(time.Millisecond) }}).ServeHTTP(w, httptest.NewRequest("GET", root+"/openapi.json", nil))
	if said, err := http.ParseTime(w.Header().Get("Date")); err != nil || !said.Equal(at) {
		t.Errorf("status %d, date %v, %v", w.Code, said, err)
	}
}
