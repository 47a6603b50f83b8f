package seal

import (
	"crypto/rsa"
	"fmt"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Which keys may be sealed to: v4, RSA of 2048 bits or more, Curve25519 in its v4 form
// (EdDSA and ECDH) and the NIST curves. GnuPG 2.2 reads all of them, and nothing
// outside this list is both readable there and worth trusting with a life.
const (
	rsaRefused = 2048 // below: refused
	rsaShort   = 3072 // below: warned about
)

// judge names a public key's algorithm for people and says why it is refused, or "".
func judge(pub *packet.PublicKey) (name string, refused Reason) {
	if pub.Version != 4 {
		return fmt.Sprintf("version %d", pub.Version), ReasonVersion
	}
	switch pub.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSAEncryptOnly, packet.PubKeyAlgoRSASignOnly:
		bits := rsaBits(pub)
		name = fmt.Sprintf("RSA %d", bits)
		if bits < rsaRefused {
			return name, ReasonWeak
		}
		return name, ""
	case packet.PubKeyAlgoECDH, packet.PubKeyAlgoECDSA, packet.PubKeyAlgoEdDSA:
		return judgeCurve(pub)
	}
	return fmt.Sprintf("algorithm %d", pub.PubKeyAlgo), ReasonAlgorithm
}

func judgeCurve(pub *packet.PublicKey) (name string, refused Reason) {
	curve, err := pub.Curve()
	if err != nil {
		return "unknown curve", ReasonAlgorithm
	}
	switch curve {
	case packet.Curve25519:
		return "Curve25519", ""
	case packet.CurveNistP256:
		return "NIST P-256", ""
	case packet.CurveNistP384:
		return "NIST P-384", ""
	case packet.CurveNistP521:
		return "NIST P-521", ""
	}
	return string(curve), ReasonAlgorithm
}

// rsaBits is the length of an RSA modulus, 0 for other keys. It counts the number
// itself: the length in the packet is only a claim.
func rsaBits(pub *packet.PublicKey) int {
	key, ok := pub.PublicKey.(*rsa.PublicKey)
	if !ok {
		return 0
	}
	return key.N.BitLen()
}

// encrypts says whether a subkey is meant for encrypting, whatever its state.
func encrypts(sub *openpgp.Subkey) bool {
	return sub.Sig.FlagsValid && sub.Sig.FlagEncryptCommunications && sub.PublicKey.PubKeyAlgo.CanEncrypt()
}

// keepAllowed drops the encryption subkeys that the policy refuses, so that no later
// choice can fall on one. It fails when that leaves none of those there were.
func keepAllowed(entity *openpgp.Entity, fingerprint string) error {
	var kept []openpgp.Subkey
	var lastName string
	var lastReason Reason
	good := false
	for _, sub := range entity.Subkeys {
		if !encrypts(&sub) {
			kept = append(kept, sub)
			continue
		}
		name, refused := judge(sub.PublicKey)
		if refused != "" {
			lastName, lastReason = name, refused
			continue
		}
		good = true
		kept = append(kept, sub)
	}
	if lastReason != "" && !good {
		return policyError(fingerprint, lastName, lastReason)
	}
	entity.Subkeys = kept
	return nil
}

func policyError(fingerprint, name string, reason Reason) *Error {
	const remedy = "ask its owner for a version 4 key of type Curve25519 (or RSA of 3072 bits or more)"
	switch reason {
	case ReasonWeak:
		return keyError(fingerprint, reason, "its "+name+" is too short to be safe", remedy)
	case ReasonVersion:
		return keyError(fingerprint, reason, "it is of "+name+", which GnuPG 2.2 cannot use", remedy)
	}
	return keyError(fingerprint, reason, "it uses "+name+", which this line does not seal to", remedy)
}
