package configs

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"defenderline/referrals"
)

// testOptions speak of languages that do not depend on what is shipped today.
func testOptions() Options { return Options{Shipped: []string{"en", "es", "fr", "ar"}} }

const (
	fakeToken  = "900001:line-token-of-a-test"
	deskToken  = "900002:desk-token-of-a-test"
	hexDigest  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	anyKey     = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n(nobody reads it here)\n-----END PGP PUBLIC KEY BLOCK-----\n"
	secretWord = "wordthatmustnevershow"
)

// folder makes what the test configurations name, because secret files cannot be checked in: git
// keeps no mode that would hide them from others.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range []struct {
		name, content string
		mode          os.FileMode
	}{
		{"secrets/line-token", fakeToken + "\n", 0o600},
		{"secrets/desk-token", deskToken, 0o400},
		{"secrets/placeholder", PlaceholderToken + "\n", 0o600},
		{"secrets/broken-token", fakeToken + "\nsecond line\n", 0o600},
		{"secrets/no-token", secretWord, 0o600},
		{"secrets/exposed", fakeToken, 0o640},
		{"secrets/empty", "\n", 0o600},
		{"secrets/webhook-secret", secretWord + "-webhook\r\n", 0o600},
		{"secrets/broken-webhook", secretWord + " with spaces", 0o600},
		{"secrets/redis-password", secretWord + "-redis\n", 0o600},
		{"secrets/sentinel-password", secretWord + "-sentinel\n", 0o600},
		{"keys/ca.pem", authority(t), 0o644},
		{"secrets/smtp-password", secretWord + "-smtp", 0o600},
		{"secrets/state-keys.json", `{"keys": "` + secretWord + `"}`, 0o600},
		{"secrets/signing.asc", secretWord + " signing", 0o600},
		{"secrets/token.sha256", hexDigest + "\n", 0o600},
		{"secrets/upper.sha256", strings.ToUpper(hexDigest), 0o600},
		{"secrets/large", strings.Repeat("x", maxFile+1), 0o600},
		{"keys/a.asc", anyKey, 0o644},
		{"keys/private.asc", strings.ReplaceAll(anyKey, "PUBLIC", "PRIVATE"), 0o644},
		{"texts/fallback.yaml", "en: |\n  Write to us.\nes: Escriba.\n", 0o644},
		{"texts/foreign.yaml", "en: Write.\nde: Schreiben Sie.\nes: ''\n", 0o644},
		{"texts/spanish.yaml", "es: Escriba.\n", 0o644},
		{"texts/long.yaml", "en: " + strings.Repeat("x", 4097) + "\n", 0o644},
		{"texts/broken.yaml", "en: [\n", 0o644},
	} {
		path := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f.content), f.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, f.mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
	}
	return dir
}

// authority is a certificate, in PEM.
func authority(t testing.TB) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1)}
	signed, err := x509.CreateCertificate(rand.Reader, of, of, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))
}

// put writes a configuration into the folder and returns its path.
func put(t testing.TB, dir, content string) string {
	t.Helper()
	path := filepath.Join(dir, "defenderline.yaml")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLoadFillsInDefaults(t *testing.T) {
	c, findings := Load(put(t, folder(t), read(t, "testdata/least.yaml")), testOptions())
	if len(findings) != 0 {
		t.Fatalf("the least configuration is complained about: %v", findings)
	}
	want := &Config{
		Telegram:   Telegram{Token: c.Telegram.Token, APIURL: "https://api.telegram.org"},
		Redis:      Redis{URL: "redis://", RequireDurable: true},
		StateKeys:  c.StateKeys,
		SigningKey: c.SigningKey,
		HTTP:       HTTP{Listen: "127.0.0.1:9470"},
		Languages:  []string{"en", "es", "fr", "ar"},
		Limits:     Limits{OpenCasesPerChat: 5, UpdatesPerChatPerMinute: 60},
		Retention:  Retention{Draft: 24 * time.Hour, Sealed: 168 * time.Hour, Audit: 8760 * time.Hour},
		Desks: []Desk{{Field: "headquarters", HideKeyIDs: true, Desk: &referrals.Desk{
			ID: "headquarters", Kind: referrals.HeadquartersDesk, Name: "Human Rights Desk", Zone: time.UTC,
			Languages: []string{"en", "es", "fr", "ar"}, RoutineWithin: 72 * time.Hour, Asks: Asks(), Accepting: true,
			Ladder: []referrals.Rung{{Chat: 900099, Within: 30 * time.Minute}},
		}, Keys: []Key{{
			File: "keys/a.asc", Fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567", Armored: []byte(anyKey), Field: "headquarters.keys[0]",
		}}}},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("\n got %+v %+v\nwant %+v %+v", c, c.Desks[0].Desk, want, want.Desks[0].Desk)
	}
	if c.Telegram.Token.Reveal() != fakeToken {
		t.Error("the newline at the end of a secret file is part of the secret")
	}
}

func TestLoadReadsEveryField(t *testing.T) {
	c, findings := Load(put(t, folder(t), read(t, "testdata/full.yaml")), testOptions())
	if c == nil {
		t.Fatal(findings)
	}
	for _, f := range findings {
		if !strings.Contains(f.Problem, "longer than retention.sealed") {
			t.Errorf("unexpected: %s", f)
		}
	}
	tele := c.Telegram
	if tele.DeskToken.Reveal() != deskToken || tele.Webhook.Secret.Reveal() != secretWord+"-webhook" {
		t.Error("a secret of Telegram is not what its file holds")
	}
	if w := tele.Webhook; w.Path != "/telegram" || w.DeskPath != "/telegram/desk" || w.DeskURL != "https://line.example.org/telegram/desk" {
		t.Errorf("webhook %+v", w)
	}
	if s := c.Redis.Sentinel; s == nil || s.Password.Reveal() != secretWord+"-sentinel" || c.Redis.Password.Reveal() != secretWord+"-redis" {
		t.Fatal("a secret of Redis is not what its file holds")
	}
	asks := &Sentinel{Master: "line", Addresses: []string{"127.0.0.1:26379"}, Username: "asker", Password: c.Redis.Sentinel.Password}
	if want := (Redis{Sentinel: asks, Username: "line", Line: "pe", Password: c.Redis.Password, TLS: true, CA: c.Redis.CA}); !reflect.DeepEqual(c.Redis, want) || len(want.CA) == 0 {
		t.Errorf("redis %+v", c.Redis)
	}
	if want := (&SMTP{Host: "127.0.0.1", Port: 2525, From: "line@example.org", Username: "line", Password: c.SMTP.Password}); !reflect.DeepEqual(c.SMTP, want) {
		t.Errorf("smtp %+v", c.SMTP)
	}
	if c.Fallback["en"] != "Write to us." || c.Fallback["es"] != "Escriba." || len(c.Fallback) != 2 {
		t.Errorf("fallback contacts %q", c.Fallback)
	}
	if c.Operator.Email != "ops@example.org" || c.Limits != (Limits{3, 30}) || c.Retention != (Retention{time.Hour, 2 * time.Hour, 3 * time.Hour}) {
		t.Errorf("%+v %+v %+v", c.Operator, c.Limits, c.Retention)
	}
	checkFullDesks(t, c)
}

func checkFullDesks(t *testing.T, c *Config) {
	t.Helper()
	lima := c.Directory().Mission("PE")
	if lima == nil || lima.ID != "lima" || lima.Zone.String() != "America/Lima" || len(lima.Ladder) != 2 || lima.Ladder[0].Email != "duty@example.org" {
		t.Fatalf("lima %+v", lima)
	}
	if lima.Within(0, referrals.Routine) != 48*time.Hour || lima.Within(1, referrals.Emergency) != 20*time.Minute {
		t.Error("the rungs' times are not those of the file")
	}
	monday := time.Date(2026, 11, 23, 8, 59, 0, 0, lima.Zone)
	if lima.Hours.Contain(monday) || !lima.Hours.Contain(monday.Add(time.Minute)) {
		t.Error("the duty hours are not those of the file")
	}
	if oslo := c.Directory().Mission("NO"); oslo == nil {
		t.Error("Norway is read as a truth value")
	}
	if len(c.Desks[0].TokenSHA256) != 32 || c.Desks[0].HideKeyIDs {
		t.Errorf("lima %+v", c.Desks[0])
	}
	ngo := c.Directory().Desk("companions")
	if ngo.AllCountries || !slices.Equal(ngo.Countries, []string{"CO", "GT"}) || ngo.Accepting || ngo.Capacity != 20 || ngo.AcceptWithin != 45*time.Minute {
		t.Errorf("companions %+v", ngo)
	}
	if open := c.Directory().Desk("everywhere"); !open.AllCountries || len(open.Needs) != 12 || len(open.Applicants) != 4 || !open.Accepting {
		t.Errorf("everywhere %+v", open)
	}
}

// TestRefusals loads one small file for each refusal. The file's first lines say what to expect:
// "# want: SEVERITY FIELD | part of the problem | part of the remedy"; every other error must be
// wanted too. A line "# base: least" puts the file's text after the least configuration, which it
// may override field by field.
func TestRefusals(t *testing.T) {
	files, err := filepath.Glob("testdata/refused/*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files in testdata/refused (%v), want 60 at least", len(files), err)
	}
	dir := folder(t)
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".yaml"), func(t *testing.T) {
			text := read(t, name)
			_, findings := Load(put(t, dir, overlay(t, text)), testOptions())
			wants := wanted(text)
			if len(wants) == 0 {
				t.Fatal("the file does not say what to expect")
			}
			for _, w := range wants {
				if !slices.ContainsFunc(findings, w.matches) {
					t.Errorf("no finding %+v in\n%s", w, lines(findings))
				}
			}
			for _, f := range findings {
				if !slices.ContainsFunc(wants, func(w want) bool { return w.matches(f) }) {
					t.Errorf("unexpected: %s", f)
				}
				if f.Remedy == "" || strings.Contains(f.String(), secretWord) || strings.Contains(f.String(), fakeToken) {
					t.Errorf("no remedy, or a secret shows: %s", f)
				}
			}
		})
	}
}

type want struct{ severity, field, problem, remedy string }

func (w want) matches(f Finding) bool {
	return string(f.Severity) == w.severity && f.Field == w.field && strings.Contains(f.Problem, w.problem) && strings.Contains(f.Remedy, w.remedy)
}

func wanted(text string) []want {
	var wants []want
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "# want: ")
		if !ok {
			continue
		}
		parts := strings.Split(rest, " | ")
		head, problem, remedy := parts[0], "", ""
		if len(parts) > 1 {
			problem = parts[1]
		}
		if len(parts) > 2 {
			remedy = parts[2]
		}
		severity, field, _ := strings.Cut(head, " ")
		wants = append(wants, want{severity, strings.TrimSpace(field), problem, remedy})
	}
	return wants
}

// overlay replaces the top-level fields of the least configuration by those of text; a text that
// says "# whole file" stands alone.
func overlay(t *testing.T, text string) string {
	t.Helper()
	if strings.Contains(text, "# whole file") {
		return text
	}
	var kept []string
	drop := false
	for line := range strings.Lines(read(t, "testdata/least.yaml")) {
		if name, _, isField := strings.Cut(line, ":"); isField && name == strings.TrimSpace(name) && !strings.HasPrefix(name, "#") {
			drop = strings.Contains("\n"+text, "\n"+name+":") || strings.Contains(text, "# without "+name+"\n")
		}
		if !drop {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "") + text
}

func lines(findings []Finding) string {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

// TestAllProblemsAtOnce: a person mends a file once, not as often as it has problems.
func TestAllProblemsAtOnce(t *testing.T) {
	_, findings := Load(put(t, folder(t), read(t, "testdata/many.yaml")), testOptions())
	var errors int
	for i, f := range findings {
		if f.Severity == Error {
			errors++
			continue
		}
		for _, later := range findings[i:] {
			if later.Severity == Error {
				t.Error("an error stands behind a warning")
			}
		}
	}
	if errors != 10 {
		t.Errorf("%d errors, want 10:\n%s", errors, lines(findings))
	}
}

func TestPlaceholderIsAcceptedOffline(t *testing.T) {
	dir := folder(t)
	text := strings.Replace(read(t, "testdata/least.yaml"), "secrets/line-token", "secrets/placeholder", 1)
	opts := testOptions()
	if c, findings := Load(put(t, dir, text), opts); c != nil || len(findings) != 1 {
		t.Errorf("the placeholder is served with: %v", findings)
	}
	opts.Offline = true
	c, findings := Load(put(t, dir, text), opts)
	if c == nil || len(findings) != 1 || findings[0].Severity != Warning {
		t.Errorf("offline the placeholder is refused: %v", findings)
	}
}

func TestFileItself(t *testing.T) {
	dir := folder(t)
	for name, want := range map[string]string{
		filepath.Join(dir, "nowhere.yaml"):  "does not exist",
		dir:                                 "is not a regular file",
		filepath.Join(dir, "secrets/empty"): "is empty",
		filepath.Join(dir, "secrets/large"): "is larger than",
	} {
		c, findings := Inspect(name, testOptions())
		if c != nil || len(findings) != 1 || !strings.Contains(findings[0].Problem, want) {
			t.Errorf("%s: %v, want %q", filepath.Base(name), findings, want)
		}
	}
}

// TestInspectGoesOn: who looks for more problems gets what could be understood.
func TestInspectGoesOn(t *testing.T) {
	path := put(t, folder(t), read(t, "testdata/least.yaml")+"\nsurprise: 1\n")
	c, findings := Inspect(path, testOptions())
	if c == nil || !Refused(findings) || len(c.Desks) != 1 {
		t.Errorf("%v %v", c, findings)
	}
}
