package seal

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// gnupg is a real GnuPG with a home of its own.
type gnupg struct {
	t    *testing.T
	home string
}

// newGnuPG gives an empty GnuPG home. Its path is short because the agent's sockets in it
// may have 108 bytes at most. The agent ends with the test.
func newGnuPG(t *testing.T) *gnupg {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Fatal("gpg is missing and these tests prove nothing without it: run `make test`, which says what to install")
	}
	home, err := os.MkdirTemp("", "g")
	if err != nil {
		t.Fatal(err)
	}
	g := &gnupg{t: t, home: home}
	t.Cleanup(func() {
		kill := exec.Command("gpgconf", "--kill", "all")
		kill.Env = g.env()
		if out, err := kill.CombinedOutput(); err != nil {
			t.Errorf("gpgconf --kill: %v %s", err, out)
		}
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	return g
}

func (g *gnupg) env() []string { return append(os.Environ(), "GNUPGHOME="+g.home, "LC_ALL=C") }

// try runs gpg and gives its output, its machine-readable status and whether it was content.
func (g *gnupg) try(stdin io.Reader, args ...string) (out []byte, status string, err error) {
	g.t.Helper()
	var stdout, stderr bytes.Buffer
	statusFile, err := os.CreateTemp(g.home, "status")
	if err != nil {
		g.t.Fatal(err)
	}
	defer statusFile.Close()
	cmd := exec.Command("gpg", append([]string{"--batch", "--status-fd", "3"}, args...)...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = g.env(), stdin, &stdout, &stderr
	cmd.ExtraFiles = []*os.File{statusFile}
	err = cmd.Run()
	text, readErr := os.ReadFile(statusFile.Name())
	if readErr != nil {
		g.t.Fatal(readErr)
	}
	return stdout.Bytes(), string(text) + "\n" + stderr.String(), err
}

func (g *gnupg) must(stdin io.Reader, args ...string) []byte {
	g.t.Helper()
	out, status, err := g.try(stdin, args...)
	if err != nil {
		g.t.Fatalf("gpg %v: %v\n%s", args, err, status)
	}
	return out
}

// at makes gpg believe that it is another time.
func (g *gnupg) at(when time.Time) string {
	return "--faked-system-time=" + when.UTC().Format("20060102T150405")
}

// make generates a key, at the time start, from the parameters of GnuPG's unattended mode, without
// passphrase, and gives its fingerprint.
func (g *gnupg) make(params ...string) string {
	g.t.Helper()
	return g.makeWith(nil, params...)
}

// makeWith is make with further options.
func (g *gnupg) makeWith(options []string, params ...string) string {
	g.t.Helper()
	return g.generate("%no-protection", append(options, g.at(start)), params)
}

// makeLocked makes a key with the passphrase "secret".
func (g *gnupg) makeLocked() string {
	g.t.Helper()
	return g.generate("Passphrase: secret", []string{"--pinentry-mode", "loopback"}, curveKey)
}

func (g *gnupg) generate(protection string, options, params []string) string {
	g.t.Helper()
	script := strings.Join(params, "\n") + "\nName-Real: test\n%commit\n"
	if strings.HasPrefix(protection, "%") {
		script = protection + "\n" + script
	} else {
		script = strings.Replace(script, "%commit", protection+"\n%commit", 1)
	}
	_, status, err := g.try(strings.NewReader(script), append(options, "--gen-key")...)
	if err != nil {
		g.t.Fatalf("gpg --gen-key %v: %v\n%s", params, err, status)
	}
	_, rest, _ := strings.Cut(status, "KEY_CREATED ")
	words := strings.Fields(rest)
	if len(words) < 2 {
		g.t.Fatalf("gpg made no key:\n%s", status)
	}
	return words[1]
}

func (g *gnupg) export(fingerprint string) []byte {
	g.t.Helper()
	return g.must(nil, "--armor", "--export", fingerprint)
}

// key exports and parses.
func (g *gnupg) key(fingerprint string) *Key {
	g.t.Helper()
	return parse(g.t, g.export(fingerprint), fingerprint)
}

// revoke applies the revocation that GnuPG prepared when it made the key.
func (g *gnupg) revoke(fingerprint string) {
	g.t.Helper()
	text, err := os.ReadFile(filepath.Join(g.home, "openpgp-revocs.d", fingerprint+".rev"))
	if err != nil {
		g.t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(":-----BEGIN"), []byte("-----BEGIN"), 1)
	g.must(bytes.NewReader(text), "--import")
}

// open decrypts with nothing but --decrypt and demands a good signature, integrity
// protection (method 2) and AES-256 (algorithm 9). GnuPG exits 2 when a hidden packet
// of somebody else came first, so the status lines decide and not the exit code.
func (g *gnupg) open(sealed []byte) []byte {
	g.t.Helper()
	out, status, _ := g.try(bytes.NewReader(sealed), "--decrypt")
	for _, want := range []string{"GOODSIG", "DECRYPTION_OKAY", "GOODMDC", "DECRYPTION_INFO 2 9"} {
		if !strings.Contains(status, want) {
			g.t.Fatalf("gpg --decrypt: no %s in\n%s", want, status)
		}
	}
	return out
}

// packets lists what is in a document, inside of the encryption too.
func (g *gnupg) packets(sealed []byte) string {
	g.t.Helper()
	out, _, _ := g.try(bytes.NewReader(sealed), "--list-packets")
	return string(out)
}
