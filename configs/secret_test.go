package configs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestNothingShowsSecrets prints a whole configuration in every way Go knows and searches for what its
// secret files hold.
func TestNothingShowsSecrets(t *testing.T) {
	c, findings := Load(put(t, folder(t), read(t, "testdata/full.yaml")), testOptions())
	if c == nil {
		t.Fatal(findings)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{*c, c.Telegram, *c.Telegram.Webhook, c.Redis, *c.SMTP, c.StateKeys, &c.SigningKey, []any{c.StateKeys}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	hiddenInside := struct{ inner any }{struct{ s Secret }{c.StateKeys}}
	fmt.Fprintf(&out, "%v %+v %#v", hiddenInside, hiddenInside, hiddenInside)
	fmt.Fprint(&out, c.StateKeys.String(), c.StateKeys.GoString(), findings)
	for _, v := range []any{c, c.StateKeys, findings} {
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
		text, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
		slog.New(slog.NewTextHandler(&out, nil)).Info("config", "value", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("config", "value", v)
	}
	if !strings.Contains(out.String(), hidden) || !strings.Contains(out.String(), "British Embassy Lima") {
		t.Fatal("nothing was printed, so nothing could show")
	}
	for _, secret := range []string{fakeToken, deskToken, secretWord, fmt.Sprintf("%x", secretWord), strings.Trim(fmt.Sprint([]byte(secretWord)), "[]")} {
		if at := strings.Index(out.String(), secret); at >= 0 {
			t.Errorf("a secret shows near %q", out.String()[max(0, at-80):at])
		}
	}
}

func TestSecretTellsWhetherItIsSet(t *testing.T) {
	if (Secret{}).Set() || (Secret{}).Reveal() != "" || !NewSecret("").Set() || NewSecret("a").Reveal() != "a" {
		t.Error("a secret that is not set cannot be told from one that is")
	}
}

// TestPrivateFiles: whatever lets group or others at a secret is refused, each bit alone.
func TestPrivateFiles(t *testing.T) {
	dir := folder(t)
	for bit := 0o001; bit <= 0o040; bit <<= 1 {
		path := put(t, dir, "secret")
		if err := os.Chmod(path, os.FileMode(0o600|bit)); err != nil {
			t.Fatal(err)
		}
		if _, err := readFile(path, true); err != errExposed {
			t.Errorf("mode %o: %v", 0o600|bit, err)
		}
		if _, err := readFile(path, false); err != nil {
			t.Errorf("mode %o, not a secret: %v", 0o600|bit, err)
		}
	}
}
