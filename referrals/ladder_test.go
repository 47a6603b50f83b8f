package referrals

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// at reads "Fri 16:30" in the week of noon.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	day, clock, _ := strings.Cut(s, " ")
	m, err := time.Parse("15:04", clock)
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 3, 1+int(weekdays[day]), m.Hour(), m.Minute(), 0, 0, time.UTC)
}

func TestDue(t *testing.T) {
	mission := &Desk{ID: "lima", Kind: MissionDesk, Hours: mustHours(t, "Mon-Fri 09:00-17:00"),
		Ladder: []Rung{{Within: 10 * time.Minute}, {Within: 20 * time.Minute}}}
	slow := *mission
	slow.RoutineWithin = 72 * time.Hour
	abroad := slow
	abroad.Zone = mustZone(t, "America/Lima") // five hours behind
	gulf := *mission
	gulf.Hours = mustHours(t, "Sun-Thu 08:00-15:00")
	ngo := &Desk{ID: "a", Kind: NGODesk, AcceptWithin: 45 * time.Minute}
	for _, tt := range []struct {
		name      string
		desk      *Desk
		rung      int
		lane      Lane
		at, until string
		days      int
	}{
		{"an emergency ignores duty hours", mission, 0, Emergency, "Sat 23:00", "Sat 23:10", 0},
		{"so does an urgent case", mission, 1, Urgent, "Fri 16:50", "Fri 17:10", 0},
		{"routine within duty hours", mission, 0, Routine, "Wed 12:00", "Wed 12:10", 0},
		{"routine begins with the next duty hour", mission, 0, Routine, "Wed 18:00", "Thu 09:10", 0},
		{"and over the week end", mission, 1, Routine, "Fri 17:00", "Mon 09:20", 7},
		{"and a Friday where it is free", &gulf, 0, Routine, "Thu 16:00", "Sun 08:10", 7},
		{"its own time for routine, which ends on the next duty day", &slow, 1, Routine, "Wed 07:00", "Mon 09:00", 7},
		{"and within duty hours where it can", &slow, 1, Routine, "Mon 12:00", "Thu 12:00", 0},
		{"a short one is not over at night", mission, 1, Routine, "Wed 16:50", "Thu 09:00", 0},
		{"but not for others", &slow, 1, Urgent, "Wed 07:00", "Wed 07:20", 0},
		{"hours are the desk's", &abroad, 0, Routine, "Wed 12:00", "Mon 14:00", 7},
		{"an NGO has its own time", ngo, 0, Routine, "Sun 03:00", "Sun 03:45", 0},
		{"a rung that is no more", mission, 7, Emergency, "Wed 12:00", "Wed 12:00", 0},
	} {
		got, want := Due(tt.desk, tt.rung, tt.lane, at(t, tt.at)), at(t, tt.until).AddDate(0, 0, tt.days)
		if !got.Equal(want) {
			t.Errorf("%s: %s, want %s", tt.name, got, want)
		}
		if got.Location() != time.UTC {
			t.Errorf("%s: in %s", tt.name, got.Location())
		}
	}
}

func TestLanguageOfADesk(t *testing.T) {
	if got := (&Desk{Languages: []string{"es", "en"}}).Language("fr") + (&Desk{}).Language("fr"); got != "esfr" {
		t.Error(got)
	}
}

// held is what lima or an NGO holds, due at noon.
func held(state State, claim int64, rung int) Holding {
	h := Holding{Desk: "lima", Code: string(testCode), State: state, Lane: Emergency, Claim: claim, Rung: rung, Since: noon, Due: noon, Origin: "p07"}
	if slices.Contains([]State{Offered, Claimed, Accepted, Completed, Declined, Expired, Returned}, state) {
		h.Desk, h.Code = "a", string(testCode)+"-1"
	}
	return h
}

func TestNothingIsOversleptTooEarly(t *testing.T) {
	dir := lineDesks()
	for _, state := range allStates() {
		h := held(state, 1, 0)
		if m, due := Overslept(h, dir.Desk(h.Desk), noon.Add(-time.Millisecond)); due {
			t.Errorf("%s, before it is due: %+v", state, m)
		}
		h.Due = time.Time{}
		if m, due := Overslept(h, dir.Desk(h.Desk), noon.Add(1000*time.Hour)); due {
			t.Errorf("%s, never due: %+v", state, m)
		}
	}
}

// TestOverslept says for each state what follows when it is due, and that nothing else moves.
func TestOverslept(t *testing.T) {
	want := map[State]State{Alerted: Alerted, Offered: Expired, Claimed: Expired}
	dir := lineDesks()
	for _, state := range allStates() {
		h := held(state, 1, 0)
		m, due := Overslept(h, dir.Desk(h.Desk), noon)
		if m.To != want[state] || due != (want[state] != "") {
			t.Errorf("%s: %v %+v", state, due, m)
		}
		if due && (!slices.Equal(m.From, []State{state}) || m.ID == "" || m.Desk != h.Desk || m.Code != h.Code || m.At != noon) {
			t.Errorf("%s: %+v", state, m)
		}
	}
}

func TestTheNextRung(t *testing.T) {
	lima := lineDesks().Desk("lima")
	m, _ := Overslept(held(Alerted, 0, 0), lima, noon)
	want := Move{ID: "rung:K7QM-3XRP:0:1772625600000", Desk: "lima", Code: "K7QM-3XRP", From: []State{Alerted}, To: Alerted, AtRung: 0, Rung: 1, Told: UpTo(1),
		At: noon, Way: ByClock, Origin: "p07", Due: noon.Add(20 * time.Minute), Errands: []Errand{{Notice: &Notice{Kind: NoticeAlert, Desk: "lima", Rung: 1,
			Code: "K7QM-3XRP", Lane: Emergency, Origin: "p07", At: noon, Due: noon.Add(20 * time.Minute)}}}}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("\n got %+v\nwant %+v", m, want)
	}
	end, _ := Overslept(held(Alerted, 0, 1), lima, noon)
	if end.To != Silent || end.AtRung != 1 || end.Rung != 1 || !end.Due.IsZero() || end.ID == m.ID {
		t.Errorf("the end of the ladder: %+v", end)
	}
	expect(t, end, WasSilent)
}

// expect wants exactly one post of a move, to the case, of that kind.
func expect(t *testing.T, m Move, kind EventKind) Event {
	t.Helper()
	var found []Event
	for _, e := range m.Errands {
		if e.Post == nil {
			continue
		}
		var happened Event
		if err := json.Unmarshal(e.Post.Body, &happened); err != nil {
			t.Fatal(err)
		}
		if (e.Post.To != Member{Slot: "p07", Name: testCode.Name()}) || e.Post.ID != m.ID+":"+m.Desk {
			t.Errorf("%s: posted as %+v", kind, e.Post)
		}
		found = append(found, happened)
	}
	if len(found) != 1 || found[0].Kind != kind || found[0].Desk != m.Desk || found[0].Holding != m.Code || !found[0].At.Equal(m.At) {
		t.Fatalf("%s: %+v", kind, found)
	}
	return found[0]
}

// TestDesksThatAreGone: a desk taken out of the configuration answers no more, so its clocks end at once.
func TestDesksThatAreGone(t *testing.T) {
	for state, to := range map[State]State{Alerted: Silent, Offered: Expired, Claimed: Expired} {
		if m, due := Overslept(held(state, 1, 0), nil, noon); !due || m.To != to {
			t.Errorf("%s: %v %+v", state, due, m)
		}
	}
	short := *lineDesks().Desk("lima")
	short.Ladder = nil
	if m, due := Overslept(held(Alerted, 0, 4), &short, noon); !due || m.To != Silent {
		t.Errorf("a ladder that became shorter: %v %+v", due, m)
	}
}

func TestExpiryTellsTheDesk(t *testing.T) {
	seen := map[string]bool{}
	for _, h := range []Holding{held(Offered, 0, 0), held(Claimed, 1, 0), held(Claimed, 2, 0)} {
		m, _ := Overslept(h, lineDesks().Desk("a"), noon)
		if e := expect(t, m, WasPassed); e.Read != (h.State == Claimed) {
			t.Errorf("%s: %+v", h.State, e)
		}
		n := m.Errands[len(m.Errands)-1].Notice
		if n == nil || n.Kind != NoticeExpired || n.Desk != "a" || n.Code != h.Code || n.Origin != "p07" || m.Claim != h.Claim || seen[m.ID] {
			t.Errorf("%s: %+v tells %+v", h.State, m, n)
		}
		seen[m.ID] = true
	}
}

// TestActs gives every act in every state: the states it may start from, with the claim that was seen.
func TestActs(t *testing.T) {
	ngo := &Desk{ID: "a", Kind: NGODesk, AcceptWithin: 30 * time.Minute}
	for _, tt := range []struct {
		name string
		act  func(Holding) Move
		from []State
		to   State
		tell EventKind
		why  string
	}{
		{"acknowledge", func(h Holding) Move { return Acknowledge(h, "id", noon) }, []State{Alerted, Silent}, Acknowledged, WasAcknowledged, ""},
		{"close", func(h Holding) Move { return CloseCase(h, "met", "id", noon) }, []State{Alerted, Acknowledged, Silent}, Closed, WasClosed, "met"},
		{"claim", func(h Holding) Move { return Claim(h, ngo, "id", noon) }, []State{Offered}, Claimed, WasClaimed, ""},
		{"accept", func(h Holding) Move { return Accept(h, "id", noon) }, []State{Claimed}, Accepted, WasAccepted, ""},
		{"decline", func(h Holding) Move { return Decline(h, "mandate", "id", noon) }, []State{Offered, Claimed}, Declined, WasPassed, "mandate"},
		{"return", func(h Holding) Move { return Return(h, "safety", "id", noon) }, []State{Claimed, Accepted}, Returned, WasPassed, "safety"},
		{"complete", func(h Holding) Move { return Complete(h, "funded", "id", noon) }, []State{Accepted}, Completed, WasClosed, "funded"},
	} {
		for _, state := range allStates() {
			h := held(state, 0, 1)
			if !slices.Contains([]State{Alerted, Acknowledged, Silent, Closed, Offered}, state) {
				h.Claim = 1
			}
			m := tt.act(h)
			if m.To != tt.to || m.ID != "id" || m.Desk != h.Desk || m.Code != h.Code || m.Reason != tt.why || m.AtRung != -1 || m.At != noon {
				t.Errorf("%s from %s: %+v", tt.name, state, m)
			}
			if may := slices.Contains(tt.from, state); may != fits(m, h) {
				t.Errorf("%s from %s is possible: %v", tt.name, state, !may)
			}
			if e := expect(t, m, tt.tell); e.Read != (h.Claim > 0 && e.Kind == WasPassed) {
				t.Errorf("%s from %s: %+v", tt.name, state, e)
			}
			wantDue := time.Time{}
			if tt.to == Claimed {
				wantDue = noon.Add(30 * time.Minute)
			}
			if !m.Due.Equal(wantDue) || m.Claims != (tt.to == Claimed) {
				t.Errorf("%s from %s: due %s, claims %v", tt.name, state, m.Due, m.Claims)
			}
		}
	}
}

// fits is what the store checks before it makes a move.
func fits(m Move, h Holding) bool {
	return slices.Contains(m.From, h.State) && (m.Claim == 0 || m.Claim == h.Claim+h.Handed) && (m.AtRung < 0 || m.AtRung == h.Rung)
}

// TestActsOnWhatOneSaw: an act on an older view than the desk's never touches a colleague's claim, and of an
// act and the clock that race only one is made.
func TestActsOnWhatOneSaw(t *testing.T) {
	ngo := lineDesks().Desk("a")
	offered, first, second := held(Offered, 0, 0), held(Claimed, 1, 0), held(Claimed, 2, 0)
	accepted := held(Accepted, 2, 0)
	expiry, _ := Overslept(offered, ngo, noon)
	lapse, _ := Overslept(first, ngo, noon)
	for name, tt := range map[string]struct {
		m    Move
		h    Holding
		want bool
	}{
		"declining an offer that a colleague claimed": {Decline(offered, "other", "id", noon), first, false},
		"accepting it":                            {Accept(offered, "id", noon), first, false},
		"returning it":                            {Return(offered, "other", "id", noon), first, false},
		"completing it":                           {Complete(offered, "met", "id", noon), accepted, false},
		"accepting with an older claim":           {Accept(first, "id", noon), second, false},
		"declining with an older claim":           {Decline(first, "other", "id", noon), second, false},
		"returning with an older claim":           {Return(first, "other", "id", noon), second, false},
		"completing with an older claim":          {Complete(first, "met", "id", noon), accepted, false},
		"accepting with the claim":                {Accept(second, "id", noon), second, true},
		"completing with the claim":               {Complete(accepted, "met", "id", noon), accepted, true},
		"claiming what a colleague claimed":       {Claim(offered, ngo, "id", noon), first, false},
		"the offer expires, but it was claimed":   {expiry, first, false},
		"the claim expires, but it was accepted":  {lapse, held(Accepted, 1, 0), false},
		"a claim expires, but there is a newer":   {lapse, second, false},
		"accepting what has expired":              {Accept(first, "id", noon), held(Expired, 1, 0), false},
		"claiming what has expired":               {Claim(offered, ngo, "id", noon), held(Expired, 0, 0), false},
		"the claim expires, and it is still held": {lapse, first, true},
	} {
		if got := fits(tt.m, tt.h); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for rung := range 3 {
		m, _ := Overslept(held(Alerted, 0, 0), lineDesks().Desk("lima"), noon)
		if fits(m, held(Alerted, 0, rung)) != (rung == 0) || fits(m, held(Acknowledged, 0, 0)) {
			t.Errorf("an old clock moves a ladder that is at rung %d", rung)
		}
	}
}

func TestActsAreToldApart(t *testing.T) {
	ids := map[string]string{}
	for _, h := range []Holding{held(Alerted, 0, 0), held(Alerted, 0, 1), held(Offered, 0, 0), held(Claimed, 1, 0)} {
		m, _ := Overslept(h, lineDesks().Desk(h.Desk), noon)
		name := fmt.Sprint(h.State, h.Rung)
		if other, taken := ids[m.ID]; taken {
			t.Errorf("%s and %s are both %s", name, other, m.ID)
		}
		ids[m.ID] = name
	}
}
