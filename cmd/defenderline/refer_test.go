package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
	"defenderline/referrals"
)

const (
	fld = "front-line-defenders"
	// canaryGist is what an officer writes for an organisation.
	canaryGist = "Canarygist: what they need to know."
)

// seals is an officer's computer: their own key, and what the line handed them.
type seals struct {
	t         *testing.T
	home, dir string
}

func newSeals(t *testing.T, r *rig) seals {
	return seals{t: t, home: gpgHome(t, r.private["lima"], r.signing), dir: t.TempDir()}
}

// follow runs the lines of gpg that a caption shows, as they stand there, and returns the file that they write.
func (s seals) follow(caption string, key []byte, code, gist string) []byte {
	s.t.Helper()
	s.write(fld+".asc", key)
	s.write(code+".txt", []byte(gist))
	lines := 0
	for line := range strings.Lines(caption) {
		if !strings.HasPrefix(line, "gpg ") {
			continue
		}
		cmd := exec.Command("sh", "-c", "gpg --batch "+strings.TrimPrefix(strings.TrimSpace(line), "gpg "))
		cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "GNUPGHOME="+s.home)
		if out, err := cmd.CombinedOutput(); err != nil {
			s.t.Fatalf("%s: %v\n%s", line, err, out)
		}
		lines++
	}
	if lines != 2 {
		s.t.Fatalf("%d lines of gpg in\n%s", lines, caption)
	}
	sealed, err := os.ReadFile(filepath.Join(s.dir, code+"."+fld+".asc"))
	if err != nil {
		s.t.Fatal(err)
	}
	return sealed
}

func (s seals) write(name string, body []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), body, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// sendsFile sends a document from the phone.
func (a *actor) sendsFile(name string, body []byte) *telegramsim.Message {
	a.r.t.Helper()
	m, err := a.SendFile(telegramsim.Attachment{Kind: "document", Name: name, Data: body})
	if err != nil {
		a.r.t.Fatal(err)
	}
	return m
}

// presses presses the newest button with this data and no token.
func (a *actor) presses(data string) {
	a.r.t.Helper()
	a.pressesNewest(func(d string) bool { return d == data })
}

// answers presses the newest button with this data and a token: one of an older screen, whose buttons a kill left there, is another's.
func (a *actor) answers(data string) {
	a.r.t.Helper()
	a.pressesNewest(func(d string) bool { return strings.HasPrefix(d, data+"#") })
}

func (a *actor) pressesNewest(is func(data string) bool) {
	a.r.t.Helper()
	var at *telegramsim.Message
	var data string
	a.sees("a button", func(v telegramsim.View) bool {
		for _, m := range v.Messages {
			if m.Keyboard == nil {
				continue
			}
			for _, row := range m.Keyboard.Rows {
				for _, b := range row {
					if is(b.CallbackData) {
						at, data = m, b.CallbackData
					}
				}
			}
		}
		return at != nil
	})
	p, err := a.PressStale(at, data)
	if err != nil {
		a.r.t.Fatal(err)
	}
	if _, err := p.Wait(a.ctx); err != nil {
		a.r.t.Fatal(err)
	}
}

// refers suggests an organisation for a case that was read.
func (a *actor) refers(code, org, purpose string) {
	a.r.t.Helper()
	a.presses("refer:" + code)
	a.press("refer:" + code + "#" + org)
	purposes := referrals.Purposes()
	a.press(fmt.Sprintf("refer:%s#%s.%d", code, org, slices.Index(purposes, purpose)))
}

// inLanguages adapts the configuration: desks and defenders of Peru read another language.
func inLanguages(lang string) func(*rig, *string) {
	return func(_ *rig, config *string) {
		*config = strings.ReplaceAll(*config, "languages: [en]", "languages: ["+lang+", en]")
		*config = strings.Replace(*config, "languages: ["+lang+", en]", "languages: [en, "+lang+"]", 1) // the line's own
	}
}

// TestReferredByGPG hands a case on to an organisation that has no copy: the defender is asked, the officer seals a document with GnuPG by
// the lines that the line shows them, wrong documents change nothing, and the organisation opens it with GnuPG.
func TestReferredByGPG(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "ar"} {
		t.Run(lang, func(t *testing.T) {
			beside(t, waiting)
			referredByGPG(t, lang)
		})
	}
}

func referredByGPG(t *testing.T, lang string) {
	var change []func(*rig, *string)
	if lang != "en" {
		change = append(change, inLanguages(lang))
	}
	r := newRig(t, change...)
	officer, ngo, d := r.person(lima1, lang), r.person(fldChat, lang), r.person(0, lang)
	for _, a := range []*actor{officer, ngo, d} {
		a.start(t)
	}
	d.emergency("Canaryaccount: they are at the door", "mission")
	code := d.code()
	r.open("lima", officer.document(code+".asc"))
	officer.press("ack:" + code)
	officer.refers(code, fld, "relocation")
	d.reads("Front Line Defenders")
	if said := transcript(ngo.View()); strings.Contains(said, code) {
		t.Fatalf("the organisation was told before the defender agreed:\n%s", said)
	}
	d.press("consent:" + fld)

	key := officer.document(fld + ".asc")
	caption := officer.reads("gpg --import").Caption
	computer := newSeals(t, r)
	sealed := computer.follow(caption, key, code, canaryGist)
	wrongDocuments(t, r, officer, code, computer)
	officer.press("refer:" + code + "#." + fld)
	officer.sendsFile(code+".asc", sealed)

	ref := code + "-1"
	ngo.press("claim:" + ref)
	theirs := gpgHome(t, r.private[fld], r.signing)
	if got, _ := run(t, theirs, ngo.document(code+".asc"), "--batch", "--decrypt"); string(got) != canaryGist {
		t.Errorf("the organisation reads %q", got)
	}
	ngo.press("accept:" + ref)
	d.says("/cases")
	d.follow("case:" + code)
	d.follow("caseact:add")
	before := screen(d.View())
	d.says("Canarymore: and this")
	d.moved(before)
	d.answers("nav:done")
	d.answers("review:send")
	if got := decrypt(t, theirs, ngo.document(code+".2.asc")); !strings.Contains(string(got), "Canarymore") {
		t.Errorf("the addition reads\n%s", got)
	}
	officer.document(code + ".2.asc")
	assertNowhere(t, r, d.ID(), []string{"canarygist", "canarymore", "canaryaccount", "canaryplain"})
	t.Log(transcript(d.View()))
	t.Log(transcript(officer.View()))
	t.Log(transcript(ngo.View()))
}

// wrongDocuments hands in what cannot be passed on: each is refused, said why, and only what can be read is deleted.
func wrongDocuments(t *testing.T, r *rig, officer *actor, code string, s seals) {
	t.Helper()
	s.write("plain.txt", []byte("Canaryplain words"))
	gpg := func(args ...string) []byte {
		out, _ := run(t, s.home, []byte("Canaryplain words"), append([]string{"--batch", "--armor", "--trust-model", "always"}, args...)...)
		return out
	}
	own := fingerprintOf(t, r.private["lima"])
	for name, document := range map[string][]byte{
		"words":               []byte("Canaryplain words"),
		"armored, not sealed": gpg("--store"),
		"for the own desk":    gpg("--encrypt", "-r", own),
		"hidden":              gpg("--encrypt", "--throw-keyids", "-r", own),
		"with a passphrase":   gpg("--symmetric", "--pinentry-mode", "loopback", "--passphrase", "x"),
	} {
		readable := bytes.Contains(document, []byte("Canaryplain")) || name == "armored, not sealed"
		before := len(officer.View().Messages)
		officer.press("refer:" + code + "#." + fld)
		m := officer.sendsFile(code+".asc", document)
		v := officer.sees("an answer to a document with "+name, func(v telegramsim.View) bool {
			last := v.Last()
			return last != nil && last.From.IsBot && has(v, "refer:"+code+"#."+fld) && len(last.Text) > 0 && last.Keyboard != nil && last.ID > m.ID &&
				strings.Contains(last.Keyboard.Rows[0][0].CallbackData, "refer:"+code+"#.")
		})
		gone := func() bool {
			return !slices.ContainsFunc(officer.View().Messages, func(x *telegramsim.Message) bool { return x.ID == m.ID })
		}
		if readable && !r.eventually(gone) || !readable && gone() {
			t.Errorf("%s: readable %v, and gone %v:\n%s", name, readable, gone(), transcript(v))
		}
		if len(v.Messages) <= before {
			t.Errorf("%s: nothing was said", name)
		}
	}
	if n := r.copies(code); n != 1 {
		t.Errorf("%d copies are kept, of which one is the mission's", n)
	}
}

// TestAKeptCopyIsReleased hands a case on to an organisation whose turn had not come: its copy, sealed by the line, goes to it at once.
func TestAKeptCopyIsReleased(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer, pbi, ngo := r.desk(lima1), r.desk(pbiChat), r.desk(fldChat)
	d, code := r.sent("for two of them", "mission", fld, "pbi")
	pbi.offered("claim:" + code + "-1")
	officer.press("ack:" + code)
	officer.refers(code, fld, "funding")
	d.press("consent:" + fld)
	ngo.press("claim:" + code + "-2")
	if text := r.open(fld, ngo.document(code+".asc")); !strings.Contains(string(text), "for two of them") {
		t.Errorf("reads\n%s", text)
	}
	pbi.press("claim:" + code + "-1")
	officer.reads("has gone on to Front Line Defenders")
	officer.refers(code, "pbi", "accompaniment")
	officer.reads("has this case already")
}

// TestNoIsNo asks and is refused: the organisation hears nothing, and what is pressed again changes nothing.
func TestNoIsNo(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer, ngo := r.desk(lima1), r.desk(fldChat)
	d, code := r.sent("only for the mission", "mission")
	officer.press("ack:" + code)
	officer.refers(code, fld, "funding")
	v := d.offered("consent:none")
	asked := v.Last()
	d.press("consent:none")
	officer.reads("does not want Front Line Defenders")
	p, err := d.PressStale(asked, "consent:"+fld+"#"+code)
	if err != nil {
		t.Fatal(err)
	}
	if toast, err := p.Wait(d.ctx); err != nil || toast.Text == "" {
		t.Errorf("the old button was answered with %q, %v", toast.Text, err)
	}
	if said := transcript(ngo.View()); strings.Contains(said, code) || r.copies(code) != 1 {
		t.Errorf("the organisation was told, or has a copy:\n%s", said)
	}
}

// TestHeadquartersAfterSilence lets the only desk agreed to be silent. Headquarters hears nothing until the defender agrees; then it
// is alerted with a document that says that the case exists, and gets what is written for it.
func TestHeadquartersAfterSilence(t *testing.T) {
	beside(t, waiting)
	r := newRig(t, func(_ *rig, config *string) {
		*config = strings.ReplaceAll(*config, "acknowledge_within: 10m", "acknowledge_within: 1s")
		*config = strings.ReplaceAll(*config, "acknowledge_within: 20m", "acknowledge_within: 1s")
	})
	lima, hq := r.desk(lima1), r.desk(hqChat)
	d, code := r.sent("Canaryfirst for the mission", "mission")
	d.offered("consent:headquarters")
	hq.says("/queue")
	hq.reads("Nothing waits")
	hq.says("/case " + code)
	hq.reads("no such case")
	d.press("consent:headquarters")
	r.kill()
	r.start()
	home := gpgHome(t, r.private["headquarters"], r.signing)
	text := decrypt(t, home, hq.document(code+".asc"))
	doc := caseJSON(t, text)
	if doc["notice"] != "exists" || doc["country"] != "PE" || doc["lane"] != "emergency" || fmt.Sprint(doc["consent"]) != "[mission headquarters]" ||
		strings.Contains(string(text), "Canaryfirst") {
		t.Errorf("headquarters is told\n%s", text)
	}
	d.reads("Please write below what it should know")
	d.says("Canarysecond for headquarters")
	d.reads("Kept. You can write more")
	d.answers("nav:done")
	d.answers("review:send")
	r.kill()
	r.start()
	if text := decrypt(t, home, hq.document(code+".2.asc")); !strings.Contains(string(text), "Canarysecond") {
		t.Errorf("what is written for headquarters reads\n%s", text)
	}
	hq.press("ack:" + code)
	d.reads("was read by Human Rights Desk")
	lima.press("ack:" + code)
	d.reads("was read by British Embassy Lima")
	t.Log(transcript(d.View()))
}

// TestHeadquartersAssigns hands a case on from headquarters to a mission and to an organisation.
func TestHeadquartersAssigns(t *testing.T) {
	beside(t, waiting)
	const quitoChat = 900301
	r := newRig(t, func(r *rig, config *string) {
		*config = strings.Replace(*config, "headquarters:\n", fmt.Sprintf(`  - id: %s
    name: British Embassy Quito
    countries: [EC]
    languages: [en]
    keys: [%s]
    duty: [{chat: %d, acknowledge_within: 10m}]
headquarters:
`, quito, r.key(quito), quitoChat), 1)
	})
	hq, mission := r.desk(hqChat), r.desk(quitoChat)
	d, code := r.sent("for headquarters alone", "headquarters")
	hq.press("ack:" + code)
	hq.refers(code, quito, "relocation")
	d.press("consent:" + quito)
	key := hq.document(quito + ".asc")
	home := gpgHome(t, r.private["headquarters"], r.signing)
	run(t, home, key, "--batch", "--import")
	sealed, _ := run(t, home, []byte(canaryGist), "--batch", "--trust-model", "always", "--encrypt", "-r", fingerprintOf(t, r.private[quito]))
	hq.press("refer:" + code + "#." + quito)
	hq.sendsFile("for quito.gpg", sealed)
	theirs := gpgHome(t, r.private[quito], r.signing)
	if got, _ := run(t, theirs, mission.document(code+".asc"), "--batch", "--decrypt"); string(got) != canaryGist {
		t.Errorf("the mission reads %q", got)
	}
	mission.press("ack:" + code)
	d.reads("was read by British Embassy Quito")
	hq.refers(code, fld, "funding")
	d.offered("consent:" + fld)
}

// fingerprintOf is the fingerprint of a private key.
func fingerprintOf(t *testing.T, private []byte) string {
	t.Helper()
	home := gpgHome(t, private, private)
	out, _ := run(t, home, nil, "--batch", "--list-keys", "--with-colons")
	for line := range strings.Lines(string(out)) {
		if f := strings.Split(line, ":"); f[0] == "fpr" {
			return f[9]
		}
	}
	t.Fatal("no key")
	return ""
}

// TestReferringSurvivesKills kills the line, as kill -9 does, right after each act of handing a case on. With two replicas one
// is killed, by turns. Each act counts once, and the case arrives once.
func TestReferringSurvivesKills(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]rigOptions{"one that polls": {}, "two behind a webhook": {webhook: true, replicas: 2}} {
		t.Run(name, func(t *testing.T) {
			beside(t, waiting)
			r := newRigWith(t, o)
			officer, ngo := r.desk(lima1), r.desk(fldChat)
			d, code := r.sent("through it all", "mission")
			turn := 0
			struck := func() {
				p := r.replicas[turn%len(r.replicas)]
				turn++
				p.kill()
				p.start()
			}
			officer.press("ack:" + code)
			officer.presses("refer:" + code)
			officer.press("refer:" + code + "#" + fld)
			officer.press("refer:" + code + "#" + fld + ".1")
			struck()
			d.press("consent:" + fld)
			struck()
			computer := newSeals(t, r)
			sealed := computer.follow(officer.reads("gpg --import").Caption, officer.document(fld+".asc"), code, canaryGist)
			officer.press("refer:" + code + "#." + fld)
			struck()
			officer.sendsFile(code+".asc", sealed)
			struck()
			ngo.press("claim:" + code + "-1")
			struck()
			if got, _ := run(t, gpgHome(t, r.private[fld], r.signing), ngo.document(code+".asc"), "--batch", "--decrypt"); string(got) != canaryGist {
				t.Errorf("the organisation reads %q", got)
			}
			officer.reads("has gone on to Front Line Defenders")
			ngo.press("accept:" + code + "-1")
			d.reads("was taken on by Front Line Defenders")
			for who, a := range map[string]*actor{"the defender is asked": d, "the organisation is offered it": ngo} {
				n := 0
				for _, m := range a.View().Messages {
					if strings.Contains(m.Text, "suggests that") || strings.Contains(m.Text, "A case is offered") {
						n++
					}
				}
				if n > 1 {
					t.Errorf("%s %d times:\n%s", who, n, transcript(a.View()))
				}
			}
			if n := r.copies(code); n != 2 {
				t.Errorf("%d copies are kept", n)
			}
		})
	}
}
