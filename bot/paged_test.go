package bot

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"defenderline/referrals"
)

// Every colleague can be chosen, however many there are: of all open cases and of one, a page at a time in the same message, and
// behind the last page comes the first.
func TestColleaguesAreOnPages(t *testing.T) {
	const many = 100
	for asks, data := range map[string]string{"duty:give#lima": "duty:give#lima.", "handover:AAAA-BBBB": "handover:AAAA-BBBB#"} {
		b, _ := newEnrolBench(t)
		b.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
		d := b.dir.Desk("lima")
		for i := len(d.Ladder); i < many; i++ {
			d.Ladder = append(d.Ladder, referrals.Rung{Chat: int64(800000 + i)})
		}
		c, _ := find(b.take(atChat(limaChat, pressOn(9, asks))), "sendMessage")
		var rungs []int
		for page := 1; ; page++ {
			next := ""
			for _, button := range c.buttons() {
				token, ours := strings.CutPrefix(button, data)
				switch rung, err := strconv.Atoi(token); {
				case !ours && button != "nav:back" || len(button) > 64:
					t.Fatalf("page %d of %s has %q", page, asks, button)
				case strings.HasPrefix(token, "+"):
					next = button
				case ours && err == nil:
					rungs = append(rungs, rung)
				}
			}
			if len(c.buttons()) > onPage+2 || next == "" {
				t.Fatalf("page %d of %s has %q", page, asks, c.buttons())
			}
			if c, _ = find(b.take(atChat(limaChat, pressOn(60, next))), "editMessageText"); next == data+"+0" {
				break
			}
		}
		if len(rungs) != many-1 || !slices.IsSorted(rungs) || rungs[0] != 1 || !slices.Contains(c.buttons(), data+"1") {
			t.Errorf("%s offers %v, and in the end %q", asks, rungs, c.buttons())
		}
		if b.take(atChat(limaChat, pressOn(60, data+"99"))); asks != "duty:give#lima" && b.store.holdings["lima AAAA-BBBB"].Rung != 99 {
			t.Errorf("%s: the last is not handed to: %+v", asks, b.store.holdings)
		}
	}
}
