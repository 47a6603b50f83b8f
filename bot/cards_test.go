package bot

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"defenderline/referrals"
)

// numbered answers each message sent with an id of its own, from 101 on.
func numbered() server {
	id := 100
	return func(string, []byte, *http.Request) (int, string) {
		id++
		return 200, `{"ok":true,"result":{"message_id":` + formatID(int64(id)) + `}}`
	}
}

// edits are the edits of messages that were called, as "chat message buttons".
func edits(d *depot) (out []string) {
	for _, body := range d.bodies {
		var p struct {
			Chat    int64    `json:"chat_id"`
			Message int      `json:"message_id"`
			Text    string   `json:"text"`
			Caption string   `json:"caption"`
			Markup  keyboard `json:"reply_markup"`
		}
		if json.Unmarshal(body, &p) != nil || p.Message == 0 {
			continue
		}
		kind := "text"
		if p.Caption != "" {
			kind = "caption"
		}
		line := formatID(p.Chat) + " " + formatID(int64(p.Message)) + " " + kind
		for _, row := range p.Markup.Rows {
			for _, b := range row {
				line += " " + b.Data
			}
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

// When one rung has a case, the alerts of all others say so, without a further message.
func TestEveryRungSeesWhoHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, numbered())
		d.store.papers["lima AAAA-BBBB.asc"] = []byte("sealed")
		h := held("lima", "AAAA-BBBB", referrals.Alerted)
		h.Rung = 1
		d.store.hold(h)
		sending(t, d.out, 1, 0)
		d.start(t.Context(), tasks("desk:lima", "17", notice(referrals.NoticeAlert, "lima", 0, referrals.Urgent)))
		calm()
		d.start(t.Context(), tasks("desk:lima", "18", notice(referrals.NoticeAlert, "lima", 1, referrals.Urgent)))
		calm()
		before := len(d.bodies)
		if _, err := d.Move(t.Context(), referrals.Acknowledge(h, "press", noon)); err != nil {
			t.Fatal(err)
		}
		calm()
		d.bodies = d.bodies[before:]
		want := []string{"900001 101 caption open:AAAA-BBBB reply:AAAA-BBBB refer:AAAA-BBBB close:AAAA-BBBB handover:AAAA-BBBB", "900002 102 caption open:AAAA-BBBB reply:AAAA-BBBB refer:AAAA-BBBB close:AAAA-BBBB handover:AAAA-BBBB"}
		if got := edits(d); !slices.Equal(got, want) || len(d.bodies) != len(want) {
			t.Errorf("edited %q with %d calls", got, len(d.bodies))
		}
	})
}

// An alert that was on its way while the rung before took the case is put right when it arrives.
func TestAlertThatComesLateIsPutRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, numbered())
		d.store.papers["lima AAAA-BBBB.asc"] = []byte("sealed")
		h := held("lima", "AAAA-BBBB", referrals.Acknowledged)
		h.Rung = 1
		d.store.hold(h)
		sending(t, d.out, 1, 0)
		d.start(t.Context(), tasks("desk:lima", "17", notice(referrals.NoticeAlert, "lima", 1, referrals.Urgent)))
		calm()
		if got := edits(d); !slices.Equal(got, []string{"900002 101 caption open:AAAA-BBBB reply:AAAA-BBBB refer:AAAA-BBBB close:AAAA-BBBB handover:AAAA-BBBB"}) {
			t.Errorf("edited %q", got)
		}
	})
}

// A store that is away is asked a few times more; a case that it has forgotten shows nothing.
func TestCardsWithoutTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, numbered())
		d.store.messages[cards("lima", "AAAA-BBBB", 0)] = []int{-101}
		sending(t, d.out, 1, 0)
		d.redraw("lima", "AAAA-BBBB", referrals.UpTo(5))
		d.redraw("gone", "AAAA-BBBB", referrals.UpTo(0))
		calm()
		if d.out.depth() != 0 || len(d.bodies) != 0 {
			t.Fatalf("a forgotten case: %d wait, %d calls", d.out.depth(), len(d.bodies))
		}
		d.store.hold(held("lima", "AAAA-BBBB", referrals.Closed))
		d.store.away = errors.New("away")
		d.redraw("lima", "AAAA-BBBB", referrals.UpTo(0))
		calm()
		d.store.mu.Lock()
		d.store.away = nil
		d.store.mu.Unlock()
		time.Sleep(time.Minute)
		calm()
		if got := edits(d); !slices.Equal(got, []string{"900001 101 caption"}) {
			t.Errorf("edited %q", got)
		}
		d.store.mu.Lock()
		d.store.away = errors.New("away")
		d.store.mu.Unlock()
		d.redraw("lima", "AAAA-BBBB", referrals.UpTo(0))
		time.Sleep(time.Hour)
		calm()
		if d.out.depth() != 0 {
			t.Error("it is tried for ever")
		}
	})
}

// What a case shows of itself at an NGO follows every move, also the defender's: the offer, and an answer to /case.
func TestCardsLoseTheirButtons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, numbered())
		h := held("fld", "AAAA-BBBB-1", referrals.Offered)
		d.store.hold(h)
		sending(t, d.out, 1, 0)
		d.start(t.Context(), tasks("desk:fld", "17", notice(referrals.NoticeOffer, "fld", 0, referrals.Urgent)))
		calm()
		b := newBench(t)
		b.store.hold(h)
		b.take(atChat(fldChat, say(1, "aaaa-bbbb-1")))
		d.start(t.Context(), tasks("p07", "18", b.last.Errands...))
		calm()
		d.bodies = nil
		m := referrals.Move{ID: "withdraw", Desk: "fld", Code: "AAAA-BBBB-1", From: []referrals.State{referrals.Offered}, To: referrals.Withdrawn, AtRung: -1}
		if _, err := d.Move(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		calm()
		if got := edits(d); !slices.Equal(got, []string{"910001 101 text", "910001 102 text"}) {
			t.Errorf("edited %q", got)
		}
	})
}

// Only the newest cards are edited, of both kinds.
func TestNewestCards(t *testing.T) {
	var marks []int
	for i := range 60 {
		marks = append(marks, i-30)
	}
	got := newestCards(marks)
	if len(got) != mostCards || got[0] != -30 || got[len(got)-1] != 29 {
		t.Errorf("%v", got)
	}
	for _, c := range []card{{message: 7}, {message: 7, caption: true}} {
		if cardOf(c.mark()) != c {
			t.Errorf("%+v is kept as %d", c, c.mark())
		}
	}
}

// A press in a list of cases leaves the list a list: without what was taken, with its next acts.
func TestQueueStaysAQueue(t *testing.T) {
	b := newBench(t)
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
	b.store.hold(held("lima", "CCCC-DDDD", referrals.Alerted))
	list := b.take(atChat(limaChat, say(1, "/queue")))[0]
	if got := list.buttons(); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"ack:AAAA-BBBB#q", "ack:CCCC-DDDD#q"}) {
		t.Fatalf("buttons %q", got)
	}
	c, ok := find(b.take(atChat(limaChat, pressOn(9, "ack:AAAA-BBBB#q"))), "editMessageText")
	if !ok || !strings.Contains(c.text(), "CCCC-DDDD") {
		t.Fatalf("the list became %q", c.text())
	}
	if got := slices.Sorted(slices.Values(c.buttons())); !slices.Equal(got, []string{"ack:CCCC-DDDD#q", "close:AAAA-BBBB#q", "open:AAAA-BBBB#q"}) {
		t.Errorf("buttons %q", got)
	}
	b.take(atChat(limaChat, pressOn(9, "outcome:met#AAAA-BBBB")))
	b.store.holdings["lima CCCC-DDDD"] = held("lima", "CCCC-DDDD", referrals.Withdrawn)
	c, ok = find(b.take(atChat(limaChat, pressOn(9, "ack:CCCC-DDDD#q"))), "editMessageText")
	if !ok || c.text() != b.texts.Text("es", "desk.queue_empty", nil) || len(c.buttons()) != 0 {
		t.Errorf("with nothing left: %q %q", c.text(), c.buttons())
	}
}

// A question asked by mistake can be taken away.
func TestQuestionOfADeskHasAWayOut(t *testing.T) {
	for act, state := range map[string]referrals.State{"decline": referrals.Offered, "return": referrals.Accepted, "complete": referrals.Accepted} {
		b := newBench(t)
		b.store.hold(held("fld", "AAAA-BBBB-1", state))
		asked, _ := find(b.take(atChat(fldChat, pressOn(9, act+":AAAA-BBBB-1"))), "sendMessage")
		if !asked.has("nav:back") {
			t.Fatalf("%s asks with %q", act, asked.buttons())
		}
		calls := b.take(atChat(fldChat, pressOn(10, "nav:back#AAAA-BBBB-1")))
		if got := deletedIDs(t, calls); !slices.Equal(got, []int{10}) || toastOf(t, calls) != "" || len(b.store.moves) != 0 {
			t.Errorf("%s: deleted %v, moves %d", act, got, len(b.store.moves))
		}
	}
}

// Files are announced as files, additions as additions; an organisation hears nothing of ladders.
func TestWordsOfADesk(t *testing.T) {
	d := newDepot(t, always(200, fine))
	caption := func(document string) string {
		return d.desks.caption(testDesks().Desk("fld"), referrals.Notice{Kind: referrals.NoticeAddition, Code: "AAAA-BBBB-1", Document: document, Lane: referrals.Urgent})
	}
	if got := caption("AAAA-BBBB.f12.pgp"); !strings.HasSuffix(got, "File 12 of this case.") {
		t.Errorf("a file: %q", got)
	}
	if got := caption("AAAA-BBBB.2.asc"); !strings.HasSuffix(got, "added to this case.") {
		t.Errorf("an addition: %q", got)
	}
	b := newBench(t)
	for text, chat := range map[string]int64{"/help": fldChat, "/duty": fldChat} {
		if got := b.take(atChat(chat, say(1, text)))[0].text(); strings.Contains(got, "ladder") || !strings.Contains(got, "Front Line Defenders") {
			t.Errorf("%s: %q", text, got)
		}
	}
}
