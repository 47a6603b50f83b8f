package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"defenderline/referrals"
)

// mailed ends the id of an errand that goes by mail: a mail server may be away for hours, and what waits for it is measured apart.
const mailed = "m"

// sealErrands gives errands their ids, "prefix-0001" and so on, which are the same when the act is
// repeated, and seals them: id, sealed, id, sealed, ... As tasks they are the caller's until till, and until mark in their
// slot.
func (s *Store) sealErrands(slot, prefix string, errands []referrals.Errand, till time.Time, mark int64) ([]any, []referrals.Task, error) {
	args := make([]any, 0, 2*len(errands))
	tasks := make([]referrals.Task, 0, len(errands))
	for i, e := range errands {
		text, err := encodeErrand(e)
		if err != nil {
			return nil, nil, err
		}
		id := fmt.Sprintf("%s-%04d", prefix, i+1) // in the order of names, too
		if e.Notice != nil && e.Notice.Via == referrals.ByMail {
			id += mailed
		}
		sealed, err := s.vault.seal(s.errandsKey(slot), id, text)
		if err != nil {
			return nil, nil, err
		}
		args = append(args, id, sealed)
		tasks = append(tasks, referrals.Task{Slot: slot, ID: id, Till: till, Mark: mark, Errand: e})
	}
	return args, tasks, nil
}

// prefixOf begins the ids of what a commit leaves: its number, with the tail behind a dash. So what stands before the first dash rises from
// commit to commit, also where a replica of a version without tails works beside.
func prefixOf(number int64) string {
	if number <= mostTime {
		return strconv.FormatInt(number, 10)
	}
	return fmt.Sprintf("%d-%06d", number/tails, number%tails)
}

// stillMine returns the tasks whose mark is '1': not finished and not taken by another since.
func stillMine(tasks []referrals.Task, marks string) ([]referrals.Task, error) {
	if len(marks) != len(tasks) {
		return nil, errUnexpected("errands", answer{})
	}
	var mine []referrals.Task
	for i, t := range tasks {
		if marks[i] == '1' {
			mine = append(mine, t)
		}
	}
	return mine, nil
}

func (s *Store) openErrand(slot, id string, sealed []byte) (referrals.Errand, error) {
	text, err := s.vault.open(s.errandsKey(slot), id, sealed)
	if err != nil {
		return referrals.Errand{}, err
	}
	return decodeErrand(text)
}

// errErrand is all that is said about an errand that cannot be read.
var errErrand = errors.New("an errand must be exactly one of a post, a move, a notice, a message and a line")

func encodeErrand(e referrals.Errand) ([]byte, error) {
	if fields(e) != 1 {
		return nil, errErrand
	}
	if e.Send != nil && e.Send.Body != nil {
		return encodeSend(*e.Send), nil
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, errErrand
	}
	return text, nil
}

// encodeSend is what encoding/json makes of an errand that is a message, which nearly all are, without reflection.
func encodeSend(s referrals.Send) []byte {
	text := make([]byte, 0, 64+len(s.Order)+base64.StdEncoding.EncodedLen(len(s.Body))+len(s.From.Slot)+len(s.From.Name))
	text = appendText(append(text, `{"s":{"o":`...), s.Order)
	text = base64.StdEncoding.AppendEncode(append(text, `,"b":"`...), s.Body)
	text = appendText(append(text, `","f":{"s":`...), s.From.Slot)
	text = appendText(append(text, `,"n":`...), s.From.Name)
	return append(text, "}}}"...)
}

// appendText appends a text as JSON.
func appendText(to []byte, text string) []byte {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"\<>&`, r) }) {
		quoted, _ := json.Marshal(text) // cannot fail
		return append(to, quoted...)
	}
	return append(append(append(to, '"'), text...), '"')
}

func decodeErrand(text []byte) (referrals.Errand, error) {
	var e referrals.Errand
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields() // a newer version's errand waits for that version
	if dec.Decode(&e) != nil || dec.More() || fields(e) != 1 {
		return referrals.Errand{}, errErrand
	}
	return e, nil
}

func fields(e referrals.Errand) int {
	n := 0
	for _, set := range []bool{e.Post != nil, e.Move != nil, e.Notice != nil, e.Send != nil, e.Line != nil} {
		if set {
			n++
		}
	}
	return n
}
