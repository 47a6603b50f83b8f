package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// newTestWorld is a demo's world whose line does not run.
func newTestWorld(t *testing.T) *world {
	t.Helper()
	h := host{out: io.Discard, err: io.Discard, now: time.Now, random: rand.Reader}
	w, err := newWorld(t.Context(), h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}

// TestDemoTelegramIsForTheLineOnly proves that no page in a browser of this machine reaches the simulated
// Telegram behind the demo's, and that its tokens cannot be guessed.
func TestDemoTelegramIsForTheLineOnly(t *testing.T) {
	w, other := newTestWorld(t), newTestWorld(t)
	token := w.line.Token()
	if token == other.line.Token() || len(token) < 40 {
		t.Fatalf("two demos have the tokens %q and %q", token, other.line.Token())
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(w.telegram.url, "http://"), ":")
	for name, tt := range map[string]struct {
		token   string
		headers []string
		want    int
	}{
		"the line":                     {token, nil, 200},
		"a guess":                      {"1000001:demo-line", nil, 401},
		"a name that was moved":        {token, []string{"Host", "evil.example:" + port}, 421},
		"another name of this machine": {token, []string{"Host", "localhost:" + port}, 421},
		"a page":                       {token, []string{"Origin", "http://evil.example"}, 403},
		"a page without origin":        {token, []string{"Origin", "null"}, 403},
		"a page of this machine":       {token, []string{"Origin", w.telegram.url}, 403},
		"a link":                       {token, []string{"Sec-Fetch-Site", "none"}, 403},
		"a picture":                    {token, []string{"Sec-Fetch-Site", "cross-site"}, 403},
	} {
		if got := request(t, "GET", w.telegram.url+"/bot"+tt.token+"/getMe", "", tt.headers...); got.status != tt.want {
			t.Errorf("%s: answered %d, want %d", name, got.status, tt.want)
		}
	}
}

// TestDemoSearchFinds proves that the search of the store can fail: a word of the defender that stands
// readable anywhere in it is named, and one of the line's own is not taken for theirs.
func TestDemoSearchFinds(t *testing.T) {
	w := newTestWorld(t)
	w.remember("Huanta, emergency, Lifeline; the headquarters of Juliaca and Cajamarca and Abancay")
	found := func() string {
		t.Helper()
		view, err := w.readStore(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(view.Found, " ")
	}
	if got := found(); got != "" {
		t.Fatalf("found %q in an empty store", got)
	}
	for key, set := range map[string]func(k string) error{
		"string":        func(k string) error { return w.redis.Set(k, "..Huanta..") },
		"hash":          func(k string) error { w.redis.HSet(k, "field", "..Juliaca"); return nil },
		"sorted":        func(k string) error { _, err := w.redis.ZAdd(k, 1, "Cajamarca:2"); return err },
		"named-Abancay": func(k string) error { return w.redis.Set(k, "emergency lifeline") },
	} {
		if err := set(key); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := found(), "Huanta Juliaca Cajamarca Abancay"; got != want {
		t.Errorf("found %q, want %q", got, want)
	}
}

// TestDemoEnds proves that nothing goes on after the demo has ended, with a page still listening.
func TestDemoEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, stop := context.WithCancel(t.Context())
	out, said := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- demo(ctx, "127.0.0.1:0", host{out: said, err: said, now: time.Now, random: rand.Reader})
		_ = said.Close()
	}()
	url := openLine(t, out)
	stream := listen(t, url, "")
	streamed(t, stream, "store", func(string) bool { return true })
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the demo ended with: %v", err)
	}
	if _, err := io.Copy(io.Discard, stream); err != nil {
		t.Errorf("the stream was cut, not ended: %v", err)
	}
}

// TestDemoSpeaks proves what the command says before anything else: that it is a demonstration, and that an
// address beyond this machine is a danger.
func TestDemoSpeaks(t *testing.T) {
	h := host{err: io.Discard, now: time.Now, random: rand.Reader}
	for listen, warned := range map[string]bool{"127.0.0.1:0": false, "0.0.0.0:0": true} {
		ctx, stop := context.WithCancel(t.Context())
		var out bytes.Buffer
		h.out = writeThen{&out, stop}
		if err := demo(ctx, listen, h); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
		stop()
		said := out.String()
		for _, want := range []string{"demonstration", "nothing is kept", "Open http://127.0.0.1:"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: said %q, want %q in it", listen, said, want)
			}
		}
		if strings.Contains(said, "WARNING") != warned {
			t.Errorf("%s: said %q; warned must be %t", listen, said, warned)
		}
	}
	if err := demo(t.Context(), "127.0.0.1:notaport", h); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("a wrong address: %v, want --listen named", err)
	}
}

// writeThen ends something at the last line of the greeting.
type writeThen struct {
	io.Writer
	then func()
}

func (w writeThen) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("WARNING")) || bytes.Contains(p, []byte("127.0.0.1")) {
		defer w.then()
	}
	return w.Writer.Write(p)
}

// FuzzOwnHost proves that no Host header is accepted whose name somebody else could point here.
func FuzzOwnHost(f *testing.F) {
	for _, host := range []string{"127.0.0.1:8080", "[::1]:8080", "localhost:8080", "evil.example:8080", "127.0.0.1.evil.example:8080", "localhost", ""} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if !ownHost(host, "127.0.0.1:8080") {
			return
		}
		if strings.ContainsAny(strings.TrimSuffix(host, ":8080"), "ghijkmnpqrtuvwxyzGHIJKLMNOPQRSTUVWXYZ/@") && host != "localhost:8080" {
			t.Errorf("%q is accepted", host)
		}
	})
}

// FuzzWithoutPadding proves that what a person wrote is never cut away with the padding.
func FuzzWithoutPadding(f *testing.F) {
	f.Add("words\n")
	f.Add("words\npadding: of a door\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		if got := withoutPadding(text + "padding:     \n"); got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
