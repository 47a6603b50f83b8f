package desk

import (
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"

	"defenderline/referrals"
)

// stands reads how an organisation stands.
func (a answered) stands(t *testing.T) (s standing) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &s); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return s
}

// TestAnOrganisationPausesAndGoesOn proves that an organisation sees how it stands and changes it, itself alone.
func TestAnOrganisationPausesAndGoesOn(t *testing.T) {
	l := newLine(t, "", Limits{})
	l.offer("small", referralCode(1), referrals.Urgent)
	l.act("/referrals/"+referralCode(1)+"/claim", small, "").item(t)
	if s := l.get("/desk", small).stands(t); !s.Accepting || s.Capacity == nil || *s.Capacity != 2 || s.Open != 1 {
		t.Errorf("%+v", s)
	}
	for range 2 {
		if s := l.ask("PUT", root+"/desk", small, `{"accepting": false}`).stands(t); s.Accepting || s.Open != 1 {
			t.Errorf("paused: %+v", s)
		}
	}
	if s := l.get("/desk", fld).stands(t); !s.Accepting || s.Capacity != nil {
		t.Errorf("another: %+v", s)
	}
	if s := l.ask("PUT", root+"/desk", small, `{"accepting": true}`).stands(t); !s.Accepting {
		t.Errorf("goes on: %+v", s)
	}
	l.ask("PUT", root+"/desk", pbi, `{"accepting": true}`).problem(t, settled)
	if s := l.get("/desk", pbi).stands(t); s.Accepting {
		t.Errorf("what the operator has settled was changed: %+v", s)
	}
	l.get("/desk", lima).problem(t, unknown)
	l.ask("PUT", root+"/desk", lima, `{"accepting": true}`).problem(t, unknown)
	l.ask("POST", root+"/desk", small, `{"accepting": true}`).problem(t, wrongMethod)
	for body, k := range map[string]kind{"": wrongType, "{}": wrongValue, `{"accepting": null}`: wrongValue, `{"accepting": 1}`: unreadable, `[]`: unreadable,
		`{"accepting": true, "capacity": 9}`: unreadable, `{"accepting": true`: unreadable} {
		l.ask("PUT", root+"/desk", small, body).problem(t, k)
	}
	if s := l.get("/desk", small).stands(t); !s.Accepting {
		t.Error("a body that cannot be read changed it")
	}
}
