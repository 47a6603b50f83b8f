package main

import (
	"slices"
	"strings"
	"testing"

	"defenderline/bot/telegramsim"
)

// killedWhile does something, and kills all replicas once a call has failed as it says.
func (r *rig) killedWhile(f telegramsim.Fault, do func()) {
	r.t.Helper()
	before := r.sim.Failed()[f.Kind]
	remove := r.sim.Inject(f)
	defer remove()
	do()
	if !r.eventually(func() bool { return r.sim.Failed()[f.Kind] > before }) {
		r.t.Fatalf("no call of %s came\nlog:\n%s", f.Method, r.log)
	}
	for _, p := range r.replicas {
		p.kill()
	}
}

// startAll starts every replica.
func (r *rig) startAll() {
	for _, p := range r.replicas {
		p.start()
	}
}

// TestHandOverSurvivesAKill hands over three cases, one of them acknowledged. Both replicas are killed before the colleague was told,
// and again before the first case has arrived. Each case is then with the colleague, who was told how many before the first; a new case reaches the colleague first. One is handed back
// by its own button.
func TestHandOverSurvivesAKill(t *testing.T) {
	beside(t, waiting)
	r := newRigWith(t, rigOptions{replicas: 2})
	first, second := r.desk(lima1), r.desk(lima2)
	var codes []string
	for _, words := range []string{"the first", "the second", "the third"} {
		_, code := r.sent(words, "mission")
		first.document(code + ".asc")
		codes = append(codes, code)
	}
	first.press("ack:" + codes[1])
	first.says("/duty")
	first.reads("You are on now")
	first.press("duty:give#lima")
	asked := first.offered("duty:give#lima.1").Last()
	r.killedWhile(telegramsim.Fault{Kind: telegramsim.FaultStatus, Method: "sendMessage", Chat: lima2}, func() {
		if _, err := first.PressStale(asked, "duty:give#lima.1"); err != nil {
			t.Fatal(err)
		}
		first.reads("3 open cases are passed on")
	})
	r.killedWhile(telegramsim.Fault{Kind: telegramsim.FaultStatus, Method: "sendDocument", Chat: lima2}, r.startAll)
	r.startAll()
	for _, code := range codes {
		second.document(code + ".asc")
		second.offered("ack:" + code)
	}
	calls := r.sim.Calls("sendMessage", "sendDocument")
	calls = slices.DeleteFunc(calls, func(c telegramsim.Call) bool { return c.Err != nil || c.Chat != lima2 })
	handed := func(c telegramsim.Call) bool {
		return c.Contains("Duty officer 1 hands over to you. Open cases that follow: 3.")
	}
	told := slices.IndexFunc(calls, handed)
	if told >= 0 && slices.ContainsFunc(calls[told+1:], handed) {
		t.Error("told twice")
	}
	alerted := slices.IndexFunc(calls, func(c telegramsim.Call) bool { return c.Method == "sendDocument" })
	if told < 0 || told > alerted {
		t.Errorf("told at %d, alerted from %d on", told, alerted)
	}
	_, fourth := r.sent("the fourth", "mission")
	second.document(fourth + ".asc")
	if strings.Contains(transcript(first.View()), fourth) {
		t.Error("who handed over is still alerted first")
	}
	second.press("ack:" + codes[0])
	second.press("handover:" + codes[0])
	second.press("handover:" + codes[0] + "#0")
	second.reads(codes[0] + " is handed over to Duty officer 1")
	first.offered("ack:" + codes[0])
	first.says("/case " + codes[0])
	first.reads("With: Duty officer 1.")
	first.press("ack:" + codes[0])
	first.says("/duty")
	first.reads("On now: Duty officer 2")
	first.press("duty:take#lima")
	first.reads("you are on now")
	_, fifth := r.sent("the fifth", "mission")
	first.document(fifth + ".asc")
}
