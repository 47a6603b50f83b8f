package seal

import (
	"crypto"
	"fmt"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// expiresSoon is how long before its end a key is warned about.
const expiresSoon = 30 * 24 * time.Hour

// Warning is something about a usable key that its owner should mend.
type Warning struct {
	Code    string // rsa_short, expires_soon, sha1_signature: a closed set
	Problem string
	Remedy  string
}

// trial is the outcome of sealing to one subkey. It depends on the subkey alone, never
// on the time, so that one trial a subkey is enough.
type trial struct {
	to *packet.PublicKey
	ok bool
}

// Usable is nil when the key can be sealed to at now: neither expired nor revoked nor
// from the future, with a living encryption subkey, and a trial seal to it succeeds.
// Otherwise it is an *Error with what is wrong and what to do. Dates are looked at on
// every call; the trial is made once for each subkey.
func (k *Key) Usable(now time.Time) error {
	_, err := k.target(now)
	return err
}

// Warnings are what is worth mending on the key although it may be usable at now.
func (k *Key) Warnings(now time.Time) []Warning {
	var out []Warning
	pub, sig := k.newest()
	if bits := rsaBits(pub); bits > 0 && bits < rsaShort {
		out = append(out, Warning{"rsa_short", fmt.Sprintf("RSA of %d bits", bits), "plan a new key: Curve25519, or RSA of 3072 bits or more"})
	}
	if at, ok := k.Expires(now); ok && at.After(now) && at.Before(now.Add(expiresSoon)) {
		out = append(out, Warning{"expires_soon", "it ends on " + day(at), "ask its owner to extend it and send the public key again"})
	}
	self, _ := k.entity.PrimarySelfSignature()
	if self.Hash == crypto.SHA1 || sig.Hash == crypto.SHA1 {
		out = append(out, Warning{"sha1_signature", "its own signatures use SHA-1", "ask its owner to renew them, for example by setting the expiry again with a current OpenPGP program"})
	}
	return out
}

// target is the public key to seal to at now, tried, or why there is none.
func (k *Key) target(now time.Time) (*packet.PublicKey, error) {
	chosen, ok := k.entity.EncryptionKey(now)
	if !ok {
		return nil, k.why(now)
	}
	if !k.works(chosen.PublicKey) {
		return nil, keyError(k.fingerprint, ReasonTrial, "sealing to it fails", "ask its owner for a new key")
	}
	return chosen.PublicKey, nil
}

// works seals a session key of zeros to pub, once.
func (k *Key) works(pub *packet.PublicKey) bool {
	if t := k.tried.Load(); t != nil && t.to == pub {
		return t.ok
	}
	var zeros [sessionKeySize]byte
	err := writeKeyPacket(io.Discard, pub, zeros[:], true)
	k.tried.Store(&trial{to: pub, ok: err == nil})
	return err == nil
}

// why finds the reason for which no subkey can be chosen at now.
func (k *Key) why(now time.Time) error {
	const extend = "ask its owner to extend it and send the public key again"
	self, id := k.entity.PrimarySelfSignature()
	switch {
	case k.entity.Revoked(now) || (id != nil && id.Revoked(now)):
		return keyError(k.fingerprint, ReasonRevoked, "its owner has revoked it", "ask for the new key, confirm its fingerprint by voice, and replace this one")
	case k.entity.PrimaryKey.CreationTime.After(now):
		return k.futureError(k.entity.PrimaryKey)
	case k.entity.PrimaryKey.KeyExpired(self, now) || self.SigExpired(now):
		at := end(k.entity.PrimaryKey, self)
		return keyError(k.fingerprint, ReasonExpired, "it expired on "+day(at), extend)
	}
	return k.whySubkeys(now)
}

// whySubkeys looks at the encryption subkeys of a living primary key. The newest
// decides, because that is the one its owner believes to be in use.
func (k *Key) whySubkeys(now time.Time) error {
	var newest *openpgp.Subkey
	for i := range k.entity.Subkeys {
		sub := &k.entity.Subkeys[i]
		if encrypts(sub) && (newest == nil || sub.Sig.CreationTime.After(newest.Sig.CreationTime)) {
			newest = sub
		}
	}
	switch {
	case newest == nil:
		return keyError(k.fingerprint, ReasonSignOnly, "it can sign but not encrypt", "ask its owner to add an encryption subkey (gpg --quick-add-key FINGERPRINT cv25519 encr) and send the public key again")
	case newest.Revoked(now):
		return keyError(k.fingerprint, ReasonSubkeyRevoked, "its encryption subkey is revoked", "ask its owner to add a new encryption subkey and send the public key again")
	case newest.PublicKey.CreationTime.After(now) || newest.Sig.CreationTime.After(now):
		return k.futureError(newest.PublicKey)
	}
	return keyError(k.fingerprint, ReasonSubkeyExpired, "its encryption subkey expired on "+day(end(newest.PublicKey, newest.Sig)), "ask its owner to extend the subkey and send the public key again")
}

func (k *Key) futureError(pub *packet.PublicKey) *Error {
	return keyError(k.fingerprint, ReasonFuture, "it was made on "+day(pub.CreationTime)+", which is later than now", "check this host's clock, then the clock of the key's owner")
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
