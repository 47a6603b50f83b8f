package store

import (
	"testing"
	"time"

	"defenderline/referrals"
)

// TestMailsAreMeasuredApart: a mail server that is away for hours makes no alert look late, and an alert that is late is
// seen beside it; both are found when they are overdue, and settled.
func TestMailsAreMeasuredApart(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		notice := func(via string) referrals.Errand {
			return referrals.Errand{Notice: &referrals.Notice{Kind: referrals.NoticeAlert, Desk: "lima", Via: via}}
		}
		m := referrals.Move{ID: "open", Desk: "lima", Code: "ABCD-EFGH", To: referrals.Alerted, AtRung: -1, At: b.clock.now(), Lane: referrals.Urgent,
			Errands: []referrals.Errand{notice(""), notice(referrals.ByMail)}}
		_, tasks, err := b.Move(b.ctx, m)
		if err != nil || len(tasks) != 2 {
			t.Fatal(tasks, err)
		}
		b.clock.move(time.Hour)
		measured := func(errand, mail time.Duration) {
			t.Helper()
			if d, err := b.Depth(b.ctx); err != nil || d.OldestErrand != errand || d.OldestMail != mail {
				t.Errorf("%+v, %v; not %v and %v", d, err, errand, mail)
			}
		}
		measured(time.Hour, time.Hour)
		late, err := b.Overdue(b.ctx, 10)
		if err != nil || len(late) != 2 || late[1].Errand.Notice.Via != referrals.ByMail {
			t.Fatalf("%+v, %v", late, err)
		}
		if err := b.Settle(b.ctx, done(tasks[0])); err != nil {
			t.Fatal(err)
		}
		measured(0, time.Hour)
		if err := b.Settle(b.ctx, done(tasks[1])); err != nil {
			t.Fatal(err)
		}
		measured(0, 0)
	})
}
