package store

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xchacha20poly1305"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
)

// stateKeys is the file. The hash key names chats for ever: another one would make every chat
// a stranger, so it never rotates with the others.
type stateKeys struct {
	AEAD        json.RawMessage `json:"aead"`
	ChatHashKey string          `json:"chat_hash_key"`
}

const hashKeySize = 32

// errStateKeys is all that is said about a file that cannot be read: no byte of it.
var errStateKeys = errors.New("the state keys file is damaged or is another file; restore it from its backup, " +
	"or make a fresh one with `defenderline secrets init` (what waits in Redis is then unreadable)")

// NewStateKeys makes the content of a fresh state keys file from random: one
// XChaCha20-Poly1305 key, whose nonces are long enough to be drawn at random for ever, and
// the key that chats are hashed with. Keep it apart from the backups of Redis.
func NewStateKeys(random io.Reader) ([]byte, error) {
	var hashKey [hashKeySize]byte
	if _, err := io.ReadFull(random, hashKey[:]); err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	manager := keyset.NewManager()
	id, err := addKey(manager, random)
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("make state keys: %w", err)
	}
	return writeStateKeys(manager, hashKey[:])
}

// AddKey returns a state keys file with one more key, which opens but does not seal yet. Give
// the file to every replica, restart them, and only then PromoteKey: otherwise one replica
// seals what another cannot open.
func AddKey(file []byte, random io.Reader) ([]byte, error) {
	handle, hashKey, err := readStateKeys(file)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManagerFromHandle(handle)
	if _, err := addKey(manager, random); err != nil {
		return nil, err
	}
	return writeStateKeys(manager, hashKey)
}

// PromoteKey returns a state keys file whose newest key seals from now on. The older ones
// still open what they sealed; everything but an unanswered inbox has passed after the
// longest retention.
func PromoteKey(file []byte) ([]byte, error) {
	handle, hashKey, err := readStateKeys(file)
	if err != nil {
		return nil, err
	}
	newest, err := handle.Entry(handle.Len() - 1)
	if err != nil {
		return nil, errStateKeys
	}
	manager := keyset.NewManagerFromHandle(handle)
	if err := manager.SetPrimary(newest.KeyID()); err != nil {
		return nil, errStateKeys
	}
	return writeStateKeys(manager, hashKey)
}

// addKey adds a key drawn from random. Its id is drawn too; one that is taken is drawn anew.
func addKey(manager *keyset.Manager, random io.Reader) (uint32, error) {
	params, err := xchacha20poly1305.NewParameters(xchacha20poly1305.VariantTink)
	if err != nil {
		return 0, fmt.Errorf("make a state key: %w", err)
	}
	for {
		var drawn [36]byte
		if _, err := io.ReadFull(random, drawn[:]); err != nil {
			return 0, fmt.Errorf("draw a key: %w", err)
		}
		id := binary.BigEndian.Uint32(drawn[32:])
		if handle, err := manager.Handle(); err == nil && hasKey(handle, id) {
			continue
		}
		secret := secretdata.NewBytesFromData(drawn[:32], insecuresecretdataaccess.Token{})
		k, err := xchacha20poly1305.NewKey(secret, id, params)
		if err != nil {
			return 0, fmt.Errorf("make a state key: %w", err)
		}
		return manager.AddKey(k)
	}
}

func hasKey(handle *keyset.Handle, id uint32) bool {
	for i := range handle.Len() {
		if e, err := handle.Entry(i); err == nil && e.KeyID() == id {
			return true
		}
	}
	return false
}

func writeStateKeys(manager *keyset.Manager, hashKey []byte) ([]byte, error) {
	handle, err := manager.Handle()
	if err != nil {
		return nil, fmt.Errorf("make state keys: %w", err)
	}
	var keys bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&keys)); err != nil {
		return nil, fmt.Errorf("make state keys: %w", err)
	}
	file, err := json.MarshalIndent(stateKeys{AEAD: keys.Bytes(), ChatHashKey: base64.StdEncoding.EncodeToString(hashKey)}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("make state keys: %w", err)
	}
	return append(file, '\n'), nil
}

func readStateKeys(file []byte) (*keyset.Handle, []byte, error) {
	var keys stateKeys
	dec := json.NewDecoder(bytes.NewReader(file))
	dec.DisallowUnknownFields()
	if dec.Decode(&keys) != nil || dec.Decode(&struct{}{}) != io.EOF {
		return nil, nil, errStateKeys
	}
	hashKey, err := base64.StdEncoding.DecodeString(keys.ChatHashKey)
	if err != nil || len(hashKey) != hashKeySize {
		return nil, nil, errStateKeys
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(keys.AEAD)))
	if err != nil {
		return nil, nil, errStateKeys
	}
	return handle, hashKey, nil
}

// ParseStateKeys reads the content of a state keys file. Its error holds nothing of it.
func ParseStateKeys(file []byte) (*Vault, error) {
	handle, hashKey, err := readStateKeys(file)
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, errStateKeys
	}
	return &Vault{aead: primitive, hashKey: hashKey}, nil
}
