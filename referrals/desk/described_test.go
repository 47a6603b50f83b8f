package desk

import (
	"bytes"
	_ "embed"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// officialSchema is what the OpenAPI Initiative publishes to check descriptions of version 3.1 with (see testdata/README).
//
//go:embed testdata/openapi-3.1.schema.json
var officialSchema []byte

// described is the API's description, to hold answers against.
type described struct {
	doc      map[string]any
	compiler *jsonschema.Compiler

	mu   sync.Mutex
	seen map[string]bool // "GET /api/v1/referrals 200"
}

const here = "file:///openapi.json"

func describedBy(t testing.TB) *described {
	t.Helper()
	doc := must(jsonschema.UnmarshalJSON(bytes.NewReader(description)))
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(here, doc); err != nil {
		t.Fatal(err)
	}
	return &described{doc: doc.(map[string]any), compiler: c, seen: map[string]bool{}}
}

// at follows a JSON pointer, and references on the way; it returns where it came to.
func (d *described) at(pointer string) (value any, where string) {
	value, where = d.doc, ""
	for _, part := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil, ""
		}
		value, where = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)], where+"/"+part
		next, _ := value.(map[string]any)
		if ref, ok := next["$ref"].(string); ok {
			return d.at(strings.TrimPrefix(ref, "#/") + rest(pointer, where))
		}
	}
	return value, where
}

// rest is what of a pointer comes after a part of it.
func rest(pointer, done string) string {
	return strings.TrimPrefix("/"+strings.TrimPrefix(pointer, "/"), done)
}

func escaped(part string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(part) }

// pathOf is the described path that a request's path is of.
func (d *described) pathOf(path string) (string, bool) {
	path, _, _ = strings.Cut(path, "?")
	asked := strings.Split(path, "/")
	found, fixed := "", -1
	for p := range d.doc["paths"].(map[string]any) {
		parts := strings.Split(p, "/")
		n := 0
		fits := len(parts) == len(asked)
		for i := 0; fits && i < len(parts); i++ {
			if parts[i] == asked[i] {
				n++
			} else if !strings.HasPrefix(parts[i], "{") {
				fits = false
			}
		}
		if fits && n > fixed {
			found, fixed = p, n
		}
	}
	return found, found != ""
}

// judge holds an answer against the description: what it does not describe is a fault of one of the two.
func (d *described) judge(t testing.TB, method, path string, a answered) {
	t.Helper()
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s %s: headers %v", method, path, a.header)
	}
	if _, err := http.ParseTime(a.header.Get("Date")); err != nil {
		t.Errorf("%s %s: date: %v", method, path, err)
	}
	for name := range a.header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s %s: %s opens the API to pages of other origins", method, path, name)
		}
	}
	p, ok := d.pathOf(path)
	if !ok || method == http.MethodOptions || method == http.MethodHead {
		return
	}
	status := fmt.Sprint(a.status)
	operation := "/paths/" + escaped(p) + "/" + strings.ToLower(method)
	if a.status == http.StatusMethodNotAllowed { // described with each of the methods that there are
		for _, m := range []string{"get", "post", "put"} {
			if other, _ := d.at("/paths/" + escaped(p) + "/" + m); other != nil {
				operation = "/paths/" + escaped(p) + "/" + m
				d.saw(operation, status)
			}
		}
	}
	response, where := d.at(operation + "/responses/" + status)
	if response == nil {
		t.Errorf("%s %s answers %s, which is not described", method, p, status)
		return
	}
	d.saw(operation, status)
	d.judgeHeaders(t, response.(map[string]any), a)
	d.judgeBody(t, where, response.(map[string]any), a)
}

// saw notes that an operation gave an answer.
func (d *described) saw(operation, status string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen[strings.TrimPrefix(operation, "/paths/")+" "+status] = true
}

func (d *described) judgeHeaders(t testing.TB, response map[string]any, a answered) {
	t.Helper()
	headers, _ := response["headers"].(map[string]any)
	for name := range headers {
		if a.header.Get(name) == "" {
			t.Errorf("%d %s: the header %s is missing", a.status, a.body, name)
		}
	}
}

func (d *described) judgeBody(t testing.TB, where string, response map[string]any, a answered) {
	t.Helper()
	media, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	content, _ := response["content"].(map[string]any)
	if _, ok := content[media]; !ok {
		t.Errorf("%d: content is %q, which is not described", a.status, media)
		return
	}
	if !strings.HasSuffix(media, "json") {
		return
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
	if err != nil {
		t.Errorf("%d %q: %v", a.status, a.body, err)
		return
	}
	if err := d.schema(t, where+"/content/"+escaped(media)+"/schema").Validate(value); err != nil {
		t.Errorf("%d %s is not as described: %v", a.status, a.body, err)
	}
}

func (d *described) schema(t testing.TB, pointer string) *jsonschema.Schema {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.compiler.Compile(here + "#" + pointer)
	if err != nil {
		t.Fatalf("the schema at %s: %v", pointer, err)
	}
	return s
}

// operations are all that is described, as "path/method".
func (d *described) operations() []string {
	var all []string
	for p, item := range d.doc["paths"].(map[string]any) {
		for m := range item.(map[string]any) {
			if m != "parameters" {
				all = append(all, escaped(p)+"/"+m)
			}
		}
	}
	slices.Sort(all)
	return all
}
