package store

import (
	"errors"
	"testing"
	"time"

	"defenderline/referrals"
)

func TestARecordIsReadWithoutTakingIt(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		chat := b.Chat("line", 1)
		if state, err := b.Record(b.ctx, chat); state != nil || err != nil {
			t.Fatalf("before there is one: %q %v", state, err)
		}
		w := b.mustKeep(t, post(chat, 1))[0]
		b.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w),
			Births: []referrals.Birth{{Name: "kABCD", State: []byte("born"), Keep: time.Hour}}})
		born := referrals.Member{Slot: chat.Slot, Name: "kABCD"}
		for m, want := range map[referrals.Member]string{chat: "s", born: "born"} {
			if state, err := b.Record(b.ctx, m); string(state) != want || err != nil {
				t.Fatalf("%s: %q %v", m.Name, state, err)
			}
			b.db.HSet(b.ctx, b.recordKey(m), "s", "changed")
		}
		if state, err := b.Record(b.ctx, chat); state != nil || err != nil {
			t.Fatalf("a chat that is damaged: %q %v", state, err)
		}
		if _, err := b.Record(b.ctx, born); !errors.Is(err, errOpen) {
			t.Fatalf("a case that is damaged: %v", err)
		}
	})
}
