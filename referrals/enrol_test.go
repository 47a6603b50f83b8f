package referrals

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// linkFor is a link to a desk and the hash of its token.
func linkFor(t testing.TB, desk, name string) Link {
	t.Helper()
	token, err := NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hash, ok := HashToken(token)
	if !ok || len(token) > 64 || bytes.Contains(hash, []byte(token)) {
		t.Fatalf("the token %q has the hash %x, %v", token, hash, ok)
	}
	return Link{Desk: desk, Name: name, Hash: hash, Until: noon.Add(LinkLife)}
}

// enrolled is a roll in which people of lima have used their links, in this order, from chats 101 on.
func enrolled(t testing.TB, names ...string) Roll {
	t.Helper()
	var r Roll
	for i, name := range names {
		l := linkFor(t, "lima", name)
		next, err := r.Invite(l, noon)
		if err == nil {
			next, err = next.Enrol(l.Hash, int64(101+i), noon)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r = next
	}
	return r
}

func TestLinkWorksOnce(t *testing.T) {
	l, other := linkFor(t, "lima", "Officer 2"), linkFor(t, "kyiv", "Officer 3")
	r, err := Roll{}.Invite(l, noon)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = r.Invite(other, noon); err != nil {
		t.Fatal(err)
	}
	after, err := r.Enrol(l.Hash, 7, noon.Add(LinkLife-time.Second))
	if err != nil || len(after.People) != 1 || after.People[0].Desk != "lima" || after.People[0].Chat != 7 || len(after.Links) != 1 {
		t.Fatalf("%+v, %v", after, err)
	}
	for name, try := range map[string]struct {
		roll Roll
		hash []byte
		at   time.Time
		want error
	}{
		"used":          {after, l.Hash, noon, ErrNoLink},
		"over":          {r, l.Hash, noon.Add(LinkLife), ErrNoLink},
		"guessed":       {r, make([]byte, 32), noon, ErrNoLink},
		"nothing":       {r, nil, noon, ErrNoLink},
		"revoked":       {must(r.Revoke("Officer 2")), l.Hash, noon, ErrNoLink},
		"one more desk": {after, other.Hash, noon, nil},
	} {
		next, err := try.roll.Enrol(try.hash, 7, try.at)
		if !errors.Is(err, try.want) || err != nil && fmt.Sprint(next) != fmt.Sprint(try.roll) {
			t.Errorf("%s: %v, want %v", name, err, try.want)
		}
	}
	again := linkFor(t, "lima", "Officer 4")
	seated, _ := after.Invite(again, noon)
	if next, err := seated.Enrol(again.Hash, 7, noon); !errors.Is(err, ErrSeated) || len(next.Links) != 2 {
		t.Errorf("a second seat at one desk: %v, %+v", err, next)
	}
}

func must(r Roll, err error) Roll {
	if err != nil {
		panic(err)
	}
	return r
}

func TestNamesAreUnique(t *testing.T) {
	r := enrolled(t, "Ana")
	if _, err := r.Invite(linkFor(t, "kyiv", "Ana"), noon); !errors.Is(err, ErrName) {
		t.Errorf("a name was given twice: %v", err)
	}
	first, second := linkFor(t, "lima", "Ben"), linkFor(t, "lima", "Ben")
	r = must(must(r.Invite(first, noon)).Invite(second, noon))
	if _, err := r.Enrol(first.Hash, 9, noon); !errors.Is(err, ErrNoLink) {
		t.Errorf("a link still works after another was made for the same name: %v", err)
	}
	if next, err := r.Enrol(second.Hash, 9, noon); err != nil || len(next.Links) != 0 {
		t.Errorf("the newer link: %+v, %v", next, err)
	}
	if _, err := r.Revoke("Nobody"); !errors.Is(err, ErrNobody) {
		t.Errorf("nobody was revoked: %v", err)
	}
	for i := 0; ; i++ {
		next, err := r.Invite(linkFor(t, "lima", fmt.Sprint("n", i)), noon)
		if errors.Is(err, ErrFull) {
			break
		}
		if r = next; err != nil || i > mostEnrolled {
			t.Fatalf("%d links: %v", i, err)
		}
	}
	if r, err := r.Invite(linkFor(t, "lima", "later"), noon.Add(LinkLife)); err != nil || len(r.Links) != 1 {
		t.Errorf("links that are over take a place: %v", err)
	}
	for name, fits := range map[string]bool{"Officer 2": true, "عمر": true, "O'Hara (night)": true, "": false, " a": false, "a ": false,
		"a\nb": false, "a\tb": false, "\xff": false, strings.Repeat("n", 61): false, "a\u202eb": false} {
		if err := CheckName(name); (err == nil) != fits {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// chats are a ladder's chats.
func chats(d *Desk) (out []int64) {
	for _, r := range d.Ladder {
		out = append(out, r.Chat)
	}
	return out
}

// Whoever is revoked leaves a rung that nobody waits for; the others keep theirs, and the next one takes it.
func TestEnrolledRungsStay(t *testing.T) {
	lima := &Desk{ID: "lima", Kind: MissionDesk, Countries: []string{"PE"}, RoutineWithin: time.Hour,
		Ladder: []Rung{{Chat: 1, Within: time.Minute}, {Chat: 2, Within: 2 * time.Minute}}}
	fld := &Desk{ID: "fld", Kind: NGODesk, AcceptWithin: time.Minute, Ladder: []Rung{{Chat: 3, Within: time.Minute}}}
	d := NewDirectory([]*Desk{lima, fld})
	r := enrolled(t, "Ana", "Ben", "Eva")
	d.Follow(r)
	now := d.Desk("lima")
	if got := fmt.Sprint(chats(now)); got != "[1 2 101 102 103]" || now.Within(4, Emergency) != 2*time.Minute || d.Mission("PE") != now {
		t.Errorf("the ladder is %s, its last rung has %v", got, now.Within(4, Emergency))
	}
	if d.Desk("fld") != fld || len(lima.Ladder) != 2 {
		t.Error("the configured desks were changed")
	}
	r = must(r.Revoke("Ben"))
	d.Follow(r)
	now = d.Desk("lima")
	if got := fmt.Sprint(chats(now)); got != "[1 2 101 0 103]" || d.ByChat(102) != nil {
		t.Errorf("after the revocation: %s, %v", got, d.ByChat(102))
	}
	for _, lane := range []Lane{Emergency, Routine} {
		if w := now.Within(3, lane); w != 0 {
			t.Errorf("nobody is waited for for %v, %s", w, lane)
		}
	}
	h := Holding{Desk: "lima", Code: "AAAA-BBBB", State: Alerted, Rung: 2, Due: noon}
	passed, ok := Overslept(h, now, noon)
	if !ok || passed.Rung != 4 || passed.Due != noon.Add(2*time.Minute) {
		t.Errorf("after the empty rung: %+v", passed)
	}
	l := linkFor(t, "lima", "Dan")
	r = must(must(r.Invite(l, noon)).Enrol(l.Hash, 104, noon))
	d.Follow(Roll{People: append(r.People, Enrolled{Desk: "gone", Chat: 105}, Enrolled{Desk: "lima", Chat: 2, Place: 7}, Enrolled{Desk: "lima", Chat: 106, Place: 1 << 40})})
	if got := fmt.Sprint(chats(d.Desk("lima"))); got != "[1 2 101 104 103]" {
		t.Errorf("after the next one: %s", got)
	}
	d.Follow(Roll{})
	if d.Desk("lima") != lima {
		t.Error("nobody is enrolled, and the desk is not as configured")
	}
}

func FuzzHashToken(f *testing.F) {
	for _, seed := range []string{"", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", "a b", "=", "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		hash, ok := HashToken(token)
		if ok != (hash != nil) || ok && (len(token) != 43 || len(hash) != 32) {
			t.Errorf("%q: %x, %v", token, hash, ok)
		}
	})
}
