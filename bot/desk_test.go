package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"defenderline/referrals"
)

// atChat makes an update come from an officer's chat.
func atChat(chat int64, update string) string {
	return strings.ReplaceAll(update, `"id":5,`, fmt.Sprintf(`"id":%d,`, chat))
}

// held is a holding as desks have it.
func held(desk, code string, s referrals.State) referrals.Holding {
	h := referrals.Holding{Desk: desk, Code: code, State: s, Lane: referrals.Emergency, Origin: "p07", Since: noon, Due: noon.Add(time.Hour)}
	if s == referrals.Claimed || s == referrals.Accepted || s == referrals.Completed || s == referrals.Returned {
		h.Claim = 1
	}
	return h
}

// toastOf is what the press was answered with.
func toastOf(t testing.TB, calls []call) string {
	t.Helper()
	var found []call
	for _, c := range calls {
		if c.Method == "answerCallbackQuery" {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		t.Fatalf("the press was answered %d times", len(found))
	}
	return found[0].text()
}

// Every button in every state: what fits moves the case, what does not changes nothing and says how it is.
func TestEveryButtonInEveryState(t *testing.T) {
	moves := map[string]map[referrals.State]referrals.State{
		"ack:%s":                   {referrals.Alerted: referrals.Acknowledged, referrals.Silent: referrals.Acknowledged},
		"claim:%s":                 {referrals.Offered: referrals.Claimed},
		"accept:%s":                {referrals.Claimed: referrals.Accepted},
		"reason:mandate#%s.d":      {referrals.Offered: referrals.Declined, referrals.Claimed: referrals.Declined},
		"reason:mandate#%s.r":      {referrals.Claimed: referrals.Returned, referrals.Accepted: referrals.Returned},
		"outcome:relocated#%s fld": {referrals.Accepted: referrals.Completed},
		"outcome:met#%s lima":      {referrals.Alerted: referrals.Closed, referrals.Acknowledged: referrals.Closed, referrals.Silent: referrals.Closed},
		"decline:%s":               {}, "return:%s": {}, "complete:%s": {}, "close:%s": {}, "open:%s": {}, "reply:%s": {}, "": {}, "reason:nonsense#%s.d": {},
		"reason:mandate#%s": {}, "outcome:nonsense#%s": {}, "reason:mandate#%s.x": {},
	}
	for data, fits := range moves {
		data, only, _ := strings.Cut(data, " ")
		for desk, chat := range map[string]int64{"lima": limaChat, "fld": fldChat} {
			if only != "" && only != desk {
				continue
			}
			for _, s := range testDesks().Desk(desk).Kind.States() {
				b, code := newBench(t), "AAAA-BBBB"
				if desk == "fld" {
					code += "-1"
				}
				b.store.hold(held(desk, code, s))
				press := data
				if strings.Contains(data, "%s") {
					press = fmt.Sprintf(data, code)
				}
				calls := b.take(atChat(chat, pressOn(9, press)))
				toast := toastOf(t, calls)
				want, ok := fits[s]
				if !ok {
					want = s
				}
				if got := b.store.holdings[desk+" "+code].State; got != want {
					t.Errorf("%s of %s in state %s: now %s, want %s", press, desk, s, got, want)
				}
				if toast == "" || strings.Contains(toast, "…") || strings.Contains(toast, "{{") {
					t.Errorf("%s in state %s is answered with %q", press, s, toast)
				}
			}
		}
	}
}

func TestButtonsOfAStateAreThoseThatWork(t *testing.T) {
	for state, acts := range deskActs {
		for _, act := range acts {
			b, desk, chat, code := newBench(t), "lima", int64(limaChat), "AAAA-BBBB"
			if slices.Contains([]string{"claim", "accept", "decline", "return", "complete"}, act) || state == referrals.Claimed || state == referrals.Accepted {
				desk, chat, code = "fld", fldChat, "AAAA-BBBB-1"
			}
			b.store.hold(held(desk, code, state))
			toast := toastOf(t, b.take(atChat(chat, pressOn(9, act+":"+code))))
			for _, refusal := range []string{"desk.toast.unknown", "desk.toast.not_there"} {
				lang, _ := b.texts.Match(b.dir.Desk(desk).Language("en"))
				if want := b.texts.Text(lang, refusal, map[string]any{"State": b.texts.Text(lang, "desk.state."+string(state), nil)}); toast == want {
					t.Errorf("%s is shown in state %s and refused: %q", act, state, toast)
				}
			}
		}
	}
}

func TestCodesOfOtherDesksAreUnknown(t *testing.T) {
	tests := []string{"ack:CCCC-DDDD", "open:AAAA-BBBB-1", "ack:", "ack:junk", "ack:../../etc", "claim:AAAA-BBBB-1", "reason:mandate#AAAA-BBBB-1.d", "outcome:met#",
		"outcome:met#AAAA-BBBB-1", "urgency:now", "menu:emergency", "ack:AAAA-BBBB-1000", "ack:{p07}", "review:send#1"}
	for _, data := range tests {
		b := newBench(t)
		b.store.hold(held("fld", "AAAA-BBBB-1", referrals.Offered))
		calls := b.take(atChat(limaChat, pressOn(9, data)))
		if got, want := toastOf(t, calls), b.texts.Text("es", "desk.toast.unknown", nil); got != want || len(calls) != 1 {
			t.Errorf("%s: %q and %q", data, got, methods(calls))
		}
		if len(b.store.moves) != 0 || b.counted("defenderline_refused_total") != 1 {
			t.Errorf("%s: %d moves, counted %v", data, len(b.store.moves), b.counted("defenderline_refused_total"))
		}
	}
}

// The same press again, as after a crash between act and commit, changes nothing and is answered as before.
func TestSamePressAgain(t *testing.T) {
	b := newBench(t)
	b.store.hold(held("fld", "AAAA-BBBB-1", referrals.Offered))
	b.entry(lineBot, atChat(fldChat, pressOn(9, "claim:AAAA-BBBB-1")))
	inbox := b.work.Inbox
	first := toastOf(t, b.taken())
	b.work.Inbox = inbox
	second := toastOf(t, b.taken())
	if first != second || len(b.store.moves) != 1 || b.store.holdings["fld AAAA-BBBB-1"].Claim != 1 {
		t.Errorf("%q, then %q; %d moves", first, second, len(b.store.moves))
	}
	opened := 0
	for _, e := range b.last.Errands {
		if e.Notice != nil && e.Notice.Kind == referrals.NoticeOpened {
			opened++
		}
	}
	if opened != 1 {
		t.Errorf("the documents are sent %d times by a commit", opened)
	}
}

func TestTwoOfficersAtOnce(t *testing.T) {
	b := newBench(t)
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
	b.take(atChat(limaChat, pressOn(9, "ack:AAAA-BBBB")))
	calls := b.take(atChat(limaSecond, pressOn(4, "ack:AAAA-BBBB")))
	if want := b.texts.Text("es", "desk.toast.colleague", map[string]any{"State": b.texts.Text("es", "desk.state.acknowledged", nil)}); toastOf(t, calls) != want {
		t.Errorf("the second is told %q", toastOf(t, calls))
	}
	c, ok := find(calls, "editMessageText")
	if !ok || !c.has("close:AAAA-BBBB") || c.has("ack:AAAA-BBBB") {
		t.Errorf("the second sees %q %v", methods(calls), c.buttons())
	}
	if len(b.store.moves) != 1 {
		t.Errorf("%d moves", len(b.store.moves))
	}
}

// Who presses twice has done it already, and is not told that nothing was done; nor that a colleague did it.
func TestOfficerPressesTwice(t *testing.T) {
	tests := []struct {
		desk, code, press string
		chat              int64
		from, to          referrals.State
	}{
		{"lima", "AAAA-BBBB", "ack:AAAA-BBBB", limaChat, referrals.Alerted, referrals.Acknowledged},
		{"lima", "AAAA-BBBB", "outcome:met#AAAA-BBBB", limaChat, referrals.Acknowledged, referrals.Closed},
		{"fld", "AAAA-BBBB-1", "claim:AAAA-BBBB-1", fldChat, referrals.Offered, referrals.Claimed},
		{"fld", "AAAA-BBBB-1", "reason:capacity#AAAA-BBBB-1.d", fldChat, referrals.Offered, referrals.Declined},
	}
	for _, tt := range tests {
		b := newBench(t)
		b.store.hold(held(tt.desk, tt.code, tt.from))
		lang, _ := b.texts.Match(b.dir.Desk(tt.desk).Language("en"))
		press := atChat(tt.chat, pressOn(9, tt.press))
		b.take(press)
		want := b.texts.Text(lang, "desk.toast.already", map[string]any{"State": b.texts.Text(lang, "desk.state."+string(tt.to), nil)})
		if got := toastOf(t, b.take(press)); got != want {
			t.Errorf("%s again: %q, want %q", tt.press, got, want)
		}
		act, _, _ := strings.Cut(tt.press, ":")
		if act == "outcome" || act == "reason" {
			question := map[referrals.State]string{referrals.Closed: "close", referrals.Declined: "decline"}[tt.to]
			if got := toastOf(t, b.take(atChat(tt.chat, pressOn(9, question+":"+tt.code)))); got != want {
				t.Errorf("%s of what is done: %q", question, got)
			}
		}
	}
}

func TestAlertWithItsDocumentIsRestatedInItsCaption(t *testing.T) {
	b := newBench(t)
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
	press := strings.Replace(atChat(limaChat, pressOn(9, "ack:AAAA-BBBB")), `"message":{`, `"message":{"document":{"file_id":"r"},`, 1)
	calls := b.take(press)
	if c, ok := find(calls, "editMessageCaption"); !ok || !c.has("open:AAAA-BBBB") || !strings.Contains(c.text(), "AAAA-BBBB") {
		t.Errorf("calls %q", methods(calls))
	}
}

func TestDeskCommands(t *testing.T) {
	b := newBench(t)
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
	tests := map[string]string{"/queue": "AAAA-BBBB", "/case AAAA-BBBB": "AAAA-BBBB", "/case aaaa bbbb": "AAAA-BBBB", "/CASE@bot aaaabbbb": "AAAA-BBBB",
		"/duty": "1", "/help": "British Embassy Lima", "hello": "British Embassy Lima", "/start": "British Embassy Lima",
		"/case CCCC-DDDD": b.texts.Text("es", "desk.unknown", nil), "/case": b.texts.Text("es", "desk.case_how", nil),
		"aaaa-bbbb": "AAAA-BBBB", "AAAABBBB": "AAAA-BBBB", "CCCC-DDDD": b.texts.Text("es", "desk.unknown", nil)}
	for text, want := range tests {
		calls := b.take(atChat(limaChat, say(1, text)))
		if len(calls) != 1 || !strings.Contains(calls[0].text(), want) {
			t.Errorf("%s: %d calls, %q", text, len(calls), calls[0].text())
		}
		if b.last.State != nil {
			t.Errorf("%s: an officer is remembered as a defender", text)
		}
	}
	if calls := b.take(atChat(hqChat, say(1, "/queue"))); calls[0].text() != b.texts.Text("en", "desk.queue_empty", nil) {
		t.Errorf("an empty queue: %q", calls[0].text())
	}
}

// An officer at many desks with much to do still gets one message that Telegram takes.
func TestLongQueueFitsIntoAMessage(t *testing.T) {
	b := newBench(t)
	var desks []*referrals.Desk
	letters := "ABCDEFGHJKLMNPQRSTUVWXYZ"
	for i := range 6 {
		id := fmt.Sprint("desk", i)
		desks = append(desks, &referrals.Desk{ID: id, Kind: referrals.MissionDesk, Name: strings.Repeat("Long Name ", 10), Zone: time.UTC,
			Ladder: []referrals.Rung{{Chat: limaChat}}, Languages: []string{"en"}})
		for j := range 12 {
			h := held(id, "AAAA-AA"+letters[i:i+1]+letters[j:j+1], referrals.Alerted)
			h.Lane, h.Since = referrals.Routine, noon.Add(time.Duration(j)*time.Minute)
			if i == 5 && j == 11 {
				h.Lane = referrals.Emergency
			}
			b.store.hold(h)
		}
	}
	b.turner.dir = referrals.NewDirectory(desks)
	calls := b.take(atChat(limaChat, say(1, "/queue")))
	text := calls[0].text()
	if n := len(utf16.Encode([]rune(text))); n > 4096 {
		t.Errorf("%d units", n)
	}
	if got := calls[0].buttons(); len(got) != mostListed || got[0] != "ack:AAAA-AAFM#q" {
		t.Errorf("buttons %q: the emergency is not first", got)
	}
	if !strings.HasSuffix(text, b.texts.Text("en", "desk.queue_more", nil)) {
		t.Error("that there is more is not said")
	}
}

func TestCallbackDataFits(t *testing.T) {
	b := newBench(t)
	longest := "AAAA-BBBB-999"
	b.store.hold(held("fld", longest, referrals.Accepted))
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Acknowledged))
	var data []string
	for _, press := range []string{"return:" + longest, "complete:" + longest, "decline:" + longest} {
		for _, c := range b.take(atChat(fldChat, pressOn(9, press))) {
			data = append(data, c.buttons()...)
		}
	}
	for _, c := range b.take(atChat(limaChat, pressOn(9, "close:AAAA-BBBB"))) {
		data = append(data, c.buttons()...)
	}
	for state := range deskActs {
		for _, row := range deskKeyboard(b.texts, "en", referrals.Holding{Code: longest, State: state}, b.dir.Desk("lima")).Rows {
			for _, k := range row {
				data = append(data, k.Data)
			}
		}
	}
	if len(data) < 2*len(referrals.Outcomes())+2*len(referrals.Reasons()) {
		t.Fatalf("only %d buttons", len(data))
	}
	for _, d := range data {
		if len(d) > 64 {
			t.Errorf("%q is %d bytes", d, len(d))
		}
	}
}

// Asking for a reason leads, by its own buttons, to the move; each value of the contract is there.
func TestReasonsAndOutcomesLeadToTheirMoves(t *testing.T) {
	tests := []struct {
		desk, code string
		chat       int64
		state      referrals.State
		act        string
		want       referrals.State
		values     []string
	}{
		{"fld", "AAAA-BBBB-1", fldChat, referrals.Offered, "decline", referrals.Declined, referrals.Reasons()},
		{"fld", "AAAA-BBBB-1", fldChat, referrals.Accepted, "return", referrals.Returned, referrals.Reasons()},
		{"fld", "AAAA-BBBB-1", fldChat, referrals.Accepted, "complete", referrals.Completed, referrals.Outcomes()},
		{"lima", "AAAA-BBBB", limaChat, referrals.Acknowledged, "close", referrals.Closed, referrals.Outcomes()},
	}
	for _, tt := range tests {
		b := newBench(t)
		b.store.hold(held(tt.desk, tt.code, tt.state))
		c, ok := find(b.take(atChat(tt.chat, pressOn(9, tt.act+":"+tt.code))), "sendMessage")
		if !ok || len(c.buttons()) != len(tt.values)+1 || !strings.Contains(c.text(), tt.code) {
			t.Errorf("%s asks %q with %q", tt.act, c.text(), c.buttons())
			continue
		}
		b.take(atChat(tt.chat, pressOn(10, c.buttons()[len(tt.values)-1])))
		if h := b.store.holdings[tt.desk+" "+tt.code]; h.State != tt.want || h.Reason != tt.values[len(tt.values)-1] {
			t.Errorf("%s: %s because of %q", tt.act, h.State, h.Reason)
		}
	}
}

func TestActWhileTheStoreIsAway(t *testing.T) {
	for _, update := range []string{pressOn(9, "ack:AAAA-BBBB"), say(1, "/queue"), say(1, "/case AAAA-BBBB")} {
		b := newBench(t)
		b.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
		b.store.away = errors.New("away")
		b.entry(lineBot, atChat(limaChat, update))
		if _, err := b.turner.take(t.Context(), b.work); err == nil {
			t.Errorf("%s was dropped while the store was away", update)
		} else {
			clean(t, err)
		}
	}
}

// Nothing that leaves for a desk names a person or what was written.
func TestDeskMessagesHoldNoContent(t *testing.T) {
	b := newBench(t)
	b.store.hold(held("fld", "AAAA-BBBB-1", referrals.Offered))
	press := strings.Replace(atChat(fldChat, pressOn(9, "claim:AAAA-BBBB-1")), `"language_code"`, `"first_name":"`+canary+`","language_code"`, 1)
	b.take(press, atChat(fldChat, say(2, canary)))
	raw, err := json.Marshal(b.last)
	if err != nil || strings.Contains(string(raw), canary) {
		t.Errorf("a commit holds %q: %v", canary, err)
	}
}
