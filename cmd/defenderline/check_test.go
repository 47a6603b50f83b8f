package main

import (
	"crypto/rand"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"defenderline/configs"
	"defenderline/referrals/store"
	"defenderline/referrals/store/redistest"
)

// TestAskRedisLeavesNothing: asking ends with every connection closed, whatever the answer, and never
// repeats the password.
func TestAskRedisLeavesNothing(t *testing.T) {
	keys, err := store.NewStateKeys(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	server, locked := redistest.Start(t), redistest.Start(t, "--requirepass", "another")
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	c := &configs.Config{StateKeys: configs.NewSecret(string(keys)), Redis: configs.Redis{URL: server.URL()}}
	if findings := askRedis(t.Context(), c); configs.Refused(findings) {
		t.Errorf("a server that answers is refused: %v", findings)
	}
	others, err := store.NewStateKeys(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	foreign := &configs.Config{StateKeys: configs.NewSecret(string(others)), Redis: c.Redis}
	if findings := askRedis(t.Context(), foreign); len(findings) != 1 || findings[0].Field != "state_keys_file" {
		t.Errorf("other keys than those that sealed what is there: %v", findings)
	}
	c.Redis = configs.Redis{URL: "redis://127.0.0.1:1", Password: configs.NewSecret("its-password")}
	findings := askRedis(t.Context(), c)
	if len(findings) != 1 || findings[0].Field != "redis" || !strings.Contains(findings[0].Problem, "does not answer") {
		t.Fatalf("nobody listens on port 1: %v", findings)
	}
	if strings.Contains(findings[0].String(), "its-password") {
		t.Error("the password shows")
	}
	if strings.HasPrefix(findings[0].Problem, "redis") {
		t.Errorf("the field's name is said twice: %s", findings[0])
	}
	c.Redis.URL = locked.URL()
	findings = askRedis(t.Context(), c)
	if len(findings) != 1 || !strings.HasPrefix(findings[0].Problem, "refuses the password") || strings.Contains(findings[0].String(), "its-password") {
		t.Errorf("a wrong password: %v", findings)
	}
	broken := &configs.Config{StateKeys: configs.NewSecret("{}")}
	if findings := askRedis(t.Context(), broken); !configs.Refused(findings) {
		t.Error("a store that cannot seal is accepted")
	}
}
