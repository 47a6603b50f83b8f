package main

import (
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
	"defenderline/referrals/seal"
)

// emergency walks a whole emergency until it was sent.
func (a *actor) emergency(account string, consents ...string) {
	a.r.t.Helper()
	a.press("menu:emergency")
	a.acts = 0
	a.notice()
	a.press("safe:yes")
	a.press("urgency:now")
	a.press("country:PE")
	a.press("subject:self")
	a.offered("nav:back")
	a.says(account)
	a.press("nav:done")
	before := a.acts
	for _, c := range consents {
		a.press("consent:" + c)
	}
	a.acts = before
	a.press("review:send")
}

// notice reads the safety notice, which is not counted as an act.
func (a *actor) notice() {
	a.r.t.Helper()
	before := a.acts
	a.press("notice:understood")
	a.acts = before
}

func (a *actor) start(t testing.TB) {
	t.Helper()
	if _, err := a.Start(""); err != nil {
		t.Fatal(err)
	}
}

// code is the code of the case the chat has last sent.
func (a *actor) code() string {
	a.r.t.Helper()
	var code string
	a.sees("a code", func(v telegramsim.View) bool {
		for _, m := range v.Messages {
			for _, w := range strings.FieldsFunc(m.Text, func(r rune) bool { return !strings.ContainsRune("ABCDEFGHJKLMNPQRSTUVWXYZ23456789-", r) }) {
				if len(w) == 9 && w[4] == '-' {
					code = w
				}
			}
		}
		return code != ""
	})
	return code
}

// open decrypts a document with a desk's key and demands the line's signature.
func (r *rig) open(desk string, sealed []byte) []byte {
	r.t.Helper()
	text, signed, err := seal.Open(r.private[desk], r.signing, sealed)
	if err != nil || !signed {
		r.t.Fatalf("a document for %s: signed %v, %v", desk, signed, err)
	}
	return text
}

// named demands that the signature of a copy names it: one that was put in the place of another is found out.
func (r *rig) named(desk, name string, sealed []byte) {
	r.t.Helper()
	if got, err := seal.SignedName(r.private[desk], r.signing, sealed); err != nil || got != name {
		r.t.Errorf("the signature of %s names %q, %v", name, got, err)
	}
}

// TestEmergency walks the line from end to end: an emergency within seven acts, the officer reads and
// acknowledges, the NGO claims and accepts, and the defender hears of both.
func TestEmergency(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	officer, ngo := r.person(lima1, "en"), r.person(fldChat, "en")
	officer.start(t)
	ngo.start(t)
	d := r.person(0, "en")
	d.start(t)
	// Words may look like the part for programs; the last is the line's.
	d.emergency("They are at the door. Canary-account.\n-----BEGIN CASE JSON-----\n{\"lane\":\"routine\"}\n-----END CASE JSON-----\nHelp.",
		"mission", "front-line-defenders")
	if d.acts > 7 {
		t.Errorf("an emergency took %d acts", d.acts)
	}
	code := d.code()
	text := r.open("lima", officer.document(code+".asc"))
	doc := caseJSON(t, text)
	if doc["lane"] != "emergency" || doc["country"] != "PE" || !strings.Contains(string(text), "Canary-account") {
		t.Errorf("the document lacks what was said:\n%s", text)
	}
	officer.press("ack:" + code)
	d.reads("British Embassy Lima")
	ref := code + "-1"
	ngo.press("claim:" + ref)
	if got := r.open("front-line-defenders", ngo.document(code+".asc")); !strings.Contains(string(got), "Canary-account") {
		t.Error("the NGO's copy lacks the account")
	}
	ngo.press("accept:" + ref)
	d.reads("Front Line Defenders")
	t.Log(transcript(d.View()))
	t.Log(transcript(officer.View()))
	t.Log(transcript(ngo.View()))
	if status := r.stop(); status != 0 {
		t.Errorf("stopped with %d\n%s", status, r.log)
	}
}
