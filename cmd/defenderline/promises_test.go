package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
)

// picks are answers to everything the three conversations ask by button.
func picks() map[string][]string {
	return map[string][]string{"notice": {"understood"}, "safe": {"yes"}, "urgency": {"week"}, "country": {"PE"}, "subject": {"self"},
		"peaceful": {"yes"}, "harm": {"death_threat", "smear"}, "actor": {"company"}, "work": {"land", "indigenous"}, "uk_company": {"unsure"},
		"need": {"legal", "accompaniment"}, "ask": {"trial"}, "reach": {"signal"}, "alias": {"alias"}, "public": {"ask_me"},
		"applicant": {"individual"}}
}

// TestEveryConversationIsReadByGPG sends one case by each conversation; GnuPG, with no option, opens
// the mission's copy, finds the line's signature good, and every word that was written in it.
func TestEveryConversationIsReadByGPG(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer := r.person(lima1, "en")
	officer.start(t)
	home := gpgHome(t, r.private["lima"], r.signing)
	lanes := map[string]string{"emergency": "emergency", "threat": "urgent", "contact": "routine"}
	for _, flow := range []string{"emergency", "threat", "contact"} {
		t.Run(flow, func(t *testing.T) {
			d := r.person(0, "en")
			d.start(t)
			words := []string{"first canaryone " + flow, "second canarytwo äöü العربية 𝄞", "third canarythree"}
			w := &walker{actor: d, picks: picks(), words: append([]string(nil), words...), consents: []string{"mission"}}
			before := screen(d.offered("menu:" + flow))
			w.press("menu:" + flow)
			w.moved(before)
			w.send()
			code := d.code()
			text := decrypt(t, home, officer.document(code+".asc"))
			doc := caseJSON(t, text)
			if doc["code"] != code || doc["lane"] != lanes[flow] || doc["desk"] != "lima" || doc["country"] != "PE" {
				t.Errorf("code %v, lane %v, desk %v, country %v", doc["code"], doc["lane"], doc["desk"], doc["country"])
			}
			for _, m := range w.said {
				if !strings.Contains(string(text), m) {
					t.Errorf("%q is not in the document:\n%s", m, text)
				}
			}
			if len(w.said) == 0 || flow != "emergency" && len(w.said) < len(words) {
				t.Errorf("only %d texts were asked for", len(w.said))
			}
		})
	}
}

// gpgHome is a keyring with a desk's private key and the line's public one.
func gpgHome(t *testing.T, private, line []byte) string {
	t.Helper()
	home, err := os.MkdirTemp("", "gpg") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	for _, key := range [][]byte{private, line} {
		run(t, home, key, "--batch", "--import")
	}
	return home
}

func run(t *testing.T, home string, in []byte, args ...string) (out []byte, status string) {
	t.Helper()
	cmd := exec.Command("gpg", append([]string{"--homedir", home, "--status-fd", "2"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("gpg %v: %v\n%s", args, err, stderr.String())
	}
	return stdout.Bytes(), stderr.String()
}

func decrypt(t *testing.T, home string, sealed []byte) []byte {
	t.Helper()
	out, status := run(t, home, sealed, "--batch", "--decrypt")
	if !strings.Contains(status, "GOODSIG") || !strings.Contains(status, "DECRYPTION_OKAY") {
		t.Fatalf("gpg did not find a good signature:\n%s", status)
	}
	return out
}

// TestNobodyInBetweenReads types marked words as account, name, phone number and file name, sends the case
// and looks for them, and for the chat's id, everywhere but in the chat itself: Redis and its file on disk,
// the log, the metrics, every call to Telegram for another chat.
func TestNobodyInBetweenReads(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer, ngo := r.person(lima1, "en"), r.person(fldChat, "en")
	officer.start(t)
	ngo.start(t)
	person, err := r.sim.AddPerson(telegramsim.User{ID: 7331133771, FirstName: "Canaryname", Username: "canaryuser", LanguageCode: "en"})
	if err != nil {
		t.Fatal(err)
	}
	d := &actor{Phone: person.With(r.bot), r: r, ctx: context.Background()}
	d.start(t)
	d.press("menu:emergency")
	d.notice()
	d.press("safe:yes")
	d.press("urgency:now")
	d.press("country:PE")
	d.press("subject:self")
	d.offered("nav:back")
	d.says("canaryaccount is written here, canaryphone +51999888777")
	d.offered("nav:done")
	file, err := d.SendFile(telegramsim.Attachment{Kind: "document", Name: "canaryfile.pdf", Data: []byte("canarybytes inside")})
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"canary", "Canary", "999888777", "7331133771"}
	reference := file.Document.FileID                       // Telegram's own, and asked of Telegram: nowhere else
	assertNowhere(t, r, person.User().ID, words, reference) // while it is a draft
	d.press("nav:done")
	d.press("consent:mission")
	d.press("consent:front-line-defenders")
	d.press("review:send")
	code := d.code()
	if text := r.open("lima", officer.document(code+".asc")); !bytes.Contains(text, []byte("canaryaccount")) || !bytes.Contains(text, []byte("canaryfile.pdf")) {
		t.Errorf("the document lacks the words:\n%s", text)
	}
	r.named("lima", code+".asc", officer.document(code+".asc"))
	r.named("lima", code+".f1.pgp", officer.document(code+".f1.pgp"))
	if got := r.open("lima", officer.document(code+".f1.pgp")); !bytes.Equal(got, []byte("canarybytes inside")) {
		t.Errorf("the file reads %q", got)
	}
	officer.press("ack:" + code)
	ngo.press("claim:" + code + "-1")
	ngo.document(code + ".f1.pgp")
	d.reads("was read by")
	assertNowhere(t, r, person.User().ID, words, reference)
	if r.stop() != 0 {
		t.Error("the line did not stop cleanly")
	}
	assertNowhere(t, r, person.User().ID, words, reference)
}

// assertNowhere looks for words in everything that is not the person's own chat, and for references in what we keep.
func assertNowhere(t *testing.T, r *rig, chat int64, words []string, references ...string) {
	t.Helper()
	places := map[string][]byte{"log": []byte(r.log.String()), "redis": dump(t, r), "append-only file": onDisk(t, r)}
	if r.process != nil {
		resp, err := http.Get("http://" + r.http + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !bytes.Contains(body, []byte("defenderline_ready 1\n")) {
			t.Fatalf("no metrics: %v", err)
		}
		places["metrics"] = body
	}
	for _, w := range append(references, words...) {
		for place, content := range places {
			if bytes.Contains(content, []byte(w)) {
				t.Errorf("%q is in the %s", w, place)
			}
		}
	}
	for _, c := range r.sim.Leaks(chat, words...) {
		t.Errorf("a call of %s for another chat holds a marked word", c.Method)
	}
}

// dump is everything Redis holds, keys and values.
func dump(t *testing.T, r *rig) []byte {
	t.Helper()
	ctx := context.Background()
	db := r.redis.Client()
	var out bytes.Buffer
	keys, err := db.Keys(ctx, "*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatalf("redis holds %d keys: %v", len(keys), err)
	}
	for _, k := range keys {
		raw, err := db.Dump(ctx, k).Result()
		if err != nil {
			continue // it ended meanwhile
		}
		out.WriteString(k + " " + raw + " ")
		switch kind := db.Type(ctx, k).Val(); kind { // DUMP may compress
		case "string":
			out.WriteString(db.Get(ctx, k).Val())
		case "hash":
			for f, v := range db.HGetAll(ctx, k).Val() {
				out.WriteString(f + " " + v + " ")
			}
		case "zset":
			for _, z := range db.ZRangeWithScores(ctx, k, 0, -1).Val() {
				out.WriteString(z.Member.(string) + " " + strconv.FormatFloat(z.Score, 'f', -1, 64) + " ")
			}
		case "set":
			fmt.Fprint(&out, db.SMembers(ctx, k).Val(), " ")
		case "stream":
			for _, m := range db.XRange(ctx, k, "-", "+").Val() {
				fmt.Fprint(&out, m.ID, " ", m.Values, " ")
			}
		case "none": // it ended meanwhile
		default:
			t.Errorf("%s is a %s, which this test does not read", k, kind)
		}
	}
	return out.Bytes()
}

// onDisk is the server's folder.
func onDisk(t *testing.T, r *rig) []byte {
	t.Helper()
	var out []byte
	err := filepath.WalkDir(r.redis.Dir(), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		out = append(out, content...)
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("the append-only file: %d bytes, %v", len(out), err)
	}
	return out
}
