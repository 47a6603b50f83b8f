package telegramsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// part is one part of a multipart form: a field, or a file when it has a name.
type part struct{ field, name, value string }

// upload posts a multipart form.
func (s *scene) upload(method string, parts ...part) answer {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, p := range parts {
		if p.name == "" {
			must(0, form.WriteField(p.field, p.value))
			continue
		}
		must(must(form.CreateFormFile(p.field, p.name)).Write([]byte(p.value)))
	}
	must(0, form.Close())
	response := must(s.srv.Client().Post("http://sim/bot"+token+"/"+method, form.FormDataContentType(), &body))
	var a answer
	must(0, json.NewDecoder(response.Body).Decode(&a))
	return a
}

func TestUploads(t *testing.T) {
	s := newScene(t, Options{})
	chat := part{"chat_id", "", fmt.Sprint(s.phone.ID())}
	for method, parts := range map[string][]part{
		"sendPhoto":    {chat, {"photo", "a.jpg", "bytes"}, {"caption", "", "<i>c</i>"}, {"parse_mode", "", "html"}},
		"sendVoice":    {chat, {"voice", "a.ogg", "bytes"}, {"duration", "", "7"}},
		"sendDocument": {chat, {"document", "", "attach://part1"}, {"part1", "K.asc", "bytes"}},
	} {
		if a := s.upload(method, parts...); !a.OK {
			t.Fatalf("%s: %s", method, a.Description)
		}
		m := s.phone.View().Last()
		if string(s.srv.Bytes(m.Media().FileID)) != "bytes" {
			t.Errorf("%s: the phone shows %+v", method, m)
		}
		if method == "sendPhoto" && (m.Caption != "c" || m.CaptionEntities[0].Type != "italic") {
			t.Errorf("caption %q %+v", m.Caption, m.CaptionEntities)
		}
		calls := s.srv.Calls(method)
		if file := calls[len(calls)-1].File("part1"); (string(file) == "bytes") != (method == "sendDocument") {
			t.Errorf("%s: the recorded call gives %q", method, file)
		}
		s.done("sendDocument", s.fill(`{"chat_id":CHAT,"document":"`+m.Media().FileID+`"}`, 0))
	}
	large := strings.Repeat("x", MaxPhoto+1)
	for says, parts := range map[string][]part{
		"takes no file":                   {chat, {"caption", "x", "y"}, {"photo", "a", "b"}},
		"unknown file \"thumb\"":          {chat, {"photo", "a", "b"}, {"thumb", "a", "b"}},
		"file must be non-empty":          {chat, {"photo", "a", ""}},
		"too big for a photo":             {chat, {"photo", "a", large}},
		"\"photo\" of sendPhoto is requi": {chat},
	} {
		if a := s.upload("sendPhoto", parts...); !strings.Contains(a.Description, says) {
			t.Errorf("%s: %+v", says, a)
		}
	}
}

func TestUploadTooLarge(t *testing.T) {
	s := newScene(t, Options{Load: true})
	c := &call{srv: s.srv, bot: s.bot}
	if _, err := c.upload("document", &upload{data: make([]byte, MaxUpload+1)}); err == nil || err.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large file: %v", err)
	}
	body := bytes.NewReader(make([]byte, MaxUpload+2<<20))
	response := must(s.srv.Client().Post("http://sim/bot"+token+"/sendDocument", "application/json", body))
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large request: %d", response.StatusCode)
	}
}

func TestBrokenBodies(t *testing.T) {
	s := newScene(t, Options{})
	for contentType, body := range map[string]string{
		"multipart/form-data":               "--b--",
		"multipart/form-data; boundary=b":   "nothing of the kind",
		"multipart/form-data; boundary=c":   "--c\r\nX: y\r\n\r\nx\r\n--c--",
		"application/x-www-form-urlencoded": "a=%zz",
		"application/json":                  "[1]",
		"text/plain":                        "hello",
		"a/b; =":                            "x",
	} {
		response := must(s.srv.Client().Post("http://sim/bot"+token+"/getMe", contentType, strings.NewReader(body)))
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s %q: %d", contentType, body, response.StatusCode)
		}
	}
	if response := must(s.srv.Client().Get("http://sim/bot" + token + "/getMe?a=%zz")); response.StatusCode != http.StatusBadRequest {
		t.Errorf("a broken query: %d", response.StatusCode)
	}
}

func TestEditCaption(t *testing.T) {
	s := newScene(t, Options{})
	file := must(s.phone.SendFile(Attachment{Kind: "document", Data: []byte("x")}))
	m := s.sent("sendDocument", s.fill(`{"chat_id":CHAT,"document":"`+file.Document.FileID+`","caption":"old"}`, 0))
	s.done("editMessageCaption", s.fill(`{"chat_id":CHAT,"message_id":MSG,"caption":"new"}`, m.ID))
	if shown := s.phone.View().Last(); shown.Caption != "new" || shown.Edits != 1 || m.Caption != "old" {
		t.Errorf("the phone shows %+v", shown)
	}
	if a := s.call("editMessageText", s.fill(`{"chat_id":CHAT,"message_id":MSG,"text":"x"}`, m.ID)); !strings.Contains(a.Description, "no text in the message") {
		t.Errorf("%+v", a)
	}
}

func TestFaultOnDownloads(t *testing.T) {
	s := newScene(t, Options{})
	sent := must(s.phone.SendFile(Attachment{Kind: "voice", Name: "a.ogg", Data: []byte("ogg")}))
	var f File
	must(0, json.Unmarshal(s.done("getFile", `{"file_id":"`+sent.Voice.FileID+`"}`), &f))
	link := "http://sim/file/bot" + token + "/" + f.FilePath
	s.srv.Inject(Fault{Kind: FaultStatus, Method: "file", Status: 500, Times: 1})
	s.srv.Inject(Fault{Kind: FaultCutAfter, Method: "file", Times: 1})
	if response := must(s.srv.Client().Get(link)); response.StatusCode != 500 {
		t.Errorf("first download: %d", response.StatusCode)
	}
	if _, err := s.srv.Client().Get(link); err == nil {
		t.Error("the second download was not cut")
	}
	if response := must(s.srv.Client().Get(link)); response.StatusCode != 200 {
		t.Errorf("third download: %d", response.StatusCode)
	}
}

func TestProfile(t *testing.T) {
	s := newScene(t, Options{})
	for _, c := range []struct{ method, params, result string }{
		{"setMyCommands", `{"commands":[{"command":"start","description":"Begin"}]}`, `true`},
		{"setMyCommands", `{"commands":[{"command":"queue","description":"Q"}],"scope":{"type":"chat","chat_id":5},"language_code":"es"}`, `true`},
		{"getMyCommands", `{}`, `[{"command":"start","description":"Begin"}]`},
		{"getMyCommands", `{"scope":{"type":"default"}}`, `[{"command":"start","description":"Begin"}]`},
		{"getMyCommands", `{"scope":{"chat_id":5,"type":"chat"},"language_code":"es"}`, `[{"command":"queue","description":"Q"}]`},
		{"getMyCommands", `{"language_code":"fr"}`, `[]`},
		{"deleteMyCommands", `{}`, `true`},
		{"getMyCommands", `{}`, `[]`},
		{"setMyName", `{"name":"The line"}`, `true`},
		{"setMyName", `{"name":"La línea","language_code":"es"}`, `true`},
		{"getMyName", `{"language_code":"es"}`, `{"name":"La línea"}`},
		{"getMyName", `{"language_code":"fr"}`, `{"name":"The line"}`},
		{"setMyShortDescription", `{"short_description":"Short"}`, `true`},
		{"getMyShortDescription", `{}`, `{"short_description":"Short"}`},
		{"getMyDescription", `{}`, `{"description":""}`},
		{"getChatMenuButton", `{}`, `{"type":"default"}`},
		{"setChatMenuButton", `{"menu_button":{"type":"commands"}}`, `true`},
		{"getChatMenuButton", `{"chat_id":5}`, `{"type":"commands"}`},
		{"logOut", `{}`, `true`},
	} {
		if got := string(s.done(c.method, c.params)); got != c.result {
			t.Errorf("%s %s: %s, want %s", c.method, c.params, got, c.result)
		}
	}
}
