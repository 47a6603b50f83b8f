package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"slices"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const (
	armorBegin  = "-----BEGIN PGP"
	messageType = "PGP MESSAGE"
	armorLine   = 64 // characters in a line
)

// Packet tags of keys (RFC 4880, section 4.3).
const (
	tagSecretKey    = 5
	tagPublicKey    = 6
	tagSecretSubkey = 7
)

// enarmor armors without Version and Comment headers, which would name the library.
// It is our own because the library computes the checksum bit by bit, which took a
// fifth of the time of sealing a case.
func enarmor(kind string, raw []byte) []byte {
	size := base64.StdEncoding.EncodedLen(len(raw))
	out := make([]byte, 0, size+size/armorLine+2*len(kind)+64)
	out = append(out, "-----BEGIN "+kind+"-----\n\n"...)
	for line := range slices.Chunk(raw, armorLine/4*3) {
		out = base64.StdEncoding.AppendEncode(out, line)
		out = append(out, '\n')
	}
	sum := crc24(raw)
	out = append(out, '=')
	out = base64.StdEncoding.AppendEncode(out, []byte{byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return append(out, "\n-----END "+kind+"-----\n"...)
}

// crc24 is the armor's checksum (RFC 4880, section 6.1), four bits at a time.
func crc24(raw []byte) uint32 {
	const initial, polynomial = 0xB704CE, 0x1864CFB
	var table [16]uint32
	for i := range table {
		value := uint32(i) << 20
		for range 4 {
			value <<= 1
			if value&0x1000000 != 0 {
				value ^= polynomial
			}
		}
		table[i] = value
	}
	sum := uint32(initial)
	for _, b := range raw {
		sum ^= uint32(b) << 16
		sum = sum<<4&0xFFFFFF ^ table[sum>>20]
		sum = sum<<4&0xFFFFFF ^ table[sum>>20]
	}
	return sum
}

// unarmorKey gives the packets of the only armored block of a key file.
func unarmorKey(armored []byte, kind string) ([]byte, error) {
	if len(armored) > maxKeyFile {
		return nil, keyError("", ReasonTooLarge, "the key file is larger than 1 MiB", "export the key without foreign signatures: gpg --armor --export-options export-minimal --export FINGERPRINT")
	}
	if bytes.Count(armored, []byte(armorBegin)) > 1 {
		return nil, severalError()
	}
	block, err := armor.Decode(bytes.NewReader(armored))
	if err != nil || block.Type != kind {
		return nil, unreadableError()
	}
	raw, err := io.ReadAll(io.LimitReader(block.Body, maxKeyFile))
	if err != nil {
		return nil, unreadableError()
	}
	return raw, nil
}

// countKeys walks the packets and refuses more or less than one primary key and any
// version but 4. It looks at the packets themselves because the library leaves out
// keys that it does not understand.
func countKeys(raw []byte) error {
	packets := packet.NewOpaqueReader(bytes.NewReader(raw))
	primaries := 0
	for {
		p, err := packets.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(p.Contents) == 0 {
			return unreadableError()
		}
		if p.Tag != tagPublicKey && p.Tag != tagSecretKey {
			continue
		}
		primaries++
		if p.Contents[0] != 4 {
			return policyError("", "another version than 4", ReasonVersion)
		}
	}
	switch {
	case primaries == 0:
		return unreadableError()
	case primaries > 1:
		return severalError()
	}
	return nil
}

// holdsSecret says whether any packet is a secret key, whatever the armor around it claims.
func holdsSecret(raw []byte) bool {
	packets := packet.NewOpaqueReader(bytes.NewReader(raw))
	for {
		p, err := packets.Next()
		if err != nil { // the end, or broken, which countKeys refuses
			return false
		}
		if p.Tag == tagSecretKey || p.Tag == tagSecretSubkey {
			return true
		}
	}
}

func severalError() *Error {
	return keyError("", ReasonSeveral, "the file holds several keys", "put each key in a file of its own and list them one by one")
}

// unarmorMessage gives the packets of a sealed document, armored or binary.
func unarmorMessage(sealed []byte) (io.Reader, error) {
	trimmed := bytes.TrimLeft(sealed, " \t\r\n")
	if !bytes.HasPrefix(trimmed, []byte(armorBegin)) {
		return bytes.NewReader(sealed), nil
	}
	block, err := armor.Decode(bytes.NewReader(trimmed))
	if err != nil || block.Type != messageType {
		return nil, sealedError()
	}
	return block.Body, nil
}

func sealedError() *Error {
	return &Error{Reason: ReasonSealed, Problem: "this is not an OpenPGP message that can be opened here", Remedy: "check that the whole document was given and that the key is one of its recipients"}
}

// publicArmor is the public half of a key, armored.
func publicArmor(entity *openpgp.Entity) ([]byte, error) {
	var raw bytes.Buffer
	if err := entity.Serialize(&raw); err != nil {
		return nil, internalError()
	}
	return enarmor(openpgp.PublicKeyType, raw.Bytes()), nil
}
