package store

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"defenderline/referrals"
)

// wording is a move on its way into the texts that move.lua reads, whose columns are named there.
type wording struct {
	m                referrals.Move
	now, begun, till time.Time
	reason           string // sealed
	id               string
	text             []byte
}

// Widths of the columns of numbers, and the largest that fit.
const (
	timeWidth, claimWidth, rungWidth = 13, 9, 4
	mostErrands, mostClaim, mostRung = 999, 999_999_999, 9999
	mostTime                         = 9_999_999_999_999
)

// all are the move, the holding as it begins and the change.
func (w *wording) all() []any {
	w.id = moveID(w.m.ID)
	w.text = make([]byte, 0, 384)
	state := stateIndex(w.m.To)
	w.entry()
	w.time(w.till)
	w.number(int64(len(w.m.Errands)), 3)
	w.number(int64(state), 2)
	w.word(w.m.Code)
	first := len(w.text)
	if w.m.Begins() {
		w.born(state)
	}
	second := len(w.text)
	if len(w.m.From) > 0 {
		w.change(state)
	}
	args := make([]any, 3, 3+2*len(w.m.Errands))
	args[0], args[1], args[2] = w.text[:first], w.text[first:second], w.text[second:]
	return args
}

func (w *wording) word(t string) { w.text = append(w.text, t...) }

// number appends a number with leading zeros, which must fit.
func (w *wording) number(n int64, width int) {
	for range width {
		w.text = append(w.text, '0')
	}
	for i := len(w.text) - 1; n > 0; i-- {
		w.text[i], n = byte('0'+n%10), n/10
	}
}

// time appends milliseconds; what is later than the year 2286 is then.
func (w *wording) time(t time.Time) { w.milliseconds(ms(t)) }

func (w *wording) milliseconds(n int64) { w.number(min(max(0, n), mostTime), timeWidth) }

// entry is how a holding knows the move.
func (w *wording) entry() {
	w.word(",")
	w.word(w.id)
	w.time(w.now)
}

// place is state, lane and when, as a holding and an event begin.
func (w *wording) place(state int, lane byte) {
	w.text = appendTime(append(w.text, letterOf(state), lane), w.begun)
}

// due is when silence has a consequence, and how far away that is.
func (w *wording) due() {
	w.time(w.m.Due)
	if w.m.Due.IsZero() {
		w.number(0, timeWidth)
	} else {
		w.milliseconds(w.m.Due.Sub(w.now).Milliseconds())
	}
}

func (w *wording) born(state int) {
	w.place(state, byte('0'+w.m.Lane.Rank()))
	w.due()
	w.number(0, timeWidth)
	if w.m.Claims {
		w.word(w.id)
		w.number(1, claimWidth)
	} else {
		w.word("----------------")
		w.number(0, claimWidth)
	}
	w.number(int64(w.m.Rung), rungWidth)
	w.facts()
	w.word(" ")
	w.entry()
}

func (w *wording) change(state int) {
	lane := byte('-')
	if w.m.Lane != "" {
		lane = byte('0' + w.m.Lane.Rank())
	}
	w.place(state, lane)
	w.due()
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
	w.number(int64(w.m.Rung), rungWidth)
	w.word(bit(w.m.Claims))
	w.starts()
	if w.m.Origin != "" || w.reason != "" {
		w.facts()
	}
}

func (w *wording) facts() {
	w.word(" ")
	w.word(w.m.Origin)
	w.word(" ")
	w.word(w.reason)
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

// moveID is a move's id as its holding knows it: 96 bits of its hash, so that any text may be one.
func moveID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
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
