package referrals

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// publicCode is the form that the contract promises.
var publicCode = regexp.MustCompile(`^[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}$`)

func TestCodeAlphabet(t *testing.T) {
	if len(codeAlphabet) != 32 {
		t.Fatalf("%d letters: 256 is a multiple of 32 only, anything else favours some", len(codeAlphabet))
	}
	seen := map[rune]bool{}
	for _, r := range codeAlphabet {
		if seen[r] || strings.ContainsRune("IO01", r) {
			t.Errorf("%q is there twice or looks like another", r)
		}
		seen[r] = true
	}
}

// TestNewCodeUsesEveryByteEvenly draws from all bytes in each place and counts.
func TestNewCodeUsesEveryByteEvenly(t *testing.T) {
	counts := [9]map[byte]int{}
	for b := range 256 {
		code, err := NewCode(bytes.NewReader(bytes.Repeat([]byte{byte(b)}, 8)))
		if err != nil || !publicCode.MatchString(string(code)) {
			t.Fatalf("byte %d: %q, %v", b, code, err)
		}
		for i := range 9 {
			if counts[i] == nil {
				counts[i] = map[byte]int{}
			}
			counts[i][code[i]]++
		}
	}
	for i, count := range counts {
		for letter, n := range count {
			if i != 4 && (len(count) != 32 || n != 8) {
				t.Errorf("place %d: %q is drawn %d times of 256, of %d letters", i, letter, n, len(count))
			}
		}
	}
}

func TestNewCodeNeedsRandomness(t *testing.T) {
	for name, r := range map[string]*bytes.Reader{"none": bytes.NewReader(nil), "too little": bytes.NewReader(make([]byte, 7))} {
		if code, err := NewCode(r); err == nil || code != "" {
			t.Errorf("%s: %q, %v", name, code, err)
		}
	}
	broken := errors.New("no randomness")
	if _, err := NewCode(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestParseCodeAsPeopleType(t *testing.T) {
	for _, typed := range []string{
		"K7QM-3XRP", "k7qm-3xrp", "K7qm3xRp", " K7QM-3XRP\n", "K7QM 3XRP", "k7qm – 3xrp", // en dash
		"K7QM\u20113XRP", "K7QM\u22123XRP", "K7QM—3XRP", "K7QM\u00a03XRP", "K7QM - 3XRP",
	} {
		if code, ok := ParseCode(typed); !ok || code != "K7QM-3XRP" {
			t.Errorf("%q: %q, %v", typed, code, ok)
		}
	}
	for _, typed := range []string{
		"", "-", "K7QM", "K7QM-3XR", "K7QM-3XRPP", "K7QM3-XRP", "K7-QM-3X-RP", "K7QM-3XR0", "K7QM-3XRI", "K7QM_3XRP",
		"K7QM-3XRP-2", "K7QM/3XRP", "ſ7QM-3XRP", "K7QM-3XRÉ", "К7QM-3XRP", "\xffK7QM3XR", "K7QM\x003XRP",
	} {
		if code, ok := ParseCode(typed); ok || code != "" {
			t.Errorf("%q is taken for %q", typed, code)
		}
	}
}

func TestReferralCodes(t *testing.T) {
	for _, tt := range []struct {
		typed string
		code  Code
		n     int
	}{
		{"K7QM-3XRP-2", "K7QM-3XRP", 2}, {" k7qm-3xrp-12 ", "K7QM-3XRP", 12}, {"K7QM-3XRP-999", "K7QM-3XRP", 999},
		{"k7qm 3xrp 2", "K7QM-3XRP", 2}, {"K7QM–3XRP–2", "K7QM-3XRP", 2},
		{"K7QM-3XRP-0", "", 0}, {"K7QM-3XRP-1000", "", 0}, {"K7QM-3XRP -- 2", "K7QM-3XRP", 2}, {"K7QM-3XRP-+2", "", 0},
		{"K7QM-3XRP-02", "", 0}, {"K7QM-3XRP-", "", 0}, {"K7QM-3XRP", "", 0}, {"K7QM3XRP-2", "", 0}, {"-2", "", 0}, {"", "", 0},
		{"K7QM-3XRP-2-2", "", 0}, {"K7QM-3XRP-٢", "", 0},
	} {
		code, n, ok := ParseReferralCode(tt.typed)
		if code != tt.code || n != tt.n || ok != (tt.n > 0) {
			t.Errorf("%q: %q %d %v", tt.typed, code, n, ok)
		}
		if of, _ := CaseOf(tt.typed); tt.n > 0 && of != tt.code {
			t.Errorf("%q belongs to %q", tt.typed, of)
		}
	}
	if of, ok := CaseOf("k7qm3xrp"); !ok || of != "K7QM-3XRP" {
		t.Errorf("a case's own code: %q %v", of, ok)
	}
	if of, ok := CaseOf("nothing"); ok || of != "" {
		t.Errorf("nothing belongs to %q", of)
	}
}

// anyCode draws codes as the line makes them.
func anyCode() *rapid.Generator[Code] {
	return rapid.Custom(func(t *rapid.T) Code {
		raw := rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "raw")
		code, err := NewCode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		return code
	})
}

func TestCodesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code, n := anyCode().Draw(t, "code"), rapid.IntRange(1, 999).Draw(t, "n")
		for _, typed := range []string{string(code), strings.ToLower(string(code)), strings.ReplaceAll(string(code), "-", "")} {
			if got, ok := ParseCode(typed); !ok || got != code {
				t.Errorf("%q: %q %v", typed, got, ok)
			}
		}
		referral := ReferralCode(code, n)
		if got, m, ok := ParseReferralCode(referral); !ok || got != code || m != n {
			t.Errorf("%q: %q %d %v", referral, got, m, ok)
		}
		if _, ok := ParseCode(referral); ok {
			t.Errorf("%q is also a case's code", referral)
		}
	})
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"K7QM-3XRP", "k7qm3xrp", "K7QM-3XRP-2", "K7QM–3XRP", "ſſſſ-ſſſſ", "\xff\xfe", " - ", "ﬀﬀ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, ok := ParseCode(s)
		if ok != publicCode.MatchString(string(code)) {
			t.Fatalf("%q: %q, %v", s, code, ok)
		}
		if again, still := ParseCode(string(code)); ok && (!still || again != code) {
			t.Fatalf("%q: %q is read again as %q", s, code, again)
		}
		of, n, referral := ParseReferralCode(s)
		if referral && (ok || !publicCode.MatchString(string(of)) || n < 1 || n > 999) {
			t.Fatalf("%q: case %v, referral %q %d", s, ok, of, n)
		}
		if again, m, still := ParseReferralCode(ReferralCode(of, n)); referral && (!still || again != of || m != n) {
			t.Fatalf("%q: %q %d is read again as %q %d", s, of, n, again, m)
		}
		if whose, is := CaseOf(s); is != (ok || referral) || is && whose != code && whose != of {
			t.Fatalf("%q belongs to %q, %v", s, whose, is)
		}
	})
}
