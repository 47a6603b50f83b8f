package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// apiToken is the token of Front Line Defenders in these tests.
const apiToken = "a-token-of-thirty-two-random-bytes-or-more"

// withToken gives Front Line Defenders and Lima access to the desk API.
func withToken(r *rig, config *string) {
	sum := sha256.Sum256([]byte(apiToken))
	r.write("fld.sha256", hex.EncodeToString(sum[:]))
	r.write("fld.token", apiToken)
	*config = strings.ReplaceAll(*config, "    chat: 910001\n", "    chat: 910001\n    api_token_sha256_file: fld.sha256\n")
}

// TestADeskWorksByAPI lets an organisation take a referral by the command-line client of the real line: the defender hears of
// it, the card in the organisation's chat shows it, the document opens, and a stream of events ends with the line.
func TestADeskWorksByAPI(t *testing.T) {
	beside(t, waiting)
	r := newRig(t, withToken)
	fld := r.desk(fldChat)
	desk := func(args ...string) (string, int) {
		t.Helper()
		all := append([]string{"desk", "--url", "http://" + r.http, "--token-file", filepath.Join(r.dir, "fld.token")}, args...)
		run := exec.Command(binary(t), all...)
		out, err := run.Output()
		if err != nil && run.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), run.ProcessState.ExitCode()
	}
	if out, status := desk("list"); status != 0 || strings.Contains(out, "-1") {
		t.Fatalf("before: %d\n%s", status, out)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.http+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apiToken)
	stream, err := http.DefaultClient.Do(req)
	if err != nil || stream.StatusCode != http.StatusOK {
		t.Fatal(stream, err)
	}
	defer stream.Body.Close()
	events := bufio.NewScanner(stream.Body)

	d, code := r.sent("they wait outside", "front-line-defenders")
	fld.offered("claim:" + code + "-1")
	learned := ""
	for learned == "" && events.Scan() {
		if strings.Contains(events.Text(), code) {
			learned = events.Text()
		}
	}
	if !strings.Contains(learned, "offered") {
		t.Errorf("the stream says %q of an offer", learned)
	}
	if out, status := desk("claim", code+"-1"); status != 0 {
		t.Fatalf("claim: %d\n%s", status, out)
	}
	if _, status := desk("claim", code+"-1", "--key", "another"); status != 3 {
		t.Errorf("claimed twice: status %d", status)
	}
	fld.offered("accept:" + code + "-1") // the card in the chat has moved on
	out, status := desk("open", code+"-1")
	if status != 0 || !strings.Contains(string(r.open("front-line-defenders", []byte(out))), "they wait outside") {
		t.Errorf("open: %d", status)
	}
	if out, status := desk("accept", code+"-1"); status != 0 {
		t.Fatalf("accept: %d\n%s", status, out)
	}
	d.reads("Front Line Defenders")
	if out, status := desk("complete", code+"-1", "--outcome", "relocated"); status != 0 {
		t.Fatalf("complete: %d\n%s", status, out)
	}
	if status := r.stop(); status != 0 {
		t.Errorf("a line with a stream of events stopped with %d", status)
	}
	for events.Scan() { // it ends
	}
}
