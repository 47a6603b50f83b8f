package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

func TestGroupsAreLeft(t *testing.T) {
	group := `{"update_id":%d,"message":{"message_id":%d,"chat":{"id":-100,"type":%q},"text":"` + canary + `"}}`
	member := `{"update_id":%d,"my_chat_member":{"chat":{"id":-100,"type":%q},"new_chat_member":{"status":%q}}}`
	tests := map[string]struct {
		updates []string
		want    []string
	}{
		"a group":              {[]string{fmt.Sprintf(group, 1, 1, "group")}, []string{"sendMessage", "leaveChat"}},
		"a flood is told once": {[]string{fmt.Sprintf(group, 1, 1, "supergroup"), fmt.Sprintf(group, 2, 2, "supergroup")}, []string{"sendMessage", "leaveChat"}},
		"added to a channel":   {[]string{fmt.Sprintf(member, 1, "channel", "administrator")}, []string{"leaveChat"}},
		"added to a group":     {[]string{fmt.Sprintf(member, 1, "group", "member")}, []string{"sendMessage", "leaveChat"}},
		"thrown out":           {[]string{fmt.Sprintf(member, 1, "group", "kicked")}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			calls := b.take(tt.updates...)
			if got := methods(calls); !slices.Equal(got, tt.want) {
				t.Errorf("calls %q, want %q", got, tt.want)
			}
			if b.last.State != nil {
				t.Error("a group is remembered")
			}
			for _, c := range calls {
				if strings.Contains(string(c.Params), canary) || strings.Contains(string(c.Params), "reply_markup") {
					t.Error("something of the group is in the answer")
				}
			}
		})
	}
}

// A desk whose chat is a group stays in it, and its members may talk.
func TestDeskGroupIsNotLeft(t *testing.T) {
	group := `{"update_id":%d,"message":{"message_id":%d,"chat":{"id":-100900,"type":"supergroup"},"text":%q}}`
	b := newBench(t)
	if calls := b.take(fmt.Sprintf(group, 1, 1, "lunch?"), fmt.Sprintf(group, 2, 2, "/start")); len(calls) != 0 {
		t.Errorf("calls %q", methods(calls))
	}
	if calls := b.take(fmt.Sprintf(group, 3, 3, "/queue@line_bot")); len(calls) != 1 {
		t.Errorf("calls %q", methods(calls))
	}
}

func TestStrangersAtTheDesksBot(t *testing.T) {
	b := newBench(t)
	b.ownDeskBot = true
	b.entry(deskBot, say(1, canary))
	b.entry(deskBot, say(2, canary))
	b.entry(deskBot, pressOn(3, "ack:AAAA-BBBB"))
	calls := b.taken()
	if got := methods(calls); !slices.Equal(got, []string{"sendMessage", "answerCallbackQuery"}) {
		t.Errorf("calls %q", got)
	}
	if b.last.State != nil {
		t.Error("a stranger is remembered")
	}
	for _, c := range calls {
		if c.Bot != deskBot {
			t.Errorf("%s leaves by bot %c", c.Method, c.Bot)
		}
	}
}

// With a bot of their own, officers are defenders like anybody at the line's bot.
func TestOfficerMayBeADefenderToo(t *testing.T) {
	officer := strings.ReplaceAll(say(1, "I need help"), `"id":5`, fmt.Sprintf(`"id":%d`, limaChat))
	b := newBench(t)
	b.ownDeskBot = true
	b.take(officer)
	if s := b.state(); s.Chat != limaChat || len(s.Session.Draft.Items) != 1 {
		t.Errorf("state %+v", s)
	}
}

func TestWipe(t *testing.T) {
	b := begun(t)
	s := b.state()
	for i := range 150 {
		s.Theirs = append(s.Theirs, stamp{ID: i + 1, At: noon.Unix()})
	}
	s.Session.Cases = []flows.Case{{Code: "AAAA-BBBB", State: "sent"}, {Code: "CCCC-DDDD", State: "read"}}
	b.record(s)
	b.store.messages[b.work.Member] = []int{150, 151, 152, 9}
	b.take(say(160, "/wipe"))
	calls := b.take(pressOn(9, "wipe:yes"))
	got := deletedIDs(t, calls)
	if len(got) != 153 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 153 {
		t.Errorf("%d messages deleted of 153", len(got))
	}
	if last := calls[len(calls)-1]; last.Method != "sendMessage" || !last.Own || !last.Rest || last.text() != b.texts.Text("en", "line.wiped", nil) {
		t.Errorf("the last word is %s %q", last.Method, last.text())
	}
	if b.last.State != nil || !b.last.Forget || !b.last.Again.IsZero() {
		t.Errorf("state %q stays, forget %v", b.last.State, b.last.Forget)
	}
	var cut []string
	for _, e := range b.last.Errands {
		if e.Post != nil && strings.Contains(string(e.Post.Body), string(referrals.WasWiped)) {
			cut = append(cut, e.Post.To.Name)
		}
	}
	if !slices.Equal(cut, []string{"kAAAA-BBBB", "kCCCC-DDDD"}) {
		t.Errorf("links cut: %q", cut)
	}
}

// A wipe throws away what was answered after an emergency and not sent, as its question says.
func TestWipeWithAnswersUnderWay(t *testing.T) {
	b := begun(t)
	s := b.state()
	s.Session.Cases = []flows.Case{{Code: "AAAA-BBBB", State: "sent", Desks: []string{"lima"}, Documents: 1}}
	s.Session.Parked = []flows.Draft{{Flow: flows.FlowAfter, At: "reach", Case: "AAAA-BBBB", Answers: map[string][]string{"subject": {"self"}}}}
	s.Session.Draft = flows.Draft{Flow: flows.FlowHome, At: "wipe"}
	b.record(s)
	b.take(pressOn(9, "wipe:yes"))
	if b.last.State != nil || len(b.last.Documents) != 0 {
		t.Errorf("state %q, documents %+v", b.last.State, b.last.Documents)
	}
}

func TestTooManyMessagesToRemember(t *testing.T) {
	b := begun(t)
	s := b.state()
	for i := range mostTheirs {
		s.Theirs = append(s.Theirs, stamp{ID: i + 1, At: noon.Unix()})
	}
	b.record(s)
	calls := b.take(say(5000, "one more"))
	if got := deletedIDs(t, calls); len(got) != mostDeleted || got[0] != 1 {
		t.Errorf("deleted %d", len(got))
	}
	if n := len(b.state().Theirs); n != mostTheirs+1-mostDeleted {
		t.Errorf("%d remembered", n)
	}
}

func TestMessagesAreForgottenAfterTwoDays(t *testing.T) {
	s := chatState{Theirs: []stamp{{1, noon.Add(-49 * time.Hour).Unix()}, {2, noon.Add(-47 * time.Hour).Unix()}, {3, noon.Unix()}}}
	raw, err := s.record(noon)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := openState(raw); err != nil || len(got.Theirs) != 2 || got.Theirs[0].ID != 2 {
		t.Errorf("remembered %+v, %v", got.Theirs, err)
	}
}

// One clock that is days ahead, the line's or Telegram's, takes nothing from a wipe that comes when it is right again.
func TestAWipeFindsWhatAWrongClockThoughtTooOld(t *testing.T) {
	for name, ahead := range map[string]func(b *bench0){
		"the line's": func(b *bench0) {
			b.now = func() time.Time { return noon.Add(72 * time.Hour) }
			b.take(pressOn(9, "menu:about"))
		},
		"telegram's": func(b *bench0) { b.take(writes(3, "hello", noon.Add(72*time.Hour))) },
	} {
		t.Run(name, func(t *testing.T) {
			b := begun(t)
			b.take(writes(2, "hello", noon))
			ahead(b)
			b.now = func() time.Time { return noon }
			b.take(say(20, "/wipe"))
			if got := deletedIDs(t, b.take(pressOn(21, "wipe:yes"))); !slices.Contains(got, 2) {
				t.Errorf("a wipe deletes %v", got)
			}
		})
	}
}

// writes is a message with a date of Telegram's.
func writes(id int, text string, at time.Time) string {
	date := func(at time.Time) string { return fmt.Sprintf(`"date":%d,`, at.Unix()) }
	return strings.Replace(say(id, text), date(noon), date(at), 1)
}

// The record of a draft outlives it, or its end would find nothing to end.
func TestDraftEndsWithoutAWord(t *testing.T) {
	b := begun(t)
	b.take(say(1, "/emergency"), say(2, "they came"))
	if b.last.Again.Sub(noon) != b.keep.Draft || b.last.Keep <= b.keep.Draft || b.last.Keep < deletable {
		t.Fatalf("due again %v, kept for %v", b.last.Again, b.last.Keep)
	}
	b.now = func() time.Time { return noon.Add(b.keep.Draft) }
	b.work.Inbox = nil
	calls := b.taken()
	if _, ok := find(calls, "sendMessage"); ok {
		t.Error("the line wrote first")
	}
	if got := deletedIDs(t, calls); !slices.Contains(got, 2) {
		t.Errorf("deleted %v", got)
	}
	s := b.state()
	if len(s.Session.Draft.Items)+len(s.Session.Parked) != 0 || !b.last.Again.IsZero() {
		t.Errorf("left %+v, due again %v", s.Session, b.last.Again)
	}
}

// What is answered after an emergency is passed on when the person has been silent for a breath, and this is said.
func TestAnswersArePassedOnAfterABreath(t *testing.T) {
	b := begun(t)
	s := b.state()
	s.Session.Cases = []flows.Case{{Code: "AAAA-BBBB", State: "sent", Desks: []string{"lima"}, Documents: 1}}
	s.Session.Draft = flows.Draft{Flow: flows.FlowAfter, At: "reach", Case: "AAAA-BBBB"}
	b.record(s)
	b.take(pressOn(9, "reach:signal"))
	if len(b.last.Documents) != 0 || b.last.Again.Sub(noon) != breath {
		t.Fatalf("%d documents, due again %v", len(b.last.Documents), b.last.Again)
	}
	b.now = func() time.Time { return noon.Add(breath - time.Second) }
	b.work.Inbox = nil
	if calls := b.taken(); len(calls) != 0 || len(b.last.Documents) != 0 {
		t.Fatalf("too early: calls %q", methods(calls))
	}
	b.now = func() time.Time { return noon.Add(breath) }
	calls := b.taken()
	if _, said := find(calls, "sendMessage"); !said || len(b.last.Documents) != 1 || b.last.Documents[0].Name != "AAAA-BBBB.2.asc" {
		t.Fatalf("calls %q, documents %+v", methods(calls), b.last.Documents)
	}
	b.now = func() time.Time { return noon.Add(3 * breath) }
	if calls := b.taken(); len(calls) != 0 || len(b.last.Documents) != 0 {
		t.Errorf("passed on twice: calls %q", methods(calls))
	}
}

// The line's clock may go back by hours: what was answered does not wait for the old time to come again.
func TestABreathIsNoLongerForAClockThatWentBack(t *testing.T) {
	b := begun(t)
	s := b.state()
	s.Session.Cases = []flows.Case{{Code: "AAAA-BBBB", State: "sent", Desks: []string{"lima"}, Documents: 1}}
	s.Session.Draft = flows.Draft{Flow: flows.FlowAfter, At: "reach", Case: "AAAA-BBBB", Answers: map[string][]string{"subject": {"self"}}}
	b.record(s)
	b.work.Inbox = nil
	documents := 0
	for at := noon.Add(-2 * time.Hour); documents == 0 && at.Before(noon.Add(-2*time.Hour+3*breath)); at = at.Add(breath + time.Second) {
		b.now = func() time.Time { return at }
		b.taken()
		documents = len(b.last.Documents)
	}
	if documents != 1 {
		t.Errorf("not passed on; due again %v", b.last.Again)
	}
}

// Answers that cannot be sealed when their time is over wait, and do not spin.
func TestAnswersThatCannotBeSealedWait(t *testing.T) {
	b := begun(t)
	s := b.state()
	s.Session.Cases = []flows.Case{{Code: "AAAA-BBBB", State: "sent", Desks: []string{"lima"}, Documents: 1}}
	s.Session.Draft = flows.Draft{Flow: flows.FlowAfter, At: "reach", Case: "AAAA-BBBB", Answers: map[string][]string{"subject": {"self"}}}
	b.record(s)
	b.glass.dead["lima"] = true
	late := noon.Add(25 * time.Hour)
	b.now = func() time.Time { return late }
	b.work.Inbox = nil
	if calls := b.taken(); len(calls) != 0 {
		t.Errorf("calls %q", methods(calls))
	}
	if b.last.Again.Sub(late) < time.Minute || b.state().Session.Draft.Flow != flows.FlowAfter {
		t.Errorf("due again %v, draft %+v", b.last.Again, b.state().Session.Draft)
	}
	delete(b.glass.dead, "lima")
	b.taken()
	if len(b.last.Documents) != 1 {
		t.Errorf("%d documents", len(b.last.Documents))
	}
}

// A live location edits its message for hours. After a wipe nothing may answer it, nor remember the chat again.
func TestEditsOfALiveLocationAreNotAnswered(t *testing.T) {
	live := `{"update_id":7,"edited_message":{"message_id":3,"from":{"id":5},"chat":{"id":5,"type":"private"},"date":1,` +
		`"location":{"latitude":1,"longitude":2}}}`
	b := begun(t)
	b.state()
	b.work.State = nil
	if calls := b.take(live); len(calls) != 0 || b.last.State != nil {
		t.Errorf("after a wipe: calls %q, state %q", methods(calls), b.last.State)
	}
	b.take(say(1, "/emergency"))
	if calls := b.take(live); len(calls) != 0 {
		t.Errorf("in a draft: calls %q", methods(calls))
	}
}

// News of a case the chat has nothing to do with any more reaches nobody.
func TestNewsAfterAWipe(t *testing.T) {
	b := begun(t)
	b.take(say(1, "/start"))
	for _, state := range []string{"read", referrals.FileFailed, referrals.FileSealed} {
		post := (&referrals.Case{Code: "AAAA-BBBB", Chat: b.work.Member}).Tell(referrals.News{State: state, At: noon, Message: 3})[0].Post
		b.work.Inbox = []referrals.Entry{{ID: post.ID, Body: post.Body}}
		if calls := b.taken(); len(calls) != 0 {
			t.Errorf("%s: calls %q", state, methods(calls))
		}
	}
}

// What a chat sends in files has an end each day.
func TestFilesOfADay(t *testing.T) {
	b := begun(t)
	file := func(id int) string {
		return strings.Replace(say(id, ""), `"text":""`, `"document":{"file_id":"x","file_size":20000000}`, 1)
	}
	b.take(say(1, "/emergency"))
	for i := range dailyBytes / 20_000_000 {
		b.take(file(10 + i))
	}
	kept := len(b.state().Session.Draft.Items)
	if kept == 0 {
		t.Fatal("no file was kept")
	}
	calls := b.take(file(99))
	if n := len(b.state().Session.Draft.Items); n != kept || !strings.Contains(screenText(t, calls), "files") {
		t.Errorf("%d items of %d, said %q", n, kept, screenText(t, calls))
	}
	b.now = func() time.Time { return noon.Add(24 * time.Hour) }
	b.take(file(100))
	if n := len(b.state().Session.Draft.Items); n != kept+1 {
		t.Errorf("the next day: %d items of %d", n, kept)
	}
}
