package seal

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"defenderline/referrals"
)

// handing is an officer at lima who seals for ngo with a real GnuPG that has nothing but what the line handed out.
type handing struct {
	g                     *gnupg
	s                     *Sealer
	ngo, lima, stranger   string // fingerprints
	ngoHome, strangerHome *gnupg
}

func newHanding(t *testing.T) handing {
	t.Helper()
	h := handing{g: newGnuPG(t), ngoHome: newGnuPG(t), strangerHome: newGnuPG(t)}
	h.lima, h.ngo, h.stranger = h.g.make(curveKey...), h.ngoHome.make(curveKey...), h.strangerHome.make(curveKey...)
	h.s = newSealer(t, Desk{ID: "lima", Keys: []*Key{h.g.key(h.lima)}}, Desk{ID: "ngo", Keys: []*Key{h.ngoHome.key(h.ngo)}})
	armored, fingerprints, err := h.s.PublicKeys("ngo")
	if err != nil || !slices.Equal(fingerprints, []string{h.ngo}) {
		t.Fatal(fingerprints, err)
	}
	h.g.must(bytes.NewReader(armored), "--import")
	h.g.must(bytes.NewReader(h.strangerHome.export(h.stranger)), "--import")
	return h
}

// seal runs gpg on words, as the officer's text says.
func (h handing) seal(args ...string) []byte {
	return h.g.must(strings.NewReader(words), append([]string{"--armor", "--trust-model", "always"}, args...)...)
}

const words = "what the officer writes for them"

func TestHandedByGnuPG(t *testing.T) {
	h := newHanding(t)
	locked := []string{"--pinentry-mode", "loopback", "--passphrase", "secret"}
	for _, tt := range []struct {
		name string
		args []string
		want Reason
	}{
		{"to the organisation", []string{"--encrypt", "-r", h.ngo}, ""},
		{"signed inside", []string{"--sign", "--encrypt", "-u", h.lima, "-r", h.ngo}, ""},
		{"binary", []string{"--no-armor", "--encrypt", "-r", h.ngo}, ""},
		{"with a comment", []string{"--comment", "CANARY", "--encrypt", "-r", h.ngo}, ""},
		{"not compressed", []string{"-z", "0", "--encrypt", "-r", h.ngo}, ""},
		{"and to the officer's own desk", []string{"--encrypt", "-r", h.ngo, "--encrypt-to", h.lima}, ""},
		{"to the own desk alone", []string{"--encrypt", "-r", h.lima}, ReasonKeyMissing},
		{"to somebody else too", []string{"--encrypt", "-r", h.ngo, "-r", h.stranger}, ReasonKeyForeign},
		{"to somebody else", []string{"--encrypt", "-r", h.stranger}, ReasonKeyForeign},
		{"with all key ids hidden", []string{"--throw-keyids", "--encrypt", "-r", h.ngo}, ReasonKeyHidden},
		{"with one key id hidden", []string{"--encrypt", "-r", h.ngo, "--hidden-recipient", h.stranger}, ReasonKeyHidden},
		{"with a passphrase alone", append(locked, "--symmetric"), ReasonPassphrase},
		{"with a passphrase beside the key", append(locked, "--symmetric", "--encrypt", "-r", h.ngo), ReasonPassphrase},
		{"without integrity protection", []string{"--rfc2440", "--disable-mdc", "--cipher-algo", "AES256", "--encrypt", "-r", h.ngo}, ReasonForm},
		{"signed only", []string{"--sign", "-u", h.lima}, ReasonPlain},
		{"signed in clear", []string{"--clear-sign", "-u", h.lima}, ReasonPlain},
		{"a signature alone", []string{"--detach-sign", "-u", h.lima}, ReasonPlain},
		{"armored only", []string{"--store"}, ReasonPlain},
		{"a public key", []string{"--export", h.ngo}, ReasonPlain},
		{"a private key", []string{"--export-secret-keys", h.lima}, ReasonPlain},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kept, err := h.s.Handed("ngo", "lima", h.seal(tt.args...))
			if tt.want != "" {
				wantReason(t, err, tt.want)
				if kept != nil {
					t.Error("a document came with the error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(kept, []byte("CANARY")) || !bytes.HasPrefix(kept, []byte("-----BEGIN PGP MESSAGE-----\n\n")) {
				t.Errorf("kept with headers:\n%.200s", kept)
			}
			// An officer's signature is by a key that the organisation may not have: gpg says so and ends with status 2.
			if out, status, _ := h.ngoHome.try(bytes.NewReader(kept), "--decrypt"); string(out) != words || !strings.Contains(status, "DECRYPTION_OKAY") {
				t.Errorf("the organisation reads %q\n%s", out, status)
			}
		})
	}
}

// A large document leaves gpg in chunks whose length is not known before.
func TestHandedInChunks(t *testing.T) {
	h := newHanding(t)
	long := strings.Repeat("\x00\x81 many different bytes", 40000)
	doc := h.g.must(strings.NewReader(long), "--trust-model", "always", "-z", "0", "--encrypt", "-r", h.ngo)
	kept, err := h.s.Handed("ngo", "lima", doc)
	if err != nil {
		t.Fatal(err)
	}
	if out := h.ngoHome.must(bytes.NewReader(kept), "--decrypt"); string(out) != long {
		t.Errorf("%d bytes came back as %d", len(long), len(out))
	}
	for _, cut := range []int{1, 100, len(doc) / 2, len(doc) - 2} {
		if _, err := h.s.Handed("ngo", "lima", doc[:len(doc)-cut]); err == nil {
			t.Errorf("%d bytes short and taken", cut)
		}
	}
}

// Words beside a sealed part would be passed on with it, readable.
func TestHandedWithSomethingBeside(t *testing.T) {
	h := newHanding(t)
	good, binary := h.seal("--encrypt", "-r", h.ngo), h.seal("--no-armor", "--encrypt", "-r", h.ngo)
	plain := []byte{0xcb, 0x0b, 'b', 0, 0, 0, 0, 0, 'w', 'o', 'r', 'd', 's'}
	join := func(parts ...any) []byte {
		var out []byte
		for _, p := range parts {
			switch p := p.(type) {
			case string:
				out = append(out, p...)
			case []byte:
				out = append(out, p...)
			}
		}
		return out
	}
	for name, doc := range map[string][]byte{
		"words before": join("About Ana:\n", good), "words behind": join(good, "more about Ana\n"), "two messages": join(good, good),
		"a literal packet behind": join(binary, plain), "a literal packet before": join(plain, binary), "bytes behind": join(binary, "Ana"),
		"two binary messages": join(binary, binary), "nothing": nil, "blanks": []byte(" \n\t"), "words": []byte("Ana is in danger"),
		"a marker": join("\xca\x03PGP", binary), "padding": join("\xd5\x03Ana", binary), "a marker behind": join(binary, "\xca\x03PGP"),
		"an empty packet": {0xc1, 0}, "a key packet alone": binary[:2+int(binary[1])], "the encrypted part alone": binary[2+int(binary[1]):],
		"another version of key packet": join("\xc1\x0a\x06234567890", binary),
		"base64 that is none":           join("-----BEGIN PGP MESSAGE-----\n\nAna is in danger\n-----END PGP MESSAGE-----\n"),
		"too large":                     bytes.Repeat([]byte{0xc1}, referrals.MostHanded+1),
	} {
		if kept, err := h.s.Handed("ngo", "lima", doc); err == nil || kept != nil {
			t.Errorf("%s: taken", name)
		} else {
			wantReason(t, err, ReasonOf(err))
			if strings.Contains(err.Error(), "Ana") {
				t.Errorf("%s: the error quotes it: %v", name, err)
			}
		}
	}
	for name, doc := range map[string][]byte{"blanks around": join("\n \n", good, "\r\n\n"), "lines of Windows": bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n"))} {
		if _, err := h.s.Handed("ngo", "lima", doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Only keys that the line itself would seal to count: an officer may have an old copy of a key.
func TestHandedToAKeyThatIsOver(t *testing.T) {
	h := newHanding(t)
	good := h.seal("--encrypt", "-r", h.ngo)
	h.ngoHome.revoke(h.ngo)
	if err := h.s.Replace([]Desk{{ID: "lima", Keys: []*Key{h.g.key(h.lima)}}, {ID: "ngo", Keys: []*Key{h.ngoHome.key(h.ngo)}}}); err != nil {
		t.Fatal(err)
	}
	_, err := h.s.Handed("ngo", "lima", good)
	wantReason(t, err, ReasonKeyForeign)
	_, _, err = h.s.PublicKeys("ngo")
	wantReason(t, err, ReasonNoKey)
	_, err = h.s.Handed("gone", "lima", good)
	wantReason(t, err, ReasonDesk)
	_, err = h.s.Handed("ngo", "gone", good)
	wantReason(t, err, ReasonDesk)
}

// An organisation may have several keys, and a key several subkeys: gpg takes the newest, whatever the line takes.
func TestHandedToAnyKeyInUse(t *testing.T) {
	g, theirs := newGnuPG(t), newGnuPG(t)
	a, b := theirs.make(curveKey...), theirs.make("Key-Type: RSA", "Key-Length: 3072", "Subkey-Type: RSA", "Subkey-Length: 3072")
	theirs.must(nil, g.at(soon), "--passphrase", "", "--pinentry-mode", "loopback", "--quick-add-key", a, "cv25519", "encr")
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{newRecipient(t).key}}, Desk{ID: "ngo", Keys: []*Key{theirs.key(a), theirs.key(b)}})
	armored, fingerprints, err := s.PublicKeys("ngo")
	if err != nil || !slices.Equal(fingerprints, []string{a, b}) {
		t.Fatal(fingerprints, err)
	}
	g.must(bytes.NewReader(armored), "--import")
	for _, to := range [][]string{{a}, {b}, {a, b}} {
		args := []string{"--armor", "--trust-model", "always", "--encrypt"}
		for _, fingerprint := range to {
			args = append(args, "-r", fingerprint)
		}
		kept, err := s.Handed("ngo", "lima", g.must(strings.NewReader(words), args...))
		if err != nil {
			t.Fatal(to, err)
		}
		if out, status, _ := theirs.try(bytes.NewReader(kept), "--decrypt"); string(out) != words {
			t.Errorf("%v: %q\n%s", to, out, status)
		}
	}
}

// The line's own documents pass as anybody's would, where their keys are not hidden.
func TestHandedKeepsWhatTheLineSeals(t *testing.T) {
	ngo, lima := newRecipient(t), newRecipient(t)
	s := newSealer(t, Desk{ID: "ngo", Keys: []*Key{ngo.key}}, Desk{ID: "lima", Keys: []*Key{lima.key}, HideKeyIDs: true})
	kept, err := s.Handed("ngo", "lima", sealed(t, s, "ngo", []byte(words)))
	if err != nil {
		t.Fatal(err)
	}
	if text, _, err := Open(ngo.private, nil, kept); err != nil || !bytes.HasPrefix(text, []byte(words)) {
		t.Error(err)
	}
	_, err = s.Handed("ngo", "lima", sealed(t, s, "lima", []byte(words)))
	wantReason(t, err, ReasonKeyHidden)
}

func FuzzHanded(f *testing.F) {
	ngo, lima, other := newRecipient(f), newRecipient(f), newRecipient(f)
	s := newSealer(f, Desk{ID: "ngo", Keys: []*Key{ngo.key}}, Desk{ID: "lima", Keys: []*Key{lima.key}}, Desk{ID: "other", Keys: []*Key{other.key}},
		Desk{ID: "hidden", Keys: []*Key{ngo.key}, HideKeyIDs: true})
	for _, desk := range []string{"ngo", "lima", "other", "hidden"} {
		doc := sealed(f, s, desk, []byte(words))
		f.Add(doc)
		raw, err := bareMessage(doc)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
		f.Add(append(raw[:len(raw):len(raw)], raw...))
	}
	f.Add([]byte("-----BEGIN PGP MESSAGE-----\n\n=AAAA\n-----END PGP MESSAGE-----"))
	f.Add([]byte{0xc1, 0x0c, 3, 0, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0xd2, 1, 1})
	f.Add([]byte{0xa3, 3, 0}) // old format, of any length
	theirs, err := s.keyIDs("ngo")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		kept, err := s.Handed("ngo", "lima", doc)
		if err != nil {
			wantReason(t, err, ReasonOf(err))
			return
		}
		again, err := s.Handed("ngo", "lima", kept)
		if err != nil || !bytes.Equal(again, kept) {
			t.Fatalf("what was taken once is refused or changed: %v", err)
		}
		raw, err := bareMessage(kept)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := keysOf(raw)
		if err != nil || !slices.ContainsFunc(keys, func(id uint64) bool { return slices.Contains(theirs, id) }) {
			t.Fatalf("taken for %X, %v", keys, err)
		}
	})
}
