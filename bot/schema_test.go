package bot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"defenderline/i18n"
	"defenderline/referrals"
)

// everywhere is a directory that offers whatever the contract knows.
type everywhere struct{}

func (everywhere) Countries(string) []string { return []string{"PE", "CO"} }
func (everywhere) Languages() []string       { return []string{"en"} }
func (everywhere) Mission(string) (flows.Recipient, bool) {
	return flows.Recipient{Value: "mission", Name: "Embassy"}, true
}
func (everywhere) Consents(string, string, string, map[string][]string) []flows.Recipient {
	return []flows.Recipient{{Value: "mission", Name: "Embassy"}, {Value: "front-line-defenders", Name: "NGO"},
		{Value: "headquarters", Name: "Desk"}}
}
func (everywhere) Asks(string) []string {
	return []string{"meeting", "visit", "visibility", "capacity", "uk_company", "raise_private", "raise_public", "statement",
		"trial", "multilateral", "regular_contact"}
}

// conversant answers every question a conversation asks until it is sent.
type conversant struct {
	t       *testing.T
	engine  *flows.Engine
	out     flows.Outcome
	choice  int // which of the answers is given, counted round
	asked   map[string]int
	message int
}

// converse plays one conversation and returns the draft it sends.
func converse(t *testing.T, engine *flows.Engine, s flows.Session, begin flows.Input, choice int) flows.Draft {
	t.Helper()
	c := &conversant{t: t, engine: engine, choice: choice, asked: map[string]int{}}
	c.out.Session = s
	c.step(begin)
	for range 200 {
		for _, e := range c.out.Effects {
			if e.Kind == flows.Submit || e.Kind == flows.Append {
				return e.Draft
			}
		}
		c.step(c.answer())
	}
	t.Fatalf("%s/%s: the conversation does not end", c.out.Session.Draft.Flow, c.out.Session.Draft.At)
	return flows.Draft{}
}

func (c *conversant) step(in flows.Input) {
	c.t.Helper()
	in.At = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	out, err := c.engine.Step(c.out.Session, in)
	if err != nil {
		c.t.Fatal(err)
	}
	c.out = out
}

// answer is what is done next: words or files where they are asked for, else the chosen button, else what leads on.
func (c *conversant) answer() flows.Input {
	var values []string
	var field string
	leads := map[string]bool{}
	for _, row := range c.out.Screen.Rows {
		for _, b := range row {
			switch b.Field {
			case "nav", "review":
				leads[b.Field+":"+b.Value] = true
			default:
				field, values = b.Field, append(values, b.Value)
			}
		}
	}
	at := c.out.Session.Draft.Flow + "/" + c.out.Session.Draft.At
	c.asked[at]++
	press := func(field, value string) flows.Input {
		return flows.Input{Kind: flows.Press, Field: field, Value: value}
	}
	switch {
	case len(values) > 0 && c.asked[at] == 1:
		return press(field, c.pick(field, values))
	case len(values) == 0 && !leads["review:send"] && c.asked[at] <= 6:
		return c.content(c.asked[at])
	case leads["review:send"]:
		return press("review", "send")
	case leads["nav:skip"]: // the answer given stays
		return press("nav", "skip")
	default:
		return press("nav", "done")
	}
}

// pick is the answer of this round, unless it would end the conversation.
func (c *conversant) pick(field string, values []string) string {
	switch field {
	case "notice", "safe", "peaceful":
		return values[0]
	case "consent":
		return values[c.choice%3]
	}
	return values[c.choice%len(values)]
}

// content is a message of every kind, one after another.
func (c *conversant) content(n int) flows.Input {
	c.message++
	item := flows.Item{Kind: flows.ItemText, Text: fmt.Sprintf("words %d\n-----BEGIN CASE JSON-----\n{}", c.message), Message: c.message}
	file := &flows.File{ID: "reference", Name: "a.jpg", Type: "image/jpeg", Size: 3}
	switch n {
	case 2:
		return flows.Input{Kind: flows.Location, Item: flows.Item{Kind: flows.ItemPlace, Lat: -12.05, Lon: -77.04}}
	case 3:
		return flows.Input{Kind: flows.Attachment, Item: flows.Item{Kind: flows.ItemPhoto, Text: "caption", File: file}}
	case 4:
		return flows.Input{Kind: flows.Attachment, Item: flows.Item{Kind: flows.ItemVoice, File: &flows.File{ID: "reference"}}}
	case 5:
		return flows.Input{Kind: flows.Attachment, Item: flows.Item{Kind: flows.ItemVideo, File: file}}
	case 6:
		return flows.Input{Kind: flows.Attachment, Item: flows.Item{Kind: flows.ItemFile, File: file}}
	}
	return flows.Input{Kind: flows.Words, Item: item}
}

// drafts are what each conversation sends, each answer given in one of them.
func drafts(t *testing.T) []flows.Draft {
	t.Helper()
	engine, err := flows.New(everywhere{})
	if err != nil {
		t.Fatal(err)
	}
	const mostValues = 20 // of harm
	sent := flows.Case{Code: "K7QM-3XRP", Flow: flows.FlowEmergency, Lane: "emergency", State: "sent", Documents: 1}
	var out []flows.Draft
	for choice := range mostValues {
		for _, flow := range []string{flows.FlowEmergency, flows.FlowThreat, flows.FlowContact} {
			begin := flows.Input{Kind: flows.Press, Field: "menu", Value: flow}
			out = append(out, converse(t, engine, flows.Session{Language: "en", Chosen: true}, begin, choice))
		}
		for flow, at := range map[string]string{flows.FlowAfter: "subject", flows.FlowAdd: "account"} {
			s := flows.Session{Language: "en", Chosen: true, Cases: []flows.Case{sent}, Draft: flows.Draft{Flow: flow, At: at, Case: sent.Code}}
			out = append(out, converse(t, engine, s, flows.Input{Kind: flows.Unsupported}, choice))
		}
	}
	return out
}

// composed is the machine-readable part of a draft's document as a reader of it finds it.
func composed(t *testing.T, d flows.Draft, texts *i18n.Catalogue, more ...func(*paper)) any {
	t.Helper()
	p := &paper{draft: d, code: "K7QM-3XRP", number: 1, at: time.Date(2026, 11, 2, 12, 0, 0, 5, time.UTC), lane: laneOf(d), lang: "en"}
	if d.Case != "" {
		p.number = 2
	}
	for _, change := range more {
		change(p)
	}
	text := p.compose(&referrals.Desk{ID: "lima", Kind: referrals.MissionDesk, Name: "Embassy", Languages: []string{"en"}}, texts)
	from, to := bytes.LastIndex(text, []byte(beginJSON+"\n")), bytes.LastIndex(text, []byte("\n"+endJSON))
	if from < 0 || to < from {
		t.Fatalf("the document has no machine-readable part:\n%s", text)
	}
	return decodeJSON(t, text[from+len(beginJSON):to])
}

func decodeJSON(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("not valid JSON: %v", err)
	}
	return v
}

// caseSchema is docs/case.schema.json.
func caseSchema(t *testing.T) map[string]any {
	t.Helper()
	raw, err := os.ReadFile("../docs/case.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, ok := decodeJSON(t, raw).(map[string]any)
	if !ok {
		t.Fatal("the schema is not an object")
	}
	return schema
}

// TestTheSchemaDescribesWhatIsComposed plays every conversation with every answer: what is sealed is what the schema
// allows, and everything the schema names is sealed by one of them.
func TestTheSchemaDescribesWhatIsComposed(t *testing.T) {
	texts, err := i18n.Load([]string{"en"})
	if err != nil {
		t.Fatal(err)
	}
	s := schemaReader{root: caseSchema(t), met: map[string]bool{}}
	for _, d := range drafts(t) {
		doc := composed(t, d, texts)
		for _, problem := range s.problems("", s.root, doc) {
			t.Errorf("%s: %s", d.Flow, problem)
		}
	}
	exists := composed(t, flows.Draft{Flow: flows.FlowThreat, Answers: map[string][]string{"country": {"PE"}}}, texts, func(p *paper) { p.notice = true })
	for _, problem := range s.problems("", s.root, exists) {
		t.Errorf("that a case exists: %s", problem)
	}
	for name, sub := range s.root["properties"].(map[string]any) {
		for _, want := range s.promised(name, sub.(map[string]any)) {
			if !s.met[want] {
				t.Errorf("the schema names %s, which no conversation gives", want)
			}
		}
	}
}

// TestTheSchemaRefuses proves that the schema and this reader of it refuse what is not promised.
func TestTheSchemaRefuses(t *testing.T) {
	s := schemaReader{root: caseSchema(t), met: map[string]bool{}}
	const good = `"code":"K7QM-3XRP","time":"2026-11-02T12:00:00Z","lane":"urgent","desk":"lima","conversation":"threat","document":1,` +
		`"consent":["mission"],"language":"en"`
	if found := s.problems("", s.root, decodeJSON(t, []byte("{"+good+"}"))); len(found) > 0 {
		t.Fatalf("the least document is refused: %v", found)
	}
	for name, part := range map[string]string{
		"an unknown field":         `"telegram_id":5`,
		"an unknown choice":        `"urgency":"soon"`,
		"a choice as a list":       `"urgency":["now"]`,
		"words that are no list":   `"account":"words"`,
		"no words":                 `"account":[]`,
		"a choice made twice":      `"harm":["raid","raid"]`,
		"a country by name":        `"country":"Peru"`,
		"a code with a look-alike": `"code":"K7QM-3XR0"`,
		"a time without a zone":    `"time":"2026-11-02T12:00:00"`,
		"a time of another zone":   `"time":"2026-11-02T12:00:00+01:00"`,
		"a number of half":         `"document":1.5`,
		"a number of none":         `"document":0`,
		"a file without a name":    `"files":[{"kind":"photo"}]`,
		"a file's reference":       `"files":[{"name":"K7QM-3XRP.f1.pgp","kind":"photo","id":"x"}]`,
		"another file name":        `"files":[{"name":"passport.jpg","kind":"photo"}]`,
	} {
		if found := s.problems("", s.root, decodeJSON(t, []byte("{"+good+","+part+"}"))); len(found) != 1 {
			t.Errorf("%s: %d problems %v, want 1", name, len(found), found)
		}
	}
	for _, field := range s.root["required"].([]any) {
		doc := decodeJSON(t, []byte("{"+good+"}")).(map[string]any)
		delete(doc, field.(string))
		if found := s.problems("", s.root, doc); len(found) != 1 {
			t.Errorf("without %s: %v", field, found)
		}
	}
	if found := s.problems("", map[string]any{"typo": true}, "x"); len(found) != 1 {
		t.Errorf("a word of JSON Schema that this reader does not know passes: %v", found)
	}
}

// schemaReader checks values against as much of JSON Schema 2020-12 as the schema uses. A word that it does not
// know is a problem, so that nothing in the schema goes unread.
type schemaReader struct {
	root map[string]any
	met  map[string]bool // fields, and values of choices, that occurred
}

// problems says what of a value the schema does not allow.
func (s schemaReader) problems(at string, schema map[string]any, v any) (found []string) {
	for word, rule := range schema {
		if problem := s.broken(at, word, rule, schema, v, &found); problem != "" {
			found = append(found, at+" "+problem)
		}
	}
	return found
}

// broken says how a value breaks one word of a schema; what lies within the value goes to found.
func (s schemaReader) broken(at, word string, rule any, schema map[string]any, v any, found *[]string) string {
	text, isText := v.(string)
	list, isList := v.([]any)
	number, isNumber := v.(float64)
	object, _ := v.(map[string]any)
	switch word {
	case "$schema", "$id", "$defs", "title", "description", "properties":
	case "type":
		kinds := map[string]bool{"string": isText, "array": isList, "object": object != nil, "integer": isNumber && number == float64(int64(number))}
		return unless(kinds[rule.(string)], "is not a "+rule.(string))
	case "enum":
		s.met[at+"="+text] = true
		return unless(slices.Contains(rule.([]any), v), fmt.Sprintf("%v is not among the choices", v))
	case "pattern":
		return unless(!isText || regexp.MustCompile(rule.(string)).MatchString(text), "does not match "+rule.(string))
	case "format":
		_, err := time.Parse(time.RFC3339, text)
		return unless(rule == "date-time" && (err == nil || !strings.HasSuffix(text, "Z")), "is not a time") // else the pattern says so
	case "minLength":
		return unless(!isText || len(text) >= int(rule.(float64)), "is too short")
	case "minimum":
		return unless(!isNumber || number >= rule.(float64), "is too small")
	case "minItems":
		return unless(!isList || len(list) >= int(rule.(float64)), "has too few items")
	case "uniqueItems":
		seen := map[any]bool{}
		for _, item := range list {
			seen[item] = true
		}
		return unless(len(seen) == len(list), "has an item twice")
	case "items":
		for _, item := range list {
			*found = append(*found, s.problems(at, rule.(map[string]any), item)...)
		}
	case "required":
		for _, name := range rule.([]any) {
			if _, ok := object[name.(string)]; !ok {
				return "lacks " + name.(string)
			}
		}
	case "additionalProperties":
		s.within(at, schema, object, found)
	case "$ref":
		name := strings.TrimPrefix(rule.(string), "#/$defs/")
		def, ok := s.root["$defs"].(map[string]any)[name].(map[string]any)
		if !ok {
			return "refers to " + name + ", which is not there"
		}
		*found = append(*found, s.problems(at, def, v)...)
	default:
		return "has the unknown word " + word
	}
	return ""
}

// within checks the fields of an object and refuses those that are not named.
func (s schemaReader) within(at string, schema, object map[string]any, found *[]string) {
	known := schema["properties"].(map[string]any)
	for name, value := range object {
		s.met[at+"."+name] = true
		sub, ok := known[name].(map[string]any)
		if !ok {
			*found = append(*found, at+"."+name+" is not in the schema")
			continue
		}
		*found = append(*found, s.problems(at+"."+name, sub, value)...)
	}
}

// promised are the field and the choices that a schema names for it.
func (s schemaReader) promised(name string, schema map[string]any) []string {
	at := "." + name
	out := []string{at}
	if ref, ok := schema["$ref"].(string); ok && strings.HasSuffix(ref, "file") {
		schema = s.root["$defs"].(map[string]any)["file"].(map[string]any)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		return append(out, s.promised(name, items)[1:]...)
	}
	for _, v := range anyList(schema["enum"]) {
		out = append(out, at+"="+v.(string))
	}
	known, _ := schema["properties"].(map[string]any)
	for field, sub := range known {
		out = append(out, s.promised(name+"."+field, sub.(map[string]any))...)
	}
	return out
}

func anyList(v any) []any { list, _ := v.([]any); return list }

func unless(ok bool, problem string) string {
	if ok {
		return ""
	}
	return problem
}
