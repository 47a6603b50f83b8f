package bot

import (
	"testing"
	"time"

	"defenderline/referrals"
)

// Whoever presses more often than any hand is told to slow down, then no more, until the next minute; acknowledging is never
// refused, and other chats are not held up.
func TestAnOfficersChatIsBounded(t *testing.T) {
	b := newBench(t)
	b.turner.paced = &deskPace{}
	at := noon
	b.turner.now = func() time.Time { return at }
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Acknowledged))
	b.store.hold(held("lima", "AAAA-CCCC", referrals.Alerted))
	open := func(chat int64) string { return toastOf(t, b.take(atChat(chat, pressOn(9, "open:AAAA-BBBB")))) }
	follow, slow := b.texts.Text("es", "desk.toast.open", nil), b.texts.Text("es", "toast.slow", nil)
	for n := range mostDeskActs {
		if got := open(limaChat); got != follow {
			t.Fatalf("press %d: %q", n+1, got)
		}
	}
	for range mostSlow {
		if got := open(limaChat); got != slow || len(b.last.Errands) != 1 {
			t.Fatalf("beyond: %q, %d errands", got, len(b.last.Errands))
		}
	}
	if calls := b.take(atChat(limaChat, pressOn(9, "open:AAAA-BBBB"))); len(calls) != 0 || b.refused() != mostSlow+1 {
		t.Errorf("answered still: %q; refused %v", methods(calls), b.refused())
	}
	if got := open(limaSecond); got != follow {
		t.Errorf("another officer: %q", got)
	}
	b.take(atChat(limaChat, pressOn(9, "ack:AAAA-CCCC")))
	if got := b.store.holdings["lima AAAA-CCCC"].State; got != referrals.Acknowledged {
		t.Errorf("acknowledged, it is %s", got)
	}
	at = at.Add(time.Minute)
	if got := open(limaChat); got != follow {
		t.Errorf("a minute later: %q", got)
	}
}
