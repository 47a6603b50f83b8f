package telegramsim

import "fmt"

// problem is what is wrong with a JSON value: where (a path and the byte it was noticed at) and what.
type problem struct {
	at   int
	path string
	what string
}

func (p *problem) under(path string) *problem {
	if p != nil {
		p.path = path + p.path
	}
	return p
}

// check looks at one JSON value at b[i:], which must be well-formed, and returns where it ends. The value has
// to fit one of kinds; otherwise the problem of the kind that got furthest is told, as it is the one meant.
func (t *table) check(b []byte, i int, kinds []kind) (int, *problem) {
	var worst *problem
	for _, k := range kinds {
		end, p := t.checkKind(b, i, k)
		if p == nil {
			return end, nil
		}
		if worst == nil || p.at > worst.at {
			worst = p
		}
	}
	return i, worst
}

func (t *table) checkKind(b []byte, i int, k kind) (int, *problem) {
	i = skipSpace(b, i)
	if k.depth > 0 {
		return t.checkArray(b, i, kind{k.depth - 1, k.name})
	}
	if ok, scalar := scalarFits(b, i, k.name); scalar {
		if !ok {
			return i, &problem{at: i, what: "must be of type " + k.name}
		}
		return skipValue(b, i), nil
	}
	o := t.types[k.name]
	if o == nil {
		return i, &problem{at: i, what: "has a type unknown to the table: " + k.name}
	}
	if o.union != nil {
		return t.check(b, i, o.union)
	}
	return t.checkObject(b, i, o, k.name)
}

// scalarFits says whether the value at i is a plain value of the named type; scalar is false for types with fields.
func scalarFits(b []byte, i int, name string) (fits, scalar bool) {
	switch name {
	case "String", "InputFile":
		return b[i] == '"', true
	case "Boolean":
		return b[i] == 't' || b[i] == 'f', true
	case "Float":
		return isNumber(b[i]), true
	case "Integer":
		return isNumber(b[i]) && isInteger(b[i:skipValue(b, i)]), true
	}
	return false, false
}

func isNumber(c byte) bool { return c == '-' || c >= '0' && c <= '9' }

func isInteger(number []byte) bool {
	for _, c := range number {
		if c == '.' || c == 'e' || c == 'E' {
			return false
		}
	}
	return len(number) < 20
}

func (t *table) checkArray(b []byte, i int, element kind) (int, *problem) {
	if b[i] != '[' {
		return i, &problem{at: i, what: "must be an array of " + element.name}
	}
	i = skipSpace(b, i+1)
	for n := 0; b[i] != ']'; n++ {
		end, p := t.checkKind(b, i, element)
		if p != nil {
			return i, p.under(fmt.Sprintf("[%d]", n))
		}
		i = skipComma(b, end)
	}
	return i + 1, nil
}

func (t *table) checkObject(b []byte, i int, o *object, name string) (int, *problem) {
	if b[i] != '{' {
		return i, &problem{at: i, what: "must be an object of type " + name}
	}
	var seen uint64
	i = skipSpace(b, i+1)
	for b[i] != '}' {
		afterKey := skipValue(b, i)
		f := o.fields[string(b[i+1:afterKey-1])]
		if f == nil {
			return i, &problem{at: i, path: "." + string(b[i+1:afterKey-1]), what: "is an unknown field of " + name}
		}
		value := skipSpace(b, skipSpace(b, afterKey)+1)
		end, p := t.checkField(b, value, f)
		if p != nil {
			return i, p.under("." + string(b[i+1:afterKey-1]))
		}
		if b[value] != 'n' {
			seen |= f.need
		}
		i = skipComma(b, end)
	}
	if missing := o.missing(seen); missing != "" {
		return i, &problem{at: i, path: "." + missing, what: "is required in " + name + " and missing"}
	}
	return i + 1, nil
}

// checkField lets null pass: the real server takes it for an absent field.
func (t *table) checkField(b []byte, i int, f *field) (int, *problem) {
	if b[i] == 'n' {
		return skipValue(b, i), nil
	}
	return t.check(b, i, f.kinds)
}

// The scanners below walk over JSON that json.Valid accepted; they check nothing themselves.

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipComma goes from the end of an element to the next one or to the closing bracket.
func skipComma(b []byte, i int) int {
	i = skipSpace(b, i)
	if b[i] == ',' {
		i = skipSpace(b, i+1)
	}
	return i
}

func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipNested(b, i)
	}
	for i < len(b) && !isEnd(b[i]) {
		i++
	}
	return i
}

func isEnd(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == ':'
}

func skipString(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func skipNested(b []byte, i int) int {
	for depth := 0; ; {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
}
