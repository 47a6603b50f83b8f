package mail

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"defenderline/referrals/seal"
)

// officer is somebody with a real GnuPG who holds the desk's key, and the line that seals to it.
type officer struct {
	t      *testing.T
	home   string
	sealer *seal.Sealer
}

// newOfficer makes throw-away keys. The home's path is short because the agent's sockets in it may
// have 108 bytes at most.
func newOfficer(t *testing.T) *officer {
	t.Helper()
	home, err := os.MkdirTemp("", "g")
	if err != nil {
		t.Fatal(err)
	}
	o := &officer{t: t, home: home}
	t.Cleanup(func() {
		kill := exec.Command("gpgconf", "--kill", "all")
		kill.Env = o.env()
		if out, err := kill.CombinedOutput(); err != nil {
			t.Errorf("gpgconf --kill: %v %s", err, out)
		}
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	made := time.Now().Add(-time.Hour).Truncate(time.Second) // GnuPG has a clock of its own
	private, public := must2(t)(seal.Generate("desk", made))
	key, err := seal.ParseKey(public, o.fingerprint(public))
	if err != nil {
		t.Fatal(err)
	}
	linePrivate, linePublic := must2(t)(seal.NewSigningKey(made))
	signing, err := seal.ParseSigningKey(linePrivate)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range [][]byte{private, linePublic} {
		if _, status, err := o.gpg(one, "--import"); err != nil {
			t.Fatalf("gpg --import: %v\n%s", err, status)
		}
	}
	o.sealer, err = seal.New(signing, []seal.Desk{{ID: "lima", Keys: []*seal.Key{key}, HideKeyIDs: true}}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func must2(t *testing.T) func(a, b []byte, err error) ([]byte, []byte) {
	return func(a, b []byte, err error) ([]byte, []byte) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a, b
	}
}

func (o *officer) env() []string { return append(os.Environ(), "GNUPGHOME="+o.home, "LC_ALL=C") }

func (o *officer) gpg(stdin []byte, args ...string) (out []byte, status string, err error) {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("gpg", append([]string{"--batch", "--status-fd", "2"}, args...)...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = o.env(), bytes.NewReader(stdin), &stdout, &stderr
	err = cmd.Run()
	return stdout.Bytes(), stderr.String(), err
}

func (o *officer) fingerprint(public []byte) string {
	o.t.Helper()
	out, status, err := o.gpg(public, "--with-colons", "--show-keys")
	if err != nil {
		o.t.Fatalf("gpg --show-keys: %v\n%s", err, status)
	}
	_, rest, _ := strings.Cut(string(out), "\nfpr:")
	fingerprint, _, _ := strings.Cut(strings.Trim(rest, ":"), ":")
	return fingerprint
}

// seals makes the copy of the given name.
func (o *officer) seals(name string, text []byte) []byte {
	o.t.Helper()
	doc, err := o.sealer.SealNamed("lima", name, text)
	if err != nil {
		o.t.Fatal(err)
	}
	return doc
}

// opens decrypts with nothing but --decrypt and demands the line's good signature.
func (o *officer) opens(sealed []byte) []byte {
	o.t.Helper()
	out, status, err := o.gpg(sealed, "--decrypt")
	if err != nil || !strings.Contains(status, "GOODSIG") || !strings.Contains(status, "DECRYPTION_OKAY") {
		o.t.Fatalf("gpg --decrypt: %v\n%s", err, status)
	}
	return out
}
