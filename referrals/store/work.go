package store

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"defenderline/referrals"
)

// work reads number, state and entries from the i-th value of an answer on.
func (s *Store) work(ctx context.Context, m referrals.Member, a answer, i int) (referrals.Work, error) {
	w, err := s.record(ctx, m, a, i)
	if err == nil {
		w.Inbox, err = s.entries(ctx, m, a, i+2)
	}
	return w, err
}

// record reads number and state from the i-th value of an answer on. What is damaged in a case
// or its files is an error, and left alone: it may be restored. A chat gets what can be opened, so that
// one damaged record does not leave a person without an answer for ever.
func (s *Store) record(ctx context.Context, m referrals.Member, a answer, i int) (referrals.Work, error) {
	w := referrals.Work{Member: m}
	var err error
	if w.Number, err = strconv.ParseInt(a.text(i), 10, 64); err != nil {
		return w, errUnexpected("take", a)
	}
	if sealed := a.blob(i + 1); sealed != nil {
		w.State, err = s.vault.open(s.recordKey(m), "", sealed)
		if err != nil && !s.givenUp(ctx, m, err) {
			return w, err
		}
		w.Damaged = err != nil
	}
	return w, nil
}

func (s *Store) entries(ctx context.Context, m referrals.Member, a answer, i int) ([]referrals.Entry, error) {
	var inbox []referrals.Entry
	for ; i+2 < len(a.rest); i += 3 {
		order, err := strconv.ParseInt(a.text(i+1), 10, 64)
		if err != nil {
			return nil, errUnexpected("inbox", a)
		}
		body, err := s.vault.open(s.bodiesKey(m), a.text(i), a.blob(i+2))
		if err != nil && !s.givenUp(ctx, m, err) {
			return nil, err
		}
		inbox = append(inbox, referrals.Entry{ID: a.text(i), Order: order, Body: body})
	}
	return inbox, nil
}

// givenUp says that what could not be opened is a chat's, and damaged: the keys of this process are those
// of the store. Where they are not, because another process has promoted a key that this one was not
// given, nothing is damaged and another can open it.
func (s *Store) givenUp(ctx context.Context, m referrals.Member, err error) bool {
	return errors.Is(err, errOpen) && strings.HasPrefix(m.Name, "c") && s.checkKeys(ctx) == nil
}
