package main

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
	"defenderline/configs"
	"defenderline/referrals/mail/mailtest"
	"defenderline/referrals/store/redistest"
)

// The addresses of Lima's rungs. The word in them is looked for wherever an address must not be.
const (
	firstAddress  = "canaryduty@example.org"
	secondAddress = "canarysecond@example.org"
)

// mailed has Lima's first rung told by chat and by mail, and the second by mail alone, each for so long.
func mailed(srv *mailtest.Server, within string) func(*rig, *string) {
	return func(r *rig, config *string) {
		srv.Address = redistest.FreeAddr(r.t)
		_, port, err := net.SplitHostPort(srv.Address)
		if err != nil {
			r.t.Fatal(err)
		}
		*config = strings.NewReplacer(
			fmt.Sprintf("{chat: %d, acknowledge_within: 10m}", lima1), fmt.Sprintf("{chat: %d, email: %s, acknowledge_within: %s}", lima1, firstAddress, within),
			fmt.Sprintf("{chat: %d, acknowledge_within: 20m}", lima2), fmt.Sprintf("{email: %s, acknowledge_within: %s}", secondAddress, within),
		).Replace(*config) + "smtp: {host: 127.0.0.1, port: " + port + ", from: line@example.org, tls: none}\n"
	}
}

// mails are how many attempts to send a mail ended in this way.
func (r *rig) mails(kind, result string) float64 {
	n, _ := r.metric(fmt.Sprintf("defenderline_mails_total{kind=%q,result=%q}", kind, result))
	return n
}

// mailTo waits for the n-th mail to an address.
func mailTo(r *rig, srv *mailtest.Server, address string, n int) []byte {
	r.t.Helper()
	var found []byte
	if !r.eventually(func() bool {
		seen := 0
		for _, m := range srv.Got() {
			if m.To == "TO:<"+address+">" {
				if seen++; seen == n {
					found = m.Data
				}
			}
		}
		return found != nil
	}) {
		r.t.Fatalf("no mail %d came\nlog:\n%s", n, r.log)
	}
	return found
}

// openedMail is what a reader of mail shows of a PGP/MIME message (RFC 3156): the entity that gpg decrypts from its second part.
func openedMail(t *testing.T, home string, raw []byte) string {
	t.Helper()
	_, parts := mailParts(t, raw, "multipart/encrypted")
	if len(parts) != 2 || !bytes.HasPrefix(parts[0], []byte("Version: 1")) {
		t.Fatalf("%d parts:\n%s", len(parts), raw)
	}
	entity, err := mail.ReadMessage(bytes.NewReader(decrypt(t, home, parts[1])))
	if err != nil {
		t.Fatal(err)
	}
	if kind := entity.Header.Get("Content-Type"); kind != "text/plain; charset=utf-8" {
		t.Errorf("the entity is %q", kind)
	}
	text, err := io.ReadAll(entity.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// mailParts takes a mail of parts apart.
func mailParts(t *testing.T, raw []byte, want string) (mail.Header, [][]byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != want {
		t.Fatalf("a mail of %q: %v", kind, err)
	}
	var parts [][]byte
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err != nil {
			return m.Header, parts
		}
		body, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, body)
	}
}

// TestAlertByMail alerts an officer while the mail server is down: the chat has the case at once. The line is killed and started
// again, the server comes back, and the mail arrives; it opens in gpg, as does an addition. An acknowledgement in the chat
// suffices, the chat was told once, and no address is anywhere.
func TestAlertByMail(t *testing.T) {
	beside(t, waiting)
	srv := &mailtest.Server{}
	r := newRig(t, mailed(srv, "10m"))
	home := gpgHome(t, r.private["lima"], r.signing)
	officer := r.desk(lima1)
	d, code := r.sent("they wait outside", "mission")
	officer.document(code + ".asc")
	if !r.eventually(func() bool { return r.mails("alert", "later") >= 2 }) {
		t.Fatalf("no mail was tried:\n%s", r.log)
	}
	if waits, _ := r.metric("defenderline_mail_age_seconds"); waits <= 0 {
		t.Errorf("the mail that waits is %v old", waits)
	}
	if !r.eventually(func() bool { late, ok := r.metric("defenderline_outbox_age_seconds"); return ok && late == 0 }) {
		t.Error("a mail that waits makes the outbox old")
	}
	r.kill()
	srv.Serve(t)
	r.start()
	raw := mailTo(r, srv, firstAddress, 1)
	if text := openedMail(t, home, raw); !strings.Contains(text, "they wait outside") || !strings.Contains(text, code) {
		t.Errorf("the mail reads:\n%s", text)
	}
	header, parts := mailParts(t, raw, "multipart/encrypted")
	if header.Get("Subject") != "Emergency: a sealed message waits" || bytes.Contains(raw, []byte("wait outside")) {
		t.Errorf("the mail shows:\n%s", raw)
	}
	r.named("lima", code+".mail.asc", parts[1])
	officer.press("ack:" + code)
	d.reads("was read by")

	d.says("/cases")
	d.follow("case:" + code)
	d.follow("caseact:add")
	before := screen(d.View())
	d.says("and how it went on")
	d.moved(before)
	d.follow("nav:done")
	d.press("review:send")
	if text := openedMail(t, home, mailTo(r, srv, firstAddress, 2)); !strings.Contains(text, "and how it went on") {
		t.Errorf("the addition reads:\n%s", text)
	}
	officer.document(code + ".2.asc")
	officer.press("open:" + code)
	names := map[string]int{}
	officer.sees("all documents", func(v telegramsim.View) bool {
		clear(names)
		for _, m := range v.Messages {
			if m.Document != nil {
				names[m.Document.FileName]++
			}
		}
		return names[code+".asc"] >= 2 && names[code+".2.asc"] >= 2
	})
	if len(names) != 2 || names[code+".asc"] != 2 {
		t.Errorf("the chat was sent %v", names)
	}
	assertNowhere(t, r, 0, []string{"canary"})
	counted := func() bool { return r.mails("alert", "sent") == 1 && r.mails("addition", "sent") == 1 } // once the server's answer was read
	if !r.eventually(counted) || len(srv.Got()) != 2 {
		t.Errorf("%d mails, metrics:\n%s", len(srv.Got()), r.get("/metrics"))
	}
	if status := r.stop(); status != 0 {
		t.Errorf("stopped with %d", status)
	}
}

// TestMailClimbsTheLadder has an address that the server refuses: it is given up at once and said, the next rung is told by mail
// alone when the first was silent, and at the end the operator is.
func TestMailClimbsTheLadder(t *testing.T) {
	beside(t, waiting)
	srv := &mailtest.Server{Unknown: firstAddress}
	r := newRig(t, mailed(srv, "2s"))
	srv.Serve(t)
	home := gpgHome(t, r.private["lima"], r.signing)
	_, code := r.sent("nobody comes", "mission")
	if text := openedMail(t, home, mailTo(r, srv, secondAddress, 1)); !strings.Contains(text, "nobody comes") {
		t.Errorf("the mail reads:\n%s", text)
	}
	page, err := mail.ReadMessage(bytes.NewReader(mailTo(r, srv, "ops@example.org", 1)))
	if err != nil || page.Header.Get("Subject") != "The line needs its operator" {
		t.Fatalf("%v, %v", page, err)
	}
	if text, err := io.ReadAll(page.Body); err != nil || !bytes.Contains(text, []byte(code)) || bytes.Contains(text, []byte("nobody comes")) {
		t.Errorf("the page reads %q, %v", text, err)
	}
	counted := func() bool {
		pages, _ := r.metric("defenderline_pages_total")
		return pages == 1 && r.mails("alert", "refused") == 1 && r.mails("alert", "sent") == 1 && r.mails("page", "sent") == 1
	}
	if !r.eventually(counted) { // the last once the server's answer was read
		t.Errorf("metrics:\n%s", r.get("/metrics"))
	}
	if said := r.log.String(); !strings.Contains(said, "a mail was refused for good") || strings.Contains(said, "mailbox") {
		t.Errorf("the log says:\n%s", said)
	}
	assertNowhere(t, r, 0, []string{"canary", "ops@"})
}

// TestCheckSaysWhatMailRefuses asks for settings that the configuration's own form allows and the package that mails does not.
func TestCheckSaysWhatMailRefuses(t *testing.T) {
	if found := mailFindings(&configs.Config{}); found != nil {
		t.Errorf("without mail: %v", found)
	}
	good := &configs.Config{SMTP: &configs.SMTP{Host: "mail.example.org", Port: 465, From: "line@example.org", TLS: true}}
	if found := mailFindings(good); found != nil {
		t.Errorf("good settings: %v", found)
	}
	good.SMTP.Host = "mail example.org"
	if found := mailFindings(good); len(found) != 1 || found[0].Field != "smtp" || found[0].Remedy == "" || !configs.Refused(found) {
		t.Errorf("a host with a space: %v", found)
	}
	if m, err := newMail(good); m != nil || err == nil {
		t.Error("it would be served")
	}
}
