package seal

import (
	"bytes"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// signingUser is the user id of the line's key. It names the program and no body that
// could be impersonated or looked for.
const signingUser = "defenderline"

// SigningKey is the line's own key. It signs every sealed document, so that a desk can
// tell the line from somebody who merely has the desk's public key. Safe for concurrent use.
type SigningKey struct {
	entity      *openpgp.Entity
	fingerprint string
	public      []byte
}

// NewSigningKey makes the line's key: v4, Curve25519, without passphrase (the host needs
// it unattended; its file must be readable by the service alone) and without expiry,
// because an expired signature looks like a forged one in the middle of a night.
// It gives both halves armored.
func NewSigningKey(now time.Time) (private, public []byte, err error) {
	return Generate(signingUser, now)
}

// ParseSigningKey reads the armored private key made by [NewSigningKey], or one of the
// same kinds that recipients may have: version 4 and without passphrase.
func ParseSigningKey(armored []byte) (*SigningKey, error) {
	raw, err := unarmorKey(armored, openpgp.PrivateKeyType)
	if err != nil {
		return nil, signingError(err)
	}
	defer clear(raw)
	entity, err := readEntity(raw)
	if err != nil {
		return nil, signingError(err)
	}
	fingerprint := fingerprintOf(entity)
	if name, refused := judge(entity.PrimaryKey); refused != "" {
		return nil, policyError(fingerprint, name, refused)
	}
	if locked(entity) {
		return nil, keyError(fingerprint, ReasonLocked, "the line's key has a passphrase", "make one without: defenderline secrets init DIR")
	}
	public, err := publicArmor(entity)
	if err != nil {
		return nil, err
	}
	return &SigningKey{entity: entity, fingerprint: fingerprint, public: public}, nil
}

// signingError keeps the reason; what a recipient's key would need is no help here.
func signingError(err error) error {
	return &Error{Reason: ReasonOf(err), Subject: "signing key", Problem: "the file does not hold exactly one readable armored private OpenPGP key of version 4",
		Remedy: "make one: defenderline secrets init DIR"}
}

// Fingerprint is the primary key's, 40 upper-case hexadecimal digits: what is published
// so that people can verify the line.
func (k *SigningKey) Fingerprint() string { return k.fingerprint }

// Public is the public half, armored, in a new slice.
func (k *SigningKey) Public() []byte { return bytes.Clone(k.public) }

// String names the key by its fingerprint, never more.
func (k *SigningKey) String() string { return "signing key " + k.fingerprint }

// GoString is String: %#v would print the private half.
func (k *SigningKey) GoString() string { return k.String() }

// Usable is nil when the key can sign at now.
func (k *SigningKey) Usable(now time.Time) error {
	if k == nil {
		return &Error{Reason: ReasonSigning, Problem: "the line has no signing key", Remedy: "make one: defenderline secrets init DIR"}
	}
	key, ok := k.entity.SigningKey(now)
	if !ok || key.PrivateKey == nil || key.PrivateKey.Dummy() {
		return &Error{Reason: ReasonSigning, Subject: k.String(), Problem: "it cannot sign now: expired, revoked, from the future or without its private part",
			Remedy: "check this host's clock; else make a new key with defenderline secrets init DIR and publish its fingerprint"}
	}
	return nil
}

func locked(entity *openpgp.Entity) bool {
	if entity.PrivateKey != nil && entity.PrivateKey.Encrypted {
		return true
	}
	for _, sub := range entity.Subkeys {
		if sub.PrivateKey != nil && sub.PrivateKey.Encrypted {
			return true
		}
	}
	return false
}

// newEntity makes a v4 Curve25519 key pair that signs, with a subkey that encrypts.
func newEntity(name string, now time.Time) (*openpgp.Entity, error) {
	config := &packet.Config{
		Algorithm:     packet.PubKeyAlgoEdDSA,
		Curve:         packet.Curve25519,
		DefaultCipher: packet.CipherAES256,
		Time:          func() time.Time { return now },
	}
	return openpgp.NewEntity(name, "", "", config)
}
