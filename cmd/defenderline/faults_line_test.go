package main

import (
	"context"
	"fmt"
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
	if status, took := p.stopTimed(); status != 0 || took > mostEnding {
		x.t.Errorf("stopped with %d in %v\n%s", status, took, tail(p.log.String(), 20))
	}
	p.start()
}

// stoppedInVain ends the line while a server does not answer: it goes within 15 seconds all the same. What it could not
// note down before is done afterwards, or done again.
func (x *trial) stoppedInVain() {
	p, s := x.pick(), x.serving()
	s.Freeze()
	status, took := p.stopTimed()
	s.Thaw()
	x.t.Logf("stopped without an answer from Redis in %v, exit status %d", took.Round(time.Millisecond), status)
	if took > mostEnding || status != 0 && status != 1 {
		x.t.Errorf("that is not as promised\n%s", tail(p.log.String(), 20))
	}
	p.start()
}

// mostEnding is how long the line may take to end.
const mostEnding = 15 * time.Second

// stopTimed is stop, and how long that took. For how long the program's threads waited for a processor is not counted: each wait of its own
// ends by a clock, and a machine that is busy with something else makes what comes after longer by so much and no more. A wait too long is
// found on any machine.
func (p *replica) stopTimed() (status int, took time.Duration) {
	p.r.t.Helper()
	begun, pid, starved := time.Now(), p.process.Process.Pid, time.Duration(0)
	before, ended, noted := waited(pid), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(noted)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				starved = max(starved, waited(pid)-before)
			}
		}
	}()
	status = p.stop()
	took = time.Since(begun)
	close(ended)
	<-noted
	return status, took - starved
}

// waited is for how long the threads of a process have waited for a processor, together (/proc/pid/schedstat: nanoseconds run, and waited).
// Nothing where the system does not say.
func waited(pid int) (sum time.Duration) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, name := range threads {
		text, _ := os.ReadFile(name) // of a thread that has ended there is none
		var ran, wait time.Duration
		_, _ = fmt.Sscan(string(text), &ran, &wait)
		sum += wait
	}
	return sum
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
