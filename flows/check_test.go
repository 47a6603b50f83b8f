package flows

import (
	"strings"
	"testing"
)

// TestOwnTablesPass proves that the tables that ship are sound.
func TestOwnTablesPass(t *testing.T) {
	for _, table := range tables() {
		if err := Check(table); err != nil {
			t.Error(err)
		}
	}
}

// good is a small sound table that each test breaks in one place.
func good() Table {
	return Table{Flow: "good", Begin: "words", Steps: []Step{
		{At: "words", Takes: Messages, Next: []Answer{{On: Written, To: "words"}, {On: "nav:done", To: "marks"}}},
		{At: "marks", Takes: Several, Options: []string{"one", "two"}, Next: []Answer{{On: "nav:done", To: "consent"}}},
		{At: "consent", From: FromRecipients, Takes: Several, Next: []Answer{
			{On: Chosen, To: "consent"},
			{On: "nav:done", To: "review"},
			{On: Nobody, To: "consent"},
		}},
		{At: "review", Next: []Answer{
			{On: "review:send", To: End, Do: Submit},
			{On: Nobody, To: "consent"},
			{On: "review:edit", To: "words"},
		}},
	}}
}

// TestCheckRefuses breaks a sound table in one place at a time.
func TestCheckRefuses(t *testing.T) {
	if err := Check(good()); err != nil {
		t.Fatalf("the sound table is refused: %v", err)
	}
	tests := []struct {
		name, want string
		broken     func(*Table)
	}{
		{"two steps for a state", `two steps for "words"`, func(t *Table) { t.Steps = append(t.Steps, t.Steps[0]) }},
		{"a state that all have", `two steps for "cancel"`, func(t *Table) { t.Steps[1].At = "cancel" }},
		{"a step without a name", "without a name", func(t *Table) { t.Steps = append(t.Steps, Step{}) }},
		{"no beginning", `begins at "nowhere"`, func(t *Table) { t.Begin = "nowhere" }},
		{"an answer to two places", "leads to two places", func(t *Table) {
			t.Steps[3].Next = append(t.Steps[3].Next, Answer{On: "review:edit", To: "marks"})
		}},
		{"an option that is an answer too", "leads to two places", func(t *Table) {
			t.Steps[1].Next = append(t.Steps[1].Next, Answer{On: "one", To: "review"})
		}},
		{"an option twice", "stands twice", func(t *Table) { t.Steps[1].Options = []string{"one", "one"} }},
		{"an arrow to nowhere", "which is no step", func(t *Table) { t.Steps[1].Next[0].To = "gone" }},
		{"a step that cannot be reached", `"lonely" cannot be reached`, func(t *Table) {
			t.Steps = append(t.Steps, Step{At: "lonely", Next: []Answer{{On: "yes", To: End}}})
		}},
		{"a step that cannot reach an end", "cannot reach an end", func(t *Table) {
			t.Steps = append(t.Steps, Step{At: "trap", Apart: true, Next: []Answer{{On: "yes", To: "trap"}}})
		}},
		{"a way around consent", "without a question for consent", func(t *Table) {
			t.Steps[1].Next[0].To = "review"
		}},
		{"an entrance behind consent", "without a question for consent", func(t *Table) { t.Steps[3].Apart = true }},
		{"a consent question that sends by itself is sound only with nobody", "it needs nobody", func(t *Table) {
			t.Steps[3].Next = t.Steps[3].Next[:1]
		}},
		{"submit that does not end", "must lead to End", func(t *Table) { t.Steps[3].Next[0].To = "words" }},
		{"no answer", "has no answer", func(t *Table) { t.Steps[3].Next = nil }},
		{"words with a button", "no buttons but nav", func(t *Table) {
			t.Steps[0].Next = append(t.Steps[0].Next, Answer{On: "yes", To: "marks"})
		}},
		{"words that nobody can write", "it needs written", func(t *Table) { t.Steps[0].Next = t.Steps[0].Next[1:] }},
		{"messages without an end", "it needs nav:done", func(t *Table) { t.Steps[0].Next[1].On = "nav:skip" }},
		{"marks without an end", "it needs nav:done", func(t *Table) { t.Steps[1].Next[0].On = "nav:skip" }},
		{"a list without chosen", "it needs chosen", func(t *Table) { t.Steps[2].Next = t.Steps[2].Next[1:] }},
		{"a way out that is not one to the end", `give it enough to "consent" too`, func(t *Table) {
			t.Steps[0].Next[1].To = "more"
			t.Steps = append(t.Steps,
				Step{At: "more", Next: []Answer{{On: "yes", To: "most"}, {On: "nav:skip", To: "most"}, {On: Enough, To: "consent"}}},
				Step{At: "most", Next: []Answer{{On: "yes", To: "marks"}, {On: "nav:skip", To: "marks"}}})
		}},
		{"a way out of a question that cannot be skipped", "needs nav:skip", func(t *Table) {
			t.Steps[1].Next = append(t.Steps[1].Next, Answer{On: Enough, To: "consent"})
		}},
		{"a way out where nav:done is the end of an answer", "cannot be enough", func(t *Table) {
			t.Steps[0].Next = append(t.Steps[0].Next, Answer{On: "nav:skip", To: "marks"}, Answer{On: Enough, To: "consent"})
		}},
		{"a value that is too long", "does not fit behind a button", func(t *Table) {
			t.Steps[1].Options = []string{strings.Repeat("x", 60)}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := good()
			tt.broken(&table)
			err := Check(table)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Check said %v, want %q", err, tt.want)
			}
		})
	}
}

// TestCheckAll proves that tables are checked against each other.
func TestCheckAll(t *testing.T) {
	if err := checkAll([]Table{good(), good()}); err == nil || !strings.Contains(err.Error(), "two tables") {
		t.Errorf("two tables of one name: %v", err)
	}
	lost := good()
	lost.Steps[3].Next = append(lost.Steps[3].Next, Answer{On: "on", To: End, Begin: "gone"})
	if err := checkAll([]Table{lost}); err == nil || !strings.Contains(err.Error(), "no conversation") {
		t.Errorf("a beginning of nothing: %v", err)
	}
}

// TestMachineRefuses proves that an answer that a table does not have is an error and that the
// state machine is sound afterwards.
func TestMachineRefuses(t *testing.T) {
	m := newMachine(good())
	if to, err := m.next(t.Context(), "words", "dance"); err == nil {
		t.Errorf("an unknown answer led to %q", to)
	}
	if to, err := m.next(t.Context(), "marks", "one"); err != nil || to != "marks" {
		t.Errorf("an option led to %q, %v; want to stay", to, err)
	}
	if to, err := m.next(t.Context(), "words", "nav:done"); err != nil || to != "marks" {
		t.Errorf("nav:done led to %q, %v", to, err)
	}
}
