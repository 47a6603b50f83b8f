package telegramsim

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// hookSide is the bot's end of a webhook: it keeps what came and answers as told.
type hookSide struct {
	mu     sync.Mutex
	got    []string
	secret string
	most   int
	open   int
	answer func(n int) (status int, body string)
	header http.Header   // when set, of the answers
	hold   chan struct{} // when set, deliveries wait for it
}

func (h *hookSide) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := h.take(r)
	if h.hold != nil {
		select {
		case <-h.hold:
		case <-r.Context().Done():
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	if r.Context().Err() != nil {
		return nil, errors.New("the server left")
	}
	header := http.Header{"Content-Type": {"application/json"}}
	maps.Copy(header, h.header)
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (h *hookSide) take(r *http.Request) (int, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var u fetched
	if err := json.NewDecoder(r.Body).Decode(&u); err != nil {
		return http.StatusBadRequest, ""
	}
	text := "other"
	if u.Message != nil {
		text = u.Message.Text
	} else if u.Callback != nil {
		text = u.Callback.Data
	}
	h.got = append(h.got, text)
	h.secret = r.Header.Get("X-Telegram-Bot-Api-Secret-Token")
	h.open++
	h.most = max(h.most, h.open)
	if h.answer == nil {
		return http.StatusOK, ""
	}
	return h.answer(len(h.got))
}

func (h *hookSide) seen() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

// hooked is a scene whose bot has a webhook and has seen Ann's start.
func hooked(t *testing.T, h *hookSide, extra string) *scene {
	s := newScene(t, Options{WebhookTransport: h, WebhookBackoff: time.Second})
	s.done("setWebhook", `{"url":"https://line.example.org/telegram"`+extra+`}`)
	synctest.Wait()
	return s
}

func TestWebhookOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hookSide{}
		s := hooked(t, h, `,"secret_token":"s-3cret"`)
		s.done("sendMessage", s.fill(`{"chat_id":CHAT,"text":"x","reply_markup":{"inline_keyboard":[[{"text":"a","callback_data":"safe:yes"}]]}}`, 0))
		h.hold = make(chan struct{})
		must(s.phone.Send("one"))
		must(s.phone.Send("two"))
		synctest.Wait()
		if got := h.seen(); !slices.Equal(got, []string{"/start", "one"}) {
			t.Errorf("with the first held: %q", got)
		}
		must(s.phone.Press("safe:yes"))
		synctest.Wait()
		if got := h.seen(); !slices.Equal(got, []string{"/start", "one", "safe:yes"}) {
			t.Errorf("presses are a sequence of their own: %q", got)
		}
		close(h.hold)
		synctest.Wait()
		if got := h.seen(); len(got) != 4 || got[3] != "two" || h.secret != "s-3cret" || s.bot.Pending() != 0 {
			t.Errorf("delivered %q with secret %q", got, h.secret)
		}
	})
}

func TestWebhookRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hookSide{answer: func(n int) (int, string) {
			if n == 2 || n == 3 {
				return http.StatusInternalServerError, ""
			}
			return http.StatusOK, ""
		}}
		s := hooked(t, h, "")
		must(s.phone.Send("one"))
		must(s.phone.Send("two"))
		synctest.Wait()
		if !strings.Contains(string(s.done("getWebhookInfo", `{}`)), `"pending_update_count":2,"last_error_date"`) {
			t.Errorf("webhook info %s", s.done("getWebhookInfo", `{}`))
		}
		start := time.Now()
		for s.bot.Pending() > 0 {
			time.Sleep(time.Second) // of the bubble's clock
		}
		if got := h.seen(); !slices.Equal(got, []string{"/start", "one", "one", "one", "two"}) || time.Since(start) > 4*time.Second {
			t.Errorf("delivered %q in %v", got, time.Since(start))
		}
	})
}

func TestWebhookConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hookSide{}
		s := hooked(t, h, `,"max_connections":3`)
		h.hold = make(chan struct{})
		for range 10 {
			p := must(s.srv.AddPerson(User{FirstName: "Ben"}))
			must(p.With(s.bot).Send("hello"))
		}
		synctest.Wait()
		if h.most != 3 {
			t.Errorf("%d at once", h.most)
		}
		close(h.hold)
		synctest.Wait()
		if len(h.seen()) != 11 {
			t.Errorf("delivered %q", h.seen())
		}
	})
}

func TestWebhookAnswerActs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hookSide{}
		h.answer = func(int) (int, string) {
			return http.StatusOK, `{"method":"sendMessage","chat_id":5000000001,"text":"acted"}`
		}
		s := hooked(t, h, "")
		if m := s.phone.View().Last(); m.Text != "acted" {
			t.Errorf("the phone shows %+v", m)
		}
		if calls := s.srv.Calls("sendMessage"); len(calls) != 1 || calls[0].Err != nil {
			t.Errorf("calls %v", calls)
		}
	})
}

func TestWebhookDisturbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hookSide{}
		s := hooked(t, h, "")
		if !s.bot.DisturbWebhook(WebhookFault{Repeat: 1, Reverse: true, Delay: time.Second}) {
			t.Fatal("no webhook to disturb")
		}
		for _, text := range []string{"one", "two", "three"} {
			must(s.phone.Send(text))
			synctest.Wait()
		}
		time.Sleep(time.Minute) // of the bubble's clock
		synctest.Wait()
		// The first is on its way before the others come.
		want := []string{"/start", "one", "one", "three", "three", "two", "two"}
		if got := h.seen(); !slices.Equal(got, want) {
			t.Errorf("delivered %q", got)
		}
	})
}

// An answer that is lost brings the update again; an echo comes late, beside its sequence.
func TestWebhookRepeatsWhatWasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hookSide{}
		s := hooked(t, h, "")
		s.bot.DisturbWebhook(WebhookFault{Lose: 2})
		must(s.phone.Send("one")) // the second delivery of all
		must(s.phone.Send("two"))
		synctest.Wait()
		s.bot.DisturbWebhook(WebhookFault{Echo: time.Minute})
		must(s.phone.Send("three"))
		synctest.Wait()
		s.bot.DisturbWebhook(WebhookFault{})
		must(s.phone.Send("four"))
		time.Sleep(time.Hour) // of the bubble's clock
		synctest.Wait()
		want := []string{"/start", "one", "one", "two", "two", "three", "four", "three"}
		if got := h.seen(); !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
	})
}

// The first repeat comes at once, the next ones after waits that double; Retry-After is obeyed.
func TestWebhookBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		h := &hookSide{header: http.Header{}}
		h.answer = func(n int) (int, string) {
			at = append(at, time.Since(start))
			h.header = http.Header{}
			if n == 4 {
				h.header.Set("Retry-After", "100")
			}
			if n > 5 {
				return http.StatusOK, ""
			}
			return http.StatusServiceUnavailable, ""
		}
		hooked(t, h, "")
		time.Sleep(time.Hour) // of the bubble's clock
		synctest.Wait()
		want := []time.Duration{0, 0, 2 * time.Second, 6 * time.Second, 106 * time.Second, 122 * time.Second}
		if !slices.Equal(at, want) {
			t.Errorf("delivered after %v, want %v", at, want)
		}
	})
}

// A method that reads, or that would end the webhook, is not executed from an answer.
func TestWebhookAnswerCannotEndIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hookSide{answer: func(int) (int, string) { return http.StatusOK, `{"method":"deleteWebhook"}` }}
		s := hooked(t, h, "")
		must(s.phone.Send("one"))
		synctest.Wait()
		if got := h.seen(); len(got) != 2 || s.srv.Counts()["deleteWebhook"] != 0 {
			t.Errorf("delivered %q, counts %v", got, s.srv.Counts())
		}
	})
}

func TestWebhookGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hookSide{answer: func(int) (int, string) { return http.StatusServiceUnavailable, "" }}
		s := hooked(t, h, "")
		must(s.phone.Send("one"))
		s.done("deleteWebhook", `{}`)
		if got := s.updates(`{}`); len(got) != 2 || got[1].Message.Text != "one" {
			t.Errorf("after the webhook went: %v", got)
		}
		s.done("setWebhook", `{"url":"http://127.0.0.1:8443/x","drop_pending_updates":true}`)
		synctest.Wait()
		if s.bot.Pending() != 0 {
			t.Errorf("%d pending after they were dropped", s.bot.Pending())
		}
	})
}

func TestWebhookGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hookSide{answer: func(int) (int, string) { return http.StatusServiceUnavailable, "" }}
		s := hooked(t, h, "")
		time.Sleep(23 * time.Hour) // of the bubble's clock
		if s.bot.Pending() != 1 {
			t.Error("an update was dropped within its day")
		}
		time.Sleep(2 * time.Hour) // of the bubble's clock
		if s.bot.Pending() != 0 || len(h.seen()) < 1000 {
			t.Errorf("%d pending after a day and %d deliveries", s.bot.Pending(), len(h.seen()))
		}
	})
}

// Closing the server ends a delivery that hangs, and leaves no goroutine behind.
func TestWebhookCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hookSide{hold: make(chan struct{})}
		s := hooked(t, h, "")
		s.srv.Close()
		if h.open != 0 || len(h.seen()) != 1 {
			t.Errorf("%d deliveries still open", h.open)
		}
	})
}

// Over a real listener, with the secret in its header.
func TestWebhookListens(t *testing.T) {
	h := &hookSide{}
	came := make(chan struct{}, 10)
	side := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, _ := h.take(r)
		w.WriteHeader(status)
		came <- struct{}{}
	}))
	defer side.Close()
	s := newScene(t, Options{})
	s.done("setWebhook", `{"url":"`+side.URL+`/telegram","secret_token":"abc"}`)
	<-came
	must(s.phone.Send("one"))
	<-came
	if got := h.seen(); !slices.Equal(got, []string{"/start", "one"}) || h.secret != "abc" {
		t.Errorf("delivered %q with secret %q", got, h.secret)
	}
	s.srv.Close()
}
