package referrals

import (
	"encoding/json"
	"testing"
	"time"
)

// overdue lets a case's clock run out at a time and says what follows. A second time nothing does.
func overdue(t *testing.T, c *Case, at time.Time, dir rooms) string {
	t.Helper()
	next, errands := c.Overdue(at, dir)
	if again, more := next.Overdue(at, dir); len(more) > 0 || again.Look != next.Look {
		t.Fatalf("twice at %s: %s", at, inWords(t, more))
	}
	*c = next
	return inWords(t, errands)
}

// An organisation that is full when its turn comes is passed over and keeps its turn: the case goes on, and comes back.
func TestAFullOrganisationIsPassedOverAndNotForgotten(t *testing.T) {
	dir := lineRooms("a")
	c, errands := shared("a b").Happen(Event{Kind: Sent, At: noon}, dir)
	if got := inWords(t, errands); got != "offer b 1" || !c.Due().IsZero() {
		t.Fatalf("%s, due %s", got, c.Due())
	}
	dir.full = nil
	_, errands = c.Happen(happening(t, c, "pass b", noon.Add(time.Minute)), dir)
	if got := inWords(t, errands); got != "offer a 2, tell released a" {
		t.Fatalf("%s", got)
	}
}

// Where all who were agreed to are full, somebody is paged at once, nothing is lost, and the first who has room is offered the case.
func TestACaseWaitsForRoom(t *testing.T) {
	for _, tt := range []struct{ shares, sent string }{
		{"a full", "page, tell unanswered"},
		{"a headquarters", "alert headquarters"},
		{"lima a", "alert lima"},
	} {
		dir := lineRooms("a")
		c, errands := shared(tt.shares).Happen(Event{Kind: Sent, At: noon}, dir)
		if got := inWords(t, errands); got != tt.sent {
			t.Errorf("%s: %s, want %s", tt.shares, got, tt.sent)
		}
		if again, more := c.Happen(Event{Kind: Sent, At: noon}, dir); len(more) > 0 || again.Look != c.Look {
			t.Errorf("%s: sent again: %s", tt.shares, inWords(t, more))
		}
		at, last := noon, time.Duration(0)
		for range 12 {
			due := c.Due()
			if wait := due.Sub(at); wait < firstLook || wait > longestLook || wait < last {
				t.Fatalf("%s: looks after %s, then after %s", tt.shares, last, wait)
			} else {
				last = wait
			}
			if got := overdue(t, &c, due.Add(-time.Millisecond), dir); got != "" || !c.Due().Equal(due) {
				t.Fatalf("%s: before its time: %s", tt.shares, got)
			}
			if got := overdue(t, &c, due, dir); got != "" {
				t.Fatalf("%s: while it is full: %s", tt.shares, got)
			}
			at = due
		}
		if last != longestLook {
			t.Errorf("looks every %s", last)
		}
		dir.full = nil
		if got := overdue(t, &c, c.Due(), dir); got != "offer a 1, tell released a" || !c.Due().IsZero() {
			t.Errorf("%s: with room: %s, due %s", tt.shares, got, c.Due())
		}
	}
}

func TestAPausedOrganisationGoesOnLater(t *testing.T) {
	dir := lineRooms()
	paused := roomy{NewDirectory(lineDesks().Desks()), nil}
	paused.Follow(Roll{}.Accept("a", false))
	c, errands := shared("lima a").Happen(Event{Kind: Sent, At: noon}, paused)
	if got := inWords(t, errands); got != "alert lima" {
		t.Fatal(got)
	}
	if got := overdue(t, &c, c.Due(), dir); got != "offer a 1, tell released a" {
		t.Errorf("after it went on: %s", got)
	}
	c, _ = shared("lima a").Happen(Event{Kind: Sent, At: noon}, paused)
	if c, _ = c.Happen(Event{Kind: WasWithdrawn, At: noon}, paused); !c.Due().IsZero() {
		t.Error("a case that was withdrawn looks on")
	}
}

// A day after an organisation took it on the defender is asked, once, if it still has the case.
func TestWhetherTheyWereReachedIsAskedOnce(t *testing.T) {
	dir, day := lineRooms(), noon.Add(2*time.Minute+askAfter)
	c, _ := run(t, shared("lima a"), "sent", "ack lima", "accept a")
	if !c.Due().Equal(day) {
		t.Fatalf("asked at %s", c.Due())
	}
	asked, errands := c.Overdue(day, dir)
	var n News
	if len(errands) != 1 || json.Unmarshal(errands[0].Post.Body[1:], &n) != nil || n.Question == nil || n.Question.Field != Reached || n.Question.About != "a" {
		t.Fatalf("asked %+v", n.Question)
	}
	if again, more := asked.Overdue(day.Add(time.Hour), dir); len(more) > 0 || !again.Due().IsZero() {
		t.Errorf("asked again: due %s", again.Due())
	}
	for _, ends := range []string{"close a", "return a", "withdraw", "end", "revoke a"} {
		over, _ := c.Happen(happening(t, c, ends, noon.Add(time.Hour)), dir)
		if _, more := over.Overdue(day, dir); len(more) > 0 {
			t.Errorf("asked after %s", ends)
		}
	}
	wiped, _ := c.Happen(happening(t, c, "wipe", noon.Add(time.Hour)), dir)
	if _, more := wiped.Overdue(day, dir); len(more) > 0 {
		t.Error("asked after a wipe")
	}
}

func TestWhatTheDefenderSaysIsShownToBothDesks(t *testing.T) {
	c, _ := run(t, shared("lima a b"), "sent", "ack lima", "accept a")
	says := func(about, answer string) Event {
		return Event{Kind: WasAnswered, At: noon.Add(26 * time.Hour), Question: &Question{Field: Reached, About: about}, Answer: answer}
	}
	next, errands := c.Happen(says("a", "not_yet"), lineRooms())
	if got := inWords(t, errands); got != "reached lima, reached a, line a not_yet" {
		t.Fatal(got)
	}
	if l := *errands[2].Line; l != (Line{Kind: LineReached, Desk: "a", Code: "K7QM-3XRP-1", Lane: next.Lane, At: noon.Add(26 * time.Hour), Way: ByDefender, Why: "not_yet"}) {
		t.Errorf("%+v", l)
	}
	for i, code := range []string{"K7QM-3XRP", "K7QM-3XRP-1"} {
		if n := errands[i].Notice; n.Code != code || n.About != "a" || n.Answer != "not_yet" || n.Rung != EveryRung {
			t.Errorf("%+v", n)
		}
	}
	if i := next.share("a"); next.Shares[i].Reached != "not_yet" || !next.Shares[i].ReachedAt.Equal(noon.Add(26*time.Hour)) {
		t.Errorf("kept %+v", next.Shares[i])
	}
	if _, more := next.Happen(says("a", "not_yet"), lineRooms()); len(more) > 0 {
		t.Error("the same is told twice")
	}
	for about, answer := range map[string]string{"b": "yes", "nobody": "yes", "a": "perhaps"} {
		if _, more := c.Happen(says(about, answer), lineRooms()); len(more) > 0 {
			t.Errorf("%s of %s: %s", answer, about, inWords(t, more))
		}
	}
}
