package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"defenderline/referrals/mail/mailtest"
)

// The mission that is told by mail alone, and its address.
const (
	quito        = "quito"
	quitoAddress = "canaryquito@example.org"
)

// byMailAlone adds a mission that has no chat.
func byMailAlone(r *rig, config *string) {
	*config = strings.Replace(*config, "headquarters:\n", fmt.Sprintf(`  - id: %s
    name: British Embassy Quito
    countries: [EC]
    languages: [en]
    keys: [%s]
    duty: [{email: %s, acknowledge_within: 10m}]
headquarters:
`, quito, r.key(quito), quitoAddress), 1)
}

// handsOn has headquarters suggest a desk, the defender agree, and headquarters send what it seals with GnuPG.
func handsOn(t *testing.T, hq, d *actor, code, org, purpose, gist string) {
	t.Helper()
	hq.refers(code, org, purpose)
	d.press("consent:" + org)
	home := gpgHome(t, hq.r.private["headquarters"], hq.r.signing)
	run(t, home, hq.document(org+".asc"), "--batch", "--import")
	sealed, _ := run(t, home, []byte(gist), "--batch", "--armor", "--trust-model", "always", "--encrypt", "-r", fingerprintOf(t, hq.r.private[org]))
	hq.press("refer:" + code + "#." + org)
	hq.sendsFile(org+".asc", sealed)
}

// TestWhatAnOfficerSealedComesByMailAndAPI: a mission that has an address and no chat gets the document of another desk's officer
// attached to a mail, an organisation fetches its own by the desk API once it has claimed; each opens with the key of the one alone.
func TestWhatAnOfficerSealedComesByMailAndAPI(t *testing.T) {
	beside(t, waiting)
	srv := &mailtest.Server{}
	r := newRig(t, withToken, mailed(srv, "10m"), byMailAlone)
	srv.Serve(t)
	hq, ngo := r.desk(hqChat), r.desk(fldChat)
	d, code := r.sent("for headquarters alone", "headquarters")
	hq.press("ack:" + code)

	handsOn(t, hq, d, code, quito, "relocation", canaryGist)
	header, parts := mailParts(t, mailTo(r, srv, quitoAddress, 1), "multipart/mixed")
	if subject := header.Get("Subject"); subject != "Emergency: a sealed message waits" {
		t.Errorf("the mail is about %q", subject)
	}
	theirs := gpgHome(t, r.private[quito], r.signing)
	if got, _ := run(t, theirs, attached(t, parts), "--batch", "--decrypt"); string(got) != canaryGist {
		t.Errorf("the mission reads %q", got)
	}

	handsOn(t, hq, d, code, fld, "funding", "Canaryother: for the organisation.")
	ngo.offered("claim:" + code + "-1")
	desk := func(act string) string {
		t.Helper()
		out, err := exec.Command(binary(t), "desk", act, code+"-1", "--url", "http://"+r.http, "--token-file", filepath.Join(r.dir, "fld.token")).Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", act, err, out)
		}
		return string(out)
	}
	desk("claim")
	if got, _ := run(t, gpgHome(t, r.private[fld], r.signing), []byte(desk("open")), "--batch", "--decrypt"); string(got) != "Canaryother: for the organisation." {
		t.Errorf("the organisation reads %q", got)
	}
	assertNowhere(t, r, d.ID(), []string{"canarygist", "canaryother", "canaryquito"})
}

// attached is the sealed document among the parts of a mail.
func attached(t *testing.T, parts [][]byte) []byte {
	t.Helper()
	for _, p := range parts {
		if raw, err := base64.StdEncoding.DecodeString(string(bytes.ReplaceAll(bytes.TrimSpace(p), []byte("\r\n"), nil))); err == nil {
			p = raw
		}
		if bytes.Contains(p, []byte("-----BEGIN PGP MESSAGE-----")) {
			return p
		}
	}
	t.Fatalf("nothing sealed is attached:\n%s", bytes.Join(parts, []byte("\n--\n")))
	return nil
}

// TestWaitingForRoomSurvivesAKill: a case waits for an organisation that is full. The line is killed, the organisation ends what it has while
// nobody listens, and the line that starts then offers it the case.
func TestWaitingForRoomSurvivesAKill(t *testing.T) {
	beside(t, waiting)
	r := newRig(t, func(_ *rig, config *string) { *config = strings.ReplaceAll(*config, "capacity: 20", "capacity: 1") })
	ngo, hq := r.desk(fldChat), r.desk(hqChat)
	_, first := r.sent("the first", fld)
	ngo.press("claim:" + first + "-1")
	ngo.press("accept:" + first + "-1")
	d, second := r.sent("when there is room", fld, "headquarters")
	hq.document(second + ".asc") // the case has looked, and waits
	ngo.press("complete:" + first + "-1")
	_, ends := button(ngo.offered("outcome:funded"), func(data string) bool { return strings.HasPrefix(data, "outcome:funded#") })
	if said := transcript(ngo.View()); strings.Contains(said, second) {
		t.Fatalf("a full organisation was offered a case:\n%s", said)
	}
	r.kill()
	if _, err := ngo.Press(ends); err != nil {
		t.Fatal(err)
	}
	r.start()
	ngo.press("claim:" + second + "-1")
	if text := r.open(fld, ngo.document(second+".asc")); !strings.Contains(string(text), "when there is room") {
		t.Errorf("the organisation reads\n%s", text)
	}
	ngo.press("accept:" + second + "-1")
	d.reads("Front Line Defenders")
}
