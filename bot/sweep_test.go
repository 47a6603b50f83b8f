package bot

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// Once it is sent, what the person wrote since the beginning goes, commands too, and with the receipt every screen
// that repeated it. A photo stays until it is sealed, and what waits in another draft stays with it.
func TestSendingLeavesTheReceipt(t *testing.T) {
	b := ready(t, "mission")
	s := b.state()
	s.From = 9
	for _, id := range []int{3, 10, 14, 15} { // an earlier conversation, a command, another draft, a command
		s.Theirs = append(s.Theirs, stamp{ID: id, At: noon.Unix()})
	}
	s.Session.Parked = []flows.Draft{{Flow: flows.FlowContact, At: "account", Items: []flows.Item{{Field: "account", Kind: flows.ItemText, Text: "later", Message: 14}}}}
	b.record(s)
	calls := b.take(pressOn(16, "review:send"))
	got := deletedIDs(t, calls)
	slices.Sort(got)
	if !slices.Equal(got, []int{10, 11, 13, 15}) {
		t.Errorf("deleted %v", got)
	}
	c, ok := find(calls, "editMessageText")
	if !ok || c.Sweep != 9 || c.Edits != 16 {
		t.Errorf("the receipt is %s, deletes from %d, edits %d", c.Method, c.Sweep, c.Edits)
	}
	if b.state().From != 0 {
		t.Errorf("from %d", b.state().From)
	}
	b.take(pressOn(16, "nav:skip"))
	if calls := b.take(pressOn(16, "nav:skip")); len(calls) > 0 && calls[len(calls)-1].Sweep != 0 {
		t.Error("the screens are deleted with every screen that follows")
	}
}

// What could not be sent keeps its screens and its words.
func TestNothingIsSweptWhenNothingIsSent(t *testing.T) {
	b := ready(t, "mission")
	b.glass.late["lima"] = true
	calls := b.take(pressOn(9, "review:send"))
	for _, c := range calls {
		if c.Sweep != 0 || c.Method == "deleteMessages" {
			t.Errorf("%s deletes from %d", c.Method, c.Sweep)
		}
	}
	if b.state().From != 9 {
		t.Errorf("from %d", b.state().From)
	}
}

// Leaving sweeps as sending does; what is left by silence is swept without a word.
func TestLeavingSweeps(t *testing.T) {
	b := begun(t)
	b.take(say(20, "/emergency"))
	c, _ := find(b.take(say(21, "/cancel")), "sendMessage")
	if c.Sweep != 20 {
		t.Errorf("leaving deletes from %d", c.Sweep)
	}
	b = begun(t)
	b.take(say(20, "/emergency"), say(21, "they came"))
	b.store.messages[b.work.Member] = []int{-23, 5, 22, 24}
	b.now = func() time.Time { return noon.Add(b.keep.Draft) }
	b.work.Inbox = nil
	got := deletedIDs(t, b.taken())
	slices.Sort(got)
	if !slices.Equal(got, []int{20, 21, 22, 24}) {
		t.Errorf("silence deletes %v", got)
	}
}

// At the call itself the screens go that were sent by then; the one that is edited and news stay; a wipe takes all.
func TestWhatIsSweptIsDecidedWhenItIsSent(t *testing.T) {
	tests := map[string]struct {
		call call
		want string
	}{
		"sent anew":      {call{Method: "sendMessage", Sweep: 9}, "deleteMessages [9 11 12]"},
		"edited":         {call{Method: "editMessageText", Sweep: 9, Edits: 12}, "deleteMessages [9 11]"},
		"nothing there":  {call{Method: "sendMessage", Sweep: 50}, ""},
		"a wipe's close": {call{Method: "sendMessage", Rest: true}, "deleteMessages [10 5 9 11 12]"},
	}
	for name, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			d := newDepot(t, always(200, fine))
			d.store.messages[referrals.Member{Slot: "p07", Name: "cHASH"}] = []int{-10, 5, 9, 11, 12}
			d.start(t.Context(), tasks("p07", "17", sendOf("receipt", func(c *call) {
				c.Method, c.Sweep, c.Edits, c.Rest = tt.call.Method, tt.call.Sweep, tt.call.Edits, tt.call.Rest
			})))
			sending(t, d.out, 1, 0)
			calm()
			got := d.diary.all()
			receipt := slices.IndexFunc(got, func(s string) bool { return strings.HasSuffix(s, "receipt[]") })
			if receipt < 0 || (receipt != 0) != tt.call.Rest { // a person is waiting: only a wipe deletes first
				t.Fatalf("%s: called %q", name, got)
			}
			if rest := strings.Join(slices.Delete(got, receipt, receipt+1), " "); rest != tt.want {
				t.Errorf("%s: called %q, want %q", name, rest, tt.want)
			}
		})
	}
}

// A deletion that must wait does not repeat the screen that came before it.
func TestSweepThatWaitsRepeatsNoScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		d := newDepot(t, func(method string, _ []byte, _ *http.Request) (int, string) {
			if tries++; method == "deleteMessages" && tries < 4 {
				return refusal(429, "Too Many Requests", 3)
			}
			return 200, fine
		})
		d.start(t.Context(), tasks("p07", "17", sendOf("receipt", func(c *call) { c.Gone = []int{5, 5, 6} })))
		sending(t, d.out, 2, 0)
		time.Sleep(time.Minute)
		calm()
		want := []string{"sendMessage receipt[]", "deleteMessages [5 6]", "deleteMessages [5 6]", "deleteMessages [5 6]"}
		if got := d.diary.all(); !slices.Equal(got, want) || len(d.store.settledIDs()) != 1 {
			t.Errorf("called %q, settled %q", got, d.store.settledIDs())
		}
	})
}

// News is remembered as what stays.
func TestNewsStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.start(t.Context(), tasks("p07", "17", sendOf("news", func(c *call) { c.Own, c.Stays = true, true })))
		sending(t, d.out, 1, 0)
		calm()
		if got := d.store.messages[referrals.Member{Slot: "p07", Name: "cHASH"}]; !slices.Equal(got, []int{-77}) {
			t.Errorf("remembered %v", got)
		}
	})
}
