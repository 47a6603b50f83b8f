package seal

import "errors"

// Reason is why something was refused. The set is closed and derives from nothing a
// person wrote, so that a Reason may be a metric label.
type Reason string

// The reasons. The first group speaks of keys, the second of sealing and opening.
const (
	ReasonUnreadable    Reason = "unreadable"     // not an armored OpenPGP key, or broken
	ReasonPrivate       Reason = "private_key"    // a private key where a public one belongs
	ReasonSeveral       Reason = "several_keys"   // more than one key in a file
	ReasonVersion       Reason = "version"        // not a v4 key
	ReasonFingerprint   Reason = "fingerprint"    // not the key that was named
	ReasonWeak          Reason = "weak"           // RSA below 2048 bits
	ReasonAlgorithm     Reason = "algorithm"      // GnuPG 2.2 cannot read it, or not in the policy
	ReasonExpired       Reason = "expired"        // the whole key has expired
	ReasonRevoked       Reason = "revoked"        // its owner revoked it
	ReasonFuture        Reason = "future"         // made later than now: a clock is wrong
	ReasonSignOnly      Reason = "sign_only"      // no subkey that encrypts
	ReasonSubkeyExpired Reason = "subkey_expired" // every encryption subkey has expired
	ReasonSubkeyRevoked Reason = "subkey_revoked" // every encryption subkey was revoked
	ReasonTrial         Reason = "trial_failed"   // looks usable, but sealing to it fails
	ReasonLocked        Reason = "locked"         // a signing key with a passphrase

	ReasonDesk     Reason = "desk"          // unknown, unnamed or repeated desk
	ReasonNoKey    Reason = "no_usable_key" // the desk has no key that can be sealed to now
	ReasonSigning  Reason = "signing"       // the line's own key cannot sign now
	ReasonName     Reason = "name"          // a copy has no name that can be signed
	ReasonTooLarge Reason = "too_large"     // beyond a limit of this package
	ReasonSource   Reason = "source"        // reading what should be sealed failed
	ReasonSink     Reason = "sink"          // writing the sealed form failed
	ReasonSealed   Reason = "not_sealed"    // not an OpenPGP message this package can open
	ReasonUnsigned Reason = "not_signed"    // the line's good signature is not in it
	ReasonInternal Reason = "internal"      // the OpenPGP library or the system's randomness failed

	// Of documents that an officer sealed.
	ReasonPlain      Reason = "not_encrypted" // something in it can be read by anybody
	ReasonPassphrase Reason = "passphrase"    // a passphrase opens it, and no key or not only keys
	ReasonForm       Reason = "form"          // encrypted in a way that this package does not know
	ReasonKeyHidden  Reason = "key_hidden"    // it does not say for which keys it is
	ReasonKeyForeign Reason = "key_foreign"   // somebody else's key opens it too
	ReasonKeyMissing Reason = "key_missing"   // no key of the desk opens it
)

// Error is the only error type of this package. Its text is made of the fields below
// and nothing else; Unwrap gives the error of a caller's own reader or writer, whose
// text is deliberately not repeated.
type Error struct {
	Reason  Reason
	Subject string // "key FINGERPRINT", "desk ID" or empty
	Problem string // what is wrong
	Remedy  string // what to do about it
	cause   error
}

// Error gives subject, problem and remedy in one line.
func (e *Error) Error() string {
	text := "seal: "
	if e.Subject != "" {
		text += e.Subject + ": "
	}
	text += e.Problem
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// GoString is Error, so that %#v does not print the cause.
func (e *Error) GoString() string { return e.Error() }

// Why is the reason as a word of a closed set, for callers that do not know this package.
func (e *Error) Why() string { return string(e.Reason) }

// Unwrap is the error of the reader or writer the caller passed in, if that failed.
func (e *Error) Unwrap() error { return e.cause }

// ReasonOf gives the reason of an error of this package, "" for nil and
// ReasonInternal for any other error.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ReasonInternal
}

func keyError(fingerprint string, reason Reason, problem, remedy string) *Error {
	subject := "key"
	if fingerprint != "" {
		subject += " " + fingerprint
	}
	return &Error{Reason: reason, Subject: subject, Problem: problem, Remedy: remedy}
}

func deskError(desk string, reason Reason, problem, remedy string) *Error {
	return &Error{Reason: reason, Subject: "desk " + desk, Problem: problem, Remedy: remedy}
}

func internalError() *Error {
	return &Error{Reason: ReasonInternal, Problem: "the OpenPGP library refused to write", Remedy: "try again; if it stays, report it with the program's version"}
}
