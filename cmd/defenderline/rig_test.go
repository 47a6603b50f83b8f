package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"defenderline/bot/telegramsim"
	"defenderline/referrals/seal"
	"defenderline/referrals/store/redistest"
)

// patience is how long a test waits for something that must happen. It is never waited for in full
// unless the test fails.
const patience = time.Minute

// rig is a whole line as it runs for real: the binary, once or several times, a Redis, the simulated Telegram,
// people. The first replica's methods are the rig's own.
type rig struct {
	*replica
	t        testing.TB
	o        rigOptions
	dir      string
	sim      *telegramsim.Server
	api      *httptest.Server
	redis    *redistest.Server // the single server, or the one that began as master
	vessel   *vessel
	bot      *telegramsim.Bot
	deskBot  *telegramsim.Bot  // of desks; nil: the line's serves them
	private  map[string][]byte // by desk
	signing  []byte            // the line's public key
	replicas []*replica
	hook     string // the webhook's address; empty: polling
}

// rigOptions say of what a rig is made. The zero value is what most tests use: one replica that polls, one
// redis-server.
type rigOptions struct {
	// webhook: updates are delivered, each to a replica drawn at random; else one replica polls.
	webhook  bool
	replicas int       // of the binary; 0: one
	store    storeKind // "": single
	proxy    bool      // between the binary and a single redis-server
	lean     bool      // without the race detector, whose memory is many times that of the line
	flags    []string  // of every redis-server
	// wrong: by how much the clock of each replica is wrong, which can be set; else they have that of the machine.
	wrong []time.Duration
	// change adapts the configuration file before the line starts.
	change []func(*rig, *string)
}

// replica is one process of the line.
type replica struct {
	r       *rig
	file    string // its configuration
	http    string
	listen  string // for deliveries
	process *exec.Cmd
	log     *logBuffer
}

// The chats of officers and caseworkers.
const (
	lima1, lima2, hqChat, fldChat, pbiChat = 900001, 900002, 900099, 910001, 910002
)

// newRig sets everything up, starts the line and waits until it is ready.
func newRig(t testing.TB, change ...func(*rig, *string)) *rig {
	t.Helper()
	return newRigWith(t, rigOptions{change: change})
}

// newRigWith is newRig with everything that can be chosen.
func newRigWith(t testing.TB, o rigOptions) *rig {
	t.Helper()
	r := newRigBuilt(t, o)
	for _, p := range r.replicas {
		if !r.eventually(func() bool { return p.status("/readyz") == http.StatusOK }) {
			t.Fatalf("the line did not become ready:\n%s", p.log)
		}
	}
	return r
}

// newRigAlmostReady starts a line that listens, ready or not.
func newRigAlmostReady(t testing.TB, change ...func(*rig, *string)) *rig {
	t.Helper()
	return newRigBuilt(t, rigOptions{change: change})
}

func newRigBuilt(t testing.TB, o rigOptions) *rig {
	t.Helper()
	r := &rig{t: t, o: o, dir: t.TempDir(), private: map[string][]byte{}}
	r.vessel = newVessel(t, o)
	r.redis = r.vessel.servers[0]
	_, load := t.(*testing.B)
	r.sim = telegramsim.New(telegramsim.Options{WebhookBackoff: 20 * time.Millisecond, Load: load})
	r.api = httptest.NewServer(r.sim)
	t.Cleanup(func() { r.api.Close(); r.sim.Close() })
	var err error
	if r.bot, err = r.sim.AddBot("1000001:"+strings.Repeat("A", 35), "TheLineBot"); err != nil {
		t.Fatal(err)
	}
	for i := range max(o.replicas, 1) {
		p := &replica{r: r, file: fmt.Sprintf("line%d.yaml", i), http: redistest.FreeAddr(t), listen: redistest.FreeAddr(t), log: &logBuffer{}}
		r.replicas = append(r.replicas, p)
	}
	r.replica = r.replicas[0]
	config := r.config()
	if o.webhook {
		config = r.delivered(config)
	}
	for _, c := range o.change {
		c(r, &config)
	}
	for i, p := range r.replicas {
		if i < len(o.wrong) {
			p.set(o.wrong[i])
		}
		own := strings.NewReplacer(r.http, p.http, r.listen, p.listen)
		r.write(p.file, own.Replace(config))
		p.start()
	}
	return r
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
	run := exec.Command(r.program(), "secrets", "init", filepath.Join(r.dir, "secrets"))
	if r.o.wrong != nil { // a key that is younger than a replica's clock cannot sign
		r.set(-time.Hour)
		run.Env = append(os.Environ(), "DEFENDERLINE_TEST_CLOCK="+r.clock())
	}
	if out, err := run.CombinedOutput(); err != nil {
		r.t.Fatalf("secrets init: %v\n%s", err, out)
	}
	var err error
	if r.signing, err = os.ReadFile(filepath.Join(r.dir, "secrets", "signing.pub.asc")); err != nil {
		r.t.Fatal(err)
	}
	return fmt.Sprintf(`
telegram: {token_file: token, api_url: %s}
redis: {%s}
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
`, r.api.URL, r.vessel.config, r.http, r.key("lima"), lima1, lima2, r.key("headquarters"), hqChat,
		r.key("front-line-defenders"), fldChat, r.key("pbi"), pbiChat)
}

// start runs the binary and waits until it is ready.
func (p *replica) start() {
	p.r.t.Helper()
	p.log = &logBuffer{}
	p.process = exec.Command(p.r.program(), "serve", "--config", filepath.Join(p.r.dir, p.file))
	p.process.Env = append(os.Environ(), "DEFENDERLINE_TEST_CLOCK="+p.clock())
	p.process.Stdout, p.process.Stderr = p.log, p.log
	if err := p.process.Start(); err != nil {
		p.r.t.Fatal(err)
	}
	p.r.t.Cleanup(p.kill)
	if !p.r.eventually(func() bool { return strings.Contains(p.log.String(), `"msg":"listening"`) }) {
		p.r.t.Fatalf("the line does not listen:\n%s", p.log)
	}
}

// program is the binary that the rig runs.
func (r *rig) program() string {
	if r.o.wrong != nil {
		return wrongProgram(r.t)
	}
	if r.o.lean {
		return program(r.t, true)
	}
	return binary(r.t)
}

// kill ends the binary as kill -9 does.
func (p *replica) kill() {
	if p.process != nil {
		_ = p.process.Process.Kill() // it may have ended already
		_ = p.process.Wait()
		p.process = nil
	}
}

// stop ends the binary as an operator does, and returns its exit status.
func (p *replica) stop() int {
	p.r.t.Helper()
	p.signal(syscall.SIGTERM)
	_ = p.process.Wait() // the exit status says it
	status := p.process.ProcessState.ExitCode()
	p.process = nil
	return status
}

func (p *replica) signal(s syscall.Signal) {
	p.r.t.Helper()
	if err := p.process.Process.Signal(s); err != nil {
		p.r.t.Fatal(err)
	}
}

func (p *replica) status(path string) int {
	resp, err := http.Get("http://" + p.http + path)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// get is the body of a page of the line.
func (p *replica) get(path string) string {
	p.r.t.Helper()
	resp, err := http.Get("http://" + p.http + path)
	if err != nil {
		p.r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.r.t.Fatal(err)
	}
	return string(body)
}

// eventually waits until ok holds.
func (r *rig) eventually(ok func() bool) bool { return within(patience, ok) }

// within waits until ok holds, for so long at most.
func within(d time.Duration, ok func() bool) bool {
	deadline := time.Now().Add(d)
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
