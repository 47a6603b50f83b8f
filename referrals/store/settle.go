package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"defenderline/referrals"
)

// sentMessages are messages in one chat, to be deleted when the chat is wiped.
type sentMessages struct {
	to  referrals.Member
	ids []int
	at  time.Time // of the last
}

// settling is what one slot is told: errands that were done there, and messages in its chats.
type settling struct {
	slot string
	ids  []string
	sent []*sentMessages
}

// Settle forgets errands that were done, and remembers for 48 h the messages that they sent, one record
// for each chat. One round trip for any number of slots. Doing it again changes nothing. What failed is
// overdue later, and happens once more.
func (s *Store) Settle(ctx context.Context, done []referrals.Settled) error {
	var calls []call
	for _, one := range settlings(done) {
		c, err := s.settleCall(one)
		if err != nil {
			return err
		}
		calls = append(calls, c)
	}
	var failed error
	for _, a := range s.runAll(ctx, calls) {
		if a.err != nil {
			failed = errors.Join(failed, fmt.Errorf("settle: %w", a.err))
		}
	}
	return failed
}

// settlings sorts by slot: the chat of a message may live in another one than the errand that sent it.
func settlings(done []referrals.Settled) []*settling {
	var order []*settling
	of := make(map[string]*settling)
	in := func(slot string) *settling {
		if of[slot] == nil {
			of[slot] = &settling{slot: slot}
			order = append(order, of[slot])
		}
		return of[slot]
	}
	chats := make(map[referrals.Member]*sentMessages)
	for _, one := range done {
		if len(one.IDs) > 0 {
			in(one.Slot).ids = append(in(one.Slot).ids, one.IDs...)
		}
		for _, d := range one.Sent {
			if d.To.Name == "" {
				continue // nobody to be wiped
			}
			chat := chats[d.To]
			if chat == nil {
				chat = &sentMessages{to: d.To}
				chats[d.To] = chat
				in(d.To.Slot).sent = append(in(d.To.Slot).sent, chat)
			}
			chat.ids = append(chat.ids, d.Message)
			if d.At.After(chat.at) {
				chat.at = d.At
			}
		}
	}
	return order
}

func (s *Store) settleCall(one *settling) (call, error) {
	keys := []string{s.outboxKey(one.slot), s.errandsKey(one.slot)}
	args := []any{len(one.ids), ms(s.Now().Add(-known)), known.Milliseconds()}
	for _, id := range one.ids {
		args = append(args, id)
	}
	for _, chat := range one.sent {
		sealed, err := s.sealMessages(chat)
		if err != nil {
			return call{}, err
		}
		keys = append(keys, s.messagesKey(chat.to))
		args = append(args, ms(chat.at), sealed)
	}
	return call{s.scripts.settle, keys, args}, nil
}
