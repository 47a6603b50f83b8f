package seal

import (
	"bytes"
	"testing"
	"time"
)

// start is when the tests' keys are made. It lies a little back, so that GnuPG, which
// has a clock of its own, finds no key or signature from the future.
var start = time.Now().Add(-time.Hour).Truncate(time.Second)

func parse(t testing.TB, armored []byte, fingerprint string) *Key {
	t.Helper()
	k, err := ParseKey(armored, fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// recipient is a throw-away recipient with both halves.
type recipient struct {
	private, public []byte
	key             *Key
}

func newRecipient(t testing.TB) recipient {
	t.Helper()
	private, public, err := Generate("desk", start)
	if err != nil {
		t.Fatal(err)
	}
	return recipient{private, public, parse(t, public, fingerprintIn(t, public))}
}

// fingerprintIn reads a fingerprint as a configuration would be told it.
func fingerprintIn(t testing.TB, armored []byte) string {
	t.Helper()
	raw, err := unarmorKey(armored, "PGP PUBLIC KEY BLOCK")
	if err != nil {
		t.Fatal(err)
	}
	entity, err := readEntity(raw)
	if err != nil {
		t.Fatal(err)
	}
	return fingerprintOf(entity)
}

func newSigning(t testing.TB) *SigningKey {
	t.Helper()
	private, _, err := NewSigningKey(start)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseSigningKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newSealer seals to desks at a fixed time, half an hour after start.
func newSealer(t testing.TB, desks ...Desk) *Sealer {
	t.Helper()
	s, err := New(newSigning(t), desks, func() time.Time { return start.Add(30 * time.Minute) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sealed(t testing.TB, s *Sealer, desk string, text []byte) []byte {
	t.Helper()
	doc, err := s.Seal(desk, text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// wantReason demands an error of a reason, with something to do about it.
func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	if ReasonOf(err) != want {
		t.Fatalf("reason %q, want %q: %v", ReasonOf(err), want, err)
	}
	if e, ok := err.(*Error); !ok || e.Problem == "" || e.Remedy == "" {
		t.Fatalf("an error without problem and remedy: %v", err)
	}
}

func padded(text string) []byte {
	buf := make([]byte, PaddedSize(len(text)))
	pad(buf, []byte(text))
	return buf
}

func TestSealOpensAgain(t *testing.T) {
	r := newRecipient(t)
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{r.key}, HideKeyIDs: true})
	for _, text := range []string{"", "x", "a line\n", "carriage\r\nreturns\r\n", string(bytes.Repeat([]byte("ñ ع "), 3000))} {
		doc := sealed(t, s, "lima", []byte(text))
		got, signed, err := Open(r.private, s.signing.Public(), doc)
		if err != nil || !signed {
			t.Fatalf("%d bytes: signed %v, %v", len(text), signed, err)
		}
		if !bytes.Equal(got, padded(text)) || !bytes.HasPrefix(got, []byte(text)) {
			t.Fatalf("%d bytes came back otherwise", len(text))
		}
	}
}
