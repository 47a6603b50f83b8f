package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"defenderline/flows"
)

// nowhere knows no country.
type nowhere struct{}

func (nowhere) FindCountries(string, string, int) []string { return nil }

// somewhere takes all words for a country.
type somewhere struct{}

func (somewhere) FindCountries(_, _ string, most int) []string {
	return []string{"PE", "CL"}[:min(2, most)]
}

func TestCommands(t *testing.T) {
	tests := []struct {
		text, name, rest string
		ok               bool
	}{
		{"/start", "start", "", true},
		{"/START", "start", "", true},
		{"/start@The_Line_Bot", "start", "", true},
		{"/start payload", "start", "payload", true},
		{"/start@bot payload", "start", "payload", true},
		{"/emergency\nthey came", "emergency", "they came", true},
		{"/emergency\tthey came", "emergency", "they came", true},
		{"/case K7QM 3XRP", "case", "K7QM 3XRP", true},
		{"/wipe سلام", "wipe", "سلام", true},
		{"سلام /start", "", "", false},
		{"🙂 /start", "", "", false},
		{" /start", "", "", false},
		{"/", "", "", false},
		{"/@bot", "", "", false},
		{"// no", "", "", false},
		{"/2026/11", "", "", false},
		{"/home/ana/file", "", "", false},
		{"/سلام", "", "", false},
		{"/" + strings.Repeat("a", 33), "", "", false},
	}
	for _, tt := range tests {
		name, rest, ok := command(tt.text)
		if name != tt.name || rest != tt.rest || ok != tt.ok {
			t.Errorf("%q: %q %q %v", tt.text, name, rest, ok)
		}
	}
}

func TestWordsBehindACommandAreWords(t *testing.T) {
	tests := []struct {
		text  string
		kind  flows.InputKind
		value string // of a command
		words string // those that are kept
	}{
		{"/emergency they are here", flows.Command, "emergency", "they are here"},
		{"/start x1y2", flows.Command, "start", ""},
		{"/start I need help", flows.Command, "start", "I need help"},
		{"/help", flows.Command, "help", ""},
		{"/nonsense", flows.Command, "nonsense", ""},
		{"/they came to my house", flows.Words, "", "/they came to my house"},
		{"/2026/11 was bad", flows.Words, "", "/2026/11 was bad"},
	}
	for _, tt := range tests {
		u, err := decode([]byte(say(1, tt.text)))
		if err != nil {
			t.Fatal(err)
		}
		in := read(u, "en", nowhere{}, noon)
		more, _ := following(u, "en", nowhere{}, noon)
		if in.Kind != tt.kind || in.Value != tt.value || in.Item.Text+more.Item.Text != tt.words {
			t.Errorf("%q: %s %q, words %q and %q", tt.text, in.Kind, in.Value, in.Item.Text, more.Item.Text)
		}
		if tt.words != "" && in.Item.Message+more.Item.Message != 1 {
			t.Errorf("%q: of message %d and %d", tt.text, in.Item.Message, more.Item.Message)
		}
	}
}

func TestReadMessages(t *testing.T) {
	tests := map[string]struct {
		message string
		kind    flows.InputKind
		item    flows.ItemKind
		text    string
		ref     string
	}{
		"words":            {`"text":"  as they are \n"`, flows.Words, flows.ItemText, "  as they are \n", ""},
		"voice":            {`"voice":{"file_id":"r1","duration":3}`, flows.Attachment, flows.ItemVoice, "", "r1"},
		"largest photo":    {`"photo":[{"file_id":"s"},{"file_id":"l"}],"caption":"the car"`, flows.Attachment, flows.ItemPhoto, "the car", "l"},
		"video":            {`"video":{"file_id":"r1"},"caption":"x"`, flows.Attachment, flows.ItemVideo, "x", "r1"},
		"round video":      {`"video_note":{"file_id":"r1"}`, flows.Attachment, flows.ItemVideo, "", "r1"},
		"document":         {`"document":{"file_id":"r1","file_name":"a.pdf","mime_type":"x/y","file_size":9}`, flows.Attachment, flows.ItemFile, "", "r1"},
		"animation":        {`"animation":{"file_id":"r1"},"document":{"file_id":"r1"}`, flows.Attachment, flows.ItemFile, "", "r1"},
		"audio":            {`"audio":{"file_id":"r1"}`, flows.Attachment, flows.ItemFile, "", "r1"},
		"one of an album":  {`"media_group_id":"7","photo":[{"file_id":"r1"}]`, flows.Attachment, flows.ItemPhoto, "", "r1"},
		"forwarded":        {`"text":"x","forward_origin":{"type":"of_tomorrow","date":1}`, flows.Words, flows.ItemText, "x", ""},
		"place":            {`"location":{"latitude":-12.05,"longitude":-77.04}`, flows.Location, flows.ItemPlace, "", ""},
		"sticker":          {`"sticker":{"file_id":"r1"}`, flows.Unsupported, "", "", ""},
		"contact":          {`"contact":{"phone_number":"1"}`, flows.Unsupported, "", "", ""},
		"of tomorrow":      {`"hologram":{"file_id":"r1"}`, flows.Unsupported, "", "", ""},
		"blank":            {`"text":" \n "`, flows.Unsupported, "", "", ""},
		"no photo at all":  {`"photo":[]`, flows.Unsupported, "", "", ""},
		"reaction of late": {`"text":"x","reply_to_message":{"message_id":1,"chat":{"id":5},"text":"` + canary + `"}`, flows.Words, flows.ItemText, "x", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			raw := fmt.Sprintf(`{"update_id":1,"%%s":{"message_id":7,"date":1,"chat":{"id":5,"type":"private"},%s}}`, tt.message)
			u, err := decode([]byte(fmt.Sprintf(raw, "message")))
			if err != nil {
				t.Fatal(err)
			}
			in := read(u, "en", nowhere{}, noon)
			if in.Kind != tt.kind || in.Item.Kind != tt.item || in.Item.Text != tt.text || !in.At.Equal(noon) {
				t.Errorf("%+v", in)
			}
			if tt.kind != flows.Unsupported && in.Item.Message != 7 {
				t.Errorf("of message %d", in.Item.Message)
			}
			if (in.Item.File != nil) != (tt.ref != "") || in.Item.File != nil && in.Item.File.ID != tt.ref {
				t.Errorf("file %+v", in.Item.File)
			}
			if u, err = decode([]byte(fmt.Sprintf(raw, "edited_message"))); err != nil {
				t.Fatal(err)
			}
			if edited := read(u, "en", nowhere{}, noon); edited.Kind != flows.Edited || edited.Item.Text != tt.text {
				t.Errorf("edited: %+v", edited)
			}
		})
	}
}

// Words that were kept stay words, however an edit makes them begin.
func TestEditIsNeverACommand(t *testing.T) {
	u, err := decode([]byte(strings.Replace(say(7, "/cases or so"), `"message"`, `"edited_message"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if in := read(u, "en", nowhere{}, noon); in.Kind != flows.Edited || in.Item.Text != "/cases or so" || in.Item.Message != 7 {
		t.Errorf("%+v", in)
	}
}

func TestOnlyShortWordsAreTriedAsACountry(t *testing.T) {
	for text, want := range map[string]int{"Peru": 2, strings.Repeat("x", longestPlace+1): 0} {
		u, _ := decode([]byte(say(1, text)))
		if in := read(u, "en", somewhere{}, noon); len(in.Countries) != want {
			t.Errorf("%.10q: %v", text, in.Countries)
		}
	}
}

func TestChats(t *testing.T) {
	tests := []struct {
		raw  string
		id   int64
		kind string
	}{
		{say(1, "x"), 5, "private"},
		{pressOn(1, "a:b"), 5, "private"},
		{`{"update_id":1,"message":{"chat":{"id":9007199254740993,"type":"private"}}}`, 9007199254740993, "private"},
		{`{"update_id":1,"message":{"chat":{"id":-1001234567890,"type":"supergroup"},"sender_chat":{"id":-1,"type":"channel"}}}`, -1001234567890, "supergroup"},
		{`{"update_id":1,"message":{"chat":{"id":-77,"type":"group"},"migrate_to_chat_id":-1009}}`, -77, "group"},
		{`{"update_id":1,"my_chat_member":{"chat":{"id":6,"type":"private"},"new_chat_member":{"status":"kicked"}}}`, 6, "private"},
		{`{"update_id":1,"callback_query":{"id":"1","data":"x:y","message":{"message_id":3,"date":0,"chat":{"id":8,"type":"private"}}}}`, 8, "private"},
		{`{"update_id":1,"callback_query":{"id":"1","inline_message_id":"x"}}`, 0, ""},
		{`{"update_id":1,"channel_post":{"chat":{"id":-5,"type":"channel"}}}`, 0, ""},
		{`{"update_id":1}`, 0, ""},
	}
	for _, tt := range tests {
		id, from, err := peek([]byte(tt.raw))
		if err != nil || id != 1 || from.ID != tt.id || from.Type != tt.kind {
			t.Errorf("%s: %d %+v %v", tt.raw, id, from, err)
		}
	}
}

func TestSplitData(t *testing.T) {
	tests := map[string][3]string{"urgency:now#7": {"urgency", "now", "7"}, "review:edit:country#a": {"review", "edit:country", "a"}, "menu": {"menu", "", ""},
		"": {}, "#": {}, "a:b#c#d": {"a", "b", "c#d"}, "reason:other#K7QM-3XRP-2.d": {"reason", "other", "K7QM-3XRP-2.d"}}
	for data, want := range tests {
		if f, v, tok := splitData(data); [3]string{f, v, tok} != want {
			t.Errorf("%q: %q %q %q", data, f, v, tok)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{say(1, "/start@x y"), pressOn(1, "a:b#c"), `{"update_id":1,"message":{"location":{"latitude":1e300,"longitude":-7}}}`,
		`{"update_id":1,"edited_message":{"photo":[{}]}}`, `{"update_id":1.5}`, `{"update_id":-3,"message":null}`, "[]", "null", `{"update_id":1,"message":{"voice":{}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, from, err := peek(raw)
		u, again := decode(raw)
		if (err == nil) != (again == nil) {
			t.Fatal("peek and decode disagree")
		}
		if err != nil {
			clean(t, err)
			_ = updateID(raw)
			return
		}
		if id == 0 || u.ID != id || u.chat() != from {
			t.Fatalf("peeked %d of %d", id, u.ID)
		}
		_ = u.language()
		in := read(u, "en", somewhere{}, noon)
		if in.Kind == "" || !in.At.Equal(noon) {
			t.Fatalf("%+v", in)
		}
		if in.Kind == flows.Words && (in.Item.Text != u.Message.Text || u.Message.Text == "") {
			t.Fatalf("words were altered: %q", in.Item.Text)
		}
		if in.Kind == flows.Attachment && in.Item.File == nil {
			t.Fatal("an attachment without a file")
		}
		if _, err := json.Marshal(in); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzCommand(f *testing.F) {
	for _, s := range []string{"/start", "/a b", "/a@b c", "/\u00a0", "/é", "/a\u2028b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, rest, ok := command(text)
		switch {
		case !ok && (name != "" || rest != ""):
			t.Fatalf("%q: %q %q", text, name, rest)
		case ok && (name == "" || len(name) > 32 || name != strings.ToLower(name) || !strings.Contains(text, rest)):
			t.Fatalf("%q: %q %q", text, name, rest)
		case ok && utf8.ValidString(text) && !utf8.ValidString(rest):
			t.Fatalf("%q was cut inside a letter: %q", text, rest)
		}
		field, value, token := splitData(text)
		if !strings.HasPrefix(text, field) || !strings.Contains(text, value) || !strings.HasSuffix(text, token) {
			t.Fatalf("%q: %q %q %q", text, field, value, token)
		}
	})
}

func TestAllowedUpdatesAreThoseRead(t *testing.T) {
	if !slices.Equal(allowedUpdates, []string{"message", "edited_message", "callback_query", "my_chat_member"}) {
		t.Errorf("asks for %q", allowedUpdates)
	}
}
