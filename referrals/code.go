package referrals

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// codeAlphabet has no letter or digit that is mistaken for another when read aloud or
// copied by hand: no I, O, 0, 1.
const codeAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// Code is the public name of a case: K7QM-3XRP. It is random and says nothing.
type Code string

// NewCode draws a code from random, 40 bits of it. It fails only when random does.
func NewCode(random io.Reader) (Code, error) {
	var raw [8]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("draw a case code: %w", err)
	}
	for i, b := range raw {
		raw[i] = codeAlphabet[int(b)%len(codeAlphabet)] // 256 is a multiple of 32: no bias
	}
	return Code(raw[:4]) + "-" + Code(raw[4:]), nil
}

// ParseCode reads a code as a person may type it: in small letters, with spaces around, without
// the hyphen or with whatever dash or space a keyboard puts there. It reports false when it
// cannot be a code.
func ParseCode(s string) (Code, bool) {
	parts := codeParts(s)
	if len(parts) == 1 && len(parts[0]) == 8 {
		parts = []string{parts[0][:4], parts[0][4:]}
	}
	if len(parts) != 2 {
		return "", false
	}
	return joinCode(parts[0], parts[1])
}

// codeParts are the parts of a code between its dashes or spaces, of which there may be several.
func codeParts(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '\u2212' // the minus sign is no dash to Unicode
	})
}

// joinCode makes a code of its halves. Letters outside of ASCII are never taken for others.
func joinCode(first, second string) (Code, bool) {
	if len(first) != 4 || len(second) != 4 {
		return "", false
	}
	raw := []byte(first + second)
	for i, b := range raw {
		if 'a' <= b && b <= 'z' {
			raw[i] = b - 'a' + 'A'
		}
		if strings.IndexByte(codeAlphabet, raw[i]) < 0 {
			return "", false
		}
	}
	return Code(raw[:4]) + "-" + Code(raw[4:]), true
}

// ReferralCode names the n-th referral of a case, counted from 1: K7QM-3XRP-2.
func ReferralCode(c Code, n int) string { return string(c) + "-" + strconv.Itoa(n) }

// ParseReferralCode splits a referral's code into its case and its number, 1 to 999. The halves
// of the case and the number are apart, by any dash or space.
func ParseReferralCode(s string) (Code, int, bool) {
	parts := codeParts(s)
	if len(parts) != 3 {
		return "", 0, false
	}
	c, ok := joinCode(parts[0], parts[1])
	n, err := strconv.Atoi(parts[2])
	if !ok || err != nil || n < 1 || n > 999 || strconv.Itoa(n) != parts[2] {
		return "", 0, false
	}
	return c, n, true
}

// CaseOf returns the case a case's or referral's code names.
func CaseOf(s string) (Code, bool) {
	if c, ok := ParseCode(s); ok {
		return c, true
	}
	c, _, ok := ParseReferralCode(s)
	return c, ok
}
