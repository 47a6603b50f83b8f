package mail

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"defenderline/referrals"
)

// Kind says what a mail is about, and nothing of what is in it.
type Kind string

// The kinds of mail. The first two carry a sealed message, the others none.
const (
	Alerted   Kind = "alert"     // a case waits for a rung
	Added     Kind = "addition"  // more was sealed to a case that the desk has
	Offered   Kind = "offer"     // a referral may be claimed
	Expired   Kind = "expired"   // its time is over
	Withdrawn Kind = "withdrawn" // the defender took the case back
	Ended     Kind = "ended"     // the defender needs no more help with it
	Page      Kind = "page"      // to the operator: nobody answered
)

// maxLocal is the greatest length of [Alert.Local] in bytes.
const maxLocal = 4 << 10

// Alert is one mail. It has no place for words of a defender outside Sealed.
type Alert struct {
	To   string // one plain address, ASCII: duty@example.org
	Kind Kind
	Lane referrals.Lane
	Case string    // the code of a case, or of a referral in an offer or its end
	Due  time.Time // until when an answer is awaited; zero: not said
	// Sealed is the armored OpenPGP message, sealed to the desk and signed inside; armor headers
	// are left out of the mail. Kinds that carry none must have none.
	Sealed []byte
	// Entity says that a plaintext made by [Entity] is sealed: the mail is PGP/MIME then. Otherwise
	// Sealed is attached as it is.
	Entity bool
	// File names Sealed in the mail: the name that its signature covers. It begins with the case's
	// code and ends with .asc; empty: the code and .asc.
	File string
	// Local is what the mail says, once more in the desk's language: plain text, whole sentences,
	// at most 4 KiB. In PGP/MIME it belongs into [Entity] and is not used here.
	Local string
}

// carries says whether mails of this kind bring a sealed message, and whether the kind is known.
func (k Kind) carries() (sealed, known bool) {
	switch k {
	case Alerted, Added:
		return true, true
	case Offered, Expired, Withdrawn, Ended, Page:
		return false, true
	}
	return false, false
}

// check refuses what must not become a mail, before anything is written or dialled. It gives the
// armored message without armor headers, nil for a kind that has none.
func (a Alert) check() ([]byte, error) {
	sealed, known := a.Kind.carries()
	switch {
	case !plainAddress(a.To):
		return nil, refuse(StepAlert, "the address is not one plain mail address", "give one address alone, in ASCII, in the configuration")
	case !known:
		return nil, refuse(StepAlert, "there is no such kind of mail", "use one of the kinds")
	case !isLane(a.Lane):
		return nil, refuse(StepAlert, "there is no such lane", "use emergency, urgent or routine")
	case !isCode(a.Case):
		return nil, refuse(StepAlert, "the case's code is none", "give the code of a case or referral as the line writes it")
	case !isFile(a.file(), a.Case):
		return nil, refuse(StepAlert, "the file cannot be named so", "name it by its case's code: letters, digits, dots and hyphens, ending in .asc")
	case len(a.Local) > maxLocal || !utf8.ValidString(a.Local) || strings.ContainsRune(a.Local, 0):
		return nil, refuse(StepAlert, "the words in the desk's language are no text or too long", "keep them below 4 KiB")
	case !sealed && (len(a.Sealed) > 0 || a.Entity):
		return nil, refuse(StepAlert, "this kind of mail carries no sealed message", "send it without one")
	case !sealed:
		return nil, nil
	}
	armored, ok := bare(a.Sealed)
	if !ok {
		return nil, refuse(StepAlert, "what should be sealed is no armored OpenPGP message", "seal it first: nothing leaves in the clear instead")
	}
	return armored, nil
}

// file is the name of the sealed message in the mail.
func (a Alert) file() string {
	if a.File == "" {
		code, _ := referrals.CaseOf(a.Case)
		return code.DocumentName(1)
	}
	return a.File
}

func isLane(l referrals.Lane) bool {
	return l == referrals.Emergency || l == referrals.Urgent || l == referrals.Routine
}

// isCode accepts codes as the line writes them only, not as people may type them.
func isCode(s string) bool {
	if c, ok := referrals.ParseCode(s); ok {
		return string(c) == s
	}
	c, n, ok := referrals.ParseReferralCode(s)
	return ok && referrals.ReferralCode(c, n) == s
}

// isFile accepts the name of a document of the case that code names, or of the case of that referral.
func isFile(name, code string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"
	of, _ := referrals.CaseOf(code)
	return len(name) <= 64 && strings.HasPrefix(name, string(of)+".") && strings.HasSuffix(name, ".asc") && strings.Trim(name, letters) == ""
}

// plainAddress accepts one address without name or comment whose local part needs no quotes. The
// extension that would carry other letters (RFC 6531) is missing in too many servers on the way.
func plainAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>()[]\,;:`, c) >= 0 {
			return false
		}
	}
	return true
}
