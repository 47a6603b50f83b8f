package i18n

import (
	"testing"

	"pgregory.net/rapid"
)

func TestSlips(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"peru", "peru", 0},
		{"pery", "peru", 1},
		{"preu", "peru", 1},
		{"per", "peru", 1},
		{"perru", "peru", 1},
		{"guatamala", "guatemala", 1},
		{"colmbia", "colombia", 1},
		{"", "ab", 2},
		{"", "", 0},
		{"abcdefgh", "hgfedcba", 4},
		{"chile", "peru", 4},
		{"ca", "abc", 3},
		{"بيرو", "ببرو", 1},
	} {
		if got := slipsIn(test.a, test.b, 3); got != test.want {
			t.Errorf("%q %q: got %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func slipsIn(a, b string, limit int) int {
	return slips([]rune(a), []rune(b), limit, make([]int, 3*len(b)+3))
}

// The quick count agrees with the definition, worked out recursively.
func TestSlipsAgreeWithTheirDefinition(t *testing.T) {
	words := rapid.StringOfN(rapid.RuneFrom([]rune("abcé")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		limit := rapid.IntRange(0, 4).Draw(t, "limit")
		want := min(definition([]rune(a), []rune(b)), limit+1)
		if got := slipsIn(a, b, limit); got != want {
			t.Fatalf("%q %q: got %d, want %d", a, b, got, want)
		}
	})
}

func definition(a, b []rune) int {
	if len(a) == 0 || len(b) == 0 {
		return len(a) + len(b)
	}
	i, j := len(a)-1, len(b)-1
	change := definition(a[:i], b[:j])
	if a[i] != b[j] {
		change++
	}
	least := min(change, definition(a[:i], b)+1, definition(a, b[:j])+1)
	if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
		least = min(least, definition(a[:i-1], b[:j-1])+1)
	}
	return least
}
