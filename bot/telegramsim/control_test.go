package telegramsim

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// order posts to the control side and gives the status and the answer.
func (s *scene) order(path, body string) (int, string) {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.srv.Control().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/sim/"+path, strings.NewReader(body)))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestControl(t *testing.T) {
	s := newScene(t, Options{WebhookTransport: roundTrip(noNetwork)})
	s.done("sendMessage", s.fill(withButton, 0))
	for _, c := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"bot", `{"token":"9:desk","username":"desk_bot"}`, 200, `"id":9`},
		{"person", `{"id":6000000001,"first_name":"Ben","language_code":"ar"}`, 200, `"language_code":"ar"`},
		{"person", `{"id":6000000001,"first_name":"Ben"}`, 400, `an id that nobody has`},
		{"start", `{"bot":"desk_bot","person":6000000001,"payload":"abc"}`, 200, `/start abc`},
		{"send", `{"bot":"line_bot","person":5000000001,"text":"hello"}`, 200, `"text":"hello"`},
		{"file", `{"bot":"line_bot","person":5000000001,"kind":"photo","data":"aGk=","caption":"c"}`, 200, `"file_size":2`},
		{"press", `{"bot":"line_bot","person":5000000001,"button":"safe:yes"}`, 200, `"callback_query_id":"`},
		{"press", `{"bot":"line_bot","person":5000000001,"button":"safe:yes","wait":1}`, 400, `deadline`},
		{"press", `{"bot":"line_bot","person":5000000001,"button":"nothing"}`, 400, `no message shows`},
		{"chat", `{"bot":"line_bot","person":5000000001}`, 200, `"safe:no#k1"`},
		{"chat", `{"bot":"line_bot"}`, 400, `names no person`},
		{"chat", `{"bot":"nobody","person":1}`, 400, `no such bot or person`},
		{"edit", `{"bot":"line_bot","person":5000000001,"message":1,"text":"x"}`, 400, `sent no such message`},
		{"delete", `{"bot":"line_bot","person":5000000001,"messages":[1]}`, 200, `true`},
		{"block", `{"bot":"line_bot","person":5000000001,"blocked":true}`, 200, `true`},
		{"send", `{"bot":"line_bot","person":5000000001,"text":"hello"}`, 400, `blocked`},
		{"update", `{"bot":"line_bot","kind":"message","body":{"message_id":"x"}}`, 200, `true`},
		{"update", `{"bot":"nobody"}`, 400, `no such bot`},
		{"webhook", `{"bot":"line_bot","repeat":1}`, 400, `no webhook`},
		{"fault", `{"kind":"status","method":"getMe","status":500}`, 200, `true`},
		{"calls", `{"methods":["sendMessage"]}`, 200, `"text":"x"`},
		{"counts", `{}`, 200, `"sendMessage":1`},
		{"limits", `{"on":true}`, 200, `true`},
		{"send", `{`, 400, `problem`},
	} {
		if status, body := s.order(c.path, c.body); status != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, body)
		}
	}
	if a := s.call("getMe", `{}`); a.Code != 500 {
		t.Errorf("the fault from outside: %+v", a)
	}
	s.order("clear", `{}`)
	s.done("getMe", `{}`)
	if response := must(s.srv.Client().Post("http://sim/sim/clear", "application/json", nil)); response.StatusCode != 404 {
		t.Error("the API side serves the control side")
	}
}

func TestControlToast(t *testing.T) {
	s := newScene(t, Options{})
	s.done("sendMessage", s.fill(withButton, 0))
	s.updates(`{"offset":-1}`)
	answered := make(chan string)
	go func() {
		_, body := s.order("press", `{"bot":"line_bot","person":5000000001,"button":"safe:yes","wait":60000}`)
		answered <- body
	}()
	got := s.updates(`{"timeout":50}`)
	for got[len(got)-1].Callback == nil {
		got = s.updates(`{"offset":-1,"timeout":50}`)
	}
	s.done("answerCallbackQuery", `{"callback_query_id":"`+got[len(got)-1].Callback.ID+`","text":"noted"}`)
	if body := <-answered; body != `{"text":"noted"}` {
		t.Errorf("toast %s", body)
	}
}

func TestEvents(t *testing.T) {
	s := newScene(t, Options{})
	ctx, stop := context.WithCancel(t.Context())
	next := s.srv.Events(ctx)
	m := s.sent("sendMessage", s.fill(withButton, 0))
	p := must(s.phone.Press("No"))
	s.done("answerCallbackQuery", `{"callback_query_id":"`+p.ID+`","text":"noted"}`)
	s.done("editMessageText", s.fill(`{"chat_id":CHAT,"message_id":MSG,"text":"y"}`, m.ID))
	s.done("deleteMessage", s.fill(`{"chat_id":CHAT,"message_id":MSG}`, m.ID))
	s.call("sendMessage", `{"chat_id":1,"text":"x"}`)
	for i, want := range []string{"sent x", "call sendMessage", "pressed safe:no#k1", "toast noted", "call answerCallbackQuery",
		"edited y", "call editMessageText", "deleted ", "call deleteMessage", "call sendMessage"} {
		e, ok := next()
		if e.Message != nil {
			e.Text = e.Message.Text
		}
		if got := e.Kind + " " + e.Text; !ok || got != want || e.Seq != int64(i+1) {
			t.Errorf("event %d is %q, want %q", e.Seq, got, want)
		}
	}
	stop()
	if _, ok := next(); ok {
		t.Error("an event after the end")
	}
}

func TestEventStream(t *testing.T) {
	s := newScene(t, Options{})
	server := httptest.NewServer(s.srv.Control())
	defer server.Close()
	ctx, stop := context.WithCancel(t.Context())
	r := must(http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/sim/events", nil))
	response := must(http.DefaultClient.Do(r))
	must(s.phone.Send("hello"))
	line := must(bufio.NewReader(response.Body).ReadBytes('\n'))
	var e Event
	if err := json.Unmarshal(line, &e); err != nil || e.Kind != "sent" || e.Message.Text != "hello" {
		t.Errorf("%v: %s", err, line)
	}
	stop()
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
}

func TestLeaks(t *testing.T) {
	s := newScene(t, Options{})
	desk := must(s.srv.AddPerson(User{ID: 900001, FirstName: "Officer"}))
	must(desk.With(s.bot).Start(""))
	s.done("sendMessage", s.fill(`{"chat_id":CHAT,"text":"you wrote: quetzal"}`, 0))
	if leaks := s.srv.Leaks(s.phone.ID(), "quetzal"); len(leaks) != 0 {
		t.Errorf("her own chat is no leak: %v", leaks)
	}
	s.done("sendMessage", `{"chat_id":900001,"text":"a case: quet\u007aal"}`)
	if leaks := s.srv.Leaks(s.phone.ID(), "zebra", "quetzal"); len(leaks) != 1 || leaks[0].Chat != 900001 {
		t.Errorf("leaks %v", leaks)
	}
}
