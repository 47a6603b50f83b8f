package bot

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"defenderline/flows"
)

// What is written for every act is written here, without reflection: how a call is kept, and the parameters of the methods
// that make up nearly all calls. Tests hold it against encoding/json and the library's parameters.

// object appends the fields of a JSON object.
type object []byte

// name appends a field's name behind the brace that begins the object, or behind another field. Names are ours and need no
// quoting.
func (o *object) name(name string) {
	if (*o)[len(*o)-1] != '{' {
		*o = append(*o, ',')
	}
	*o = append(append(append(*o, '"'), name...), '"', ':')
}

func (o *object) text(name, value string) {
	o.name(name)
	*o = quote(*o, value)
}

func (o *object) number(name string, value int64) {
	o.name(name)
	*o = strconv.AppendInt(*o, value, 10)
}

// unlessZero appends a number if it is one.
func (o *object) unlessZero(name string, value int64) {
	if value != 0 {
		o.number(name, value)
	}
}

// ifTrue appends a flag that is set.
func (o *object) ifTrue(name string, value bool) {
	if value {
		o.name(name)
		*o = append(*o, "true"...)
	}
}

// end ends the object.
func (o *object) end() []byte { return append(*o, '}') }

// quote appends a text as JSON. What is no UTF-8 becomes U+FFFD, as it does everywhere.
func quote(to []byte, text string) []byte {
	to, _ = jsontext.AppendQuote(to, text)
	return to
}

// list appends a list, each item by a function.
func list[T any](to []byte, items []T, each func([]byte, T) []byte) []byte {
	to = append(to, '[')
	for i, item := range items {
		if i > 0 {
			to = append(to, ',')
		}
		to = each(to, item)
	}
	return append(to, ']')
}

// head appends how a call is made: what encoding/json makes of it.
func (c call) head(to []byte) []byte {
	o := object(append(to, '{'))
	o.number("b", int64(c.Bot))
	o.number("c", c.Chat)
	o.text("m", c.Method)
	o.ifTrue("e", c.Anew)
	o.ifTrue("o", c.Own)
	o.ifTrue("r", c.Rest)
	if len(c.Gone) > 0 {
		o.name("go")
		o = list(o, c.Gone, func(to []byte, id int) []byte { return strconv.AppendInt(to, int64(id), 10) })
	}
	o.unlessZero("sw", int64(c.Sweep))
	o.ifTrue("st", c.Stays)
	o.ifTrue("s", c.Screen)
	o.unlessZero("ed", int64(c.Edits))
	if len(c.Notes) > 0 {
		o.name("no")
		o = list(o, c.Notes, quote)
	}
	if c.Tells != "" {
		o.text("te", c.Tells)
	}
	o.ifTrue("as", c.Asks)
	o.ifTrue("sh", c.Short)
	if c.Shows != "" {
		o.text("sf", c.Shows)
	}
	o.unlessZero("ma", c.Made)
	o.unlessZero("bo", c.Born)
	o.unlessZero("tu", int64(c.Turn))
	o.unlessZero("ca", int64(c.Card))
	o.unlessZero("to", int64(c.Top))
	if c.Receipt != nil {
		o.name("rc")
		o = append(o, encode(c.Receipt)...)
	}
	if c.Fetch != nil {
		o.name("fe")
		o = append(o, encode(c.Fetch)...)
	}
	o.unlessZero("l", int64(c.Lane))
	if !c.Until.IsZero() {
		o.text("u", c.Until.Format(time.RFC3339Nano))
	}
	return o.end()
}

// messageParams are the parameters of sendMessage, or with the id of a message those of editMessageText, for a view.
func messageParams(chat int64, edit int, v flows.View) []byte {
	size := 160 + len(v.Text) + len(v.Text)/8
	for _, row := range v.Rows {
		for _, b := range row {
			size += 40 + len(b.Label) + len(b.Data) + len(b.URL)
		}
	}
	o := object(append(make([]byte, 0, size), '{'))
	o.number("chat_id", chat)
	o.unlessZero("message_id", int64(edit))
	o.text("text", v.Text)
	o.name("link_preview_options")
	o = append(o, `{"is_disabled":true}`...) // a preview tells its server who asked
	if len(v.Rows) > 0 {
		o.name("reply_markup")
		o = append(o, `{"inline_keyboard":`...)
		o = list(o, v.Rows, func(to []byte, row []flows.ViewButton) []byte { return list(to, row, appendButton) })
		o = append(o, '}')
	}
	return o.end()
}

// appendButton appends an inline button. The library's own always carries an empty copy_text beside its data, which makes
// two actions of one button.
func appendButton(to []byte, b flows.ViewButton) []byte {
	o := object(append(to, '{'))
	o.text("text", b.Label)
	if b.Data != "" {
		o.text("callback_data", b.Data)
	}
	if b.URL != "" {
		o.text("url", b.URL)
	}
	return o.end()
}

// pressParams are the parameters of answerCallbackQuery.
func pressParams(press, text string) []byte {
	o := object(append(make([]byte, 0, 48+len(press)+len(text)), '{'))
	o.text("callback_query_id", press)
	if text != "" {
		o.text("text", text)
	}
	return o.end()
}
