package bot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"defenderline/referrals"
)

// What was passed on or taken back while it waited is not sent, and costs the next alert nothing.
func TestNoticesThatLostTheirMeaning(t *testing.T) {
	for name, tt := range map[string]struct {
		kind  referrals.NoticeKind
		desk  string
		state referrals.State
		sent  int
	}{
		"an offer that expired":       {referrals.NoticeOffer, "fld", referrals.Expired, 0},
		"an offer that was withdrawn": {referrals.NoticeOffer, "fld", referrals.Withdrawn, 0},
		"an alert of a closed case":   {referrals.NoticeAlert, "lima", referrals.Closed, 0},
		"an alert of a silent rung":   {referrals.NoticeAlert, "lima", referrals.Silent, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDepot(t, always(200, fine))
			d.out.pace.limited = true
			e := notice(tt.kind, tt.desk, 0, referrals.Emergency)
			d.store.hold(held(tt.desk, e.Notice.Code, tt.state))
			d.store.papers["lima AAAA-BBBB.asc"] = []byte("sealed")
			for i := range 50 {
				d.start(t.Context(), tasks("desk:x", fmt.Sprint(i), e))
				if tt.sent > 0 {
					break
				}
			}
			sending(t, d.out, 2, 1)
			calm()
			if len(d.diary.all()) != tt.sent || d.out.depth() != 0 {
				t.Errorf("%s: called %q, %d wait", name, d.diary.all(), d.out.depth())
			}
		})
	}
}

// Who sends a thousand emergencies fills one line of a rung; the one of somebody else does not wait behind them, and an
// officer gets what they ask for.
func TestOneSenderDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, d := newOutbox(true, time.Now), &diary{}
		sending(t, o, 4, 1)
		add := func(l lane, n referrals.Notice, name string) {
			p := d.parcelOf(l, lineOf(n), name).at(limaChat)
			p.loose = true
			o.add(p)
		}
		alert := referrals.Notice{Kind: referrals.NoticeAlert, Desk: "lima", Origin: "p01"}
		for range 1000 {
			add(laneEmergency, alert, "fake")
			o.add(d.parcelOf(laneConversation, "c", "talk").at(77)) // so that lanes never rest
		}
		time.Sleep(20 * time.Second)
		before := len(d.all())
		alert.Origin = "p02"
		add(laneEmergency, alert, "real")
		add(laneDesk, referrals.Notice{Kind: referrals.NoticeOpened, Desk: "lima", Origin: "p01"}, "opened")
		time.Sleep(8 * time.Second)
		synctest.Wait()
		for _, want := range []string{"real", "opened"} {
			if d.at(want) < 0 {
				t.Errorf("%s did not leave within eight seconds; %d left before, %d since", want, before, len(d.all())-before)
			}
		}
	})
}

// A document that a server will never take does not hold up the alerts behind it.
func TestOneAlertThatFailsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, func(_ string, body []byte, _ *http.Request) (int, string) {
			if strings.Contains(string(body), "AAAA-BBBB.asc") {
				return 502, "<html>"
			}
			return 200, fine
		})
		for _, code := range []string{"AAAA-BBBB", "CCCC-DDDD"} {
			d.store.hold(held("lima", code, referrals.Alerted))
			d.store.papers["lima "+code+".asc"] = []byte("sealed")
			e := notice(referrals.NoticeAlert, "lima", 0, referrals.Emergency)
			e.Notice.Code = code
			d.start(t.Context(), tasks("desk:lima", code, e))
		}
		sending(t, d.out, 2, 1)
		time.Sleep(5 * time.Second)
		calm()
		if got := d.store.settledIDs(); !slices.Equal(got, []string{"desk:lima CCCC-DDDD-1"}) {
			t.Errorf("settled %q", got)
		}
	})
}

// Deletions that fail do not hold up the next question.
func TestDeletionsHoldUpNoScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, func(method string, _ []byte, _ *http.Request) (int, string) {
			if method == "deleteMessages" {
				return 502, ""
			}
			return 200, fine
		})
		d.start(t.Context(), tasks("p07", "17", sendOf("one", func(c *call) { c.Gone = []int{5} }), sendOf("two")))
		sending(t, d.out, 2, 0)
		calm()
		if d.diary.at("sendMessage two[]") < 0 {
			t.Errorf("called %q", d.diary.all())
		}
	})
}

// Deleting what cannot be deleted ends, whatever is refused meanwhile.
func TestDeletingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		d := newDepot(t, func(method string, _ []byte, _ *http.Request) (int, string) {
			switch calls++; {
			case calls%5 == 0:
				return refusal(429, "Too Many Requests", 1)
			case method == "deleteMessages":
				return refusal(400, "Bad Request: message can't be deleted", 0)
			}
			return 200, fine
		})
		var all []int
		for i := range 100 {
			all = append(all, i+1)
		}
		d.start(t.Context(), tasks("p07", "17", sendOf("closing", func(c *call) { c.Rest, c.Gone = true, all })))
		sending(t, d.out, 2, 0)
		time.Sleep(10 * time.Minute)
		calm()
		if d.diary.at("sendMessage closing[]") < 0 || d.out.depth() != 0 || calls > 300 {
			t.Errorf("%d calls, %d wait", calls, d.out.depth())
		}
	})
}

// Eight people who write without a pause leave the workers to others.
func TestNobodyKeepsAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(t)
		for range 100 {
			c.table.more = append(c.table.more, chatWork("c1"))
		}
		c.handle(t.Context(), chatWork("c1"))
		if len(c.table.commits) != mostRounds || len(c.queue) != 1 {
			t.Errorf("%d turns of one chat in a row, %d wait", len(c.table.commits), len(c.queue))
		}
	})
}

// The sweep goes on at once while there is more than it takes at a time.
func TestSweepTakesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		left := 3
		d.late = lateFunc(func(n int) (found []referrals.Task) {
			if left--; left < 0 {
				return nil
			}
			for i := range n {
				found = append(found, referrals.Task{Slot: "p07", ID: fmt.Sprintf("%d-%d", left, i), Till: time.Now().Add(time.Hour)})
			}
			return found
		})
		ctx, cancel := context.WithTimeout(t.Context(), sweepEvery+time.Millisecond)
		defer cancel()
		d.sweep(ctx)
		calm()
		if got := len(d.store.settledIDs()); got != 3*mostSwept {
			t.Errorf("%d of %d in one sweep", got, 3*mostSwept)
		}
	})
}

// lateFunc is what is left over, by a function.
type lateFunc func(n int) []referrals.Task

func (f lateFunc) Overdue(_ context.Context, n int) ([]referrals.Task, error) { return f(n), nil }

// Strangers who write again and again leave one answer waiting.
func TestStrangersLeaveOneAnswerWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := newBench(t), newDepot(t, always(200, fine))
		b.ownDeskBot = true
		for i := range 200 {
			b.work.Inbox = nil
			b.entry(deskBot, say(i+1, "who are you?"))
			b.taken()
			d.start(t.Context(), tasks("p07", fmt.Sprint(i), b.last.Errands...))
		}
		calm()
		if d.out.depth() != 1 || d.hands.count() != 1 {
			t.Errorf("%d wait, %d in hand", d.out.depth(), d.hands.count())
		}
	})
}

// One chat has one order, whatever lanes its messages belong to: what is urgent takes along what waits before it, and a wipe
// leaves after the news that came before.
func TestOneChatHasOneOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		for i := range 3 {
			d.out.add(d.diary.parcelOf(laneConversation, fmt.Sprint("other", i), "other"))
		}
		d.start(t.Context(), tasks("p07", "17", sendOf("news", func(c *call) { c.Own = true }),
			sendOf("closing", func(c *call) { c.Rest, c.Lane = true, laneUrgent }), sendOf("later")))
		sending(t, d.out, 1, 0)
		calm()
		want := []string{"sendMessage news[]", "deleteMessages [77]", "sendMessage closing[]"}
		if got := d.diary.all(); len(got) != 7 || !slices.Equal(got[:3], want) || got[6] != "sendMessage later[]" {
			t.Errorf("called %q", got)
		}
	})
}

// After an outage nothing waits for its next try, and alerts go first.
func TestAfterAnOutageAlertsGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		d := newDepot(t, func(string, []byte, *http.Request) (int, string) {
			if down {
				return 502, ""
			}
			return 200, fine
		})
		d.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
		d.store.papers["lima AAAA-BBBB.asc"] = []byte("sealed")
		for i := range 200 {
			d.start(t.Context(), tasks("p07", fmt.Sprint(i), call{Bot: lineBot, Chat: int64(100 + i), Method: "sendMessage"}.errand(referrals.Member{})))
		}
		d.start(t.Context(), tasks("desk:x", "17", notice(referrals.NoticeAlert, "lima", 0, referrals.Emergency)))
		sending(t, d.out, 4, 1)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		d.diary.mu.Lock()
		down, d.diary.left = false, nil
		d.diary.mu.Unlock()
		time.Sleep(mostPatience + time.Millisecond)
		calm()
		got := d.diary.all()
		if at := slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, "sendDocument") }); at < 0 || at > 40 || len(got) != 201 {
			t.Errorf("the alert left as number %d of %d", at, len(got))
		}
	})
}
