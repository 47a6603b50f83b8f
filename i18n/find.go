package i18n

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// The work done for one input is bounded: what is beyond these is not looked at.
const (
	typedBytes  = 4096 * 4 // a message of 4096 characters
	nameWords   = 6        // the longest name, without small words
	fuzzyWords  = 12       // words of a sentence that are compared with slips allowed
	longestName = 48       // letters
)

// found is a country a text may mean; the lower the score, the likelier.
type found struct {
	country uint8
	score   int
}

// FindCountries gives the codes of the countries that a person may mean by what they typed, the likeliest
// first, at most max: a name in any language shipped, also misspelt, begun, or inside a sentence; a city; an
// ISO 3166-1 code. Names in lang come before the same names in other languages. Nothing found is nil.
func (c *Catalogue) FindCountries(lang, typed string, max int) []string {
	if max <= 0 {
		return nil
	}
	f := c.finder
	if code, ok := f.iso[strings.ToUpper(strings.TrimSpace(typed))]; ok && len(typed) < 64 {
		return []string{code}
	}
	if len(typed) > typedBytes {
		typed = strings.ToValidUTF8(typed[:typedBytes], "")
	}
	words := withoutSmall(fold(typed))
	if len(words) == 0 {
		return nil
	}
	q := query{finder: f, lang: slices.Index(f.langs, lang)}
	q.run(words)
	if len(q.hits) == 0 {
		q.run(withoutSmall(spelt(typed)))
	}
	return q.best(max)
}

// query is one search.
type query struct {
	*finder
	lang  int
	whole bool // the input may be a name as it stands; else names are sought in a sentence
	hits  []found
	rows  [3 * (longestName + 2)]int
	runes []rune
	other []rune
}

// run tries the ways to understand the words, the surest first, until one gives something.
func (q *query) run(words []string) {
	if len(words) <= nameWords {
		q.whole = true
		text := strings.Join(words, " ")
		known := q.exact(text, 0)
		q.begun(text, 100)
		if !known { // "austra" begins Australia, and may be Austria
			q.misspelt(text, 300)
		}
	}
	q.whole = false
	if len(q.hits) == 0 || len(words) > 1 && q.hits[0].score >= 300 {
		q.inside(words)
	}
	if len(q.hits) == 0 {
		q.misspeltInside(words)
	}
}

// hit notes a name; its score grows with its kind, and for another language than the person's. Parts of names
// are ordinary words in a sentence ("north", "coast") and count only where nothing else was typed.
func (q *query) hit(n name, score int) {
	if !q.whole && n.kind == partOfName {
		return
	}
	score += int(n.kind) * 20
	if int(n.lang) != q.lang && n.kind != cityName {
		score += 10
	}
	q.hits = append(q.hits, found{n.country, score})
}

// exact notes the names that are the text, and says whether there are any.
func (q *query) exact(text string, score int) bool {
	at, _ := slices.BinarySearchFunc(q.names, text, func(n name, text string) int { return strings.Compare(n.text, text) })
	before := len(q.hits)
	for ; at < len(q.names) && q.names[at].text == text; at++ {
		q.hit(q.names[at], score)
	}
	return len(q.hits) > before
}

// begun notes the names that begin with the text; the less is left to type, the better.
func (q *query) begun(text string, score int) {
	letters := len([]rune(text))
	if letters < 2 {
		return
	}
	at, _ := slices.BinarySearchFunc(q.names, text, func(n name, text string) int { return strings.Compare(n.text, text) })
	for ; at < len(q.names) && strings.HasPrefix(q.names[at].text, text); at++ {
		if n := q.names[at]; n.text != text && (n.kind != cityName || letters >= 4) {
			q.hit(n, score+min(9, len(n.text)-len(text)))
		}
	}
}

// inside looks for names in a sentence, the longest first; a word that belongs to one name is not read again.
func (q *query) inside(words []string) {
	for at := 0; at < len(words); {
		at += q.nameAt(words[at:])
	}
}

// nameAt notes the longest name at the beginning of words and gives the number of words to go on by.
func (q *query) nameAt(words []string) int {
	for n := min(nameWords, len(words)); n > 0; n-- {
		text := strings.Join(words[:n], " ")
		if n == 1 && len([]rune(text)) < 3 && text != "uk" {
			return 1
		}
		if q.exact(text, 200-n) {
			return n
		}
	}
	if rest := prefixless(words[0]); rest != "" {
		q.exact(rest, 205)
	}
	return 1
}

// misspelt notes the names that are the text but for a few slips.
func (q *query) misspelt(text string, score int) {
	q.runes = append(q.runes[:0], []rune(text)...)
	limit := tolerance(len(q.runes))
	if !q.whole && len(q.runes) < 8 {
		limit = min(limit, 1)
	}
	if limit == 0 || len(q.runes) > longestName {
		return
	}
	set := letterSet(q.runes)
	for _, n := range q.names {
		if bits.OnesCount64(set^n.set) <= 2*limit && n.letters >= 4 && n.letters <= longestName {
			q.compare(n, limit, score)
		}
	}
}

// compare notes a name that has no more slips than allowed; people seldom slip at the first letter.
func (q *query) compare(n name, limit, score int) {
	q.other = q.other[:0]
	for _, r := range n.text {
		q.other = append(q.other, r)
	}
	d := slips(q.runes, q.other, limit, q.rows[:])
	if d > limit {
		return
	}
	if q.other[0] != q.runes[0] {
		d++
	}
	q.hit(n, score+100*d)
}

// misspeltInside allows slips in the first words of a sentence, by ones, twos and threes.
func (q *query) misspeltInside(words []string) {
	words = words[:min(len(words), fuzzyWords)]
	for n := 3; n >= 1; n-- {
		for at := 0; at+n <= len(words); at++ {
			text := strings.Join(words[at:at+n], " ")
			if len([]rune(text)) >= 5 {
				q.misspelt(text, 700-n)
			}
		}
	}
}

// best gives each country once, the likeliest first; equals in the order of their codes.
func (q *query) best(limit int) []string {
	slices.SortFunc(q.hits, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.country, b.country))
	})
	var codes []string
	for _, hit := range q.hits {
		if code := q.codes[hit.country]; !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
		if len(codes) == limit {
			break
		}
	}
	return codes
}
