package seal

import (
	"bytes"
	"errors"
	"io"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	pgparmor "github.com/ProtonMail/gopenpgp/v2/armor"
)

const (
	armorBegin  = "-----BEGIN PGP"
	messageType = "PGP MESSAGE"
)

// Packet tags of keys (RFC 4880, section 4.3).
const (
	tagSecretKey    = 5
	tagPublicKey    = 6
	tagSecretSubkey = 7
)

// enarmor armors without Version and Comment headers, which would name the library.
func enarmor(kind string, raw []byte) ([]byte, error) {
	text, err := pgparmor.ArmorWithTypeAndCustomHeaders(raw, kind, "", "")
	if err != nil {
		return nil, internalError()
	}
	return append([]byte(text), '\n'), nil
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
	return enarmor(openpgp.PublicKeyType, raw.Bytes())
}
