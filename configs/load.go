package configs

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/goccy/go-yaml/ast"
	"golang.org/x/text/language"

	"defenderline/i18n"
)

// Options is what the world outside the file knows.
type Options struct {
	// Shipped are the languages there are texts in, BCP 47; nil: those of this program, English first.
	Shipped []string
	// Offline accepts what `secrets init` leaves for a person to fill in, with a warning.
	Offline bool
}

// loader is one reading of one file.
type loader struct {
	report
	Options
	folder string
	file   file
	tls    bool // redis is reached by TLS
}

// Load reads the configuration at path and everything that it names. The findings are all that is
// wrong with it; the Config is nil when one of them is an error.
func Load(path string, opts Options) (*Config, []Finding) {
	c, findings := Inspect(path, opts)
	if Refused(findings) {
		return nil, findings
	}
	return c, findings
}

// Inspect is Load for whoever wants to find still more in a file that is refused: it returns as much
// of the Config as could be understood, nil when that is nothing. It must not be served from.
func Inspect(path string, opts Options) (*Config, []Finding) {
	l := &loader{Options: opts, folder: filepath.Dir(path)}
	if l.Shipped == nil {
		l.Shipped = i18n.Shipped()
	}
	content, err := readFile(path, false)
	if err != nil {
		l.refuse("", quote(path)+" "+err.Error(), "name the configuration file with --config")
		return nil, l.findings
	}
	node := l.parse(content)
	if node == nil {
		return nil, l.findings
	}
	l.decode(node, reflect.ValueOf(&l.file).Elem(), "")
	if l.told("") {
		return nil, l.findings
	}
	c := l.config()
	l.unserved(c)
	Sort(l.findings)
	return c, l.findings
}

func (l *loader) config() *Config {
	f := &l.file
	c := &Config{
		Telegram:   l.telegram(f.Telegram),
		Redis:      l.redis(f.Redis),
		StateKeys:  l.required("state_keys_file", f.StateKeysFile, makeSecrets),
		SigningKey: l.required("signing_key_file", f.SigningKeyFile, makeSecrets),
		HTTP:       HTTP{Listen: or(f.HTTP.Listen, "127.0.0.1:9470")},
		Languages:  l.languages(f.Languages),
		Limits: Limits{
			OpenCasesPerChat:        l.atLeastOne("limits.open_cases_per_chat", f.Limits.OpenCases, 5),
			UpdatesPerChatPerMinute: l.atLeastOne("limits.updates_per_chat_per_minute", f.Limits.Updates, 60),
		},
		Retention: l.retention(f.Retention),
		SMTP:      l.smtp(f.SMTP),
		Operator:  l.operator(f.Operator),
	}
	l.listen("http.listen", c.HTTP.Listen)
	l.listenersApart(c)
	c.Fallback = l.fallback(c.Languages)
	c.Desks = l.desks(c)
	return c
}

const makeSecrets = "make it with: defenderline secrets init DIR"

// languages are those of the line.
func (l *loader) languages(tags []string) []string {
	if len(tags) == 0 {
		return slices.Clone(l.Shipped)
	}
	for i, tag := range tags {
		at := indexed("languages", i)
		switch {
		case !slices.Contains(l.Shipped, tag):
			l.refuse(at, quote(tag)+" is not a language that is shipped", "choose from "+strings.Join(l.Shipped, ", "))
		case slices.Contains(tags[:i], tag):
			l.refuse(at, quote(tag)+" is named twice", "keep one of the two")
		}
	}
	return tags
}

// tags are the languages that a desk reads; they need not be shipped.
func (l *loader) tags(field string, tags, lines []string) []string {
	if len(tags) == 0 {
		return slices.Clone(lines)
	}
	for i, tag := range tags {
		if _, err := language.Parse(tag); err != nil {
			l.refuse(indexed(field, i), quote(tag)+" is not a language tag", "write a BCP 47 tag like es or pt-BR")
		}
	}
	l.unique(field, tags)
	if !l.told(field) && !slices.Contains(lines, tags[0]) {
		l.warn(indexed(field, 0), quote(tags[0])+" is not a language of the line",
			"put a language of the line first; until then documents for the desk are labelled in the line's first")
	}
	return tags
}

// unique refuses values that occur twice in a list.
func (l *loader) unique(field string, values []string) {
	for i, v := range values {
		if slices.Contains(values[:i], v) {
			l.refuse(indexed(field, i), quote(v)+" is named twice", "keep one of the two")
		}
	}
}

// oneOf refuses values outside a closed set, and stands in with all of it for an empty list.
func (l *loader) oneOf(field string, values, known []string) []string {
	if len(values) == 0 {
		return known
	}
	for i, v := range values {
		if !slices.Contains(known, v) {
			l.refuse(indexed(field, i), quote(v)+" is not known here", "choose from "+strings.Join(known, ", "))
		}
	}
	l.unique(field, values)
	return values
}

// fallback reads the texts for when the line is down.
func (l *loader) fallback(languages []string) map[string]string {
	const field = "fallback_contacts"
	if l.file.FallbackContacts == "" {
		return nil
	}
	content, err := readFile(l.resolve(l.file.FallbackContacts), false)
	if err != nil {
		l.refuse(field, quote(l.file.FallbackContacts)+" "+err.Error(), "write a text for each language of the line")
		return nil
	}
	var inner report
	texts := map[string]string{}
	node := inner.parse(content)
	if node != nil {
		inner.each(node, field, func(key, at string, value ast.Node) {
			if text, ok := inner.word(value, at); ok {
				texts[key] = strings.TrimSpace(text)
				inner.fallbackText(at, key, texts[key], languages)
			}
		})
	}
	if node != nil && len(languages) > 0 && texts[languages[0]] == "" {
		inner.missing(join(field, languages[0]), "write the text for the line's first language")
	}
	for _, f := range inner.findings {
		if f.Field == "" {
			f.Field = field
		}
		l.findings = append(l.findings, f)
	}
	return texts
}

func (r *report) fallbackText(at, language, text string, languages []string) {
	switch {
	case !slices.Contains(languages, language):
		r.warn(at, "is not a language of the line", "nobody is shown it; the line speaks "+strings.Join(languages, ", "))
	case text == "":
		r.refuse(at, "is empty", "write what to do when the line is down")
	case len(utf16.Encode([]rune(text))) > 3500:
		r.refuse(at, "is longer than one message", "keep it within 3500 UTF-16 units: it stands below what the line says")
	}
}

func or(value, instead string) string {
	if value == "" {
		return instead
	}
	return value
}
