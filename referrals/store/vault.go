package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"sync"

	"github.com/tink-crypto/tink-go/v2/tink"

	"defenderline/referrals"
)

// Vault seals what waits in Redis with keys that Redis never sees, and hashes chats. It is
// safe for concurrent use and never printed: its String is fixed.
type Vault struct {
	aead    tink.AEAD
	hashKey []byte
	macs    sync.Pool // of hash.Hash: chats are named for every update
}

// errOpen says that a record cannot be opened, and nothing about what it holds.
var errOpen = errors.New("a record cannot be opened with the state keys of this process; " +
	"it was sealed with another key, or changed or moved inside Redis")

// String hides the keys from %v.
func (v *Vault) String() string { return "store.Vault" }

// GoString hides the keys from %#v.
func (v *Vault) GoString() string { return v.String() }

// bound is the associated data of a record: where it belongs.
func bound(key, id string) []byte { return []byte(key + "\x00" + id) }

// seal encrypts text for one place: the key that holds it and its id there.
func (v *Vault) seal(key, id string, text []byte) ([]byte, error) {
	sealed, err := v.aead.Encrypt(text, bound(key, id))
	if err != nil {
		return nil, fmt.Errorf("seal a record: %w", err)
	}
	return sealed, nil
}

// open decrypts what was sealed for the same place.
func (v *Vault) open(key, id string, sealed []byte) ([]byte, error) {
	text, err := v.aead.Decrypt(sealed, bound(key, id))
	if err != nil {
		return nil, errOpen
	}
	if text == nil {
		text = []byte{}
	}
	return text, nil
}

// mark tells hash keys apart, for the marker.
func (v *Vault) mark() []byte {
	mac := hmac.New(sha256.New, v.hashKey)
	mac.Write([]byte("mark"))
	return mac.Sum(nil)
}

// copyFor names a desk among the copies of one case: a keyed hash, another in every case.
func (v *Vault) copyFor(code referrals.Code, desk string) string {
	mac := hmac.New(sha256.New, v.hashKey)
	_, _ = fmt.Fprintf(mac, "copy\x00%s\x00%s", code, desk) // a hash never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:12])
}

// chat names a chat of a bot: its partition and its name come from separate bits of a keyed
// hash, so that the partition tells nothing about the name.
func (v *Vault) chat(bot string, chat int64) referrals.Member {
	mac, ok := v.macs.Get().(hash.Hash)
	if !ok {
		mac = hmac.New(sha256.New, v.hashKey)
	}
	defer v.macs.Put(mac)
	mac.Reset()
	var text [64]byte
	named := append(append(append(text[:0], "chat\x00"...), bot...), 0)
	_, _ = mac.Write(strconv.AppendInt(named, chat, 10)) // a hash never fails
	sum := mac.Sum(text[:0])
	return referrals.Member{
		Slot: Partition(int(binary.BigEndian.Uint32(sum[16:20]) % Partitions)),
		Name: "c" + base64.RawURLEncoding.EncodeToString(sum[:16]),
	}
}
