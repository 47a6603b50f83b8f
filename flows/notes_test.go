package flows

import (
	"slices"
	"strings"
	"testing"
)

func keysOf(notes []Text) (out []string) {
	for _, n := range notes {
		out = append(out, strings.TrimPrefix(n.Key, "note."))
	}
	return out
}

// TestOvertakenNotes proves that above another question nothing is said of the one before, and that what was kept is told
// unless it was thrown away.
func TestOvertakenNotes(t *testing.T) {
	tests := []struct {
		notes, want string
		now         Screen
	}{
		{"kept", "kept_only", Screen{}},
		{"kept_aside kept_home kept_home_case kept_unsent", "kept_there kept_there kept_there kept_there", Screen{}},
		{"kept_place kept_no_country full removed", "kept_there kept_there full removed", Screen{}},
		{"rest waiting unfinished nobody edit_messages", "", Screen{}},
		{"rest", "rest", Screen{Optional: true}},
		{"kept kept_aside full", "full", Screen{Notes: []Text{{Key: "note.discarded"}}}},
		{"added_now consent_changed", "added_now consent_changed", Screen{}},
	}
	for _, tt := range tests {
		var notes []Text
		for _, k := range strings.Fields(tt.notes) {
			notes = append(notes, Text{Key: "note." + k, Args: map[string]any{"Count": 3}})
		}
		got := Overtaken(notes, tt.now)
		if !slices.Equal(keysOf(got), strings.Fields(tt.want)) {
			t.Errorf("%s: %q, want %q", tt.notes, keysOf(got), tt.want)
		}
		if len(got) > 0 && got[0].Key == keptOnly && got[0].Args["Count"] != 3 {
			t.Errorf("the count is lost: %v", got[0].Args)
		}
	}
}

// TestUnseenWordsAnswerNoQuestion proves it of every question that takes words, and that the account takes them as words.
func TestUnseenWordsAnswerNoQuestion(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	asked := 0
	for _, table := range tables() {
		for _, step := range table.Steps {
			if !step.takesWords() {
				continue
			}
			asked++
			s := Session{Language: "en", Chosen: true, Noticed: true, Turn: 3, Draft: Draft{Flow: table.Flow, At: step.At, Answers: map[string][]string{"country": {"PE"}}}}
			if table.Flow == FlowAfter || table.Flow == FlowAdd {
				s.Cases, s.Draft.Case = []Case{{Code: "TEST-2222", State: "sent"}}, "TEST-2222"
			}
			out := mustStep(t, e, s, Input{Kind: Words, Unseen: true, Item: Item{Text: "words", Message: 1}})
			if out.Session.Draft.At != step.At {
				t.Errorf("%s/%s: led to %s", table.Flow, step.At, out.Session.Draft.At)
			}
			items := out.Session.Draft.Items
			for _, f := range out.Effects {
				items = append(items, f.Draft.Items...)
			}
			if len(items) != 1 || items[0].Field != "account" || len(out.Screen.Notes) == 0 {
				t.Errorf("%s/%s: %+v, said %v", table.Flow, step.At, items, keysOf(out.Screen.Notes))
			}
		}
	}
	if asked < 10 {
		t.Errorf("%d questions take words", asked)
	}
}

// TestMarksAreWishes proves that a button of a multiple choice does what it showed, however often it is pressed, and fits its screen only.
func TestMarksAreWishes(t *testing.T) {
	e, s := newEngine(t, fakeDirectory{}), writing()
	s.Draft.At, s.Turn = "consent", 9
	tests := []struct {
		token string
		want  bool
		stale bool
	}{{"9+", true, false}, {"9+", true, false}, {"9-", false, false}, {"9-", false, false}, {"9", true, false}, {"9", false, false}, {"", true, false},
		{"8-", true, true}, {"a-", true, true}, {"9+-", true, true}, {"+", true, true}, {"-9", true, true}, {"9-", false, false}}
	for _, tt := range tests {
		out := mustStep(t, e, s, Input{Kind: Press, Field: "consent", Value: "mission", Token: tt.token})
		if got := slices.Contains(out.Session.Draft.Answers["consent"], "mission"); got != tt.want || out.Stale != tt.stale {
			t.Errorf("#%s: marked %v, stale %v", tt.token, got, out.Stale)
		}
		if out.Past != (tt.token == "8-") {
			t.Errorf("#%s: past %v", tt.token, out.Past)
		}
		s = out.Session
	}
}
