package referrals

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const testCode Code = "K7QM-3XRP"

// noon is a Wednesday.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// lineDesks are a mission, headquarters and four NGOs, of which full takes nothing.
func lineDesks() *Directory {
	desks := []*Desk{
		{ID: "lima", Kind: MissionDesk, Countries: []string{"PE"}, Ladder: []Rung{{Chat: 1, Within: 10 * time.Minute}, {Chat: 2, Within: 20 * time.Minute}}},
		{ID: Headquarters, Kind: HeadquartersDesk, Ladder: []Rung{{Chat: 3, Within: 30 * time.Minute}}},
	}
	for _, id := range []string{"a", "b", "c", "full"} {
		desks = append(desks, &Desk{ID: id, Kind: NGODesk, Accepting: id != "full", AcceptWithin: 30 * time.Minute, AllCountries: true})
	}
	return NewDirectory(desks)
}

// roomy is the directory of those desks, and who of them is full.
type roomy struct {
	*Directory
	full []string
}

// Full implements rooms.
func (r roomy) Full(id string) bool { return slices.Contains(r.full, id) }

func lineRooms(full ...string) roomy { return roomy{lineDesks(), full} }

// shared is a case sent and not begun, for desks by id: "lima a b headquarters".
func shared(ids string) Case {
	c := Case{Code: testCode, Lane: Urgent, Slot: "p07", Chat: Member{Slot: "p07", Name: "cafe"}, SentAt: noon, Documents: 1}
	for _, id := range strings.Fields(ids) {
		kind := NGODesk
		switch id {
		case "lima", "gone-mission":
			kind = MissionDesk
		case Headquarters:
			kind = HeadquartersDesk
		}
		c.Shares = append(c.Shares, Share{Desk: id, Kind: kind, Stage: Kept})
	}
	return c
}

// happening reads an event: "pass a" (unread), "return a" (read), "add 3", "pass a@K7QM-3XRP-9"; without a code it is about
// what the desk holds.
func happening(t testing.TB, c Case, s string, at time.Time) Event {
	t.Helper()
	kinds := map[string]EventKind{"sent": Sent, "ack": WasAcknowledged, "claim": WasClaimed, "accept": WasAccepted,
		"pass": WasPassed, "return": WasPassed, "silent": WasSilent, "close": WasClosed, "add": WasAdded, "withdraw": WasWithdrawn, "revoke": WasRevoked, "end": WasEnded,
		"wipe": WasWiped, "mystery": "mystery", "late": WasSilent}
	what, whom, _ := strings.Cut(s, " ")
	if what == "late" { // of before, heard of now
		at = c.SentAt
	}
	e := Event{Kind: kinds[what], At: at, Read: what == "return"}
	if e.Kind == "" {
		t.Fatalf("no such event: %q", s)
	}
	if e.Kind == WasAdded {
		e.Documents, _ = strconv.Atoi(whom)
		e.Files = e.Documents - 1
		e.Waiting = []WaitingFile{{Name: c.Code.FileName(e.Files)}}
		return e
	}
	var explicit bool
	e.Desk, e.Holding, explicit = strings.Cut(whom, "@")
	for _, s := range c.Shares {
		if s.Desk == e.Desk && !explicit {
			e.Holding = s.Holding
		}
	}
	return e
}

// inWords says what errands do, in order: "alert lima, offer a 1, tell read lima, page".
func inWords(t testing.TB, errands []Errand) string {
	t.Helper()
	var said []string
	for i, e := range errands {
		if e.Line != nil && e.Line.Kind == LineReached {
			said = append(said, "line "+e.Line.Desk+" "+e.Line.Why)
			continue
		}
		if e.Line != nil { // said with the page that it stands behind
			page := errands[max(0, i-1)].Notice
			if page == nil || page.Kind != NoticePage || *e.Line != (Line{Kind: LinePaged, Code: page.Code, Lane: page.Lane, At: page.At, Way: ByLine}) {
				t.Fatalf("%+v is the line of no page", *e.Line)
			}
			continue
		}
		if e.Notice != nil && e.Notice.Kind == NoticePage && (i+1 == len(errands) || errands[i+1].Line == nil) {
			t.Fatal("a page has no line in the audit trail")
		}
		said = append(said, inAWord(t, e))
	}
	return strings.Join(said, ", ")
}

func inAWord(t testing.TB, e Errand) string {
	t.Helper()
	switch {
	case e.Post != nil && e.Post.Body[0] == NewsMark:
		var n News
		if err := json.Unmarshal(e.Post.Body[1:], &n); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace("tell " + n.State + " " + n.Desk)
	case e.Notice != nil && e.Notice.Kind == NoticeAddition:
		return "addition " + e.Notice.Desk + " " + strings.TrimPrefix(e.Notice.Document, string(testCode)+".")
	case e.Notice != nil:
		return strings.TrimSpace(string(e.Notice.Kind) + " " + e.Notice.Desk)
	case e.Move != nil && e.Move.To == Alerted:
		return "alert " + e.Move.Desk
	case e.Move != nil && e.Move.To == Offered:
		return "offer " + e.Move.Desk + " " + strings.TrimPrefix(e.Move.Code, string(testCode)+"-")
	case e.Move != nil && e.Move.To == Withdrawn:
		return "withdraw " + e.Move.Desk
	}
	t.Fatalf("nobody knows this errand: %+v", e)
	return ""
}

// TestTurns is written as a case's life: what happened, an arrow, what follows from it.
func TestTurns(t *testing.T) {
	for _, tt := range []struct{ name, shares, life string }{
		{"the mission and the first NGO at once, headquarters not", "lima a b headquarters",
			"sent > alert lima, offer a 1"},
		{"headquarters at once where no mission has a part", "a headquarters", "sent > alert headquarters, offer a 1"},
		{"a mission that is gone has no part", "gone-mission a headquarters", "sent > alert headquarters, offer a 1"},
		{"a mission alone", "lima", "sent > alert lima"},
		{"NGOs that take nothing are passed over", "full a full", "sent > offer a 1; pass a > page, tell unanswered"},
		{"no NGO takes anything: headquarters, though the mission has it too", "lima full headquarters",
			"sent > alert lima, alert headquarters"},
		{"no NGO takes anything and nobody else may: said at once", "full gone", "sent > page, tell unanswered"},
		{"a mission that is gone and nobody else: said at once", "gone-mission", "sent > page, tell unanswered"},
		{"nobody at all", "", "sent > page, tell unanswered; sent > "},

		{"begun twice", "lima a b headquarters", "sent > alert lima, offer a 1; sent > ; pass a > offer b 2, tell released b; sent > "},
		{"begun again after everything", "lima", "sent > alert lima; ack lima > tell read lima; close lima > tell closed lima; sent > "},

		{"declined: the next one", "a b c headquarters", "sent > alert headquarters, offer a 1; pass a > offer b 2, tell released b; pass b > offer c 3, tell released c; pass c > "},
		{"declined twice: once the next one", "lima a b c", "sent > alert lima, offer a 1; pass a > offer b 2, tell released b; pass a > ; pass a@K7QM-3XRP-1 > "},
		{"returned after it was accepted", "a b", "sent > offer a 1; claim a > ; accept a > tell accepted a; pass a > offer b 2, tell released b"},
		{"no NGO left: headquarters", "lima a headquarters", "sent > alert lima, offer a 1; pass a > alert headquarters, tell released headquarters"},
		{"no NGO left, the mission still asked", "lima a", "sent > alert lima, offer a 1; pass a > ; silent lima > page, tell unanswered"},
		{"an NGO that closed its doors meanwhile", "a full b", "sent > offer a 1; pass a > offer b 2, tell released b"},

		{"the whole ladder silent: headquarters", "lima headquarters", "sent > alert lima; silent lima > alert headquarters, tell released headquarters; silent lima > "},
		{"and headquarters silent", "lima headquarters",
			"sent > alert lima; silent lima > alert headquarters, tell released headquarters; silent headquarters > page, tell unanswered; silent headquarters > "},
		{"no consent for headquarters, even after silence", "lima", "sent > alert lima; silent lima > page, tell unanswered"},
		{"an NGO is still asked", "lima a", "sent > alert lima, offer a 1; silent lima > ; pass a > page, tell unanswered"},
		{"an NGO has done its part", "lima a", "sent > alert lima, offer a 1; accept a > tell accepted a; close a > tell completed a; silent lima > "},
		{"taken up after silence", "lima headquarters",
			"sent > alert lima; silent lima > alert headquarters, tell released headquarters; ack lima > tell read lima; close lima > tell closed lima"},
		{"acknowledged, then an old silence", "lima headquarters", "sent > alert lima; ack lima > tell read lima; late lima > "},
		{"acknowledged, handed over, and silent: headquarters", "lima headquarters",
			"sent > alert lima; ack lima > tell read lima; silent lima > alert headquarters, tell released headquarters; late lima > "},
		{"taken up once more after it was handed over, then an old silence", "lima headquarters",
			"sent > alert lima; ack lima > tell read lima; ack lima > ; late lima > "},
		{"nobody, then somebody, who hands over into silence: said again", "lima",
			"sent > alert lima; silent lima > page, tell unanswered; ack lima > tell read lima; silent lima > page, tell unanswered"},
		{"closed without a word", "lima headquarters", "sent > alert lima; close lima > tell closed lima; silent lima > ; ack lima > "},
		{"acknowledged twice", "lima", "sent > alert lima; ack lima > tell read lima; ack lima > "},
		{"paged once, then read", "lima", "sent > alert lima; silent lima > page, tell unanswered; ack lima > tell read lima"},

		{"accepted after it had passed", "a b", "sent > offer a 1; pass a > offer b 2, tell released b; accept a > ; claim a > ; close a > ; accept b > tell accepted b"},
		{"completed and acknowledged late", "a b", "sent > offer a 1; accept a > tell accepted a; close a > tell completed a; accept a > ; pass a > "},
		{"completed first, accepted later", "a b", "sent > offer a 1; close a > tell completed a; accept a > ; claim a > ; pass a > "},
		{"acts of the other kind of desk", "lima a b headquarters",
			"sent > alert lima, offer a 1; silent a > ; ack a > ; pass lima > ; accept lima > ; claim lima > "},
		{"somebody else's holding", "lima a b", "sent > alert lima, offer a 1; pass a@K7QM-3XRP-2 > ; pass a@K7QM-3XRP > ; pass b@K7QM-3XRP-1 > ; pass b@ > ; ack nobody@K7QM-3XRP > ; mystery a > "},
		{"before it began", "lima a", "ack lima@ > ; accept a@ > ; silent lima@K7QM-3XRP > ; close a@ > ; sent > alert lima, offer a 1"},

		{"withdrawn from everybody who was told", "lima a b headquarters",
			"sent > alert lima, offer a 1; silent lima > alert headquarters, tell released headquarters; pass a > offer b 2, tell released b; " +
				"withdraw > withdraw lima, withdraw b, withdraw headquarters"},
		{"withdrawn from those who had finished and who had read and passed", "lima a b",
			"sent > alert lima, offer a 1; close lima > tell closed lima; accept a > tell accepted a; pass a > offer b 2, tell released b; close b > tell completed b; " +
				"withdraw > withdraw lima, withdraw a, withdraw b"},
		{"a claim is enough to have read", "a b", "sent > offer a 1; claim a > ; pass a > offer b 2, tell released b; withdraw > withdraw a, withdraw b"},
		{"returned, and the claim was never heard of", "a b", "sent > offer a 1; return a > offer b 2, tell released b; claim a > ; withdraw > withdraw a, withdraw b"},
		{"withdrawn: nothing moves any more", "lima a b headquarters",
			"sent > alert lima, offer a 1; withdraw > withdraw lima, withdraw a; withdraw > ; end > ; sent > ; " +
				"silent lima > ; pass a > ; accept a > ; claim a > ; ack lima > ; close lima > ; add 2 > "},
		{"withdrawn before it began", "lima a", "withdraw > ; sent > "},
		{"consent taken back from one: the next NGO", "lima a b", "sent > alert lima, offer a 1; accept a > tell accepted a; revoke a > withdraw a, offer b 2, tell released b; revoke a > "},
		{"from one that was not asked yet", "lima a b", "sent > alert lima, offer a 1; revoke b > ; pass a > ; silent lima > page, tell unanswered"},
		{"from the mission: headquarters", "lima headquarters", "sent > alert lima; ack lima > tell read lima; revoke lima > withdraw lima, alert headquarters, tell released headquarters"},
		{"from the last NGO: headquarters", "lima a headquarters", "sent > alert lima, offer a 1; revoke a > withdraw a, alert headquarters, tell released headquarters"},
		{"and nobody is left to answer: said", "lima a", "sent > alert lima, offer a 1; silent lima > ; revoke a > withdraw a, page, tell unanswered"},
		{"from one that has read and passed", "a b", "sent > offer a 1; return a > offer b 2, tell released b; revoke a > withdraw a; revoke b > withdraw b; add 2 > ; withdraw > "},
		{"from one that passed unread", "a b", "sent > offer a 1; pass a > offer b 2, tell released b; revoke a > "},
		{"from all, one by one: as taken back", "a", "sent > offer a 1; revoke a > withdraw a; accept a > ; end > "},
		{"from nobody of the case", "lima", "sent > alert lima; revoke b > "},
		{"what is added goes to the others", "lima headquarters",
			"sent > alert lima; silent lima > alert headquarters, tell released headquarters; revoke lima > withdraw lima; add 2 > addition headquarters 2.asc"},
		{"no more help needed", "lima", "sent > alert lima; ack lima > tell read lima; end > withdraw lima; withdraw > "},

		{"wiped: no news, yet it goes on", "lima a headquarters",
			"sent > alert lima, offer a 1; wipe > ; wipe > ; ack lima > ; pass a > alert headquarters; silent headquarters > "},
		{"wiped and nobody left: the operator all the same", "lima", "sent > alert lima; wipe > ; silent lima > page"},

		{"an addition goes to who may read now", "lima a headquarters",
			"sent > alert lima, offer a 1; add 2 > addition lima 2.asc; claim a > ; add 3 > addition lima 3.asc, addition a 3.asc; " +
				"accept a > tell accepted a; add 4 > addition lima 4.asc, addition a 4.asc"},
		{"after silence headquarters and the mission", "lima headquarters",
			"sent > alert lima; silent lima > alert headquarters, tell released headquarters; add 2 > addition lima 2.asc, addition headquarters 2.asc"},
		{"who has ended its part gets no more", "lima a b",
			"sent > alert lima, offer a 1; close lima > tell closed lima; accept a > tell accepted a; pass a > offer b 2, tell released b; add 2 > "},
		{"additions out of order and twice", "lima",
			"sent > alert lima; add 3 > addition lima 2.asc, addition lima 3.asc; add 2 > ; add 3 > ; add 2 > ; add 4 > addition lima 4.asc"},
		{"an addition that is none", "lima", "sent > alert lima; add 1 > ; add 0 > "},
		{"an addition that nobody will read", "lima", "sent > alert lima; close lima > tell closed lima; add 2 > page, tell unanswered; add 3 > "},
		{"an addition while somebody is asked", "lima a", "sent > alert lima, offer a 1; close lima > tell closed lima; add 2 > "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, dir := shared(tt.shares), lineRooms()
			for i, step := range strings.Split(tt.life, ";") {
				what, want, _ := strings.Cut(step, ">")
				e := happening(t, c, strings.TrimSpace(what), noon.Add(time.Duration(i)*time.Minute))
				before := copied(c)
				next, errands := c.Happen(e, dir)
				if !reflect.DeepEqual(c, before) {
					t.Fatalf("%q changed the case it was given", what)
				}
				if got := inWords(t, errands); got != strings.TrimSpace(want) {
					t.Fatalf("%s: %s\n got %s\nwant %s\n now %+v", tt.shares, what, got, want, next.Shares)
				}
				if again, more := next.Happen(e, dir); len(more) > 0 || !reflect.DeepEqual(again, next) {
					t.Fatalf("%q again: %s\nbefore %+v\n after %+v", what, inWords(t, more), next, again)
				}
				c = next
			}
		})
	}
}

// copied is a case that shares no memory with c.
func copied(c Case) Case {
	c.Shares, c.Waiting, c.Added = slices.Clone(c.Shares), slices.Clone(c.Waiting), slices.Clone(c.Added)
	return c
}

// run lets things happen to a case, a minute apart.
func run(t testing.TB, c Case, events ...string) (Case, []Errand) {
	t.Helper()
	var all []Errand
	for i, s := range events {
		var errands []Errand
		c, errands = c.Happen(happening(t, c, s, noon.Add(time.Duration(i)*time.Minute)), lineRooms())
		all = append(all, errands...)
	}
	return c, all
}

func TestReleasesSayWhereAndUntilWhen(t *testing.T) {
	_, errands := run(t, shared("lima a"), "sent")
	alert, offer := errands[0].Move, errands[1].Move
	want := Move{ID: "open:K7QM-3XRP:lima", Desk: "lima", Code: "K7QM-3XRP", To: Alerted, AtRung: -1, At: noon,
		Due: noon.Add(10 * time.Minute), Lane: Urgent, Origin: "p07", Way: ByLine, Errands: []Errand{{Notice: &Notice{Kind: NoticeAlert,
			Desk: "lima", Code: "K7QM-3XRP", Lane: Urgent, Origin: "p07", At: noon, Due: noon.Add(10 * time.Minute)}}}}
	if !reflect.DeepEqual(*alert, want) {
		t.Errorf("\n got %+v\nwant %+v", *alert, want)
	}
	if offer.Code != "K7QM-3XRP-1" || offer.Due != noon.Add(30*time.Minute) || offer.To != Offered || offer.Errands[0].Notice.Kind != NoticeOffer {
		t.Errorf("offer: %+v", *offer)
	}
}

// TestWithdrawalReachesEveryState follows each withdrawal to a holding in whatever state it is.
func TestWithdrawalReachesEveryState(t *testing.T) {
	_, errands := run(t, shared("a"), "sent", "withdraw")
	back := errands[1].Move
	for _, state := range allStates() {
		if reaches := slices.Contains(back.From, state); reaches != (state != Withdrawn) {
			t.Errorf("from %s: %v", state, reaches)
		}
	}
	if n := back.Errands[0].Notice; n.Kind != NoticeWithdrawn || n.Desk != "a" || n.Code != "K7QM-3XRP-1" || !back.Due.IsZero() || back.Claim != 0 {
		t.Errorf("%+v tells %+v", back, n)
	}
	if !back.Begins() || back.Lane != Urgent || back.Origin != "p07" {
		t.Errorf("a release that is still under way is made: %+v", back)
	}
	_, errands = run(t, shared("a"), "sent", "claim a", "accept a", "withdraw")
	if taken := errands[len(errands)-1].Move; taken.To != Withdrawn || taken.Begins() {
		t.Errorf("a holding that was there begins: %+v", taken)
	}
}

func TestNewsSaysWhetherAnotherHoldsTheCase(t *testing.T) {
	for _, tt := range []struct {
		shares string
		events []string
		held   bool
	}{
		{"lima", []string{"sent", "close lima"}, false},
		{"lima a", []string{"sent", "close lima"}, true},
		{"lima a", []string{"sent", "close lima", "accept a", "close a"}, false},
		{"lima headquarters", []string{"sent", "silent lima", "close headquarters"}, true}, // still the mission's to take up
	} {
		_, errands := run(t, shared(tt.shares), tt.events...)
		var n News
		if err := json.Unmarshal(errands[len(errands)-1].Post.Body[1:], &n); err != nil || n.Held != tt.held {
			t.Errorf("%s, %v: %+v, %v", tt.shares, tt.events, n, err)
		}
	}
}

func TestNewsAreToldApart(t *testing.T) {
	_, errands := run(t, shared("lima a"), "sent", "ack lima", "accept a", "close a")
	seen := map[string]bool{}
	for _, e := range errands {
		if e.Post == nil {
			continue
		}
		if seen[e.Post.ID] || e.Post.To.Name != "cafe" || e.Post.Order <= 1<<31 {
			t.Errorf("%+v", e.Post)
		}
		seen[e.Post.ID] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d news, want 3", len(seen))
	}
}

func TestFilesWaitUntilWithdrawn(t *testing.T) {
	c, _ := run(t, shared("lima"), "sent", "add 2", "add 1", "add 3", "add 3", "add 2")
	if names := fmt.Sprint(c.Waiting); c.Files != 2 || len(c.Waiting) != 2 {
		t.Errorf("%d files, waiting %s", c.Files, names)
	}
	c, _ = c.Happen(Event{Kind: WasWithdrawn, At: noon}, lineRooms())
	c, _ = c.Happen(happening(t, c, "add 4", noon), lineRooms())
	if len(c.Waiting) != 0 || c.Documents != 3 {
		t.Errorf("after it was withdrawn: %+v", c)
	}
}
