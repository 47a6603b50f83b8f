package seal

import "github.com/ProtonMail/go-crypto/openpgp"

// Fingerprint reads the fingerprint of an armored public key, 40 upper-case hexadecimal digits.
// It is for keys that were just made here; a fingerprint that vouches for somebody else's key must
// come from its owner, by another way than the key.
func Fingerprint(armored []byte) (string, error) {
	raw, err := unarmorKey(armored, openpgp.PublicKeyType)
	if err != nil {
		return "", err
	}
	entity, err := readEntity(raw)
	if err != nil {
		return "", err
	}
	return fingerprintOf(entity), nil
}
