package bot

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"defenderline/referrals"
)

// refusing answers documents and offers for the given chats with a refusal.
func refusing(code int, text string, chats ...string) server {
	return func(method string, body []byte, _ *http.Request) (int, string) {
		for _, c := range chats {
			if (method == "sendDocument" || method == "sendMessage") && strings.Contains(string(body), c) {
				return refusal(code, text, 0)
			}
		}
		return 200, fine
	}
}

const blockedText = "Forbidden: bot was blocked by the user"

// lost is how many alerts were brought to nobody, by reason.
func (d *mailDepot) unreachable(t *testing.T, why string) float64 {
	return counted(t, d.reg, "defenderline_unreachable_total", why)
}

// at is where the case of Lima stands.
func (d *mailDepot) at() referrals.Holding {
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	return d.store.holdings["lima AAAA-BBBB"]
}

// A rung counts as silent at once when all of its ways have failed for good, and not before.
func TestARungThatCannotBeReached(t *testing.T) {
	chat, mail := "900001", []Verdict{MailRefused}
	for name, tt := range map[string]struct {
		api   server
		mails []Verdict
		rungs []referrals.Rung // of Lima instead of a chat with an address, an address, a chat
		want  int              // the rung that the case waits for
		state referrals.State
		why   string
	}{
		"both ways fail":               {refusing(403, blockedText, chat), mail, nil, 1, referrals.Alerted, lostMailRefused},
		"the chat fails, the mail not": {refusing(403, blockedText, chat), nil, nil, 0, referrals.Alerted, lostBlocked},
		"the mail fails, the chat not": {always(200, fine), mail, nil, 0, referrals.Alerted, lostMailRefused},
		"the mail waits":               {refusing(403, blockedText, chat), []Verdict{MailLater}, nil, 0, referrals.Alerted, lostBlocked},
		"a chat that is none": {refusing(400, "Bad Request: chat not found", chat), nil,
			[]referrals.Rung{{Chat: limaChat, Within: time.Hour}, {Chat: limaSecond, Within: time.Hour}}, 1, referrals.Alerted, lostBlocked},
		"a chat that has become another": {refusing(400, "Bad Request: group chat was upgraded to a supergroup chat", chat), nil,
			[]referrals.Rung{{Chat: limaChat, Within: time.Hour}, {Chat: limaSecond, Within: time.Hour}}, 1, referrals.Alerted, lostRefused},
		"nobody at all": {refusing(403, blockedText, chat, "900002"), nil,
			[]referrals.Rung{{Chat: limaChat, Within: time.Hour}, {Chat: limaSecond, Within: time.Hour}}, 1, referrals.Silent, lostBlocked},
		"patience is no failure": {refusing(429, "Too Many Requests", chat), nil,
			[]referrals.Rung{{Chat: limaChat, Within: time.Hour}, {Chat: limaSecond, Within: time.Hour}}, 0, referrals.Alerted, ""},
		"a server in trouble is none": {refusing(502, "Bad Gateway", chat), nil,
			[]referrals.Rung{{Chat: limaChat, Within: time.Hour}, {Chat: limaSecond, Within: time.Hour}}, 0, referrals.Alerted, ""},
		"nor is a token that is refused": {refusing(401, "Unauthorized", chat), nil,
			[]referrals.Rung{{Chat: limaChat, Within: time.Hour}, {Chat: limaSecond, Within: time.Hour}}, 0, referrals.Alerted, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newMailDepot(t, tt.api)
				d.server.verdicts = tt.mails
				if tt.rungs != nil {
					d.desks.dir.Desk("lima").Ladder = tt.rungs
				}
				d.opens(t)
				calm()
				if h := d.at(); h.Rung != tt.want || h.State != tt.state {
					t.Errorf("the case is %s at rung %d", h.State, h.Rung)
				}
				for _, why := range []string{lostBlocked, lostRefused, lostMailRefused, lostMailLate} {
					if n := d.unreachable(t, why); (n > 0) != (why == tt.why || name == "both ways fail" && why == lostBlocked) {
						t.Errorf("counted %v as %s", n, why)
					}
				}
				if said := d.log.String(); strings.Contains(said, "cannot be reached") != (tt.want == 1) || strings.Contains(said, "90000") {
					t.Errorf("said %q", said)
				}
			})
		})
	}
}

// What comes late changes nothing: the case was acknowledged, or has moved on. The errand is done all the same.
func TestAFailureThatComesLate(t *testing.T) {
	for name, h := range map[string]referrals.Holding{
		"acknowledged": {State: referrals.Acknowledged}, "moved on": {State: referrals.Alerted, Rung: 2}, "handed back": {State: referrals.Alerted, Due: noon},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newMailDepot(t, refusing(403, blockedText, "900001"))
			d.desks.dir.Desk("lima").Ladder[0].Email = ""
			h.Desk, h.Code, h.Lane, h.Origin = "lima", "AAAA-BBBB", referrals.Emergency, "p07"
			d.store.hold(h)
			n := referrals.Notice{Kind: referrals.NoticeAlert, Desk: "lima", Code: "AAAA-BBBB", Lane: referrals.Emergency, Origin: "p07", At: time.Now(), Due: time.Now().Add(time.Minute)}
			d.start(t.Context(), tasks("desk:lima", "17", referrals.Errand{Notice: &n}))
			calm()
			if now := d.at(); now != h || len(d.store.moves) != 0 || len(d.store.settledIDs()) != 1 || d.unreachable(t, lostBlocked) != 1 {
				t.Errorf("%s: now %+v, settled %q", name, now, d.store.settledIDs())
			}
		})
	}
}

// A store that is away for a moment when an alert has failed is asked again; the case moves on once.
func TestAFailureIsNotForgottenWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMailDepot(t, nil)
		d.desks.dir.Desk("lima").Ladder[0].Email = ""
		first := true
		d.store.refuse = func(m referrals.Move) error {
			if m.Rung == 1 && first {
				first = false
				return errors.New("away")
			}
			return nil
		}
		d.desks.clients[lineBot] = clientOf(refusing(403, blockedText, "900001"))
		d.opens(t)
		time.Sleep(time.Minute)
		calm()
		if h := d.at(); h.Rung != 1 || h.State != referrals.Alerted || len(d.store.moves) != 2 {
			t.Errorf("the case is %s at rung %d after %d moves", h.State, h.Rung, len(d.store.moves))
		}
	})
}

// An offer whose chat is gone goes on at once, unless the organisation finds it in another way.
func TestAnOfferThatReachesNobody(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*referrals.Desk)
		want   referrals.State
	}{
		"a chat alone":        {func(*referrals.Desk) {}, referrals.Expired},
		"a program":           {func(d *referrals.Desk) { d.TokenSHA256 = []byte("hash") }, referrals.Offered},
		"somebody else there": {func(d *referrals.Desk) { d.Ladder = append(d.Ladder, referrals.Rung{Chat: 77}) }, referrals.Offered},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newMailDepot(t, refusing(403, blockedText, "910001"))
			tt.change(d.desks.dir.Desk("fld"))
			h := held("fld", "AAAA-BBBB-1", referrals.Offered)
			d.store.hold(h)
			n := referrals.Notice{Kind: referrals.NoticeOffer, Desk: "fld", Code: h.Code, Lane: h.Lane, Origin: "p07", At: time.Now(), Due: h.Due}
			d.start(t.Context(), tasks("desk:fld", "17", referrals.Errand{Notice: &n}))
			calm()
			if got := d.store.holdings["fld AAAA-BBBB-1"].State; got != tt.want || d.unreachable(t, lostBlocked) != 1 {
				t.Errorf("%s: %s", name, got)
			}
			passed := slices.ContainsFunc(d.store.posts, func(p referrals.Post) bool { return strings.Contains(string(p.Body), string(referrals.WasPassed)) })
			if passed != (tt.want == referrals.Expired) {
				t.Errorf("%s: its case was told: %v", name, passed)
			}
		})
	}
}
