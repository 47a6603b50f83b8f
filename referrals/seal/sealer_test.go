package seal

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"pgregory.net/rapid"
)

func TestPaddedSize(t *testing.T) {
	steps := map[int]bool{4096: true, 4608: true, 5184: true, 5760: true, 6464: true, 7232: true}
	for n := range 7000 {
		if !steps[PaddedSize(n)] {
			t.Fatalf("%d bytes become %d", n, PaddedSize(n))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, MaxDocument).Draw(t, "n")
		size := PaddedSize(n)
		if size < n+padOverhead || size%64 != 0 || size > max(4096, (n+padOverhead)*112/100+128) {
			t.Fatalf("%d bytes become %d", n, size)
		}
		if PaddedSize(n+1) < size || PaddedSize(size-padOverhead) != size {
			t.Fatalf("%d is no step of its own", size)
		}
	})
}

func TestPadIsOneLastLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Byte(), 0, 9000).Draw(t, "text")
		got := padded(string(text))
		if len(got) != PaddedSize(len(text)) || !bytes.HasPrefix(got, text) {
			t.Fatal("the text is not the beginning")
		}
		rest := bytes.TrimPrefix(got[len(text):], []byte("\n"))
		if !bytes.HasPrefix(rest, []byte("padding:")) || bytes.Count(rest, []byte("\n")) != 1 || rest[len(rest)-1] != '\n' {
			t.Fatalf("the padding is %q", rest[:20])
		}
		if len(text) > 0 && text[len(text)-1] != '\n' && got[len(text)] != '\n' {
			t.Fatal("the padding is on the text's last line")
		}
	})
}

// The only difference between sealed lengths of one bucket is leading zeros in the
// signature, at random, a byte or two.
func TestSealedLengthDoesNotFollowTheText(t *testing.T) {
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{newRecipient(t).key}, HideKeyIDs: true})
	lengths := map[int]int{}
	for n := 0; n <= 4096-padOverhead; n += 31 {
		text := bytes.Repeat([]byte{byte('a' + n%26)}, n)
		lengths[len(sealed(t, s, "lima", text))]++
	}
	least, most := 1<<30, 0
	for n := range lengths {
		least, most = min(least, n), max(most, n)
	}
	if most-least > 8 {
		t.Fatalf("sealed lengths from %d to %d", least, most)
	}
	if next := len(sealed(t, s, "lima", make([]byte, 4096))); next < most+400 {
		t.Fatalf("the next bucket has %d after %d", next, most)
	}
}

func TestSealUsesTheUsableKeysOnly(t *testing.T) {
	good, revoked := newRecipient(t), newTestEntity(t, nil)
	if err := revoked.RevokeKey(packet.KeyRetired, "", &packet.Config{Time: func() time.Time { return start }}); err != nil {
		t.Fatal(err)
	}
	dead := parse(t, armorOf(t, revoked), fingerprintOf(revoked))
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{dead, good.key}}, Desk{ID: "dead", Keys: []*Key{dead}}, Desk{ID: "none"})
	ids, err := Recipients(sealed(t, s, "lima", []byte("words")))
	if err != nil || len(ids) != 1 || ids[0] != good.key.entity.Subkeys[0].PublicKey.KeyIdString() {
		t.Fatalf("sealed to %v, %v", ids, err)
	}
	if err := s.Usable("lima"); err != nil {
		t.Fatal(err)
	}
	for desk, want := range map[string]Reason{"dead": ReasonNoKey, "none": ReasonNoKey, "nobody": ReasonDesk} {
		doc, err := s.Seal(desk, []byte("words"))
		wantReason(t, err, want)
		wantReason(t, s.Usable(desk), want)
		if doc != nil {
			t.Fatal("something came with the error")
		}
	}
	_, err = s.Seal("lima", make([]byte, MaxDocument+1))
	wantReason(t, err, ReasonTooLarge)
}

// A key's end counts at once, although its trial seal was made long before.
func TestExpiryCountsAtOnce(t *testing.T) {
	g := newGnuPG(t)
	k := g.key(g.make(append(curveKey, "Expire-Date: 1y")...))
	at, _ := k.Expires(soon)
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{k}})
	if err := s.Usable("lima"); err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time { return at }
	if err := s.Usable("lima"); err != nil {
		t.Fatal("refused before its end:", err)
	}
	s.now = func() time.Time { return at.Add(time.Second) }
	wantReason(t, s.Usable("lima"), ReasonNoKey)
	if _, err := s.Seal("lima", nil); ReasonOf(err) != ReasonNoKey {
		t.Fatal(err)
	}
}

func TestReplaceWhileSealing(t *testing.T) {
	a, b := newRecipient(t), newRecipient(t)
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{a.key}, HideKeyIDs: true})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				doc, err := s.Seal("lima", []byte("words"))
				if err != nil {
					t.Error(err)
					return
				}
				_, signedA, errA := Open(a.private, s.signing.Public(), doc)
				_, signedB, errB := Open(b.private, s.signing.Public(), doc)
				if (errA == nil && signedA) == (errB == nil && signedB) {
					t.Error("the document is for both or for none")
				}
			}
		})
	}
	for i := range 100 {
		if err := s.Replace([]Desk{{ID: "lima", Keys: [][]*Key{{a.key}, {b.key}}[i%2], HideKeyIDs: true}}); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
	for _, bad := range [][]Desk{{{ID: ""}}, {{ID: "x"}, {ID: "x"}}} {
		wantReason(t, s.Replace(bad), ReasonDesk)
	}
	if err := s.Usable("lima"); err != nil {
		t.Fatal("a refused table replaced the good one:", err)
	}
}

func TestPooledBuffersHoldNoPlaintext(t *testing.T) {
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{newRecipient(t).key}})
	buf := s.borrowPlain(PaddedSize(5))
	pad(*buf, []byte("words"))
	s.returnPlain(buf)
	if whole := (*buf)[:cap(*buf)]; !bytes.Equal(whole, make([]byte, len(whole))) {
		t.Fatal("a buffer went back with plaintext in it")
	}
}

func TestOpenTellsASignatureOfSomebodyElse(t *testing.T) {
	r, stranger := newRecipient(t), newSigning(t)
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{r.key}, HideKeyIDs: true})
	doc := sealed(t, s, "lima", []byte("words"))
	for name, verify := range map[string][]byte{"stranger": stranger.Public(), "nobody": nil} {
		text, signed, err := Open(r.private, verify, doc)
		if err != nil || signed || !bytes.HasPrefix(text, []byte("words\n")) {
			t.Errorf("%s: signed %v, %v", name, signed, err)
		}
	}
	_, _, err := Open(newRecipient(t).private, nil, doc)
	wantReason(t, err, ReasonSealed)
}
