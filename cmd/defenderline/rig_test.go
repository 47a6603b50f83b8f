package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"defenderline/bot/telegramsim"
	"defenderline/referrals/seal"
	"defenderline/referrals/store/redistest"
)

// patience is how long a test waits for something that must happen. It is never waited for in full
// unless the test fails.
const patience = 30 * time.Second

// rig is a whole line as it runs for real: the binary, a redis-server, the simulated Telegram, people.
type rig struct {
	t       testing.TB
	dir     string
	sim     *telegramsim.Server
	api     *httptest.Server
	redis   *redistest.Server
	bot     *telegramsim.Bot
	private map[string][]byte // by desk
	signing []byte            // the line's public key
	http    string
	process *exec.Cmd
	log     *logBuffer
	hook    string // the webhook's address; empty: polling
}

// The chats of officers and caseworkers.
const (
	lima1, lima2, hqChat, fldChat, pbiChat = 900001, 900002, 900099, 910001, 910002
)

// newRig sets everything up, starts the line and waits until it is ready.
func newRig(t testing.TB, change ...func(*rig, *string)) *rig {
	t.Helper()
	r := newRigAlmostReady(t, change...)
	if !r.eventually(func() bool { return r.status("/readyz") == http.StatusOK }) {
		t.Fatalf("the line did not become ready:\n%s", r.log)
	}
	return r
}

// newRigAlmostReady starts a line that listens, ready or not.
func newRigAlmostReady(t testing.TB, change ...func(*rig, *string)) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), private: map[string][]byte{}, redis: redistest.Start(t)}
	_, load := t.(*testing.B)
	r.sim = telegramsim.New(telegramsim.Options{WebhookBackoff: 20 * time.Millisecond, Load: load})
	r.api = httptest.NewServer(r.sim)
	t.Cleanup(func() { r.api.Close(); r.sim.Close() })
	var err error
	if r.bot, err = r.sim.AddBot("1000001:"+strings.Repeat("A", 35), "TheLineBot"); err != nil {
		t.Fatal(err)
	}
	r.http = freeAddr(t)
	config := r.config()
	for _, c := range change {
		c(r, &config)
	}
	r.write("line.yaml", config)
	r.start()
	return r
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (r *rig) write(name, content string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// key makes a desk's key and returns its configuration.
func (r *rig) key(desk string) string {
	r.t.Helper()
	private, public, err := seal.Generate(desk, time.Now().Add(-time.Hour))
	if err != nil {
		r.t.Fatal(err)
	}
	r.private[desk] = private
	r.write(desk+".asc", string(public))
	fingerprint, err := seal.Fingerprint(public)
	if err != nil {
		r.t.Fatal(err)
	}
	return fmt.Sprintf("{file: %s.asc, fingerprint: %s}", desk, fingerprint)
}

// config is the configuration file of most tests, as the contract writes it.
func (r *rig) config() string {
	r.write("token", r.bot.Token()+"\n")
	run := exec.Command(binary(r.t), "secrets", "init", filepath.Join(r.dir, "secrets"))
	if out, err := run.CombinedOutput(); err != nil {
		r.t.Fatalf("secrets init: %v\n%s", err, out)
	}
	var err error
	if r.signing, err = os.ReadFile(filepath.Join(r.dir, "secrets", "signing.pub.asc")); err != nil {
		r.t.Fatal(err)
	}
	return fmt.Sprintf(`
telegram: {token_file: token, api_url: %s}
redis: {url: %s}
state_keys_file: secrets/state-keys.json
signing_key_file: secrets/signing.asc
http: {listen: %s}
languages: [en]
operator: {email: ops@example.org}
missions:
  - id: lima
    name: British Embassy Lima
    countries: [PE]
    languages: [en]
    timezone: America/Lima
    web: https://www.gov.uk/world/organisations/british-embassy-peru
    keys: [%s]
    duty:
      - {chat: %d, acknowledge_within: 10m}
      - {chat: %d, acknowledge_within: 20m}
    asks: [meeting, trial, visit]
headquarters:
  name: Human Rights Desk
  keys: [%s]
  duty: [{chat: %d, acknowledge_within: 30m}]
ngos:
  - id: front-line-defenders
    name: Front Line Defenders
    keys: [%s]
    chat: %d
    serves: {countries: all, needs: [funding, relocation], applicants: [individual, organisation], languages: [en]}
    accept_within: 30m
    capacity: 20
    accepting: true
  - id: pbi
    name: Peace Brigades International
    keys: [%s]
    chat: %d
    serves: {countries: [PE, CO], needs: [accompaniment], applicants: [individual, organisation], languages: [en]}
    accept_within: 30m
    capacity: 20
    accepting: true
`, r.api.URL, r.redis.URL(), r.http, r.key("lima"), lima1, lima2, r.key("headquarters"), hqChat,
		r.key("front-line-defenders"), fldChat, r.key("pbi"), pbiChat)
}

// start runs the binary and waits until it is ready.
func (r *rig) start() {
	r.t.Helper()
	r.log = &logBuffer{}
	r.process = exec.Command(binary(r.t), "serve", "--config", filepath.Join(r.dir, "line.yaml"))
	r.process.Stdout, r.process.Stderr = r.log, r.log
	if err := r.process.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(r.kill)
	if !r.eventually(func() bool { return strings.Contains(r.log.String(), `"msg":"listening"`) }) {
		r.t.Fatalf("the line does not listen:\n%s", r.log)
	}
}

// kill ends the binary as kill -9 does.
func (r *rig) kill() {
	if r.process != nil {
		_ = r.process.Process.Kill() // it may have ended already
		_ = r.process.Wait()
		r.process = nil
	}
}

// stop ends the binary as an operator does, and returns its exit status.
func (r *rig) stop() int {
	r.t.Helper()
	if err := r.process.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	_ = r.process.Wait() // the exit status says it
	status := r.process.ProcessState.ExitCode()
	r.process = nil
	return status
}

func (r *rig) status(path string) int {
	resp, err := http.Get("http://" + r.http + path)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// get is the body of a page of the line.
func (r *rig) get(path string) string {
	r.t.Helper()
	resp, err := http.Get("http://" + r.http + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(body)
}

// eventually waits until ok holds.
func (r *rig) eventually(ok func() bool) bool {
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			return false
		}
		<-tick.C
	}
	return true
}

// actor is a person with a phone in the chat with the line.
type actor struct {
	*telegramsim.Phone
	r   *rig
	ctx context.Context
	// acts counts presses and messages since the emergency was begun, by the contract's rule.
	acts int
}

// person gives a phone to somebody; an id of 0 is a new one.
func (r *rig) person(id int64, lang string) *actor {
	r.t.Helper()
	p, err := r.sim.AddPerson(telegramsim.User{ID: id, FirstName: "Somebody", LanguageCode: lang})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.t.Cleanup(cancel)
	return &actor{Phone: p.With(r.bot), r: r, ctx: ctx}
}

// sees waits for a chat that fulfils ok.
func (a *actor) sees(what string, ok func(telegramsim.View) bool) telegramsim.View {
	a.r.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, patience)
	defer cancel()
	v, err := a.Wait(ctx, ok)
	if err != nil {
		a.r.t.Fatalf("never seen: %s\n%s\nlog:\n%s", what, transcript(a.View()), a.r.log)
	}
	return v
}

// offered waits for a button whose data begins so.
func (a *actor) offered(data string) telegramsim.View {
	a.r.t.Helper()
	return a.sees("button "+data, func(v telegramsim.View) bool { return has(v, data) })
}

func has(v telegramsim.View, data string) bool {
	for _, b := range v.Buttons() {
		if b == data || strings.HasPrefix(b, data+"#") {
			return true
		}
	}
	return false
}

// press presses a button by its field and value and waits for the answer.
func (a *actor) press(data string) telegramsim.Toast {
	a.r.t.Helper()
	a.offered(data)
	full := data
	for _, b := range a.View().Buttons() {
		if b == data || strings.HasPrefix(b, data+"#") {
			full = b
			break
		}
	}
	p, err := a.Press(full)
	if err != nil {
		a.r.t.Fatalf("press %s: %v\n%s", data, err, transcript(a.View()))
	}
	ctx, cancel := context.WithTimeout(a.ctx, patience)
	defer cancel()
	toast, err := p.Wait(ctx)
	if err != nil {
		a.r.t.Fatalf("the press of %s was never answered\nlog:\n%s", data, a.r.log)
	}
	a.acts++
	return toast
}

// says sends words.
func (a *actor) says(text string) *telegramsim.Message {
	a.r.t.Helper()
	m, err := a.Send(text)
	if err != nil {
		a.r.t.Fatal(err)
	}
	a.acts++
	return m
}

// reads waits for a message that holds the words.
func (a *actor) reads(words string) *telegramsim.Message {
	a.r.t.Helper()
	var found *telegramsim.Message
	a.sees("words "+words, func(v telegramsim.View) bool {
		for _, m := range v.Messages {
			if strings.Contains(m.Text+m.Caption, words) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// document waits for a document by its name and returns its bytes.
func (a *actor) document(name string) []byte {
	a.r.t.Helper()
	var body []byte
	a.sees("document "+name, func(v telegramsim.View) bool {
		for _, m := range v.Messages {
			if m.Document != nil && strings.HasSuffix(m.Document.FileName, name) {
				body = a.r.sim.Bytes(m.Document.FileID)
				return true
			}
		}
		return false
	})
	return body
}

// transcript is a chat as a phone shows it.
func transcript(v telegramsim.View) string {
	var b strings.Builder
	for _, m := range v.Messages {
		who := "bot"
		if m.From != nil && !m.From.IsBot {
			who = "you"
		}
		fmt.Fprintf(&b, "%s: %s%s\n", who, m.Text, m.Caption)
		if m.Document != nil {
			fmt.Fprintf(&b, "     [%s]\n", m.Document.FileName)
		}
		if m.Keyboard == nil {
			continue
		}
		for _, row := range m.Keyboard.Rows {
			b.WriteString("    ")
			for _, k := range row {
				fmt.Fprintf(&b, " [%s <%s>]", k.Text, k.CallbackData)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

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

// built are the binaries made for this run of the tests: for tests with the race detector, for
// benchmarks without.
var built [2]struct {
	sync.Once
	path string
	err  error
}

// binary builds the program once.
func binary(t testing.TB) string {
	t.Helper()
	which, flag := &built[0], "-race"
	if _, bench := t.(*testing.B); bench {
		which, flag = &built[1], "-trimpath"
	}
	which.Do(func() {
		var dir string
		if dir, which.err = os.MkdirTemp("", "defenderline"); which.err != nil {
			return
		}
		which.path = filepath.Join(dir, "defenderline")
		if out, err := exec.Command("go", "build", flag, "-o", which.path, ".").CombinedOutput(); err != nil {
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
