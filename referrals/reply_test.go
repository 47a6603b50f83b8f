package referrals

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// fateOf is the fate that an errand tells a desk; empty when it tells none.
func fateOf(t testing.TB, errands []Errand) (told Told, id string) {
	t.Helper()
	for _, e := range errands {
		if e.Post != nil && e.Post.Body[0] == ToldMark {
			if err := json.Unmarshal(e.Post.Body[1:], &told); err != nil {
				t.Fatal(err)
			}
			return told, e.Post.ID
		}
	}
	return Told{}, ""
}

// A reply reaches the defender while the desk has the case, and the desk is told why when it does not.
func TestReplyReachesTheDefenderOfACaseThatTheDeskHas(t *testing.T) {
	tests := map[string]struct {
		life []string
		desk string
		want Fate // empty: it goes on to the chat
	}{
		"read":                          {[]string{"sent", "ack lima"}, "lima", ""},
		"read, and not heard of yet":    {[]string{"sent"}, "lima", ""},
		"read after all were silent":    {[]string{"sent", "silent lima"}, "lima", ""},
		"claimed":                       {[]string{"sent", "claim a"}, "a", ""},
		"claimed, and not heard of yet": {[]string{"sent"}, "a", ""},
		"accepted":                      {[]string{"sent", "claim a", "accept a"}, "a", ""},
		"closed":                        {[]string{"sent", "ack lima", "close lima"}, "lima", FateGone},
		"returned":                      {[]string{"sent", "claim a", "accept a", "return a"}, "a", FateGone},
		"a desk whose turn never came":  {[]string{"sent"}, "b", FateGone},
		"no desk of the case":           {[]string{"sent"}, "c", FateGone},
		"taken back":                    {[]string{"sent", "ack lima", "withdraw"}, "lima", FateEnded},
		"ended":                         {[]string{"sent", "ack lima", "end"}, "lima", FateEnded},
		"wiped":                         {[]string{"sent", "ack lima", "wipe"}, "lima", FateWiped},
	}
	for name, tt := range tests {
		c, _ := run(t, shared("lima a b"), tt.life...)
		e := happening(t, c, "ack "+tt.desk, noon.Add(time.Hour))
		if tt.want == FateGone && e.Holding == "" {
			e.Holding = string(testCode) + "-9"
		}
		e.Kind, e.Reply = WasReplied, &Reply{ID: "l7", Words: "come at six", Sender: Member{Slot: "p01", Name: "cofficer"}, Note: []byte("n")}
		after, errands := c.Happen(e, lineRooms())
		if len(errands) != 1 {
			t.Errorf("%s: %d errands", name, len(errands))
			continue
		}
		told, id := fateOf(t, errands)
		p := errands[0].Post
		if told.Fate != tt.want {
			t.Errorf("%s: told %q, want %q", name, told.Fate, tt.want)
		}
		switch {
		case tt.want == "" && (p.To != c.Chat || !strings.Contains(string(p.Body), "come at six") || after.News != c.News+1):
			t.Errorf("%s: goes to %v as %q", name, p.To, p.Body)
		case tt.want != "" && (p.To != e.Reply.Sender || string(told.Note) != "n" || told.Code != e.Holding || strings.Contains(string(p.Body), "come at six")):
			t.Errorf("%s: %v is told %q", name, p.To, p.Body)
		case tt.want != "" && id != "told:l7:"+string(tt.want):
			t.Errorf("%s: told as %s, which may count twice", name, id)
		}
	}
}

func TestReplyWithoutAReply(t *testing.T) {
	c, _ := run(t, shared("lima"), "sent", "ack lima")
	if _, errands := c.Happen(Event{Kind: WasReplied, Desk: "lima", Holding: string(testCode), At: noon}, lineRooms()); len(errands) != 0 {
		t.Errorf("%d errands of nothing", len(errands))
	}
}

// Replies keep their order, behind the updates of the chat.
func TestRepliesKeepTheirOrder(t *testing.T) {
	c, _ := run(t, shared("lima"), "sent", "ack lima")
	last := int64(0)
	for i := range 3 {
		e := Event{Kind: WasReplied, Desk: "lima", Holding: string(testCode), At: noon.Add(time.Duration(i) * time.Second), Reply: &Reply{ID: "l1"}}
		var errands []Errand
		if c, errands = c.Happen(e, lineRooms()); errands[0].Post.Order <= last || errands[0].Post.Order < newsOrder {
			t.Errorf("order %d after %d", errands[0].Post.Order, last)
		}
		last = errands[0].Post.Order
	}
}

// The errand by which a question is asked, and a defender's answer that this version knows nothing of.
func TestAskOfACase(t *testing.T) {
	c, _ := run(t, shared("lima"), "sent", "ack lima")
	errands := c.Ask(Question{Field: "mystery", About: "lima", At: noon})
	var n News
	if len(errands) != 1 || json.Unmarshal(errands[0].Post.Body[1:], &n) != nil || n.Question == nil || n.Question.Field != "mystery" || n.Code != testCode {
		t.Errorf("asks %+v", errands)
	}
	for _, q := range []*Question{nil, {Field: "mystery", At: noon}} {
		if after, errands := c.Happen(Event{Kind: WasAnswered, At: noon, Question: q, Answer: "yes"}, lineRooms()); len(errands) != 0 || after.News != c.News {
			t.Errorf("an answer to %v leads to %d errands", q, len(errands))
		}
	}
}
