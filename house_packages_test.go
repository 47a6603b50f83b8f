package defenderline_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// waitFor reads until a line has the words, then drains the rest.
func waitFor(t *testing.T, from io.Reader, words string) {
	t.Helper()
	var seen []string
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if strings.Contains(lines.Text(), words) {
			go func() { _, _ = io.Copy(io.Discard, from) }()
			return
		}
		seen = append(seen, lines.Text())
	}
	t.Fatalf("it ended before it said %q:\n%s", words, strings.Join(seen, "\n"))
}

// machine is a pretended one: a folder of commands that record how they are
// called, and nothing else in the PATH.
type machine struct {
	dir string
}

// standIn is what each pretended command does: note its name and arguments, say
// what it was told to, and leave with the code it was told to.
const standIn = `#!/bin/sh
case "${0##*/}" in
apt-get) echo "policy: $(cat "$POLICY_RC_D" 2>/dev/null | tr '\n' ' ')RUNLEVEL=$RUNLEVEL" >>"$RECORD" ;;
esac
echo "${0##*/} $*" >>"$RECORD"
`

// newMachine pretends a machine that has the named commands, beside the few
// that every Debian has. An entry "name=words" says words; "name!" fails.
func newMachine(t *testing.T, commands ...string) machine {
	t.Helper()
	m := machine{t.TempDir()}
	for _, name := range []string{"sh", "cat", "tr", "tee", "rm", "chmod", "env"} {
		real, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(real, filepath.Join(m.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range commands {
		body := standIn
		name, words, says := strings.Cut(command, "=")
		name, fails := strings.CutSuffix(name, "!")
		if name == "sudo" && !fails { // sudo does as asked
			body += "[ \"$1\" = -n ] && shift\n\"$@\"\nexit\n"
		}
		if says {
			body += "echo '" + words + "'\n"
		}
		if fails {
			body += "exit 1\n"
		}
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte(body), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// packages runs .ci/packages there and returns what it said, whether it was
// content, and how it called the pretended commands.
func (m machine) packages(t *testing.T) (said string, content bool, calls []string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(m.dir, "sh"), ".ci/packages")
	record := filepath.Join(m.dir, "record")
	cmd.Env = []string{"PATH=" + m.dir, "RECORD=" + record, "POLICY_RC_D=" + m.policy()}
	out, err := cmd.CombinedOutput()
	text, readErr := os.ReadFile(record)
	if readErr != nil && !os.IsNotExist(readErr) {
		t.Fatal(readErr)
	}
	for call := range strings.Lines(string(text)) {
		if name, _, _ := strings.Cut(call, " "); !slices.Contains([]string{"id", "fc-list"}, name) {
			calls = append(calls, strings.TrimSpace(call))
		}
	}
	return string(out), err == nil, calls
}

func (m machine) policy() string { return filepath.Join(m.dir, "policy-rc.d") }

var complete = []string{"git", "gcc", "redis-server", "gpg", "chromium", "fc-list=DejaVu Sans"}

func TestPackagesLeavesCompleteMachineAlone(t *testing.T) {
	said, content, calls := newMachine(t, append(complete, "apt-get", "id=0")...).packages(t)
	if !content || said != "" || calls != nil {
		t.Errorf("content %t, said %q, called %q; want silence", content, said, calls)
	}
}

func TestPackagesTakesAnotherBrowser(t *testing.T) {
	said, content, _ := newMachine(t, "git", "gcc", "redis-server", "gpg", "google-chrome", "fc-list=x").packages(t)
	if !content {
		t.Errorf("it wants more: %s", said)
	}
}

// TestPackagesInstallsWithoutServices proves that a bare machine is filled by
// two calls of apt-get, with starts forbidden as long as they run and no longer.
func TestPackagesInstallsWithoutServices(t *testing.T) {
	const update = "apt-get -q -y -o DPkg::Lock::Timeout=120 update"
	const install = "apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "
	const forbidden = "policy: #!/bin/sh exit 101 RUNLEVEL=1"
	const everything = "redis-server gnupg chromium fontconfig fonts-dejavu-core"
	tests := map[string]struct {
		commands []string
		want     []string
	}{
		"bare, root": {
			[]string{"git", "gcc", "apt-get", "id=0"},
			[]string{forbidden, update, forbidden, install + everything},
		},
		"only a font missing, root": {
			[]string{"git", "gcc", "redis-server", "gpg", "chromium", "fc-list", "apt-get", "systemctl", "id=0"},
			[]string{forbidden, update, forbidden, install + "fontconfig fonts-dejavu-core"},
		},
		"with systemd, root": {
			[]string{"git", "gcc", "gpg", "chromium", "fc-list=x", "apt-get", "systemctl", "id=0"},
			[]string{forbidden, update, forbidden, install + "redis-server", "systemctl disable --quiet redis-server"},
		},
		"no compiler, root": {
			[]string{"git", "redis-server", "gpg", "chromium", "fc-list=x", "apt-get", "id=0"},
			[]string{forbidden, update, forbidden, install + "gcc libc6-dev"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, tt.commands...)
			said, content, calls := m.packages(t)
			if !content || !slices.Equal(calls, tt.want) {
				t.Errorf("content %t, called\n%s\nwant\n%s\nsaid %s", content, strings.Join(calls, "\n"), strings.Join(tt.want, "\n"), said)
			}
			if _, err := os.Stat(m.policy()); !os.IsNotExist(err) {
				t.Errorf("the policy file is left behind: %v", err)
			}
		})
	}
}

func TestPackagesUsesSudo(t *testing.T) {
	said, content, calls := newMachine(t, append(complete[1:], "apt-get", "sudo", "id=1000")...).packages(t)
	if want := "apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends git"; !content || !slices.Contains(calls, want) {
		t.Errorf("content %t, called %q, want %q; said %s", content, calls, want, said)
	}
	if !slices.ContainsFunc(calls, func(c string) bool { return strings.HasPrefix(c, "sudo env ") }) {
		t.Errorf("called %q, want apt-get through sudo", calls)
	}
}

func TestPackagesKeepsTheMachinesPolicy(t *testing.T) {
	m := newMachine(t, append(complete[1:], "apt-get", "id=0")...)
	if err := os.WriteFile(m.policy(), []byte("own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if said, content, _ := m.packages(t); !content {
		t.Errorf("it is not content: %s", said)
	}
	if text, err := os.ReadFile(m.policy()); err != nil || string(text) != "own" {
		t.Errorf("the policy is %q, %v; want it as it was", text, err)
	}
}

// TestPackagesFailsWithAptGet proves that a failed install is no success and
// leaves no policy behind.
func TestPackagesFailsWithAptGet(t *testing.T) {
	m := newMachine(t, "git", "gcc", "apt-get!", "id=0")
	if said, content, _ := m.packages(t); content {
		t.Errorf("content though apt-get failed: %s", said)
	}
	if _, err := os.Stat(m.policy()); !os.IsNotExist(err) {
		t.Errorf("the policy file is left behind: %v", err)
	}
}

// TestPackagesSaysWhatToDo proves that where it cannot install it installs
// nothing and names each missing program and the packages.
func TestPackagesSaysWhatToDo(t *testing.T) {
	tests := map[string]struct {
		commands []string
		reason   string
	}{
		"another system":      {[]string{"git", "gcc", "id=0"}, "there is no apt-get here"},
		"no root, no sudo":    {[]string{"git", "gcc", "apt-get", "id=1000"}, "that takes root"},
		"sudo wants password": {[]string{"git", "gcc", "apt-get", "sudo!", "id=1000"}, "that takes root"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			said, content, calls := newMachine(t, tt.commands...).packages(t)
			if content || slices.ContainsFunc(calls, func(c string) bool { return strings.HasPrefix(c, "apt-get") }) {
				t.Errorf("content %t, called %q; want a refusal and no install", content, calls)
			}
			for _, want := range []string{tt.reason, "\n  redis-server\n", "\n  gpg\n", "\n  chromium\n", "Arabic",
				"apt-get install --no-install-recommends redis-server gnupg chromium fontconfig fonts-dejavu-core\n"} {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q: %s", want, said)
				}
			}
		})
	}
}

// TestScriptsParse proves that every shell script is one, to sh as it is headed.
func TestScriptsParse(t *testing.T) {
	scripts, err := filepath.Glob(".ci/*")
	if err != nil || len(scripts) < 3 {
		t.Fatalf("found %q, %v; want run, packages and fuzz", scripts, err)
	}
	for _, script := range scripts {
		info, err := os.Stat(script)
		if err != nil || info.Mode().Perm()&0o111 == 0 {
			t.Errorf("%s: %v, want it executable", script, err)
		}
		if out, err := exec.Command("sh", "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", script, err, out)
		}
	}
}

// TestMakeTestOrder proves that the cheap checks come first, and all of them.
func TestMakeTestOrder(t *testing.T) {
	out, err := makes("-n", "test")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	at := 0
	for _, want := range []string{".ci/packages", "gofmt -l .", "go vet ./...", "go tool staticcheck ./...", "go test -race -timeout 25m ./..."} {
		next := strings.Index(out[at:], want)
		if next < 0 {
			t.Fatalf("%q is missing or too early in:\n%s", want, out)
		}
		at += next
	}
	run, err := os.ReadFile(".ci/run")
	if err != nil || !strings.Contains(string(run), "\nset -eu\n") || !strings.Contains(string(run), "\nmake test") {
		t.Errorf(".ci/run does not run make test strictly: %v\n%s", err, run)
	}
	demo, err := makes("-n", "demo")
	if err != nil || demo != "go run ./cmd/defenderline demo\n" {
		t.Errorf("make demo runs %q, %v", demo, err)
	}
}

// makes runs make as a person would, even when these tests run below make.
func makes(args ...string) (string, error) {
	cmd := exec.Command("make", append([]string{"--no-print-directory"}, args...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS=")
	})
	out, err := cmd.CombinedOutput()
	return string(out), err
}
