package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
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
	Key   string `json:"key"`
	Type  string `json:"type"`
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
		row := storeRow{Key: e.Key, Type: e.Type, Kept: kept(e.TTL), Bytes: len(w.rawValue(e.Key)), Raw: e.Preview}
		view.Rows = append(view.Rows, row)
		view.Keys++
		view.Bytes += row.Bytes
	}
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

// remember notes the words of what the defender wrote, to look for them where they must not be.
func (w *world) remember(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		known := len(word) < shortestWord || slices.Contains(w.person.words, word)
		if !known && len(w.person.words) < mostWords {
			w.person.words = append(slices.Clip(w.person.words), word)
		}
	}
}
