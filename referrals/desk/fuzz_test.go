package desk

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"defenderline/referrals"
)

// asked makes a request without a network, as anything may come over one, and holds the answer against the description.
func (l *line) asked(t *testing.T, method, target, media, body string, headers map[string]string) answered {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(body))
	u := must(url.Parse(target))
	req.URL = u
	req.Header.Set("Authorization", "Bearer "+fld)
	req.Header.Set("Content-Type", media)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	l.api.ServeHTTP(w, req)
	a := answered{w.Code, w.Header(), w.Body.String()}
	if l.logged.String() != "" {
		t.Errorf("logged: %s", l.logged)
	}
	l.doc.judge(t, method, u.Path, a)
	return a
}

// FuzzCursor proves that no cursor makes a list fail, or tell of another organisation.
func FuzzCursor(f *testing.F) {
	l := newLine(f, "", Limits{PerSecond: 1e9, Burst: 1e9})
	l.offer("fld", referralCode(1), referrals.Urgent)
	l.offer("fld", referralCode(2), referrals.Emergency)
	l.offer("pbi", referralCode(3), referrals.Urgent)
	_, next := l.get("/referrals?limit=1", fld).page(f)
	for _, seed := range []string{"", next, next + "=", next[1:], "x", "\x00", "$", "LQ", strings.Repeat("A", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		a := l.asked(t, "GET", root+"/referrals?cursor="+url.QueryEscape(cursor), "", "", nil)
		if strings.Contains(a.body, referralCode(3)) || a.status != http.StatusOK && a.status != http.StatusBadRequest {
			t.Errorf("%q: %d %s", cursor, a.status, a.body)
		}
	})
}

// FuzzPath proves that no path leads out of the organisation's own cases, or to an answer that is not described.
func FuzzPath(f *testing.F) {
	l := newLine(f, "", Limits{PerSecond: 1e9, Burst: 1e9})
	l.withDocuments("fld", "pbi")
	l.offer("fld", referralCode(1), referrals.Urgent)
	l.act("/referrals/"+referralCode(1)+"/claim", fld, "")
	l.offer("pbi", referralCode(3), referrals.Urgent)
	for _, seed := range []string{"referrals", "referrals/" + referralCode(1), "referrals/" + referralCode(3) + "/sealed",
		"referrals/" + referralCode(1) + "/documents/" + caseCode(1) + ".f1.pgp", "referrals/" + referralCode(1) + "/documents/..%2fx",
		"cases", "cases/" + caseCode(1), "problems/state", "problems/%00", "//", "../healthz", "referrals/%F0%9F%92%A5", "referrals?state=a;b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if strings.HasPrefix(path, "events") {
			return // a stream does not end
		}
		if _, err := url.Parse(root + "/" + path); err != nil {
			return // no client can ask for that
		}
		a := l.asked(t, "GET", root+"/"+path, "", "", nil)
		if strings.Contains(a.body, referralCode(3)) || strings.Contains(a.body, "pbi ") || a.status >= 500 {
			t.Errorf("%q: %d %.200s", path, a.status, a.body)
		}
	})
}

// FuzzAct proves that an act is done only when its body is one of those described, and that whatever comes is answered
// as described and repeats nothing of what came.
func FuzzAct(f *testing.F) {
	l := newLine(f, "", Limits{PerSecond: 1e9, Burst: 1e9})
	l.offer("fld", referralCode(1), referrals.Urgent)
	schema := l.doc.schema(f, "/components/requestBodies/Reason/content/application~1json/schema")
	const good = "application/json"
	for _, seed := range []struct{ body, media, key string }{
		{`{"reason": "other"}`, good, "k"}, {`{"reason": "other", "claim": 1}`, good, ""}, {`{"reason": "x"}`, good, "\x00"},
		{`{}`, good, "k"}, {``, "", ""}, {`{`, good, ""}, {`null`, good, ""}, {`{"reason": "other"}`, "text/plain", ""},
		{`{"claim": 9007199254740993, "reason": "safety"}`, good + "; charset=utf-8", strings.Repeat("k", 200)},
	} {
		f.Add(seed.body, seed.media, seed.key)
	}
	f.Fuzz(func(t *testing.T, body, media, key string) {
		headers := map[string]string{}
		if key != "" {
			headers["Idempotency-Key"] = key
		}
		a := l.asked(t, "POST", root+"/referrals/"+referralCode(9)+"/decline", media, body, headers)
		var value any
		described := json.Unmarshal([]byte(body), &value) == nil && schema.Validate(value) == nil
		switch a.status {
		case http.StatusNotFound: // it was read
			if !described {
				t.Errorf("%q was read", body)
			}
		case http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("%q: %d %s", body, a.status, a.body)
		}
	})
}

// FuzzToken proves that only the token itself opens.
func FuzzToken(f *testing.F) {
	for _, seed := range []string{"Bearer " + fld, "bearer " + fld, "Bearer  " + fld, fld, "", "Bearer", "Bearer \x00", "Basic " + fld, "Bearer " + fld + "," + fld} {
		f.Add(seed)
	}
	a := &api{}
	for _, d := range desks() {
		if d.TokenSHA256 != nil {
			a.guests = append(a.guests, newGuest(d, Limits{}.filled()))
		}
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, given := bearer([]string{header})
		if !given {
			t.Errorf("%q counts as nothing", header)
		}
		g := a.whose(token)
		if right := token == fld || token == pbi || token == lima; (g != nil) != right || g != nil && !strings.Contains(header, token) {
			t.Errorf("%q opens %v", header, g)
		}
	})
}

// FuzzLastEventID proves that whatever is given as the id of an event is one, or refused.
func FuzzLastEventID(f *testing.F) {
	l := newLine(f, "", Limits{PerSecond: 1e9, Burst: 1e9})
	l.offer("fld", referralCode(1), referrals.Urgent)
	for _, seed := range []string{"0-0", "$", "", "1", "1-2-3", "18446744073709551615-18446744073709551615", "-", "+", "1 2", "9999999999999999999-9999999999999999999-9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		req := httptest.NewRequestWithContext(t.Context(), "GET", root+"/events", nil)
		req.Header["Last-Event-Id"] = []string{id}
		c := &call{api: &api{Options: Options{Events: kept{l.store, l.down, nil}}}, req: req, guest: &guest{Desk: desks()[2]}}
		after, err := c.begin()
		if _, refused := err.(*problem); err != nil && !refused || err == nil && after != id {
			t.Errorf("%q: goes on behind %q, %v", id, after, err)
		}
	})
}
