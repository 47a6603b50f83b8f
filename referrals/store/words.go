package store

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"defenderline/referrals"
)

// wording is a move on its way into the text that move.lua reads, whose columns are named there.
type wording struct {
	m                referrals.Move
	now, begun, till time.Time
	line, rings      time.Time // now by the line's clock; due by the slot's
	reason           string    // sealed
	text             []byte
}

// Widths of the columns of numbers, and the largest that fit.
const (
	timeWidth, awayWidth, claimWidth, rungWidth, entryWidth = 13, 10, 9, 4, 9
	roomWidth, mostRoom                                     = 6, 999_999
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
	w.room()
	w.text = append(w.text, wayLetter(w.m.Way, false), wayLetter(w.m.Way, true))
	w.number(min(ms(w.rings), mostTime), timeWidth)
	w.word(w.m.Code)
	w.word(" ")
	w.origin()
	w.word(" ")
	w.word(w.reason)
	return w.text
}

// origin is where the case lives and, unless the ladder began with the first rung and was alerted in order, with which it began and
// who was alerted: "p07;2;5", the rungs as the digits of a number in base 36.
func (w *wording) origin() {
	w.word(w.m.Origin)
	if w.m.Origin == "" || w.m.First == 0 && (w.m.Told == 0 || w.m.Told == referrals.UpTo(w.m.Rung)) {
		return
	}
	w.word(";" + strconv.Itoa(w.m.First) + ";" + strconv.FormatUint(uint64(w.m.Told), 36))
}

// readOrigin is the reverse.
func readOrigin(text string, h *referrals.Holding) bool {
	origin, ladder, more := strings.Cut(text, ";")
	h.Origin = strings.Clone(origin) // not the whole answer with it
	if !more {
		return true
	}
	first, told, _ := strings.Cut(ladder, ";")
	rung, err1 := strconv.Atoi(first)
	set, err2 := strconv.ParseUint(told, 36, 64)
	h.First, h.Told = rung, referrals.Rungs(set)
	return err1 == nil && err2 == nil && rung >= 0
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
		w.number(min(ms(w.m.Due)-ms(w.line), mostAway), awayWidth)
	}
}

// room is how many the desk may have claimed or accepted when the move is made.
func (w *wording) room() {
	if w.m.Most == 0 {
		w.word("------")
		return
	}
	w.number(min(int64(w.m.Most), mostRoom), roomWidth)
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

// word says that a text has no space, no comma, no semicolon, nor anything else that would end a word.
func word(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == ',' || r == ';' })
}
