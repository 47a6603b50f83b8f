package flows

import (
	"slices"
	"strings"
	"testing"
)

// writing is a session in the middle of an account.
func writing() Session {
	return Session{Noticed: true, Draft: Draft{Flow: FlowEmergency, At: "account", Trail: []string{"safe", "urgency", "country"},
		Answers: map[string][]string{"country": {"PE"}}}}
}

func noted(out Outcome, key string) bool {
	return slices.ContainsFunc(out.Screen.Notes, func(n Text) bool { return n.Key == key })
}

func mustStep(t testing.TB, e *Engine, s Session, in Input) Outcome {
	t.Helper()
	in.At = noon
	out, err := e.Step(s, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTooManyItems proves that the hundred-and-first message is refused aloud and the rest is there.
func TestTooManyItems(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), writing()
	for i := range MaxItems {
		out := mustStep(t, e, s, Input{Kind: Words, Item: Item{Text: "words", Message: i + 1}})
		if noted(out, "note.full") {
			t.Fatalf("full after %d messages, want %d", i, MaxItems)
		}
		s = out.Session
	}
	out := mustStep(t, e, s, Input{Kind: Words, Item: Item{Text: "one more"}})
	if !noted(out, "note.full") || noted(out, "note.kept") || len(out.Session.Draft.Items) != MaxItems {
		t.Errorf("message %d: %v, %d kept", MaxItems+1, out.Screen.Notes, len(out.Session.Draft.Items))
	}
}

// TestTooManyCharacters proves that words beyond the limit are refused aloud, also by an edit, and
// that characters are counted and not bytes.
func TestTooManyCharacters(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), writing()
	s = mustStep(t, e, s, Input{Kind: Words, Item: Item{Text: strings.Repeat("ñ", MaxCharacters-1), Message: 1}}).Session
	out := mustStep(t, e, s, Input{Kind: Words, Item: Item{Text: "ab", Message: 2}})
	if !noted(out, "note.full") || len(out.Session.Draft.Items) != 1 {
		t.Errorf("beyond the limit: %v", out.Screen.Notes)
	}
	s = mustStep(t, e, s, Input{Kind: Words, Item: Item{Text: "a", Message: 2}}).Session
	out = mustStep(t, e, s, Input{Kind: Edited, Item: Item{Text: "ab", Message: 2}})
	if !noted(out, "note.full") || out.Session.Draft.Items[1].Text != "a" {
		t.Errorf("edited beyond the limit: %v, %q", out.Screen.Notes, out.Session.Draft.Items[1].Text)
	}
	out = mustStep(t, e, s, Input{Kind: Edited, Item: Item{Text: "b", Message: 2}})
	if !noted(out, "note.edited") || out.Session.Draft.Items[1].Text != "b" {
		t.Errorf("edited within the limit: %v", out.Screen.Notes)
	}
}

// TestFullStillFindsCountries proves that a full draft does not lock anybody in at the country.
func TestFullStillFindsCountries(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), writing()
	s.Draft.At = "country"
	s.Draft.Items = make([]Item, MaxItems)
	out := mustStep(t, e, s, Input{Kind: Words, Item: Item{Text: "Peru"}, Countries: []string{"PE"}})
	if !noted(out, "note.full") || !slices.Equal(out.Session.Draft.Offered, []string{"PE"}) {
		t.Errorf("notes %v, offered %v", out.Screen.Notes, out.Session.Draft.Offered)
	}
}

// changing is a directory in which the mission's key is lost while somebody writes.
type changing struct {
	fakeDirectory
	lost *bool
}

func (c changing) Consents(flow, country, language string, answers map[string][]string) []Recipient {
	list := c.fakeDirectory.Consents(flow, country, language, answers)
	if *c.lost {
		return list[1:]
	}
	return list
}

// TestConsentIsCheckedAgain proves that what was agreed to and can no longer be done is not
// replaced by something else.
func TestConsentIsCheckedAgain(t *testing.T) {
	lost := false
	e, s := newEngine(t, changing{lost: &lost}), writing()
	s.Draft.At = "consent"
	s = mustStep(t, e, s, Input{Kind: Press, Field: "consent", Value: "mission"}).Session
	s = mustStep(t, e, s, Input{Kind: Press, Field: "consent", Value: "headquarters"}).Session
	lost = true
	out := mustStep(t, e, s, Input{Kind: Press, Field: "review", Value: "send"})
	if len(out.Effects) > 0 || !noted(out, "note.consent_changed") || out.Toast.Key != "toast.nobody" {
		t.Fatalf("sent, or without a word: %v %v", out.Effects, out.Screen.Notes)
	}
	out = mustStep(t, e, out.Session, Input{Kind: Press, Field: "review", Value: "send"})
	if len(out.Effects) != 1 || !slices.Equal(out.Effects[0].Draft.Answers["consent"], []string{"headquarters"}) {
		t.Errorf("the second press: %+v", out.Effects)
	}
}

// TestOldSessions proves that a session of another release finds its place and keeps its words.
func TestOldSessions(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	words := []Item{{Field: "account", Text: "words"}}
	tests := []struct {
		name     string
		d        Draft
		flow, at string
	}{
		{"new", Draft{}, FlowHome, atMenu},
		{"a conversation that is gone", Draft{Flow: "gone", At: "x", Items: words}, FlowHome, atMenu},
		{"a question that is gone", Draft{Flow: FlowThreat, At: "gone", Trail: []string{"gone too"}, Items: words}, FlowThreat, atLanguage},
		{"a page that is gone", Draft{Flow: FlowHome, At: "gone", Items: words}, FlowHome, atMenu},
		{"an addition to nothing", Draft{Flow: FlowAdd, At: "account", Items: words}, FlowHome, atMenu},
		{"a case that is gone", Draft{Flow: FlowHome, At: "withdraw", Case: "K7QM-3XRP", Items: words}, FlowHome, "cases"},
	}
	for _, tt := range tests {
		out := e.Show(Session{Draft: tt.d})
		got := out.Session.Draft
		if got.Flow != tt.flow || got.At != tt.at || len(got.Items) != len(tt.d.Items) {
			t.Errorf("%s: at %s/%s with %d items, want %s/%s with %d", tt.name, got.Flow, got.At, len(got.Items), tt.flow, tt.at, len(tt.d.Items))
		}
	}
}

// TestSentTwice proves that showing a case as sent again does not list it twice.
func TestSentTwice(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	c := Case{Code: "K7QM-3XRP", Flow: FlowThreat, SentAt: noon}
	s := e.Sent(e.Sent(Session{}, c).Session, c).Session
	if len(s.Cases) != 1 {
		t.Errorf("%d cases, want 1", len(s.Cases))
	}
}

// TestOldNews proves that news that comes late does not undo later news.
func TestOldNews(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	s := Session{Cases: []Case{{Code: "K7QM-3XRP", State: "accepted", At: noon}}}
	if got, _, ok := e.News(s, "K7QM-3XRP", "read", "Lima", 0, noon.Add(-1)); ok || got.Cases[0].State != "accepted" {
		t.Errorf("older news was told: %+v", got.Cases)
	}
	got, text, ok := e.News(s, "K7QM-3XRP", "completed", "Lima", 0, noon)
	if !ok || text.Key != "news.completed" || got.Cases[0].State != "completed" || s.Cases[0].State != "accepted" {
		t.Errorf("%v %+v, before %+v", text, got.Cases, s.Cases)
	}
}

// TestDraftsDoNotGrowByParking fills a draft, leaves it for a page, writes there, comes back, and again: what is kept of one
// chat has an end however it is gathered.
func TestDraftsDoNotGrowByParking(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), writing()
	kept := func(s Session) int {
		n := characters(s.Draft.Items)
		for _, d := range s.Parked {
			n += characters(d.Items)
		}
		return n
	}
	for range 5 {
		for range 12 {
			s = mustStep(t, e, s, Input{Kind: Words, Item: Item{Text: strings.Repeat("w", 4000)}}).Session
		}
		s = mustStep(t, e, s, Input{Kind: Command, Value: "help"}).Session
		for range 12 {
			s = mustStep(t, e, s, Input{Kind: Words, Item: Item{Text: strings.Repeat("w", 4000)}}).Session
		}
		s = mustStep(t, e, s, Input{Kind: Command, Value: "start"}).Session
	}
	if n := kept(s); n == 0 || n > 2*MaxCharacters {
		t.Errorf("%d characters are kept, at most %d may be", n, 2*MaxCharacters)
	}
}
