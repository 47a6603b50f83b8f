package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// canaryChat is a chat's id that would be noticed anywhere.
const canaryChat = int64(7359124608)

// canary marks whatever a person wrote.
const canary = "canary-words"

// canaryReason is why a desk gave a case back. It may be one that says something of a defender: safety, country.
const canaryReason = "canary_reason"

// journey makes the store hold one of everything.
func journey(t *testing.T, b backend) {
	t.Helper()
	m := b.Chat("line", canaryChat)
	body := func(i int) []byte { return fmt.Appendf(nil, "%s %d from %d", canary, i, canaryChat) }
	posts := []referrals.Post{{To: m, ID: "u1", Order: 1, Body: body(1)}, {To: b.Chat("line", 2), ID: "u2", Order: 2, Body: body(2)}}
	works := b.mustKeep(t, posts...)
	if len(works) != 2 {
		t.Fatalf("kept: %+v", works)
	}
	b.mustKeep(t, referrals.Post{To: m, ID: "u3", Order: 3, Body: body(3)})
	if err := b.Post(b.ctx, referrals.Post{To: b.Case(m, "WXYZ-WXYZ"), ID: "n1", Body: body(4)}); err != nil {
		t.Fatal(err)
	}
	if err := b.Extend(b.ctx, works[1]); err != nil {
		t.Fatal(err)
	}
	if err := b.Release(b.ctx, works[1], b.clock.now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	b.writeFile(t, m.Slot, "ABCD-EFGH.f1.pgp", []byte("sealed elsewhere"))
	tasks, _ := b.mustCommit(t, works[0], referrals.Commit{
		State: body(5), Keep: time.Hour, Done: []string{"u1"},
		Errands: []referrals.Errand{
			{Send: &referrals.Send{Order: fmt.Sprint(canaryChat), Body: body(6), From: m}},
			{Post: &referrals.Post{To: m, ID: "n2", Body: body(7)}},
		},
		Births: []referrals.Birth{{Name: "kABCD-EFGH", State: body(8), Keep: time.Hour, Again: b.clock.now().Add(time.Hour)}},
		Documents: []referrals.Document{
			{Case: code, Desk: "lima", Name: "ABCD-EFGH.asc", Body: []byte("sealed elsewhere"), Keep: 168 * time.Hour},
			{Case: code, Desk: "desk-in-waiting", Name: "ABCD-EFGH.asc", Body: []byte("sealed elsewhere"), Keep: 168 * time.Hour},
		},
		Drops: []referrals.Drop{{Case: "WXYZ-WXYZ"}, {Case: code, Desk: "fld"}},
	})
	alert := referrals.Move{ID: "a", Desk: "lima", Code: "ABCD-EFGH", To: referrals.Alerted, Lane: referrals.Emergency, Due: b.clock.now().Add(time.Hour),
		Origin: m.Slot, Errands: []referrals.Errand{{Post: &referrals.Post{To: m, ID: "n3", Body: body(9)}}}}
	b.mustMove(t, alert)
	b.offer(t, "WXYZ-WXYZ-1", referrals.Urgent)
	b.mustMove(t, referrals.Move{ID: "d", Desk: "fld", Code: "WXYZ-WXYZ-1", From: []referrals.State{referrals.Offered}, To: referrals.Declined, AtRung: -1,
		Reason: canaryReason})
	if err := b.Settle(b.ctx, []referrals.Settled{{Slot: m.Slot, IDs: []string{tasks[0].ID},
		Sent: []referrals.Delivery{{To: m, Message: int(canaryChat), At: b.clock.now()}}}}); err != nil {
		t.Fatal(err)
	}
	b.Refuse("fld", referrals.RefusedCode, referrals.ByChat)
	for _, err := range []error{b.WriteRefused(b.ctx), b.know(b.ctx, b.clock.now()),
		b.Note(b.ctx, referrals.Line{Kind: referrals.LinePaged, Code: "ABCD-EFGH", At: b.clock.now(), Why: canaryReason})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if held, err := b.Lease(b.ctx, "poll", "one", time.Minute); err != nil || !held {
		t.Fatal(held, err)
	}
	if taken := b.mustTake(t, 10); len(taken) != 1 {
		t.Fatalf("taken: %+v", taken)
	}
	b.clock.move(12 * time.Second)
	if late, err := b.Overdue(b.ctx, 10); err != nil || len(late) != 2 {
		t.Fatalf("overdue: %+v %v", late, err)
	}
}

// everything reads all that one server holds: keys, and what is in them, byte by byte.
func everything(t *testing.T, ctx context.Context, db redis.Cmdable) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, k := range db.Keys(ctx, "*").Val() {
		var held any
		switch kind := db.Type(ctx, k).Val(); kind {
		case "string":
			held = db.Get(ctx, k).Val()
		case "hash":
			held = db.HGetAll(ctx, k).Val()
		case "stream":
			held = db.XRange(ctx, k, "-", "+").Val()
		case "zset":
			held = db.ZRangeWithScores(ctx, k, 0, -1).Val()
		default:
			t.Fatalf("%s is a %s", k, kind)
		}
		all[k] = fmt.Sprint(held)
	}
	return all
}

func TestADumpShowsNoWordsAndNoChat(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		journey(t, b)
		raw := make([]byte, 8)
		binary.BigEndian.PutUint64(raw, uint64(canaryChat))
		forbidden := []string{canary, canaryReason, "desk-in-waiting", fmt.Sprint(canaryChat), fmt.Sprintf("%x", canaryChat), string(raw[3:])}
		binary.LittleEndian.PutUint64(raw, uint64(canaryChat))
		forbidden = append(forbidden, string(raw[:5]))
		all := everything(t, b.ctx, b.db)
		if len(all) < 20 {
			t.Fatalf("a journey that leaves only %d keys proves little", len(all))
		}
		dump, err := b.Dump(b.ctx)
		if err != nil || len(dump) != len(all) {
			t.Fatalf("%d of %d keys are shown: %v", len(dump), len(all), err)
		}
		for _, e := range dump {
			if e.Preview == "" || len(e.Preview) > 4000 {
				t.Errorf("%s (%s) is shown as %q", e.Key, e.Type, e.Preview)
			}
			all["shown "+e.Key] = e.Preview
		}
		for k, held := range all {
			for _, word := range forbidden {
				if strings.Contains(k, word) || strings.Contains(held, word) {
					t.Errorf("%s holds %q", k, word)
				}
			}
		}
	})
}

// endless are the keys that no clock ends, by what ends them.
var endless = map[string]string{
	"due": "the act", "out": "the act", "err": "the act", "n": "never: one for each slot", "keys": "never: one for each store",
	"i": "the act", "b": "the act", "q": "the act or the trim of ended", "ended": "the trim of ended", "h": "the act, while it is open",
}

func TestEverythingHasAnEnd(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		journey(t, b)
		longest := map[string]time.Duration{
			"r": 2 * time.Hour, "seen": known, "m": known, "d": 168 * time.Hour, "f": time.Hour,
			"a": 8760 * time.Hour, "x": 8760 * time.Hour, "desks": 8760 * time.Hour,
			"h": 168 * time.Hour, "ev": 168 * time.Hour, "l": time.Minute, "ping": time.Minute,
		}
		met := map[string]bool{}
		for k := range everything(t, b.ctx, b.db) {
			_, kind, _ := strings.Cut(k, "}:")
			kind, _, _ = strings.Cut(kind, ":")
			met[kind] = true
			ttl := b.db.PTTL(b.ctx, k).Val()
			switch {
			case ttl == -1 && endless[kind] == "":
				t.Errorf("%s is kept for ever", k)
			case ttl != -1 && (ttl <= 0 || ttl > longest[kind]):
				t.Errorf("%s ends in %v, at most %v is allowed", k, ttl, longest[kind])
			}
		}
		for _, kinds := range []map[string]bool{keysOf(endless), keysOf(longest)} {
			for kind := range kinds {
				if !met[kind] {
					t.Errorf("the journey met no key of kind %q", kind)
				}
			}
		}
	})
}

func keysOf[V any](m map[string]V) map[string]bool {
	keys := map[string]bool{}
	for k := range m {
		keys[k] = true
	}
	return keys
}

func TestAnOpenHoldingAndARecordEndAsAsked(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := b.Chat("line", 1)
		w := b.mustKeep(t, post(m, 1))[0]
		if ttl := b.db.PTTL(b.ctx, b.recordKey(m)).Val(); ttl <= 0 || ttl > time.Hour {
			t.Errorf("numbers without a state are kept for %v", ttl)
		}
		later := b.clock.now().Add(5 * time.Hour)
		_, again := b.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Minute, Again: later, Done: doneOf(w)})
		if ttl := b.db.PTTL(b.ctx, b.recordKey(m)).Val(); ttl <= 5*time.Hour || ttl > 7*time.Hour {
			t.Errorf("the record does not outlive its clock: %v (%v)", ttl, again)
		}
		if _, _, err := b.Commit(b.ctx, w, referrals.Commit{State: []byte("s")}); err == nil {
			t.Error("a record without an end was kept")
		}
	})
}
