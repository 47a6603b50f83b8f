package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/referrals"
)

// judged is an error as package seal has them.
type judged string

func (j judged) Error() string { return "not fit: " + string(j) }
func (j judged) Why() string   { return string(j) }

// Handed takes what says that it is sealed, and refuses anything else for the reason that it names.
func (g *glass) Handed(to, _ string, document []byte) ([]byte, error) {
	if g.dead[to] {
		return nil, errDead
	}
	if why, ok := strings.CutPrefix(string(document), "unfit "); ok {
		return nil, judged(why)
	}
	return append([]byte("for "+to+": "), document...), nil
}

func (g *glass) PublicKeys(desk string) ([]byte, []string, error) {
	if g.dead[desk] {
		return nil, nil, errDead
	}
	return []byte("key of " + desk), []string{strings.Repeat("AB", 20)}, nil
}

// file is an update with a document of chat 5.
func fileOf(message int, name string, size int64) string {
	return fmt.Sprintf(`{"update_id":%d,"message":{"message_id":%d,"date":%d,"from":{"id":5,"language_code":"en"},"chat":{"id":5,"type":"private"},"document":{"file_id":"ref","file_name":%s,"file_size":%d}}}`,
		message, message, noon.Unix(), quoted(name), size)
}

// happenedTo are the events that a turn leaves for cases.
func happenedTo(t testing.TB, c referrals.Commit) (out []referrals.Event) {
	t.Helper()
	for _, e := range c.Errands {
		if e.Post == nil || !strings.HasPrefix(e.Post.To.Name, "k") {
			continue
		}
		var ev referrals.Event
		if err := json.Unmarshal(e.Post.Body, &ev); err != nil {
			t.Fatal(err)
		}
		out = append(out, ev)
	}
	return out
}

// reading is a bench whose officer of Lima has read a case.
func reading(t testing.TB) *bench0 {
	b := newBench(t)
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Acknowledged))
	return b
}

func TestReferAsksWhomAndWhatFor(t *testing.T) {
	b := reading(t)
	calls := b.take(atLima(pressOn(9, "refer:AAAA-BBBB")))
	whom, ok := find(calls, "sendMessage")
	if !ok || !slices.Equal(whom.buttons(), []string{"refer:AAAA-BBBB#fld", "nav:back#AAAA-BBBB"}) {
		t.Fatalf("whom: %q", whom.buttons())
	}
	calls = b.take(atLima(pressOn(40, "refer:AAAA-BBBB#fld")))
	what, ok := find(calls, "editMessageText")
	if !ok || !slices.Equal(what.buttons(), []string{"refer:AAAA-BBBB#fld.1", "refer:AAAA-BBBB#fld.2", "refer:AAAA-BBBB#fld.11", "nav:back#AAAA-BBBB"}) {
		t.Fatalf("what for: %q", what.buttons())
	}
	if len(happenedTo(t, b.last)) > 0 {
		t.Fatal("somebody was asked before it was said what for")
	}
	calls = b.take(atLima(pressOn(40, "refer:AAAA-BBBB#fld.2")))
	got := happenedTo(t, b.last)
	want := referrals.Event{Kind: referrals.WasSuggested, Desk: "lima", Holding: "AAAA-BBBB", At: noon, Refer: &referrals.Refer{To: "fld", For: "legal"}}
	if len(got) != 1 || fmt.Sprintf("%+v %+v", got[0], *got[0].Refer) != fmt.Sprintf("%+v %+v", want, *want.Refer) && got[0].Refer.For != "legal" {
		t.Errorf("%+v", got)
	}
	if !slices.Equal(deletedIDs(t, calls), []int{40}) || b.last.State != nil {
		t.Errorf("the question stays: %q", methods(calls))
	}
	for _, e := range b.last.Errands {
		if e.Post != nil && (strings.Contains(e.Post.ID, "fld") || e.Post.To.Slot != "p07") {
			t.Errorf("posted %s to %v", e.Post.ID, e.Post.To)
		}
	}
}

// What no button offers changes nothing, and says so.
func TestReferRefusesWhatDoesNotFit(t *testing.T) {
	for data, prepare := range map[string]func(b *bench0){
		"refer:AAAA-BBBB#nobody":     nil,
		"refer:AAAA-BBBB#nobody.1":   nil,
		"refer:AAAA-BBBB#fld.12":     nil,
		"refer:AAAA-BBBB#fld.-1":     nil,
		"refer:AAAA-BBBB#fld.x":      nil,
		"refer:AAAA-BBBB#lima.1":     nil,
		"refer:AAAA-BBBB#kyiv.1":     nil,
		"refer:AAAA-BBBB#.kyiv":      nil,
		"refer:AAAA-BBBB#.nobody":    nil,
		"refer:CCCC-DDDD#fld.1":      nil,
		"refer:AAAA-BBBB-1#fld.1":    nil,
		"refer:nonsense#fld.1":       nil,
		"refer:AAAA-BBBB#fld.1 dead": func(b *bench0) { b.glass.dead["fld"] = true },
		"refer:AAAA-BBBB#fld.1 not":  func(b *bench0) { b.dir.Desk("fld").Accepting = false },
		"refer:AAAA-BBBB#.fld not":   func(b *bench0) { b.dir.Desk("fld").Accepting = false },
	} {
		b := reading(t)
		data, _, _ := strings.Cut(data, " ")
		if prepare != nil {
			prepare(b)
		}
		calls := b.take(atLima(pressOn(9, data)))
		if toast := toastOf(t, calls); toast == "" || len(happenedTo(t, b.last)) > 0 || b.last.State != nil {
			t.Errorf("%s: %q, %+v", data, toast, happenedTo(t, b.last))
		}
	}
	for _, s := range []referrals.State{referrals.Alerted, referrals.Silent, referrals.Closed, referrals.Withdrawn} {
		for _, token := range []string{"", "#fld", "#fld.1", "#.fld"} {
			if s == referrals.Closed && token == "#.fld" { // TestTheDocumentIsTakenAfterTheCaseWasClosed
				continue
			}
			b := newBench(t)
			b.store.hold(held("lima", "AAAA-BBBB", s))
			calls := b.take(atLima(pressOn(9, "refer:AAAA-BBBB"+token)))
			if toast := toastOf(t, calls); toast == "" || len(happenedTo(t, b.last)) > 0 || b.last.State != nil {
				t.Errorf("%s%s: %q, %+v", s, token, toast, happenedTo(t, b.last))
			}
		}
	}
	b := newBench(t)
	b.store.hold(held("fld", "AAAA-BBBB-1", referrals.Accepted))
	if calls := b.take(atChat(fldChat, pressOn(9, "refer:AAAA-BBBB-1#pbi.1"))); toastOf(t, calls) == "" || len(happenedTo(t, b.last)) > 0 {
		t.Error("an organisation handed a case on")
	}
}

func TestReferHasPages(t *testing.T) {
	b := newBench(t)
	desks := b.dir.Desks()
	for i := range 20 {
		desks = append(desks, &referrals.Desk{ID: fmt.Sprintf("ngo-%d-%s", i, strings.Repeat("x", 33)), Kind: referrals.NGODesk, Name: "Organisation", Accepting: true})
	}
	b.turner.dir = referrals.NewDirectory(desks)
	b.store.hold(held(referrals.Headquarters, "AAAA-BBBB", referrals.Acknowledged))
	seen := map[string]bool{}
	data := "refer:AAAA-BBBB"
	for page := range 5 {
		calls := b.take(atChat(hqChat, pressOn(9+page, data)))
		list, ok := find(calls, map[bool]string{true: "sendMessage", false: "editMessageText"}[page == 0])
		if !ok {
			t.Fatalf("page %d: %q", page, methods(calls))
		}
		buttons := list.buttons()
		for _, d := range buttons {
			if len(d) > 64 {
				t.Errorf("%d bytes behind a button: %s", len(d), d)
			}
			if id, ok := strings.CutPrefix(d, "refer:AAAA-BBBB#"); ok && !strings.HasPrefix(id, "+") {
				seen[id] = true
			}
		}
		data = buttons[len(buttons)-2]
	}
	if len(seen) != 24 { // the NGOs of the kit, the missions, and twenty more
		t.Errorf("%d organisations are offered", len(seen))
	}
	if data != "refer:AAAA-BBBB#+2" { // it begins anew behind the last
		t.Errorf("the page after the fifth is %s", data)
	}
	id := "ngo-3-" + strings.Repeat("x", 33)
	purposes, _ := find(b.take(atChat(hqChat, pressOn(9, "refer:AAAA-BBBB#"+id))), "editMessageText")
	for _, d := range purposes.buttons() {
		if len(d) > 64 {
			t.Errorf("%d bytes behind a button: %s", len(d), d)
		}
	}
}

// awaiting is a bench whose officer is about to send the document for an organisation.
func awaiting(t testing.TB) *bench0 {
	t.Helper()
	b := reading(t)
	calls := b.take(atLima(pressOn(9, "refer:AAAA-BBBB#.fld")))
	if c, ok := find(calls, "sendMessage"); !ok || !strings.Contains(c.text(), "Front Line Defenders") || b.state().Talk == nil {
		t.Fatalf("asks %q", methods(calls))
	}
	return b
}

func TestTheDocumentIsTaken(t *testing.T) {
	b := awaiting(t)
	b.take(atLima(fileOf(12, "K7QM.asc", 5000)))
	got := happenedTo(t, b.last)
	if len(got) != 1 || got[0].Kind != referrals.WasHanded || got[0].Desk != "lima" || got[0].Refer.To != "fld" ||
		len(got[0].Waiting) != 1 || got[0].Waiting[0].Ref != "ref" || got[0].Waiting[0].Message != 12 {
		t.Fatalf("%+v", got)
	}
	wantTalk(t, b, "")
	b.take(atLima(fileOf(13, "K7QM.asc", 5000)))
	if got := happenedTo(t, b.last); len(got) > 0 {
		t.Errorf("a further one, which nobody awaits: %+v", got)
	}
}

// What the defender agreed to is not lost because the case was closed first, before or after the button was pressed.
func TestTheDocumentIsTakenAfterTheCaseWasClosed(t *testing.T) {
	before := awaiting(t)
	before.store.hold(held("lima", "AAAA-BBBB", referrals.Closed))
	after := newBench(t)
	after.store.hold(held("lima", "AAAA-BBBB", referrals.Closed))
	after.take(atLima(pressOn(9, "refer:AAAA-BBBB#.fld")))
	for _, b := range []*bench0{before, after} {
		wantTalk(t, b, "AAAA-BBBB")
		b.take(atLima(fileOf(12, "K7QM.asc", 5000)))
		if got := happenedTo(t, b.last); len(got) != 1 || got[0].Kind != referrals.WasHanded || got[0].Refer.To != "fld" {
			t.Errorf("%+v", got)
		}
		wantTalk(t, b, "")
	}
	gone := awaiting(t)
	gone.store.hold(held("lima", "AAAA-BBBB", referrals.Withdrawn))
	gone.take(atLima(fileOf(12, "K7QM.asc", 5000)))
	if got := happenedTo(t, gone.last); len(got) > 0 {
		t.Errorf("of a case that was withdrawn: %+v", got)
	}
}

// Anything else is not passed on; it may be readable, and goes.
func TestAnythingButTheDocumentIsDeleted(t *testing.T) {
	for name, update := range map[string]string{"words": say(12, canary), "a picture's name": fileOf(12, "photo.jpg", 100), "no name": fileOf(12, "", 100),
		"plain text": fileOf(12, "K7QM.txt", 100), "too large": fileOf(12, "K7QM.asc", referrals.MostHanded+1)} {
		b := awaiting(t)
		calls := b.take(atLima(update))
		if got := happenedTo(t, b.last); len(got) > 0 || !slices.Equal(deletedIDs(t, calls), []int{12}) {
			t.Errorf("%s: %+v, deletes %v", name, got, deletedIDs(t, calls))
		}
		if c, ok := find(calls, "sendMessage"); !ok || strings.Contains(c.text(), canary) {
			t.Errorf("%s: says %q", name, c.text())
		}
		wantTalk(t, b, "AAAA-BBBB")
	}
}

func TestTheDocumentOfACaseThatIsGone(t *testing.T) {
	b := awaiting(t)
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Withdrawn))
	calls := b.take(atLima(fileOf(12, "K7QM.asc", 5000)))
	if c, ok := find(calls, "sendMessage"); len(happenedTo(t, b.last)) > 0 || !ok || !strings.Contains(c.text(), "AAAA-BBBB") {
		t.Errorf("%q", methods(calls))
	}
	wantTalk(t, b, "")
	b = awaiting(t)
	b.dir.Desk("fld").Accepting = false
	b.take(atLima(fileOf(12, "K7QM.asc", 5000)))
	if len(happenedTo(t, b.last)) > 0 {
		t.Error("for an organisation that takes nothing any more")
	}
	wantTalk(t, b, "")
}

// In a group the members talk to one another. Only a document is taken as the officer's, and one that can be read is refused.
func TestAGroupHandsADocument(t *testing.T) {
	b := newBench(t)
	b.store.hold(held("kyiv", "AAAA-BBBB", referrals.Acknowledged))
	inGroup := func(update string) string {
		return strings.ReplaceAll(atChat(deskGroup, update), `"type":"private"`, `"type":"supergroup"`)
	}
	b.take(inGroup(pressOn(9, "refer:AAAA-BBBB#.fld")))
	if calls := b.take(inGroup(say(12, canary))); len(calls) > 0 {
		t.Errorf("what members say is answered: %q", methods(calls))
	}
	calls := b.take(inGroup(fileOf(13, "case.pdf", 100)))
	if c, ok := find(calls, "sendMessage"); !ok || !strings.Contains(c.text(), "AAAA-BBBB") || !slices.Equal(deletedIDs(t, calls), []int{13}) || len(happenedTo(t, b.last)) > 0 {
		t.Errorf("a readable document: %q, deletes %v", methods(calls), deletedIDs(t, calls))
	}
	b.take(inGroup(fileOf(14, "K7QM.asc", 5000)))
	if got := happenedTo(t, b.last); len(got) != 1 || got[0].Desk != "kyiv" {
		t.Errorf("%+v", got)
	}
	if calls := b.take(inGroup(fileOf(15, "menu.pdf", 100))); len(calls) > 0 {
		t.Errorf("a document that nobody awaits is answered: %q", methods(calls))
	}
}

// handedWork is the work of a case's files with a document that an officer sealed.
func handedWork(t testing.TB) referrals.Work {
	t.Helper()
	body, err := json.Marshal(referrals.FileJob{Case: "AAAA-BBBB", Desks: []string{"fld"}, File: referrals.WaitingFile{Name: "AAAA-BBBB.asc", Ref: "ref", Message: 12},
		Refer: &referrals.Refer{To: "fld", By: "lima", For: "legal"}})
	if err != nil {
		t.Fatal(err)
	}
	return referrals.Work{Member: referrals.Member{Slot: "p07", Name: "fAAAA-BBBB"}, Number: 3, Inbox: []referrals.Entry{{ID: "a", Body: body}}}
}

// shelved are documents that are kept already.
type shelved map[string]string

func (s shelved) Document(_ context.Context, _ string, _ referrals.Code, desk, name string) ([]byte, error) {
	if s["error"] != "" {
		return nil, errors.New(s["error"])
	}
	if body, ok := s[desk+" "+name]; ok {
		return []byte(body), nil
	}
	return nil, referrals.ErrUnknown
}

func TestAHandedDocumentIsLookedAt(t *testing.T) {
	for _, tt := range []struct {
		name, document, why string
		kept                shelved
		status              int
		deletes             bool
	}{
		{name: "fit", document: "sealed"},
		{name: "readable", document: "unfit not_encrypted", why: "not_encrypted", deletes: true},
		{name: "broken", document: "unfit not_sealed", why: "not_sealed", deletes: true},
		{name: "for somebody else", document: "unfit key_foreign", why: "key_foreign"},
		{name: "there is one", document: "sealed", why: "there", kept: shelved{"fld AAAA-BBBB.asc": "before"}},
		{name: "Telegram has lost it", status: 400, why: "unreachable"},
	} {
		f := newFiles(func(method string, _ []byte, _ *http.Request) (int, string) {
			switch {
			case tt.status != 0:
				return refusal(tt.status, "Bad Request: wrong file", 0)
			case method == "getFile":
				return 200, `{"ok":true,"result":{"file_path":"v/1"}}`
			}
			return 200, tt.document
		})
		f.copies, f.dir, f.deskBot = tt.kept, testDesks(), lineBot
		got, err := f.take(t.Context(), handedWork(t))
		if err != nil || len(left(t, got)) > 0 {
			t.Fatalf("%s: %v, left %+v", tt.name, err, left(t, got))
		}
		events := happenedTo(t, got)
		if len(events) != 1 || events[0].Refer == nil || events[0].Refer.Why != tt.why || (events[0].Kind == referrals.WasFit) != (tt.why == "") {
			t.Errorf("%s: the case is told %+v", tt.name, events)
		}
		if fit := len(got.Documents) == 1; fit != (tt.why == "") || fit && (string(got.Documents[0].Body) != "for fld: sealed" || got.Documents[0].Desk != "fld" ||
			got.Documents[0].Name != "AAAA-BBBB.asc") {
			t.Errorf("%s: kept %+v", tt.name, got.Documents)
		}
		calls := callsOf(t, got.Errands)
		if tt.deletes != (len(calls) == 1 && calls[0].Chat == limaChat && slices.Equal(deletedIDs(t, calls), []int{12})) {
			t.Errorf("%s: calls %q", tt.name, methods(calls))
		}
	}
}

// Telegram gives a file to the bot that it was sent to, and to no other.
func TestAHandedDocumentIsFetchedByTheDesksBot(t *testing.T) {
	f := newFiles(telegramFile)
	f.clients = map[byte]*Client{lineBot: clientOf(server(func(string, []byte, *http.Request) (int, string) { return refusal(400, "wrong file_id", 0) })),
		deskBot: clientOf(server(telegramFile))}
	f.copies, f.dir, f.deskBot = shelved{}, testDesks(), deskBot
	got, err := f.take(t.Context(), handedWork(t))
	if err != nil || len(got.Documents) != 1 {
		t.Errorf("%+v, %v", happenedTo(t, got), err)
	}
}

// A document that cannot be had now is tried again, with pauses, and then its officer is asked to send it once more. Nothing is kept unseen.
func TestAHandedDocumentIsTriedAgain(t *testing.T) {
	f := newFiles(func(string, []byte, *http.Request) (int, string) { return refusal(500, "Internal", 0) })
	f.copies, f.dir, f.deskBot = shelved{}, testDesks(), lineBot
	w := handedWork(t)
	for tries := range mostLooks + 1 {
		got, err := f.take(t.Context(), w)
		if err != nil || len(got.Documents) > 0 {
			t.Fatal(err, got.Documents)
		}
		if tries < mostLooks {
			if len(left(t, got)) != 1 || !got.Again.After(noon) || len(got.Errands) > 0 {
				t.Fatalf("try %d: %+v", tries, got)
			}
			w.State, w.Inbox = got.State, nil
			continue
		}
		if events := told(t, got); len(left(t, got)) > 0 || len(events) != 1 || events[0].Refer.Why != whyUnreachable {
			t.Errorf("in the end %+v", events)
		}
	}
	f.copies = shelved{"error": "the store does not answer"}
	if got, err := f.take(t.Context(), handedWork(t)); err != nil || len(left(t, got)) != 1 || got.Again.IsZero() {
		t.Errorf("a store that does not answer: %+v, %v", got, err)
	}
}

func TestACaseDropsWhatWasHandedTooLate(t *testing.T) {
	w := caseWithFile(t, 0, referrals.Event{Kind: referrals.WasWithdrawn, At: noon}, referrals.Event{Kind: referrals.WasFit, At: noon, Refer: &referrals.Refer{To: "fld", By: "lima"}})
	got, err := newCasework().take(t.Context(), w)
	if err != nil || len(got.Drops) != 2 || got.Drops[1] != (referrals.Drop{Case: "AAAA-BBBB"}) {
		t.Errorf("drops %+v, %v", got.Drops, err)
	}
}

func TestACaseComesDueWhenNobodyAnswers(t *testing.T) {
	cw := newCasework()
	w := caseWithFile(t, 0, referrals.Event{Kind: referrals.WasAcknowledged, Desk: "lima", Holding: "AAAA-BBBB", At: noon},
		referrals.Event{Kind: referrals.WasSuggested, Desk: "lima", Holding: "AAAA-BBBB", At: noon, Refer: &referrals.Refer{To: "fld", For: "legal"}})
	got, err := cw.take(t.Context(), w)
	if err != nil || !got.Again.Equal(noon.Add(referrals.AskedFor)) || got.Keep <= referrals.AskedFor {
		t.Fatalf("due %v, kept %v, %v", got.Again, got.Keep, err)
	}
	later := noon.Add(referrals.AskedFor)
	cw.now = func() time.Time { return later }
	got, err = cw.take(t.Context(), referrals.Work{Member: w.Member, Number: 4, State: got.State})
	if err != nil || !got.Again.IsZero() || len(got.Errands) != 1 || got.Errands[0].Notice.Kind != referrals.NoticeReferQuiet {
		t.Errorf("%+v, %v", got, err)
	}
}
