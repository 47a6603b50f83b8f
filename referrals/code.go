package referrals

import (
	"fmt"
	"io"
	"strconv"
	"strings"
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

// ParseCode reads a code as a person may type it: in small letters, with spaces around,
// without the hyphen. It reports false when it cannot be a code.
func ParseCode(s string) (Code, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) == 8 {
		s = s[:4] + "-" + s[4:]
	}
	if len(s) != 9 || s[4] != '-' {
		return "", false
	}
	for i := range len(s) {
		if i != 4 && strings.IndexByte(codeAlphabet, s[i]) < 0 {
			return "", false
		}
	}
	return Code(s), true
}

// ReferralCode names the n-th referral of a case, counted from 1: K7QM-3XRP-2.
func ReferralCode(c Code, n int) string { return string(c) + "-" + strconv.Itoa(n) }

// ParseReferralCode splits a referral's code into its case and its number.
func ParseReferralCode(s string) (Code, int, bool) {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '-')
	if at < 0 {
		return "", 0, false
	}
	c, ok := ParseCode(s[:at])
	n, err := strconv.Atoi(s[at+1:])
	if !ok || !strings.Contains(s[:at], "-") || err != nil || n < 1 || n > 999 {
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
