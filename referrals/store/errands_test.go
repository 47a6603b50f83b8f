package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

func TestErrandsAreOverdueUntilTheyAreSettled(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := b.Chat("line", 1)
		w := b.mustKeep(t, post(m, 1))[0]
		errands := []referrals.Errand{
			{Post: &referrals.Post{To: m, ID: "x", Order: 3, Body: []byte("news")}},
			{Move: &referrals.Move{ID: "m", Desk: "lima", Code: "ABCD-EFGH", To: referrals.Alerted, At: b.clock.now()}},
			{Send: &referrals.Send{Order: "a", Body: []byte("words"), From: m}},
		}
		tasks, _ := b.mustCommit(t, w, referrals.Commit{Errands: errands, Done: doneOf(w)})
		if early, err := b.Overdue(b.ctx, 10); err != nil || len(early) != 0 {
			t.Fatalf("within its grace: %v %v", early, err)
		}
		b.clock.move(10 * time.Second)
		late, err := b.Overdue(b.ctx, 2)
		if err != nil || len(late) != 2 {
			t.Fatalf("two of three: %v %v", late, err)
		}
		rest, err := b.Overdue(b.ctx, 10)
		if err != nil || len(rest) != 1 {
			t.Fatalf("the third, and the others not again: %v %v", rest, err)
		}
		for i, o := range append(late, rest...) {
			if o.ID != tasks[i].ID || !o.Till.Equal(b.clock.now().Add(15*time.Second)) || o.Slot != m.Slot || !reflect.DeepEqual(o.Errand, errands[i]) {
				t.Fatalf("errand %d came back as %+v", i, o)
			}
		}
		d, err := b.Depth(b.ctx)
		if err != nil || d.Errands != 3 || d.Overdue != 0 || d.OldestErrand != 10*time.Second {
			t.Fatalf("depth: %+v %v", d, err)
		}
		if err := b.Settle(b.ctx, done(tasks[0], tasks[1])); err != nil {
			t.Fatal(err)
		}
		b.clock.move(15 * time.Second)
		if late, _ = b.Overdue(b.ctx, 10); len(late) != 1 || late[0].ID != tasks[2].ID {
			t.Fatalf("what is left: %v", late)
		}
	})
}

func TestTasksAreHeldByWhoeverHasThem(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		var tasks []referrals.Task
		for chat := range int64(3) {
			w := b.mustKeep(t, post(b.Chat("line", chat), chat))[0]
			errands := []referrals.Errand{{Send: &referrals.Send{Order: "a"}}, {Send: &referrals.Send{Order: "b"}}}
			mine, _ := b.mustCommit(t, w, referrals.Commit{Done: doneOf(w), Errands: errands})
			tasks = append(tasks, mine...)
		}
		for _, task := range tasks {
			if !task.Till.Equal(b.clock.now().Add(10 * time.Second)) {
				t.Fatalf("a commit's task is its committer's until %v", task.Till)
			}
		}
		b.clock.move(9 * time.Second)
		if err := b.Settle(b.ctx, done(tasks[1])); err != nil {
			t.Fatal(err)
		}
		held, err := b.Hold(b.ctx, tasks[:5])
		if want := []referrals.Task{tasks[0], tasks[2], tasks[3], tasks[4]}; err != nil || !slices.EqualFunc(held, want, sameTask) {
			t.Fatalf("held: %v %v", held, err)
		}
		if old, err := b.Hold(b.ctx, tasks); err != nil || len(old) != 1 || old[0].ID != tasks[5].ID {
			t.Fatalf("held with the time of before: %v %v", old, err)
		}
		b.clock.move(14 * time.Second)
		if late, err := b.Overdue(b.ctx, 10); err != nil || len(late) != 0 {
			t.Fatalf("overdue while they are held: %v %v", late, err)
		}
		if held, err = b.Hold(b.ctx, held[:1]); err != nil || len(held) != 1 {
			t.Fatalf("held again: %v %v", held, err)
		}
		b.clock.move(time.Second)
		late, err := b.Overdue(b.ctx, 10)
		if err != nil || len(late) != 4 {
			t.Fatalf("overdue: %v %v", late, err)
		}
		if lost, err := b.Hold(b.ctx, append(late[:0:0], tasks...)); err != nil || len(lost) != 0 {
			t.Fatalf("held, but another has it: %v %v", lost, err)
		}
		if held, err = b.Hold(b.ctx, late); err != nil || len(held) != 4 {
			t.Fatalf("the taker holds: %v %v", held, err)
		}
		if held, err = b.Hold(b.ctx, nil); err != nil || len(held) != 0 {
			t.Fatalf("nothing: %v %v", held, err)
		}
	})
}

func TestTillDoesNotJumpWithTheClock(t *testing.T) {
	b := open(t, Options{URL: redistest.Start(t).URL()})
	b.now = time.Now
	w := b.mustKeep(t, post(b.Chat("line", 1), 1))[0]
	tasks, _ := b.mustCommit(t, w, referrals.Commit{Done: doneOf(w), Errands: []referrals.Errand{{Send: &referrals.Send{Order: "a"}}}})
	held, err := b.Hold(b.ctx, tasks)
	if err != nil || len(held) != 1 {
		t.Fatal(held, err)
	}
	for _, task := range []referrals.Task{tasks[0], held[0]} {
		if !strings.Contains(task.Till.String(), " m=") {
			t.Errorf("%v has lost its monotonic reading", task.Till)
		}
	}
}

func sameTask(a, b referrals.Task) bool { return a.Slot == b.Slot && a.ID == b.ID }

func TestARepeatedActReturnsOnlyErrandsThatNobodyElseHas(t *testing.T) {
	errands := []referrals.Errand{{Send: &referrals.Send{Order: "a"}}, {Send: &referrals.Send{Order: "b"}}}
	each(t, func(t *testing.T, b backend) {
		w := b.mustKeep(t, post(b.Chat("line", 1), 1))[0]
		offer := referrals.Move{ID: "o", Desk: "fld", Code: "ABCD-EFGH-1", To: referrals.Offered, AtRung: -1, At: b.clock.now(), Errands: errands}
		for name, act := range map[string]func() ([]referrals.Task, error){
			"commit": func() ([]referrals.Task, error) {
				tasks, _, err := b.Commit(b.ctx, w, referrals.Commit{Done: doneOf(w), Errands: errands})
				return tasks, err
			},
			"move": func() ([]referrals.Task, error) {
				_, tasks, err := b.Move(b.ctx, offer)
				return tasks, err
			},
		} {
			for range 3 { // answers that were lost
				tasks, err := act()
				if err != nil || len(tasks) != 2 || !tasks[0].Till.Equal(b.clock.now().Add(10*time.Second)) {
					t.Fatalf("%s: %v %v", name, tasks, err)
				}
				b.clock.move(9 * time.Second)
				if late, err := b.Overdue(b.ctx, 10); err != nil || len(late) != 0 {
					t.Fatalf("%s: taken in its time: %v %v", name, late, err)
				}
			}
			b.clock.move(time.Second)
			late, err := b.Overdue(b.ctx, 1)
			if err != nil || len(late) != 1 {
				t.Fatalf("%s: %v %v", name, late, err)
			}
			tasks, err := act()
			if err != nil || len(tasks) != 1 || tasks[0].ID == late[0].ID {
				t.Fatalf("%s again, of which another has one errand: %v %v", name, tasks, err)
			}
			if held, err := b.Hold(b.ctx, append(tasks, late...)); err != nil || len(held) != 2 {
				t.Fatalf("%s: both are had: %v %v", name, held, err)
			}
			if err := b.Settle(b.ctx, done(append(tasks, late...)...)); err != nil {
				t.Fatal(err)
			}
			if tasks, err = act(); err != nil || len(tasks) != 0 {
				t.Fatalf("%s again, after all was done: %v %v", name, tasks, err)
			}
		}
	})
}

func TestMessagesAreRememberedAndForgotten(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		chat, other := b.Chat("line", 1), b.Chat("desk", 2)
		sentTo := func(m referrals.Member, ids ...int) []referrals.Settled {
			one := referrals.Settled{Slot: "desk:lima", IDs: []string{"none"}}
			for _, id := range ids {
				one.Sent = append(one.Sent, referrals.Delivery{To: m, Message: id, At: b.clock.now()})
			}
			return []referrals.Settled{one}
		}
		all := append(sentTo(chat, 3, 1), sentTo(other, 9)...)
		all = append(append(all, sentTo(chat, 1, 2)...), sentTo(referrals.Member{}, 7)...)
		if err := b.Settle(b.ctx, all); err != nil {
			t.Fatal(err)
		}
		if n := b.db.ZCard(b.ctx, b.messagesKey(chat)).Val(); n != 1 {
			t.Fatalf("%d records for one chat in one act", n)
		}
		got, err := b.Messages(b.ctx, chat)
		if err != nil || fmt.Sprint(got) != "[1 2 3]" {
			t.Fatalf("messages: %v %v", got, err)
		}
		b.clock.move(47 * time.Hour)
		early := sentTo(chat, 4)
		early[0].IDs = nil // it has arrived and is not done
		if err := b.Settle(b.ctx, early); err != nil {
			t.Fatal(err)
		}
		b.clock.move(2 * time.Hour)
		if got, _ = b.Messages(b.ctx, chat); fmt.Sprint(got) != "[4]" {
			t.Fatalf("after 49 hours: %v", got)
		}
		if err := b.Settle(b.ctx, sentTo(chat, 5)); err != nil {
			t.Fatal(err)
		}
		if n := b.db.ZCard(b.ctx, b.messagesKey(chat)).Val(); n != 2 {
			t.Fatalf("old lists are left: %d", n)
		}
		w := b.mustKeep(t, post(chat, 1))[0]
		_, again := b.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour})
		if got, _ = b.Messages(b.ctx, chat); len(got) != 2 {
			t.Fatalf("a commit that forgets nothing left %v", got)
		}
		b.mustCommit(t, *again, referrals.Commit{Done: doneOf(w), Forget: true})
		if got, _ = b.Messages(b.ctx, chat); len(got) != 0 {
			t.Fatalf("forgotten: %v", got)
		}
	})
}

func TestIDsOfPostsAreForgottenByMend(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := b.Chat("line", 1)
		w := b.mustKeep(t, post(m, 1))[0]
		b.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w)})
		b.mustKeep(t, post(m, 2)) // of a conversation that has begun
		b.db.Persist(b.ctx, b.seenKey(m.Slot))
		b.clock.move(47 * time.Hour)
		b.mustMend(t, 1)
		if ttl := b.db.PTTL(b.ctx, b.seenKey(m.Slot)).Val(); ttl <= 0 {
			t.Fatalf("ids without an end: %v", ttl)
		}
		if again := b.mustKeep(t, post(m, 1)); len(again) != 1 || len(again[0].Inbox) != 1 || again[0].Inbox[0].ID != "u2" {
			t.Fatalf("an update again after 47 hours: %+v", again)
		}
		b.clock.move(2 * time.Hour)
		b.mustMend(t, 1)
		if n := b.db.ZCard(b.ctx, b.seenKey(m.Slot)).Val(); n != 0 {
			t.Fatalf("%d ids after 49 hours", n)
		}
	})
}

func TestALeaseHasOneOwner(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		for _, step := range []struct {
			owner string
			want  bool
		}{{"a", true}, {"b", false}, {"a", true}} {
			if got, err := b.Lease(b.ctx, "poll", step.owner, time.Minute); err != nil || got != step.want {
				t.Fatalf("%+v: %v %v", step, got, err)
			}
		}
		if ttl := b.db.PTTL(b.ctx, b.leaseKey("poll")).Val(); ttl <= 0 || ttl > time.Minute {
			t.Fatalf("the lease ends in %v", ttl)
		}
		for _, owner := range []string{"b", "a"} {
			if err := b.Unlease(b.ctx, "poll", owner); err != nil {
				t.Fatal(err)
			}
			if got, _ := b.Lease(b.ctx, "poll", "c", time.Minute); got != (owner == "a") {
				t.Fatalf("given up by %s: %v", owner, got)
			}
		}
	})
}

func FuzzDecodeErrand(f *testing.F) {
	f.Add([]byte(`{"p":{"to":{"s":"p01","n":"c"},"id":"1","o":1,"b":"eA=="}}`))
	f.Add([]byte(`{"no":{"k":"alert","d":"lima"}}`))
	f.Add([]byte(`{"p":{},"m":{}}`))
	f.Add([]byte(`{"x":1}`))
	f.Add([]byte(`{"s":{}} {"s":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := decodeErrand(text)
		if err != nil {
			return
		}
		once, err := encodeErrand(e)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, err := decodeErrand(once)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := encodeErrand(back); err != nil || string(twice) != string(once) {
			t.Fatalf("%s became %s", once, twice)
		}
	})
}

// TestALostAnswerLosesNoErrand holds a task, does not hear of it, and asks again with what it knows, sooner or later.
func TestALostAnswerLosesNoErrand(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		loss := &lossy{}
		w := b.mustKeep(t, post(b.Chat("line", 1), 1))[0]
		tasks, _ := b.mustCommit(t, w, referrals.Commit{Done: doneOf(w), Errands: []referrals.Errand{{Notice: &referrals.Notice{Desk: "lima"}}}})
		if held, err := b.Hold(b.ctx, tasks); err != nil || len(held) != 1 {
			t.Fatalf("held: %+v %v", held, err)
		} else {
			tasks = held
		}
		b.db.AddHook(loss)
		for _, pause := range []time.Duration{0, time.Second, 10 * time.Second, 20 * time.Second} {
			b.clock.move(pause)
			loss.next.Store(true)
			if held, err := b.Hold(b.ctx, tasks); err == nil || len(held) != 0 {
				t.Fatalf("an answer that was lost arrived: %+v", held)
			}
		}
		b.clock.move(time.Second)
		held, err := b.Hold(b.ctx, tasks)
		if err != nil || len(held) != 1 || !held[0].Till.After(b.clock.now()) || len(b.unheard.tried) != 0 {
			t.Fatalf("after lost answers: %+v %v", held, err)
		}
		b.clock.move(16 * time.Second)
		if taken, err := b.Overdue(b.ctx, 1); err != nil || len(taken) != 1 {
			t.Fatalf("overdue: %+v %v", taken, err)
		}
		if held, err := b.Hold(b.ctx, held); err != nil || len(held) != 0 {
			t.Fatalf("another has it: %+v %v", held, err)
		}
	})
}

// A message is kept in the form in which encoding/json keeps every other errand.
func TestMessagesAreKeptAsAllErrands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[a-z0-9:-]{0,12}`), rapid.String())
		e := referrals.Errand{Send: &referrals.Send{Order: text.Draw(t, "order"), Body: rapid.SliceOf(rapid.Byte()).Draw(t, "body"),
			From: referrals.Member{Slot: text.Draw(t, "slot"), Name: text.Draw(t, "name")}}}
		want, err := json.Marshal(e)
		got, err2 := encodeErrand(e)
		if err := errors.Join(err, err2); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s\nwant %s, %v", got, want, err)
		}
	})
}
