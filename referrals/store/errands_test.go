package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"defenderline/referrals"
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
		ids, _ := b.mustCommit(t, w, referrals.Commit{Errands: errands, Done: doneOf(w)})
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
			if o.ID != ids[i] || o.Slot != m.Slot || !reflect.DeepEqual(o.Errand, errands[i]) {
				t.Fatalf("errand %d came back as %+v", i, o)
			}
		}
		d, err := b.Depth(b.ctx)
		if err != nil || d.Errands != 3 || d.Overdue != 0 || d.OldestErrand != 10*time.Second {
			t.Fatalf("depth: %+v %v", d, err)
		}
		if err := b.Settle(b.ctx, m.Slot, ids[:2], nil); err != nil {
			t.Fatal(err)
		}
		if err := b.Retry(b.ctx, m.Slot, ids[2], b.clock.now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := b.Retry(b.ctx, m.Slot, ids[0], b.clock.now()); err != nil {
			t.Fatal(err)
		}
		b.clock.move(59 * time.Minute)
		if early, _ := b.Overdue(b.ctx, 10); len(early) != 0 {
			t.Fatalf("put off: %v", early)
		}
		b.clock.move(time.Minute)
		if late, _ = b.Overdue(b.ctx, 10); len(late) != 1 || late[0].ID != ids[2] {
			t.Fatalf("after it was put off: %v", late)
		}
	})
}

func TestMessagesAreRememberedAndForgotten(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		chat, other := b.Chat("line", 1), b.Chat("desk", 2)
		sent := []SentMessages{{chat, []int{3, 1}, b.clock.now()}, {other, []int{9}, b.clock.now()}, {chat, []int{1, 2}, b.clock.now()}, {chat, nil, b.clock.now()}}
		if err := b.Settle(b.ctx, "desk:lima", []string{"none", ""}, sent); err != nil {
			t.Fatal(err)
		}
		got, err := b.Messages(b.ctx, chat)
		if err != nil || fmt.Sprint(got) != "[1 2 3]" {
			t.Fatalf("messages: %v %v", got, err)
		}
		b.clock.move(47 * time.Hour)
		if err := b.Remember(b.ctx, chat, []int{4}, b.clock.now()); err != nil {
			t.Fatal(err)
		}
		b.clock.move(2 * time.Hour)
		if got, _ = b.Messages(b.ctx, chat); fmt.Sprint(got) != "[4]" {
			t.Fatalf("after 49 hours: %v", got)
		}
		if err := b.Remember(b.ctx, chat, []int{5}, b.clock.now()); err != nil {
			t.Fatal(err)
		}
		if n := b.db.ZCard(b.ctx, messagesKey(chat)).Val(); n != 2 {
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
		if ttl := b.db.PTTL(b.ctx, leaseKey("poll")).Val(); ttl <= 0 || ttl > time.Minute {
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
