package seal

import (
	"bytes"
	"testing"
)

// Whatever a file holds, it is refused with an error of this package or works; never a
// panic. A key that parses must be the one asked for.
func FuzzParseKey(f *testing.F) {
	r := newRecipient(f)
	fingerprint := r.key.Fingerprint()
	f.Add(r.public, fingerprint)
	f.Add(r.private, fingerprint)
	f.Add(r.public[:200], fingerprint[:39])
	f.Add([]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n=AAAA\n-----END PGP PUBLIC KEY BLOCK-----"), fingerprint)
	f.Fuzz(func(t *testing.T, armored []byte, asked string) {
		k, err := ParseKey(armored, asked)
		if err != nil {
			wantReason(t, err, ReasonOf(err))
			return
		}
		if want, err := normalFingerprint(asked); err != nil || k.Fingerprint() != want {
			t.Fatal("another key was accepted")
		}
		if err := k.Usable(soon); err != nil {
			wantReason(t, err, ReasonOf(err))
		}
		k.Warnings(soon)
		k.Expires(soon)
		k.Algorithm()
	})
}

// FuzzKeyPackets skips armor and its checksum, so that the fuzzer reaches the packets.
func FuzzKeyPackets(f *testing.F) {
	raw, err := unarmorKey(newRecipient(f).public, "PGP PUBLIC KEY BLOCK")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		entity, err := readEntity(raw)
		if err != nil {
			wantReason(t, err, ReasonOf(err))
			return
		}
		if entity.PrimaryKey.Version != 4 {
			t.Fatalf("version %d was accepted", entity.PrimaryKey.Version)
		}
		k := &Key{entity: entity, fingerprint: fingerprintOf(entity)}
		_ = k.Usable(soon)
		k.Warnings(soon)
	})
}

func FuzzOpen(f *testing.F) {
	r := newRecipient(f)
	s := newSealer(f, Desk{ID: "lima", Keys: []*Key{r.key}, HideKeyIDs: true})
	doc := sealed(f, s, "lima", []byte("words"))
	want := padded("words")
	f.Add(doc)
	f.Add(doc[:len(doc)/2])
	f.Add([]byte{0xc1, 0x03, 3})
	f.Fuzz(func(t *testing.T, doc []byte) {
		text, signed, err := Open(r.private, s.signing.Public(), doc)
		if err != nil {
			wantReason(t, err, ReasonOf(err))
			return
		}
		if signed && !bytes.Equal(text, want) {
			t.Fatal("a good signature on other words")
		}
	})
}

func FuzzRecipients(f *testing.F) {
	r := newRecipient(f)
	s := newSealer(f, Desk{ID: "lima", Keys: []*Key{r.key, r.key}})
	f.Add(sealed(f, s, "lima", []byte("words")))
	f.Add([]byte{0xc1, 0x0c, 3, 0, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0xd2, 1, 1})
	f.Add([]byte("-----BEGIN PGP MESSAGE-----\n\n=AAAA\n-----END PGP MESSAGE-----"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		ids, err := Recipients(doc)
		if err != nil {
			wantReason(t, err, ReasonOf(err))
			return
		}
		if len(ids) == 0 {
			t.Fatal("no recipient and no error")
		}
		for _, id := range ids {
			if len(id) != 16 {
				t.Fatalf("recipient %q", id)
			}
		}
	})
}
