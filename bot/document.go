package bot

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"defenderline/flows"
	"defenderline/i18n"
	"defenderline/referrals"
)

// compose writes the document for one desk, in the desk's language, the person's words unaltered.
func (p *paper) compose(d *referrals.Desk, texts *i18n.Catalogue) []byte {
	lang := languageOf(texts, d)
	w := &writer{texts: texts, lang: lang, files: p.named()}
	w.head(p, d)
	w.blank()
	fields := p.fields()
	for _, f := range fields {
		w.answer(f, p)
	}
	w.blank()
	for _, f := range p.listed() {
		w.file(f)
	}
	w.blank()
	w.buf.WriteString(beginJSON + "\n")
	w.buf.Write(p.json(d, fields))
	w.buf.WriteString("\n" + endJSON + "\n")
	return w.buf.Bytes()
}

// named are the names of the sealed files, by their place among the items.
func (p *paper) named() map[int]string {
	names, waiting := map[int]string{}, p.waiting()
	for n, i := range p.draft.Items {
		if i.File != nil {
			names[n] = waiting[len(names)].Name
		}
	}
	return names
}

// writer writes the readable part.
type writer struct {
	buf   bytes.Buffer
	texts *i18n.Catalogue
	lang  string
	files map[int]string
}

// head writes what a reader must know before anything else: which case, since when, how urgent, for whom.
func (w *writer) head(p *paper, d *referrals.Desk) {
	w.line("document.code", string(p.code))
	if p.number > 1 {
		w.line("document.addition", strconv.Itoa(p.number))
	}
	w.line("document.time", p.at.UTC().Format(time.RFC3339))
	if local := w.texts.Time(w.lang, p.at, d.Zone); local != w.texts.Time(w.lang, p.at, time.UTC) {
		w.line("document.local", local)
	}
	w.line("document.lane", w.texts.Text(w.lang, "desk.lane."+string(p.lane), nil))
	w.line("document.desk", d.Name)
	w.line("document.language", w.language(p.lang))
	if p.notice {
		w.line("document.notice", w.texts.Text(w.lang, "document.notice_text", nil))
	}
}

// language is the name of a language in the reader's, or its own where there is none.
func (w *writer) language(tag string) string {
	if key := "document.language_name." + tag; w.texts.Has(w.lang, key) {
		return w.texts.Text(w.lang, key, nil)
	}
	return i18n.NativeName(tag)
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

// answer writes a field: choices on the label's line, words, places and traces of files as blocks below it.
func (w *writer) answer(field string, p *paper) {
	var labels []string
	for _, v := range p.chosen(field) {
		switch {
		case field == "country":
			labels = append(labels, w.texts.CountryName(w.lang, v)+" ("+v+")")
		case field == "consent" && p.names[v] != "":
			labels = append(labels, p.names[v])
		default:
			labels = append(labels, w.value(field, v))
		}
	}
	blocks := w.blocks(field, p)
	if len(blocks) == 0 {
		w.line("field."+field, strings.Join(labels, "; "))
		return
	}
	fmt.Fprintf(&w.buf, "\n%s: %s\n", w.label("field."+field), strings.Join(labels, "; "))
	for _, b := range blocks {
		w.buf.WriteString(b + "\n\n")
	}
}

// blocks are what a person sent for a field, in order of arrival: words unaltered, a place by its coordinates, of a
// file where it is and what was written beside it.
func (w *writer) blocks(field string, p *paper) []string {
	var out []string
	for n, i := range p.draft.Items {
		switch {
		case i.Field != field:
		case i.File != nil:
			trace := "[" + w.kind(i.Kind) + ": " + w.files[n] + "]"
			if i.Text != "" {
				trace += " " + i.Text
			}
			out = append(out, trace)
		case i.Kind == flows.ItemPlace:
			out = append(out, w.label("document.place")+": "+coordinates(i))
		case i.Text != "":
			out = append(out, i.Text)
		}
	}
	return out
}

// kind is what a file is, in the reader's language.
func (w *writer) kind(k flows.ItemKind) string { return w.label("document.kind." + string(k)) }

// file writes a line for what is sealed beside the document: its name, what it is, the name it had, what was
// written beside it. All of it stays on one line, whatever the person's device called it.
func (w *writer) file(f listedFile) {
	text := f.Name + ", " + w.kind(flows.ItemKind(f.Kind))
	if f.Original != "" {
		text += " (" + f.Original + ")"
	}
	if f.Caption != "" {
		text += ": " + f.Caption
	}
	w.line("document.file", strings.Join(strings.Fields(text), " "))
}
