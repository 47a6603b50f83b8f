package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"defenderline/referrals"
)

// depot is a runner with its outbox, a store and a Bot API in memory.
type depot struct {
	*runner
	store *memory
	diary *diary
	woken []string
	// bodies are what the Bot API was sent, one call after another.
	bodies [][]byte
}

// api answers with the given function; what is called is noted as "method chat".
func newDepot(t *testing.T, api server) *depot {
	d := &depot{store: newMemory(), diary: &diary{}}
	meters := NewMeters(prometheus.NewRegistry())
	out := newOutbox(false, time.Now)
	noting := server(func(method string, body []byte, r *http.Request) (int, string) {
		d.diary.note(method + " " + gist(body))
		d.diary.mu.Lock()
		d.bodies = append(d.bodies, body)
		d.diary.mu.Unlock()
		return api(method, body, r)
	})
	client := clientOf(noting)
	p := &post{clients: map[byte]*Client{lineBot: client}, archive: d.store, holding: d.store, dir: testDesks(), texts: testTexts(t), deskBot: lineBot,
		refused: out.refused, awake: out.awake, now: time.Now, log: quiet(), meters: meters}
	d.runner = &runner{store: d.store, late: d.store, history: d.store, holding: d.store, out: out, desks: p, now: time.Now, log: quiet(), meters: meters,
		hands: newHands(d.store, time.Now, time.Now, quiet()), wake: func(slot string) { d.woken = append(d.woken, slot) }}
	ctx, cancel := context.WithCancel(t.Context())
	var settling sync.WaitGroup
	settling.Go(func() { d.hands.settling(ctx) })
	t.Cleanup(func() { cancel(); settling.Wait() })
	return d
}

// calm waits until everything that can be done now is done, and settled.
func calm() {
	synctest.Wait()
	time.Sleep(linger + gather)
	synctest.Wait()
}

// gist is what a test recognises a body by.
func gist(body []byte) string {
	var p struct {
		Chat any    `json:"chat_id"`
		Text string `json:"text"`
		IDs  []int  `json:"message_ids"`
	}
	if json.Unmarshal(body, &p) != nil {
		if i := strings.Index(string(body), "filename="); i >= 0 {
			name, _, _ := strings.Cut(string(body)[i+10:], `"`)
			return name
		}
		return "?"
	}
	return strings.TrimSpace(fmt.Sprint(p.Text, p.IDs))
}

func always(status int, answer string) server {
	return func(string, []byte, *http.Request) (int, string) { return status, answer }
}

// sendOf is the errand of a text to the defender's chat.
func sendOf(text string, change ...func(*call)) referrals.Errand {
	c := call{Bot: lineBot, Chat: 5, Method: "sendMessage", Params: json.RawMessage(fmt.Sprintf(`{"chat_id":5,"text":%q}`, text))}
	for _, f := range change {
		f(&c)
	}
	return c.errand(referrals.Member{Slot: "p07", Name: "cHASH"})
}

func TestErrandsRunInOrderAndSettleOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		post := referrals.EventPost("p07", "AAAA-BBBB", "x", referrals.Event{Kind: referrals.WasEnded})
		errands := []referrals.Errand{sendOf("one", func(c *call) { c.Own = true }), {Post: &post}, sendOf("two"), {}}
		d.start(t.Context(), tasks("p07", "17", errands...))
		d.start(t.Context(), tasks("p07", "17", errands[0])) // in hand: not a second time
		sending(t, d.out, 3, 1)
		calm()
		if got := d.diary.all(); !slices.Equal(got, []string{"sendMessage one[]", "sendMessage two[]"}) {
			t.Errorf("left %q", got)
		}
		got := d.store.settledIDs()
		slices.Sort(got)
		if !slices.Equal(got, []string{"p07 17-1", "p07 17-2", "p07 17-3", "p07 17-4"}) {
			t.Errorf("settled %q", got)
		}
		if len(d.store.sent) != 1 || d.store.sent[0].Message != 77 {
			t.Errorf("remembered for a wipe: %+v", d.store.sent)
		}
		if !slices.Equal(d.woken, []string{"p07"}) || d.hands.count() != 0 {
			t.Errorf("woken %q, in hand %d", d.woken, d.hands.count())
		}
	})
}

// A store that is away leaves errands for the sweep, which runs them in the order of their commit, and
// not those in hand.
func TestErrandsLeftOverRunInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.store.away = errors.New("away")
		post := referrals.EventPost("p07", "AAAA-BBBB", "x", referrals.Event{Kind: referrals.WasEnded})
		d.start(t.Context(), tasks("p07", "16", referrals.Errand{Post: &post}))
		if d.hands.count() != 0 || len(d.woken) != 0 {
			t.Fatalf("in hand %d, woken %v after a failure", d.hands.count(), d.woken)
		}
		d.store.away = nil
		for _, n := range []int{1, 10, 11, 2, 3} { // as Redis sorts
			d.store.overdue = append(d.store.overdue, referrals.Task{Slot: "p07", ID: fmt.Sprint("17-", n), Errand: sendOf(fmt.Sprint(n))})
		}
		d.store.overdue = append(d.store.overdue, referrals.Task{Slot: "p07", ID: "16-1", Errand: referrals.Errand{Post: &post}})
		d.hands.take(referrals.Task{Slot: "p07", ID: "17-3", Till: time.Now().Add(time.Hour)})
		sending(t, d.out, 4, 0)
		ctx, cancel := context.WithCancel(t.Context())
		var sweeping sync.WaitGroup
		sweeping.Go(func() { d.sweep(ctx) })
		time.Sleep(sweepEvery)
		calm()
		cancel()
		sweeping.Wait()
		want := []string{"sendMessage 1[]", "sendMessage 2[]", "sendMessage 10[]", "sendMessage 11[]"}
		if got := d.diary.all(); !slices.Equal(got, want) {
			t.Errorf("left %q, want %q", got, want)
		}
		if len(d.store.posts) != 1 {
			t.Errorf("%d posts", len(d.store.posts))
		}
	})
}

// What was sent counts as sent although the process is told to end at that moment.
func TestErrandIsSettledWhenTheEndComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := newDepot(t, func(string, []byte, *http.Request) (int, string) { cancel(); return 200, fine })
		d.start(ctx, tasks("p07", "17", sendOf("one")))
		d.out.run(ctx, laneConversation)
		calm()
		if got := d.store.settledIDs(); len(got) != 1 {
			t.Errorf("settled %q: it would be sent again", got)
		}
	})
}

func TestDeliveryIsRetriedAsLongAsItMayPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		d := newDepot(t, func(string, []byte, *http.Request) (int, string) {
			switch tries++; tries {
			case 1:
				return refusal(429, "Too Many Requests: retry after 7", 7)
			case 2:
				return 502, "<html>bad gateway " + canary
			case 3:
				return 0, "refused"
			}
			return 200, fine
		})
		start := time.Now()
		d.start(t.Context(), tasks("p07", "17", sendOf("one")))
		sending(t, d.out, 2, 0)
		time.Sleep(time.Minute)
		calm()
		if tries != 4 || len(d.store.settledIDs()) != 1 {
			t.Errorf("%d tries, settled %q", tries, d.store.settledIDs())
		}
		if !d.out.pace.limited {
			t.Error("a server that asked for patience is not sent to more slowly")
		}
		_ = start
	})
}

// A server that takes a call and never answers costs one sender for a while, not for ever.
func TestCallThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		d := newDepot(t, func(_ string, _ []byte, r *http.Request) (int, string) {
			if tries++; tries == 1 {
				<-r.Context().Done()
				return 0, "gone"
			}
			return 200, fine
		})
		d.start(t.Context(), tasks("p07", "17", sendOf("one")))
		sending(t, d.out, 1, 0)
		time.Sleep(callWithin + 10*time.Second)
		calm()
		if tries != 2 || d.out.depth() != 0 {
			t.Errorf("%d tries, %d waiting", tries, d.out.depth())
		}
	})
}

func TestRefusalsHaveTheirConsequences(t *testing.T) {
	edit := func(c *call) {
		c.Method, c.Anew, c.Params = "editMessageText", true, json.RawMessage(`{"chat_id":5,"message_id":9,"text":"s"}`)
	}
	tests := map[string]struct {
		errand  referrals.Errand
		refuse  string
		methods []string
	}{
		"a screen that is gone is sent anew":          {sendOf("s", edit), "Bad Request: message to edit not found", []string{"editMessageText s[]", "sendMessage s[]"}},
		"refused for a reason of tomorrow: sent anew": {sendOf("s", edit), "Bad Request: MESSAGE_ID_INVALID", []string{"editMessageText s[]", "sendMessage s[]"}},
		"a screen that is the same stays":             {sendOf("s", edit), "Bad Request: message is not modified: x", []string{"editMessageText s[]"}},
		"a blocked chat is an outcome":                {sendOf("s", edit), "Forbidden: bot was blocked by the user", []string{"editMessageText s[]"}},
		"a refused message is over":                   {sendOf("s"), "Bad Request: chat not found", []string{"sendMessage s[]"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := true
				d := newDepot(t, func(string, []byte, *http.Request) (int, string) {
					if first {
						first = false
						return refusal(400, tt.refuse, 0)
					}
					return 200, fine
				})
				d.start(t.Context(), tasks("p07", "17", tt.errand))
				sending(t, d.out, 1, 0)
				calm()
				if got := d.diary.all(); !slices.Equal(got, tt.methods) || len(d.store.settledIDs()) != 1 {
					t.Errorf("called %q, want %q; settled %q", got, tt.methods, d.store.settledIDs())
				}
			})
		})
	}
}

// One message that cannot be deleted any more must not keep ninety-nine others.
func TestDeletionsAreHalvedWhenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deleted := map[int]bool{}
		d := newDepot(t, func(_ string, body []byte, _ *http.Request) (int, string) {
			var p struct {
				IDs []int `json:"message_ids"`
			}
			_ = json.Unmarshal(body, &p)
			if slices.Contains(p.IDs, 42) {
				return refusal(400, "Bad Request: message can't be deleted for everyone", 0)
			}
			for _, id := range p.IDs {
				deleted[id] = true
			}
			return 200, `{"ok":true,"result":true}`
		})
		var all []int
		for i := range 100 {
			all = append(all, i+1)
		}
		d.start(t.Context(), tasks("p07", "17", call{Bot: lineBot, Chat: 5, Gone: all}.errand(referrals.Member{})))
		sending(t, d.out, 1, 0)
		calm()
		if len(deleted) != 99 || len(d.store.settledIDs()) != 1 {
			t.Errorf("%d deleted, settled %q", len(deleted), d.store.settledIDs())
		}
	})
}

// What waited for its turn when the wipe was committed is sent before it, and deleted by it.
func TestWipeDeletesWhatWasOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.start(t.Context(), tasks("p07", "17",
			sendOf("news", func(c *call) { c.Own = true }), sendOf("closing", func(c *call) { c.Rest = true })))
		sending(t, d.out, 2, 0)
		calm()
		want := []string{"sendMessage news[]", "deleteMessages [77]", "sendMessage closing[]"}
		if got := d.diary.all(); !slices.Equal(got, want) {
			t.Errorf("called %q, want %q", got, want)
		}
	})
}

func TestAnswersToOldPressesAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.start(t.Context(), tasks("p07", "17",
			answer(lineBot, 5, "old", canary, time.Now().Add(-time.Hour)).errand(referrals.Member{}),
			answer(lineBot, 5, "new", "now", time.Now()).errand(referrals.Member{})))
		sending(t, d.out, 2, 0)
		calm()
		if got := d.diary.all(); !slices.Equal(got, []string{"answerCallbackQuery now[]"}) || len(d.store.settledIDs()) != 2 {
			t.Errorf("called %q, settled %q", got, d.store.settledIDs())
		}
	})
}

// notice is an errand for a rung of a desk.
func notice(k referrals.NoticeKind, desk string, rung int, l referrals.Lane) referrals.Errand {
	code := "AAAA-BBBB"
	if desk == "fld" {
		code += "-1"
	}
	return referrals.Errand{Notice: &referrals.Notice{Kind: k, Desk: desk, Rung: rung, Code: code, Lane: l, Origin: "p07"}}
}

func TestNoticesReachTheirRung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, always(200, fine))
		d.store.papers["lima AAAA-BBBB.asc"] = []byte("-----BEGIN PGP MESSAGE-----")
		d.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
		d.store.hold(held("fld", "AAAA-BBBB-1", referrals.Offered))
		d.store.hold(held(referrals.Headquarters, "AAAA-BBBB", referrals.Alerted))
		d.start(t.Context(), tasks("desk:x", "17",
			notice(referrals.NoticeAlert, "lima", 0, referrals.Emergency),
			notice(referrals.NoticeOffer, "fld", 0, referrals.Urgent),
			notice(referrals.NoticeAlert, referrals.Headquarters, 1, referrals.Emergency), // a rung without a chat
			notice(referrals.NoticeAlert, referrals.Headquarters, 9, referrals.Emergency), // a rung that was
			notice(referrals.NoticeAlert, "gone", 0, referrals.Emergency),                 // a desk that was
			notice(referrals.NoticeAlert, referrals.Headquarters, 0, referrals.Emergency), // withdrawn: no document
			notice(referrals.NoticePage, "", 0, referrals.Emergency),
			referrals.Errand{Line: &referrals.Line{Kind: referrals.LinePaged, Code: "AAAA-BBBB"}},
			notice(referrals.NoticeWithdrawn, "lima", 0, referrals.Urgent)))
		sending(t, d.out, 1, 0)
		calm()
		got := d.diary.all()
		if len(got) != 3 || got[0] != "sendDocument AAAA-BBBB.asc" {
			t.Errorf("called %q", got)
		}
		if len(d.store.lines) != 1 || d.store.lines[0].Kind != referrals.LinePaged {
			t.Errorf("written to the audit trail: %+v", d.store.lines)
		}
		if len(d.store.settledIDs()) != 9 || d.out.depth() != 0 {
			t.Errorf("settled %q", d.store.settledIDs())
		}
	})
}

// A rung whose chat cannot be reached must not hold up the alert of the next one.
func TestNoRungHoldsUpTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(t, func(_ string, body []byte, _ *http.Request) (int, string) {
			if strings.Contains(string(body), fmt.Sprint(limaChat)) {
				return refusal(429, "Too Many Requests", 3600)
			}
			return 200, fine
		})
		d.store.papers["lima AAAA-BBBB.asc"] = []byte("sealed")
		d.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
		d.start(t.Context(), tasks("desk:lima", "17",
			notice(referrals.NoticeAlert, "lima", 0, referrals.Emergency), notice(referrals.NoticeAlert, "lima", 1, referrals.Emergency)))
		sending(t, d.out, 2, 1)
		time.Sleep(10 * time.Second)
		calm()
		if got := d.store.settledIDs(); !slices.Equal(got, []string{"desk:lima 17-2"}) {
			t.Errorf("settled %q", got)
		}
	})
}

// Documents that waited their turn until their desk had passed the case on, or it was taken back, are not sent.
func TestDocumentsOfACaseThatMovedOn(t *testing.T) {
	for _, state := range []referrals.State{referrals.Declined, referrals.Returned, referrals.Expired, referrals.Withdrawn, ""} {
		synctest.Test(t, func(t *testing.T) {
			d := newDepot(t, func(string, []byte, *http.Request) (int, string) { return 200, fine })
			d.store.papers["lima AAAA-BBBB.asc"] = []byte("sealed")
			if state != "" { // no holding at all: it was forgotten
				d.store.hold(referrals.Holding{Desk: "lima", Code: "AAAA-BBBB", State: state})
			}
			d.start(t.Context(), tasks("desk:lima", "17", notice(referrals.NoticeOpened, "lima", 0, referrals.Urgent),
				notice(referrals.NoticeAddition, "lima", 0, referrals.Urgent)))
			sending(t, d.out, 1, 0)
			calm()
			if got := d.diary.all(); len(got) != 0 || len(d.store.settledIDs()) != 2 {
				t.Errorf("%q: called %q, settled %q", state, got, d.store.settledIDs())
			}
		})
	}
}

// A case of several documents that fails in the middle goes on where it failed.
func TestDocumentsArriveOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		d := newDepot(t, func(string, []byte, *http.Request) (int, string) {
			if calls++; calls == 2 {
				return 502, ""
			}
			return 200, fine
		})
		for _, name := range []string{"AAAA-BBBB.2.asc", "AAAA-BBBB.asc", "AAAA-BBBB.f1.pgp"} {
			d.store.papers["lima "+name] = []byte("sealed")
		}
		d.store.bodies["AAAA-BBBB.f1.pgp"] = "body"
		d.store.hold(referrals.Holding{Desk: "lima", Code: "AAAA-BBBB", State: referrals.Acknowledged})
		d.start(t.Context(), tasks("desk:lima", "17", notice(referrals.NoticeOpened, "lima", 0, referrals.Urgent)))
		sending(t, d.out, 1, 0)
		time.Sleep(time.Minute)
		calm()
		want := []string{"sendDocument AAAA-BBBB.2.asc", "sendDocument AAAA-BBBB.asc", "sendDocument AAAA-BBBB.asc", "sendDocument AAAA-BBBB.f1.pgp"}
		if got := d.diary.all(); !slices.Equal(got, want) {
			t.Errorf("called %q, want %q", got, want)
		}
	})
}

func TestPauseGrowsAndObeys(t *testing.T) {
	if got := pause(&apiError{Code: 429, RetryAfter: 9 * time.Second}, 1); got < 9*time.Second || got > 10*time.Second {
		t.Errorf("pause %v of a 429 that says nine seconds", got)
	}
	last := time.Duration(0)
	for tries := range 100 {
		p := pause(errors.New("x"), tries)
		if p < last || p > longestPause {
			t.Fatalf("pause %v after %d tries, %v before", p, tries, last)
		}
		last = p
	}
	if last != longestPause {
		t.Errorf("longest pause %v", last)
	}
}
