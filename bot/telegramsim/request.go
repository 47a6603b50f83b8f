package telegramsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"
)

// param is one parameter as it arrived: text, or the raw JSON of what was no JSON string. The first byte of
// that JSON tells what it was; 0 means that it came as text, which carries no type.
type param struct {
	name  string
	value string
	json  byte
}

// upload is a file of a multipart form.
type upload struct {
	field, name, mime string
	data              []byte
}

// request is one decoded call. Order is kept; a name given twice keeps its first value.
type request struct {
	params []param
	files  []upload
}

func (r *request) get(name string) (param, bool) {
	for _, p := range r.params {
		if p.name == name {
			return p, true
		}
	}
	return param{}, false
}

func (r *request) file(field string) *upload {
	for i := range r.files {
		if r.files[i].field == field {
			return &r.files[i]
		}
	}
	return nil
}

func (r *request) add(p param) {
	if _, known := r.get(p.name); !known {
		r.params = append(r.params, p)
	}
}

// decodeRequest reads query and body as the real server does: both are merged, the query first.
func decodeRequest(contentType, query string, body []byte) (*request, *Error) {
	r := &request{}
	if query != "" {
		if err := r.addForm(query); err != nil {
			return nil, err
		}
	}
	if len(body) == 0 {
		return r, nil
	}
	kind, options, err := mime.ParseMediaType(contentType)
	if err != nil && contentType != "" {
		return nil, badRequest("can't parse the content type of the request")
	}
	switch kind {
	case "application/json":
		return r, r.addJSON(body)
	case "multipart/form-data":
		return r, r.addMultipart(body, options["boundary"])
	case "application/x-www-form-urlencoded":
		return r, r.addForm(string(body))
	}
	return nil, badRequest("the content type %q is not one of JSON, urlencoded and multipart", kind)
}

func (r *request) addForm(text string) *Error {
	values, err := url.ParseQuery(text)
	if err != nil {
		return badRequest("can't parse urlencoded parameters")
	}
	for name, list := range values {
		r.add(param{name: name, value: list[0]})
	}
	return nil
}

func (r *request) addJSON(body []byte) *Error {
	i := skipSpace(body, 0)
	if !json.Valid(body) || body[i] != '{' {
		return badRequest("can't parse JSON object")
	}
	for i = skipSpace(body, i+1); body[i] != '}'; {
		afterKey := skipValue(body, i)
		value := skipSpace(body, skipSpace(body, afterKey)+1)
		end := skipValue(body, value)
		if body[value] != 'n' {
			r.add(param{
				name:  unquote(body[i:afterKey]),
				value: unquote(body[value:end]),
				json:  body[value],
			})
		}
		i = skipComma(body, end)
	}
	return nil
}

// unquote gives the text of a JSON string, and any other JSON value as it stands.
func unquote(raw []byte) string {
	if raw[0] != '"' {
		return string(raw)
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return strings.ToValidUTF8(string(raw[1:len(raw)-1]), "\uFFFD")
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return ""
	}
	return text
}

func (r *request) addMultipart(body []byte, boundary string) *Error {
	if boundary == "" || !bytes.Contains(body, []byte("--"+boundary)) {
		return badRequest("boundary in multipart/form-data not found")
	}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return badRequest("can't parse multipart/form-data")
		}
		data, err := io.ReadAll(part)
		if err != nil || part.FormName() == "" {
			return badRequest("can't parse a part of multipart/form-data")
		}
		r.addPart(part, data)
	}
}

func (r *request) addPart(part *multipart.Part, data []byte) {
	if part.FileName() == "" {
		r.add(param{name: part.FormName(), value: string(data)})
		return
	}
	r.files = append(r.files, upload{
		field: part.FormName(),
		name:  part.FileName(),
		mime:  part.Header.Get("Content-Type"),
		data:  data,
	})
}

// validate refuses what the table does not know: a parameter, a nested field, a type; and a required
// parameter that is missing.
func (r *request) validate(t *table, method string) *Error {
	o := t.methods[method]
	var seen uint64
	for _, p := range r.params {
		f := o.fields[p.name]
		if f == nil {
			return badRequest("unknown parameter %q of %s", p.name, method)
		}
		if err := p.fits(t, f.kinds); err != nil {
			return err
		}
		seen |= f.need
	}
	for _, u := range r.files {
		f := o.fields[u.field]
		if f == nil {
			if !r.attached(u.field) {
				return badRequest("unknown file %q of %s: no parameter names attach://%s", u.field, method, u.field)
			}
			continue
		}
		if !takesFile(f.kinds) {
			return badRequest("parameter %q of %s takes no file", u.field, method)
		}
		seen |= f.need
	}
	if missing := o.missing(seen); missing != "" {
		return badRequest("parameter %q of %s is required", missing, method)
	}
	return nil
}

func (r *request) attached(field string) bool {
	for _, p := range r.params {
		if strings.Contains(p.value, "attach://"+field) {
			return true
		}
	}
	return false
}

func takesFile(kinds []kind) bool {
	for _, k := range kinds {
		if k.name == "InputFile" {
			return true
		}
	}
	return false
}

// fits checks one parameter. Text may stand for any plain type, as forms have no others.
func (p param) fits(t *table, kinds []kind) *Error {
	for _, k := range kinds {
		if k.depth == 0 && p.fitsPlain(k.name) {
			return nil
		}
	}
	if _, plain := scalarFits([]byte{'"'}, 0, kinds[0].name); plain && kinds[0].depth == 0 {
		return badRequest("parameter %q must be of type %s", p.name, kinds[0].name)
	}
	raw := []byte(p.value)
	if !json.Valid(raw) {
		return badRequest("can't parse %s: the value is not JSON", p.name)
	}
	if _, wrong := t.check(raw, 0, kinds); wrong != nil {
		return badRequest("can't parse %s: %q %s", p.name, p.name+wrong.path, wrong.what)
	}
	return nil
}

func (p param) fitsPlain(name string) bool {
	switch name {
	case "String", "InputFile":
		return p.json == 0 || p.json == '"'
	case "Integer":
		_, err := strconv.ParseInt(p.value, 10, 64)
		return err == nil
	case "Float":
		_, err := strconv.ParseFloat(p.value, 64)
		return err == nil
	case "Boolean":
		_, err := strconv.ParseBool(p.value)
		return err == nil
	}
	return false
}
