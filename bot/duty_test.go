package bot

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"defenderline/referrals"
)

// onDuty is the rung that is alerted first in Lima.
func (b *bench0) onDuty() int { return b.dir.Desk("lima").First() }

func TestDutySaysWhoIsOnAndUntilWhen(t *testing.T) {
	b, _ := newEnrolBench(t)
	lima := b.dir.Desk("lima")
	lima.Languages = []string{"en"}
	hours := func(s string) (h referrals.Hours) {
		h, err := referrals.ParseHours(s)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	for _, tt := range []struct {
		hours string // noon is a Saturday
		says  []string
	}{
		{"", []string{"you are 1 of 2", "You are on now", "No duty hours"}},
		{"Sat 09:00-17:00", []string{"Within duty hours, until", "17:00"}},
		{"Mon-Fri 09:00-17:00", []string{"Outside duty hours, until", "09:00"}},
	} {
		if tt.hours != "" {
			lima.Hours = hours(tt.hours)
		}
		calls := b.take(atChat(limaChat, say(1, "/duty")))
		for _, want := range tt.says {
			if !strings.Contains(calls[0].text(), want) {
				t.Errorf("%s: %q does not say %q", tt.hours, calls[0].text(), want)
			}
		}
		if calls[0].has("duty:take") || !calls[0].has("duty:give") {
			t.Errorf("buttons %q", calls[0].buttons())
		}
	}
	second := b.take(atChat(limaSecond, say(1, "/duty")))[0]
	if !strings.Contains(second.text(), "On now: Duty officer 1") || !slices.Equal(second.buttons(), []string{"duty:take#lima", "duty:give#lima"}) {
		t.Errorf("the second reads %q with %q", second.text(), second.buttons())
	}
	if alone := b.take(atChat(hqChat, say(1, "/duty")))[0]; alone.has("duty:give") != b.dir.Headquarters().Shares() || strings.Contains(alone.text(), "lima") {
		t.Errorf("headquarters reads %q with %q", alone.text(), alone.buttons())
	}
	if ngo := b.take(atChat(fldChat, say(1, "/duty")))[0]; !slices.Equal(ngo.buttons(), []string{"accepting:no#fld"}) || !strings.Contains(ngo.text(), "offers come to this chat") {
		t.Errorf("an organisation reads %q with %q", ngo.text(), ngo.buttons())
	}
}

// Whoever takes the duty is alerted first from then on, at every replica, and a second press changes nothing more.
func TestTakingTheDuty(t *testing.T) {
	b, roll := newEnrolBench(t)
	for range 2 {
		calls := b.take(atChat(limaSecond, pressOn(9, "duty:take#lima")))
		if want := b.texts.Text("es", "desk.toast.duty.taken", nil); toastOf(t, calls) != want || b.onDuty() != 1 {
			t.Fatalf("told %q, on duty is %d", toastOf(t, calls), b.onDuty())
		}
		if c, ok := find(calls, "editMessageText"); !ok || len(c.buttons()) != 0 {
			t.Errorf("calls %q", methods(calls))
		}
	}
	other := &roster{store: roll, counts: newMemory(), dir: testDesks(), log: quiet()}
	if err := other.read(t.Context()); err != nil || other.dir.Desk("lima").First() != 1 || len(roll.roll.Duty) != 1 {
		t.Errorf("another replica has %d first, %v", other.dir.Desk("lima").First(), err)
	}
}

func TestDutyOfOtherDesksIsUnknown(t *testing.T) {
	for _, data := range []string{"duty:take#kyiv", "duty:give#kyiv.0", "duty:take#fld", "duty:take#", "duty:take", "duty:give#lima.9", "duty:give#lima.0",
		"duty:give#lima.x", "duty:give#lima.-1", "duty:nonsense#lima", "duty:take#lima.1", "handover:AAAA-BBBB#0", "handover:AAAA-BBBB#7", "handover:AAAA-BBBB#-1"} {
		b, roll := newEnrolBench(t)
		b.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
		calls := b.take(atChat(limaChat, pressOn(9, data)))
		if got := toastOf(t, calls); got != b.texts.Text("es", "desk.toast.duty.unknown", nil) || len(roll.roll.Duty) != 0 || len(b.store.moves) != 0 || len(b.last.Errands) != 1 {
			t.Errorf("%s: %q, %+v, %d errands", data, got, roll.roll, len(b.last.Errands))
		}
	}
}

// Handing over asks to whom, puts them on duty, and leaves one errand with every case that is open with the officer.
func TestHandingOver(t *testing.T) {
	b, _ := newEnrolBench(t)
	mine, acked, theirs, closed := held("lima", "AAAA-AAAA", referrals.Alerted), held("lima", "AAAA-BBBB", referrals.Acknowledged),
		held("lima", "AAAA-CCCC", referrals.Alerted), held("lima", "AAAA-DDDD", referrals.Closed)
	acked.Lane, theirs.Rung = referrals.Routine, 1
	for _, h := range []referrals.Holding{mine, acked, theirs, closed} {
		b.store.hold(h)
	}
	asked, _ := find(b.take(atChat(limaChat, pressOn(9, "duty:give#lima"))), "sendMessage")
	if !slices.Equal(asked.buttons(), []string{"duty:give#lima.1", "nav:back"}) {
		t.Fatalf("asked with %q", asked.buttons())
	}
	b.entry(lineBot, atChat(limaChat, pressOn(10, "duty:give#lima.1")))
	inbox := b.work.Inbox
	for range 2 { // the second is the same turn again, as after a kill before its commit
		b.work.Inbox = inbox[len(inbox)-1:]
		calls := b.taken()
		said, _ := find(calls, "editMessageText")
		want := b.texts.Text("es", "desk.duty.given", map[string]any{"Count": 2, "Who": officer(b.texts, "es", b.dir.Desk("lima"), 1)})
		if said.text() != want || b.onDuty() != 1 {
			t.Errorf("said %q, want %q; on duty is %d", said.text(), want, b.onDuty())
		}
		var found []referrals.Notice
		for _, e := range b.last.Errands {
			if e.Notice != nil {
				found = append(found, *e.Notice)
			}
		}
		if len(found) != 1 || found[0].Codes != "AAAA-AAAA AAAA-BBBB" || found[0].Rung != 1 || found[0].From != 0 || found[0].Lane != referrals.Emergency {
			t.Errorf("left %+v", found)
		}
	}
	// Who is not on duty hands over what they have, and no duty.
	b.take(atChat(limaChat, pressOn(11, "duty:take#lima")))
	b.take(atChat(limaSecond, pressOn(12, "duty:give#lima.0")))
	if b.onDuty() != 0 {
		t.Errorf("on duty is %d", b.onDuty())
	}
}

// The colleague reads who hands over how much before the first case arrives, once, however often the errand is run; each case
// is alerted once, with its document and its buttons.
func TestWhatIsHandedOverArrivesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.store.papers["lima AAAA-BBBB.asc"], d.store.papers["lima AAAA-CCCC.asc"] = []byte("sealed"), []byte("sealed")
		waits, taken := held("lima", "AAAA-BBBB", referrals.Alerted), held("lima", "AAAA-CCCC", referrals.Acknowledged)
		d.store.hold(waits)
		d.store.hold(taken)
		d.store.hold(held("lima", "AAAA-DDDD", referrals.Closed)) // meanwhile
		n := referrals.Notice{Kind: referrals.NoticeHandedOver, Desk: "lima", Rung: 1, Codes: "AAAA-DDDD AAAA-BBBB AAAA-CCCC AAAA-EEEE", Lane: referrals.Emergency, At: noon}
		sending(t, d.out, 4, 1)
		for run := range 2 { // the second by whoever takes up what a killed process left
			d.start(t.Context(), tasks("p07", fmt.Sprint(17+run), referrals.Errand{Notice: &n}))
			calm()
		}
		got := d.diary.all()
		got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "edit") }) // of cards that showed it
		slices.Sort(got[1:])
		if len(got) != 3 || !strings.Contains(got[0], "4") || !slices.Equal(got[1:], []string{"sendDocument AAAA-BBBB.asc", "sendDocument AAAA-CCCC.asc"}) {
			t.Errorf("sent %q", got)
		}
		for _, code := range []string{"AAAA-BBBB", "AAAA-CCCC"} {
			if h := d.store.holdings["lima "+code]; h.State != referrals.Alerted || h.Rung != 1 || h.First != 1 || !h.Due.After(time.Now()) {
				t.Errorf("%s is %+v", code, h)
			}
		}
		if h := d.store.holdings["lima AAAA-DDDD"]; h.State != referrals.Closed || len(d.store.moves) != 2 {
			t.Errorf("%+v after %d moves", h, len(d.store.moves))
		}
	})
}

// A case whose sealed copies have come to their end is alerted all the same, with its buttons, and says that there is no document.
func TestHandedOverAfterItsDocumentsHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, numbered())
		old := held("lima", "AAAA-BBBB", referrals.Acknowledged)
		old.Since = time.Now().Add(-200 * time.Hour)
		d.store.hold(old)
		n := referrals.Notice{Kind: referrals.NoticeHandedOver, Desk: "lima", Rung: 1, Codes: "AAAA-BBBB", Lane: referrals.Urgent, At: noon}
		sending(t, d.out, 4, 1)
		d.start(t.Context(), tasks("p07", "17", referrals.Errand{Notice: &n}))
		calm()
		words := d.desks.texts.Text("es", "desk.no_document", nil)
		if !slices.ContainsFunc(d.bodies, func(body []byte) bool {
			return strings.Contains(string(body), words) && strings.Contains(string(body), "ack:AAAA-BBBB")
		}) {
			t.Errorf("alerted by %s", d.bodies)
		}
		if len(d.store.messages[cards("lima", "AAAA-BBBB", 1)]) != 1 {
			t.Error("its card is not known")
		}
	})
}

// A colleague whose chat is gone is passed the cases all the same, and their ladder goes on at once.
func TestHandedOverToNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, func(method string, body []byte, _ *http.Request) (int, string) {
			if strings.Contains(string(body), "900002") {
				return refusal(403, blockedText, 0)
			}
			return 200, fine
		})
		d.store.papers["lima AAAA-BBBB.asc"] = []byte("sealed")
		d.store.hold(held("lima", "AAAA-BBBB", referrals.Acknowledged))
		n := referrals.Notice{Kind: referrals.NoticeHandedOver, Desk: "lima", Rung: 1, Codes: "AAAA-BBBB", Lane: referrals.Urgent, At: noon}
		sending(t, d.out, 4, 1)
		d.start(t.Context(), tasks("p07", "17", referrals.Errand{Notice: &n}))
		calm()
		if h := d.store.holdings["lima AAAA-BBBB"]; h.State != referrals.Alerted || h.Rung != 0 || h.Reached() != referrals.UpTo(1) {
			t.Errorf("%+v", h)
		}
	})
}

// One case goes to a colleague by its own button, from every state in which somebody of the desk is to act, and its card says to whom.
func TestHandingOverOneCase(t *testing.T) {
	for _, state := range []referrals.State{referrals.Alerted, referrals.Acknowledged, referrals.Silent} {
		b, _ := newEnrolBench(t)
		b.store.hold(held("lima", "AAAA-BBBB", state))
		asked, _ := find(b.take(atChat(limaChat, pressOn(9, "handover:AAAA-BBBB"))), "sendMessage")
		if !slices.Equal(asked.buttons(), []string{"handover:AAAA-BBBB#1", "nav:back"}) || !strings.Contains(asked.text(), "AAAA-BBBB") {
			t.Fatalf("%s: asked %q with %q", state, asked.text(), asked.buttons())
		}
		calls := b.take(atChat(limaChat, pressOn(10, "handover:AAAA-BBBB#1")))
		who := officer(b.texts, "es", b.dir.Desk("lima"), 1)
		h := b.store.holdings["lima AAAA-BBBB"]
		if h.State != referrals.Alerted || h.Rung != 1 || h.Due != noon.Add(20*time.Minute) || !strings.Contains(toastOf(t, calls), who) {
			t.Errorf("%s: %+v, %q", state, h, toastOf(t, calls))
		}
		if card := describe(b.texts, "es", h, b.dir.Desk("lima")); !strings.Contains(card, who) {
			t.Errorf("the card reads %q", card)
		}
	}
	b, _ := newEnrolBench(t)
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Closed))
	calls := b.take(atChat(limaChat, pressOn(10, "handover:AAAA-BBBB#1")))
	if got := toastOf(t, calls); b.store.holdings["lima AAAA-BBBB"].State != referrals.Closed || !strings.Contains(got, b.texts.Text("es", "desk.state.closed", nil)) {
		t.Errorf("a closed case: %q", got)
	}
}

// A desk of one is not offered to hand over.
func TestADeskOfOneHandsNothingOver(t *testing.T) {
	b, _ := newEnrolBench(t)
	kyiv := b.dir.Desk("kyiv")
	for state := range deskActs {
		if k := deskKeyboard(b.texts, "en", held("kyiv", "AAAA-BBBB", state), kyiv); strings.Contains(string(encode(k)), "handover") {
			t.Errorf("offered in state %s", state)
		}
	}
	if text := describe(b.texts, "en", held("kyiv", "AAAA-BBBB", referrals.Alerted), kyiv); strings.Contains(text, "With:") {
		t.Errorf("the card reads %q", text)
	}
}

// Who acknowledges is who has it, also when the ladder had moved on, and even while it moves.
func TestWhoAcknowledgesHasIt(t *testing.T) {
	b, _ := newEnrolBench(t)
	h := held("lima", "AAAA-BBBB", referrals.Alerted)
	h.Rung = 1
	b.store.hold(h)
	b.take(atChat(limaChat, pressOn(9, "ack:AAAA-BBBB")))
	if got := b.store.holdings["lima AAAA-BBBB"]; got.State != referrals.Acknowledged || got.Rung != 0 || got.Reached() != referrals.UpTo(1) {
		t.Errorf("%+v", got)
	}
	b, _ = newEnrolBench(t)
	h.Rung = 1
	b.store.hold(h)
	moved := false
	b.store.refuse = func(referrals.Move) error {
		if moved {
			return nil
		}
		moved = true
		h.Rung = 2
		b.store.hold(h)
		return referrals.ErrNotThere
	}
	b.take(atChat(limaChat, pressOn(9, "ack:AAAA-BBBB")))
	if got := b.store.holdings["lima AAAA-BBBB"]; got.State != referrals.Acknowledged || got.Rung != 0 {
		t.Errorf("while the ladder moved: %+v", got)
	}
}
