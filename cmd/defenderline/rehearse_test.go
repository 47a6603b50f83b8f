package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defenderline/referrals/store/redistest"
)

// TestRehearse: the example with a server of this machine is known to the simulated Telegram, bot and officers; without one
// it says what to write.
func TestRehearse(t *testing.T) {
	dir, at := t.TempDir(), redistest.FreeAddr(t)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "configs", "example"))); err != nil {
		t.Fatal(err)
	}
	h := host{out: io.Discard, err: io.Discard}
	path, token := filepath.Join(dir, "defenderline.yaml"), "1000001:"+strings.Repeat("A", 35)
	config, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"line-token": token, "state-keys.json": "{}", "signing.asc": "x"} {
		if err := os.MkdirAll(filepath.Join(dir, "secrets"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "secrets", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := rehearse(t.Context(), path, h); err == nil || !strings.Contains(err.Error(), "telegram.api_url") {
		t.Errorf("at Telegram's own address: %v", err)
	}
	local := strings.Replace(string(config), "https://api.telegram.org", "http://"+at, 1)
	if err := os.WriteFile(path, []byte(local), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	said, ended := newLines(), make(chan error, 1)
	h.out = said
	go func() { ended <- rehearse(ctx, path, h) }()
	<-said.first
	for _, ask := range []struct{ path, body, want string }{
		{"/bot" + token + "/getUpdates", "{}", `"id":900001`},
		{"/sim/chat", fmt.Sprintf(`{"bot":%q,"person":900001}`, lineName), `"messages"`},
	} {
		resp, err := http.Post("http://"+at+ask.path, "application/json", strings.NewReader(ask.body))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(body), ask.want) {
			t.Errorf("%s: %s %v", ask.path, body, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// lines tells of the first line written.
type lines struct{ first chan struct{} }

func newLines() *lines { return &lines{make(chan struct{}, 1)} }

func (l *lines) Write(p []byte) (int, error) {
	select {
	case l.first <- struct{}{}:
	default:
	}
	return len(p), nil
}
