package store

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

func TestNoScriptCrossesSlotsOfACluster(t *testing.T) {
	b := open(t, Options{Cluster: redistest.StartCluster(t, 3)[:1], RequireDurable: true})
	journey(t, b)
	var posts []referrals.Post
	for i := range int64(200) {
		posts = append(posts, post(b.Chat("line", i), 100+i))
	}
	works := b.mustKeep(t, posts...)
	if len(works) != 200 {
		t.Fatalf("%d of 200 were taken", len(works))
	}
	b.clock.move(16 * time.Second)
	if again := b.mustTake(t, 150); len(again) != 150 {
		t.Fatalf("%d of 150 came due", len(again))
	}
	if err := b.Ping(b.ctx); err != nil {
		t.Fatal(err)
	}
	b.quiet = 0
	b.clock.move(2 * time.Hour)
	late(t, b)
	b.clock.move(-2 * time.Hour)
	b.mustMend(t, 2)
	tasks, err := b.Overdue(b.ctx, 100)
	if err != nil {
		t.Fatal(err)
	}
	if held, err := b.Hold(b.ctx, tasks); err != nil || len(held) == 0 || len(held) != len(tasks) {
		t.Fatalf("held %d of %d: %v", len(held), len(tasks), err)
	}
	if dump, err := b.Dump(b.ctx); err != nil || len(dump) != dumpKeys {
		t.Fatalf("%d keys are shown: %v", len(dump), err)
	}
}

func TestWhatWasKeptSurvivesAKill(t *testing.T) {
	server := redistest.Start(t, "--appendfsync", "always") // everysec holds writes back while the disk is slow
	b := open(t, Options{URL: server.URL(), RequireDurable: true})
	m := b.Chat("line", 1)
	b.mustKeep(t, post(m, 1))
	server.Kill()
	if _, err := b.Keep(b.ctx, []referrals.Post{post(m, 2)}); err == nil {
		t.Fatal("something was kept by a server that is dead")
	}
	if err := b.Ping(b.ctx); err == nil {
		t.Fatal("a dead server can be written")
	}
	server.Restart()
	b.clock.move(16 * time.Second)
	if got := b.mustTake(t, 1); len(got) != 1 || len(got[0].Inbox) != 1 || string(got[0].Inbox[0].Body) != "body 1" {
		t.Fatalf("after the restart: %+v", got)
	}
}

func TestForgottenScriptsAreSentAgain(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		for round := range int64(3) {
			if err := b.db.ScriptFlush(b.ctx).Err(); err != nil {
				t.Fatal(err)
			}
			works := b.mustKeep(t, post(b.Chat("line", 3*round+1), 2*round+1), post(b.Chat("line", 3*round+2), 2*round+2))
			if len(works) != 2 {
				t.Fatalf("kept: %+v", works)
			}
		}
	})
}

func TestAnUndurableServerIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags []string
		want  error
	}{
		{"append-only off", []string{"--appendonly", "no"}, errVolatile},
		{"evicting", []string{"--maxmemory-policy", "allkeys-lru"}, errEvicts},
		{"append-only off, CONFIG forbidden", []string{"--appendonly", "no", "--user", "default", "on", "nopass", "~*", "&*", "+@all", "-config"}, errVolatile},
		{"evicting, CONFIG forbidden", []string{"--maxmemory-policy", "allkeys-lru", "--user", "default", "on", "nopass", "~*", "&*", "+@all", "-config"}, errEvicts},
		{"CONFIG and INFO forbidden", []string{"--user", "default", "on", "nopass", "~*", "&*", "+@all", "-config", "-info"}, errHidden},
		{"durable, CONFIG forbidden", []string{"--user", "default", "on", "nopass", "~*", "&*", "+@all", "-config"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := redistest.Start(t, c.flags...)
			vault := newVault(t)
			s, err := Open(context.Background(), Options{URL: server.URL(), RequireDurable: true, Vault: vault, Now: time.Now})
			if !errors.Is(err, c.want) {
				t.Fatalf("opened with %v", err)
			}
			if err == nil {
				_ = s.Close()
			}
			if s, err = Open(context.Background(), Options{URL: server.URL(), Vault: vault, Now: time.Now}); err != nil {
				t.Fatalf("not required to be durable, and yet: %v", err)
			}
			_ = s.Close()
		})
	}
}

func TestASecondMayBeLostIsSaid(t *testing.T) {
	for fsync, want := range map[string]int{"everysec": 1, "always": 0} {
		b := open(t, Options{URL: redistest.Start(t, "--appendfsync", fsync).URL(), RequireDurable: true})
		if got := b.Warnings(); len(got) != want {
			t.Errorf("appendfsync %s: %v", fsync, got)
		}
	}
}

func TestAServerThatCannotBeWrittenIsNoticed(t *testing.T) {
	server := redistest.Start(t)
	b := open(t, Options{URL: server.URL()})
	if err := server.Client().ConfigSet(b.ctx, "min-replicas-to-write", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := b.Ping(b.ctx); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Fatalf("ping: %v", err)
	}
	if _, err := b.Keep(b.ctx, []referrals.Post{post(b.Chat("line", 1), 1)}); err == nil {
		t.Fatal("kept by a server that writes nothing")
	}
}

func TestOpenNamesTheRemedyAndNoPassword(t *testing.T) {
	server := miniredis.RunT(t)
	server.RequireAuth("right")
	secret := "hunter-secret"
	for name, o := range map[string]Options{
		"nothing":        {},
		"two":            {URL: "redis://x", Cluster: []string{"x"}},
		"half sentinel":  {Sentinel: Sentinel{Master: "line"}},
		"a broken url":   {URL: "redis://u:" + secret + "@[::1"},
		"another scheme": {URL: "http://u:" + secret + "@x"},
		"wrong password": {URL: "redis://u:" + secret + "@" + server.Addr()},
		"password apart": {URL: "redis://" + server.Addr(), Password: secret},
		"nobody there":   {URL: "redis://u:" + secret + "@127.0.0.1:1"},
		"no cluster":     {Cluster: []string{"127.0.0.1:1"}, Password: secret},
		"no sentinel":    {Sentinel: Sentinel{Master: "line", Addresses: []string{"127.0.0.1:1"}}, Password: secret},
		"no password":    {URL: "redis://" + server.Addr()},
	} {
		o.Vault, o.Now = newVault(t), time.Now
		s, err := Open(context.Background(), o)
		if err == nil {
			_ = s.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if refused := strings.Contains(err.Error(), "refuses the password"); refused != strings.Contains(name, "password") {
			t.Errorf("%s: %v", name, err)
		}
		if text := err.Error(); strings.Contains(text, secret) || !strings.Contains(text, "redis") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if _, err := Open(context.Background(), Options{URL: "redis://x"}); err == nil {
		t.Error("opened without a vault and a clock")
	}
}

func TestAnotherVaultsRecordsAreReportedAndStay(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		w := b.mustKeep(t, post(b.Chat("line", 1), 1), post(b.Chat("line", 2), 2))
		for _, w := range w {
			b.mustCommit(t, w, referrals.Commit{State: []byte("s"), Keep: time.Hour, Done: doneOf(w), Again: b.clock.now(),
				Errands: []referrals.Errand{{Notice: &referrals.Notice{Desk: "lima"}}}})
		}
		stranger := *b.Store
		stranger.vault = newVault(t)
		b.clock.move(time.Minute)
		if got, err := stranger.Take(b.ctx, nil, 10); !errors.Is(err, errOpen) || len(got) != 0 {
			t.Fatalf("opened with other keys: %+v %v", got, err)
		}
		if got, err := stranger.Overdue(b.ctx, 10); !errors.Is(err, errOpen) || len(got) != 0 {
			t.Fatalf("errands opened with other keys: %+v %v", got, err)
		}
		b.clock.move(time.Minute)
		if got := b.mustTake(t, 10); len(got) != 2 {
			t.Fatalf("lost by a stranger: %+v", got)
		}
		if got, err := b.Overdue(b.ctx, 10); err != nil || len(got) != 2 {
			t.Fatalf("errands lost by a stranger: %+v %v", got, err)
		}
	})
}

func TestTheNumberSurvivesALostCounter(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		m := b.Chat("line", 1)
		before := b.mustKeep(t, post(m, 1))[0]
		b.db.Del(b.ctx, b.counterKey(m.Slot)) // a failover forgot it
		b.clock.move(16 * time.Second)
		if after := b.mustTake(t, 1)[0]; after.Number <= before.Number {
			t.Fatalf("%d after %d", after.Number, before.Number)
		}
	})
}

// BenchmarkActs compares each act with the cheapest script there could be, in the same run.
func BenchmarkActs(b *testing.B) {
	server := redistest.Start(b)
	file, err := NewStateKeys(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	vault, err := ParseStateKeys(file)
	if err != nil {
		b.Fatal(err)
	}
	s := open(b, Options{URL: server.URL(), Vault: vault})
	bare := redis.NewScript("return 1")
	round := func() error { return bare.Run(s.ctx, s.db, []string{"{p00}:x"}, "1").Err() }
	body, next := make([]byte, 1024), int64(0)
	keep := func() (referrals.Work, error) {
		next++
		p := post(s.Chat("line", next%1000), next)
		p.Body = body
		w, err := s.Keep(s.ctx, []referrals.Post{p})
		if err != nil || len(w) != 1 {
			return referrals.Work{}, errors.Join(err, errors.New("not taken"))
		}
		return w[0], nil
	}
	for name, act := range map[string]func() error{
		"keep+commit": func() error {
			w, err := keep()
			if err != nil {
				return err
			}
			_, _, err = s.Commit(s.ctx, w, referrals.Commit{State: body, Keep: time.Hour, Done: doneOf(w),
				Errands: []referrals.Errand{{Send: &referrals.Send{Order: "x", Body: body, From: w.Member}}}})
			return err
		},
		"move": func() error {
			next++
			_, _, err := s.Move(s.ctx, referrals.Move{ID: "o", Desk: "fld", Code: referrals.ReferralCode("ABCD-EFGH", int(next)),
				To: referrals.Offered, Due: s.clock.now(), Errands: []referrals.Errand{{Notice: &referrals.Notice{Desk: "fld"}}}})
			return err
		},
		"take, idle": func() error { _, err := s.Take(s.ctx, []string{"p00", "p01"}, 10); return err },
	} {
		b.Run(name, func(b *testing.B) {
			var acts, rounds time.Duration
			for b.Loop() {
				start := time.Now()
				if err := round(); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				if err := act(); err != nil {
					b.Fatal(err)
				}
				rounds, acts = rounds+middle.Sub(start), acts+time.Since(middle)
			}
			b.ReportMetric(float64(acts)/float64(rounds), "rounds/op")
		})
	}
}
