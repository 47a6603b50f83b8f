package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// Two lines share a server, or a cluster: each has keys of its own, both in name and in secret, and neither takes, moves or
// lists what is the other's. A third that calls itself like one of them is refused.
func TestLinesShareAServer(t *testing.T) {
	for name, where := range map[string]Options{
		"single":  {URL: redistest.Start(t).URL()},
		"cluster": {Cluster: redistest.StartCluster(t, 3)[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			lines := map[string]backend{}
			for _, line := range []string{"pe", "ua"} {
				o := where
				o.Line, o.Desks = line, []string{"lima"}
				lines[line] = open(t, o)
			}
			for line, b := range lines {
				if err := b.Post(b.ctx, post(b.Chat("l", 7), 1)); err != nil {
					t.Fatal(err)
				}
				_, _, err := b.Move(b.ctx, referrals.Move{ID: "begin", Desk: "lima", Code: "AAAA-BBBB", To: referrals.Alerted,
					Lane: referrals.Emergency, Origin: "p07", At: b.clock.now(), Due: b.clock.now().Add(time.Minute)})
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
			for line, b := range lines {
				work, err := b.Take(b.ctx, nil, 10)
				if err != nil || len(work) != 1 || len(work[0].Inbox) != 1 {
					t.Errorf("%s takes %d, %v", line, len(work), err)
				}
				held, _, err := b.Holdings(b.ctx, "lima", nil, 10, "")
				if err != nil || len(held) != 1 {
					t.Errorf("%s lists %d, %v", line, len(held), err)
				}
			}
			entries, err := lines["pe"].Dump(t.Context())
			if err != nil || len(entries) < 6 {
				t.Fatalf("%d keys, %v", len(entries), err)
			}
			for _, e := range entries {
				if !strings.HasPrefix(e.Key, "{pe/") && !strings.HasPrefix(e.Key, "{ua/") {
					t.Errorf("%s names no line", e.Key)
				}
			}
			third := where
			third.Line, third.Vault, third.Now = "ua", newVault(t), time.Now
			if _, err := Open(t.Context(), third); !errors.Is(err, ErrForeign) {
				t.Errorf("a line with another's name and other keys: %v", err)
			}
		})
	}
	if _, err := Open(t.Context(), Options{URL: "redis://127.0.0.1:1", Line: "{p07}", Vault: newVault(t), Now: time.Now}); err == nil ||
		!strings.Contains(err.Error(), "redis.line") {
		t.Errorf("a name that would break the slots: %v", err)
	}
}

// Everything that a line keeps carries its name, whatever the tests of this package let it do.
func carriesItsName(t *testing.T, db redis.UniversalClient, line string) {
	t.Helper()
	keys, err := db.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if !strings.HasPrefix(k, "{"+line+"/") {
			t.Errorf("%s does not name its line", k)
		}
	}
}
