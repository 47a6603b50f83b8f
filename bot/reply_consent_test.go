package bot

import (
	"net/http"
	"strings"
	"testing"

	"defenderline/flows"
	"defenderline/referrals"
)

// What a desk wrote before it heard that consent was taken back is not shown after that: neither what comes to the chat then nor
// what waits to leave, as when Telegram is away.
func TestRepliesOnTheirWayWhenConsentIsTakenBack(t *testing.T) {
	for name, take := range map[string]func(c *flows.Case){
		"from all":      func(c *flows.Case) { c.State = "withdrawn" },
		"from this one": func(c *flows.Case) { c.Desks, c.Refused = []string{"fld"}, []string{"lima"} },
	} {
		r := newReplying(t, flows.Case{Lane: "urgent", Desks: []string{"lima", "fld"}}, flows.Quiet{})
		r.writes(say(20, typed))
		waits, _ := find(r.passes(), "sendMessage")
		if !strings.Contains(waits.text(), canary) {
			t.Fatalf("%s: nothing waits to leave", name)
		}
		s := r.defender.state()
		take(&s.Session.Cases[0])
		r.defender.record(s)
		r.late = r.defender.work.State
		said := r.takenBy(func(method string, _ []byte, _ *http.Request) (int, string) {
			t.Errorf("%s: %s was called", name, method)
			return 200, fine
		}, waits)
		wantSaid(t, said, r.fateSaid(referrals.FateEnded, noon, "erase"))
		r.writes(say(21, typed))
		if calls := r.passes(); len(calls) != 0 {
			t.Errorf("%s: shown %q", name, methods(calls))
		}
		wantSaid(t, r.hears(), r.fateSaid(referrals.FateEnded, noon, "erase"))
	}
}

// Of several photos that were sent at once, or of a long text that Telegram cut in two, the last goes, and the officer is told so.
func TestWhatWasSentBeforeIsSaidNotToGo(t *testing.T) {
	photo := func(id int) string {
		return atLima(strings.Replace(say(id, ""), `"text":""`, `"photo":[{"file_id":"p"}]`, 1))
	}
	b := asked(t)
	only := b.texts.Text("es", "desk.reply.only", nil)
	for i, want := range []bool{false, true, true} {
		if c, _ := find(b.take(photo(20+i)), "sendMessage"); strings.Contains(c.text(), only) != want {
			t.Errorf("photo %d: shown %q", i+1, c.text())
		}
	}
	if c, _ := find(b.take(atLima(pressOn(9, "reply:AAAA-BBBB#call"))), "sendMessage"); !strings.Contains(c.text(), only) {
		t.Errorf("a question instead: shown %q", c.text())
	}
	b = asked(t)
	b.take(atLima(say(20, "one")))
	if c, _ := find(b.take(atLima(strings.Replace(say(20, "two"), `"message"`, `"edited_message"`, 1))), "sendMessage"); strings.Contains(c.text(), only) {
		t.Errorf("the same message, changed: shown %q", c.text())
	}
}

// The name of a file is seen on the defender's phone: the officer reads it before it goes.
func TestTheNameOfAFileIsShownFirst(t *testing.T) {
	for name, want := range map[string]bool{"visa of Juana.pdf": true, "": false} {
		b := asked(t)
		c, _ := find(b.take(atLima(strings.Replace(say(20, ""), `"text":""`, `"document":{"file_id":"v","file_name":`+quoted(name)+`}`, 1))), "sendMessage")
		if got := strings.Contains(c.text(), b.texts.Text("es", "desk.reply.file_name", map[string]any{"Name": name})); got != want {
			t.Errorf("%q: shown %q", name, c.text())
		}
	}
}
