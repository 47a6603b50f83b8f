package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"defenderline/bot/telegramsim"
)

// enrol runs the command beside the line that serves.
func (r *rig) enrol(args ...string) (out, complaint string, status int) {
	r.t.Helper()
	run := exec.Command(r.program(), append([]string{"enrol", "--config", filepath.Join(r.dir, r.file)}, args...)...)
	var stdout, stderr bytes.Buffer
	run.Env, run.Stdout, run.Stderr = append(os.Environ(), "DEFENDERLINE_TEST_CLOCK="+r.clock()), &stdout, &stderr
	err := run.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	return stdout.String(), stderr.String(), run.ProcessState.ExitCode()
}

// link makes a link and returns what stands behind ?start=.
func (r *rig) link(desk, name string) (payload string) {
	r.t.Helper()
	out, complaint, status := r.enrol("--desk", desk, "--name", name)
	payload, ok := strings.CutPrefix(strings.TrimSpace(out), "https://t.me/TheLineBot?start=")
	if !ok || status != 0 || len(payload) != 43 {
		r.t.Fatalf("enrol printed %q, %q and ended with %d", out, complaint, status)
	}
	return payload
}

// follows presses Start behind a link.
func (a *actor) follows(payload string) {
	a.r.t.Helper()
	if _, err := a.Start(payload); err != nil {
		a.r.t.Fatal(err)
	}
}

// TestEnrol binds an officer's chat by a link while the line serves: the officer sees the queue, acknowledges and reads. The
// link works for nobody else, an organisation's link shows nothing of the mission's, and who is revoked is a stranger again.
func TestEnrol(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	r.desk(lima1)
	_, code := r.sent("for whoever is there", "mission")
	stolen := r.link("lima", "Officer 2")
	officer, thief, ngo := r.person(0, "en"), r.person(0, "en"), r.person(0, "en")
	officer.follows(stolen)
	officer.reads("This chat is a desk of the line")
	thief.follows(stolen)
	thief.offered("menu:emergency")
	ngo.follows(r.link("pbi", "Caseworker 2"))
	ngo.reads("Peace Brigades International")
	ngo.says(code)
	ngo.reads("no such case at your desk")
	if list, _, _ := r.enrol("--list"); !strings.Contains(list, "Officer 2") || !strings.Contains(list, "since") || strings.Contains(list, stolen) {
		t.Errorf("listed:\n%s", list)
	}
	officer.says("/queue")
	officer.press("ack:" + code + "#q")
	officer.says(code)
	officer.press("open:" + code)
	if text := r.open("lima", officer.document(code+".asc")); !strings.Contains(string(text), "for whoever is there") {
		t.Errorf("the officer reads:\n%s", text)
	}
	if !strings.Contains(r.get("/metrics"), `defenderline_refused_total{reason="enrol"} 1`) {
		t.Error("the stolen link was not counted")
	}
	for _, log := range []string{r.log.String(), r.get("/metrics")} {
		if strings.Contains(log, stolen) || strings.Contains(log, "Officer 2") {
			t.Error("a link or a name stands in the log or the metrics")
		}
	}
	if _, complaint, status := r.enrol("--desk", "lima", "--name", "Officer 2"); status != 1 || !strings.Contains(complaint, "revoke") {
		t.Errorf("a name was given twice: %d %s", status, complaint)
	}
	if _, complaint, status := r.enrol("--revoke", "Officer 2"); status != 0 {
		t.Fatalf("revoke: %d %s", status, complaint)
	}
	if !r.eventually(func() bool { return r.refuses(officer) }) {
		t.Errorf("who was revoked still sees the queue:\n%s", transcript(officer.View()))
	}
	if _, complaint, status := r.enrol("--revoke", "Officer 2"); status != 1 || !strings.Contains(complaint, "nobody") {
		t.Errorf("nobody was revoked: %d %s", status, complaint)
	}
}

// TestALinkLastsADayByTheLine makes links on a machine whose clock is wrong: both are good for a day by the clock of the line, which is
// Redis's, and are listed.
func TestALinkLastsADayByTheLine(t *testing.T) {
	beside(t, waiting)
	r := newRigWith(t, rigOptions{wrong: []time.Duration{0}})
	for name, wrong := range map[string]time.Duration{"Fast": 720 * time.Hour, "Slow": -720 * time.Hour} {
		r.set(wrong)
		payload := r.link("lima", name)
		list, complaint, _ := r.enrol("--list")
		r.set(0)
		day := time.Now().Add(24 * time.Hour).UTC()
		if !strings.Contains(list, "link until "+day.Format(time.DateOnly)) && !strings.Contains(list, "link until "+day.Add(-patience).Format(time.DateOnly)) {
			t.Errorf("%s: listed %q %s", name, list, complaint)
		}
		officer := r.person(0, "en")
		officer.follows(payload)
		officer.reads("This chat is a desk of the line")
	}
}

// refuses says whether /queue is answered as to a defender.
func (r *rig) refuses(a *actor) bool {
	r.t.Helper()
	before := a.View().Last().ID
	a.says("/queue")
	return has(a.sees("an answer", answeredAfter(before)), "menu:emergency")
}

// TestEnrolledRungIsAlerted lets the configured rungs be silent: the enrolled officer's is alerted next, also after the line
// was killed and started again.
func TestEnrolledRungIsAlerted(t *testing.T) {
	beside(t, waiting)
	r := newRig(t, func(_ *rig, config *string) {
		*config = strings.ReplaceAll(*config, "acknowledge_within: 10m", "acknowledge_within: 1s")
		*config = strings.ReplaceAll(*config, "acknowledge_within: 20m", "acknowledge_within: 1s")
	})
	officer := r.person(0, "en")
	officer.follows(r.link("lima", "Night"))
	officer.reads("This chat is a desk of the line")
	r.kill()
	r.start()
	d, code := r.sent("nobody of the first two", "mission")
	officer.document(code + ".asc")
	officer.press("ack:" + code)
	d.reads("British Embassy Lima")
}

// TestEnrolIsWrittenRightly proves what the command refuses before it talks to anybody.
func TestEnrolIsWrittenRightly(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	for args, want := range map[string]int{"": 2, "--desk lima": 2, "--name Ana": 2, "--list --revoke Ana": 2, "--list --desk lima --name Ana": 2,
		"--desk quito --name Ana": 2, "--revoke Ana": 1, "--list": 0} {
		if out, complaint, status := r.enrol(strings.Fields(args)...); status != want {
			t.Errorf("enrol %s: %d, want %d\n%s%s", args, status, want, out, complaint)
		}
	}
	for _, name := range []string{"", " Ana", "two\nlines"} {
		if _, complaint, status := r.enrol("--desk", "lima", "--name", name); status != 2 || !strings.Contains(complaint, "name") {
			t.Errorf("the name %q: %d %s", name, status, complaint)
		}
	}
}

// answeredAfter says that the line wrote below a message.
func answeredAfter(id int64) func(telegramsim.View) bool {
	return func(v telegramsim.View) bool {
		last := v.Last()
		return last.ID > id+1 && last.From.IsBot
	}
}
