package bot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// replying is an officer's chat, a case and its defender's chat, each taking its own turns, and what goes between them.
type replying struct {
	t        *testing.T
	officer  *bench0
	kase     referrals.Work
	cases    *caseworker
	defender *bench0
	late     []byte // what the defender's chat has become when a reply leaves a minute late; nil: it leaves at once
}

// newReplying is a case that Lima has read.
func newReplying(t *testing.T, remembered flows.Case, q flows.Quiet) *replying {
	r := &replying{t: t, officer: newBench(t), cases: newCasework(), defender: waitingFor(t, remembered, q)}
	r.officer.work.Name = "cOFFICER"
	r.officer.store.hold(held("lima", "AAAA-BBBB", referrals.Acknowledged))
	c := referrals.Case{Code: "AAAA-BBBB", Lane: referrals.Urgent, Slot: "p07", Chat: r.defender.work.Member, SentAt: noon,
		Shares: []referrals.Share{{Desk: "lima", Kind: referrals.MissionDesk, Stage: referrals.Taken, Holding: "AAAA-BBBB"}}}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	r.kase = referrals.Work{Member: referrals.Member{Slot: "p07", Name: c.Code.Name()}, State: raw}
	return r
}

// postsOf are the posts among errands to a member.
func postsOf(errands []referrals.Errand, to referrals.Member) (out []referrals.Entry) {
	for _, e := range errands {
		if e.Post != nil && e.Post.To == to {
			out = append(out, referrals.Entry{ID: e.Post.ID, Order: e.Post.Order, Body: e.Post.Body})
		}
	}
	return out
}

// writes is the officer writing and confirming. It gives what the officer's chat is sent when it is confirmed.
func (r *replying) writes(updates ...string) []call {
	r.t.Helper()
	r.officer.take(atLima(pressOn(9, "reply:AAAA-BBBB")))
	var shown call
	for _, u := range updates {
		shown, _ = find(r.officer.take(atLima(u)), "sendMessage")
	}
	b := shown.buttons()
	if len(b) != 2 || b[1] != "nav:back#AAAA-BBBB" {
		r.t.Fatalf("shown %q with %q", shown.text(), b)
	}
	return r.officer.take(atLima(pressOn(60, b[0])))
}

// passes lets what the officer's chat left go through the case to the defender's chat, and gives what that is sent.
func (r *replying) passes() []call {
	r.t.Helper()
	r.kase.Inbox = postsOf(r.officer.last.Errands, r.kase.Member)
	c, err := r.cases.take(r.t.Context(), r.kase)
	if err != nil {
		r.t.Fatal(err)
	}
	r.kase.State = c.State
	r.defender.work.Inbox = postsOf(c.Errands, r.defender.work.Member)
	if told := postsOf(c.Errands, r.officer.work.Member); len(told) > 0 { // it does not come so far
		r.officer.work.Inbox = told
		return r.officer.taken()
	}
	return r.defender.taken()
}

// hears is what the officer's chat is sent of what the defender's chat left for it.
func (r *replying) hears() []call {
	r.t.Helper()
	r.officer.work.Inbox = postsOf(r.defender.last.Errands, r.officer.work.Member)
	return r.officer.taken()
}

// takenBy is what the officer's chat is sent when Telegram answers the call that brings the reply.
func (r *replying) takenBy(api server, c call) []call {
	r.t.Helper()
	r.officer.work.Inbox = nil
	synctest.Test(r.t, func(t *testing.T) {
		d := newDepot(t, api)
		d.runner.now, d.store.record = func() time.Time { return noon }, r.defender.work.State
		if r.late != nil {
			d.store.record, d.runner.now = r.late, func() time.Time { return noon.Add(time.Minute) }
		}
		d.desks.clients[deskBot] = d.desks.clients[lineBot]
		sending(t, d.out, 1, 0)
		d.runner.start(t.Context(), []referrals.Task{{Slot: "p07", ID: "1-1", Till: noon.Add(time.Hour), Errand: c.errand(r.defender.work.Member)}})
		calm()
		for _, p := range d.store.posts {
			r.officer.work.Inbox = append(r.officer.work.Inbox, referrals.Entry{ID: p.ID, Order: p.Order, Body: p.Body})
		}
	})
	return r.officer.taken()
}

// fateSaid is what the officer is told a reply's fate to be.
func (r *replying) fateSaid(f referrals.Fate, at time.Time, more string) string {
	text := r.officer.texts.Text("es", "desk.reply."+string(f), map[string]any{"Code": "AAAA-BBBB", "Time": r.officer.texts.Time("es", at, time.UTC)})
	if more != "" {
		text += " " + r.officer.texts.Text("es", "desk.reply."+more, nil)
	}
	return text
}

func wantSaid(t testing.TB, calls []call, want string) {
	t.Helper()
	var said []string
	for _, c := range calls {
		if c.Method == "sendMessage" || c.Method == "editMessageText" {
			said = append(said, c.text())
		}
	}
	if !slices.Equal(said, []string{want}) {
		t.Errorf("said %q, want %q", said, want)
	}
}

const typed = "Come to the gate at six. " + canary

// The words of a desk come unaltered, said to be whose and about what, with a button that answers.
func TestReplyIsDelivered(t *testing.T) {
	r := newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
	sent := r.writes(say(20, typed))
	if c, ok := find(sent, "editMessageText"); !ok || c.text() != r.officer.texts.Text("es", "desk.reply.on_its_way", map[string]any{"Code": "AAAA-BBBB"}) || len(c.buttons()) != 0 {
		t.Errorf("confirmed: %q %q", c.text(), methods(sent))
	}
	wantTalk(t, r.officer, "")
	c, ok := find(r.passes(), "sendMessage")
	if !ok || !c.Own || !c.Stays || c.Chat != 5 || c.Bot != lineBot {
		t.Fatalf("the defender gets %+v", c)
	}
	for _, part := range []string{"British Embassy Lima", "AAAA-BBBB", "\n\n" + typed + "\n\n"} {
		if !strings.Contains(c.text(), part) {
			t.Errorf("%q lacks %q", c.text(), part)
		}
	}
	if got := c.buttons(); !slices.Equal(got, []string{"case:AAAA-BBBB#AAAA-BBBB"}) {
		t.Errorf("buttons %q", got)
	}
	if strings.Contains(string(c.Params), fmt.Sprint(limaChat)) {
		t.Error("the defender's message names the officer's chat")
	}
	calls := r.takenBy(always(200, fine), c)
	if got := deletedIDs(t, calls); !slices.Equal(got, []int{20}) {
		t.Errorf("deleted %v in the officer's chat, want what was written", got)
	}
	wantSaid(t, calls, r.fateSaid(referrals.FateDelivered, noon, "erased"))
	if n := r.officer.counted("defenderline_replies_total"); n != 1 {
		t.Errorf("counted %v", n)
	}
	if c, ok := find(calls, "editMessageText"); !ok || c.Chat != limaChat || c.Edits != 0 {
		t.Errorf("told by %q", methods(calls))
	}
}

// The line's own questions are read in the defender's language and hold nothing of the case.
func TestQuestionOfTheLineIsReadInTheDefendersLanguage(t *testing.T) {
	for _, ask := range replyAsks {
		r := newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
		r.defender.dir.Desk("lima").Web = "https://example.org/lima"
		s := r.defender.state()
		s.Session.Language = "ar"
		r.defender.record(s)
		r.writes(pressOn(20, "reply:AAAA-BBBB#"+ask))
		c, _ := find(r.passes(), "sendMessage")
		want := replyQuestion(r.defender.texts, "ar", ask, "AAAA-BBBB", r.defender.dir.Desk("lima"))
		if c.text() != want || !strings.Contains(want, "https://example.org/lima") || !c.has("case:AAAA-BBBB") {
			t.Errorf("%s: %q", ask, c.text())
		}
		wantSaid(t, r.takenBy(always(200, fine), c), r.fateSaid(referrals.FateDelivered, noon, ""))
	}
}

// What Telegram refuses is told as what it means.
func TestFatesOfARefusedReply(t *testing.T) {
	tests := map[string]struct {
		code int
		text string
		want referrals.Fate
		more string
	}{
		"blocked":  {403, "Forbidden: bot was blocked by the user", referrals.FateBlocked, "erase"},
		"gone":     {403, "Forbidden: user is deactivated", referrals.FateBlocked, "erase"},
		"refused":  {400, "Bad Request: strange", referrals.FateFailed, ""},
		"no place": {400, "Bad Request: chat not found", referrals.FateBlocked, "erase"},
	}
	for name, tt := range tests {
		r := newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
		r.writes(say(20, typed))
		c, _ := find(r.passes(), "sendMessage")
		calls := r.takenBy(func(string, []byte, *http.Request) (int, string) { return refusal(tt.code, tt.text, 0) }, c)
		wantSaid(t, calls, r.fateSaid(tt.want, noon, tt.more))
		if slices.Contains(deletedIDs(t, calls), 20) {
			t.Errorf("%s: what was not delivered is deleted", name)
		}
	}
}

// A reply that may not be said yet waits, and the desk is told: once that it waits, once that it was delivered.
func TestReplyWaitsForTheDefender(t *testing.T) {
	end := noon.Add(2 * time.Hour)
	tests := map[string]struct {
		c    flows.Case
		q    flows.Quiet
		want referrals.Fate
		at   time.Time
	}{
		"silent hours":         {flows.Case{Lane: "urgent"}, afternoon, referrals.FateHeld, end},
		"not to write first":   {flows.Case{Lane: "emergency"}, flows.Quiet{Never: true}, referrals.FateKept, noon},
		"not to be contacted":  {flows.Case{Lane: "urgent", Reach: "none"}, flows.Quiet{}, referrals.FateKept, noon},
		"reached another way":  {flows.Case{Lane: "emergency", Reach: "signal"}, flows.Quiet{}, referrals.FateElsewhere, noon},
		"another way at night": {flows.Case{Lane: "urgent", Reach: "phone"}, afternoon, referrals.FateElsewhere, noon},
	}
	for name, tt := range tests {
		r := newReplying(t, tt.c, tt.q)
		r.writes(say(20, typed))
		if calls := r.passes(); len(calls) != 0 {
			t.Errorf("%s: the defender gets %q", name, methods(calls))
		}
		calls := r.hears()
		wantSaid(t, calls, r.fateSaid(tt.want, tt.at, "erased"))
		if !slices.Contains(deletedIDs(t, calls), 20) {
			t.Errorf("%s: what was written stays in the officer's chat", name)
		}
		var came []call
		if tt.want == referrals.FateHeld {
			r.defender.atTime(end)
			r.defender.work.Inbox = nil
			came = r.defender.taken()
		} else {
			came = r.defender.take(say(30, "/start"))
		}
		var shown call
		for _, c := range came {
			if c.Receipt != nil {
				shown = c
			}
		}
		if !strings.Contains(shown.text(), typed) || len(r.defender.state().Held) != 0 {
			t.Errorf("%s: shown %q", name, methods(came))
			continue
		}
		r.officer.atTime(end)
		wantSaid(t, r.takenBy(always(200, fine), shown), r.fateSaid(referrals.FateDelivered, noon, "erased"))
	}
}

// An emergency was sent to be answered at any hour.
func TestReplyToAnEmergencyDoesNotWait(t *testing.T) {
	r := newReplying(t, flows.Case{Lane: "emergency", Reach: "here"}, afternoon)
	r.writes(say(20, typed))
	if c, ok := find(r.passes(), "sendMessage"); !ok || !strings.Contains(c.text(), typed) {
		t.Errorf("the defender gets %q", c.text())
	}
}

// What waits and will never be shown is said to be so.
func TestHeldRepliesThatAreDropped(t *testing.T) {
	acts := map[string]struct {
		presses []string
		want    referrals.Fate
	}{
		"wiped":      {[]string{"/wipe", "wipe:yes"}, referrals.FateWiped},
		"taken back": {[]string{"/cases", "case:AAAA-BBBB", "caseact:withdraw", "caseact:withdraw"}, referrals.FateEnded},
		"ended":      {[]string{"/cases", "case:AAAA-BBBB", "caseact:close", "caseact:close"}, referrals.FateEnded},
	}
	for name, tt := range acts {
		r := newReplying(t, flows.Case{Lane: "urgent"}, afternoon)
		r.writes(say(20, typed))
		r.passes()
		r.hears()
		var updates []string
		for i, p := range tt.presses {
			if u := pressOn(40+i, p); strings.HasPrefix(p, "/") {
				updates = append(updates, say(40+i, p))
			} else {
				updates = append(updates, u)
			}
		}
		calls := r.defender.take(updates...) // in one turn: who looks at the case is shown what waits
		for _, c := range calls {
			if strings.Contains(c.text(), canary) {
				t.Errorf("%s: shown all the same", name)
			}
		}
		wantSaid(t, r.hears(), r.fateSaid(tt.want, noon, "erase"))
	}
}

// A chat that forgot the case, or a case that is forgotten, tells the desk so.
func TestReplyToNobody(t *testing.T) {
	r := newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
	r.defender.work.State = nil
	r.writes(say(20, typed))
	r.passes()
	wantSaid(t, r.hears(), r.fateSaid(referrals.FateWiped, noon, "erase"))
	r = newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
	r.kase.State = nil
	r.writes(say(20, typed))
	wantSaid(t, r.passes(), r.fateSaid(referrals.FateGone, noon, "erase"))
	r = newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
	s := r.defender.state()
	s.Blocked = true
	r.defender.record(s)
	r.writes(say(20, typed))
	r.passes()
	wantSaid(t, r.hears(), r.fateSaid(referrals.FateBlocked, noon, "erase"))
}

// Who left the desk is told nothing of its cases.
func TestFateIsForTheDesk(t *testing.T) {
	r := newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
	r.writes(say(20, typed))
	c, _ := find(r.passes(), "sendMessage")
	r.officer.turner.dir = referrals.NewDirectory(nil)
	if calls := r.takenBy(always(200, fine), c); len(calls) != 0 {
		t.Errorf("told %q", methods(calls))
	}
	for _, junk := range []string{"", "{", "[]", `{"n":"e30="}`} {
		r.officer.work.Inbox = nil
		r.officer.entry(referrals.ToldMark, junk)
		if calls := r.officer.taken(); len(calls) != 0 {
			t.Errorf("%q: %q", junk, methods(calls))
		}
	}
}

// Nothing is sent that was not shown last, or for another case, or twice.
func TestOnlyWhatWasShownIsSent(t *testing.T) {
	r := newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
	b := r.officer
	b.store.hold(held("lima", "CCCC-DDDD", referrals.Acknowledged))
	b.take(atLima(pressOn(9, "reply:AAAA-BBBB")))
	b.take(atLima(say(20, typed)))
	b.take(atLima(say(21, "another")))
	for _, press := range []string{"reply:AAAA-BBBB#send.1.l1", "reply:CCCC-DDDD#send.2.l1", "reply:AAAA-BBBB#send.3.l1", "reply:AAAA-BBBB#send.", "reply:AAAA-BBBB#send.2.l1x",
		"reply:AAAA-BBBB#send.2.l2", "reply:AAAA-BBBB#send.2"} {
		calls := b.take(atLima(pressOn(60, press)))
		if want := b.texts.Text("es", "desk.toast.not_sent", nil); toastOf(t, calls) != want || len(postsOf(b.last.Errands, r.kase.Member)) != 0 {
			t.Errorf("%s: %q", press, toastOf(t, calls))
		}
	}
	b.take(atLima(pressOn(60, "reply:AAAA-BBBB#send.2.l1")))
	if n := len(postsOf(b.last.Errands, r.kase.Member)); n != 1 {
		t.Fatalf("%d posts", n)
	}
	b.take(atLima(pressOn(60, "reply:AAAA-BBBB#send.2.l1")))
	if n := len(postsOf(b.last.Errands, r.kase.Member)); n != 0 {
		t.Error("sent twice")
	}
}

// What cannot be passed on is refused before it is shown, and nothing of it is kept.
func TestWhatCannotBePassedOn(t *testing.T) {
	for name, update := range map[string]string{
		"too long":        say(20, strings.Repeat("ا", mostReplied+1)),
		"a sticker":       strings.Replace(say(20, ""), `"text":""`, `"sticker":{"file_id":"s"}`, 1),
		"a video":         strings.Replace(say(20, ""), `"text":""`, `"video":{"file_id":"v"}`, 1),
		"music":           strings.Replace(say(20, ""), `"text":""`, `"audio":{"file_id":"v"}`, 1),
		"a place":         strings.Replace(say(20, ""), `"text":""`, `"location":{"latitude":1,"longitude":2}`, 1),
		"a large file":    strings.Replace(say(20, ""), `"text":""`, `"document":{"file_id":"v","file_size":30000000}`, 1),
		"a long caption":  strings.Replace(say(20, ""), `"text":""`, `"document":{"file_id":"v"},"caption":`+quoted(strings.Repeat("a", mostCaptioned+1)), 1),
		"an empty letter": say(20, "  "),
	} {
		b := asked(t)
		calls := b.take(atLima(update))
		if len(calls) != 1 || len(calls[0].buttons()) != 0 {
			t.Errorf("%s: %q", name, methods(calls))
		}
		if s := b.state().Talk; s == nil || s.Words != "" || s.File != nil || s.Number != 0 {
			t.Errorf("%s is kept: %+v", name, s)
		}
	}
}

// The longest reply fits into one message in every language.
func TestTheLongestReplyFits(t *testing.T) {
	for _, lang := range []string{"en", "es", "ar"} {
		r := newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
		s := r.defender.state()
		s.Session.Language = lang
		r.defender.record(s)
		long := strings.Repeat("𝄞", mostReplied/2)
		r.writes(say(20, long))
		if c, _ := find(r.passes(), "sendMessage"); units(c.text()) > 4096 || !strings.Contains(c.text(), long) {
			t.Errorf("%s: %d units", lang, units(c.text()))
		}
		caption := strings.Repeat("𝄞", mostCaptioned/2)
		r.writes(strings.Replace(say(20, ""), `"text":""`, `"document":{"file_id":"v"},"caption":`+quoted(caption), 1))
		if c, _ := find(r.passes(), "sendDocument"); units(c.text()) > 1024 || !strings.Contains(c.text(), caption) {
			t.Errorf("%s: %d units of a caption", lang, units(c.text()))
		}
	}
}

// A file goes by its name at Telegram where one bot serves both, and is fetched and sent anew where there are two.
func TestReplyWithAFile(t *testing.T) {
	for method, file := range map[string]string{"sendPhoto": `"photo":[{"file_id":"small"},{"file_id":"REF"}]`, "sendVoice": `"voice":{"file_id":"REF"}`,
		"sendDocument": `"document":{"file_id":"REF","file_name":"map.pdf"}`} {
		field := strings.ToLower(strings.TrimPrefix(method, "send"))
		r := newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
		r.writes(strings.Replace(say(20, ""), `"text":""`, file+`,"caption":"the way"`, 1))
		c, ok := find(r.passes(), method)
		var p map[string]any
		if !ok || json.Unmarshal(c.Params, &p) != nil || p[field] != "REF" || c.Fetch != nil || !strings.Contains(c.text(), "the way") || !c.has("case:AAAA-BBBB") {
			t.Errorf("%s by one bot: %v %v", method, p, c.Fetch)
		}
		r = newReplying(t, flows.Case{Lane: "urgent"}, flows.Quiet{})
		r.defender.turner.ownDeskBot = true
		r.writes(strings.Replace(say(20, ""), `"text":""`, file, 1))
		c, ok = find(r.passes(), method)
		if !ok || c.Fetch == nil || c.Fetch.Ref != "REF" || c.Fetch.Bot != deskBot || strings.Contains(string(c.Params), "REF") {
			t.Fatalf("%s by two bots: %s %+v", method, c.Params, c.Fetch)
		}
		var uploaded string
		calls := r.takenBy(func(m string, body []byte, _ *http.Request) (int, string) {
			if m == method {
				uploaded = string(body)
				return 200, fine
			}
			return telegramFile(m, nil, nil)
		}, c)
		if !strings.Contains(uploaded, "voice of "+canary) || !strings.Contains(uploaded, `name="`+field+`"`) || !strings.Contains(uploaded, "AAAA-BBBB") {
			t.Errorf("%s: uploaded %q", method, uploaded)
		}
		wantSaid(t, calls, r.fateSaid(referrals.FateDelivered, noon, "erased"))
	}
}

// The answer goes on from the button below the words, which stay as they are, and is an addition to the case.
func TestAnswerToAReply(t *testing.T) {
	r := newReplying(t, flows.Case{Lane: "urgent", Desks: []string{"lima"}, Names: []string{"British Embassy Lima"}, Documents: 1}, flows.Quiet{})
	calls := r.defender.take(pressOn(77, "case:AAAA-BBBB#AAAA-BBBB"))
	c, ok := find(calls, "sendMessage")
	if !ok || !c.Screen || !strings.Contains(c.text(), "British Embassy Lima") {
		t.Fatalf("asks by %q: %q", methods(calls), c.text())
	}
	if _, edits := find(calls, "editMessageText"); edits {
		t.Error("the words of the desk are written over")
	}
	r.defender.take(say(78, "at the station. "+canary), pressOn(79, "nav:done"))
	calls = r.defender.take(pressOn(80, "review:send"))
	if doc := string(r.defender.glass.sealed["lima"]); !strings.Contains(doc, canary) || len(r.defender.last.Documents) != 1 || r.defender.last.Documents[0].Name != "AAAA-BBBB.2.asc" {
		t.Errorf("sealed %q", doc)
	}
	if !slices.Contains(deletedIDs(t, calls), 78) {
		t.Error("the words of the answer stay in the chat")
	}
}
