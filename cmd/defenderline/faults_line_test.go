package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lineFaults are what happens to the line's own processes.
func lineFaults() []fault {
	two := rigOptions{replicas: 2}
	apart := rigOptions{replicas: 2, wrong: []time.Duration{30 * time.Second, -30 * time.Second}}
	return []fault{
		{name: "line killed", stores: everyStore, strikes: 3, mayRepeat: true, strike: (*trial).killed},
		{name: "one of two killed", rig: two, stores: everyStore, strikes: 2, mayRepeat: true, strike: (*trial).oneKilled},
		{name: "one of two frozen", rig: two, stores: everyStore, webhook: true, strikes: 1, mayRepeat: true, strike: (*trial).frozen},
		{name: "line stopped", stores: everyStore, webhook: true, strikes: 2, strike: (*trial).stopped},
		{name: "line stopped, redis frozen", stores: []storeKind{singleStore}, strikes: 1, mayRepeat: true, strike: (*trial).stoppedInVain},
		{name: "state keys exchanged", stores: everyStore, strikes: 1, strike: (*trial).exchanged},
		{name: "clocks apart", rig: apart, stores: everyStore, webhook: true, strikes: 3, strike: (*trial).apart},
		{name: "clock set", rig: apart, stores: everyStore, webhook: true, strikes: 3, strike: (*trial).clockSet},
		{name: "one of two killed, clocks apart", rig: apart, stores: everyStore, webhook: true, strikes: 2, mayRepeat: true, strike: (*trial).oneKilled},
	}
}

// killed kills the line as kill -9 does, and starts it again.
func (x *trial) killed() {
	p := x.pick()
	p.kill()
	p.start()
}

// oneKilled kills a replica and starts it again when the others have worked without it.
func (x *trial) oneKilled() {
	p := x.pick()
	p.kill()
	x.crowd.after(len(x.crowd.people))
	p.start()
}

// frozen stops a replica (SIGSTOP) until the lease of what it held has ended and people have gone on with the
// others, and lets it go on with what it believes to have.
func (x *trial) frozen() {
	p := x.pick()
	p.signal(syscall.SIGSTOP)
	defer p.signal(syscall.SIGCONT)
	begun := time.Now()
	if !within(2*patience, func() bool { return time.Since(begun) > lease && x.crowd.over() }) {
		x.t.Error("people wait for a replica that is frozen")
	}
}

// stopped ends the line as an operator does, under load: it goes within 15 seconds with status 0.
func (x *trial) stopped() {
	p := x.pick()
	begun := time.Now()
	if status := p.stop(); status != 0 {
		x.t.Errorf("stopped with %d\n%s", status, tail(p.log.String(), 20))
	}
	if took := time.Since(begun); took > 15*time.Second {
		x.t.Errorf("stopping took %v", took)
	}
	p.start()
}

// stoppedInVain ends the line while a server does not answer: it goes within 15 seconds all the same. What it could not
// note down before is done afterwards, or done again.
func (x *trial) stoppedInVain() {
	p, s := x.pick(), x.serving()
	s.Freeze()
	begun := time.Now()
	status := p.stop()
	took := time.Since(begun)
	s.Thaw()
	x.t.Logf("stopped without an answer from Redis in %v, exit status %d", took.Round(time.Millisecond), status)
	if took > 15*time.Second || status != 0 && status != 1 {
		x.t.Errorf("that is not as promised\n%s", tail(p.log.String(), 20))
	}
	p.start()
}

// exchanged starts the line with other state keys: it refuses to serve and says what to do; with its own it goes on.
func (x *trial) exchanged() {
	p := x.pick()
	p.stop()
	const file = "secrets/state-keys.json"
	own, err := os.ReadFile(filepath.Join(x.dir, file))
	if err != nil {
		x.t.Fatal(err)
	}
	elsewhere := filepath.Join(x.t.TempDir(), "other")
	if out, err := exec.Command(binary(x.t), "secrets", "init", elsewhere).CombinedOutput(); err != nil {
		x.t.Fatalf("secrets init: %v\n%s", err, out)
	}
	other, err := os.ReadFile(filepath.Join(elsewhere, "state-keys.json"))
	if err != nil {
		x.t.Fatal(err)
	}
	x.write(file, string(other))
	ctx, cancel := context.WithTimeout(x.t.Context(), patience)
	defer cancel()
	out, _ := exec.CommandContext(ctx, binary(x.t), "serve", "--config", filepath.Join(x.dir, p.file)).CombinedOutput()
	if ctx.Err() != nil || !strings.Contains(string(out), "put the former state_keys_file back") {
		x.t.Errorf("served with other state keys, or did not say what to do:\n%s", out)
	}
	x.write(file, string(own))
	p.start()
}

// apart lets people go on for a while: the trouble is there from the beginning.
func (x *trial) apart() { x.crowd.after(len(x.crowd.people)) }

// clockSet sets the clock of a replica, forwards or back, and lets people go on.
func (x *trial) clockSet() {
	wrong := []time.Duration{30 * time.Minute, 30 * time.Second, 0, -30 * time.Second, -30 * time.Minute}
	x.pick().set(wrong[x.random.IntN(len(wrong))])
	x.crowd.after(len(x.crowd.people))
}
