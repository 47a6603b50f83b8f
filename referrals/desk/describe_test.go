package desk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"defenderline/referrals"
)

// TestTheDescriptionIsOpenAPI proves that the description is valid OpenAPI 3.1, by the initiative's own schema, and that
// each schema in it is valid JSON Schema.
func TestTheDescriptionIsOpenAPI(t *testing.T) {
	official := must(jsonschema.UnmarshalJSON(bytes.NewReader(officialSchema)))
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("file:///official.json", official); err != nil {
		t.Fatal(err)
	}
	schema := must(c.Compile("file:///official.json"))
	d := describedBy(t)
	if err := schema.Validate(d.doc); err != nil {
		t.Fatalf("%v", err)
	}
	broken := must(jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(string(description), `"in": "query"`, `"in": "somewhere"`, 1))))
	if schema.Validate(broken) == nil {
		t.Fatal("the schema accepts anything")
	}
	schemas := d.doc["components"].(map[string]any)["schemas"].(map[string]any)
	for name := range schemas {
		d.schema(t, "/components/schemas/"+name)
	}
}

// TestTheDescriptionIsWhole proves that nothing refers to what there is not, that nothing is there that nothing refers
// to, that each parameter of a path is declared, and that operations have names of their own.
func TestTheDescriptionIsWhole(t *testing.T) {
	d := describedBy(t)
	refs, ids := map[string]bool{}, map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				refs[strings.TrimPrefix(ref, "#")] = true
			}
			for _, next := range v {
				walk(next)
			}
		case []any:
			for _, next := range v {
				walk(next)
			}
		}
	}
	walk(d.doc)
	for ref := range refs {
		if value, _ := d.at(ref); value == nil {
			t.Errorf("%s is nowhere", ref)
		}
	}
	for group, of := range d.doc["components"].(map[string]any) {
		for name := range of.(map[string]any) {
			if ref := "/components/" + group + "/" + name; !refs[ref] && ref != "/components/securitySchemes/token" && ref != "/components/schemas/Event" {
				t.Errorf("nothing refers to %s", ref)
			}
		}
	}
	for _, op := range d.operations() {
		id, _ := d.at("/paths/" + op + "/operationId")
		if ids[fmt.Sprint(id)] || id == nil {
			t.Errorf("%s is called %v", op, id)
		}
		ids[fmt.Sprint(id)] = true
		if got, want := d.declared(op), inPath(op); !slices.Equal(got, want) {
			t.Errorf("%s declares %v, its path has %v", op, got, want)
		}
	}
}

// declared are the parameters in the path that an operation declares.
func (d *described) declared(op string) []string {
	var names []string
	path := op[:strings.LastIndex(op, "/")]
	for i := 0; ; i++ {
		p, _ := d.at(fmt.Sprintf("/paths/%s/parameters", path))
		list, _ := p.([]any)
		if i >= len(list) {
			break
		}
		one := list[i].(map[string]any)
		if ref, ok := one["$ref"].(string); ok {
			v, _ := d.at(strings.TrimPrefix(ref, "#"))
			one = v.(map[string]any)
		}
		if one["in"] == "path" {
			names = append(names, one["name"].(string))
		}
	}
	slices.Sort(names)
	return names
}

// inPath are the parameters that an operation's path has.
func inPath(op string) []string {
	var names []string
	for _, part := range strings.Split(op, "~1") {
		if name, _, ok := strings.Cut(strings.TrimPrefix(part, "{"), "}"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// TestTheDescriptionHasTheRoutesAndTheSets proves that what is described is what is served: the same paths and methods,
// and the same closed sets.
func TestTheDescriptionHasTheRoutesAndTheSets(t *testing.T) {
	d := describedBy(t)
	var served []string
	for _, r := range (&api{}).routes() {
		if r.get != nil {
			served = append(served, escaped(r.path)+"/get")
		}
		if r.post != nil {
			served = append(served, escaped(r.path)+"/post")
		}
		if r.put != nil {
			served = append(served, escaped(r.path)+"/put")
		}
	}
	slices.Sort(served)
	if got := d.operations(); !slices.Equal(got, served) {
		t.Errorf("described %v\nserved %v", got, served)
	}
	for pointer, want := range map[string][]string{
		"/components/schemas/Reason/enum":        referrals.Reasons(),
		"/components/schemas/Outcome/enum":       referrals.Outcomes(),
		"/components/schemas/ReferralState/enum": texts(referrals.NGODesk.States()),
		"/components/schemas/CaseState/enum":     texts(referrals.MissionDesk.States()),
	} {
		got, _ := d.at(pointer)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, not %v", pointer, got, want)
		}
	}
	for _, k := range []referrals.Kind{referrals.NGODesk, referrals.MissionDesk} {
		for _, s := range told(k) {
			if _, ok := d.seenIn("/components/schemas/Event/properties/state/enum", string(s)); !ok {
				t.Errorf("the event %s is not described", s)
			}
		}
	}
}

func (d *described) seenIn(pointer, want string) (int, bool) {
	list, _ := d.at(pointer)
	i := slices.Index(list.([]any), any(want))
	return i, i >= 0
}

func texts(states []referrals.State) []string {
	var out []string
	for _, s := range states {
		out = append(out, string(s))
	}
	return out
}

// TestEveryDescribedAnswerIsGiven walks every path and has it give every answer that is described, each of which is held
// against its schema when it comes.
func TestEveryDescribedAnswerIsGiven(t *testing.T) {
	l := newLine(t, "", Limits{PerSecond: 1000, Burst: 1000, WrongPerSecond: 0.001, WrongBurst: 30, Heartbeat: time.Millisecond, Streams: 1})
	l.withDocuments("fld", "lima")
	for n, desk := range map[int]string{1: "fld", 2: "fld", 3: "fld"} {
		l.offer(desk, referralCode(n), referrals.Urgent)
	}
	for n := 1; n < 4; n++ {
		l.alert("lima", caseCode(n), referrals.Urgent)
	}
	for _, kind := range []referrals.Kind{referrals.NGODesk, referrals.MissionDesk} {
		l.walkCollection(kind)
	}
	l.get("/events", fld, "Last-Event-ID: x").problem(t, unreadable)
	l.ask("PUT", root+"/events", fld, "")
	l.ask("GET", root+"/openapi.json", "", "")
	l.ask("PUT", root+"/openapi.json", "", "")
	l.ask("GET", root+"/problems/unknown", "", "")
	l.ask("GET", root+"/problems/none", "", "")
	l.ask("PUT", root+"/problems/none", "", "")
	l.walkStanding()
	l.walkEvents()
	l.walkRefusals()
	for _, op := range l.doc.operations() {
		responses, _ := l.doc.at("/paths/" + op + "/responses")
		for status := range responses.(map[string]any) {
			if !l.doc.seen[op+" "+status] {
				t.Errorf("%s never answers %s", op, status)
			}
		}
	}
}

// walkCollection asks everything of the cases of a desk, so that each can be answered well and badly.
func (l *line) walkCollection(kind referrals.Kind) {
	of, token, code := "/referrals", fld, referralCode
	if kind == referrals.MissionDesk {
		of, token, code = "/cases", lima, caseCode
	}
	first := of + "/" + code(1)
	l.get(of, token)
	l.get(of+"?limit=0", token)
	l.ask("PUT", root+of, token, "")
	l.get(of, map[string]string{fld: lima, lima: fld}[token])
	for _, path := range []string{"", "/sealed", "/documents", "/documents/" + caseCode(1) + ".asc"} {
		l.get(of+"/"+code(9)+path, token)
		l.ask("PUT", root+first+path, token, "")
		if kind == referrals.NGODesk {
			l.get(of+"/"+code(2)+path, token) // not yet claimed
		}
	}
	for _, act := range kind.Acts() {
		path, body := of+"/"+code(1)+"/"+string(act), "{}"
		if whys := act.Whys(); whys != nil {
			body = `{"` + map[bool]string{true: "reason", false: "outcome"}[whys[0] == "capacity"] + `": "` + whys[0] + `"}`
		}
		l.ask("PUT", root+path, token, "")
		l.act(of+"/"+code(9)+"/"+string(act), token, body)
		l.act(path, token, "{")
		l.act(path, token, `{"reason": 1}`)
		l.act(path, token, `{"reason": "none", "outcome": "none"}`)
		l.act(path, token, strings.Repeat(" ", 5000))
		l.act(path, token, body, "Content-Type: text/plain")
		if act == referrals.ActDecline || act == referrals.ActReturn {
			n := map[referrals.Act]int{referrals.ActDecline: 2, referrals.ActReturn: 3}[act]
			l.act(of+"/"+code(n)+"/claim", token, "")
			path = of + "/" + code(n) + "/" + string(act)
		}
		if a := l.act(path, token, body); a.status != http.StatusOK {
			l.t.Errorf("%s: %d %s", act, a.status, a.body)
		}
		l.act(path, token, body) // once more: too late
		if act == referrals.ActClaim || act == referrals.ActAcknowledge {
			l.walkDocuments(first, token)
		}
	}
	l.get(first, token)
	for _, path := range []string{"/sealed", "/documents", "/documents/" + caseCode(1) + ".asc"} {
		l.get(first+path, token) // ended
	}
}

// walkDocuments opens a case whose documents may be read, and one whose documents are gone.
func (l *line) walkDocuments(first, token string) {
	for _, path := range []string{"/sealed", "/documents", "/documents/" + caseCode(1) + ".asc", "/documents/" + caseCode(1) + ".f1.pgp"} {
		l.get(first+path, token)
	}
	l.get(first+"/documents/"+caseCode(1)+".f2.pgp", token).problem(l.t, gone)
	third := strings.Replace(first, caseCode(1), caseCode(3), 1)
	l.act(third+"/claim", token, "")
	l.get(third+"/sealed", token).problem(l.t, gone)
}

// walkStanding asks how an organisation stands and changes it, well and badly.
func (l *line) walkStanding() {
	l.get("/desk", fld)
	l.get("/desk", lima)
	for _, body := range []string{`{"accepting": true}`, "{", "{}", strings.Repeat(" ", 5000)} {
		l.ask("PUT", root+"/desk", fld, body)
	}
	l.ask("PUT", root+"/desk", fld, `{"accepting": true}`, "Content-Type: text/plain")
	l.ask("PUT", root+"/desk", pbi, `{"accepting": true}`)
	l.act("/desk", fld, "{}")
}

// walkEvents opens as many streams as there may be, and one more.
func (l *line) walkEvents() {
	s := l.follow(fld, "")
	defer s.close()
	s.next(l.t)
	l.doc.judge(l.t, "GET", root+"/events", answered{s.res.StatusCode, s.res.Header, ""})
	l.get("/events", fld).problem(l.t, tooMany)
}

// walkRefusals asks everything without a right token, too often, and while the store is down.
func (l *line) walkRefusals() {
	every := func(token string) {
		for _, op := range l.doc.operations() {
			l.askOperation(op, token)
		}
	}
	every(nobody)
	l.down.Store(true)
	every(fld)
	every(lima)
	l.down.Store(false)
	every(nobody)
	every(nobody) // by now too often
}

// askOperation makes a request of an operation that is well formed.
func (l *line) askOperation(op, token string) {
	i := strings.LastIndex(op, "/")
	path, method := strings.ReplaceAll(op[:i], "~1", "/"), strings.ToUpper(op[i+1:])
	code := referralCode(1)
	if strings.Contains(path, "/cases") {
		code = caseCode(1)
	}
	path = strings.NewReplacer("{code}", code, "{name}", caseCode(1)+".asc", "{kind}", "unknown").Replace(path)
	body := ""
	switch {
	case op == "~1api~1v1~1desk/put":
		body = `{"accepting": true}`
	case strings.HasSuffix(path, "/decline"), strings.HasSuffix(path, "/return"):
		body = `{"reason": "other"}`
	case strings.HasSuffix(path, "/complete"), strings.HasSuffix(path, "/close"):
		body = `{"outcome": "met"}`
	}
	l.ask(method, path, token, body)
}

// TestTheDescriptionIsServedAsItIs proves that anybody gets the description, as JSON.
func TestTheDescriptionIsServedAsItIs(t *testing.T) {
	a := newLine(t, "", Limits{}).ask("GET", root+"/openapi.json", "", "")
	if a.status != http.StatusOK || a.body != string(description) || !json.Valid(description) {
		t.Errorf("%d %.80s", a.status, a.body)
	}
}
