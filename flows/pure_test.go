package flows

import (
	"reflect"
	"slices"
	"testing"
)

// roomy is a session whose slices have room to grow, as they have after a few steps: whoever appends to
// them without care writes into the session of somebody else's step.
func roomy() Session {
	s := writing()
	s.Draft.Trail = append(make([]string, 0, 16), s.Draft.Trail...)
	s.Draft.Items = append(make([]Item, 0, 16), Item{Field: "account", Text: "first", Message: 1}, Item{Field: "reach_detail", Text: "second"},
		Item{Field: "account", Text: "third", Message: 3})
	s.Parked = append(make([]Draft, 0, 16),
		Draft{Flow: FlowThreat, At: "safe", Items: []Item{{Field: "account", Text: "waiting", Message: 9}}},
		Draft{Flow: FlowContact, At: "safe"})
	s.Cases = append(make([]Case, 0, 16), Case{Code: "K7QM-3XRP", State: "sent"}, Case{Code: "K7QM-3XRQ", State: "sent"})
	return s
}

// TestBranches steps from one session in two ways: neither sees the other, and the session stays.
func TestBranches(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	at := func(flow, state string) func(*Session) {
		return func(s *Session) { s.Draft.Flow, s.Draft.At, s.Draft.Case = flow, state, "K7QM-3XRP" }
	}
	tests := []struct {
		name  string
		place func(*Session)
		a, b  Input
	}{
		{"messages", at(FlowEmergency, "account"), Input{Kind: Words, Item: Item{Text: "a"}}, Input{Kind: Words, Item: Item{Text: "b"}}},
		{"ways on", at(FlowEmergency, "account"), Input{Kind: Press, Field: "nav", Value: "done"}, Input{Kind: Press, Field: "nav", Value: "cancel"}},
		{"answers", at(FlowEmergency, "urgency"), Input{Kind: Press, Field: "urgency", Value: "now"}, Input{Kind: Press, Field: "urgency", Value: "week"}},
		{"marks", at(FlowEmergency, "consent"), Input{Kind: Press, Field: "consent", Value: "mission"}, Input{Kind: Press, Field: "consent", Value: "none"}},
		{"what belonged to an answer", at(FlowEmergency, "reach"), Input{Kind: Press, Field: "reach", Value: "here"}, Input{Kind: Press, Field: "reach", Value: "phone"}},
		{"waiting drafts", at(FlowEmergency, "account"), Input{Kind: Command, Value: "threat"}, Input{Kind: Command, Value: "help"}},
		{"waiting drafts, from a page", at(FlowHome, "help"), Input{Kind: Command, Value: "threat"}, Input{Kind: Command, Value: "verify"}},
		{"edits", at(FlowEmergency, "account"), Input{Kind: Edited, Item: Item{Message: 1, Text: "a"}}, Input{Kind: Edited, Item: Item{Message: 9, Text: "b"}}},
		{"cases", at(FlowHome, "withdraw"), Input{Kind: Press, Field: "caseact", Value: "withdraw"}, Input{Kind: Press, Field: "nav", Value: "back"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, untouched := roomy(), roomy()
			tt.place(&s)
			tt.place(&untouched)
			first := mustStep(t, e, s, tt.a)
			if first.Stale {
				t.Fatal("the first way is stale: the test proves nothing")
			}
			kept := stored(t, first.Session)
			second := mustStep(t, e, s, tt.b)
			if second.Stale {
				t.Fatal("the second way is stale: the test proves nothing")
			}
			if !reflect.DeepEqual(s, untouched) {
				t.Errorf("the session given was changed:\n%+v\n%+v", s, untouched)
			}
			if !reflect.DeepEqual(stored(t, first.Session), kept) {
				t.Error("the second way changed what the first had given")
			}
		})
	}
}

// TestLongBranches goes two steps each way: what the steps of one leave behind is not in the other.
func TestLongBranches(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), roomy()
	s.Draft.At = "subject"
	press := func(s Session, field, value string) Session {
		out := mustStep(t, e, s, Input{Kind: Press, Field: field, Value: value})
		if out.Stale {
			t.Fatalf("%s:%s is stale", field, value)
		}
		return out.Session
	}
	a := press(press(s, "subject", "other"), "knows", "yes")
	b := press(press(s, "subject", "self"), "nav", "done")
	if got := a.Draft.Trail[len(a.Draft.Trail)-1]; got != "knows" {
		t.Errorf("the first way came from %q, want knows", got)
	}
	if got := b.Draft.Trail[len(b.Draft.Trail)-1]; got != "account" {
		t.Errorf("the second way came from %q, want account", got)
	}
	command := func(s Session, name string) Session {
		return mustStep(t, e, s, Input{Kind: Command, Value: name}).Session
	}
	s.Parked = s.Parked[:0]
	a = command(command(s, "threat"), "help")
	command(command(s, "contact"), "help")
	if got := a.Parked[1].Flow; got != FlowThreat {
		t.Errorf("%q waits in the first way, want threat", got)
	}
}

// TestNewsBranches proves the same of news and of a case that was sent.
func TestNewsBranches(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), roomy()
	a := e.Sent(s, Case{Code: "AAAA-2222", Flow: FlowThreat, SentAt: noon}).Session
	b := e.Sent(s, Case{Code: "BBBB-2222", Flow: FlowThreat, SentAt: noon}).Session
	if a.Cases[2].Code != "AAAA-2222" || b.Cases[2].Code != "BBBB-2222" || len(s.Cases) != 2 {
		t.Errorf("one sent case overwrote another: %+v %+v", a.Cases, b.Cases)
	}
	if _, _, ok := e.News(s, "K7QM-3XRP", "read", "Lima", 1, noon); !ok || s.Cases[0].State != "sent" {
		t.Errorf("news changed the session given: %+v", s.Cases)
	}
	if out := e.Expire(s); !slices.ContainsFunc(out.Effects, func(e Effect) bool { return e.Kind == Discard }) || len(s.Parked) != 2 {
		t.Errorf("an end by silence changed the session given: %+v", s.Parked)
	}
}
