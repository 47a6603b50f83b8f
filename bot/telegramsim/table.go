package telegramsim

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed api.txt
var tableText string

// table is the Bot API as names, types and required marks. It never changes after it was read.
type table struct {
	methods map[string]*object
	types   map[string]*object
}

// object is one method's parameters, one type's fields, or a union of types.
type object struct {
	fields   map[string]*field
	required []string
	union    []kind
}

// field is one parameter or field; need is its bit among the required ones, 0 when it is optional.
type field struct {
	kinds []kind
	need  uint64
}

// kind is a type name under a number of array levels.
type kind struct {
	depth int
	name  string
}

// botAPI reads the embedded table once for the process.
var botAPI = sync.OnceValue(func() *table { return readTable(tableText) })

func readTable(text string) *table {
	t := &table{methods: map[string]*object{}, types: map[string]*object{}}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "method":
			t.methods[words[1]] = readObject(words[2:])
		case "type":
			t.types[words[1]] = readObject(words[2:])
		case "union":
			t.types[words[1]] = &object{union: readKinds(words[2])}
		}
	}
	return t
}

func readObject(words []string) *object {
	o := &object{fields: make(map[string]*field, len(words))}
	for _, word := range words {
		name, kinds, _ := strings.Cut(word, ":")
		f := &field{kinds: readKinds(kinds)}
		if bare, required := strings.CutSuffix(name, "!"); required {
			name = bare
			f.need = 1 << len(o.required)
			o.required = append(o.required, name)
		}
		o.fields[name] = f
	}
	return o
}

func readKinds(text string) []kind {
	var kinds []kind
	for name := range strings.SplitSeq(text, "|") {
		bare := strings.TrimLeft(name, "[]")
		kinds = append(kinds, kind{depth: (len(name) - len(bare)) / 2, name: bare})
	}
	return kinds
}

// missing names the first required field whose bit is not in seen, or "".
func (o *object) missing(seen uint64) string {
	for i, name := range o.required {
		if seen&(1<<i) == 0 {
			return name
		}
	}
	return ""
}
