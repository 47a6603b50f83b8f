package seal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// kinds are the keys that must work, as GnuPG itself makes them.
var kinds = []struct {
	name, algorithm string
	params          []string
}{
	{"rsa2048", "RSA 2048", []string{"Key-Type: RSA", "Key-Length: 2048", "Subkey-Type: RSA", "Subkey-Length: 2048"}},
	{"rsa3072", "RSA 3072", []string{"Key-Type: RSA", "Key-Length: 3072", "Subkey-Type: RSA", "Subkey-Length: 3072"}},
	{"rsa4096", "RSA 4096", []string{"Key-Type: RSA", "Key-Length: 4096", "Subkey-Type: RSA", "Subkey-Length: 4096"}},
	{"cv25519", "Curve25519", []string{"Key-Type: EDDSA", "Key-Curve: ed25519", "Subkey-Type: ECDH", "Subkey-Curve: cv25519"}},
	{"nistp256", "NIST P-256", []string{"Key-Type: ECDSA", "Key-Curve: nistp256", "Subkey-Type: ECDH", "Subkey-Curve: nistp256"}},
	{"nistp384", "NIST P-384", []string{"Key-Type: ECDSA", "Key-Curve: nistp384", "Subkey-Type: ECDH", "Subkey-Curve: nistp384"}},
	{"nistp521", "NIST P-521", []string{"Key-Type: ECDSA", "Key-Curve: nistp521", "Subkey-Type: ECDH", "Subkey-Curve: nistp521"}},
}

// One keyring holds every key, so that GnuPG must find the right one for each hidden
// recipient by trying.
func TestGnuPGReadsEveryKindOfKey(t *testing.T) {
	g := newGnuPG(t)
	ours := newRecipient(t)
	g.must(bytes.NewReader(ours.private), "--import")
	desks := []Desk{{ID: "ours", Keys: []*Key{ours.key}, HideKeyIDs: true}}
	all := Desk{ID: "all", Keys: []*Key{ours.key}, HideKeyIDs: true}
	for _, kind := range kinds {
		k := g.key(g.make(kind.params...))
		if k.Algorithm() != kind.algorithm {
			t.Errorf("%s is called %s", kind.name, k.Algorithm())
		}
		desks = append(desks,
			Desk{ID: kind.name, Keys: []*Key{k}, HideKeyIDs: true},
			Desk{ID: kind.name + "-visible", Keys: []*Key{k}})
		all.Keys = append(all.Keys, k)
	}
	for name, config := range libraryKinds() {
		entity := newTestEntity(t, config)
		g.must(bytes.NewReader(privateArmor(t, entity)), "--import")
		k := parse(t, armorOf(t, entity), fingerprintOf(entity))
		desks = append(desks, Desk{ID: name, Keys: []*Key{k}, HideKeyIDs: true})
		all.Keys = append(all.Keys, k)
	}
	s := newSealer(t, append(desks, all)...)
	g.must(bytes.NewReader(s.signing.Public()), "--import")
	text := "code: K7QM-3XRP\r\nwords: ñandú ع\n"
	for _, d := range append(desks, all) {
		t.Run(d.ID, func(t *testing.T) {
			doc := sealed(t, s, d.ID, []byte(text))
			if got := g.open(doc); !bytes.Equal(got, padded(text)) {
				t.Fatalf("gpg reads %d bytes otherwise", len(got))
			}
		})
	}
}

// libraryKinds are the kinds that people make with programs built on the library.
func libraryKinds() map[string]*packet.Config {
	return map[string]*packet.Config{
		"library-rsa2048":  {Algorithm: packet.PubKeyAlgoRSA, RSABits: 2048},
		"library-rsa3072":  {Algorithm: packet.PubKeyAlgoRSA, RSABits: 3072},
		"library-nistp256": {Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveNistP256},
		"library-nistp384": {Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveNistP384},
		// Advertises SEIPD v2, which GnuPG 2.2 cannot read and which must not be used.
		"library-seipd2": {Algorithm: packet.PubKeyAlgoEdDSA, AEADConfig: &packet.AEADConfig{}},
	}
}

func privateArmor(t *testing.T, entity *openpgp.Entity) []byte {
	t.Helper()
	var raw bytes.Buffer
	if err := entity.SerializePrivateWithoutSigning(&raw, nil); err != nil {
		t.Fatal(err)
	}
	return enarmor(openpgp.PrivateKeyType, raw.Bytes())
}

func TestGnuPGSeesThePromisedPackets(t *testing.T) {
	g := newGnuPG(t)
	r, other := newRecipient(t), newRecipient(t)
	g.must(bytes.NewReader(r.private), "--import")
	s := newSealer(t,
		Desk{ID: "hidden", Keys: []*Key{r.key, other.key}, HideKeyIDs: true},
		Desk{ID: "visible", Keys: []*Key{r.key, other.key}})
	g.must(bytes.NewReader(s.signing.Public()), "--import")
	for desk, hidden := range map[string]bool{"hidden": true, "visible": false} {
		doc := sealed(t, s, desk, bytes.Repeat([]byte("the same words again "), 500))
		list := g.packets(doc)
		wantAll(t, list, ":pubkey enc packet: version 3, algo 18,", ":encrypted data packet:", "mdc_method: 2",
			":onepass_sig packet:", ":literal data packet:", "mode b (62)", ":signature packet: algo 22", "version 4, created")
		wantNone(t, list, "compressed", ":aead", "version 6")
		if got := strings.Count(list, "keyid 0000000000000000"); (got == 2) != hidden {
			t.Errorf("%s: %d hidden recipients", desk, got)
		}
		ids, err := Recipients(doc)
		if err != nil || len(ids) != 2 {
			t.Fatalf("recipients %v, %v", ids, err)
		}
		for _, id := range ids {
			if zero := id == "0000000000000000"; zero != hidden {
				t.Errorf("%s: recipient %s", desk, id)
			}
			wantAll(t, list, "keyid "+id)
		}
		wantArmor(t, doc)
	}
}

// wantArmor demands armor with no header line: the blank line follows the first.
func wantArmor(t *testing.T, doc []byte) {
	t.Helper()
	lines := strings.Split(string(doc), "\n")
	if lines[0] != "-----BEGIN PGP MESSAGE-----" || lines[1] != "" {
		t.Errorf("the armor begins %q", lines[:2])
	}
	if tail := lines[len(lines)-2:]; tail[0] != "-----END PGP MESSAGE-----" || tail[1] != "" {
		t.Errorf("the armor ends %q", tail)
	}
	for _, l := range lines {
		if len(l) > 76 {
			t.Errorf("an armor line of %d characters", len(l))
		}
	}
}

func wantAll(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in\n%s", p, text)
		}
	}
}

func wantNone(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("%q is in\n%s", p, text)
		}
	}
}
