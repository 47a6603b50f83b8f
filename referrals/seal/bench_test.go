package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"testing"
	"time"

	"github.com/ProtonMail/gopenpgp/v2/crypto"
)

const benchText = 2048

// bareWork does what no OpenPGP program can avoid for a document of n padded bytes, with
// the standard library and nothing around it: one agreement or RSA operation for each
// recipient, a signature, two hashes, one pass of AES-256, one of base64.
type bareWork struct {
	x25519 []*ecdh.PublicKey
	rsa    []*rsa.PublicKey
	signer ed25519.PrivateKey
	block  cipher.Block
	plain  []byte
	text   []byte
}

func newBareWork(b *testing.B, recipients []*Key) *bareWork {
	b.Helper()
	w := &bareWork{plain: make([]byte, PaddedSize(benchText))}
	w.text = make([]byte, base64.StdEncoding.EncodedLen(len(w.plain)))
	var err error
	if _, w.signer, err = ed25519.GenerateKey(nil); err != nil {
		b.Fatal(err)
	}
	if w.block, err = aes.NewCipher(make([]byte, sessionKeySize)); err != nil {
		b.Fatal(err)
	}
	for _, k := range recipients {
		if pub, ok := k.entity.Subkeys[0].PublicKey.PublicKey.(*rsa.PublicKey); ok {
			w.rsa = append(w.rsa, pub)
			continue
		}
		private, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		w.x25519 = append(w.x25519, private.PublicKey())
	}
	return w
}

func (w *bareWork) once(b *testing.B) {
	for _, to := range w.x25519 {
		ephemeral, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ephemeral.ECDH(to); err != nil {
			b.Fatal(err)
		}
	}
	for _, to := range w.rsa {
		//lint:ignore SA1019 RFC 4880, section 5.1 demands this padding
		if _, err := rsa.EncryptPKCS1v15(rand.Reader, to, w.plain[:35]); err != nil {
			b.Fatal(err)
		}
	}
	digest := sha256.Sum256(w.plain)
	ed25519.Sign(w.signer, digest[:])
	sha1.Sum(w.plain)
	cfb(w.block, w.plain)
	base64.StdEncoding.Encode(w.text, w.plain)
}

// cfb is one pass of cipher feedback, as OpenPGP demands it.
func cfb(block cipher.Block, text []byte) {
	var register [aes.BlockSize]byte
	for i := 0; i+aes.BlockSize <= len(text); i += aes.BlockSize {
		block.Encrypt(register[:], register[:])
		for j := range register {
			register[j] ^= text[i+j]
		}
	}
}

// rsaRecipient is a throw-away RSA key, made with gopenpgp.
func rsaRecipient(t testing.TB, bits int) *Key {
	t.Helper()
	k, err := crypto.GenerateKey("desk", "", "rsa", bits)
	if err != nil {
		t.Fatal(err)
	}
	public, err := k.GetArmoredPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, []byte(public), k.GetFingerprint())
}

func benchmarkSeal(b *testing.B, keys ...*Key) {
	s := newSealer(b, Desk{ID: "lima", Keys: keys, HideKeyIDs: true})
	s.now = time.Now
	text := bytes.Repeat([]byte("x"), benchText)
	b.ReportAllocs()
	bare := newBareWork(b, keys)
	var spent time.Duration
	for b.Loop() {
		if _, err := s.Seal("lima", text); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		began := time.Now()
		bare.once(b)
		spent += time.Since(began)
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()/spent.Seconds(), "x-bare")
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "bare-ns/op")
}

func BenchmarkSealOneCurve25519(b *testing.B) { benchmarkSeal(b, newRecipient(b).key) }

func BenchmarkSealThreeCurve25519(b *testing.B) {
	benchmarkSeal(b, newRecipient(b).key, newRecipient(b).key, newRecipient(b).key)
}

func BenchmarkSealRSA4096(b *testing.B) { benchmarkSeal(b, rsaRecipient(b, 4096)) }

func BenchmarkSealFile(b *testing.B) {
	s := newSealer(b, Desk{ID: "lima", Keys: []*Key{newRecipient(b).key}, HideKeyIDs: true})
	file := make([]byte, 8<<20)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.SealFile([]string{"lima"}, "photo.jpg", bytes.NewReader(file), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*8/b.Elapsed().Seconds(), "MiB/s")
}

func BenchmarkUsable(b *testing.B) {
	s := newSealer(b, Desk{ID: "lima", Keys: []*Key{newRecipient(b).key}})
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Usable("lima"); err != nil {
			b.Fatal(err)
		}
	}
}
