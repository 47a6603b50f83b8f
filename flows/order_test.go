package flows

import (
	"testing"
	"time"
)

// told is one piece of news as it comes to a chat.
type told struct {
	state  string
	number int
	at     time.Time
}

// TestNewsInOrder lets news come in every order, by a clock that went on and by one that went back: what is newer is never undone,
// and nothing that is newer is lost.
func TestNewsInOrder(t *testing.T) {
	sent := Case{Code: "K7QM-3XRP", State: "sent", SentAt: noon, At: noon}
	earlier := Case{Code: "K7QM-3XRP", State: "unanswered", SentAt: noon.Add(-time.Hour), At: noon} // of a version that did not count
	revoked := Case{Code: "K7QM-3XRP", State: "sent", SentAt: noon.Add(-time.Hour), At: noon, News: 3}
	ago, later := noon.Add(-5*time.Minute), noon.Add(time.Minute)
	for name, tt := range map[string]struct {
		known Case
		come  []told
		said  []bool
		state string
		count int
	}{
		"in order":                             {sent, []told{{"read", 1, later}, {"accepted", 2, later}}, []bool{true, true}, "accepted", 2},
		"the first, by a clock that went back": {sent, []told{{"read", 1, ago}}, []bool{true}, "read", 1},
		"the clock goes back between two":      {sent, []told{{"read", 1, later}, {"accepted", 2, ago}}, []bool{true, true}, "accepted", 2},
		"the older last":                       {sent, []told{{"accepted", 2, later}, {"read", 1, noon}}, []bool{true, false}, "accepted", 2},
		"the older last, the clock went back":  {sent, []told{{"accepted", 2, ago}, {"read", 1, later}}, []bool{true, false}, "accepted", 2},
		"twice the same":                       {sent, []told{{"read", 1, ago}, {"read", 1, ago}}, []bool{true, false}, "read", 1},
		"after one desk's consent ended":       {revoked, []told{{"read", 3, later}, {"released", 4, ago}}, []bool{false, true}, "released", 4},
		"uncounted, the first":                 {sent, []told{{"read", 0, ago}}, []bool{true}, "read", 0},
		"uncounted, the older last":            {sent, []told{{"accepted", 0, later}, {"read", 0, noon}}, []bool{true, false}, "accepted", 0},
		"uncounted, in one moment":             {sent, []told{{"read", 0, later}, {"accepted", 0, later}}, []bool{true, true}, "accepted", 0},
		"counted to an earlier record":         {earlier, []told{{"read", 4, later}, {"accepted", 5, ago}}, []bool{true, true}, "accepted", 5},
		"older to an earlier record":           {earlier, []told{{"read", 4, ago}}, []bool{false}, "unanswered", 0},
		"uncounted to a later record":          {sent, []told{{"read", 2, noon}, {"accepted", 0, later}, {"unanswered", 1, later}}, []bool{true, true, false}, "accepted", 2},
		"uncounted and older":                  {sent, []told{{"read", 2, noon}, {"unanswered", 0, ago}}, []bool{true, false}, "read", 2},
	} {
		e, s := newEngine(t, fakeDirectory{}), Session{Cases: []Case{tt.known}}
		for i, n := range tt.come {
			next, text, ok := e.News(s, "K7QM-3XRP", n.state, "Lima", n.number, n.at)
			if ok != tt.said[i] || ok && text.Key != "news."+n.state {
				t.Errorf("%s: %s is told: %v, %q", name, n.state, ok, text.Key)
			}
			s = next
		}
		if c := s.Cases[0]; c.State != tt.state || c.News != tt.count {
			t.Errorf("%s: %s by news %d, want %s by %d", name, c.State, c.News, tt.state, tt.count)
		}
	}
}
