package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// logBuffer collects what a process prints.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// built are the binaries made for this run of the tests: for tests with the race detector, or without where its memory would
// be in the way; for benchmarks as it is released.
var built [3]struct {
	sync.Once
	path string
	err  error
}

// binary builds the program once.
func binary(t testing.TB) string { return program(t, false) }

// program is the binary, without the race detector when it shall be as lean as in real life.
func program(t testing.TB, lean bool) string {
	t.Helper()
	which, flags, cgo := &built[0], []string{"-race"}, "CGO_ENABLED=1"
	if lean {
		which, flags, cgo = &built[1], []string{"-trimpath", "-tags", "timetzdata", "-ldflags", "-s -w"}, "CGO_ENABLED=0"
	}
	if _, bench := t.(*testing.B); bench { // as `make build` makes it
		which, flags, cgo = &built[2], []string{"-trimpath", "-tags", "timetzdata", "-ldflags", "-s -w", "-pgo", "line.pgo"}, "CGO_ENABLED=0"
	}
	which.Do(func() {
		var dir string
		if dir, which.err = os.MkdirTemp("", "defenderline"); which.err != nil {
			return
		}
		which.path = filepath.Join(dir, "defenderline")
		build := exec.Command("go", slices.Concat([]string{"build"}, flags, []string{"-o", which.path, "."})...)
		build.Env = append(os.Environ(), cgo)
		if out, err := build.CombinedOutput(); err != nil {
			which.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if which.err != nil {
		t.Fatal(which.err)
	}
	return which.path
}

// removeBinaries is called when all tests are over.
func removeBinaries() {
	for i := range built {
		if built[i].path != "" {
			_ = os.RemoveAll(filepath.Dir(built[i].path))
		}
	}
	if wrongly.path != "" {
		_ = os.RemoveAll(filepath.Dir(wrongly.path))
	}
}

// caseJSON is the machine-readable part of an opened document: the last, because a defender may write the same
// lines in their own words, which come before.
func caseJSON(t testing.TB, text []byte) map[string]any {
	t.Helper()
	const begin, end = "\n-----BEGIN CASE JSON-----\n", "\n-----END CASE JSON-----\n"
	from := strings.LastIndex(string(text), begin)
	if from < 0 {
		t.Fatalf("the document has no JSON part:\n%s", text)
	}
	body, _, ok := strings.Cut(string(text[from+len(begin):]), end)
	if !ok {
		t.Fatalf("the JSON part has no end:\n%s", text)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// expired is a public key, made by GnuPG, that expired long ago.
func expired(t testing.TB) string {
	t.Helper()
	home, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(home)
	defer func() { _ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run() }()
	args := []string{"--homedir", home, "--batch", "--faked-system-time", "20240101T000000", "--passphrase", "", "--pinentry-mode", "loopback"}
	make := append(args, "--quick-generate-key", "dead", "future-default", "default", "1d")
	if out, err := exec.Command("gpg", make...).CombinedOutput(); err != nil {
		t.Fatalf("gpg: %v\n%s", err, out)
	}
	out, err := exec.Command("gpg", append(args, "--armor", "--export", "dead")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// replaceKey puts another fingerprint beside a key's file.
func replaceKey(config, file, fingerprint string) string {
	before, rest, _ := strings.Cut(config, "{file: "+file+", fingerprint: ")
	_, after, _ := strings.Cut(rest, "}")
	return before + "{file: " + file + ", fingerprint: " + fingerprint + "}" + after
}
