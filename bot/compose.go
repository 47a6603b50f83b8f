package bot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"defenderline/flows"
	"defenderline/i18n"
	"defenderline/referrals"
)

// paper is a draft on its way into sealed documents.
type paper struct {
	draft  flows.Draft
	code   referrals.Code
	number int // of the document in its case, from 1
	at     time.Time
	lane   referrals.Lane
	lang   string            // what the defender writes
	files  int               // of the case, sealed before
	names  map[string]string // of those consented to, by the value of the consent
}

// The lines around the machine-readable part. What a person wrote may hold the same words: the part
// is the last one of the document.
const (
	beginJSON = "-----BEGIN CASE JSON-----"
	endJSON   = "-----END CASE JSON-----"
)

// compose writes the document for one desk, in the desk's language, the person's words unaltered.
func (p *paper) compose(d *referrals.Desk, texts *i18n.Catalogue) []byte {
	lang, _ := texts.Match(d.Language(texts.Languages()[0]))
	w := &writer{texts: texts, lang: lang}
	w.line("document.code", string(p.code))
	if p.number > 1 {
		w.line("document.addition", strconv.Itoa(p.number))
	}
	w.line("document.time", p.at.UTC().Format(time.RFC3339))
	w.line("document.lane", texts.Text(lang, "desk.lane."+string(p.lane), nil))
	w.line("document.desk", d.Name)
	w.line("document.language", i18n.NativeName(p.lang))
	w.blank()
	fields := p.fields()
	for _, f := range fields {
		w.answer(f, p)
	}
	w.files(p)
	w.blank()
	w.buf.WriteString(beginJSON + "\n")
	w.buf.Write(p.json(d, fields))
	w.buf.WriteString("\n" + endJSON + "\n")
	return w.buf.Bytes()
}

// fieldOrder is the order in which a reader needs the answers; other fields follow in the order of
// their names.
var fieldOrder = [...]string{"consent", "public", "urgency", "country", "place", "subject", "knows", "who", "alias", "applicant",
	"account", "when", "harm", "actor", "why_actor", "work", "link", "earlier", "told", "uk_company", "need", "ask",
	"reach", "reach_detail", "avoid"}

// fields are the fields answered, by button or in words, in reading order.
func (p *paper) fields() []string {
	seen := map[string]bool{}
	for f := range p.draft.Answers {
		if len(p.draft.Answers[f]) > 0 {
			seen[f] = true
		}
	}
	for _, i := range p.draft.Items {
		if i.Text != "" || i.Kind == flows.ItemPlace {
			seen[i.Field] = true
		}
	}
	var out []string
	for _, f := range fieldOrder {
		if seen[f] {
			out = append(out, f)
			delete(seen, f)
		}
	}
	rest := len(out)
	for f := range seen {
		out = append(out, f)
	}
	slices.Sort(out[rest:])
	return out
}

// words are the texts a person gave for a field, in order of arrival; a place is its coordinates.
func (p *paper) wordsFor(field string) []string {
	var out []string
	for _, i := range p.draft.Items {
		switch {
		case i.Field != field:
		case i.Kind == flows.ItemPlace:
			out = append(out, fmt.Sprintf("%.6f, %.6f", i.Lat, i.Lon))
		case i.Text != "":
			out = append(out, i.Text)
		}
	}
	return out
}

// words are the ids of messages whose whole content is in the document. Those that brought a file
// stay until it is sealed.
func (p *paper) words() []int {
	var ids []int
	for _, i := range p.draft.Items {
		if i.File == nil && i.Message != 0 {
			ids = append(ids, i.Message)
		}
	}
	return ids
}

// waiting are the files to be sealed beside the document, numbered on from those of the case.
func (p *paper) waiting() []referrals.WaitingFile {
	var out []referrals.WaitingFile
	for _, i := range p.draft.Items {
		if i.File == nil {
			continue
		}
		out = append(out, referrals.WaitingFile{Name: p.code.FileName(p.files + len(out) + 1), Ref: i.File.ID,
			Size: i.File.Size, Given: i.File.Name, Message: i.Message})
	}
	return out
}

// several are the fields whose answers are arrays in the JSON: multiple choices.
var several = map[string]bool{"harm": true, "work": true, "need": true, "ask": true, "consent": true}

// json is the machine-readable part: docs/case.schema.json describes it.
func (p *paper) json(d *referrals.Desk, fields []string) []byte {
	doc := map[string]any{"code": p.code, "time": p.at.UTC().Format(time.RFC3339), "lane": p.lane, "desk": d.ID,
		"conversation": p.draft.Flow, "document": p.number, "consent": []string{}, "language": p.lang}
	for _, f := range fields {
		chosen, words := p.draft.Answers[f], p.wordsFor(f)
		switch {
		case len(chosen) == 0:
			doc[f] = words
		case several[f]:
			doc[f] = chosen
		default:
			doc[f] = chosen[0]
		}
		if len(chosen) > 0 && len(words) > 0 {
			doc[f+"_words"] = words
		}
	}
	if files := p.listed(); len(files) > 0 {
		doc["files"] = files
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if enc.Encode(doc) != nil { // strings and numbers only: cannot fail
		return []byte("{}")
	}
	// Words that imitate the marker lines must not look like them here: the escape reads as the same dash.
	return bytes.ReplaceAll(bytes.TrimRight(out.Bytes(), "\n"), []byte("-----"), []byte(`\u002d----`))
}

// listedFile is a file as the document names it.
type listedFile struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Original string `json:"original,omitempty"`
	Type     string `json:"type,omitempty"`
	Size     int64  `json:"size,omitempty"`
	Caption  string `json:"caption,omitempty"`
}

func (p *paper) listed() []listedFile {
	var out []listedFile
	waiting := p.waiting()
	for _, i := range p.draft.Items {
		if i.File != nil {
			out = append(out, listedFile{Name: waiting[len(out)].Name, Kind: string(i.Kind), Original: i.File.Name,
				Type: i.File.Type, Size: i.File.Size, Caption: i.Text})
		}
	}
	return out
}

// writer writes the readable part.
type writer struct {
	buf   bytes.Buffer
	texts *i18n.Catalogue
	lang  string
}

func (w *writer) blank() { w.buf.WriteByte('\n') }

// line writes one labelled line.
func (w *writer) line(key, value string) {
	fmt.Fprintf(&w.buf, "%s: %s\n", w.label(key), value)
}

func (w *writer) label(key string) string {
	if !w.texts.Has(w.lang, key) {
		_, name, _ := strings.Cut(key, ".")
		return name
	}
	return w.texts.Text(w.lang, key, nil)
}

// value is the label of a choice; a value the catalogue does not know is shown as it is.
func (w *writer) value(field, v string) string {
	key := "value." + field + "." + v
	if !w.texts.Has(w.lang, key) {
		return v
	}
	return w.texts.Text(w.lang, key, nil)
}

// answer writes a field: choices on the label's line, words as a block below it.
func (w *writer) answer(field string, p *paper) {
	var labels []string
	for _, v := range p.draft.Answers[field] {
		switch {
		case field == "country":
			labels = append(labels, w.texts.CountryName(w.lang, v)+" ("+v+")")
		case field == "consent" && p.names[v] != "":
			labels = append(labels, p.names[v])
		default:
			labels = append(labels, w.value(field, v))
		}
	}
	words := p.wordsFor(field)
	if len(words) == 0 {
		w.line("field."+field, strings.Join(labels, "; "))
		return
	}
	fmt.Fprintf(&w.buf, "\n%s: %s\n", w.label("field."+field), strings.Join(labels, "; "))
	for _, t := range words {
		w.buf.WriteString(t + "\n\n")
	}
}

// files writes what is sealed beside the document.
func (w *writer) files(p *paper) {
	for _, f := range p.listed() {
		w.line("document.file", strings.Join(strings.Fields(f.Name+" "+f.Original+" "+f.Type), " ")) // on one line, whatever the name
	}
}
