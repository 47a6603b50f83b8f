package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// wrongClock is added to the program for clocks that are wrong, and only there: a time whose seconds are as many off as a file says,
// read each time; its monotonic reading goes on, as that of a machine does whose clock is set.
const wrongClock = `package main

import (
	"os"
	"strconv"
	"time"
	"unsafe"
)

func wrongNow() time.Time {
	now := time.Now()
	text, err := os.ReadFile(os.Getenv("DEFENDERLINE_TEST_CLOCK"))
	seconds, err2 := strconv.ParseInt(string(text), 10, 64)
	if err != nil || err2 != nil {
		panic("a clock that nobody set")
	}
	*(*uint64)(unsafe.Pointer(&now)) += uint64(seconds) << 30
	return now
}
`

// wrongly is the program with such a clock, made once.
var wrongly struct {
	sync.Once
	path string
	err  error
}

// wrongProgram builds the program, with the race detector and a clock that can be set.
func wrongProgram(t testing.TB) string {
	t.Helper()
	wrongly.Do(func() { wrongly.path, wrongly.err = buildWrong() })
	if wrongly.err != nil {
		t.Fatal(wrongly.err)
	}
	return wrongly.path
}

// buildWrong lays over each file of the program that takes the time one that takes it from a clock that can be set.
func buildWrong() (string, error) {
	dir, err := os.MkdirTemp("", "defenderline")
	if err != nil {
		return "", err
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		return "", err
	}
	replace, taken := map[string]string{}, 0
	lay := func(name, content string) error {
		path, err := filepath.Abs(name)
		if err != nil {
			return err
		}
		replace[path] = filepath.Join(dir, name)
		return os.WriteFile(replace[path], []byte(content), 0o600)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		if strings.HasSuffix(name, "_test.go") || !bytes.Contains(text, []byte("time.Now")) {
			continue
		}
		taken++
		if err := lay(name, strings.ReplaceAll(string(text), "time.Now", "wrongNow")+"\nvar _ = time.Now\n"); err != nil {
			return "", err
		}
	}
	if taken == 0 {
		return "", fmt.Errorf("none of %d files takes the time", len(files))
	}
	if err := lay("wrong_clock.go", wrongClock); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file, path := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "defenderline")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-race", "-overlay", file, "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
}

// set sets the clock of a replica, which is wrong by so much from now on.
func (p *replica) set(wrong time.Duration) {
	p.r.t.Helper()
	p.r.write(p.file+".clock.new", strconv.Itoa(int(wrong.Seconds())))
	if err := os.Rename(p.clock()+".new", p.clock()); err != nil {
		p.r.t.Fatal(err)
	}
}

// clock is the file that says how wrong a replica's clock is.
func (p *replica) clock() string { return filepath.Join(p.r.dir, p.file+".clock") }
