package main

import (
	"bytes"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
	"defenderline/referrals/mail/mailtest"
)

// hqSecond is the chat of headquarters' second rung in these tests.
const hqSecond = 900098

// inSeconds has every rung and every organisation answer within a second or two: Lima three rungs, the last by mail alone,
// headquarters two.
func inSeconds(srv *mailtest.Server) func(*rig, *string) {
	return func(r *rig, config *string) {
		mailed(srv, "2s")(r, config)
		*config = strings.NewReplacer(
			fmt.Sprintf("{chat: %d, email: %s, acknowledge_within: 2s}", lima1, firstAddress), fmt.Sprintf("{chat: %d, acknowledge_within: 2s}", lima1),
			fmt.Sprintf("      - {email: %s, acknowledge_within: 2s}", secondAddress),
			fmt.Sprintf("      - {chat: %d, acknowledge_within: 2s}\n      - {email: %s, acknowledge_within: 2s}", lima2, secondAddress),
			fmt.Sprintf("duty: [{chat: %d, acknowledge_within: 30m}]", hqChat),
			fmt.Sprintf("duty: [{chat: %d, acknowledge_within: 2s}, {chat: %d, acknowledge_within: 2s}]", hqChat, hqSecond),
			"accept_within: 30m", "accept_within: 20s", // the last organisation is done behind the mission's ladder, also when each killed replica held that for its lease
		).Replace(*config)
	}
}

// told are the chats that were sent a message or a document with that in it, in the order in which each was told first.
func (r *rig) told(words string, of ...int64) (order []int64) {
	for _, c := range r.sim.Calls("sendMessage", "sendDocument") {
		if c.Err == nil && slices.Contains(of, c.Chat) && !slices.Contains(order, c.Chat) && c.Contains(words) {
			order = append(order, c.Chat)
		}
	}
	return order
}

// eventAt is what became of a case at a desk, as the store's events have it: a letter for the state, and when.
type eventAt struct{ state, at string }

// eventsAt are what became of the only case at a desk.
func (r *rig) eventsAt(desk string) (out []eventAt) {
	r.t.Helper()
	entries, err := r.redis.Client().XRange(r.t.Context(), "{desk:"+desk+"}:ev", "-", "+").Result()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		for _, one := range strings.Fields(e.Values["e"].(string)) {
			out = append(out, eventAt{one[:1], one[2:14]})
		}
	}
	return out
}

// states are their letters.
func states(events []eventAt) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString(e.state)
	}
	return b.String()
}

// said is how often a line stands in the logs of all replicas, also of those that were killed.
func said(logs []*logBuffer, words string) (n int) {
	for _, l := range logs {
		n += strings.Count(l.String(), words)
	}
	return n
}

// TestNobodyAnswers is a case of which nobody takes any notice: every rung of the mission is alerted in turn, by chat or by mail,
// then every rung of headquarters; beside them one organisation after the other is offered it; at the end a person is paged,
// once, and the defender is told. Each of two replicas is killed as kill -9 does on the way, and one started again.
func TestNobodyAnswers(t *testing.T) {
	beside(t, waiting)
	srv := &mailtest.Server{}
	r := newRigWith(t, rigOptions{replicas: 2, change: []func(*rig, *string){inSeconds(srv)}})
	srv.Serve(t)
	first, second := r.desk(lima1), r.desk(lima2)
	hq, behind := r.desk(hqChat), r.desk(hqSecond)
	pbi, fld := r.desk(pbiChat), r.desk(fldChat)
	logs := []*logBuffer{r.replicas[0].log, r.replicas[1].log}
	d, code := r.sent("is nobody there", "mission", "pbi", "front-line-defenders", "headquarters")

	first.document(code + ".asc")
	r.replicas[0].kill()
	pbi.offered("claim:" + code + "-1")
	second.document(code + ".asc")
	r.replicas[0].start()
	logs = append(logs, r.replicas[0].log)
	if text := openedMail(t, gpgHome(t, r.private["lima"], r.signing), mailTo(r, srv, secondAddress, 1)); !strings.Contains(text, "is nobody there") {
		t.Errorf("the third rung reads:\n%s", text)
	}
	r.replicas[1].kill()
	hq.document(code + ".asc")
	behind.document(code + ".asc")
	fld.sees("the second offer", func(v telegramsim.View) bool { return strings.Contains(transcript(v), code+"-2") })
	d.reads("has gone on to Human Rights Desk")
	page, err := mail.ReadMessage(bytes.NewReader(mailTo(r, srv, "ops@example.org", 1)))
	if err != nil || page.Header.Get("Subject") != "The line needs its operator" {
		t.Fatalf("%v, %v", page, err)
	}
	body, err := io.ReadAll(page.Body)
	if err != nil || !bytes.Contains(body, []byte(code)) || bytes.Contains(body, []byte("nobody there")) {
		t.Errorf("the page reads %q, %v", body, err)
	}
	d.reads("Nobody has answered your case")

	if got := r.told(code, lima1, lima2, hqChat, hqSecond); !slices.Equal(got, []int64{lima1, lima2, hqChat, hqSecond}) {
		t.Errorf("alerted in the order %v", got)
	}
	if got := r.told(code, pbiChat, fldChat); !slices.Equal(got, []int64{pbiChat, fldChat}) {
		t.Errorf("offered in the order %v", got)
	}
	mission, behindIt := r.eventsAt("lima"), r.eventsAt("headquarters")
	for desk, want := range map[string]string{"lima": "aaad", "headquarters": "aad", "pbi": "ej", "front-line-defenders": "ej"} {
		if got := states(r.eventsAt(desk)); got != want { // a alerted, d silent, e offered, j expired
			t.Errorf("%s: %s, want %s", desk, got, want)
		}
	}
	if mission[len(mission)-1].at > behindIt[0].at {
		t.Error("headquarters was told before the mission's ladder had ended")
	}
	if pages, _ := r.metric("defenderline_pages_total"); pages != 1 || said(logs, "nobody has answered a case") != 1 {
		t.Errorf("%v pages, said %d times", pages, said(logs, "nobody has answered a case"))
	}
	for _, l := range logs {
		if strings.Contains(l.String(), "nobody has answered a case") && (!strings.Contains(l.String(), `"level":"ERROR","msg":"nobody has answered a case`) || !strings.Contains(l.String(), code)) {
			t.Errorf("the page is not at error level, or without the code:\n%s", l)
		}
	}
	pages := 0
	for _, m := range srv.Got() {
		if m.To == "TO:<ops@example.org>" {
			pages++
		}
	}
	if pages != 1 {
		t.Errorf("the operator has %d mails", pages)
	}
	first.says("/case " + code)
	first.reads("nobody has answered")
	first.press("ack:" + code) // still theirs to take up
	d.reads("was read by British Embassy Lima")
}

// TestWhoCannotBeReached has the first officer and the first organisation block the bot: the next ones are told at once, although
// minutes would be left, and a case goes on when nobody can be reached at all.
func TestWhoCannotBeReached(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	first, second, hq := r.desk(lima1), r.desk(lima2), r.desk(hqChat)
	pbi, fld := r.desk(pbiChat), r.desk(fldChat)
	first.Block()
	pbi.Block()
	_, code := r.sent("the first is away", "mission", "pbi", "front-line-defenders")
	second.document(code + ".asc")
	fld.offered("claim:" + code + "-2")
	second.press("ack:" + code)
	second.Block()
	hq.Block()
	d, _ := r.sent("all are away", "mission", "headquarters")
	d.reads("Nobody has answered your case")
	counted := func() float64 { n, _ := r.metric(`defenderline_unreachable_total{reason="blocked"}`); return n }
	if !r.eventually(func() bool { return counted() == 5 }) { // counted behind the move that the defender heard of
		t.Errorf("%v counted as unreachable", counted())
	}
	for _, chat := range []int{lima1, lima2, hqChat, pbiChat} {
		if strings.Contains(r.log.String(), fmt.Sprint(chat)) {
			t.Errorf("a chat is in the log:\n%s", r.log)
		}
	}
}
