package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// withKeys opens a store on a server with a state keys file, and reports how.
func withKeys(t *testing.T, server *redistest.Server, file []byte) error {
	t.Helper()
	v, err := ParseStateKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(context.Background(), Options{URL: server.URL(), Vault: v, Now: time.Now})
	if err == nil {
		err = s.Close()
	}
	return err
}

func newFile(t *testing.T) []byte {
	t.Helper()
	file, err := NewStateKeys(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestExchangedStateKeysAreRefused(t *testing.T) {
	server := redistest.Start(t)
	file := newFile(t)
	for range 2 {
		if err := withKeys(t, server, file); err != nil {
			t.Fatal(err)
		}
	}
	var parts, other stateKeys
	if json.Unmarshal(file, &parts) != nil || json.Unmarshal(newFile(t), &other) != nil {
		t.Fatal("the files cannot be read")
	}
	parts.ChatHashKey = other.ChatHashKey
	anotherHash, err := json.Marshal(parts)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"another file": newFile(t), "another hash key": anotherHash} {
		if err := withKeys(t, server, file); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "state_keys_file") {
			t.Errorf("%s: opened with %v", name, err)
		}
	}
	if err := withKeys(t, server, file); err != nil {
		t.Fatalf("the right file after wrong ones: %v", err)
	}
}

func TestRotatedStateKeysOpen(t *testing.T) {
	server := redistest.Start(t)
	first := newFile(t)
	added, err := AddKey(first, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	promoted, err := PromoteKey(added)
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range [][]byte{first, added, first, promoted, added, promoted} {
		if err := withKeys(t, server, file); err != nil {
			t.Fatalf("step %d of a rotation: %v", i, err)
		}
	}
	if err := withKeys(t, server, first); !errors.Is(err, ErrForeign) {
		t.Fatalf("a file without the key that seals: %v", err)
	}
}

func TestADamagedChatIsAnsweredAndADamagedCaseStays(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		chat := b.Chat("line", 1)
		file, kase := b.Case(chat, code), b.Case(chat, code)
		file.Name = code.FilesName()
		for i, m := range []referrals.Member{chat, kase, file} {
			w := b.mustKeep(t, post(m, int64(100+i)))[0]
			b.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w)})
		}
		for damage, do := range map[string]func(m referrals.Member){
			"record": func(m referrals.Member) { b.db.HSet(b.ctx, b.recordKey(m), "s", "torn") },
			"body":   func(m referrals.Member) { b.db.HSet(b.ctx, b.bodiesKey(m), "u2", []byte{1, 2}) },
			"gone":   func(m referrals.Member) { b.db.HDel(b.ctx, b.bodiesKey(m), "u2") },
		} {
			for i, m := range []referrals.Member{chat, kase, file} {
				b.db.Del(b.ctx, b.seenKey(m.Slot))
				for n := range int64(3) {
					if err := b.Post(b.ctx, post(m, n+1)); err != nil {
						t.Fatal(err)
					}
				}
				do(m)
				got, err := b.Take(b.ctx, nil, 1)
				if i > 0 {
					if !errors.Is(err, errOpen) || len(got) != 0 {
						t.Fatalf("%s of %s: %+v %v", damage, m.Name, got, err)
					}
					continue
				}
				if err != nil || len(got) != 1 || len(got[0].Inbox) != 3 || got[0].Damaged != (damage == "record") || (got[0].State == nil) != got[0].Damaged {
					t.Fatalf("%s of a chat: %+v %v", damage, got, err)
				}
				bodies := [][]byte{[]byte("body 1"), []byte("body 2"), []byte("body 3")}
				if damage != "record" {
					bodies[1] = nil
				}
				for n, e := range got[0].Inbox {
					if !bytes.Equal(e.Body, bodies[n]) {
						t.Fatalf("%s: entry %d is %q", damage, n, e.Body)
					}
				}
				b.mustCommit(t, got[0], referrals.Commit{State: []byte("anew"), Keep: time.Hour, Done: doneOf(got[0])})
			}
			b.clock.move(time.Hour)
			b.db.Del(b.ctx, b.dueKey(chat.Slot), b.inboxKey(kase), b.inboxKey(file), b.bodiesKey(kase), b.bodiesKey(file))
		}
	})
}
