package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"

	"defenderline/referrals"
	"defenderline/referrals/store"
)

// office is a line's desk API with an NGO and a mission, and a terminal beside it.
type office struct {
	t      *testing.T
	store  *store.Store
	url    string
	dir    string
	paused atomic.Bool
	broken atomic.Int32 // so many answers to acts are lost on their way
	slot   string
	ends   chan struct{}
}

// Move makes a move; nobody runs what it leaves.
func (o *office) Move(ctx context.Context, m referrals.Move) (referrals.Holding, error) {
	h, _, err := o.store.Move(ctx, m)
	return h, err
}

// Accepting says whether the organisation takes cases.
func (o *office) Accepting(string) (now, may bool) { return !o.paused.Load(), true }

// Accept notes whether it does.
func (o *office) Accept(_ context.Context, _ string, accepting bool) error {
	o.paused.Store(!accepting)
	return nil
}

func newOffice(t *testing.T) *office {
	o := &office{t: t, dir: t.TempDir(), ends: make(chan struct{})}
	redis := miniredis.RunT(t)
	redis.SetTime(time.Now().Add(45 * time.Minute)) // the line goes by it, and not by this machine's clock
	keys, err := store.NewStateKeys(rand.Reader)
	o.check(err)
	vault, err := store.ParseStateKeys(keys)
	o.check(err)
	o.store, err = store.Open(t.Context(), store.Options{URL: "redis://" + redis.Addr(), Vault: vault, Now: time.Now, Desks: []string{"lima", "fld"}})
	o.check(err)
	var desks []*referrals.Desk
	for id, kind := range map[string]referrals.Kind{"lima": referrals.MissionDesk, "fld": referrals.NGODesk} {
		hash := sha256.Sum256([]byte("token-of-" + id))
		desks = append(desks, &referrals.Desk{ID: id, Kind: kind, AcceptWithin: time.Hour, TokenSHA256: hash[:]})
		o.check(os.WriteFile(filepath.Join(o.dir, id), []byte("token-of-"+id+"\n"), 0o600))
	}
	api := newDeskAPI(o.store, desks, o, prometheus.NewRegistry(), slog.New(slog.DiscardHandler), o.ends)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost && o.broken.Add(-1) >= 0 { // done, and its answer lost
			api.ServeHTTP(httptest.NewRecorder(), req)
			panic(http.ErrAbortHandler)
		}
		api.ServeHTTP(w, req)
	}))
	o.url = server.URL
	t.Cleanup(func() {
		close(o.ends)
		server.CloseClientConnections()
		server.Close()
		_ = o.store.Close()
	})
	return o
}

func (o *office) check(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// hold lets a desk hold a case.
func (o *office) hold(desk, code string, state referrals.State) {
	o.t.Helper()
	o.holdLane(desk, code, state, referrals.Urgent)
}

func (o *office) holdLane(desk, code string, state referrals.State, lane referrals.Lane) {
	o.t.Helper()
	_, err := o.Move(o.t.Context(), referrals.Move{ID: "open:" + code, Desk: desk, Code: code, To: state, Lane: lane, AtRung: -1,
		At: o.store.Now(), Due: o.store.Now().Add(90*time.Minute + time.Second), Origin: o.slot})
	o.check(err)
}

// as runs the client with a desk's token, on a machine whose clock is an hour behind this one's.
func (o *office) as(desk string, args ...string) (status int, out, errs string) {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	now := func() time.Time { return time.Now().Add(-time.Hour) }
	h := host{in: strings.NewReader(""), out: &stdout, err: &stderr, now: now, random: rand.Reader}
	args = append([]string{"desk"}, append(args, "--url", o.url, "--token-file", filepath.Join(o.dir, desk))...)
	status = h.run(o.t.Context(), args)
	return status, stdout.String(), stderr.String()
}

// TestACaseworkerScriptsTheirDay proves the client from list to end: what is printed, what can be piped, the exit statuses.
func TestACaseworkerScriptsTheirDay(t *testing.T) {
	o := newOffice(t)
	gpg := o.sealFor("fld", "ABCD-EFGH", "What was written.\n")
	o.hold("fld", "ABCD-EFGH-1", referrals.Offered)
	o.hold("fld", "JKLM-NPQR-1", referrals.Offered)

	status, out, _ := o.as("fld", "list")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if status != 0 || len(lines) != 3 || strings.Join(strings.Fields(lines[0]), " ") != "CODE STATE LANE OFFERED DUE CLAIM" ||
		!strings.HasPrefix(lines[1], "ABCD-EFGH-1  offered  urgent  ") || !strings.HasSuffix(lines[1], "  in 90 min  -") {
		t.Fatalf("%d\n%s", status, out)
	}
	steps := []struct {
		args   string
		status int
		says   string // on standard output when it is done, else on standard error
	}{
		{"open ABCD-EFGH-1", 3, "(offered)"},
		{"claim abcd-efgh-1", 0, "claimed"},
		{"claim ABCD-EFGH-1", 3, "(claimed)"},
		{"documents ABCD-EFGH-1", 0, "ABCD-EFGH.asc\n"},
		{"accept ABCD-EFGH-1 --claim 7", 3, "That claim is over"},
		{"accept ABCD-EFGH-1 --claim 1", 0, "accepted"},
		{"list --state accepted --json", 0, `"ABCD-EFGH-1"`},
		{"complete ABCD-EFGH-1 --outcome nothing", 1, "outcome is needed"},
		{"complete ABCD-EFGH-1 --outcome relocated --json", 0, `"state":"completed"`},
		{"decline JKLM-NPQR-1 --reason capacity", 0, "declined"},
		{"show JKLM-NPQR-1", 0, "declined"},
		{"show JKLM-NPQR-2", 4, "There is nothing here"},
		{"acknowledge JKLM-NPQR", 4, "There is nothing here"},
		{"show JKLM", 2, "that is no code"},
		{"list --state opened", 1, "state is one of offered"},
		{"complete ABCD-EFGH-1", 2, "outcome"},
		{"list", 0, "CLAIM\n"},
	}
	for _, s := range steps {
		status, out, errs := o.as("fld", strings.Fields(s.args)...)
		said := map[bool]string{true: out, false: errs}[s.status == 0]
		if status != s.status || !strings.Contains(said, s.says) || (s.status == 0) != (errs == "") || s.status != 0 && out != "" {
			t.Errorf("%s: %d, wanted %d\n%s%s", s.args, status, s.status, out, errs)
		}
		if s.args == "accept ABCD-EFGH-1 --claim 1" {
			_, sealed, _ := o.as("fld", "open", "ABCD-EFGH-1")
			_, named, _ := o.as("fld", "open", "ABCD-EFGH-1", "ABCD-EFGH.asc")
			if text := gpg(sealed); text != "What was written.\n" || named != sealed {
				t.Errorf("opened: %q", text)
			}
		}
	}
}

// sealFor keeps a document of a case for a desk that gpg can open with a key made here, and returns what opens it.
func (o *office) sealFor(desk, code, text string) (open func(sealed string) string) {
	o.t.Helper()
	home, err := os.MkdirTemp("", "gpg") // a socket's path is short
	o.check(err)
	o.t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	gpg := func(in string, args ...string) string {
		cmd := exec.Command("gpg", append([]string{"--homedir", home, "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback"}, args...)...)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.Output()
		if err != nil {
			o.t.Fatalf("gpg %v: %v", args, err)
		}
		return string(out)
	}
	gpg("", "--quick-generate-key", "desk@example.org", "future-default", "default", "never")
	body := gpg(text, "--armor", "--trust-model", "always", "--recipient", "desk@example.org", "--encrypt")
	w, err := o.store.Keep(o.t.Context(), []referrals.Post{{To: o.store.Chat("line", 1), ID: "u", Order: 1}})
	o.check(err)
	o.slot = w[0].Slot
	_, _, err = o.store.Commit(o.t.Context(), w[0], referrals.Commit{State: []byte("s"), Keep: time.Hour, Documents: []referrals.Document{
		{Case: referrals.Code(code), Desk: desk, Name: code + ".asc", Body: []byte(body), Keep: time.Hour}}})
	o.check(err)
	return func(sealed string) string { return gpg(sealed, "--decrypt") }
}

// TestAnOfficerScriptsTheirDay proves that a mission's token lists and moves its cases.
func TestAnOfficerScriptsTheirDay(t *testing.T) {
	o := newOffice(t)
	o.hold("lima", "ABCD-EFGH", referrals.Alerted)
	for args, says := range map[string]string{"list --json": `"ABCD-EFGH"`, "acknowledge ABCD-EFGH": "acknowledged"} {
		if status, out, errs := o.as("lima", strings.Fields(args)...); status != 0 || !strings.Contains(out, says) {
			t.Errorf("%s: %d\n%s%s", args, status, out, errs)
		}
	}
	if status, out, errs := o.as("lima", "close", "ABCD-EFGH", "--outcome", "met", "--json"); status != 0 || !strings.Contains(out, "closed") {
		t.Errorf("%d\n%s%s", status, out, errs)
	}
}

// TestALostAnswerIsNoSecondAct proves that an act whose answers are lost is sent again and counts once.
func TestALostAnswerIsNoSecondAct(t *testing.T) {
	o := newOffice(t)
	o.hold("fld", "ABCD-EFGH-1", referrals.Offered)
	o.broken.Store(2)
	status, out, errs := o.as("fld", "claim", "ABCD-EFGH-1", "--json")
	var got struct {
		State string
		Claim int
	}
	if err := json.Unmarshal([]byte(out), &got); status != 0 || err != nil || got.State != "claimed" || got.Claim != 1 || o.broken.Load() >= 0 {
		t.Errorf("%d\n%s%s%v", status, out, errs, err)
	}
}

// TestEventsGoOnWhereTheyWereCut proves that the client prints each event once, over a cut, until it is stopped.
func TestEventsGoOnWhereTheyWereCut(t *testing.T) {
	o := newOffice(t)
	var cut atomic.Pointer[context.CancelFunc]
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithCancel(req.Context())
		cut.Store(&cancel)
		back, _ := http.NewRequestWithContext(ctx, req.Method, o.url+req.URL.Path, nil)
		back.Header = req.Header
		res, err := http.DefaultClient.Do(back)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer res.Body.Close()
		w.Header().Set("Content-Type", res.Header.Get("Content-Type"))
		buffer := make([]byte, 4096)
		for {
			n, err := res.Body.Read(buffer)
			_, _ = w.Write(buffer[:n])
			_ = http.NewResponseController(w).Flush()
			if err != nil {
				panic(http.ErrAbortHandler)
			}
		}
	}))
	defer front.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	ended := make(chan int)
	go func() {
		h := host{out: in, err: io.Discard, now: time.Now, random: rand.Reader}
		ended <- h.run(ctx, []string{"desk", "events", "--json", "--after", "0-0", "--url", front.URL, "--token-file", filepath.Join(o.dir, "fld")})
	}()
	events := json.NewDecoder(out)
	for _, code := range []string{"ABCD-EFGH-1", "ABCD-EFGJ-1", "ABCD-EFGK-1"} {
		o.hold("fld", code, referrals.Offered)
		var e deskEvent
		if err := events.Decode(&e); err != nil || e.Code != code || e.State != "offered" || e.ID == "" || e.At.IsZero() {
			t.Fatalf("%+v %v", e, err)
		}
		(*cut.Load())()
	}
	stop()
	if status := <-ended; status != 0 {
		t.Errorf("stopped with %d", status)
	}
}

// TestATokenIsNotGivenAway proves what the client refuses to do with a token.
func TestATokenIsNotGivenAway(t *testing.T) {
	o := newOffice(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/api/v1/referrals/ABCD-EFGH-1" {
			t.Errorf("followed to %s", req.URL.Path)
		}
		http.Redirect(w, req, "/elsewhere", http.StatusFound)
	}))
	defer elsewhere.Close()
	o.url = elsewhere.URL
	if status, _, errs := o.as("fld", "show", "ABCD-EFGH-1"); status != 1 || !strings.Contains(errs, "is not the desk API") {
		t.Errorf("redirected: %d %s", status, errs)
	}
	for _, url := range []string{"http://line.example.org", "line.example.org", "https://u:p@line.example.org", "ftp://127.0.0.1", "https://"} {
		o.url = url
		if status, _, errs := o.as("fld", "list"); status != 2 || !strings.Contains(errs, "--url: ") || strings.Contains(errs, "u:p") {
			t.Errorf("%s: %d %s", url, status, errs)
		}
	}
	o.url = "https://127.0.0.1:1"
	o.check(os.Chmod(filepath.Join(o.dir, "fld"), 0o640))
	o.check(os.WriteFile(filepath.Join(o.dir, "empty"), []byte("\n"), 0o600))
	for file, says := range map[string]string{"fld": "chmod 600", "none": "cannot be read", "empty": "no token", ".": "regular"} {
		if status, _, errs := o.as(file, "list"); status != 1 || !strings.Contains(errs, says) {
			t.Errorf("%s: %d %s", file, status, errs)
		}
	}
}
