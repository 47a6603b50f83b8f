package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"defenderline/referrals/store/redistest"
)

func TestMain(m *testing.M) {
	makeRoom()
	testscript.Main(tidy{m}, map[string]func(){"defenderline": main})
}

// tidy runs the tests and removes what they built.
type tidy struct{ m *testing.M }

func (t tidy) Run() int {
	defer removeBinaries()
	return t.m.Run()
}

// TestScripts runs the program as people do. Each script begins with the promise that it proves. It finds the
// example configuration in $WORK/example, and two real Redis servers: $REDIS keeps what it is given on disk,
// $REDIS_VOLATILE does not. Commands beside testscript's own: "edit FILE OLD NEW" replaces text that must be there,
// "fingerprint KEY FILE..." puts a key of the example where @KEY@ stands, "mode 600 FILE" compares permissions,
// "wrong ARGS..." runs the program and wants exit status 2 and one line.
func TestScripts(t *testing.T) {
	durable := redistest.Start(t)
	volatile := redistest.Start(t, "--appendonly", "no")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, "REDIS="+durable.URL(), "REDIS_VOLATILE="+volatile.URL())
			return os.CopyFS(filepath.Join(env.WorkDir, "example"), os.DirFS("../../configs/example"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"edit": edit, "fingerprint": fingerprint, "mode": mode, "wrong": wrong,
		},
	})
}

func edit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	path := ts.MkAbs(args[0])
	before, err := os.ReadFile(path)
	ts.Check(err)
	after := strings.ReplaceAll(string(before), args[1], args[2])
	if after == string(before) {
		ts.Fatalf("%q is not in %s", args[1], args[0])
	}
	ts.Check(os.WriteFile(path, []byte(after), 0o600))
}

func fingerprint(ts *testscript.TestScript, _ bool, args []string) {
	example := ts.ReadFile("example/defenderline.yaml")
	_, after, found := strings.Cut(example, "keys/"+args[0]+".asc, fingerprint: ")
	if !found || len(after) < 40 {
		ts.Fatalf("the example has no key %s", args[0])
	}
	for _, file := range args[1:] {
		edit(ts, false, []string{file, "@" + strings.ToUpper(args[0]) + "@", after[:40]})
	}
}

func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

func wrong(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("defenderline", args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 {
		ts.Fatalf("exit status 2 is wanted, got %v", err)
	}
	said := ts.ReadFile("stderr")
	if strings.Count(said, "\n") != 1 || !strings.HasSuffix(said, "; see: defenderline help\n") || ts.ReadFile("stdout") != "" {
		ts.Fatalf("one line is wanted, got %q", said)
	}
}
