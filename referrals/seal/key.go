package seal

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/gopenpgp/v2/crypto"
)

// maxKeyFile is the greatest key file read, in bytes. Keys with hundreds of third-party
// signatures stay below it.
const maxKeyFile = 1 << 20

// Key is one recipient's public key: parsed once, never changed, safe for concurrent use.
type Key struct {
	entity      *openpgp.Entity
	fingerprint string
	tried       atomic.Pointer[trial]
}

// ParseKey reads one armored public key and checks that it is the one named by its
// fingerprint (40 hexadecimal digits, spaces allowed). It refuses private keys (in the
// armor of a public one too), several keys, versions other than 4, and algorithms and
// lengths outside the policy. It does not judge dates and revocations: those depend on
// the time, see [Key.Usable].
func ParseKey(armored []byte, fingerprint string) (*Key, error) {
	want, err := normalFingerprint(fingerprint)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(armored, []byte("PRIVATE KEY BLOCK")) {
		return nil, privateError()
	}
	raw, err := unarmorKey(armored, openpgp.PublicKeyType)
	if err != nil {
		return nil, err
	}
	if holdsSecret(raw) {
		clear(raw)
		return nil, privateError()
	}
	entity, err := readEntity(raw)
	if err != nil {
		return nil, err
	}
	got := fingerprintOf(entity)
	if got != want {
		return nil, keyError(want, ReasonFingerprint, "the file holds another key, "+got,
			"confirm the fingerprint with the key's owner by voice or in person, then put the right key or the right fingerprint in the configuration")
	}
	if name, refused := judge(entity.PrimaryKey); refused != "" {
		return nil, policyError(got, name, refused)
	}
	if err := keepAllowed(entity, got); err != nil {
		return nil, err
	}
	return &Key{entity: entity, fingerprint: got}, nil
}

// Fingerprint is the primary key's, 40 upper-case hexadecimal digits.
func (k *Key) Fingerprint() string { return k.fingerprint }

// String names the key by its fingerprint; user ids are never printed.
func (k *Key) String() string { return "key " + k.fingerprint }

// GoString is String.
func (k *Key) GoString() string { return k.String() }

// Algorithm names what is sealed with, for people: "Curve25519", "RSA 3072",
// "NIST P-256". It is that of the newest encryption subkey, else of the primary key.
func (k *Key) Algorithm() string {
	pub, _ := k.newest()
	name, _ := judge(pub)
	return name
}

// Expires is when the key can no longer be sealed to: the end of the encryption subkey
// in use at now or of the primary key, whichever comes first; false when neither ends.
// For a key that cannot be used at now the newest encryption subkey counts.
func (k *Key) Expires(now time.Time) (time.Time, bool) {
	pub, sig := k.newest()
	if inUse, ok := k.entity.EncryptionKey(now); ok {
		pub, sig = inUse.PublicKey, inUse.SelfSignature
	}
	self, _ := k.entity.PrimarySelfSignature()
	return earlier(end(pub, sig), end(k.entity.PrimaryKey, self))
}

// newest is the encryption subkey bound last, whatever its state, else the primary key.
func (k *Key) newest() (*packet.PublicKey, *packet.Signature) {
	pub := k.entity.PrimaryKey
	sig, _ := k.entity.PrimarySelfSignature()
	found := false
	for i := range k.entity.Subkeys {
		sub := &k.entity.Subkeys[i]
		if encrypts(sub) && (!found || sub.Sig.CreationTime.After(sig.CreationTime)) {
			pub, sig, found = sub.PublicKey, sub.Sig, true
		}
	}
	return pub, sig
}

// end is when a key or the signature that carries its properties ends; zero for never.
func end(pub *packet.PublicKey, sig *packet.Signature) time.Time {
	if sig == nil {
		return time.Time{}
	}
	at := after(pub.CreationTime, sig.KeyLifetimeSecs)
	if t, ok := earlier(at, after(sig.CreationTime, sig.SigLifetimeSecs)); ok {
		return t
	}
	return time.Time{}
}

func after(start time.Time, seconds *uint32) time.Time {
	if seconds == nil || *seconds == 0 {
		return time.Time{}
	}
	return start.Add(time.Duration(*seconds) * time.Second)
}

// earlier is the first of two times, of which zero means never; false when both are.
func earlier(a, b time.Time) (time.Time, bool) {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		a = b
	}
	return a, !a.IsZero()
}

// readEntity parses exactly one key from raw packets and refuses any version but 4.
func readEntity(raw []byte) (*openpgp.Entity, error) {
	if err := countKeys(raw); err != nil {
		return nil, err
	}
	key, err := crypto.NewKey(raw)
	if err != nil {
		return nil, unreadableError()
	}
	entity := key.GetEntity()
	if self, _ := entity.PrimarySelfSignature(); self == nil {
		return nil, unreadableError()
	}
	return entity, nil
}

func fingerprintOf(entity *openpgp.Entity) string {
	return strings.ToUpper(hex.EncodeToString(entity.PrimaryKey.Fingerprint))
}

func normalFingerprint(text string) (string, error) {
	digits := strings.ToUpper(strings.Join(strings.Fields(text), ""))
	if _, err := hex.DecodeString(digits); err != nil || len(digits) != 40 {
		return "", keyError("", ReasonFingerprint, fmt.Sprintf("a fingerprint has 40 hexadecimal digits, this one has %d characters", len(digits)),
			"give the whole fingerprint as the key's owner confirmed it")
	}
	return digits, nil
}

func unreadableError() *Error {
	return keyError("", ReasonUnreadable, "this is not one complete armored OpenPGP key, or a signature in it is broken",
		"export it again: gpg --armor --export-options export-minimal --export FINGERPRINT")
}

func privateError() *Error {
	return keyError("", ReasonPrivate, "this is a private key",
		"remove the file from this host, tell its owner that the key must be replaced, and use the public key")
}
