package configs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
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

// secretFields counts the fields below a type that name a secret file.
func secretFields(of reflect.Type) int {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice:
		return secretFields(of.Elem())
	case reflect.Struct:
		n := 0
		for i := range of.NumField() {
			if f := of.Field(i); strings.HasSuffix(f.Tag.Get("yaml"), "_file") {
				n++
			} else {
				n += secretFields(f.Type)
			}
		}
		return n
	}
	return 0
}

// TestASecretWrittenInlineIsNotRepeated: who writes a secret where its file belongs is told the field, and finds
// the secret in no finding, whatever it looks like.
func TestASecretWrittenInlineIsNotRepeated(t *testing.T) {
	dir := folder(t)
	full := strings.SplitAfter(read(t, "testdata/full.yaml"), "\n")
	inlines := []string{"123456:" + secretWord, secretWord, "secrets/" + secretWord, "/" + secretWord + " " + secretWord,
		secretWord + "\\n" + secretWord, strings.Repeat(secretWord, 300), secretWord + "\\0"}
	var tried int
	for _, inline := range inlines {
		for i, line := range full {
			name, _, isSecret := strings.Cut(line, "_file: ")
			if !isSecret {
				continue
			}
			tried++
			wrong := slices.Concat(full[:i], []string{name + "_file: \"" + inline + "\"\n"}, full[i+1:])
			_, findings := Load(put(t, dir, strings.Join(wrong, "")), testOptions())
			field := strings.TrimSpace(name) + "_file"
			if !slices.ContainsFunc(findings, func(f Finding) bool {
				return f.Severity == Error && strings.HasSuffix(f.Field, field) && f.Remedy != ""
			}) {
				t.Errorf("%s is not refused: %s", field, lines(findings))
			}
			if shown := fmt.Sprintf("%s %#v", lines(findings), findings); strings.Contains(shown, secretWord) {
				t.Errorf("a secret shows: %s", shown)
			}
		}
	}
	if want := len(inlines) * secretFields(reflect.TypeFor[file]()); tried != want || want == 0 {
		t.Errorf("%d were tried, want %d: each field that there is", tried, want)
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
