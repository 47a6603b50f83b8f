package bot

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// posted are the posts by which a case tells its chat, one after another by a clock that is five minutes back for the last.
func (b *bench0) posted(t testing.TB, states ...string) (out []referrals.Entry) {
	t.Helper()
	c := referrals.Case{Code: "AAAA-BBBB", Chat: b.work.Member}
	for i, state := range states {
		at := noon.Add(time.Duration(i) * time.Minute)
		if i == len(states)-1 {
			at = noon.Add(-5 * time.Minute)
		}
		post := c.Tell(referrals.News{State: state, Desk: "lima", At: at})[0].Post
		out = append(out, referrals.Entry{ID: post.ID, Body: post.Body})
	}
	return out
}

// A desk's act reaches the chat that is to hear of it when Redis's clock went back since the one before, in whatever order it comes.
func TestNewsByAClockThatWentBack(t *testing.T) {
	for name, tt := range map[string]struct {
		states []string
		order  []int
		want   []string
	}{
		"after the sending":     {[]string{"read"}, []int{0}, []string{"read"}},
		"in order":              {[]string{"unanswered", "read"}, []int{0, 1}, []string{"unanswered", "read"}},
		"the older last":        {[]string{"unanswered", "read"}, []int{1, 0}, []string{"read"}},
		"each twice":            {[]string{"unanswered", "read"}, []int{0, 0, 1, 1}, []string{"unanswered", "read"}},
		"the older again, last": {[]string{"unanswered", "read"}, []int{0, 1, 0}, []string{"unanswered", "read"}},
	} {
		b := waitingFor(t, flows.Case{Lane: "emergency", State: "sent", At: noon}, flows.Quiet{})
		posts, said := b.posted(t, tt.states...), 0
		for _, i := range tt.order {
			b.work.Inbox = []referrals.Entry{posts[i]}
			said += len(saidIn(b.taken()))
		}
		last := tt.want[len(tt.want)-1]
		if c := b.theCase(); said != len(tt.want) || c.State != last || c.News != len(tt.states) {
			t.Errorf("%s: told %d times, %s by news %d; want %q", name, said, c.State, c.News, tt.want)
		}
	}
}

// What an earlier version posted has no number, and neither has what it kept: both are read, and go by the time.
func TestNewsOfAnEarlierVersion(t *testing.T) {
	b := waitingFor(t, flows.Case{Lane: "emergency", State: "sent", At: noon}, flows.Quiet{})
	if raw, err := json.Marshal(b.theCase()); err != nil || strings.Contains(string(raw), `"n":`) {
		t.Fatalf("a case without news is not kept as it was: %s, %v", raw, err)
	}
	post := func(state string, at time.Time) int {
		b.work.Inbox = nil
		b.entry(referrals.NewsMark, `{"c":"AAAA-BBBB","s":"`+state+`","d":"lima","at":"`+at.Format(time.RFC3339)+`"}`)
		return len(saidIn(b.taken()))
	}
	got := []int{post("read", noon.Add(-5*time.Minute)), post("completed", noon.Add(-6*time.Minute)), post("accepted", noon)}
	if c := b.theCase(); !slices.Equal(got, []int{1, 0, 1}) || c.State != "accepted" || c.News != 0 {
		t.Errorf("told %v, %+v", got, c)
	}
	if got := b.told(t, referrals.News{Code: "AAAA-BBBB", State: "completed", Desk: "lima", Number: 4, At: noon.Add(time.Minute)}); len(got) != 1 || b.theCase().News != 4 {
		t.Errorf("told %q, %+v", got, b.theCase())
	}
}

// What a desk did before it heard that its consent was taken back is no news any more, whatever its number; others' is.
func TestNewsOfADeskThatMayNotReadIt(t *testing.T) {
	b := waitingFor(t, flows.Case{Lane: "emergency", State: "sent", At: noon, Desks: []string{"fld"}, Refused: []string{"lima"}}, flows.Quiet{})
	if got := b.told(t, referrals.News{Code: "AAAA-BBBB", State: "read", Desk: "lima", Number: 2, At: noon.Add(time.Minute)}); len(got) != 0 || b.theCase().State != "sent" {
		t.Errorf("told %q, %+v", got, b.theCase())
	}
	if got := b.told(t, referrals.News{Code: "AAAA-BBBB", State: "released", Desk: "fld", Number: 3, At: noon.Add(-time.Minute)}); len(got) != 1 || b.theCase().State != "released" {
		t.Errorf("told %q, %+v", got, b.theCase())
	}
}
