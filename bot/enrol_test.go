package bot

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"defenderline/referrals"
)

// rollOf is the roll of one test.
type rollOf struct {
	mu    sync.Mutex
	roll  referrals.Roll
	away  error
	reads int
}

func (r *rollOf) Roll(context.Context) (referrals.Roll, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads++
	return r.roll, r.away
}

func (r *rollOf) Enlist(_ context.Context, change func(referrals.Roll) (referrals.Roll, error)) (referrals.Roll, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, err := change(r.roll)
	if err == nil {
		r.roll = next
	}
	return next, err
}

// invite adds a link and returns what presses Start behind it.
func (r *rollOf) invite(t testing.TB, desk, name string) (start string) {
	t.Helper()
	token, err := referrals.NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hash, _ := referrals.HashToken(token)
	l := referrals.Link{Desk: desk, Name: name, Hash: hash, Until: noon.Add(time.Hour)}
	if r.roll, err = r.roll.Invite(l, noon); err != nil {
		t.Fatal(err)
	}
	return "/start " + token
}

// newEnrolBench is a bench of a line at which people can be enrolled.
func newEnrolBench(t testing.TB) (*bench0, *rollOf) {
	t.Helper()
	b, roll := newBench(t), &rollOf{}
	b.roster = &roster{store: roll, counts: newMemory(), dir: b.dir, log: quiet()}
	return b, roll
}

// refused is how often an enrolment was refused.
func (b *bench0) refused() float64 {
	b.t.Helper()
	return b.counted("defenderline_refused_total")
}

func TestALinkMakesTheChatADesk(t *testing.T) {
	b, roll := newEnrolBench(t)
	b.take(say(1, "/start")) // has pressed Start before
	calls := b.take(say(2, roll.invite(t, "lima", "Ana")))
	if got := screenText(t, calls); !strings.Contains(got, "British Embassy Lima") || b.work.State != nil || !b.last.Forget {
		t.Errorf("after the link: %q, record %s", got, b.work.State)
	}
	if menu, ok := find(calls, "setMyCommands"); !ok || !strings.Contains(string(menu.Params), `"queue"`) || menu.Chat != 5 {
		t.Errorf("the desk's commands: %s", menu.Params)
	}
	b.store.hold(held("lima", "AAAA-BBBB", referrals.Alerted))
	if list, _ := find(b.take(say(3, "/queue")), "sendMessage"); !list.has("ack:AAAA-BBBB") {
		t.Errorf("the queue reads %q", list.text())
	}
	b.take(pressOn(9, "ack:AAAA-BBBB#q"))
	if got := b.store.holdings["lima AAAA-BBBB"].State; got != referrals.Acknowledged {
		t.Errorf("acknowledged, it is %s", got)
	}
	b.take(pressOn(9, "open:AAAA-BBBB"))
	sent := false
	for _, e := range b.last.Errands {
		sent = sent || e.Notice != nil && e.Notice.Kind == referrals.NoticeOpened && b.dir.Desk("lima").Ladder[e.Notice.Rung].Chat == 5
	}
	if !sent {
		t.Error("the documents do not go to the chat that asked")
	}
	if got := len(b.dir.Desk("lima").Ladder); got != 3 || b.refused() != 0 {
		t.Errorf("%d rungs, refused %v", got, b.refused())
	}
	roll.roll, _ = roll.roll.Revoke("Ana")
	if err := b.roster.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.store.hold(held("lima", "AAAA-CCCC", referrals.Alerted))
	calls = append(b.take(say(4, "/queue")), b.take(pressOn(9, "ack:AAAA-CCCC"))...)
	for _, c := range calls {
		if strings.Contains(c.text()+strings.Join(c.buttons(), " "), "AAAA") {
			t.Errorf("after the revocation: %s", c.Params)
		}
	}
	if got := b.store.holdings["lima AAAA-CCCC"].State; got != referrals.Alerted {
		t.Errorf("after the revocation it is %s", got)
	}
}

// Whoever has no valid link is answered as if they had only pressed Start, and is counted.
func TestNoLinkGivesNoHint(t *testing.T) {
	plain := screenText(t, newBench(t).take(say(1, "/start")))
	guess := "/start " + strings.Repeat("A", 43)
	for name, prepare := range map[string]func(b *bench0, roll *rollOf) (start string, counts float64){
		"a guess": func(*bench0, *rollOf) (string, float64) { return guess, 1 },
		"no form of a link": func(*bench0, *rollOf) (string, float64) {
			return "/start from-a-web-page", 0
		},
		"used": func(b *bench0, roll *rollOf) (string, float64) {
			start := roll.invite(b.t, "lima", "Ana")
			hash, _ := referrals.HashToken(strings.TrimPrefix(start, "/start "))
			roll.roll, _ = roll.roll.Enrol(hash, 77, noon)
			return start, 1
		},
		"over": func(b *bench0, roll *rollOf) (string, float64) {
			start := roll.invite(b.t, "lima", "Ana")
			roll.roll.Links[0].Until = noon
			return start, 1
		},
		"a desk that is gone": func(b *bench0, roll *rollOf) (string, float64) {
			return roll.invite(b.t, "quito", "Ana"), 1
		},
		"at the other bot": func(b *bench0, roll *rollOf) (string, float64) {
			b.ownDeskBot = true
			return roll.invite(b.t, "lima", "Ana"), 1
		},
	} {
		b, roll := newEnrolBench(t)
		start, counts := prepare(b, roll)
		people := len(roll.roll.People)
		if got := screenText(t, b.take(say(1, start))); got != plain {
			t.Errorf("%s: answered %q", name, got)
		}
		if len(roll.roll.People) != people || b.refused() != counts || b.state().Chat != 5 {
			t.Errorf("%s: %d enrolled, refused %v", name, len(roll.roll.People), b.refused())
		}
	}
}

// At a bot of the desks' own, a stranger stays one until the link.
func TestALinkAtTheDeskBot(t *testing.T) {
	b, roll := newEnrolBench(t)
	b.ownDeskBot = true
	at := func(text string) string {
		b.work.Inbox = nil
		b.entry(deskBot, say(1, text))
		return screenText(t, b.taken())
	}
	stranger := at("/start " + strings.Repeat("A", 43))
	if known := at(roll.invite(t, "fld", "Ana")); known == stranger || !strings.Contains(known, "Front Line Defenders") {
		t.Errorf("answered %q", known)
	}
}

// A chat with words or a case keeps them and the link, and a chat that guesses is bounded as all are.
func TestWhoHasSomethingToLoseIsNotEnrolled(t *testing.T) {
	b, roll := newEnrolBench(t)
	start := roll.invite(t, "lima", "Ana")
	b.take(say(1, "/start"))
	b.take(say(2, "they are at the door"))
	b.take(say(3, start))
	if len(roll.roll.People) != 0 || len(b.state().Session.Draft.Items) == 0 || b.refused() != 1 {
		t.Errorf("enrolled %d, the draft is %+v", len(roll.roll.People), b.state().Session.Draft)
	}
	b, roll = newEnrolBench(t)
	b.limits.UpdatesPerMinute = 3
	for i := range 10 {
		b.take(say(i+1, "/start "+strings.Repeat("A", 43)))
	}
	if roll.reads != 3 {
		t.Errorf("%d of 10 guesses in a minute reached the store", roll.reads)
	}
}

// A link to a second desk adds it; one to a desk of the chat's own changes nothing and stays good for its owner.
func TestALinkForWhoSitsAtADesk(t *testing.T) {
	b, roll := newEnrolBench(t)
	b.take(atChat(limaChat, say(1, roll.invite(t, "lima", "Ana"))))
	if len(roll.roll.People) != 0 || len(roll.roll.Links) != 1 || b.refused() != 0 {
		t.Errorf("a second seat at the own desk: %+v", roll.roll)
	}
	calls := b.take(atChat(limaChat, say(2, roll.invite(t, "kyiv", "Ben"))))
	if got, _ := find(calls, "sendMessage"); !strings.Contains(got.text(), "Kyiv") || !strings.Contains(got.text(), "Lima") {
		t.Errorf("two desks: %q", got.text())
	}
}

// A store that cannot be asked is no refusal: the update stays and is tried again.
func TestEnrolmentWaitsForTheStore(t *testing.T) {
	b, roll := newEnrolBench(t)
	start := roll.invite(t, "lima", "Ana")
	roll.away = errors.New("away")
	b.entry(lineBot, say(1, start))
	if _, err := b.turner.take(t.Context(), b.work); !errors.Is(err, roll.away) || b.refused() != 0 {
		t.Errorf("the turn ended with %v, refused %v", err, b.refused())
	}
	roll.away = nil
	if b.taken(); len(roll.roll.People) != 1 {
		t.Error("it was not tried again")
	}
}

// Another replica follows by itself, keeps what it knows while the store is away, and follows again.
func TestReplicasFollowTheRoll(t *testing.T) {
	b, roll := newEnrolBench(t)
	synctest.Test(t, func(t *testing.T) {
		other := &roster{store: roll, counts: newMemory(), dir: testDesks(), log: quiet()}
		ctx, cancel := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		watching.Go(func() { other.watch(ctx) })
		defer watching.Wait()
		defer cancel()
		rungs := func(when string, want int) {
			t.Helper()
			time.Sleep(rosterEvery + time.Millisecond)
			synctest.Wait()
			if got := len(other.dir.Desk("lima").Ladder); got != want {
				t.Errorf("%s: %d rungs, want %d", when, got, want)
			}
		}
		rungs("at first", 2)
		b.take(say(1, roll.invite(t, "lima", "Ana")))
		rungs("after the link was used elsewhere", 3)
		set := func(err error) {
			roll.mu.Lock()
			defer roll.mu.Unlock()
			roll.away = err
			roll.roll, _ = roll.roll.Revoke("Ana")
		}
		set(errors.New("away"))
		rungs("while the store is away", 3)
		set(nil)
		rungs("after it came back", 2)
	})
}
