package seal

import (
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/gopenpgp/v2/crypto"
)

// sessionKeySize is that of AES-256 in bytes.
const sessionKeySize = 32

// newSessionKey is a fresh AES-256 key; the caller clears it after use.
func newSessionKey() ([]byte, error) {
	key, err := crypto.GenerateSessionKey()
	if err != nil {
		return nil, internalError()
	}
	return key.Key, nil
}

// writeKeyPacket writes one PKESK v3 packet (RFC 4880, section 5.1): the session key for
// one recipient, with key id zero when hidden.
func writeKeyPacket(w io.Writer, pub *packet.PublicKey, session []byte, hidden bool) error {
	return packet.SerializeEncryptedKeyAEADwithHiddenOption(w, pub, packet.CipherAES256, false, session, hidden, nil)
}

// bodyWriter signs and encrypts what is written to it. Close finishes the signature and
// then the encryption's integrity check; without Close the body cannot be used.
type bodyWriter struct {
	signed, encrypted io.WriteCloser
}

// newBody starts a SEIPD v1 packet (RFC 4880, section 5.13) with a one-pass signature
// and a binary literal packet inside, uncompressed. The literal's date is left out.
func newBody(w io.Writer, session []byte, signer *openpgp.Entity, l label, now time.Time) (*bodyWriter, error) {
	config := &packet.Config{
		DefaultCipher: packet.CipherAES256,
		Time:          func() time.Time { return now },

		SignatureNotations: l.notations(),
	}
	encrypted, err := packet.SerializeSymmetricallyEncrypted(w, packet.CipherAES256, false, packet.CipherSuite{}, session, config)
	if err != nil {
		return nil, err
	}
	signed, err := openpgp.Sign(encrypted, signer, &openpgp.FileHints{IsBinary: true, FileName: l.given}, config)
	if err != nil {
		return nil, err
	}
	return &bodyWriter{signed: signed, encrypted: encrypted}, nil
}

func (b *bodyWriter) Write(p []byte) (int, error) { return b.signed.Write(p) }

func (b *bodyWriter) Close() error {
	if err := b.signed.Close(); err != nil {
		return err
	}
	return b.encrypted.Close()
}
