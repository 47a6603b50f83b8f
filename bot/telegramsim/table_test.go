package telegramsim

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	api := botAPI()
	if len(api.methods) != 165 || len(api.types) != 285 {
		t.Errorf("%d methods and %d types", len(api.methods), len(api.types))
	}
	for _, group := range []map[string]*object{api.methods, api.types} {
		for name, o := range group {
			for _, k := range allKinds(o) {
				if _, scalar := scalarFits([]byte("0"), 0, k.name); !scalar && api.types[k.name] == nil {
					t.Errorf("%s uses the unknown type %q", name, k.name)
				}
			}
			if len(o.required) > 64 {
				t.Errorf("%s has more required fields than bits", name)
			}
		}
	}
	for method := range handlers() {
		if api.methods[method] == nil {
			t.Errorf("%s is simulated but is no method", method)
		}
	}
}

func allKinds(o *object) []kind {
	kinds := o.union
	for _, f := range o.fields {
		kinds = append(kinds, f.kinds...)
	}
	return kinds
}

// What fits a type and what does not, and where the problem is said to be.
func TestCheck(t *testing.T) {
	for _, c := range []struct{ kind, value, problem string }{
		{"[]String", ` [ "a" , "b" ] `, ""},
		{"[]String", `["a",1]`, "[1] must be of type String"},
		{"[]String", `"a"`, " must be an array of String"},
		{"[][]KeyboardButton", `[[{"text":"a"}],[]]`, ""},
		{"[][]KeyboardButton", `[[{"text":"a"}],{}]`, "[1] must be an array of KeyboardButton"},
		{"Integer", `9007199254740993`, ""},
		{"Integer", `1.0`, " must be of type Integer"},
		{"Integer", `123456789012345678901`, " must be of type Integer"},
		{"Float", `-1.5e3`, ""},
		{"Boolean", `"true"`, " must be of type Boolean"},
		{"BotCommandScope", `{"type":"chat","chat_id":5}`, ""},
		{"BotCommandScope", `{"type":"chat","chat_id":5,"user":1}`, ".user is an unknown field of BotCommandScope"},
		{"LinkPreviewOptions", `{"is_disabled":null}`, ""},
		{"LinkPreviewOptions", `{"is_disabled":{"a":"}"}}`, ".is_disabled must be of type Boolean"},
		{"MessageEntity", `{"type":"bold","offset":0}`, ".length is required in MessageEntity and missing"},
		{"MessageEntity", `{"type":"bold","offset":0,"length":null}`, ".length is required in MessageEntity and missing"},
		{"MessageEntity", `{"typ\u0065":"bold"}`, `.typ\u0065 is an unknown field of MessageEntity`},
		{"InlineKeyboardMarkup|ForceReply", `{"force_reply":1}`, ".force_reply must be of type Boolean"},
	} {
		_, wrong := botAPI().check([]byte(c.value), 0, readKinds(c.kind))
		got := ""
		if wrong != nil {
			got = wrong.path + " " + wrong.what
		}
		if !strings.HasPrefix(got, c.problem) || c.problem == "" && got != "" {
			t.Errorf("%s %s: %q, want %q", c.kind, c.value, got, c.problem)
		}
	}
}

// FuzzSkip holds that the scanner agrees with encoding/json about where a value ends.
func FuzzSkip(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"}\"",{}]} `, ` "\\"`, `-1.5e3`, "[\n]", "null"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := []byte(text)
		if !json.Valid(b) {
			return
		}
		if end := skipValue(b, skipSpace(b, 0)); skipSpace(b, end) != len(b) {
			t.Errorf("%q: the value ends at %d", text, end)
		}
		for name := range botAPI().types {
			botAPI().check(b, 0, []kind{{0, name}, {1, name}})
		}
	})
}
