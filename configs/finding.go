package configs

import (
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a finding stops the line.
type Severity string

// An Error is refused; a Warning is served and should be read.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is one thing wrong with a configuration. It never quotes a secret.
type Finding struct {
	Severity Severity `json:"severity"`
	// Field is the path of the field: missions[0].keys[0].fingerprint; empty for the file itself.
	Field   string `json:"field"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}

// String is the finding in one line for a terminal.
func (f Finding) String() string {
	field := f.Field
	if field == "" {
		field = "(file)"
	}
	return fmt.Sprintf("%s: %s: %s; %s", f.Severity, field, f.Problem, f.Remedy)
}

// Refused says whether any of the findings is an error.
func Refused(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Error })
}

// Sort puts errors before warnings and leaves the order otherwise.
func Sort(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int { return strings.Compare(string(a.Severity), string(b.Severity)) })
}

// report collects findings in the order they are made.
type report struct{ findings []Finding }

func (r *report) refuse(field, problem, remedy string) {
	r.findings = append(r.findings, Finding{Error, field, problem, remedy})
}

func (r *report) warn(field, problem, remedy string) {
	r.findings = append(r.findings, Finding{Warning, field, problem, remedy})
}

// missing refuses a required field that is absent, unless what was written in its place has
// been refused already.
func (r *report) missing(field, remedy string) {
	if !r.told(field) {
		r.refuse(field, "is missing", remedy)
	}
}

// told says whether field or something inside it was refused.
func (r *report) told(field string) bool {
	return slices.ContainsFunc(r.findings, func(f Finding) bool {
		rest, inside := strings.CutPrefix(f.Field, field)
		return f.Severity == Error && inside && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// quote shows a public value of the file, cut to a readable length.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
