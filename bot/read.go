package bot

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"defenderline/flows"
	"defenderline/i18n"
)

// atlas is what reading asks of the catalogue: which countries words may mean.
type atlas interface {
	FindCountries(lang, typed string, most int) []string
}

// mostCountries is how many countries are offered for what was typed.
const mostCountries = 4

// longestPlace is how many bytes of words are still tried as a country; longer ones are an account.
const longestPlace = 200

// read turns an update into an input of the conversation. It is pure. at is when the line got it.
func read(u update, lang string, places atlas, at time.Time) flows.Input {
	switch {
	case u.Callback != nil:
		field, value, token := splitData(u.Callback.Data)
		return flows.Input{Kind: flows.Press, Field: field, Value: value, Token: token, At: at}
	case u.Edited != nil:
		in := readItem(u.Edited, lang, places, at) // words already kept stay words, however they begin now
		in.Kind = flows.Edited
		return in
	case u.Message != nil:
		return readMessage(u.Message, lang, places, at)
	default:
		return flows.Input{Kind: flows.Unsupported, At: at}
	}
}

// splitData takes "field:value#token" apart. The value may itself hold colons: edit:country.
func splitData(data string) (field, value, token string) {
	data, token, _ = strings.Cut(data, "#")
	field, value, _ = strings.Cut(data, ":")
	return field, value, token
}

func readMessage(m *message, lang string, places atlas, at time.Time) flows.Input {
	if name, rest, ok := command(m.Text); ok && (rest == "" || slices.Contains(defenderCommands, name)) {
		return flows.Input{Kind: flows.Command, Value: name, At: at}
	}
	return readItem(m, lang, places, at)
}

// following are the words behind a command, which are the person's own as any others. What follows /start
// without a space in it is a link's payload.
func following(u update, lang string, places atlas, at time.Time) (flows.Input, bool) {
	if u.Message == nil {
		return flows.Input{}, false
	}
	name, rest, ok := command(u.Message.Text)
	if !ok || rest == "" || !slices.Contains(defenderCommands, name) || name == "start" && !strings.ContainsAny(rest, " \n") {
		return flows.Input{}, false
	}
	m := *u.Message
	m.Text = rest
	return readItem(&m, lang, places, at), true
}

// readItem reads a message that is no command.
func readItem(m *message, lang string, places atlas, at time.Time) flows.Input {
	item := flows.Item{Field: "account", Message: m.ID, At: at}
	in := flows.Input{At: at}
	switch f, kind := attached(m); {
	case f != nil:
		item.Kind, item.Text = kind, m.Caption
		item.File = &flows.File{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size}
		in.Kind = flows.Attachment
	case m.Location != nil:
		item.Kind, item.Lat, item.Lon = flows.ItemPlace, m.Location.Latitude, m.Location.Longitude
		in.Kind, in.Countries = flows.Location, i18n.CountriesAt(item.Lat, item.Lon)
	case strings.TrimSpace(m.Text) != "":
		item.Kind, item.Text = flows.ItemText, m.Text
		in.Kind = flows.Words
		if len(m.Text) <= longestPlace {
			in.Countries = places.FindCountries(lang, m.Text, mostCountries)
		}
	default:
		in.Kind = flows.Unsupported
	}
	in.Item = item
	return in
}

// attached is the file of a message and what it is; nil when it has none. Of a photo the
// largest size is taken.
func attached(m *message) (*file, flows.ItemKind) {
	switch {
	case m.Voice != nil:
		return m.Voice, flows.ItemVoice
	case m.Audio != nil:
		return m.Audio, flows.ItemFile
	case len(m.Photo) > 0:
		return &m.Photo[len(m.Photo)-1], flows.ItemPhoto
	case m.Video != nil:
		return m.Video, flows.ItemVideo
	case m.VideoNote != nil:
		return m.VideoNote, flows.ItemVideo
	case m.Document != nil: // an animation comes with its document
		return m.Document, flows.ItemFile
	case m.Animation != nil:
		return m.Animation, flows.ItemVideo
	default:
		return nil, ""
	}
}

// command reads "/name", "/name@bot" and "/name and what follows" at the beginning of a text. The
// library's own matching goes by entities and misses those after Arabic or emoji.
func command(text string) (name, rest string, ok bool) {
	if !strings.HasPrefix(text, "/") {
		return "", "", false
	}
	name = text[1:]
	if i := strings.IndexFunc(name, unicode.IsSpace); i >= 0 {
		name, rest = name[:i], strings.TrimSpace(name[i:])
	}
	name, _, _ = strings.Cut(name, "@")
	if name == "" || len(name) > 32 || strings.ContainsFunc(name, notInCommand) {
		return "", "", false // a path or a date: the person's own words
	}
	return strings.ToLower(name), rest, true
}

func notInCommand(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
}
