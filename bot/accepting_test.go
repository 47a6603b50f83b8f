package bot

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"github.com/prometheus/client_golang/prometheus"

	"defenderline/referrals"
)

// An organisation pauses itself and goes on; every replica follows; what the configuration says wins.
func TestAnOrganisationPausesItself(t *testing.T) {
	b := newBench(t)
	roll := &rollOf{}
	b.roster = &roster{store: roll, counts: b.store, dir: b.dir, log: quiet()}
	other := &roster{store: roll, counts: b.store, dir: testDesks(), log: quiet()}
	b.store.hold(held("fld", "AAAA-BBBB-1", referrals.Accepted))
	page := b.take(atChat(fldChat, say(1, "/duty")))[0]
	if !slices.Equal(page.buttons(), []string{"accepting:no#fld"}) || !strings.Contains(page.text(), b.said("desk.open", map[string]any{"Open": 1})) {
		t.Fatalf("%q %q", page.text(), page.buttons())
	}
	calls := b.take(atChat(fldChat, pressOn(9, "accepting:no#fld")))
	shown, _ := find(calls, "editMessageText")
	if toastOf(t, calls) != b.said("desk.toast.accepting.no", nil) || !slices.Equal(shown.buttons(), []string{"accepting:yes#fld"}) {
		t.Errorf("%q, then %q", toastOf(t, calls), shown.buttons())
	}
	if err := other.read(t.Context()); err != nil || other.dir.Desk("fld").Accepting || b.dir.Desk("fld").Accepting || !other.dir.Desk("pbi").Accepting {
		t.Errorf("replicas: %v %v, %v", other.dir.Desk("fld").Accepting, b.dir.Desk("fld").Accepting, err)
	}
	if now, may := other.dir.Accepting("fld"); now || !may {
		t.Errorf("accepting %v, may say so %v", now, may)
	}
	b.take(atChat(fldChat, pressOn(9, "accepting:yes#fld")))
	if err := other.read(t.Context()); err != nil || !other.dir.Desk("fld").Accepting {
		t.Errorf("gone on: %v", err)
	}
	for chat, press := range map[int64]string{fldChat: "accepting:no#pbi", limaChat: "accepting:no#lima", hqChat: "accepting:no#fld", pbiChat: "accepting:perhaps#pbi"} {
		if b.take(atChat(chat, pressOn(9, press))); !b.dir.Desk("pbi").Accepting || !b.dir.Desk("fld").Accepting {
			t.Errorf("%s of chat %d counts", press, chat)
		}
	}
}

func TestTheConfigurationsWordWins(t *testing.T) {
	b := newBench(t)
	shut := *b.dir.Desk("fld")
	shut.Accepting = false
	b.turner.dir = referrals.NewDirectory([]*referrals.Desk{&shut})
	b.roster = &roster{store: &rollOf{}, counts: b.store, dir: b.turner.dir, log: quiet()}
	page := b.take(atChat(fldChat, say(1, "/duty")))[0]
	if len(page.buttons()) != 0 || !strings.Contains(page.text(), b.said("desk.accepting.never", nil)) {
		t.Errorf("%q %q", page.text(), page.buttons())
	}
	if got := toastOf(t, b.take(atChat(fldChat, pressOn(9, "accepting:yes#fld")))); got != b.said("desk.toast.accepting.never", nil) || b.turner.dir.Desk("fld").Accepting {
		t.Errorf("%q", got)
	}
}

// The directory knows how much the organisations have that take so many at a time, and asks of no other.
func TestTheDirectoryLearnsWhoHasRoom(t *testing.T) {
	store := newMemory()
	store.hold(held("small", "AAAA-BBBB-1", referrals.Claimed))
	store.hold(held("any", "AAAA-BBBB-2", referrals.Claimed))
	dir := referrals.NewDirectory([]*referrals.Desk{{ID: "small", Kind: referrals.NGODesk, Capacity: 3}, {ID: "any", Kind: referrals.NGODesk}})
	r := &roster{store: &rollOf{}, counts: store, dir: dir, log: quiet()}
	if err := r.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, known := dir.Load("small")
	if _, other := dir.Load("any"); n != 1 || !known || other {
		t.Errorf("%d open, known %v; of the other known %v", n, known, other)
	}
	store.away = errors.New("away")
	if err := r.load(t.Context()); err == nil {
		t.Error("an outage is no error")
	}
	if n, known = dir.Load("small"); n != 1 || !known {
		t.Error("what was known is forgotten in an outage")
	}
}

// A case whose organisation is full waits, by its own clock, without being kept for longer than anything happens to it.
func TestACaseLooksAgainAndIsNotKeptForThat(t *testing.T) {
	store := newMemory()
	dir := referrals.NewDirectory([]*referrals.Desk{{ID: "fld", Kind: referrals.NGODesk, Accepting: true, Capacity: 1, AcceptWithin: time.Hour}})
	now := noon
	cw := &caseworker{dir: dir, counts: store, now: func() time.Time { return now }, keep: Retention{Sealed: 168 * time.Hour}, meters: NewMeters(prometheus.NewRegistry())}
	c := referrals.Case{Code: "AAAA-BBBB", Lane: referrals.Urgent, Slot: "p07", SentAt: noon, Shares: []referrals.Share{{Desk: "fld", Kind: referrals.NGODesk, Stage: referrals.Kept}}}
	store.hold(held("fld", "CCCC-DDDD-1", referrals.Accepted))
	c, _ = c.Happen(referrals.Event{Kind: referrals.Sent, At: noon}, newRooms(t.Context(), dir, store))
	state, _ := json.Marshal(c)
	w := referrals.Work{Member: referrals.Member{Slot: "p07", Name: "kAAAA-BBBB"}, State: state}
	now = c.Due()
	got, err := cw.take(t.Context(), w)
	if err != nil || len(got.Errands) != 0 || !got.Again.After(now) || got.Keep != 168*time.Hour-now.Sub(noon) {
		t.Fatalf("%v: %d errands, again %s, kept %s", err, len(got.Errands), got.Again, got.Keep)
	}
	store.away = errors.New("away")
	now = got.Again
	w.State = got.State
	if _, err := cw.take(t.Context(), w); err == nil {
		t.Error("decided without knowing who has room")
	}
	store.away = nil
	now = noon.Add(168*time.Hour - time.Second) // it would look again after its end
	if got, err = cw.take(t.Context(), w); err != nil || !got.Again.IsZero() || got.Keep != time.Second {
		t.Errorf("%v: again %s, kept %s", err, got.Again, got.Keep)
	}
	store.hold(held("fld", "CCCC-DDDD-1", referrals.Completed))
	now = noon.Add(time.Minute)
	if got, err = cw.take(t.Context(), w); err != nil || len(got.Errands) != 1 || got.Errands[0].Move.To != referrals.Offered || !got.Again.IsZero() {
		t.Errorf("with room: %+v %v", got.Errands, err)
	}
}

// A case is sent also while nobody knows who has room: the part of the store that keeps a desk's cases may be away.
func TestACaseIsSentWhileNobodyKnowsWhoHasRoom(t *testing.T) {
	b := newBench(t)
	full := newMemory()
	full.away = errors.New("away")
	b.turner.counts = full
	b.turner.dir = referrals.NewDirectory([]*referrals.Desk{{ID: "fld", Kind: referrals.NGODesk, Name: "Front Line Defenders", AllCountries: true, Zone: time.UTC,
		Accepting: true, Ladder: []referrals.Rung{{Chat: fldChat}}, AcceptWithin: 30 * time.Minute, Capacity: 1, Needs: []string{"relocation", "legal"},
		Applicants: []string{"individual"}}})
	tn := &turn{turner: b.turner, work: b.work, state: chatState{Chat: 5, Bot: lineBot}, at: noon}
	if err := tn.effect(t.Context(), flows.Effect{Kind: flows.Submit, Draft: filled("fld")}, flows.Session{}); err != nil || len(tn.out.Births) != 1 {
		t.Fatalf("%d cases, %v", len(tn.out.Births), err)
	}
	if m := tn.out.Errands[0].Move; m == nil || m.Desk != "fld" || m.To != referrals.Offered {
		t.Errorf("leaves %+v", tn.out.Errands[0])
	}
}

// Consent taken back from one desk deletes its copies at once, ends what is sealed for it, and tells the case without naming
// the desk in the clear.
func TestConsentTakenBackFromOneDesk(t *testing.T) {
	b := owning(t)
	before := b.state()
	before.Session.Cases[0].Desks, before.Session.Cases[0].Names = []string{"lima", "fld"}, []string{"British Embassy Lima", "Front Line Defenders"}
	before.Session.Cases[0].Others = []string{"fld"} // agreed to when nobody had answered
	before.Agreed = map[string][]string{"AAAA-BBBB": {"mission", "fld"}}
	b.record(before)
	c := b.theCase()
	b.take(say(50, "/cases"), pressOn(60, "case:"+c.Code))
	b.take(pressOn(60, "caseact:withdraw"))
	b.take(pressOn(60, "consent:fld"))
	b.take(pressOn(60, "consent:fld"))
	if d := b.last.Drops; len(d) != 1 || d[0] != (referrals.Drop{Case: referrals.Code(c.Code), Desk: "fld"}) {
		t.Fatalf("dropped %+v", d)
	}
	var told *referrals.Post
	for _, e := range b.last.Errands {
		if e.Post != nil {
			told = e.Post
		}
	}
	var e referrals.Event
	if told == nil || json.Unmarshal(told.Body, &e) != nil || e.Kind != referrals.WasRevoked || e.Desk != "fld" || strings.Contains(told.ID, "fld") {
		t.Fatalf("the case is told %+v", told)
	}
	s := b.state()
	now, _ := caseOf(s.Session.Cases, c.Code)
	if slices.Contains(now.Desks, "fld") || slices.Contains(s.Agreed[c.Code], "fld") || len(now.Desks) != len(c.Desks)-1 || len(now.Names) != len(now.Desks) {
		t.Errorf("remembered %q, agreed %q", now.Desks, s.Agreed[c.Code])
	}
	tn := &turn{turner: b.turner, state: s}
	for _, d := range tn.othersFor(now) {
		if d.ID == "fld" {
			t.Error("when nobody answers, they would be asked about the one from whom they took it back")
		}
	}
}

// The question whether they were reached has its three buttons, and its answer goes to the case and to a meter.
func TestWhetherTheyWereReached(t *testing.T) {
	b := owning(t)
	code := b.theCase().Code
	tn := &turn{turner: b.turner, state: b.state()}
	text, rows, ok := tn.asks(code, flows.Question{Field: referrals.Reached, About: "fld"})
	if !ok || text.Key != "ask.reached" || len(rows) != 3 {
		t.Fatalf("asked by %s with %d buttons: %v", text.Key, len(rows), ok)
	}
	tn.answered(flows.Effect{Kind: flows.Answered, Case: code, Question: flows.Question{Field: referrals.Reached, About: "fld", At: noon}, Value: "not_yet"}, tn.state.Session)
	var e referrals.Event
	if p := tn.out.Errands[0].Post; json.Unmarshal(p.Body, &e) != nil || e.Answer != "not_yet" || e.Question.About != "fld" {
		t.Errorf("the case is told %s", p.Body)
	}
	if b.counted("defenderline_reached_total") != 1 {
		t.Error("it is not counted")
	}
	for _, answer := range []string{"yes", "no", "not_yet"} {
		p := &post{dir: b.dir, texts: b.texts}
		said := p.caption(b.dir.Desk("fld"), referrals.Notice{Kind: referrals.NoticeReached, Desk: "fld", Code: code + "-1", Lane: referrals.Urgent, About: "fld", Answer: answer})
		if !strings.Contains(said, "Front Line Defenders") || strings.Contains(said, "desk.") {
			t.Errorf("%s is said as %q", answer, said)
		}
	}
}

// Two organisations that are asked about in the same moment, because the line was away when each was due, have an answer each: the second is
// no repetition of the first.
func TestTwoThatAreAskedAboutAtOnceAreAnsweredEach(t *testing.T) {
	b := owning(t)
	for _, about := range []string{"fld", "pbi"} {
		b.heard(t, referrals.News{Code: "AAAA-BBBB", At: noon, Question: &referrals.Question{Field: referrals.Reached, About: about, At: noon}})
	}
	b.take(pressOn(31, "reached:yes#AAAA-BBBB"), pressOn(32, "reached:no:1#AAAA-BBBB"))
	ids := map[string]string{}
	for _, e := range b.last.Errands {
		var told referrals.Event
		if e.Post != nil && json.Unmarshal(e.Post.Body, &told) == nil && told.Question != nil {
			ids[e.Post.ID] = told.Question.About + " " + told.Answer
		}
		if e.Post != nil && strings.Contains(e.Post.ID, "pbi") {
			t.Errorf("whom it is about stands in %s", e.Post.ID)
		}
	}
	if said := slices.Sorted(maps.Values(ids)); !slices.Equal(said, []string{"fld yes", "pbi no"}) {
		t.Errorf("the case hears %q", ids)
	}
}

// /case tells a mission what the defender said of each organisation, and an organisation what they said of it.
func TestCaseShowsWhetherTheyWereReached(t *testing.T) {
	b := newBench(t)
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Acknowledged))
	b.store.hold(held("pbi", "AAAA-BBBB-1", referrals.Accepted))
	b.store.record, _ = json.Marshal(referrals.Case{Code: "AAAA-BBBB", Shares: []referrals.Share{
		{Desk: "fld", Kind: referrals.NGODesk, Reached: "not_yet", ReachedAt: noon}}})
	spanish := b.texts.Text("es", "desk.said_reached_not_yet", map[string]any{"About": "Front Line Defenders", "Time": b.texts.Time("es", noon, time.UTC)})
	if got := b.take(atChat(limaChat, say(1, "/case AAAA-BBBB")))[0].text(); !strings.Contains(got, spanish) {
		t.Errorf("the mission reads %q", got)
	}
	if got := b.take(atChat(pbiChat, say(1, "/case AAAA-BBBB-1")))[0].text(); strings.Contains(got, "Front Line") {
		t.Errorf("another organisation reads %q", got)
	}
}
