package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"defenderline/i18n"
	"defenderline/referrals"
)

// storeView is what the store holds, as the page shows it.
type storeView struct {
	Keys  int        `json:"keys"`
	Bytes int        `json:"bytes"`
	Rows  []storeRow `json:"rows"`
	// Words is how many words the defender wrote, the name and the id of their account among them; Found
	// those of them that stand readable in the store or in what left the line.
	Words int      `json:"words"`
	Found []string `json:"found"`

	at time.Time
}

// storeRow is one key.
type storeRow struct {
	What string `json:"what"`
	// Clear says that it is readable by design: codes, lanes, states and times, and nothing else.
	Clear bool   `json:"clear"`
	Key   string `json:"key"`
	Type  string `json:"type"` // of Redis
	Kept  string `json:"kept"`
	Bytes int    `json:"bytes"`
	Raw   string `json:"raw"`
}

// storeAge is how old a view of the store may be: reading all of it takes longer than anything else here.
const storeAge = 500 * time.Millisecond

// stored gives the store's content as it was at most storeAge ago.
func (w *world) stored(ctx context.Context) storeView {
	w.mu.Lock()
	view := w.store
	w.mu.Unlock()
	now := w.now()
	if !view.at.IsZero() && now.Sub(view.at) < storeAge {
		return view
	}
	fresh, err := w.readStore(ctx)
	if err != nil {
		return view
	}
	fresh.at = now
	w.mu.Lock()
	defer w.mu.Unlock()
	w.store = fresh
	return fresh
}

func (w *world) readStore(ctx context.Context) (storeView, error) {
	view := storeView{Rows: []storeRow{}, Found: []string{}}
	entries, err := w.parts.store.Dump(ctx)
	if err != nil {
		return view, err
	}
	var raw strings.Builder
	for _, k := range w.redis.Keys() {
		raw.WriteString(k + "\n" + w.rawValue(k) + "\n")
	}
	for _, e := range entries {
		what := meaning(e.Key)
		row := storeRow{What: what.words, Clear: what.clear, Key: e.Key, Type: e.Type, Kept: kept(e.TTL), Bytes: len(w.rawValue(e.Key)), Raw: sealedFirst(e.Preview)}
		view.Rows = append(view.Rows, row)
		view.Keys++
		view.Bytes += row.Bytes
	}
	slices.SortStableFunc(view.Rows, func(a, b storeRow) int {
		return cmp.Or(meaning(a.Key).rank-meaning(b.Key).rank, b.Bytes-a.Bytes)
	})
	for _, d := range w.departures() {
		raw.WriteString(d.Text + "\n" + d.File + "\n")
	}
	words := w.defender().words
	view.Words = len(words)
	all := raw.String()
	for _, word := range words {
		if strings.Contains(all, word) {
			view.Found = append(view.Found, word)
		}
	}
	return view, nil
}

// meant is what a key of the store is for.
type meant struct {
	rank  int // its place on the page
	clear bool
	words string
}

// meaning reads it off a key's form: {slot}:kind or {slot}:kind:name.
func meaning(key string) meant {
	_, rest, _ := strings.Cut(key, "}:")
	kind, _, _ := strings.Cut(rest, ":")
	if m, ok := map[string]meant{
		"d":     {1, false, "Sealed documents of a case"},
		"f":     {2, false, "Sealed files of a case"},
		"r":     {3, false, "A chat or a case: sealed, its counters not"},
		"b":     {4, false, "Messages just received, sealed"},
		"m":     {5, false, "What a wipe must delete, sealed"},
		"err":   {6, false, "Still to be sent, sealed"},
		"h":     {7, true, "A case at a desk: state, lane, times"},
		"q":     {8, true, "A desk's queue: state, lane, code"},
		"ended": {9, true, "Cases that ended"},
		"ops":   {10, true, "Acts of desks, so that none counts twice"},
		"due":   {11, true, "Who must be looked at, and when"},
	}[kind]; ok {
		return m
	}
	return meant{12, true, "Bookkeeping"}
}

// sealedFirst puts a record's sealed part before its counters: the page shows the beginning.
func sealedFirst(preview string) string {
	fields := strings.Split(preview, " ")
	slices.SortStableFunc(fields, func(a, b string) int {
		rank := func(f string) int {
			if strings.HasPrefix(f, "s=") {
				return 0
			}
			return 1
		}
		return rank(a) - rank(b)
	})
	return strings.Join(fields, " ")
}

// rawValue is every byte that stands under a key.
func (w *world) rawValue(k string) string {
	var out strings.Builder
	switch w.redis.Type(k) {
	case "string":
		v, err := w.redis.Get(k)
		if err != nil { // it ended meanwhile
			return ""
		}
		out.WriteString(v)
	case "hash":
		fields, err := w.redis.HKeys(k)
		if err != nil {
			return ""
		}
		for _, f := range fields {
			out.WriteString(f + w.redis.HGet(k, f))
		}
	case "zset":
		members, err := w.redis.ZMembers(k)
		if err != nil {
			return ""
		}
		out.WriteString(strings.Join(members, ""))
	}
	return out.String()
}

// kept says how long a key stays, in steps coarse enough that the page does not flicker.
func kept(ttl time.Duration) string {
	switch {
	case ttl <= 0:
		return "until an act ends it"
	case ttl < 2*time.Minute:
		return "under 2 minutes"
	case ttl < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", ttl.Minutes())
	case ttl < 48*time.Hour:
		return fmt.Sprintf("%.0f hours", ttl.Hours())
	default:
		return fmt.Sprintf("%.0f days", ttl.Hours()/24)
	}
}

// shortestWord is how many bytes a word has that is looked for: shorter ones stand in any noise by chance.
const shortestWord = 6

// mostWords bounds what is looked for.
const mostWords = 1000

// vocabulary is what the line itself says to desks and keeps readable: names and ids of desks, lanes, states,
// captions. A word of it says nothing about a defender.
func vocabulary(desks []*referrals.Desk, texts *i18n.Catalogue) string {
	var own strings.Builder
	for _, d := range desks {
		own.WriteString(d.ID + " " + d.Name + " ")
	}
	for _, s := range everyState() {
		own.WriteString(string(s) + " ")
	}
	own.WriteString(string(referrals.Emergency + " " + referrals.Urgent + " " + referrals.Routine))
	for _, key := range texts.Keys() {
		if strings.HasPrefix(key, "desk.") {
			own.WriteString(" " + texts.Text("en", key, nil))
		}
	}
	return own.String()
}

// remember notes the words of what the defender wrote, to look for them where they must not be.
func (w *world) remember(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		known := len(word) < shortestWord || slices.Contains(w.person.words, word) || strings.Contains(w.vocabulary, word)
		if !known && len(w.person.words) < mostWords {
			w.person.words = append(slices.Clip(w.person.words), word)
		}
	}
}
