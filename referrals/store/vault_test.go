package store

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func TestARecordOpensOnlyInItsPlace(t *testing.T) {
	v := newVault(t)
	sealed, err := v.seal("{p01}:r:c", "1", []byte("words"))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := v.open("{p01}:r:c", "1", sealed); err != nil || string(text) != "words" {
		t.Fatalf("%q %v", text, err)
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another key":     func() ([]byte, error) { return v.open("{p02}:r:c", "1", sealed) },
		"another id":      func() ([]byte, error) { return v.open("{p01}:r:c", "2", sealed) },
		"another vault":   func() ([]byte, error) { return newVault(t).open("{p01}:r:c", "1", sealed) },
		"a changed byte":  func() ([]byte, error) { return v.open("{p01}:r:c", "1", flipped) },
		"nothing":         func() ([]byte, error) { return v.open("{p01}:r:c", "1", nil) },
		"a shifted place": func() ([]byte, error) { return v.open("{p01}:r:", "c1", sealed) },
	} {
		if text, err := open(); err == nil {
			t.Errorf("opened with %s: %q", name, text)
		}
	}
}

func TestKeysRotateAndChatsKeepTheirNames(t *testing.T) {
	old, err := NewStateKeys(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	added, err := AddKey(old, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	promoted, err := PromoteKey(added)
	if err != nil {
		t.Fatal(err)
	}
	vaults := make([]*Vault, 3)
	for i, file := range [][]byte{old, added, promoted} {
		if vaults[i], err = ParseStateKeys(file); err != nil {
			t.Fatal(err)
		}
		if vaults[i].chat("line", 42) != vaults[0].chat("line", 42) {
			t.Fatal("a rotation made a chat a stranger")
		}
	}
	opens := func(sealer, opener int) bool {
		sealed, err := vaults[sealer].seal("k", "i", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = vaults[opener].open("k", "i", sealed)
		return err == nil
	}
	for _, c := range []struct {
		sealer, opener int
		want           bool
	}{{0, 1, true}, {1, 0, true}, {0, 2, true}, {2, 1, true}, {2, 0, false}} {
		if opens(c.sealer, c.opener) != c.want {
			t.Errorf("sealed by %d, opened by %d: not %v", c.sealer, c.opener, c.want)
		}
	}
}

func TestChatsAreSpreadAndApart(t *testing.T) {
	v := newVault(t)
	slots, names := map[string]bool{}, map[string]bool{}
	for i := range int64(4000) {
		for _, bot := range []string{"line", "desk"} {
			m := v.chat(bot, i)
			slots[m.Slot], names[m.Name] = true, true
		}
	}
	if len(slots) != Partitions || len(names) != 8000 {
		t.Fatalf("%d slots, %d names", len(slots), len(names))
	}
}

// A chat that got another name would be a stranger with nothing under way: the names are part of what is stored.
func TestChatsKeepTheirNamesForEver(t *testing.T) {
	v := &Vault{hashKey: []byte("thirty-two bytes of a hash key..")}
	for range 3 { // also from a hash that was used before
		for text, want := range map[string]string{"line 5": "p63 cIhGBFkC1or2vuFHF4QFoyA", "desk -1001234567890": "p01 cNh6wWGLvUAeb81x4zmKftA"} {
			bot, id, _ := strings.Cut(text, " ")
			chat, err := strconv.ParseInt(id, 10, 64)
			if m := v.chat(bot, chat); err != nil || m.Slot+" "+m.Name != want {
				t.Errorf("%s is %s %s, %v", text, m.Slot, m.Name, err)
			}
		}
	}
}

func TestAVaultNeverPrintsItsKeys(t *testing.T) {
	v := newVault(t)
	o := Options{Vault: v}
	for _, text := range []string{fmt.Sprint(v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), fmt.Sprintf("%+v", o)} {
		if strings.Contains(text, fmt.Sprint(v.hashKey)) || len(text) > 400 {
			t.Fatalf("printed: %s", text)
		}
	}
}

func TestDamagedStateKeysAreRefusedWithoutAByteOfThem(t *testing.T) {
	file, err := NewStateKeys(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"empty":            {},
		"cut":              file[:len(file)/2],
		"an unknown field": bytes.Replace(file, []byte(`"aead"`), []byte(`"x": 1, "aead"`), 1),
		"twice":            append(bytes.Clone(file), file...),
		"short hash key":   []byte(`{"aead": {}, "chat_hash_key": "c2VjcmV0"}`),
		"no keys":          bytes.Replace(file, []byte(`"primaryKeyId"`), []byte(`"primary"`), 1),
	} {
		_, err := ParseStateKeys(damaged)
		if err == nil || err.Error() != errStateKeys.Error() {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := AddKey(damaged, rand.Reader); err == nil {
			t.Errorf("%s: a key was added", name)
		}
		if _, err := PromoteKey(damaged); err == nil {
			t.Errorf("%s: a key was promoted", name)
		}
	}
	if _, err := NewStateKeys(bytes.NewReader(nil)); err == nil {
		t.Error("keys were made of nothing")
	}
}

func FuzzParseStateKeys(f *testing.F) {
	file, err := NewStateKeys(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte(`{"aead": {"primaryKeyId": 1, "key": []}, "chat_hash_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		v, err := ParseStateKeys(file)
		if err != nil {
			return
		}
		sealed, err := v.seal("k", "i", []byte("x"))
		if err != nil {
			return // a key that may open but not seal
		}
		if _, err := v.open("k", "i", sealed); err != nil {
			t.Fatal("keys that do not open what they sealed")
		}
	})
}
