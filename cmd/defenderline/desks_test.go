package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
	"defenderline/referrals/seal"
)

// sent is an emergency that was sent with the given consents.
func (r *rig) sent(account string, consents ...string) (d *actor, code string) {
	r.t.Helper()
	d = r.person(0, "en")
	d.start(r.t)
	d.emergency(account, consents...)
	return d, d.code()
}

// desk is an officer or caseworker who has started the bot.
func (r *rig) desk(chat int64) *actor {
	r.t.Helper()
	a := r.person(chat, "en")
	a.start(r.t)
	a.reads("You are at the desk")
	return a
}

// TestDeclineGoesToTheNext declines at the first NGO; the next one consented to is offered the case, declines
// too, and headquarters, consented to, receives it. Nobody else hears of it.
func TestDeclineGoesToTheNext(t *testing.T) {
	r := newRig(t)
	fld, pbi, hq := r.desk(fldChat), r.desk(pbiChat), r.desk(hqChat)
	_, code := r.sent("for any who can help", "mission", "front-line-defenders", "pbi", "headquarters")
	// PBI names the country and comes before who serves everywhere.
	pbi.press("claim:" + code + "-1")
	pbi.document(code + ".asc")
	pbi.press("decline:" + code + "-1")
	if said := transcript(fld.View()); strings.Contains(said, code) {
		t.Errorf("the second NGO was told before the first declined:\n%s", said)
	}
	pbi.press("reason:capacity")
	fld.press("decline:" + code + "-2")
	if said := transcript(hq.View()); strings.Contains(said, code) {
		t.Errorf("headquarters was told while an NGO had the case:\n%s", said)
	}
	fld.press("reason:mandate")
	text := r.open("headquarters", hq.document(code+".asc"))
	if !strings.Contains(string(text), "for any who can help") {
		t.Errorf("headquarters reads:\n%s", text)
	}
	hq.press("ack:" + code)
}

// TestNothingWithoutConsent agrees to one NGO only: the mission, the other NGO and headquarters hear nothing,
// not even when that NGO declines; the defender is told that nobody has answered.
func TestNothingWithoutConsent(t *testing.T) {
	r := newRig(t)
	lima, fld, pbi, hq := r.desk(lima1), r.desk(fldChat), r.desk(pbiChat), r.desk(hqChat)
	d, code := r.sent("only for one", "front-line-defenders")
	fld.press("decline:" + code + "-1")
	fld.press("reason:capacity")
	d.reads("nobody")
	for name, other := range map[string]*actor{"lima": lima, "pbi": pbi, "hq": hq} {
		if said := transcript(other.View()); strings.Contains(said, code) {
			t.Errorf("%s was told without consent:\n%s", name, said)
		}
	}
	if n := r.copies(code); n != 1 {
		t.Errorf("the store has %d copies, one was consented to", n)
	}
}

// copies counts the sealed documents of a case in the store.
func (r *rig) copies(code string) int {
	db := r.redis.Client()
	n := 0
	for _, k := range db.Keys(r.t.Context(), "*:d:"+code).Val() {
		n += len(db.HKeys(r.t.Context(), k).Val())
	}
	return n
}

// TestClaimOnce lets two people of an NGO press the same button: one has it, the other is told.
func TestClaimOnce(t *testing.T) {
	r := newRig(t)
	fld := r.desk(fldChat)
	_, code := r.sent("claimed once", "front-line-defenders")
	v := fld.offered("claim:" + code + "-1")
	offer := v.Last()
	fld.press("claim:" + code + "-1")
	fld.document(code + ".asc")
	p, err := fld.PressStale(offer, "claim:"+code+"-1")
	if err != nil {
		t.Fatal(err)
	}
	toast, err := p.Wait(fld.ctx)
	if err != nil || !strings.Contains(toast.Text, "claimed") {
		t.Errorf("the second press was answered with %q, %v", toast.Text, err)
	}
	fld.press("accept:" + code + "-1")
	fld.press("complete:" + code + "-1")
	fld.press("outcome:funded")
	fld.says("/queue")
	fld.reads("Nothing waits")
}

// TestSilenceMovesOn lets every rung of the mission be silent: the next rung, then headquarters, is alerted.
func TestSilenceMovesOn(t *testing.T) {
	r := newRig(t, func(_ *rig, config *string) {
		*config = strings.ReplaceAll(*config, "acknowledge_within: 10m", "acknowledge_within: 1s")
		*config = strings.ReplaceAll(*config, "acknowledge_within: 20m", "acknowledge_within: 1s")
	})
	first, second, hq := r.desk(lima1), r.desk(lima2), r.desk(hqChat)
	d, code := r.sent("is anybody there", "mission", "headquarters")
	first.document(code + ".asc")
	second.document(code + ".asc")
	hq.document(code + ".asc")
	d.reads("has gone on to Human Rights Desk")
	hq.press("ack:" + code)
	d.reads("was read by Human Rights Desk")
}

// TestNoMission asks for help from a country without a mission in the line: headquarters is offered in its place.
func TestNoMission(t *testing.T) {
	r := newRig(t)
	hq := r.desk(hqChat)
	d := r.person(0, "en")
	d.start(t)
	d.press("menu:emergency")
	d.notice()
	d.press("safe:yes")
	d.press("urgency:now")
	d.says("Gambia")
	d.press("country:GM")
	d.says("no mission here")
	d.press("nav:done")
	v := d.offered("consent:headquarters")
	if has(v, "consent:mission") {
		t.Error("a mission is offered that there is not")
	}
	d.press("consent:headquarters")
	d.press("review:send")
	hq.document(d.code() + ".asc")
	if acts := d.acts - 2; acts > 7 { // without menu:emergency and the consent
		t.Errorf("%d acts", acts)
	}
}

// TestDeadKey serves with a mission whose key has expired: the line starts, is not ready and says which, and
// headquarters is offered in the mission's place.
func TestDeadKey(t *testing.T) {
	r := newRigAlmostReady(t, func(r *rig, config *string) {
		key := expired(t)
		r.write("lima.asc", key)
		fingerprint, err := seal.Fingerprint([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		*config = replaceKey(*config, "lima.asc", fingerprint)
	})
	if body := r.get("/readyz"); !strings.Contains(body, "lima") {
		t.Errorf("/readyz does not name the mission: %s", body)
	}
	hq := r.desk(hqChat)
	d := r.person(0, "en")
	d.start(t)
	d.press("menu:emergency")
	d.notice()
	d.press("safe:yes")
	d.press("urgency:now")
	d.press("country:PE")
	d.press("subject:self")
	d.reads("What is happening")
	d.says("the embassy cannot read")
	d.press("nav:done")
	if v := d.offered("consent:headquarters"); has(v, "consent:mission") {
		t.Error("a mission is offered that cannot read")
	}
	d.press("consent:headquarters")
	d.press("review:send")
	hq.document(d.code() + ".asc")
}

// TestWithdrawn takes a case back: whoever holds it is told, the sealed copies are gone, and the buttons do nothing.
func TestWithdrawn(t *testing.T) {
	r := newRig(t)
	lima, fld := r.desk(lima1), r.desk(fldChat)
	d, code := r.sent("to be taken back", "mission", "front-line-defenders")
	lima.document(code + ".asc")
	fld.offered("claim:" + code + "-1")
	d.says("/cases")
	d.follow("case:" + code)
	d.follow("caseact:withdraw")
	d.press("caseact:withdraw")
	lima.reads("has taken this case back")
	fld.reads("has taken this case back")
	fld.press("claim:" + code + "-1")
	fld.reads("taken back by the defender")
	if !r.eventually(func() bool { return r.copies(code) == 0 }) {
		t.Error("sealed copies are still there")
	}
}

// TestWipe erases a chat after sending: messages are deleted, one closing line stays, the case stays with its desk,
// and acknowledging it reaches nobody.
func TestWipe(t *testing.T) {
	r := newRig(t)
	lima := r.desk(lima1)
	d, code := r.sent("then erase it all", "mission")
	lima.document(code + ".asc")
	d.says("/wipe")
	d.press("wipe:yes")
	v := d.sees("one closing line", func(v telegramsim.View) bool { return len(v.Messages) == 1 && v.Messages[0].From.IsBot })
	if strings.Contains(v.Messages[0].Text, code) {
		t.Error("the closing line names the case")
	}
	lima.press("ack:" + code)
	lima.reads("acknowledged")
	d.says("/start")
	d.offered("menu:emergency")
	if strings.Contains(transcript(d.View()), code) {
		t.Error("the chat still knows the case")
	}
}

// TestAddition adds to a case after it was sent: one more document to whoever holds it.
func TestAddition(t *testing.T) {
	r := newRig(t)
	lima := r.desk(lima1)
	d, code := r.sent("the beginning", "mission")
	lima.document(code + ".asc")
	d.says("/cases")
	d.follow("case:" + code)
	d.follow("caseact:add")
	before := screen(d.View())
	d.says("and how it went on")
	d.moved(before)
	d.follow("nav:done")
	d.press("review:send")
	text := r.open("lima", lima.document(code+".2.asc"))
	if doc := caseJSON(t, text); doc["code"] != code || !strings.Contains(string(text), "and how it went on") {
		t.Errorf("the addition reads:\n%s", text)
	}
}

// TestWebhook walks an emergency by deliveries instead of polling, with a secret, and refuses others.
func TestWebhook(t *testing.T) {
	r := newRig(t, func(r *rig, config *string) {
		listen := freeAddr(t)
		r.write("hook-secret", "s3cret-of-the-hook")
		*config = strings.Replace(*config, "telegram: {token_file: token,", fmt.Sprintf(
			"telegram: {token_file: token, webhook: {url: \"http://%s/telegram\", listen: \"%s\", secret_file: hook-secret},", listen, listen), 1)
		r.hook = "http://" + listen + "/telegram"
	})
	lima := r.desk(lima1)
	_, code := r.sent("by delivery", "mission")
	lima.document(code + ".asc")
	lima.press("ack:" + code)
	resp, err := http.Post(r.hook, "application/json", strings.NewReader(`{"update_id":1}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a delivery without the secret was answered %d", resp.StatusCode)
	}
}
