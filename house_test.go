package defenderline_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path that go.mod declares.
const module = "defenderline"

// source is one Go file of the repository, parsed.
type source struct {
	path string
	fset *token.FileSet
	file *ast.File
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// line is the file and line that a finding points to.
func (s source) line(p token.Pos) string {
	return fmt.Sprintf("%s:%d", s.path, s.fset.Position(p).Line)
}

// room is the folder of the layout that the file lies in.
func (s source) room() string { return roomOf(path.Dir(s.path)) }

// tracked lists every file that is or would be committed. It asks git, so that
// a build's output or a developer's secrets beside the code are not read.
func tracked(t *testing.T) []string {
	t.Helper()
	// A checkout that belongs to another user is read here, never run.
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing the repository's files: %v: run the tests in a git checkout", err)
	}
	var files []string
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	files = slices.Compact(files)
	if len(files) == 0 {
		t.Fatal("git lists no file: the tests of the house would prove nothing")
	}
	return files
}

// sources parses every Go file outside testdata that is not generated.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, name := range tracked(t) {
		if !strings.HasSuffix(name, ".go") || strings.Contains(name, "testdata/") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		if !ast.IsGenerated(s.file) {
			all = append(all, s)
		}
	}
	for _, must := range []string{"cmd", "flows", "referrals"} {
		if !slices.ContainsFunc(all, func(s source) bool { return s.room() == must && !s.isTest() }) {
			t.Errorf("no Go file was found in %s: the tests of the house would prove nothing about it", must)
		}
	}
	return all
}

func parse(name string, text []byte) (source, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return source{path: name, fset: fset, file: file}, err
}

// anyRoom stands for every room, pure ones included.
var anyRoom = []string{"*"}

// layout lists the rooms of the house and whose packages each may import, its
// own aside. A package outside every room fails.
var layout = map[string][]string{
	"cmd":                anyRoom,
	"bot":                {"flows", "referrals", "i18n"},
	"bot/telegramsim":    nil,
	"configs":            {"referrals", "i18n"},
	"referrals":          nil,
	"referrals/seal":     {"referrals"},
	"referrals/store":    {"referrals"},
	"referrals/desk":     {"referrals"},
	"referrals/outcomes": {"referrals"},
	"referrals/mail":     {"referrals"},
	"flows":              nil,
	"i18n":               nil,
}

// roomOf returns the innermost room that holds the folder, "" for none.
func roomOf(dir string) string {
	for ; dir != "."; dir = path.Dir(dir) {
		if _, ok := layout[dir]; ok {
			return dir
		}
	}
	return ""
}

// library is a module from elsewhere and the rooms that may import it: in code
// that ships, and in tests. Tests may always do what their room's code may.
type library struct {
	code, tests []string
}

// wide are the rooms beside the pure ones (flows, referrals, i18n, the
// simulated Telegram), for libraries that bring no danger of their own.
var wide = []string{"cmd", "bot", "configs", "referrals/seal", "referrals/store", "referrals/desk", "referrals/mail"}

// libraries holds each module the house uses. One that is not here is refused:
// name it, its rooms, and why in the commit that brings it.
var libraries = map[string]library{
	"github.com/go-telegram/bot":            {code: []string{"bot"}, tests: []string{"bot/telegramsim"}},
	"github.com/go-json-experiment/json":    {code: []string{"bot", "referrals/desk"}},
	"github.com/hibiken/asynq":              {tests: []string{"referrals/store"}},
	"github.com/redis/go-redis":             {code: []string{"referrals/store"}, tests: []string{"cmd"}},
	"github.com/ProtonMail/gopenpgp":        {code: []string{"referrals/seal"}},
	"github.com/ProtonMail/go-crypto":       {code: []string{"referrals/seal"}},
	"github.com/goccy/go-yaml":              {code: []string{"configs"}, tests: anyRoom},
	"github.com/looplab/fsm":                {code: []string{"flows"}},
	"github.com/tink-crypto/tink-go":        {code: []string{"referrals/store"}},
	"github.com/wneessen/go-mail":           {code: []string{"referrals/mail"}},
	"github.com/alicebob/miniredis":         {code: []string{"cmd"}, tests: anyRoom},
	"github.com/spf13/cobra":                {code: []string{"cmd"}},
	"github.com/nicksnyder/go-i18n":         {code: []string{"i18n"}},
	"github.com/BurntSushi/toml":            {code: []string{"i18n"}, tests: []string{"flows"}},
	"golang.org/x/text":                     {code: anyRoom},
	"golang.org/x/sync":                     {code: wide},
	"golang.org/x/time":                     {code: wide},
	"golang.org/x/crypto":                   {code: wide},
	"github.com/cenkalti/backoff":           {code: wide},
	"github.com/prometheus/client_golang":   {code: wide},
	"github.com/prometheus/client_model":    {tests: wide},
	"github.com/prometheus/common":          {tests: wide},
	"github.com/chromedp":                   {tests: wide},
	"github.com/santhosh-tekuri/jsonschema": {tests: []string{"referrals/desk"}},
	"github.com/rogpeppe/go-internal":       {tests: anyRoom},
	"go.uber.org/goleak":                    {tests: anyRoom},
	"pgregory.net/rapid":                    {tests: anyRoom},
}

// TestImports proves who may import whom: the dangerous dependencies have one
// door each, and the pure rooms know nothing of the others.
func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		for _, problem := range importProblems(s) {
			t.Error(problem)
		}
	}
}

// importProblems says which imports of the file the house does not allow.
func importProblems(s source) []string {
	var found []string
	if s.room() == "" && path.Dir(s.path) != "." {
		return []string{s.path + ": the folder is not in the layout: put the file in a room that is, or add the room to layout with what it may import"}
	}
	for _, spec := range s.file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return []string{s.line(spec.Pos()) + ": " + err.Error()}
		}
		if problem := importProblem(s, imported); problem != "" {
			found = append(found, s.line(spec.Pos())+": "+problem)
		}
	}
	return found
}

func importProblem(s source, imported string) string {
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case first == module:
		return oursProblem(s, strings.TrimPrefix(imported, module+"/"))
	case strings.Contains(first, "."):
		return libraryProblem(s, imported)
	}
	return "" // the standard library
}

// oursProblem refuses an import of ours in code that ships. A test may put any
// rooms together to prove a promise.
func oursProblem(s source, folder string) string {
	from, to := s.room(), roomOf(folder)
	if s.isTest() || from == to || allowed(layout[from], to) {
		return ""
	}
	return fmt.Sprintf("%s imports %s; it may import of ours only %v: pass in what it needs, or declare a small interface where it is called", from, folder, layout[from])
}

func libraryProblem(s source, imported string) string {
	for name, lib := range libraries {
		if imported != name && !strings.HasPrefix(imported, name+"/") {
			continue
		}
		if allowed(lib.code, s.room()) || s.isTest() && (path.Dir(s.path) == "." || allowed(lib.tests, s.room())) {
			return ""
		}
		return fmt.Sprintf("%s imports %s, whose place is %v (in tests also %v): ask that package for what is needed", s.room(), name, lib.code, lib.tests)
	}
	return fmt.Sprintf("%s is not in libraries: name it there with the rooms that may use it, and defend it in the commit", imported)
}

func allowed(rooms []string, room string) bool {
	return slices.Contains(rooms, room) || slices.Contains(rooms, "*")
}

// TestFolders proves that the folder list stays the architecture.
func TestFolders(t *testing.T) {
	known := []string{"cmd", "flows", "referrals", "bot", "i18n", "configs", "docs", ".ci"}
	for _, name := range tracked(t) {
		folder, _, nested := strings.Cut(name, "/")
		if nested && !slices.Contains(known, folder) {
			t.Errorf("%s: %s is no folder of the layout %v", name, folder, known)
		}
	}
}

// TestImportRulesRefuse proves that each rule refuses what it is there for.
func TestImportRulesRefuse(t *testing.T) {
	tests := []struct{ file, imports, want string }{
		{"flows/a.go", "defenderline/i18n", "flows imports i18n"},
		{"referrals/a.go", "defenderline/referrals/seal", "referrals imports referrals/seal"},
		{"referrals/desk/a.go", "defenderline/referrals/store", "referrals/desk imports referrals/store"},
		{"bot/a.go", "defenderline/referrals/store", "bot imports referrals/store"},
		{"bot/telegramsim/a.go", "defenderline/flows", "bot/telegramsim imports flows"},
		{"bot/a.go", "github.com/redis/go-redis/v9", "whose place is [referrals/store]"},
		{"bot/a_test.go", "github.com/redis/go-redis/v9", "whose place is [referrals/store]"},
		{"bot/a.go", "github.com/alicebob/miniredis/v2", "whose place is [cmd]"},
		{"configs/a.go", "github.com/ProtonMail/go-crypto/openpgp", "whose place is [referrals/seal]"},
		{"bot/a.go", "pgregory.net/rapid", "in tests also [*]"},
		{"bot/a.go", "example.org/new/thing", "is not in libraries"},
		{"common/a.go", "fmt", "is not in the layout"},
		{"bot/a.go", "defenderline/referrals", ""},
		{"bot/a_test.go", "defenderline/bot/telegramsim", ""},
		{"cmd/defenderline/a.go", "defenderline/referrals/store", ""},
		{"cmd/defenderline/a_test.go", "github.com/redis/go-redis/v9", ""},
		{"referrals/store/a.go", "github.com/redis/go-redis/v9", ""},
	}
	for _, tt := range tests {
		s, err := parse(tt.file, fmt.Appendf(nil, "package a\n\nimport _ %q\n", tt.imports))
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(importProblems(s), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s importing %s: %q, want %q in it", tt.file, tt.imports, got, tt.want)
		}
	}
}
