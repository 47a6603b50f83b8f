package desk

import (
	"slices"
	"sync"
	"testing"

	"defenderline/referrals"
)

// TestRefusedActsAreTold proves which answers are refused acts to the audit trail, and which are none.
func TestRefusedActsAreTold(t *testing.T) {
	var mu sync.Mutex
	var told []string
	l := newLine(t, "", Limits{})
	l.refused = func(desk string, kind referrals.RefusalKind) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, desk+" "+string(kind))
	}
	l.offer("fld", referralCode(1), referrals.Urgent)
	one := "/referrals/" + referralCode(1)
	for _, tt := range []struct {
		does func() answered
		want string
	}{
		{func() answered { return l.get("/referrals", fld) }, ""},
		{func() answered { return l.get("/nothing", fld) }, ""},
		{func() answered { return l.get("/referrals/"+referralCode(9), fld) }, "fld unknown_code"},
		{func() answered { return l.act(one+"/claim", pbi, "") }, "pbi unknown_code"},
		{func() answered { return l.act(one+"/accept", fld, "") }, "fld wrong_state"},
		{func() answered { return l.act(one+"/decline", fld, `{"reason": "weather"}`) }, "fld value"},
		{func() answered { return l.act(one+"/claim", fld, "") }, ""},
		{func() answered { return l.act(one+"/claim", fld, "") }, "fld twice"},
		{func() answered { return l.act(one+"/accept", fld, `{"claim": 7}`) }, "fld stale_claim"},
		{func() answered { return l.act(one+"/accept", "nobody's token", "") }, " api_token"},
	} {
		told = nil
		a := tt.does()
		var want []string
		if tt.want != "" {
			want = []string{tt.want}
		}
		if !slices.Equal(told, want) {
			t.Errorf("%d %s: %q, not %q", a.status, a.body, told, want)
		}
	}
}
