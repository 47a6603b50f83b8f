package seal

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

var (
	curveKey    = []string{"Key-Type: EDDSA", "Key-Curve: ed25519", "Subkey-Type: ECDH", "Subkey-Curve: cv25519"}
	soon        = start.Add(time.Minute)
	yearsLater  = start.AddDate(3, 0, 0)
	beforeStart = start.AddDate(-1, 0, 0)
)

func TestGnuPGKeysThatCannotBeSealedTo(t *testing.T) {
	g := newGnuPG(t)
	expiring := g.make(append(curveKey, "Expire-Date: 1y")...)
	revoked := g.make(curveKey...)
	g.revoke(revoked)
	lasting := g.make(curveKey...)
	subkeyEnds := g.make("Key-Type: EDDSA", "Key-Curve: ed25519")
	g.must(nil, g.at(start), "--passphrase", "", "--pinentry-mode", "loopback", "--quick-add-key", subkeyEnds, "cv25519", "encr", "1y")
	for _, c := range []struct {
		name, fingerprint string
		now               time.Time
		want              Reason
	}{
		{"living", lasting, soon, ""},
		{"living before it expires", expiring, soon, ""},
		{"expired", expiring, yearsLater, ReasonExpired},
		{"revoked", revoked, yearsLater, ReasonRevoked},
		{"from the future", lasting, beforeStart, ReasonFuture},
		{"sign only", g.make("Key-Type: EDDSA", "Key-Curve: ed25519", "Key-Usage: sign"), soon, ReasonSignOnly},
		{"subkey living", subkeyEnds, soon, ""},
		{"subkey expired", subkeyEnds, yearsLater, ReasonSubkeyExpired},
	} {
		t.Run(c.name, func(t *testing.T) { wantUsable(t, g.key(c.fingerprint), c.now, c.want) })
	}
}

// wantUsable demands the same answer of the key and of a desk that has no other.
func wantUsable(t *testing.T, k *Key, now time.Time, want Reason) {
	t.Helper()
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{k}})
	s.now = func() time.Time { return now }
	if want == ReasonFuture {
		s.signing = olderSigning(t, now)
	}
	doc, err := s.Seal("lima", []byte("words"))
	if want == "" {
		if err != nil || k.Usable(now) != nil || s.Usable("lima") != nil {
			t.Fatal(err, k.Usable(now), s.Usable("lima"))
		}
		return
	}
	wantReason(t, k.Usable(now), want)
	wantReason(t, err, ReasonNoKey)
	wantReason(t, s.Usable("lima"), ReasonNoKey)
	if doc != nil {
		t.Fatal("a document came with the error")
	}
}

func olderSigning(t *testing.T, now time.Time) *SigningKey {
	t.Helper()
	private, _, err := NewSigningKey(now.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseSigningKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestRevokedSubkeyIsRefused(t *testing.T) {
	entity := newTestEntity(t, nil)
	if err := entity.RevokeSubkey(&entity.Subkeys[0], packet.KeyRetired, "", &packet.Config{Time: func() time.Time { return start }}); err != nil {
		t.Fatal(err)
	}
	wantUsable(t, parse(t, armorOf(t, entity), fingerprintOf(entity)), soon, ReasonSubkeyRevoked)
}

func newTestEntity(t *testing.T, config *packet.Config) *openpgp.Entity {
	t.Helper()
	if config == nil {
		config = &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA}
	}
	config.Time = func() time.Time { return start }
	entity, err := openpgp.NewEntity("desk", "", "", config)
	if err != nil {
		t.Fatal(err)
	}
	return entity
}

func armorOf(t *testing.T, entity *openpgp.Entity) []byte {
	t.Helper()
	armored, err := publicArmor(entity)
	if err != nil {
		t.Fatal(err)
	}
	return armored
}

func TestParseKeyRefusesOtherKinds(t *testing.T) {
	g := newGnuPG(t)
	gnupgKey := func(params ...string) ([]byte, string) {
		f := g.make(params...)
		return g.export(f), f
	}
	libraryKey := func(config *packet.Config) ([]byte, string) {
		e := newTestEntity(t, config)
		return armorOf(t, e), fingerprintOf(e)[:40]
	}
	for _, c := range []struct {
		name string
		make func() ([]byte, string)
		want Reason
	}{
		{"rsa1024", func() ([]byte, string) {
			return gnupgKey("Key-Type: RSA", "Key-Length: 1024", "Subkey-Type: RSA", "Subkey-Length: 1024")
		}, ReasonWeak},
		{"weak subkey", func() ([]byte, string) {
			return gnupgKey("Key-Type: RSA", "Key-Length: 2048", "Subkey-Type: RSA", "Subkey-Length: 1024")
		}, ReasonWeak},
		{"dsa", func() ([]byte, string) { return gnupgKey("Key-Type: DSA", "Key-Length: 1024") }, ReasonAlgorithm},
		{"brainpool", func() ([]byte, string) {
			return gnupgKey("Key-Type: ECDSA", "Key-Curve: brainpoolP256r1", "Subkey-Type: ECDH", "Subkey-Curve: brainpoolP256r1")
		}, ReasonAlgorithm},
		{"secp256k1", func() ([]byte, string) {
			return gnupgKey("Key-Type: ECDSA", "Key-Curve: secp256k1", "Subkey-Type: ECDH", "Subkey-Curve: secp256k1")
		}, ReasonAlgorithm},
		{"version 6", func() ([]byte, string) {
			return libraryKey(&packet.Config{V6Keys: true, Algorithm: packet.PubKeyAlgoEd25519})
		}, ReasonVersion},
		{"version 4 with a new algorithm", func() ([]byte, string) {
			return libraryKey(&packet.Config{Algorithm: packet.PubKeyAlgoEd25519})
		}, ReasonAlgorithm},
	} {
		t.Run(c.name, func(t *testing.T) {
			armored, fingerprint := c.make()
			_, err := ParseKey(armored, fingerprint)
			wantReason(t, err, c.want)
		})
	}
}

func TestParseKeyRefusesOtherFiles(t *testing.T) {
	a, b := newRecipient(t), newRecipient(t)
	fa := a.key.Fingerprint()
	for _, c := range []struct {
		name, fingerprint string
		armored           []byte
		want              Reason
	}{
		{"private", fa, a.private, ReasonPrivate},
		{"private in public armor", fa, relabelled(t, a.private, nil), ReasonPrivate},
		{"a private subkey beside a public key", fa, relabelled(t, a.private, a.public), ReasonPrivate},
		{"two blocks", fa, append(bytes.Clone(a.public), b.public...), ReasonSeveral},
		{"two in a block", fa, twoInOne(t, a.public, b.public), ReasonSeveral},
		{"another key", fa, b.public, ReasonFingerprint},
		{"short fingerprint", fa[24:], a.public, ReasonFingerprint},
		{"no fingerprint", "", a.public, ReasonFingerprint},
		{"empty", fa, nil, ReasonUnreadable},
		{"version 3", fa, enarmor(openpgp.PublicKeyType, []byte{0xc6, 3, 3, 0, 0}), ReasonVersion},
		{"cut", fa, a.public[:len(a.public)/2], ReasonUnreadable},
		{"huge", fa, bytes.Repeat([]byte("x"), maxKeyFile+1), ReasonTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseKey(c.armored, c.fingerprint)
			wantReason(t, err, c.want)
		})
	}
	spaced := fa[:4] + " " + fa[4:20] + "  " + fa[20:]
	if k := parse(t, a.public, spaced); k.Fingerprint() != fa {
		t.Fatal(k.Fingerprint())
	}
}

// relabelled puts the packets of a private key into the armor of a public one. With public, the primary key
// is the public half, and only the subkey is private.
func relabelled(t *testing.T, private, public []byte) []byte {
	t.Helper()
	raw, err := unarmorKey(private, openpgp.PrivateKeyType)
	if err != nil {
		t.Fatal(err)
	}
	if public == nil {
		return enarmor(openpgp.PublicKeyType, raw)
	}
	packets, out := packet.NewOpaqueReader(bytes.NewReader(raw)), new(bytes.Buffer)
	for first := true; ; first = false {
		p, err := packets.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if first { // what comes with it is signed by the same key
			p.Tag, p.Contents = tagPublicKey, primaryOf(t, public)
		}
		if err := p.Serialize(out); err != nil {
			t.Fatal(err)
		}
	}
	return enarmor(openpgp.PublicKeyType, out.Bytes())
}

// primaryOf is the content of a public key's first packet.
func primaryOf(t *testing.T, public []byte) []byte {
	t.Helper()
	raw, err := unarmorKey(public, openpgp.PublicKeyType)
	if err != nil {
		t.Fatal(err)
	}
	p, err := packet.NewOpaqueReader(bytes.NewReader(raw)).Next()
	if err != nil || p.Tag != tagPublicKey {
		t.Fatal(p, err)
	}
	return p.Contents
}

func twoInOne(t *testing.T, keys ...[]byte) []byte {
	t.Helper()
	var raw []byte
	for _, k := range keys {
		one, err := unarmorKey(k, openpgp.PublicKeyType)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, one...)
	}
	return enarmor(openpgp.PublicKeyType, raw)
}

func TestWarningsAndExpiry(t *testing.T) {
	g := newGnuPG(t)
	expiring := g.key(g.make(append(curveKey, "Expire-Date: 1y")...))
	at, ok := expiring.Expires(soon)
	if year := start.Add(365 * 24 * time.Hour); !ok || at.Before(year.Add(-time.Minute)) || at.After(year.Add(time.Minute)) {
		t.Fatalf("expires %v %v", at, ok)
	}
	sha1 := g.makeWith([]string{"--cert-digest-algo", "SHA1", "--allow-weak-key-signatures"}, curveKey...)
	for _, c := range []struct {
		name string
		key  *Key
		now  time.Time
		want string
	}{
		{"far from the end", expiring, soon, ""},
		{"near the end", expiring, at.AddDate(0, 0, -29), "expires_soon"},
		{"rsa2048", rsaRecipient(t, 2048), time.Now(), "rsa_short"},
		{"rsa3072", rsaRecipient(t, 3072), time.Now(), ""},
		{"sha1", g.key(sha1), soon, "sha1_signature"},
	} {
		got := ""
		for _, w := range c.key.Warnings(c.now) {
			got += w.Code
		}
		if got != c.want {
			t.Errorf("%s: warned %q, want %q", c.name, got, c.want)
		}
	}
	if _, ok := newRecipient(t).key.Expires(soon); ok {
		t.Error("a key without an end has one")
	}
}

func TestParseSigningKeyRefuses(t *testing.T) {
	r := newRecipient(t)
	_, err := ParseSigningKey(r.public)
	wantReason(t, err, ReasonUnreadable)
	_, err = ParseSigningKey([]byte("words"))
	wantReason(t, err, ReasonUnreadable)
	_, err = New(newSigning(t), nil, func() time.Time { return beforeStart })
	wantReason(t, err, ReasonSigning)
	_, err = New(nil, nil, time.Now)
	wantReason(t, err, ReasonSigning)
	g := newGnuPG(t)
	f := g.makeLocked()
	locked := g.must(nil, "--armor", "--pinentry-mode", "loopback", "--passphrase", "secret", "--export-secret-keys", f)
	_, err = ParseSigningKey(locked)
	wantReason(t, err, ReasonLocked)
}
