package defenderline_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The limits of the shape. What is over one of them is hard to hold in one's
// head, and nearly always two things.
const (
	maxFile       = 500
	maxFunction   = 60
	maxComplexity = 15
)

// TestShape proves that code stays small, documented, and free of hidden starts.
func TestShape(t *testing.T) {
	all := sources(t)
	for _, s := range all {
		for _, problem := range shapeProblems(s) {
			t.Error(problem)
		}
	}
	for _, problem := range packageCommentProblems(all) {
		t.Error(problem)
	}
}

// shapeProblems says what of the file breaks a limit. Tests are held to the
// length of files and to having no init; a long table of cases is no fault.
func shapeProblems(s source) []string {
	var found []string
	report := func(p token.Pos, format string, args ...any) {
		found = append(found, s.line(p)+": "+fmt.Sprintf(format, args...))
	}
	if n := s.fset.File(s.file.Pos()).LineCount() - 1; n > maxFile {
		report(s.file.Pos(), "the file has %d lines, more than %d: split it by concept", n, maxFile)
	}
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			functionProblems(s, f, report)
		}
	}
	if s.isTest() || s.file.Name.Name == "main" {
		return found
	}
	for _, name := range undocumented(s.file) {
		report(name.Pos(), "%s has no comment: say what it promises, its units, its limits, its errors", name.Name)
	}
	return found
}

func functionProblems(s source, f *ast.FuncDecl, report func(token.Pos, string, ...any)) {
	if f.Name.Name == "init" && f.Recv == nil {
		report(f.Pos(), "init runs unasked: build it where it is used and pass it in")
	}
	if s.isTest() {
		return
	}
	lines := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1
	if lines > maxFunction {
		report(f.Pos(), "%s has %d lines, more than %d: name its steps", f.Name.Name, lines, maxFunction)
	}
	if c := complexity(f); c > maxComplexity {
		report(f.Pos(), "%s has complexity %d, more than %d: take a branch out or make it a table", f.Name.Name, c, maxComplexity)
	}
}

// complexity counts the ways through a function, function literals included:
// one, and one more for each condition, loop, case, && and ||.
func complexity(f *ast.FuncDecl) int {
	ways := 1
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			ways++
		case *ast.CaseClause:
			ways += min(len(n.List), 1) // the default is no further way
		case *ast.CommClause:
			if n.Comm != nil {
				ways++
			}
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				ways++
			}
		}
		return true
	})
	return ways
}

// undocumented returns the exported names without a comment. The comment of a
// group, or one at the end of the line, is one.
func undocumented(f *ast.File) []*ast.Ident {
	var bare []*ast.Ident
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Doc == nil && d.Name.IsExported() && reachable(d.Recv) {
				bare = append(bare, d.Name)
			}
		case *ast.GenDecl:
			if d.Doc != nil {
				continue
			}
			for _, spec := range d.Specs {
				bare = append(bare, undocumentedIn(spec)...)
			}
		}
	}
	return bare
}

func undocumentedIn(spec ast.Spec) []*ast.Ident {
	var names []*ast.Ident
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Doc == nil && s.Comment == nil {
			names = []*ast.Ident{s.Name}
		}
	case *ast.ValueSpec:
		if s.Doc == nil && s.Comment == nil {
			names = slices.Clone(s.Names)
		}
	}
	return slices.DeleteFunc(names, func(n *ast.Ident) bool { return !n.IsExported() })
}

// reachable reports whether a method's receiver is exported; so is a function's, which has none.
func reachable(receiver *ast.FieldList) bool {
	if receiver == nil {
		return true
	}
	var name *ast.Ident // the first one: *T[V] is reached by T
	ast.Inspect(receiver.List[0].Type, func(n ast.Node) bool {
		if found, ok := n.(*ast.Ident); ok && name == nil {
			name = found
		}
		return name == nil
	})
	return name.IsExported()
}

// packageCommentProblems names the folders whose code has no package comment.
func packageCommentProblems(all []source) []string {
	documented := map[string]bool{}
	for _, s := range all {
		if !s.isTest() {
			dir := path.Dir(s.path)
			documented[dir] = documented[dir] || s.file.Doc != nil
		}
	}
	var found []string
	for dir, ok := range documented {
		if !ok {
			found = append(found, dir+": no file has a package comment: say the choice first, then the reasons, then the limits")
		}
	}
	slices.Sort(found)
	return found
}

// wording is what no file of the repository may say.
type wording struct {
	pattern *regexp.Regexp
	files   *regexp.Regexp // by name; nil for all
	remedy  string
}

// wordings are put together from halves, so that this file does not say them.
func wordings() []wording {
	hosts := []string{"proxy.golang" + ".org", "sum.golang" + ".org", "deb.debian" + ".org", "registry.npmjs" + ".org"}
	for i := range hosts {
		hosts[i] = regexp.QuoteMeta(hosts[i])
	}
	return []wording{
		{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`), regexp.MustCompile(`\.(go|lua|html|css|js|sh)$|file$`),
			"do it, or say in the package comment what is left out and why"},
		{regexp.MustCompile("(^|[\\s\"'`(=:])/wo" + `rk(/|\b)`), nil, "a path of one machine: name it relative to the repository"},
		{regexp.MustCompile(`\.\./sha` + `red\b`), nil, "the project stands alone: nothing beside the checkout is there for others"},
		{regexp.MustCompile(strings.Join(hosts, "|")), nil, "whoever builds has a mirror of their own: name packages, never where they come from"},
	}
}

// TestWording proves that the repository stands alone and is finished.
func TestWording(t *testing.T) {
	for _, name := range tracked(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range wordingProblems(name, text) {
			t.Error(problem)
		}
	}
}

func wordingProblems(name string, text []byte) []string {
	if bytes.IndexByte(text, 0) >= 0 { // a picture, a key ring
		return nil
	}
	var found []string
	for _, w := range wordings() {
		if w.files != nil && !w.files.MatchString(name) {
			continue
		}
		for _, at := range w.pattern.FindAllIndex(text, -1) {
			line := 1 + bytes.Count(text[:at[0]], []byte("\n"))
			found = append(found, fmt.Sprintf("%s:%d: %q: %s", name, line, text[at[0]:at[1]], w.remedy))
		}
	}
	return found
}

// TestStyleRulesRefuse proves that each rule refuses what it is there for.
func TestStyleRulesRefuse(t *testing.T) {
	const head = "// Package a is short.\npackage a\n\n"
	branches := strings.Repeat("\tif x && x {\n\t}\n", 8)
	tests := []struct{ file, text, want string }{
		{"a.go", head + "func init() {}\n", "init runs unasked"},
		{"a_test.go", head + "func init() {}\n", "init runs unasked"},
		{"a.go", head + "func F() {}\n", "a.go:4: F has no comment"},
		{"a.go", head + "type T int\n", "T has no comment"},
		{"a.go", head + "const A, b = 1, 2\n", "A has no comment"},
		{"a.go", head + "type t int\n\nfunc (*t) F() {}\n", ""},
		{"a.go", head + "// T is.\ntype T[V any] struct{}\n\nfunc (*T[v]) F() {}\n", "F has no comment"},
		{"a.go", head + "// Both are.\nconst (\n\tA = 1\n\tB = 2\n)\n", ""},
		{"a.go", head + "const (\n\tA = 1 // is one\n\tB = 2\n)\n", "B has no comment"},
		{"a.go", head + "func f() {\n" + strings.Repeat("\n", 59) + "}\n", "f has 61 lines"},
		{"a.go", head + "func f() {\n" + strings.Repeat("\n", 58) + "}\n", ""},
		{"a.go", head + "func f(x bool) {\n" + branches + "}\n", "f has complexity 17"},
		{"a_test.go", head + "func f(x bool) {\n" + branches + "}\n", ""},
		{"a_test.go", head + strings.Repeat("\n", maxFile), "more than 500"},
		{"a.go", "package a\n", "no file has a package comment"},
	}
	for _, tt := range tests {
		s, err := parse(tt.file, []byte(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(append(shapeProblems(s), packageCommentProblems([]source{s})...), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q in it, for:\n%s", tt.file, got, tt.want, tt.text)
		}
	}
}

// TestWordingRulesRefuse proves that each wording is found and that like ones are not.
func TestWordingRulesRefuse(t *testing.T) {
	tests := []struct {
		file, text string
		want       int
	}{
		{"a.go", "// TO" + "DO later\n// FIX" + "ME\n", 2},
		{"texts/es.toml", "TO" + "DO lo que escriba", 0},
		{"README.md", "cd /wo" + "rk/main", 1},
		{"README.md", "field/work, network/workers and /workers", 0},
		{"Makefile", "go run ../sha" + "red/tools", 1},
		{"Dockerfile", "ENV GOPROXY=https://proxy.golang" + ".org", 1},
		{"a.bin", "\x00/wo" + "rk/", 0},
	}
	for _, tt := range tests {
		if got := wordingProblems(tt.file, []byte(tt.text)); len(got) != tt.want {
			t.Errorf("%s with %q: found %d %q, want %d", tt.file, tt.text, len(got), got, tt.want)
		}
	}
}
