package bot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"defenderline/flows"
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
	agreed []string          // the consent of the case that an addition belongs to
	notice bool              // tells a desk that was agreed to later that there is a case, and nothing that was sent
}

// The lines around the machine-readable part. What a person wrote may hold the same words: the part
// is the last one of the document.
const (
	beginJSON = "-----BEGIN CASE JSON-----"
	endJSON   = "-----END CASE JSON-----"
)

// fieldOrder is the order in which a reader needs the answers; other fields follow in the order of
// their names.
var fieldOrder = [...]string{"consent", "urgency", "safe", "reach", "reach_detail", "times", "avoid", "public", "country", "place",
	"subject", "knows", "who", "alias", "applicant", "account", "when", "harm", "actor", "why_actor", "work", "link", "earlier", "told",
	"uk_company", "need", "ask"}

// fields are the fields answered, by button, in words or by a file, in reading order.
func (p *paper) fields() []string {
	seen := map[string]bool{}
	for f := range p.draft.Answers {
		if len(p.draft.Answers[f]) > 0 {
			seen[f] = true
		}
	}
	for _, i := range p.draft.Items {
		seen[i.Field] = true
	}
	if len(p.consent()) > 0 {
		seen["consent"] = true
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

// consent is what was agreed: with this document, or with the case it adds to.
func (p *paper) consent() []string {
	if given := p.draft.Answers["consent"]; len(given) > 0 {
		return given
	}
	return p.agreed
}

// chosen are the values chosen for a field.
func (p *paper) chosen(field string) []string {
	if field == "consent" {
		return p.consent()
	}
	return p.draft.Answers[field]
}

// words are the texts a person gave for a field, in order of arrival; a place is its coordinates.
func (p *paper) wordsFor(field string) []string {
	var out []string
	for _, i := range p.draft.Items {
		switch {
		case i.Field != field:
		case i.Kind == flows.ItemPlace:
			out = append(out, coordinates(i))
		case i.Text != "":
			out = append(out, i.Text)
		}
	}
	return out
}

// coordinates are those of a shared place, in degrees.
func coordinates(i flows.Item) string { return fmt.Sprintf("%.6f, %.6f", i.Lat, i.Lon) }

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
		name := p.code.FileName(p.files + len(out) + 1)
		out = append(out, referrals.WaitingFile{Name: name, Ref: i.File.ID, Size: i.File.Size, Given: given(i, name), Message: i.Message})
	}
	return out
}

// extensions of files that come without a name, by media type and by kind.
var extensions = map[string]string{
	"audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/aac": ".aac", "audio/wav": ".wav", "image/jpeg": ".jpg",
	"image/png": ".png", "image/webp": ".webp", "image/gif": ".gif", "video/mp4": ".mp4", "video/quicktime": ".mov", "application/pdf": ".pdf",
	string(flows.ItemVoice): ".ogg", string(flows.ItemPhoto): ".jpg", string(flows.ItemVideo): ".mp4", string(flows.ItemFile): ".bin",
}

// given is the name that a file has inside the seal: its own, or one that a program for OpenPGP can save it under.
func given(i flows.Item, sealed string) string {
	if strings.TrimSpace(i.File.Name) != "" {
		return i.File.Name
	}
	ext := extensions[i.File.Type]
	if ext == "" {
		ext = extensions[string(i.Kind)]
	}
	return strings.TrimSuffix(sealed, ".pgp") + ext
}

// several are the fields whose answers are arrays in the JSON: multiple choices.
var several = map[string]bool{"harm": true, "work": true, "need": true, "ask": true, "consent": true}

// json is the machine-readable part: docs/case.schema.json describes it.
func (p *paper) json(d *referrals.Desk, fields []string) []byte {
	doc := map[string]any{"code": p.code, "time": p.at.UTC().Format(time.RFC3339), "lane": p.lane, "desk": d.ID,
		"conversation": p.draft.Flow, "document": p.number, "consent": []string{}, "language": p.lang}
	for _, f := range fields {
		chosen, words := p.chosen(f), p.wordsFor(f)
		switch {
		case len(chosen)+len(words) == 0: // files, which are listed by themselves
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
	if p.notice {
		doc["notice"] = "exists"
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
