package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// begun is a bench whose defender has chosen a language and understood the notice.
func begun(t testing.TB) *bench0 {
	b := newBench(t)
	b.record(chatState{Chat: 5, Bot: lineBot, Last: noon.Unix(), Session: flows.Session{Language: "en", Chosen: true, Noticed: true}})
	return b
}

// record puts a chat's record in place.
func (b *bench0) record(s chatState) {
	b.t.Helper()
	raw, err := s.record(noon)
	if err != nil {
		b.t.Fatal(err)
	}
	b.work.State = raw
}

// filled is a draft of a threat that is ready to be sent to those named.
func filled(consent ...string) flows.Draft {
	return flows.Draft{Flow: flows.FlowThreat, At: "review", Begun: noon, Answers: map[string][]string{
		"country": {"PE"}, "urgency": {"week"}, "harm": {"smear", "raid"}, "need": {"relocation"}, "applicant": {"individual"},
		"subject": {"self"}, "consent": consent, "public": {"no"}},
		Items: []flows.Item{
			{Field: "account", Kind: flows.ItemText, Text: "They came. " + canary, Message: 11, At: noon},
			{Field: "account", Kind: flows.ItemPhoto, Text: "the car", File: &flows.File{ID: "ref1", Name: "car.jpg"}, Message: 12, At: noon},
			{Field: "account", Kind: flows.ItemText, Text: "Again.", Message: 13, At: noon}}}
}

// ready is a bench whose defender is about to send.
func ready(t testing.TB, consent ...string) *bench0 {
	b := begun(t)
	s := b.state()
	s.Session.Draft = filled(consent...)
	for _, id := range []int{11, 12, 13} {
		s.Theirs = append(s.Theirs, stamp{ID: id, At: noon.Unix()})
	}
	b.record(s)
	return b
}

// deletedIDs are the messages that calls delete.
func deletedIDs(t testing.TB, calls []call) (ids []int) {
	t.Helper()
	for _, c := range calls {
		var p struct {
			IDs []int `json:"message_ids"`
		}
		ids = append(ids, c.Gone...)
		if c.Method != "deleteMessages" {
			continue
		}
		if json.Unmarshal(c.Params, &p) != nil || len(p.IDs) == 0 || len(p.IDs) > mostDeleted {
			t.Fatalf("a call deletes %d messages", len(p.IDs))
		}
		ids = append(ids, p.IDs...)
	}
	return ids
}

func TestTurnShowsOneScreenForManyUpdates(t *testing.T) {
	b := newBench(t)
	calls := b.take(say(1, "/start"), say(2, "hello"), say(3, "more"))
	screenText(t, calls)
	s := b.state()
	if s.Chat != 5 || len(s.Theirs) != 3 || s.Session.Language != "en" {
		t.Errorf("state %+v", s)
	}
	var words []string
	for _, i := range s.Session.Draft.Items {
		words = append(words, i.Text)
	}
	if !slices.Equal(words, []string{"hello", "more"}) {
		t.Errorf("kept %q", words)
	}
}

func TestTurnAnswersEveryPress(t *testing.T) {
	b := begun(t)
	b.take(say(1, "/start"))
	calls := b.take(pressOn(9, "menu:missions"), pressOn(9, "menu:emergency"), pressOn(8, "nonsense"))
	answers := 0
	for _, c := range calls {
		if c.Method != "answerCallbackQuery" {
			continue
		}
		answers++
		if c.Until.IsZero() {
			t.Error("an answer that never loses its meaning")
		}
	}
	if answers != 3 {
		t.Errorf("%d presses answered of three", answers)
	}
	screenText(t, calls)
}

// A press on the current screen edits it; words send a new one that says which it replaces.
func TestTurnEditsItsScreenInPlace(t *testing.T) {
	b := begun(t)
	b.take(say(1, "/start"))
	calls := b.take(pressOn(9, "menu:emergency"))
	if c, ok := find(calls, "editMessageText"); !ok || !c.Anew {
		t.Fatalf("calls %q", methods(calls))
	}
	if b.state().Screen != 9 {
		t.Fatalf("screen %d", b.state().Screen)
	}
	calls = b.take(say(2, "they are outside"))
	if got := methods(calls); !slices.Equal(got, []string{"sendMessage"}) || calls[0].Edits != 9 || !calls[0].Screen {
		t.Errorf("calls %q %+v", got, calls[0])
	}
	for _, e := range b.last.Errands {
		if e.Send.Order != "l5" {
			t.Errorf("order %q: messages of a chat could overtake one another", e.Send.Order)
		}
	}
}

func TestTurnTellsOfStalePresses(t *testing.T) {
	b := begun(t)
	b.take(say(1, "/start"))
	before := b.state().Session
	calls := b.take(pressOn(9, "review:send#zz"))
	if c, ok := find(calls, "answerCallbackQuery"); !ok || c.text() == "" {
		t.Error("a stale press gets no word")
	}
	if _, ok := find(calls, "sendMessage"); !ok {
		t.Errorf("the current screen is not shown: %q", methods(calls))
	}
	if got := b.state().Session; got.Draft.At != before.Draft.At || got.Turn != before.Turn {
		t.Error("a stale press moved the conversation")
	}
}

func TestTurnMeetsThePersonsLanguage(t *testing.T) {
	tests := []struct {
		code, want string
		sure       bool
	}{{"es-419", "es", true}, {"ar", "ar", true}, {"xx", "en", false}, {"", "en", false}}
	for _, tt := range tests {
		b := newBench(t)
		b.take(strings.Replace(say(1, "/start"), `"language_code":"en"`, fmt.Sprintf(`"language_code":%q`, tt.code), 1))
		if s := b.state().Session; s.Language != tt.want || s.Chosen != tt.sure {
			t.Errorf("%q: %q, sure %v", tt.code, s.Language, s.Chosen)
		}
	}
}

func TestRateIsSaidOnceAndNeverHoldsUpAnEmergency(t *testing.T) {
	b := begun(t)
	b.limits.UpdatesPerMinute = 3
	var flood []string
	for i := range 10 {
		flood = append(flood, say(100+i, "x"))
	}
	calls := b.take(append(flood, pressOn(9, "menu:missions"))...)
	text := screenText(t, calls)
	if want := b.texts.Text("en", "line.slow_down", nil); strings.Count(text, want) != 1 {
		t.Errorf("said %q", text)
	}
	if c, ok := find(calls, "answerCallbackQuery"); !ok || c.text() != b.texts.Text("en", "toast.slow", nil) {
		t.Error("a press beyond the limit hangs")
	}
	if n := len(b.state().Session.Draft.Items); n != 3 {
		t.Errorf("%d messages taken of the three allowed", n)
	}
	if got := b.take(say(200, "y")); len(got) != 0 {
		t.Errorf("said again within the minute: %q", methods(got))
	}
	b.take(say(201, "/emergency they are at the door"), say(202, "help"))
	d := b.state().Session
	if d.Draft.Flow != flows.FlowEmergency {
		t.Fatalf("an emergency was refused: %q", d.Draft.Flow)
	}
	var words []string
	for _, i := range d.Draft.Items {
		words = append(words, i.Text)
	}
	if !slices.Contains(words, "they are at the door") || !slices.Contains(words, "help") {
		t.Errorf("words of an emergency were lost: %q", words)
	}
	b.take(say(203, "/help"), say(204, "/emergency"))
	if f := b.state().Session.Draft.Flow; f != flows.FlowEmergency {
		t.Errorf("an emergency that waits behind a page was not taken up again: %q", f)
	}
	if len(b.state().Theirs) != 16-1 {
		t.Errorf("%d messages remembered for a wipe of 15", len(b.state().Theirs))
	}
}

func TestBlockedChatIsNotWrittenTo(t *testing.T) {
	member := `{"update_id":%d,"my_chat_member":{"chat":{"id":5,"type":"private"},"new_chat_member":{"status":%q}}}`
	b := begun(t)
	if calls := b.take(fmt.Sprintf(member, 1, "kicked")); len(calls) != 0 || !b.state().Blocked {
		t.Fatalf("calls %q, blocked %v", methods(calls), b.state().Blocked)
	}
	s := b.state()
	s.Session.Cases = []flows.Case{{Code: "AAAA-BBBB", State: "sent", SentAt: noon.Add(-time.Hour)}}
	b.record(s)
	b.news(referrals.News{Code: "AAAA-BBBB", State: "read", Desk: "lima", At: noon})
	if calls := b.taken(); len(calls) != 0 {
		t.Errorf("wrote to a chat that blocked the bot: %q", methods(calls))
	}
	if b.state().Session.Cases[0].State != "read" {
		t.Error("the news was lost")
	}
	b.take(fmt.Sprintf(member, 2, "member"))
	if b.state().Blocked {
		t.Error("still blocked")
	}
	if calls := b.take(say(3, "/start")); len(calls) == 0 {
		t.Error("no answer after the person came back")
	}
}

// news puts a desk's news into the inbox.
func (b *bench0) news(n referrals.News) {
	raw, err := json.Marshal(n)
	if err != nil {
		b.t.Fatal(err)
	}
	b.work.Inbox = nil
	b.entry(referrals.NewsMark, string(raw))
}

func TestNewsIsTold(t *testing.T) {
	b := begun(t)
	s := b.state()
	s.Session.Cases = []flows.Case{{Code: "AAAA-BBBB", State: "sent", SentAt: noon.Add(-time.Hour)}}
	s.Theirs = []stamp{{ID: 12, At: noon.Unix()}}
	b.record(s)
	b.news(referrals.News{Code: "AAAA-BBBB", State: "read", Desk: "lima", At: noon})
	calls := b.taken()
	if c, ok := find(calls, "sendMessage"); !ok || !c.Own || !strings.Contains(c.text(), "British Embassy Lima") {
		t.Errorf("calls %q", methods(calls))
	}
	b.news(referrals.News{Code: "AAAA-BBBB", State: referrals.FileSealed, Message: 12})
	if got := deletedIDs(t, b.taken()); !slices.Equal(got, []int{12}) || len(b.state().Theirs) != 0 {
		t.Errorf("deleted %v after the file was sealed", got)
	}
	b.news(referrals.News{Code: "AAAA-BBBB", State: referrals.FileFailed, Message: 13})
	if c, ok := find(b.taken(), "sendMessage"); !ok || !strings.Contains(c.text(), "AAAA-BBBB") {
		t.Error("a file that did not arrive is not told of")
	}
	for _, junk := range []string{"{", `{"s":"read","c":"ZZZZ-ZZZZ"}`, "[]"} {
		b.work.Inbox = nil
		b.entry(referrals.NewsMark, junk)
		if calls := b.taken(); len(calls) != 0 {
			t.Errorf("news %q was told", junk)
		}
	}
	b.work.State = nil
	b.news(referrals.News{Code: "AAAA-BBBB", State: "read", Desk: "lima", At: noon})
	if calls := b.taken(); len(calls) != 0 || b.last.State != nil {
		t.Error("news for a chat that was forgotten brought it back")
	}
}

// panicking is a store that fails in a way nobody foresaw.
type panicking struct{ *memory }

func (panicking) Holding(context.Context, string, string) (referrals.Holding, error) { panic(canary) }

func TestPanicInOneEntryLosesNoOther(t *testing.T) {
	b := begun(t)
	b.holding = panicking{b.store}
	b.work.Inbox = nil
	b.entry(lineBot, say(1, "before"))
	b.entry(lineBot, strings.ReplaceAll(pressOn(3, "ack:AAAA-BBBB"), `"id":5`, fmt.Sprintf(`"id":%d`, limaChat)))
	b.entry(lineBot, say(2, "after"))
	text := screenText(t, b.taken())
	if !strings.Contains(text, b.texts.Text("en", "line.not_taken", nil)) {
		t.Errorf("said %q", text)
	}
	if items := b.state().Session.Draft.Items; len(items) != 2 || items[0].Text != "before" || items[1].Text != "after" {
		t.Errorf("kept %+v", items)
	}
	if b.counted("defenderline_panics_total") != 1 || strings.Contains(b.log.String(), canary) {
		t.Errorf("counted %v, logged %q", b.counted("defenderline_panics_total"), b.log)
	}
}

// A record that nobody can open again is no reason to leave its person without an answer.
func TestDamagedRecordIsSaid(t *testing.T) {
	for name, update := range map[string]string{"words": say(7, "are you there?"), "a press": pressOn(9, "safe:yes#3")} {
		b := newBench(t)
		b.work.Damaged = true
		text := screenText(t, b.take(update))
		if !strings.Contains(text, b.texts.Text("en", "line.begin_again", nil)) || b.counted("defenderline_records_damaged_total") != 1 {
			t.Errorf("%s: said %q", name, text)
		}
		if b.work.Damaged = false; strings.Contains(screenText(t, b.take(say(10, "hello"))), b.texts.Text("en", "line.begin_again", nil)) {
			t.Errorf("%s: said again and again", name)
		}
	}
}

// failing0 is a seal that fails in a way nobody foresaw, after the first copy.
type failing0 struct{ *glass }

func (f failing0) SealNamed(desk, name string, text []byte) ([]byte, error) {
	if desk != "lima" {
		panic(canary)
	}
	return f.glass.SealNamed(desk, name, text)
}

// What half a submission left must not be committed.
func TestPanicWhileSealingLeavesNothingOfIt(t *testing.T) {
	b := ready(t, "mission", "headquarters")
	b.seal = failing0{b.glass}
	before := len(b.state().Session.Draft.Items)
	calls := b.take(pressOn(9, "review:send"))
	if len(b.last.Births)+len(b.last.Documents) != 0 || len(deletedIDs(t, calls)) != 0 {
		t.Errorf("%d births, %d documents", len(b.last.Births), len(b.last.Documents))
	}
	if len(b.state().Session.Draft.Items) != before {
		t.Error("the draft was lost")
	}
}

func TestUnreadableEntriesArePassedOver(t *testing.T) {
	b := begun(t)
	b.work.Inbox = []referrals.Entry{{ID: "l0"}}
	for _, junk := range []string{"", "null", "{", `{"update_id":0}`, `{"update_id":7,"message":{"date":"yesterday"}}`, `{"update_id":8}`} {
		b.entry(lineBot, junk)
	}
	b.entry(lineBot, say(1, "words"))
	b.taken()
	if items := b.state().Session.Draft.Items; len(items) != 1 {
		t.Errorf("kept %+v", items)
	}
	if b.counted("defenderline_updates_unread_total") < 5 {
		t.Errorf("counted %v", b.counted("defenderline_updates_unread_total"))
	}
}

func TestUnreadableRecordIsAnErrorThatHoldsNothing(t *testing.T) {
	b := newBench(t)
	b.work.State = []byte(`{"s":"` + canary + `"}`)
	_, err := b.turner.take(t.Context(), b.work)
	if err == nil {
		t.Fatal("no error")
	}
	clean(t, err)
}

// A store that is away is an error: the entry stays and is tried again.
func TestStoreAwayLeavesTheEntry(t *testing.T) {
	b := begun(t)
	b.store.away = errors.New("away")
	b.entry(lineBot, strings.ReplaceAll(pressOn(3, "ack:AAAA-BBBB"), `"id":5`, fmt.Sprintf(`"id":%d`, limaChat)))
	if _, err := b.turner.take(t.Context(), b.work); err == nil {
		t.Error("an act of a desk was dropped while the store was away")
	}
}

// flaky answers so often and then not once, again and again: a store of which answers are lost on the way.
type flaky struct {
	holdings
	every, asked int
}

func (f *flaky) Holding(ctx context.Context, desk, code string) (referrals.Holding, error) {
	if f.asked++; f.asked%f.every == 0 {
		return referrals.Holding{}, errors.New("EOF")
	}
	return f.holdings.Holding(ctx, desk, code)
}

// A long inbox, each of whose entries asks the store, comes to its end though answers are lost: each turn keeps what it came to.
func TestALongInboxIsDoneInParts(t *testing.T) {
	b := newBench(t)
	for i := range 30 {
		code := fmt.Sprintf("AAAA-BB%02d", i)
		b.store.hold(held("lima", code, referrals.Alerted))
		b.entry(lineBot, atLima(pressOn(10+i, "ack:"+code)))
	}
	b.turner.holding = &flaky{holdings: b.turner.holding, every: 7}
	answered := 0
	for turns := 0; len(b.work.Inbox) > 0; turns++ {
		c, err := b.turner.take(t.Context(), b.work)
		if turns > 60 {
			t.Fatalf("%d entries were never done: %v", len(b.work.Inbox), err)
		}
		if err != nil {
			continue // nothing is committed, and it is taken again
		}
		for i, id := range c.Done {
			if b.work.Inbox[i].ID != id {
				t.Fatalf("done out of order: %v", c.Done)
			}
		}
		b.work.Inbox, b.work.State = b.work.Inbox[len(c.Done):], c.State
		for _, call := range callsOf(t, c.Errands) {
			if call.Method == "answerCallbackQuery" {
				answered++
			}
		}
	}
	if answered != 30 {
		t.Errorf("%d of 30 presses are answered", answered)
	}
}

// forgetful is a history that answers once and then fails once.
type forgetful struct {
	history
	fails bool
}

func (f *forgetful) Messages(ctx context.Context, m referrals.Member) ([]int, error) {
	if f.fails = !f.fails; !f.fails {
		return nil, errors.New("EOF")
	}
	return f.history.Messages(ctx, m)
}

// Of an act at a desk that could not be taken nothing stays: taken again, it is as if for the first time, and what an officer wrote before is
// said not to be sent.
func TestAnActNotTakenLeavesTheTalkAsItWas(t *testing.T) {
	b := asked(t)
	b.turner.history = &forgetful{history: b.turner.history}
	b.work.Inbox = nil
	for i, words := range []string{"first", "second"} {
		b.entry(lineBot, atLima(say(11+i, words)))
	}
	c, err := b.turner.take(t.Context(), b.work)
	if err != nil || len(c.Done) != 1 {
		t.Fatalf("done %v, %v", c.Done, err)
	}
	b.work.State, b.work.Inbox = c.State, b.work.Inbox[1:]
	if talk := b.state().Talk; talk.Words != "first" || talk.Number != 1 || talk.Message != 11 {
		t.Errorf("the record has %+v", talk)
	}
	shown, _ := find(b.taken(), "sendMessage")
	if text := shown.text(); !strings.Contains(text, "second") || !strings.Contains(text, b.texts.Text("es", "desk.reply.only", nil)) {
		t.Errorf("shown %q", text)
	}
}
