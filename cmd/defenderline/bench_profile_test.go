package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"defenderline/referrals/store/redistest"
)

// profiled is added to the program for BenchmarkProfile, and only there: a page of profiles.
const profiled = `package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
)

func init() {
	go http.ListenAndServe(os.Getenv("DEFENDERLINE_BENCH_PROFILE"), nil)
}
`

// profileTime is how long the profile looks.
const profileTime = 10 * time.Second

// BenchmarkProfile prints where the line of BenchmarkLine spends its time, where it allocates, and what it holds. The binary is the
// real one with a page of profiles added. The profiles stay in the folder that is printed. It runs only when it is asked
// for by name: it measures nothing. What of both the compiler can use is left beside them: line.pgo, to be kept here when a busy
// line does other things than it did.
func BenchmarkProfile(b *testing.B) {
	if !strings.Contains(flag.Lookup("test.bench").Value.String(), "Profile") {
		b.Skip("ask for it: -bench Profile")
	}
	var seen []string
	for _, mode := range []string{"polling", "webhook"} {
		b.Run(mode, func(b *testing.B) { seen = append(seen, profile(b, mode)) })
	}
	if len(seen) < 2 {
		return
	}
	merged := filepath.Join(filepath.Dir(seen[0]), "line.pgo")
	if out, err := exec.Command("go", append([]string{"tool", "pprof", "-proto", "-output", merged}, seen...)...).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	fmt.Printf("\nfor the compiler: %s\n", merged)
}

// profile looks at one way to receive and returns the file that tells where the time went.
func profile(b *testing.B, mode string) string {
	l := newBenched(b, mode, "everysec")
	if status := l.stop(); status != 0 {
		b.Fatalf("stopped with %d\n%s", status, l.log)
	}
	addr, program := redistest.FreeAddr(b), profiledBinary(b)
	l.log = &logBuffer{}
	l.process = exec.Command(program, "serve", "--config", filepath.Join(l.dir, l.file))
	l.process.Env = append(os.Environ(), "DEFENDERLINE_BENCH_PROFILE="+addr)
	l.process.Stdout, l.process.Stderr = l.log, l.log
	if err := l.process.Start(); err != nil {
		b.Fatal(err)
	}
	if !l.eventually(func() bool { return l.status("/readyz") == http.StatusOK }) {
		b.Fatalf("the line did not become ready:\n%s", l.log)
	}
	l.crowd(chats, upTo(warmUp))
	folder, err := os.MkdirTemp("", "defenderline-profile")
	if err != nil {
		b.Fatal(err)
	}
	fetch(b, addr, "allocs", filepath.Join(folder, "allocs-before"))
	fetched := make(chan string)
	go func() {
		fetched <- fetchProfile(addr, fmt.Sprintf("profile?seconds=%d", int(profileTime.Seconds())), filepath.Join(folder, "cpu"))
	}()
	before := l.sent.Load()
	l.crowd(chats, until(time.Now().Add(profileTime)))
	if problem := <-fetched; problem != "" {
		b.Fatal(problem)
	}
	fetch(b, addr, "allocs", filepath.Join(folder, "allocs"))
	fmt.Printf("\nprofiles of %d conversations in %s\n", l.sent.Load()-before, folder)
	top(b, program, filepath.Join(folder, "cpu"))
	top(b, program, filepath.Join(folder, "cpu"), "-cum", "-show", "^defenderline")
	top(b, program, filepath.Join(folder, "allocs"), "-sample_index=alloc_objects", "-base", filepath.Join(folder, "allocs-before"))
	top(b, program, filepath.Join(folder, "allocs"), "-sample_index=alloc_space", "-base", filepath.Join(folder, "allocs-before"))
	top(b, program, filepath.Join(folder, "allocs"), "-sample_index=inuse_space")
	return filepath.Join(folder, "cpu")
}

// profiledBinary builds the program with the page.
func profiledBinary(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	here, err := os.Getwd()
	if err != nil {
		b.Fatal(err)
	}
	page, overlay, program := filepath.Join(dir, "page.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "defenderline")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(here, "bench_page.go"): page}})
	if err != nil {
		b.Fatal(err)
	}
	for file, content := range map[string]string{page: profiled, overlay: string(text)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if out, err := exec.Command("go", "build", "-trimpath", "-overlay", overlay, "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return program
}

func fetch(b *testing.B, addr, what, file string) {
	b.Helper()
	if problem := fetchProfile(addr, what, file); problem != "" {
		b.Fatal(problem)
	}
}

// fetchProfile writes a profile into a file; it returns what went wrong.
func fetchProfile(addr, what, file string) string {
	resp, err := http.Get("http://" + addr + "/debug/pprof/" + what)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	out, err := os.Create(file)
	if err != nil {
		return err.Error()
	}
	defer out.Close()
	if _, err := io.Copy(out, resp.Body); err != nil {
		return err.Error()
	}
	return ""
}

// top prints the first places of a profile.
func top(b *testing.B, program, file string, flags ...string) {
	b.Helper()
	args := append([]string{"tool", "pprof", "-top", "-nodecount=25"}, flags...)
	out, err := exec.Command("go", append(args, program, file)...).Output()
	if err != nil {
		b.Fatal(err)
	}
	fmt.Printf("\n%s\n%s", strings.Join(flags, " "), out)
}
