package telegramsim

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFaultEvery(t *testing.T) {
	s := newScene(t, Options{})
	remove := s.srv.Inject(Fault{Kind: FaultTooMany, Method: "send*", Every: 3, RetryAfter: 7})
	var codes []int
	for range 6 {
		a := s.call("sendMessage", s.fill(`{"chat_id":CHAT,"text":"x"}`, 0))
		codes = append(codes, a.Code, a.Parameters.RetryAfter)
		s.done("getMe", `{}`)
	}
	if got := fmt.Sprint(codes); got != "[0 0 0 0 429 7 0 0 0 0 429 7]" {
		t.Errorf("codes and waits %s", got)
	}
	if n := len(s.phone.View().Messages); n != 5 {
		t.Errorf("%d messages: what was refused was not done", n)
	}
	remove()
	if failed := s.srv.Failed(); len(failed) != 1 || failed[FaultTooMany] != 2 {
		t.Errorf("calls failed: %v", failed)
	}
	for range 3 {
		s.done("sendMessage", s.fill(`{"chat_id":CHAT,"text":"x"}`, 0))
	}
}

func TestFaultKinds(t *testing.T) {
	for _, c := range []struct {
		fault Fault
		code  int  // of the answer; 0: none came
		done  bool // whether the message is there
	}{
		{Fault{Kind: FaultStatus, Status: 500}, 500, false},
		{Fault{Kind: FaultStatus}, 502, false},
		{Fault{Kind: FaultCutBefore}, 0, false},
		{Fault{Kind: FaultCutAfter}, 0, true},
		{Fault{Kind: FaultCutAfter, Chat: 5}, 200, true},
		{Fault{Kind: FaultLatency, Latency: time.Microsecond}, 200, true},
		{Fault{Kind: FaultStatus, Method: "getUpdates"}, 200, true},
	} {
		s := newScene(t, Options{})
		c.fault.Times = 1
		s.srv.Inject(c.fault)
		a, err := s.try(context.Background(), "sendMessage", s.fill(`{"chat_id":CHAT,"text":"x"}`, 0))
		code := a.Code
		if a.OK {
			code = 200
		}
		if code != c.code || (err == nil) != (c.code != 0) || (s.phone.View().Last().Text == "x") != c.done {
			t.Errorf("%+v: %d %v", c.fault, code, err)
		}
		if calls := s.srv.Calls("sendMessage"); len(calls) != 1 || calls[0].Param("text") != "x" {
			t.Errorf("%+v: recorded %v", c.fault, calls)
		}
		if !s.call("sendMessage", s.fill(`{"chat_id":CHAT,"text":"y"}`, 0)).OK {
			t.Errorf("%+v outlived its one time", c.fault)
		}
	}
}

func TestFaultHTML(t *testing.T) {
	s := newScene(t, Options{})
	s.srv.Inject(Fault{Kind: FaultHTML, Status: 504})
	response := must(s.srv.Client().Get("http://sim/bot" + token + "/getMe"))
	body := must(io.ReadAll(response.Body))
	if response.StatusCode != 504 || !strings.HasPrefix(string(body), "<html>") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	s.srv.ClearFaults()
	s.done("getMe", `{}`)
}

func TestFaultHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, Options{})
		s.srv.Inject(Fault{Kind: FaultHang})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		if _, err := s.try(ctx, "getMe", `{}`); err == nil || time.Since(start) != time.Hour {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		closed := make(chan error)
		go func() {
			_, err := s.try(context.Background(), "getMe", `{}`)
			closed <- err
		}()
		synctest.Wait()
		s.srv.Close()
		if err := <-closed; err == nil {
			t.Error("a hanging call was answered when the server closed")
		}
	})
}

// Over a real connection a cut is a cut.
func TestFaultCutsConnections(t *testing.T) {
	s := newScene(t, Options{})
	server := httptest.NewServer(s.srv)
	defer server.Close()
	s.srv.Inject(Fault{Kind: FaultCutAfter})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	_, err := client.Post(server.URL+"/bot"+token+"/sendMessage", "application/json",
		strings.NewReader(s.fill(`{"chat_id":CHAT,"text":"done"}`, 0)))
	if err == nil || s.phone.View().Last().Text != "done" {
		t.Errorf("%v; the phone shows %+v", err, s.phone.View().Last())
	}
}

func TestLimits(t *testing.T) {
	c := newClock()
	s := newScene(t, Options{Now: c.Now})
	g := s.srv.AddGroup("Desk", "")
	g.AddBot(s.bot, true)
	s.srv.Limit(&Limits{})
	say := func(chat int64) int {
		a := s.call("sendMessage", fmt.Sprintf(`{"chat_id":%d,"text":"x"}`, chat))
		if !a.OK && a.Parameters.RetryAfter == 0 {
			t.Errorf("refused without retry_after: %+v", a)
		}
		return a.Parameters.RetryAfter
	}
	passed := func(chat int64) (n int) {
		for n < 100 && say(chat) == 0 {
			n++
		}
		return n
	}
	if n := passed(s.phone.ID()); n != 3 {
		t.Errorf("a burst of %d in a chat", n)
	}
	c.forward(time.Second)
	if n := passed(s.phone.ID()); n != 1 {
		t.Errorf("%d in the next second", n)
	}
	if n := passed(g.ID()); n != 20 {
		t.Errorf("%d in a group at once", n)
	}
	if wait := say(g.ID()); wait != 3 {
		t.Errorf("the group waits %d s", wait)
	}
	c.forward(time.Minute)
	sum := 0
	for range 40 {
		p := must(s.srv.AddPerson(User{FirstName: "Ben"}))
		must(p.With(s.bot).Start(""))
		if say(p.User().ID) == 0 {
			sum++
		}
	}
	if sum != 30 {
		t.Errorf("%d messages of the bot in one moment", sum)
	}
}

// Whoever waits as long as told is let through, also when less than whole seconds are missing.
func TestLimitsKeepTheirWord(t *testing.T) {
	c := newClock()
	var b bucket
	for range 200 {
		for b.take(c.now, 1.0/7, 3, true) == 0 {
			c.forward(300 * time.Millisecond)
		}
		c.forward(time.Duration(b.take(c.now, 1.0/7, 3, true)) * time.Second)
		if wait := b.take(c.now, 1.0/7, 3, true); wait != 0 {
			t.Fatalf("told to wait another %d s", wait)
		}
	}
}
