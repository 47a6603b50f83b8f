package seal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ProtonMail/go-crypto/openpgp/eddsa"
)

const canary = "CANARY-7f3a-words"

// Whatever goes wrong, and however it is printed, neither what was written nor a secret
// key is in it.
func TestNothingPrintedHoldsPlaintextOrSecrets(t *testing.T) {
	r := newRecipient(t)
	line, _, err := NewSigningKey(start)
	if err != nil {
		t.Fatal(err)
	}
	signing, err := ParseSigningKey(line)
	if err != nil {
		t.Fatal(err)
	}
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{r.key}}, Desk{ID: "dead"})
	s.signing = signing
	secrets := []string{canary, secretOf(t, signing), string(line[60:100]), string(r.private[60:100])}
	printed := []any{s, r.key, signing}
	for _, err := range everyError(t, s, r) {
		printed = append(printed, err)
	}
	for _, v := range printed {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			text := fmt.Sprintf(verb, v)
			for _, secret := range secrets {
				if strings.Contains(text, secret) {
					t.Fatalf("%s of a %T shows a secret", verb, v)
				}
			}
		}
	}
}

func secretOf(t *testing.T, k *SigningKey) string {
	t.Helper()
	private, ok := k.entity.PrivateKey.PrivateKey.(*eddsa.PrivateKey)
	if !ok {
		t.Fatalf("the line's key is a %T", k.entity.PrivateKey.PrivateKey)
	}
	return hex.EncodeToString(private.D)
}

// everyError provokes an error of each exported function, with the canary and secret
// keys wherever a caller could put them.
func everyError(t *testing.T, s *Sealer, r recipient) []error {
	t.Helper()
	doc := sealed(t, s, "lima", []byte(canary))
	inside := errors.New(canary)
	var errs []error
	add := func(err error) {
		t.Helper()
		if err == nil {
			t.Fatal("this should have failed")
		}
		errs = append(errs, err)
	}
	_, err := ParseKey([]byte(canary), r.key.Fingerprint())
	add(err)
	_, err = ParseKey(r.private, r.key.Fingerprint())
	add(err)
	_, err = ParseKey(r.public, canary)
	add(err)
	_, err = ParseSigningKey(append(bytes.Clone(r.private[:300]), canary...))
	add(err)
	_, err = s.Seal("dead", []byte(canary))
	add(err)
	_, err = s.Seal("lima", bytes.Repeat([]byte(canary), MaxDocument/len(canary)+1))
	add(err)
	_, err = s.SealFile([]string{"lima"}, canary, iotest.ErrReader(inside), new(bytes.Buffer))
	add(err)
	_, err = s.SealFile([]string{"lima"}, canary, strings.NewReader(canary), &full{})
	add(err)
	_, err = s.SealFile([]string{"dead"}, canary, strings.NewReader(canary), new(bytes.Buffer))
	add(err)
	_, _, err = Open(r.private, nil, doc[:len(doc)-200])
	add(err)
	_, _, err = Open([]byte(canary), nil, doc)
	add(err)
	_, err = Recipients([]byte(canary))
	add(err)
	_, _, err = Generate(canary+"<>", start)
	add(err)
	return errs
}
