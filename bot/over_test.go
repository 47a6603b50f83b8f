package bot

import (
	"errors"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// A case that the line keeps no longer takes nothing, and its person is told so instead of that the desks were told. What they
// wrote stays theirs.
func TestNothingIsAddedToACaseThatIsNotKept(t *testing.T) {
	for name, press := range map[string]string{"an addition": "review:send", "consent": "consent:none#AAAA-BBBB"} {
		b := addition(t, "read")
		s := b.state()
		s.Session.Cases[0].SentAt = noon.Add(-8 * 24 * time.Hour)
		s.Session.Cases[0].Questions = []flows.Question{{Field: referrals.ConsentField, About: "fld", By: "lima", Name: "Front Line Defenders"}}
		b.record(s)
		b.store.forgot = true
		calls := b.take(pressOn(9, press))
		if len(b.last.Documents) != 0 || len(b.last.Errands) != len(calls) {
			t.Errorf("%s: %d documents, %d errands for %d calls", name, len(b.last.Documents), len(b.last.Errands), len(calls))
		}
		after := b.state().Session
		if c := after.Cases[0]; c.State != "over" || c.Open() || len(c.Questions) != 0 {
			t.Errorf("%s: the case is %+v", name, c)
		}
		if len(after.Draft.Items) != len(filled().Items) {
			t.Errorf("%s: %d of %d things written stay", name, len(after.Draft.Items), len(filled().Items))
		}
	}
	b := addition(t, "completed")
	s := b.state()
	s.Session.Cases[0].SentAt = noon.Add(-8 * 24 * time.Hour)
	b.record(s)
	b.store.forgot = true
	said := ""
	for _, c := range b.take(say(30, "/cases")) {
		said += c.text()
	}
	if over := b.said("news.over", map[string]any{"Code": "AAAA-BBBB"}); !strings.Contains(said, over) {
		t.Errorf("said %q", said)
	}
}

// Only what may have ended is asked about, and what is kept goes on as before.
func TestACaseThatIsKeptGoesOn(t *testing.T) {
	b := addition(t, "read")
	b.store.forgot, b.store.away = true, errors.New("away")
	b.take(pressOn(9, "review:edit"))
	b = addition(t, "read")
	s := b.state()
	s.Session.Cases[0].SentAt = noon.Add(-8 * 24 * time.Hour)
	b.record(s)
	b.store.away = errors.New("away")
	b.entry(lineBot, pressOn(9, "review:edit"))
	if _, err := b.turner.take(t.Context(), b.work); err == nil {
		t.Error("a turn was taken though nobody could say whether the case is kept")
	}
	b.store.away = nil
	b.take(pressOn(9, "review:send"))
	if len(b.last.Documents) != 1 || b.state().Session.Cases[0].State != "read" {
		t.Errorf("%d documents, the case is %q", len(b.last.Documents), b.state().Session.Cases[0].State)
	}
}
