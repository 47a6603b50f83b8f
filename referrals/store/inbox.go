package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"defenderline/referrals"
)

// maxOrder is the largest place in an inbox that a sorted set holds exactly.
const maxOrder = 1 << 53

// Keep makes posts durable, each id once in its slot within 48 hours: choose ids that two
// sources cannot share. A member that was free is taken in the same script and returned with
// its inbox, lowest order first, as Work; for the others somebody else is at work and will
// find the post, or there was nothing new. Bodies of entries may be those of the posts, not copies.
//
// When the error is nil everything is kept and may be confirmed. When it is not, some posts may be
// kept and others not, or not yet by the replica that is online: confirm none of them and let them come
// again, since ids count once.
// Work returned beside an error is taken all the same: handle it, or Release it. A member that was
// taken in an answer that never arrived comes due when its lease ends.
func (s *Store) Keep(ctx context.Context, posts []referrals.Post) ([]referrals.Work, error) {
	return s.keep(ctx, posts, true)
}

// Post keeps one post without taking its member, which becomes due now. As with Keep it is kept only when the error is
// nil: the errand that posts it is settled in another slot, whose server may outlive this one's.
func (s *Store) Post(ctx context.Context, post referrals.Post) error {
	_, err := s.keep(ctx, []referrals.Post{post}, false)
	return err
}

func (s *Store) keep(ctx context.Context, posts []referrals.Post, take bool) ([]referrals.Work, error) {
	if len(posts) == 0 {
		return nil, nil
	}
	members, of := byMember(posts)
	calls := make([]call, len(members))
	for i, m := range members {
		c, err := s.keepCall(m, of[m], take)
		if err != nil {
			return nil, err
		}
		calls[i] = c
	}
	var taken []referrals.Work
	var failed error
	var without []referrals.Member
	for i, a := range s.runSynced(ctx, calls) {
		if a.err != nil {
			failed = errors.Join(failed, fmt.Errorf("keep: %w", a.err))
			without = append(without, members[i])
		}
		switch {
		case a.err != nil && !errors.Is(a.err, errUnsynced): // what is done and not confirmed has an answer, too
		case a.text(0) == "taken" || a.text(0) == "only":
			w, err := s.kept(ctx, members[i], of[members[i]], a)
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			taken = append(taken, w)
		case a.text(0) != "kept":
			failed = errors.Join(failed, errUnexpected("keep", a))
		}
	}
	if len(without) > 0 {
		return taken, &referrals.Unkept{Members: without, Err: failed}
	}
	return taken, failed
}

// byMember groups posts by whom they are for, both in the order given.
func byMember(posts []referrals.Post) ([]referrals.Member, map[referrals.Member][]referrals.Post) {
	var members []referrals.Member
	of := make(map[referrals.Member][]referrals.Post)
	for _, p := range posts {
		if _, ok := of[p.To]; !ok {
			members = append(members, p.To)
		}
		of[p.To] = append(of[p.To], p)
	}
	return members, of
}

func (s *Store) keepCall(m referrals.Member, posts []referrals.Post, take bool) (call, error) {
	now, flag := s.clocks.at(m.Slot), "0"
	if take {
		flag = "1"
	}
	args := []any{m.Name, ms(now), ms(now.Add(-known)), known.Milliseconds(), ms(now.Add(s.lease)), flag, inboxLimit, s.spare(), s.tail()}
	for _, p := range posts {
		if p.ID == "" || p.To.Name == "" || p.To.Slot == "" || p.Order < -maxOrder || p.Order > maxOrder {
			return call{}, errors.New("keep: a post needs an id, a member, and an order within 2^53")
		}
		sealed, err := s.vault.seal(s.bodiesKey(m), p.ID, p.Body)
		if err != nil {
			return call{}, err
		}
		args = append(args, p.ID, p.Order, sealed)
	}
	return call{s.scripts.keep, []string{
		s.seenKey(m.Slot), s.dueKey(m.Slot), s.counterKey(m.Slot), s.recordKey(m), s.inboxKey(m), s.bodiesKey(m),
	}, args}, nil
}

// spare is the life, in milliseconds, of a record that holds nothing but numbers: as long as
// a worker could still come back with one of them.
func (s *Store) spare() int64 { return max(time.Hour, 4*s.lease).Milliseconds() }

// kept is the work that came of posts. Where the inbox holds nothing but those that were new, their bodies
// did not travel back: they are the ones that were given.
func (s *Store) kept(ctx context.Context, m referrals.Member, posts []referrals.Post, a answer) (referrals.Work, error) {
	if a.text(0) == "taken" {
		return s.work(ctx, m, a, 1)
	}
	news := a.text(3)
	if len(news) != len(posts) {
		return referrals.Work{Member: m}, errUnexpected("keep", a)
	}
	w, err := s.record(ctx, m, a, 1)
	for i, p := range posts {
		if news[i] == '1' {
			w.Inbox = append(w.Inbox, referrals.Entry{ID: p.ID, Order: p.Order, Body: p.Body, Live: p.Live})
		}
	}
	slices.SortFunc(w.Inbox, func(a, b referrals.Entry) int { return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID)) })
	return w, err
}
