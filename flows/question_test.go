package flows

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// asking is a session with one open case.
func asking() Session {
	return Session{Noticed: true, Chosen: true, Cases: []Case{{Code: "TEST-2222", State: "sent"}}, Draft: Draft{Flow: FlowHome, At: atMenu}}
}

func TestAskIsAskedOnce(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	before := asking()
	s, ok := e.Ask(before, "TEST-2222", Question{Field: "reached", About: "lima", At: noon})
	s, again := e.Ask(s, "TEST-2222", Question{Field: "reached", About: "lima", At: noon.Add(time.Hour)})
	if q, open := s.Cases[0].Asked("reached", "lima"); !ok || !again || !open || len(s.Cases[0].Questions) != 1 || !q.At.Equal(noon.Add(time.Hour)) {
		t.Errorf("asked %v %v, open %+v", ok, again, s.Cases[0].Questions)
	}
	if len(before.Cases[0].Questions) != 0 {
		t.Error("the session given was changed")
	}
	if _, open := s.Cases[0].Asked("reached", "fld"); open {
		t.Error("a question about somebody else is open")
	}
}

// A button answers the question that it stands below, also when another desk was asked about since.
func TestAButtonAnswersItsOwnQuestion(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	s, _ := e.Ask(asking(), "TEST-2222", Question{Field: "reached", About: "fld", At: noon})
	s, _ = e.Ask(s, "TEST-2222", Question{Field: "reached", About: "pbi", At: noon.Add(time.Hour)})
	press := func(value string) Outcome {
		return mustStep(t, e, s, Input{Kind: Press, Field: "reached", Value: value, Token: "TEST-2222"})
	}
	for about, want := range map[string]string{"fld": "no", "pbi": "no:1"} {
		q, _ := s.Cases[0].Asked("reached", about)
		_, rows := AskReached("TEST-2222", about, q.Mark)
		if got := rows[2][0].Value; got != want {
			t.Fatalf("about %s: %q, want %q", about, got, want)
		}
		out := press(want)
		if len(out.Effects) != 1 || out.Effects[0].Question.About != about || out.Effects[0].Value != "no" {
			t.Errorf("%s answers %+v", want, out.Effects)
		}
	}
	s = press("no").Session
	for _, value := range []string{"no", "yes", "no:2", "no:", "no:0", "no:01", ":1", "other:1"} {
		if out := press(value); len(out.Effects) != 0 || out.Toast.Key != "toast.question_over" {
			t.Errorf("%s answers %+v, %q", value, out.Effects, out.Toast.Key)
		}
	}
	if s, _ = e.Ask(s, "TEST-2222", Question{Field: "reached", About: "fld", At: noon.Add(2 * time.Hour)}); press("no").Effects[0].Question.About != "fld" {
		t.Error("asked about again, its first message answers something else")
	}
}

func TestAskOfAnEndedCase(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	for _, state := range []string{"withdrawn", "closed", "completed"} {
		s := asking()
		s.Cases[0].State = state
		if _, ok := e.Ask(s, "TEST-2222", Question{Field: "reached"}); ok {
			t.Errorf("asked of a case that is %s", state)
		}
	}
	if _, ok := e.Ask(asking(), "TEST-3333", Question{Field: "reached"}); ok {
		t.Error("asked of a case that the chat does not know")
	}
}

func TestQuestionsAreBounded(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	s := asking()
	for i := range 2 * mostQuestions {
		s, _ = e.Ask(s, "TEST-2222", Question{Field: "reached", About: fmt.Sprint(i)})
	}
	q := s.Cases[0].Questions
	if len(q) != mostQuestions || q[len(q)-1].About != fmt.Sprint(2*mostQuestions-1) {
		t.Errorf("%d are open, the last about %s", len(q), q[len(q)-1].About)
	}
}

// Buttons of messages carry the case, those of screens the turn; both fit behind a button.
func TestButtonsOfQuestionsCarryTheCase(t *testing.T) {
	data := Screen{Turn: 77, Rows: [][]Button{{AnswerButton("K7QM-3XRP"), QuestionButton("K7QM-3XRP", "consent", "headquarters", Verbatim("Yes"))}}}.
		View("en", plain{}).Rows
	var got []string
	for _, row := range data {
		for _, b := range row {
			got = append(got, b.Data)
		}
	}
	if want := []string{"case:K7QM-3XRP#K7QM-3XRP", "consent:headquarters#K7QM-3XRP"}; !slices.Equal(got, want) {
		t.Errorf("data %q", got)
	}
}

// A token that is the code of no case is one of a screen that has moved on.
func TestTokensThatAreNoCodes(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	for _, token := range []string{"", "1", "zz", "TEST2222", "TEST-222", "test-2222", "TEST-2221-", "TEST_2222", "1+"} {
		out := mustStep(t, e, asking(), Input{Kind: Press, Field: "case", Value: "TEST-2222", Token: token})
		if out.Apart || out.Beside {
			t.Errorf("%q is taken for a code", token)
		}
	}
}
