package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"defenderline/referrals"
)

// Packet tags of messages (RFC 4880, section 4.3; RFC 9580, section 5).
const (
	tagKeyPacket  = 1
	tagPassphrase = 3
	tagOldSealed  = 9
	tagMarker     = 10
	tagSealed     = 18
	tagAEAD       = 20
	tagPadding    = 21
)

// Handed examines a document that somebody at the desk by sealed for the desk to, which the line cannot open. It
// must be one OpenPGP message, armored or binary, encrypted to keys and to nothing else, with nothing before and nothing behind
// it; each of its keys must be one of the two desks' that can be sealed to now, and at least one of them the desk's
// it is for. What is returned is the message alone, armored anew without headers.
//
// What is inside is not looked at, and cannot be. Nor is it signed by the line.
//
// [ReasonKeyHidden], [ReasonKeyForeign], [ReasonKeyMissing], [ReasonPassphrase] and [ReasonForm] say that the document is encrypted
// and cannot be passed on; after any other reason it may hold something that can be read.
func (s *Sealer) Handed(to, by string, document []byte) ([]byte, error) {
	if len(document) > referrals.MostHanded {
		return nil, handedError(ReasonTooLarge, fmt.Sprintf("it has more than %d bytes", referrals.MostHanded), "leave out what is not needed, and seal it again")
	}
	raw, err := bareMessage(document)
	if err != nil {
		return nil, err
	}
	keys, err := keysOf(raw)
	if err != nil {
		return nil, err
	}
	if err := s.allowed(keys, to, by); err != nil {
		return nil, err
	}
	return enarmor(messageType, raw), nil
}

// bareMessage gives the packets of a document that is a message and nothing else.
func bareMessage(document []byte) ([]byte, error) {
	trimmed := bytes.TrimSpace(document)
	if len(trimmed) == 0 {
		return nil, plainError()
	}
	if trimmed[0]&0x80 != 0 {
		return document, nil
	}
	const begin, end = armorBegin + " MESSAGE-----", "-----END PGP MESSAGE-----"
	if bytes.Count(trimmed, []byte("-----BEGIN")) != 1 || !bytes.HasPrefix(trimmed, []byte(begin)) || !bytes.HasSuffix(trimmed, []byte(end)) {
		return nil, plainError() // words around a sealed part would be passed on with it
	}
	block, err := armor.Decode(bytes.NewReader(trimmed))
	if err != nil || block.Type != messageType {
		return nil, brokenError()
	}
	raw, err := io.ReadAll(block.Body)
	if err != nil {
		return nil, brokenError()
	}
	return raw, nil
}

// keysOf reads for which keys a message is: key packets, one encrypted part, the end.
func keysOf(raw []byte) ([]uint64, error) {
	var keys []uint64
	passphrase := false
	packets := packet.NewOpaqueReader(bytes.NewReader(raw))
	for {
		p, err := packets.Next()
		if err != nil || len(p.Contents) == 0 {
			return nil, brokenError()
		}
		switch p.Tag {
		case tagMarker, tagPadding:
			return nil, formError() // room for words that are not sealed
		case tagPassphrase:
			passphrase = true
		case tagKeyPacket:
			if p.Contents[0] != 3 || len(p.Contents) < 10 {
				return nil, formError()
			}
			keys = append(keys, binary.BigEndian.Uint64(p.Contents[1:9]))
		case tagSealed, tagAEAD, tagOldSealed:
			return keys, lastPacket(p, packets, keys, passphrase)
		default:
			return nil, plainError()
		}
	}
}

// smallestBody is the least that an encrypted part has: its version, a random prefix, and what protects its integrity.
const smallestBody = 1 + 16 + 2 + 22

// lastPacket judges the encrypted part, behind which there must be nothing, and who opens it.
func lastPacket(p *packet.OpaquePacket, packets *packet.OpaqueReader, keys []uint64, passphrase bool) error {
	if _, err := packets.Next(); !errors.Is(err, io.EOF) {
		return plainError()
	}
	version := p.Contents[0]
	switch {
	case len(p.Contents) < smallestBody:
		return brokenError()
	case p.Tag == tagOldSealed, p.Tag == tagSealed && version != 1 && version != 2, p.Tag == tagAEAD && version != 1:
		return formError()
	case passphrase || len(keys) == 0:
		return handedError(ReasonPassphrase, "a passphrase opens it", "seal it to keys only: gpg --encrypt, without --symmetric")
	}
	return nil
}

// allowed judges the keys of a message for a desk from another.
func (s *Sealer) allowed(keys []uint64, to, by string) error {
	theirs, err := s.keyIDs(to)
	if err != nil {
		return err
	}
	own, err := s.keyIDs(by)
	if err != nil {
		return err
	}
	reached := false
	for _, id := range keys {
		switch {
		case id == 0:
			return handedError(ReasonKeyHidden, "it hides whose keys open it, so that nobody can see for whom it is",
				"seal it again with gpg --no-throw-keyids, and without --hidden-recipient")
		case slices.Contains(theirs, id):
			reached = true
		case !slices.Contains(own, id):
			return handedError(ReasonKeyForeign, fmt.Sprintf("the key %016X, which is neither desk's, opens it too", id),
				"seal it again to the organisation's key only; gpg --no-encrypt-to leaves out keys of your own that are always added")
		}
	}
	if !reached {
		return handedError(ReasonKeyMissing, "it is not sealed to a key of the organisation that is in use", "seal it again to the key you were handed")
	}
	return nil
}

// keyIDs are the ids of all keys of a desk that can be sealed to now.
func (s *Sealer) keyIDs(desk string) ([]uint64, error) {
	d, err := s.desk(desk)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var ids []uint64
	for _, k := range d.Keys {
		ids = append(ids, k.living(now)...)
	}
	return ids, nil
}

// living are the ids of a key's encryption keys that can be sealed to now: a program for OpenPGP may choose another one of them
// than the line does.
func (k *Key) living(now time.Time) []uint64 {
	chosen, err := k.target(now)
	if err != nil {
		return nil
	}
	ids := []uint64{chosen.KeyId}
	for i := range k.entity.Subkeys {
		sub := &k.entity.Subkeys[i]
		at := end(sub.PublicKey, sub.Sig)
		if encrypts(sub) && !sub.Revoked(now) && !sub.Sig.CreationTime.After(now) && (at.IsZero() || now.Before(at)) {
			ids = append(ids, sub.PublicKey.KeyId)
		}
	}
	return ids
}

// PublicKeys are the desk's keys that can be sealed to now, armored one below the other for somebody who
// is to seal to them, and their fingerprints in the same order.
func (s *Sealer) PublicKeys(desk string) (armored []byte, fingerprints []string, err error) {
	d, err := s.desk(desk)
	if err != nil {
		return nil, nil, err
	}
	now := s.now()
	for _, k := range d.Keys {
		if k.Usable(now) != nil {
			continue
		}
		one, err := publicArmor(k.entity)
		if err != nil {
			return nil, nil, err
		}
		armored, fingerprints = append(armored, one...), append(fingerprints, k.fingerprint)
	}
	if len(fingerprints) == 0 {
		return nil, nil, noKeyError(d, now)
	}
	return armored, fingerprints, nil
}

func handedError(r Reason, problem, remedy string) *Error {
	return &Error{Reason: r, Subject: "document", Problem: problem, Remedy: remedy}
}

func plainError() *Error {
	return handedError(ReasonPlain, "it is not sealed, or not all of it is", "seal the whole of it with gpg --encrypt and send the file that gpg writes")
}

func brokenError() *Error {
	return handedError(ReasonSealed, "it is damaged, or no OpenPGP message", "seal it again and send the file that gpg writes, whole")
}

func formError() *Error {
	return handedError(ReasonForm, "it is sealed in a form that the line does not know", "seal it with gpg --encrypt, and without --rfc2440 or --disable-mdc")
}
