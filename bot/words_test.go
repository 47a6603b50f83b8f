package bot

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"defenderline/i18n"
	"defenderline/referrals"
)

// namedText is a text's key as the code names it, or the beginning of one that is put together.
var namedText = regexp.MustCompile(`"((?:desk|line|note|toast|news|page|ask|button|reply|document|value|field)\.[a-z_.]+)"`)

// What the catalogue lacks would be shown as "…" in the middle of a sentence.
func TestEveryTextThatIsNamedIsThere(t *testing.T) {
	texts, err := i18n.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := texts.Keys()
	there := func(key string) bool {
		return slices.ContainsFunc(keys, func(k string) bool {
			return k == key || strings.HasPrefix(k, key) && strings.ContainsAny(key[len(key)-1:], "._")
		})
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	named := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range namedText.FindAllStringSubmatch(string(source), -1) {
			named++
			if !there(found[1]) {
				t.Errorf("%s names %s, which no language has", file, found[1])
			}
		}
	}
	if named < 100 {
		t.Errorf("only %d texts are named", named)
	}
	for _, f := range []referrals.Fate{referrals.FateDelivered, referrals.FateHeld, referrals.FateKept, referrals.FateElsewhere,
		referrals.FateEnded, referrals.FateGone, referrals.FateWiped, referrals.FateBlocked, referrals.FateFailed} {
		if !there("desk.reply." + string(f)) {
			t.Errorf("a reply whose fate is %q is not told", f)
		}
	}
}
