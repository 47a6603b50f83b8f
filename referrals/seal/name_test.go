package seal

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// copyNames are the names that copies of cases have.
var copyNames = []string{"K7QM-3XRP.asc", "K7QM-3XRP.2.asc", "K7QM-3XRP.f1.pgp"}

// namedFile seals a file for one desk and puts header and body together.
func namedFile(t *testing.T, s *Sealer, desk, name string, content []byte) []byte {
	t.Helper()
	var body bytes.Buffer
	headers, err := s.SealFileNamed([]string{desk}, name, "photo.jpg", bytes.NewReader(content), &body)
	if err != nil {
		t.Fatal(err)
	}
	return append(headers[desk], body.Bytes()...)
}

// An officer with GnuPG sees which copy the line signed: of a document and of a file.
func TestGnuPGShowsTheSignedName(t *testing.T) {
	g := newGnuPG(t)
	r := newRecipient(t)
	g.must(bytes.NewReader(r.private), "--import")
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{r.key}, HideKeyIDs: true})
	g.must(bytes.NewReader(s.signing.Public()), "--import")
	for _, name := range copyNames {
		doc := namedFile(t, s, "lima", name, []byte("words"))
		if strings.HasSuffix(name, ".asc") {
			doc = named(t, s, "lima", name, []byte("words"))
		}
		if bytes.Contains(doc, []byte(name)) {
			t.Fatal("the name is outside of the encryption")
		}
		if got := g.open(doc); !bytes.HasPrefix(got, []byte("words")) {
			t.Fatalf("%s: gpg reads otherwise", name)
		}
		_, status, _ := g.try(bytes.NewReader(doc), "--verify-options", "show-notations", "--decrypt")
		wantAll(t, status, "GOODSIG", "NOTATION_NAME "+NotationName+"\n", "NOTATION_FLAGS 0 1\n", "NOTATION_DATA "+name+"\n",
			"Signature notation: "+NotationName+"="+name+"\n")
		if got, err := SignedName(r.private, s.signing.Public(), doc); err != nil || got != name {
			t.Errorf("%s: the signed name is %q, %v", name, got, err)
		}
	}
}

func named(t *testing.T, s *Sealer, desk, name string, text []byte) []byte {
	t.Helper()
	doc, err := s.SealNamed(desk, name, text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// What stood in the way of an attacker who writes to Redis was nothing: a copy of another case opens with a
// good signature. Now the signature names the other case.
func TestACopyOfAnotherCaseIsSeenToBeOne(t *testing.T) {
	r := newRecipient(t)
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{r.key}, HideKeyIDs: true})
	redis := map[string][]byte{}
	for _, name := range []string{"AAAA-AAAA.f1.pgp", "BBBB-BBBB.f1.pgp"} {
		redis[name] = namedFile(t, s, "lima", name, []byte(name))
	}
	redis["BBBB-BBBB.f1.pgp"] = redis["AAAA-AAAA.f1.pgp"]
	if _, signed, err := Open(r.private, s.signing.Public(), redis["BBBB-BBBB.f1.pgp"]); err != nil || !signed {
		t.Fatal("the copy does not open:", signed, err)
	}
	if got, err := SignedName(r.private, s.signing.Public(), redis["BBBB-BBBB.f1.pgp"]); err != nil || got != "AAAA-AAAA.f1.pgp" {
		t.Errorf("the signed name is %q, %v", got, err)
	}
}

// The name counts only under the line's own good signature.
func TestSignedNameNeedsTheLinesSignature(t *testing.T) {
	r := newRecipient(t)
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{r.key}, HideKeyIDs: true})
	doc := named(t, s, "lima", copyNames[0], []byte("words"))
	for what, verify := range map[string][]byte{"a stranger": newSigning(t).Public(), "the reader": r.public} {
		name, err := SignedName(r.private, verify, doc)
		if wantReason(t, err, ReasonUnsigned); name != "" {
			t.Errorf("%s: the name is %q", what, name)
		}
	}
	own, err := New(mustSign(t, r.private), []Desk{{ID: "lima", Keys: []*Key{r.key}}}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = SignedName(r.private, s.signing.Public(), named(t, own, "lima", copyNames[0], nil))
	wantReason(t, err, ReasonUnsigned) // signed by whoever can read it
	if name, err := SignedName(r.private, s.signing.Public(), sealed(t, s, "lima", nil)); err != nil || name != "" {
		t.Errorf("a signature without a name names %q, %v", name, err)
	}
	for what, broken := range map[string][]byte{"cut": doc[:len(doc)-200], "nothing": nil} {
		_, err := SignedName(r.private, s.signing.Public(), broken)
		if wantReason(t, err, ReasonSealed); err == nil {
			t.Error(what, "opens")
		}
	}
	_, err = SignedName(newRecipient(t).private, s.signing.Public(), doc)
	wantReason(t, err, ReasonSealed)
}

func mustSign(t *testing.T, private []byte) *SigningKey {
	t.Helper()
	k, err := ParseSigningKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Nothing a person wrote can become a signed name by mistake, and nothing is sealed under a wrong one.
func TestOnlyNamesOfCopiesAreSigned(t *testing.T) {
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{newRecipient(t).key}})
	for _, name := range []string{"", "a photo.jpg", "ñ.asc", "K7QM-3XRP.asc\n", "../K7QM-3XRP.asc", strings.Repeat("A", maxCopyName+1)} {
		doc, err := s.SealNamed("lima", name, nil)
		if wantReason(t, err, ReasonName); doc != nil {
			t.Errorf("%q: a document came with the error", name)
		}
		var body bytes.Buffer
		headers, err := s.SealFileNamed([]string{"lima"}, name, "", strings.NewReader("words"), &body)
		if wantReason(t, err, ReasonName); headers != nil || body.Len() > 0 {
			t.Errorf("%q: a file was begun", name)
		}
		if name != "" && strings.Contains(err.Error(), name) {
			t.Errorf("the error repeats %q", name)
		}
	}
	if _, err := s.SealFileNamed([]string{"lima"}, copyNames[2], "any name", strings.NewReader(""), io.Discard); err != nil {
		t.Error(err)
	}
}
