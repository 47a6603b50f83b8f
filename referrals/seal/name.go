package seal

import (
	"bytes"
	"io"
	"regexp"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/gopenpgp/v2/crypto"
)

// NotationName names the notation of a signature (RFC 4880, section 5.2.3.16) that holds
// the file name of the signed copy: K7QM-3XRP.asc, K7QM-3XRP.2.asc, K7QM-3XRP.f1.pgp. It
// is readable text and not critical, so that programs that do not know it read on. A
// domain stands behind it because the standard wants one; this one is nobody's (RFC 2606).
const NotationName = "case@defenderline.invalid"

// maxCopyName is the greatest length of a copy's name, in bytes.
const maxCopyName = 64

// label is what a message says of itself, inside its encryption.
type label struct {
	given string // a file's name as its sender gave it, cleaned; stands in the literal packet
	copy  string // the name of the sealed copy, under the signature; empty: not signed
}

// copyLabel checks the name of a copy. What a person wrote can hardly have this form, and
// the error does not repeat it.
func copyLabel(given, name string) (label, error) {
	if ok, _ := regexp.MatchString(`^[A-Za-z0-9.-]+$`, name); !ok || len(name) > maxCopyName {
		return label{}, &Error{Reason: ReasonName, Problem: "a copy cannot be named so",
			Remedy: "name it by its case's code: 1 to 64 letters, digits, dots and hyphens"}
	}
	return label{given: given, copy: name}, nil
}

// notations are those of a label's signature.
func (l label) notations() []*packet.Notation {
	if l.copy == "" {
		return nil
	}
	return []*packet.Notation{{Name: NotationName, Value: []byte(l.copy), IsHumanReadable: true}}
}

// SignedName gives the name of the copy that the signature in a sealed document covers,
// "" when that signature has none. Whoever finds another name than the file came under has
// a copy of another case, or another part of the same one. Keys are given as to [Open];
// ReasonUnsigned when verify made no good signature in it, because no other name counts.
func SignedName(private, verify, sealed []byte) (string, error) {
	reader, err := entityOf(private)
	if err != nil {
		return "", err
	}
	line, err := entityOf(verify)
	if err != nil {
		return "", err
	}
	packets, err := unarmorMessage(sealed)
	if err != nil {
		return "", err
	}
	message, err := openpgp.ReadMessage(packets, openpgp.EntityList{reader, line}, nil, nil)
	if err != nil {
		return "", sealedError()
	}
	if _, err := io.Copy(io.Discard, message.UnverifiedBody); err != nil {
		return "", sealedError()
	}
	by := message.SignedBy
	if by == nil || message.SignatureError != nil || !bytes.Equal(by.Entity.PrimaryKey.Fingerprint, line.PrimaryKey.Fingerprint) {
		return "", &Error{Reason: ReasonUnsigned, Problem: "the line's signature in it is missing or bad", Remedy: "treat it as somebody else's, and ask whoever runs the line"}
	}
	for _, n := range message.Signature.Notations { // the library leaves out what is not signed
		if n.Name == NotationName {
			return string(n.Value), nil
		}
	}
	return "", nil
}

func entityOf(armored []byte) (*openpgp.Entity, error) {
	key, err := crypto.NewKeyFromArmored(string(armored))
	if err != nil {
		return nil, unreadableError()
	}
	return key.GetEntity(), nil
}
