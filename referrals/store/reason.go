package store

import (
	"bytes"
	"encoding/base64"
	"fmt"
)

// reasonField names a holding's reason among its words, for its seal.
const reasonField = "re"

// reasonSize is what a reason is filled up to, in bytes, so that its sealed length does not tell
// which of the few it is. The longest today has 17.
const reasonSize = 32

// sealReason seals why a holding ended for its place; "" stays "". A reason may say something of
// a defender ("safety", "relocated") and is none of what may stand in the clear.
func (s *Store) sealReason(desk, code, reason string) (string, error) {
	if reason == "" {
		return "", nil
	}
	filled := make([]byte, (len(reason)+reasonSize-1)/reasonSize*reasonSize)
	copy(filled, reason)
	sealed, err := s.vault.seal(s.holdingKey(desk, code), reasonField, filled)
	return base64.RawStdEncoding.EncodeToString(sealed), err
}

// openReason is the reverse of sealReason.
func (s *Store) openReason(desk, code, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return "", errDamaged(desk, code)
	}
	filled, err := s.vault.open(s.holdingKey(desk, code), reasonField, raw)
	if err != nil {
		return "", fmt.Errorf("the reason of %s at %s: %w", code, desk, err)
	}
	return string(bytes.TrimRight(filled, "\x00")), nil
}
