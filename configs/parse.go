package configs

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxDepth is how deeply lists and maps may be nested before a file is not given to the parser, which
// descends by recursion. The deepest field is at level 5.
const maxDepth = 64

// parse gives the one value that a YAML file holds, or refuses it.
func (r *report) parse(content []byte) ast.Node {
	if nested(content) > maxDepth {
		r.refuse("", fmt.Sprintf("nests lists or maps deeper than %d", maxDepth), "write it as the example does")
		return nil
	}
	// Keys that occur twice are refused by the decoder, which knows their path.
	tree, err := parser.ParseBytes(content, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.refuse("", "is not YAML"+position(err), "mend the line; words with a colon or a hash need quotes")
		return nil
	}
	var bodies []ast.Node
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) != 1 {
		r.refuse("", fmt.Sprintf("holds %d YAML documents", len(bodies)), "keep exactly one in it")
		return nil
	}
	return bodies[0]
}

// position tells where a syntax error is. What stands there is not shown: it may be a secret that was
// written in by mistake.
func position(err error) string {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil || at.GetToken().Position == nil {
		return ""
	}
	return fmt.Sprintf(" at line %d, column %d", at.GetToken().Position.Line, at.GetToken().Position.Column)
}

// nested is the largest number of brackets open at once. Brackets in words and comments count too,
// which errs to the safe side.
func nested(content []byte) int {
	open, deepest := 0, 0
	for _, b := range content {
		switch b {
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		}
		deepest = max(deepest, open)
	}
	return deepest
}
