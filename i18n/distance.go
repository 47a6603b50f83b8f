package i18n

// tolerance is how many slips of the typist a name of so many letters is forgiven.
func tolerance(letters int) int {
	switch {
	case letters < 4:
		return 0
	case letters < 6:
		return 1
	case letters < 12:
		return 2
	}
	return 3
}

// letterSet marks which letters a word has, several letters to a mark. One slip changes two marks at most.
func letterSet(word []rune) uint64 {
	var set uint64
	for _, r := range word {
		set |= 1 << (r & 63)
	}
	return set
}

// slips counts the letters left out, added, changed or swapped with their neighbour between two words
// (Damerau-Levenshtein, each stretch changed once), or gives limit+1 as soon as there are more than limit.
// rows is room to work in, at least three times as long as b is, plus three.
func slips(a, b []rune, limit int, rows []int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	width := len(b) + 1
	before, last, now := rows[:width], rows[width:2*width], rows[2*width:3*width]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			now[j] = slip(a, b, i, j, before, last, now)
			least = min(least, now[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, now = last, now, before
	}
	return min(last[len(b)], limit+1)
}

// slip is the least number of slips between the first i letters of a and the first j of b.
func slip(a, b []rune, i, j int, before, last, now []int) int {
	change := last[j-1]
	if a[i-1] != b[j-1] {
		change++
	}
	least := min(change, last[j]+1, now[j-1]+1)
	if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
		least = min(least, before[j-2]+1)
	}
	return least
}
