package store

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"defenderline/referrals"
)

// wording is a move on its way into words.
type wording struct {
	m                referrals.Move
	now, begun, till time.Time
	reason           string // sealed
	endedFor         time.Duration
	id               string
	text             []byte
}

// all are the words of a move, the holding as it begins and the words of the change, as move.lua wants them.
func (w *wording) all() []any {
	w.id = moveID(w.m.ID)
	w.text = make([]byte, 0, 384)
	letter, _ := stateLetter(w.m.To)
	w.move()
	first := len(w.text)
	if w.m.Begins() {
		w.born(letter)
	}
	second := len(w.text)
	if len(w.m.From) > 0 {
		w.change(letter)
	}
	args := make([]any, 3, 3+2*len(w.m.Errands))
	args[0], args[1], args[2] = w.text[:first], w.text[first:second], w.text[second:]
	return args
}

func (w *wording) word(t string)  { w.text = append(append(w.text, t...), ' ') }
func (w *wording) number(n int64) { w.text = append(strconv.AppendInt(w.text, n, 10), ' ') }

// last ends a text.
func (w *wording) last() { w.text = w.text[:len(w.text)-1] }

// entry is how a holding knows the move.
func (w *wording) entry() {
	w.text = append(append(w.text, ','), w.id...)
	w.number(ms(w.now))
}

func (w *wording) move() {
	w.word(w.m.Code)
	w.entry()
	w.word(startLetters(w.m.From))
	w.number(ms(w.now.Add(w.endedFor)))
	w.number(ms(w.till))
	w.number(int64(len(w.m.Errands)))
	w.last()
}

// born is the holding as it begins: see holdingKey.
func (w *wording) born(letter string) {
	w.text = append(w.text, letter[0], byte('0'+w.m.Lane.Rank()))
	w.text = append(appendTime(w.text, w.begun), ' ', ' ')
	w.due()
	w.word(bit(w.m.Claims))
	by := ""
	if w.m.Claims {
		by = w.id
	}
	w.word(by)
	w.number(int64(w.m.Rung))
	w.word(w.m.Origin)
	w.word(w.reason)
	w.entry()
	w.last()
}

func (w *wording) change(letter string) {
	lane := ""
	if w.m.Lane != "" {
		lane = strconv.Itoa(w.m.Lane.Rank())
	}
	w.word(letter)
	w.word(lane)
	w.text = append(appendTime(w.text, w.begun), ' ')
	w.due()
	w.number(w.m.Claim)
	w.word(bit(w.m.Claims))
	w.number(int64(max(-1, w.m.AtRung)))
	w.number(int64(w.m.Rung))
	w.word(w.m.Origin)
	w.word(w.reason)
	w.last()
}

// due is when silence has a consequence, and how far away that is.
func (w *wording) due() {
	w.number(ms(w.m.Due))
	if w.m.Due.IsZero() {
		w.word("")
	} else {
		w.number(w.m.Due.Sub(w.now).Milliseconds())
	}
}

// moveID is a move's id as its holding knows it: 96 bits of its hash, so that any text may be one.
func moveID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// startLetters are the letters of states, '-' for none.
func startLetters(from []referrals.State) string {
	var b strings.Builder
	for _, state := range from {
		letter, ok := stateLetter(state)
		if state == "" {
			letter, ok = "-", true
		}
		if ok {
			b.WriteString(letter)
		}
	}
	return b.String()
}

func bit(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

// word says that a text has no space, nor anything else that would end a word.
func word(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' })
}
