package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// Documents are written by Commit, to which they belong.

// documentField names a copy without naming its desk: for whom a case has copies is what its
// defender consented to, and nobody's business before it is released.
func (s *Store) documentField(code referrals.Code, desk, name string) string {
	return s.vault.copyFor(code, desk) + "/" + name
}

// Documents lists the file names of a case's sealed copies for a desk: the case, what was
// added to it, its files, each in the order of their numbers. None is not an error. Copies for mail, CODE.mail.asc, are
// not among them: they hold nothing else, in a form that mail alone has a use for.
func (s *Store) Documents(ctx context.Context, origin string, code referrals.Code, desk string) ([]string, error) {
	fields, err := s.db.HKeys(ctx, s.documentsKey(origin, code)).Result()
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", clean(err))
	}
	var names []string
	for _, field := range fields {
		if name, ok := strings.CutPrefix(field, s.documentField(code, desk, "")); ok && !strings.HasSuffix(name, forMail) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, byNumber)
	return names, nil
}

// forMail ends the names of copies for mail.
const forMail = ".mail.asc"

// byNumber orders CODE.asc, CODE.2.asc, CODE.10.asc, CODE.f1.pgp, CODE.f2.pgp.
func byNumber(a, b string) int {
	aFile, aNumber := numberOf(a)
	bFile, bNumber := numberOf(b)
	return cmp.Or(cmp.Compare(aFile, bFile), cmp.Compare(aNumber, bNumber), cmp.Compare(a, b))
}

// numberOf reads the number of a file name, and 1 before it when it names a file.
func numberOf(name string) (file, number int) {
	parts := strings.Split(name, ".")
	if len(parts) < 3 {
		return 0, 0
	}
	digits, isFile := strings.CutPrefix(parts[len(parts)-2], "f")
	if isFile {
		file = 1
	}
	number, _ = strconv.Atoi(digits)
	return file, number
}

// Document returns one sealed copy, or ErrUnknown.
func (s *Store) Document(ctx context.Context, origin string, code referrals.Code, desk, name string) ([]byte, error) {
	body, err := s.db.HGet(ctx, s.documentsKey(origin, code), s.documentField(code, desk, name)).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, referrals.ErrUnknown
	case err != nil:
		return nil, fmt.Errorf("read a document: %w", clean(err))
	}
	return body, nil
}
