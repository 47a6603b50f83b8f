package configs

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// decode fills a value from a node of the syntax tree and refuses, each with its path, every field
// that is not known, occurs twice or has the wrong form. Values that are refused keep their zero.
func (r *report) decode(node ast.Node, into reflect.Value, path string) {
	if !r.plain(node, path) {
		return
	}
	switch into.Interface().(type) {
	case time.Duration:
		r.decodeDuration(node, into, path)
		return
	case countries:
		r.decodeCountries(node, into, path)
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		value := reflect.New(into.Type().Elem())
		before := len(r.findings)
		r.decode(node, value.Elem(), path)
		if value.Elem().Kind() == reflect.Struct || len(r.findings) == before {
			into.Set(value)
		}
	case reflect.Struct:
		r.decodeMap(node, into, path)
	case reflect.Slice:
		r.decodeList(node, into, path)
	case reflect.Int, reflect.Int64:
		r.decodeNumber(node, into, path)
	case reflect.Bool:
		r.decodeBool(node, into, path)
	default:
		if s, ok := r.word(node, path); ok {
			into.SetString(s)
		}
	}
}

// plain refuses what YAML has beyond maps, lists and words, and fields without a value.
func (r *report) plain(node ast.Node, path string) bool {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		r.refuse(path, "uses a YAML anchor, alias, merge or tag", "write the value out")
		return false
	case *ast.NullNode, nil:
		r.refuse(path, "has no value", "give it one or remove the line")
		return false
	default:
		return true
	}
}

// entries are the keys and values of a map, in the order of the file.
func entries(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	default:
		return nil, false
	}
}

// each calls f for every key of a map, and refuses keys that occur twice or are no words.
func (r *report) each(node ast.Node, path string, f func(key, path string, value ast.Node)) {
	values, isMap := entries(node)
	if !isMap {
		r.refuse(path, "is "+form(node)+" where fields are expected", "write it as the example does")
		return
	}
	seen := map[string]bool{}
	for _, v := range values {
		key, isWord := scalar(v.Key)
		at := join(path, key)
		switch {
		case !isWord:
			r.refuse(path, "has a key that is not a plain word", "write the names of fields as the example does")
		case seen[key]:
			r.refuse(at, "is given twice", "keep one of the two")
		default:
			seen[key] = true
			f(key, at, v.Value)
		}
	}
}

func (r *report) decodeMap(node ast.Node, into reflect.Value, path string) {
	fields := fieldsOf(into)
	r.each(node, path, func(key, at string, value ast.Node) {
		field, known := fields[key]
		if !known {
			r.refuse(at, "is not a field of the configuration", didYouMean(key, fields))
			return
		}
		r.decode(value, field, at)
	})
}

// fieldsOf are the fields of a struct by their public names, those of inlined structs too.
func fieldsOf(of reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range of.NumField() {
		name := of.Type().Field(i).Tag.Get("yaml")
		if name == ",inline" {
			for inner, v := range fieldsOf(of.Field(i)) {
				fields[inner] = v
			}
			continue
		}
		fields[name] = of.Field(i)
	}
	return fields
}

func (r *report) decodeList(node ast.Node, into reflect.Value, path string) {
	list, isList := node.(*ast.SequenceNode)
	if !isList {
		r.refuse(path, "is "+form(node)+" where a list is expected", "write it as a list: [a, b]")
		return
	}
	out := reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values))
	for i, item := range list.Values {
		r.decode(item, out.Index(i), indexed(path, i))
	}
	into.Set(out)
}

func (r *report) decodeNumber(node ast.Node, into reflect.Value, path string) {
	s, ok := r.word(node, path)
	if !ok {
		return
	}
	n, err := strconv.ParseInt(s, 10, into.Type().Bits())
	if _, isNumber := node.(*ast.IntegerNode); err != nil || !isNumber {
		r.refuse(path, "is not a whole number", "write digits only, without quotes")
		return
	}
	into.SetInt(n)
}

func (r *report) decodeBool(node ast.Node, into reflect.Value, path string) {
	b, isBool := node.(*ast.BoolNode)
	if !isBool {
		r.refuse(path, "is neither true nor false", "write true or false")
		return
	}
	into.SetBool(b.Value)
}

func (r *report) decodeDuration(node ast.Node, into reflect.Value, path string) {
	s, ok := r.word(node, path)
	if !ok {
		return
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		r.refuse(path, quote(s)+" is not a duration", "write it like 72h, 10m or 2s")
	case d < time.Second:
		r.refuse(path, quote(s)+" is shorter than a second", "give it one second at least")
	default:
		into.SetInt(int64(d))
	}
}

func (r *report) decodeCountries(node ast.Node, into reflect.Value, path string) {
	if word, isWord := scalar(node); isWord && word == "all" {
		into.Set(reflect.ValueOf(countries{All: true}))
		return
	}
	if _, isList := node.(*ast.SequenceNode); !isList {
		r.refuse(path, "is neither a list of countries nor the word all", "write all, or a list like [CO, GT]")
		return
	}
	var c countries
	r.decodeList(node, reflect.ValueOf(&c.List).Elem(), path)
	into.Set(reflect.ValueOf(c))
}

// word gives a scalar as it was written.
func (r *report) word(node ast.Node, path string) (string, bool) {
	s, ok := scalar(node)
	if !ok {
		r.refuse(path, "is "+form(node)+" where one value is expected", "write one value")
	}
	return s, ok
}

// scalar gives a scalar as it was written: a country NO stays NO and a fingerprint of digits keeps
// them all.
func scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	default:
		return glued(node)
	}
}

// glued gives back host:port as one word: inside a flow map, {addresses: [127.0.0.1:26379]}, the parser
// takes its colon for a map's although no space follows it.
func glued(node ast.Node) (string, bool) {
	values, _ := entries(node)
	if len(values) != 1 {
		return "", false
	}
	key, isPlain := values[0].Key.(*ast.StringNode)
	if !isPlain || key.Token.Type != token.StringType {
		return "", false
	}
	after := values[0].Start.Next
	value, isWord := scalar(values[0].Value)
	if !isWord || after == nil || after.Origin != after.Value || after.Value != value {
		return "", false
	}
	return key.Value + ":" + value, true
}

func form(node ast.Node) string {
	if _, isMap := entries(node); isMap {
		return "a group of fields"
	}
	if _, isList := node.(*ast.SequenceNode); isList {
		return "a list"
	}
	return "one value"
}

func join(path, key string) string {
	if r := []rune(key); len(r) > 40 {
		key = string(r[:40]) + "…"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func indexed(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// didYouMean names the known field nearest to an unknown one, or all that there are.
func didYouMean(key string, fields map[string]reflect.Value) string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	// The beginning of a name is as near as can be: token for token_file.
	away := func(name string) int {
		if len(key) > 2 && strings.HasPrefix(name, key) {
			return 0
		}
		return distance(key, name)
	}
	best := slices.MinFunc(names, func(a, b string) int { return away(a) - away(b) })
	if away(best) <= max(2, len(best)/3) {
		return "did you mean " + best + "? Else remove it"
	}
	return "remove it; known here: " + strings.Join(names, ", ")
}

// distance is the number of letters to add, drop or change between two names (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
