package seal

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/gopenpgp/v2/crypto"
)

// Generate makes a key pair without passphrase and expiry, armored, for the demo and for
// tests: v4, Curve25519, with an encryption subkey. A real desk makes its own key in its
// own program and keeps the private half there. The name must not contain ()<>.
func Generate(name string, now time.Time) (private, public []byte, err error) {
	entity, err := newEntity(name, now)
	if err != nil {
		return nil, nil, &Error{Reason: ReasonInternal, Problem: "the key could not be made", Remedy: "use a name without ( ) < > and try again"}
	}
	var raw bytes.Buffer
	if err := entity.SerializePrivateWithoutSigning(&raw, nil); err != nil {
		return nil, nil, internalError()
	}
	defer clear(raw.Bytes())
	if public, err = publicArmor(entity); err != nil {
		return nil, nil, err
	}
	return enarmor(openpgp.PrivateKeyType, raw.Bytes()), public, nil
}

// Open decrypts a sealed document, armored or binary, with an armored private key. It is
// for the demo and for tests only: the line itself never holds a desk's private key.
// signed is true when verify, an armored public key, made a good signature inside; a
// missing or bad signature is no error, and without verify signed is false. Hidden recipients are handled. The text still
// has its padding.
func Open(private, verify, sealed []byte) (text []byte, signed bool, err error) {
	ring, err := openRing(private)
	if err != nil {
		return nil, false, err
	}
	var verifier *crypto.KeyRing
	if len(verify) > 0 {
		if verifier, err = openRing(verify); err != nil {
			return nil, false, err
		}
	}
	packets, err := unarmorMessage(sealed)
	if err != nil {
		return nil, false, err
	}
	raw, err := io.ReadAll(packets)
	if err != nil {
		return nil, false, sealedError()
	}
	message, err := ring.Decrypt(crypto.NewPGPMessage(raw), verifier, 0)
	if message == nil {
		return nil, false, sealedError()
	}
	return message.GetBinary(), verifier != nil && err == nil, nil
}

func openRing(armored []byte) (*crypto.KeyRing, error) {
	key, err := crypto.NewKeyFromArmored(string(armored))
	if err != nil {
		return nil, unreadableError()
	}
	ring, err := crypto.NewKeyRing(key)
	if err != nil {
		return nil, keyError("", ReasonLocked, "the private key has a passphrase", "open the document with the OpenPGP program that holds the key")
	}
	return ring, nil
}

// Recipients lists the key ids in the key packets of a document, armored or binary, in
// their order: 16 upper-case hexadecimal digits each, zeros for a hidden recipient. It
// fails when there is none, or when a packet is not of the version this package writes.
func Recipients(sealed []byte) ([]string, error) {
	raw, err := unarmorMessage(sealed)
	if err != nil {
		return nil, err
	}
	packets := packet.NewReader(raw)
	var ids []string
	for {
		p, err := packets.Next()
		if err != nil {
			return nil, sealedError()
		}
		switch p := p.(type) {
		case *packet.EncryptedKey:
			if p.Version != 3 {
				return nil, sealedError()
			}
			ids = append(ids, fmt.Sprintf("%016X", p.KeyId))
		case *packet.SymmetricallyEncrypted:
			if len(ids) == 0 || p.Version != 1 || !p.IntegrityProtected {
				return nil, sealedError()
			}
			return ids, nil
		default:
			return nil, sealedError()
		}
	}
}
