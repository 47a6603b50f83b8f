package telegramsim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// One line a refusal: method, parameters with CHAT for Ann's chat and MSG for a message of the bot in it,
// and what the description has to say.
func TestRefusals(t *testing.T) {
	s := newScene(t, Options{})
	m := s.sent("sendMessage", s.fill(`{"chat_id":CHAT,"text":"Where?"}`, 0))
	must(s.srv.AddPerson(User{ID: 77, FirstName: "Stranger"}))
	long := strings.Repeat("я", 4097)
	emoji := strings.Repeat("😀", 513)
	key := func(button string) string {
		return `{"chat_id":CHAT,"text":"x","reply_markup":{"inline_keyboard":[[` + button + `]]}}`
	}
	for _, c := range []struct{ method, params, says string }{
		{"sendMessage", `{"chat_id":CHAT,"txt":"x"}`, `unknown parameter "txt"`},
		{"sendMessage", `{"chat_id":CHAT}`, `parameter "text" of sendMessage is required`},
		{"sendMessage", `{"text":"x"}`, `parameter "chat_id" of sendMessage is required`},
		{"sendMessage", `{"chat_id":CHAT,"text":null}`, `parameter "text" of sendMessage is required`},
		{"sendMessage", `{"chat_id":CHAT,"text":5}`, `parameter "text" must be of type String`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x","protect_content":"maybe"}`, `must be of type Boolean`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x","message_thread_id":"a"}`, `must be of type Integer`},
		{"sendMessage", `{"chat_id":[1],"text":"x"}`, `parameter "chat_id" must be of type Integer`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x","link_preview_options":{"disabled":true}}`, `link_preview_options.disabled`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x","reply_markup":"{"}`, `reply_markup: the value is not JSON`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x","reply_markup":{}}`, `is required`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x","reply_markup":{"inline_keyboard":[{}]}}`, `reply_markup.inline_keyboard[0]`},
		{"sendMessage", key(`{"text":"a","callback":"b"}`), `reply_markup.inline_keyboard[0][0].callback`},
		{"sendMessage", key(`{"callback_data":"b"}`), `inline_keyboard[0][0].text" is required`},
		{"sendMessage", key(`{"text":1,"callback_data":"b"}`), `inline_keyboard[0][0].text" must be of type String`},
		{"sendMessage", key(`{"text":"a"}`), `Text buttons are unallowed`},
		{"sendMessage", key(`{"text":"a","callback_data":"b","url":"https://x.org"}`), `exactly one action`},
		{"sendMessage", key(`{"text":" ","callback_data":"b"}`), `BUTTON_TEXT_INVALID`},
		{"sendMessage", key(`{"text":"a","callback_data":"` + strings.Repeat("b", 65) + `"}`), `BUTTON_DATA_INVALID`},
		{"sendMessage", key(`{"text":"a","callback_data":"` + strings.Repeat("я", 33) + `"}`), `BUTTON_DATA_INVALID`},
		{"sendMessage", key(`{"text":"a","url":"javascript:1"}`), `Wrong HTTP URL`},
		{"sendMessage", key(strings.Repeat(`{"text":"a","callback_data":"`+strings.Repeat("b", 60)+`"},`, 120) + `{"text":"a","callback_data":"b"}`), `reply markup is too long`},
		{"sendMessage", `{"chat_id":CHAT,"text":""}`, `message text is empty`},
		{"sendMessage", `{"chat_id":CHAT,"text":" \n "}`, `message text is empty`},
		{"sendMessage", `{"chat_id":CHAT,"text":"<b> </b>","parse_mode":"HTML"}`, `message text is empty`},
		{"sendMessage", `{"chat_id":CHAT,"text":"` + long + `"}`, `message is too long`},
		{"sendMessage", `{"chat_id":CHAT,"text":"<p>x","parse_mode":"HTML"}`, `can't parse entities: Unsupported start tag "p" at byte offset 0`},
		{"sendMessage", `{"chat_id":CHAT,"text":"*x*","parse_mode":"MarkdownV2"}`, `not simulated`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x","parse_mode":"bbcode"}`, `unsupported parse_mode`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x","entities":[{"type":"bold","offset":0,"length":2}]}`, `outside the text`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x","entities":[{"type":"loud","offset":0,"length":1}]}`, `unsupported type of entity "loud"`},
		{"sendMessage", `{"chat_id":1,"text":"x"}`, `chat not found`},
		{"sendMessage", `{"chat_id":"@nobody","text":"x"}`, `chat not found`},
		{"sendMessage", `{"chat_id":77,"text":"x"}`, `Forbidden: bot can't initiate conversation with a user`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x","reply_parameters":{"message_id":999999}}`, `message to be replied not found`},
		{"sendMessage", `{"chat_id":CHAT,"text":"x"`, `can't parse JSON object`},
		{"sendDocument", `{"chat_id":CHAT,"document":"https://x.org/a"}`, `not simulated: sendDocument by URL`},
		{"sendDocument", `{"chat_id":CHAT,"document":"nofile"}`, `wrong remote file identifier`},
		{"sendDocument", `{"chat_id":CHAT,"document":"attach://a"}`, `file "a" to attach not found`},
		{"sendDocument", `{"chat_id":CHAT,"document":"x","caption":"` + emoji + `"}`, `message caption is too long`},
		{"sendPoll", `{"chat_id":CHAT,"question":"x","options":[{"text":"a"}]}`, `method not simulated: sendPoll`},
		{"sendChatAction", `{"chat_id":CHAT,"action":"dancing"}`, `wrong parameter action`},
		{"editMessageText", `{"chat_id":CHAT,"message_id":MSG,"text":"Where?"}`, `message is not modified: specified new message content and reply markup are exactly the same`},
		{"editMessageText", `{"chat_id":CHAT,"message_id":999999,"text":"x"}`, `message to edit not found`},
		{"editMessageText", `{"inline_message_id":"1","text":"x"}`, `not simulated`},
		{"editMessageText", `{"chat_id":CHAT,"message_id":MSG,"text":"x","reply_markup":{"keyboard":[[{"text":"a"}]]}}`, `unknown field`},
		{"editMessageCaption", `{"chat_id":CHAT,"message_id":MSG,"caption":"x"}`, `there is no caption in the message to edit`},
		{"deleteMessage", `{"chat_id":CHAT,"message_id":999999}`, `message to delete not found`},
		{"deleteMessages", `{"chat_id":CHAT,"message_ids":[]}`, `message identifiers are not specified`},
		{"deleteMessages", `{"chat_id":CHAT,"message_ids":[0]}`, `invalid message identifier specified`},
		{"deleteMessages", `{"chat_id":CHAT,"message_ids":[1` + strings.Repeat(",2", 100) + `]}`, `too many message identifiers specified`},
		{"answerCallbackQuery", `{"callback_query_id":"1"}`, `query is too old and response timeout expired or query ID is invalid`},
		{"answerCallbackQuery", `{"callback_query_id":"1","text":"` + strings.Repeat("a", 201) + `"}`, `MESSAGE_TOO_LONG`},
		{"getFile", `{"file_id":"x"}`, `wrong file_id or the file is temporarily unavailable`},
		{"copyMessage", `{"chat_id":CHAT,"from_chat_id":CHAT,"message_id":999999}`, `message to copy not found`},
		{"forwardMessage", `{"chat_id":CHAT,"from_chat_id":CHAT,"message_id":999999}`, `message to forward not found`},
		{"pinChatMessage", `{"chat_id":CHAT,"message_id":999999}`, `message to pin not found`},
		{"leaveChat", `{"chat_id":CHAT}`, `can't be changed in private chats`},
		{"setMyCommands", `{"commands":[{"command":"Start","description":"x"}]}`, `BOT_COMMAND_INVALID`},
		{"setMyCommands", `{"commands":[{"command":"start","description":""}]}`, `BOT_COMMAND_DESCRIPTION_INVALID`},
		{"setMyCommands", `{"commands":[{"command":"a","description":"b"}` + strings.Repeat(`,{"command":"a","description":"b"}`, 100) + `]}`, `BOT_COMMANDS_TOO_MUCH`},
		{"setMyCommands", `{"commands":[],"language_code":"english"}`, `invalid language code`},
		{"setMyCommands", `{"commands":[],"scope":{"type":"chat","chat":1}}`, `"scope.chat" is an unknown field`},
		{"setMyDescription", `{"description":"` + strings.Repeat("a", 513) + `"}`, `bot description is too long`},
		{"setMyShortDescription", `{"short_description":"` + strings.Repeat("a", 121) + `"}`, `bot short description is too long`},
		{"setWebhook", `{"url":"http://line.example.org/x"}`, `An HTTPS URL must be provided`},
		{"setWebhook", `{"url":"https://line.example.org:9999/x"}`, `only on ports 80, 88, 443 or 8443`},
		{"setWebhook", `{"url":"nonsense"}`, `invalid URL`},
		{"setWebhook", `{"url":"https://line.example.org","secret_token":"a b"}`, `secret token contains unallowed characters`},
		{"setWebhook", `{"url":"https://line.example.org","secret_token":"` + strings.Repeat("a", 257) + `"}`, `secret token is too long`},
		{"getUpdates", `{"allowed_updates":["messages"]}`, `unknown update type "messages"`},
		{"getUpdate", `{}`, `Not Found`},
	} {
		a := s.call(c.method, s.fill(c.params, m.ID))
		if a.OK || !strings.Contains(a.Description, c.says) {
			t.Errorf("%s %.80s: %v %q, want %q", c.method, c.params, a.OK, a.Description, c.says)
		}
	}
}

func (s *scene) fill(params string, message int64) string {
	return strings.NewReplacer("CHAT", fmt.Sprint(s.phone.ID()), "MSG", fmt.Sprint(message)).Replace(params)
}

func TestForms(t *testing.T) {
	s := newScene(t, Options{})
	a := s.form("sendMessage?disable_notification=1", url.Values{"chat_id": {fmt.Sprint(s.phone.ID())}, "text": {"5"},
		"reply_markup": {`{"keyboard":[[{"text":"Share","request_location":true}]]}`}})
	view := s.phone.View()
	if !a.OK || view.Last().Text != "5" || !view.Last().Silent || len(view.ReplyKeyboard) == 0 {
		t.Errorf("%+v; the phone shows %+v", a, view.Last())
	}
	s.done("sendMessage", s.fill(`{"chat_id":"CHAT","text":"x","reply_markup":"{\"remove_keyboard\":true}"}`, 0))
	if s.phone.View().ReplyKeyboard != nil {
		t.Error("the reply keyboard is still shown")
	}
}

func TestAccess(t *testing.T) {
	s := newScene(t, Options{})
	for target, want := range map[string]int{
		"/bot1:wrong/getMe":                401,
		"/file/bot1:wrong/documents/x":     401,
		"/bot" + token + "/nothing":        404,
		"/other":                           404,
		"/file/bot" + token + "/documents": 404,
	} {
		response := must(s.srv.Client().Get("http://sim" + target))
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, response.StatusCode, want)
		}
	}
}

func TestHTML(t *testing.T) {
	for in, want := range map[string]string{
		"a &lt;b&gt; &amp;&quot;&#39;&#x41; &nope; &":                `a <b> &"'A &nope; & []`,
		"😀<b>x<i>y</i></b>":                                          `😀xy [{bold 2 2} {italic 3 1}]`,
		`<a href="https://x.org?a=1&amp;b=2">t</a>`:                  `t [{text_link 0 1 https://x.org?a=1&b=2}]`,
		`<pre><code class="language-go">x</code></pre>`:              `x [{pre 0 1 go}]`,
		`<span class="tg-spoiler">x</span><tg-spoiler></tg-spoiler>`: `x [{spoiler 0 1}]`,
		"<blockquote expandable>q</blockquote><S>d</S>":              `qd [{expandable_blockquote 0 1} {strikethrough 1 1}]`,
		"  <b> x </b> ":            `x [{bold 0 1}]`,
		"<i":                       `can't parse entities: Unclosed start tag at byte offset 0`,
		"<i>x":                     `can't parse entities: Can't find end tag corresponding to start tag "i"`,
		"x</i>":                    `can't parse entities: Unexpected end tag at byte offset 1`,
		"<b>x</i>":                 `can't parse entities: Unmatched end tag at byte offset 4, expected "</b>", found "</i>"`,
		`<span class="x">x</span>`: `can't parse entities: Unsupported start tag "span" at byte offset 0`,
	} {
		f, err := format(in, "HTML", "")
		got := f.text + " " + show(f.entities)
		if err != nil {
			got = strings.TrimPrefix(err.Description, "Bad Request: ")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func show(entities []Entity) string {
	var list []string
	for _, e := range entities {
		list = append(list, fmt.Sprintf("{%s %d %d%s}", e.Type, e.Offset, e.Length, strings.TrimRight(" "+e.URL+e.Language, " ")))
	}
	return "[" + strings.Join(list, " ") + "]"
}

// FuzzRequest feeds the decoder, and what it accepts to the checks: none may panic, and text that passes as
// a String parameter comes out as it went in.
func FuzzRequest(f *testing.F) {
	f.Add("application/json", "a=1", `{"chat_id":1,"text":"x\u0041","reply_markup":{"inline_keyboard":[[{"text":"a","copy_text":{"text":""}}]]}}`)
	f.Add("application/x-www-form-urlencoded", "", "chat_id=1&text=%20")
	f.Add("multipart/form-data; boundary=b", "", "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nx\r\n--b--")
	f.Add("application/json", "", `{"entities":[{"type":"bold","offset":0,"length":1e3}],"text":"</b>"} `)
	f.Fuzz(func(t *testing.T, contentType, query, body string) {
		r, err := decodeRequest(contentType, query, []byte(body))
		if err != nil {
			return
		}
		for method := range handlers() {
			_ = r.validate(botAPI(), method)
		}
		text, ok := r.get("text")
		if formatted, err := format(text.value, "", ""); ok && err == nil && !strings.Contains(text.value, formatted.text) {
			t.Errorf("%q became %q", text.value, formatted.text)
		}
	})
}

// FuzzHTML holds that entities lie inside the text.
func FuzzHTML(f *testing.F) {
	f.Add("<b>x &lt; 😀</b> <a href='t'>q</a>")
	f.Add(" <pre><code class=\"language-go\">  x</code></pre> ")
	f.Fuzz(func(t *testing.T, in string) {
		out, err := format(in, "HTML", "")
		if err != nil {
			return
		}
		for _, e := range out.entities {
			if e.Offset < 0 || e.Length < 1 || e.Offset+e.Length > utf16Length(out.text) {
				t.Errorf("%q: %+v is outside %q", in, e, out.text)
			}
		}
	})
}
