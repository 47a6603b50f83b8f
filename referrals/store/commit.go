package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"defenderline/referrals"
)

// errClock refuses a commit for the clock of a holding.
var errClock = errors.New("commit: the clock of a holding is ended by a move or put off by a release")

// Commit changes what c says for the member that w took, all of it or nothing, and frees the
// member. It returns the errands as tasks, in their order, to run until Till, the grace from now, and
// to Settle then.
//
// When more came for the member meanwhile, or inbox entries were left undone, the member
// stays taken and comes back at once as again, under a new number.
//
// ErrSuperseded when another has the member, referrals.ErrBorn when a birth's name exists: nothing was
// changed. After any other error the commit may or may not have happened: the same
// commit again is answered as the first was and changes nothing but the time of its errands, which
// begins anew; an errand that was settled meanwhile, or taken by another, is not among the tasks.
func (s *Store) Commit(ctx context.Context, w referrals.Work, c referrals.Commit) (tasks []referrals.Task, again *referrals.Work, err error) {
	what, tasks, err := s.commitCall(w, c)
	if err != nil {
		return nil, nil, err
	}
	var a answer
	if len(c.Births) > 0 || len(c.Documents) > 0 { // somebody is told that a case was received
		a = s.runSynced(ctx, []call{what})[0]
	} else {
		a = s.run(ctx, what)
	}
	if a.err != nil {
		return nil, nil, fmt.Errorf("commit: %w", a.err)
	}
	switch a.text(0) {
	case "superseded":
		return nil, nil, referrals.ErrSuperseded
	case "born":
		return nil, nil, referrals.ErrBorn
	case "done":
	default:
		return nil, nil, errUnexpected("commit", a)
	}
	if tasks, err = stillMine(tasks, a.text(1)); err != nil {
		return nil, nil, err
	}
	if a.text(2) == "" {
		return tasks, nil, nil
	}
	again = &referrals.Work{Member: w.Member, State: c.State}
	if again.Number, err = strconv.ParseInt(a.text(2), 10, 64); err != nil {
		return tasks, nil, errUnexpected("commit", a)
	}
	if again.Inbox, err = s.entries(ctx, w.Member, a, 3); err != nil {
		return tasks, nil, nil // it was committed; what cannot be opened comes due and is reported by Take
	}
	return tasks, again, nil
}

// commitCall lays out keys and values as commit.lua wants them.
func (s *Store) commitCall(w referrals.Work, c referrals.Commit) (call, []referrals.Task, error) {
	if err := checkCommit(w, c); err != nil {
		return call{}, nil, err
	}
	mine, line, m := s.now(), s.Now(), w.Member
	now := s.clocks.at(m.Slot)
	till := ms(now.Add(s.grace))
	state := []byte{}
	if c.State != nil {
		var err error
		if state, err = s.vault.seal(s.recordKey(m), "", c.State); err != nil {
			return call{}, nil, err
		}
	}
	errands, tasks, err := s.sealErrands(m.Slot, prefixOf(w.Number), c.Errands, mine.Add(s.grace), till)
	if err != nil {
		return call{}, nil, err
	}
	keys := []string{s.dueKey(m.Slot), s.counterKey(m.Slot), s.recordKey(m), s.inboxKey(m), s.bodiesKey(m), s.outboxKey(m.Slot), s.errandsKey(m.Slot)}
	args := []any{
		m.Name, w.Number, ms(now), ms(now.Add(s.lease)), inboxLimit, s.spare(),
		state, s.life(c.Keep, c.Again, line), ms(s.clocks.shift(m.Slot, c.Again)), till,
		len(c.Done), len(c.Errands), len(c.Births), len(c.Documents), len(c.Drops), s.tail(),
	}
	for _, id := range c.Done {
		args = append(args, id)
	}
	args = append(args, errands...)
	for _, b := range c.Births {
		born := referrals.Member{Slot: m.Slot, Name: b.Name}
		sealed, err := s.vault.seal(s.recordKey(born), "", b.State)
		if err != nil {
			return call{}, nil, err
		}
		keys = append(keys, s.recordKey(born))
		args = append(args, b.Name, sealed, s.life(b.Keep, b.Again, line), ms(s.clocks.shift(m.Slot, b.Again)))
	}
	for _, d := range c.Documents {
		keys = append(keys, s.documentsKey(m.Slot, d.Case))
		args = append(args, s.documentField(d.Case, d.Desk, d.Name), d.Body, d.Keep.Milliseconds())
	}
	for _, d := range c.Drops {
		keys = append(keys, s.documentsKey(m.Slot, d.Case), s.filesKey(m.Slot, d.Case))
		desk := d.Desk
		if desk != "" {
			desk = s.vault.copyFor(d.Case, d.Desk)
		}
		args = append(args, desk)
	}
	if !c.Forget {
		return call{s.scripts.commit, keys, append(args, 0)}, tasks, nil
	}
	return call{s.scripts.commit, append(keys, s.messagesKey(m)), append(args, 1)}, tasks, nil
}

// life is how long a record is kept, in milliseconds: as asked, but never so short that it
// has passed when its clock rings, which would then ring for nothing.
func (s *Store) life(keep time.Duration, again, now time.Time) int64 {
	life := keep.Milliseconds()
	if !again.IsZero() {
		life = max(life, again.Sub(now).Milliseconds()+s.spare())
	}
	return life
}

// checkCommit refuses what would be lost quietly or kept for ever.
func checkCommit(w referrals.Work, c referrals.Commit) error {
	if _, _, ok := clockCode(w.Member); ok {
		return errClock
	}
	if c.State != nil && c.Keep <= 0 {
		return errors.New("commit: a record needs a time to keep it")
	}
	if c.State == nil && !c.Again.IsZero() {
		return errors.New("commit: a record that is deleted cannot be due again")
	}
	for _, b := range c.Births {
		if b.Name == "" || b.State == nil || b.Keep <= 0 {
			return errors.New("commit: a birth needs a name, a state and a time to keep it")
		}
	}
	for _, d := range c.Documents {
		if d.Case == "" || d.Desk == "" || d.Name == "" || d.Keep <= 0 {
			return errors.New("commit: a document needs a case, a desk, a name and a time to keep it")
		}
	}
	return nil
}
