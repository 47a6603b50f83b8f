package store

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"defenderline/referrals"
)

// wording is a move on its way into the text that move.lua reads, whose columns are named there.
type wording struct {
	m                referrals.Move
	now, begun, till time.Time
	reason           string // sealed
	text             []byte
}

// Widths of the columns of numbers, and the largest that fit.
const (
	timeWidth, awayWidth, claimWidth, rungWidth, entryWidth = 13, 10, 9, 4, 9
	mostErrands, mostClaim, mostRung                        = 999, 999_999_999, 9999
	mostTime, mostAway                                      = 9_999_999_999_999, 9_999_999_999
)

// all is the move.
func (w *wording) all() []byte {
	w.text = make([]byte, 0, 256)
	state := stateIndex(w.m.To)
	w.entry()
	w.number(min(ms(w.till), mostTime), timeWidth)
	w.number(int64(len(w.m.Errands)), 3)
	w.number(int64(state), 2)
	w.word(bit(w.m.Begins()))
	w.starts()
	w.needs()
	w.number(int64(w.m.Rung), rungWidth)
	lane := byte('-')
	if w.m.Lane != "" || w.m.Begins() {
		lane = byte('0' + w.m.Lane.Rank())
	}
	w.text = appendTime(append(w.text, letterOf(state), lane), w.begun)
	w.due()
	w.word(w.m.Code)
	w.word(" ")
	w.word(w.m.Origin)
	w.word(" ")
	w.word(w.reason)
	return w.text
}

func (w *wording) word(t string) { w.text = append(w.text, t...) }

// number appends a number with leading zeros, which must fit; what is below zero is zero.
func (w *wording) number(n int64, width int) { w.text = appendDigits(w.text, n, 10, width) }

// appendDigits appends a number in a base of up to 36, with leading zeros.
func appendDigits(to []byte, n, base int64, width int) []byte {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	for range width {
		to = append(to, '0')
	}
	for i := len(to) - 1; n > 0; i-- {
		to[i], n = digits[n%base], n/base
	}
	return to
}

// appendEntryTime appends a time as the moves in a holding have it; as text, earlier ones are less.
func appendEntryTime(to []byte, t time.Time) []byte {
	return appendDigits(to, min(ms(t), mostTime), 36, entryWidth)
}

// entry is how a holding knows the move.
func (w *wording) entry() {
	w.word(",")
	w.text = appendMoveID(w.text, w.m.ID)
	w.text = appendEntryTime(w.text, w.now)
	if w.m.Claims {
		w.word("!")
	} else {
		w.word(".")
	}
}

// needs are the claim and the rung that the move starts from.
func (w *wording) needs() {
	switch {
	case w.m.Claim == 0:
		w.word("---------")
	case w.m.Claim < 0 || w.m.Claim > mostClaim:
		w.word("none such")
	default:
		w.number(w.m.Claim, claimWidth)
	}
	if w.m.AtRung < 0 {
		w.word("----")
	} else {
		w.number(int64(w.m.AtRung), rungWidth)
	}
}

// due is when silence has a consequence, and how far away that is. What is later than the year 2286 is then, and what
// is farther away than 115 days is as far.
func (w *wording) due() {
	w.number(min(ms(w.m.Due), mostTime), timeWidth)
	if w.m.Due.IsZero() {
		w.number(0, awayWidth)
	} else {
		w.number(min(w.m.Due.Sub(w.now).Milliseconds(), mostAway), awayWidth)
	}
}

// starts are the letters of the states that the move may start from, in a column for each state there is.
func (w *wording) starts() {
	first := len(w.text)
	w.word("------------")
	for _, state := range w.m.From {
		if i := stateIndex(state); i >= 0 {
			w.text[first+i] = letterOf(i)
		}
	}
}

// appendMoveID appends a move's id as its holding knows it: 66 bits of its hash, so that any text may be one.
func appendMoveID(to []byte, id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.AppendEncode(to, sum[:9])[:len(to)+11]
}

func bit(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

// word says that a text has no space, no comma, nor anything else that would end a word.
func word(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == ',' })
}
