package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
	"defenderline/referrals/seal"
	"defenderline/referrals/store/redistest"
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
	a.reads("This chat is a desk of the line")
	return a
}

// TestDeclineGoesToTheNext declines at the first NGO; the next one consented to is offered the case, declines
// too, and headquarters, consented to, receives it. Nobody else hears of it.
func TestDeclineGoesToTheNext(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	r.desk(lima1) // who cannot be reached counts as silent
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
	beside(t, waiting)
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
	beside(t, waiting)
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
	beside(t, waiting)
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
	beside(t, waiting)
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
	beside(t, waiting)
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
	d := begun(t, r)
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
	beside(t, waiting)
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
	fld.without("claim:")
	fld.reads("taken back by the defender")
	if !r.eventually(func() bool { return r.copies(code) == 0 }) {
		t.Error("sealed copies are still there")
	}
}

// TestWipe erases a chat after sending: messages are deleted, one closing line stays, the case stays with its desk,
// and acknowledging it reaches nobody.
func TestWipe(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	lima := r.desk(lima1)
	d, code := r.sent("then erase it all", "mission")
	lima.document(code + ".asc")
	for range 2 { // the second deletes the closing line of the first
		d.says("/wipe")
		d.press("wipe:yes")
		v := d.sees("one closing line", func(v telegramsim.View) bool {
			return len(v.Messages) == 1 && v.Messages[0].From.IsBot && v.Messages[0].Keyboard == nil
		})
		if got := v.Messages[0].Text; got != "Deleted. Please delete this chat too." {
			t.Errorf("the closing line says %q", got)
		}
	}
	lima.press("ack:" + code)
	lima.reads("acknowledged")
	d.says("/start")
	d.offered("menu:emergency")
	if strings.Contains(transcript(d.View()), code) {
		t.Error("the chat still knows the case")
	}
}

// without waits until no button of the chat begins so.
func (a *actor) without(data string) telegramsim.View {
	a.r.t.Helper()
	return a.sees("no button "+data, func(v telegramsim.View) bool {
		for _, b := range v.Buttons() {
			if strings.HasPrefix(b, data) {
				return false
			}
		}
		return true
	})
}

// TestEveryRungSeesWhoHasIt lets the first rung be silent and the second acknowledge and close: the first one's alert
// says so, without a further message, and has no button that no longer fits.
func TestEveryRungSeesWhoHasIt(t *testing.T) {
	beside(t, waiting)
	r := newRig(t, func(_ *rig, config *string) {
		*config = strings.ReplaceAll(*config, "acknowledge_within: 10m", "acknowledge_within: 1s")
	})
	first, second := r.desk(lima1), r.desk(lima2)
	_, code := r.sent("who has it", "mission")
	first.document(code + ".asc")
	second.document(code + ".asc")
	second.press("ack:" + code)
	first.reads("acknowledged")
	told := len(first.without("ack:").Messages)
	second.press("close:" + code)
	second.press("outcome:contacted")
	first.reads("closed")
	if v := first.without("close:"); len(v.Messages) != told {
		t.Errorf("the first rung was written to:\n%s", transcript(v))
	}
	second.without("close:")
}

// TestActsFromTheQueue takes an offer from the list of what waits: the list stays a list, and the offer itself shows
// what can be done next.
func TestActsFromTheQueue(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	fld := r.desk(fldChat)
	_, one := r.sent("the first", "front-line-defenders")
	fld.offered("claim:" + one + "-1")
	_, two := r.sent("the second", "front-line-defenders")
	fld.offered("claim:" + two + "-1")
	fld.says("/queue")
	v := fld.offered("claim:" + one + "-1#q")
	list := v.Last()
	if _, err := fld.PressStale(list, "claim:"+one+"-1#q"); err != nil {
		t.Fatal(err)
	}
	fld.offered("decline:" + one + "-1")
	fld.offered("accept:" + one + "-1#q1")
	fld.offered("claim:" + two + "-1#q")
	fld.document(one + ".asc")
	fld.says(strings.ToLower(one) + "-1")
	fld.sees("the case by its code", func(v telegramsim.View) bool { return strings.Contains(v.Last().Text, "claimed") })
}

// TestOnlyTheReceiptStays sends a case with a photo: when the photo is sealed, nothing of the conversation is left to
// read in the chat. The desk gets the photo as a file of the case, and finds where it came.
func TestOnlyTheReceiptStays(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	lima := r.desk(lima1)
	d := r.person(0, "en")
	d.start(t)
	d.press("menu:emergency")
	d.notice()
	d.press("safe:yes")
	d.press("urgency:now")
	d.press("country:PE")
	d.press("subject:self")
	d.offered("nav:back")
	d.says("They are at the door.")
	d.attach(telegramsim.Attachment{Kind: "photo", Data: []byte("a photo"), Caption: "the car"})
	d.sees("an answer to the photo", func(v telegramsim.View) bool {
		return v.Last().From.IsBot && len(v.Messages) == 5 // the command, the question, words, photo, and one answer to both: no screen twice
	})
	d.press("nav:done")
	d.press("consent:mission")
	d.press("review:send")
	code := d.code()
	text := string(r.open("lima", lima.document(code+".asc")))
	if !strings.Contains(text, "They are at the door.\n\n[photo: "+code+".f1.pgp] the car\n") {
		t.Errorf("the account has no trace of the photo:\n%s", text)
	}
	lima.document(code + ".f1.pgp")
	lima.reads("File 1 of this case.")
	v := d.sees("the receipt alone", func(v telegramsim.View) bool { return len(v.Messages) == 1 })
	if got := v.Messages[0]; !got.From.IsBot || !strings.Contains(got.Text, code) {
		t.Errorf("what is left:\n%s", transcript(v))
	}
	lima.press("ack:" + code)
	d.reads("British Embassy Lima")
}

// TestAddition adds to a case after it was sent: one more document to whoever holds it.
func TestAddition(t *testing.T) {
	beside(t, waiting)
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
	r.named("lima", code+".2.asc", lima.document(code+".2.asc"))
	text := r.open("lima", lima.document(code+".2.asc"))
	if doc := caseJSON(t, text); doc["code"] != code || fmt.Sprint(doc["consent"]) != "[mission]" || !strings.Contains(string(text), "and how it went on") {
		t.Errorf("the addition reads:\n%s", text)
	}
}

// TestWebhook walks an emergency by deliveries instead of polling, with a secret, and refuses others.
func TestWebhook(t *testing.T) {
	beside(t, waiting)
	r := newRig(t, func(r *rig, config *string) {
		listen := redistest.FreeAddr(t)
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

// TestWebhookAtTheRoot serves deliveries of both bots where Telegram was told to send them, also when the url has no path.
func TestWebhookAtTheRoot(t *testing.T) {
	beside(t, waiting)
	r := newRig(t, func(r *rig, config *string) {
		desk, err := r.sim.AddBot("2000002:"+strings.Repeat("B", 35), "TheDeskBot")
		if err != nil {
			t.Fatal(err)
		}
		listen := redistest.FreeAddr(t)
		r.hook = "http://" + listen
		r.write("hook-secret", "s3cret-of-the-hook")
		r.write("desk-token", desk.Token())
		*config = strings.Replace(*config, "telegram: {token_file: token,", fmt.Sprintf("telegram: {token_file: token, desk_token_file: desk-token, "+
			"webhook: {url: \"%s\", listen: \"%s\", secret_file: hook-secret},", r.hook, listen), 1)
	})
	for _, c := range r.sim.Calls("setWebhook") {
		if url := c.Param("url"); strings.Contains(strings.TrimPrefix(url, "http://"), "//") {
			t.Errorf("Telegram was told %s", url)
		}
	}
	for path, want := range map[string]int{"/": http.StatusOK, "/desk": http.StatusOK, "/other": http.StatusNotFound, "/desk/": http.StatusNotFound} {
		req, err := http.NewRequest(http.MethodPost, r.hook+path, strings.NewReader(`{"update_id":77,"poll":{}}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", "s3cret-of-the-hook")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s is answered %d, want %d", path, resp.StatusCode, want)
		}
	}
}
