package telegramsim

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPollConfirms(t *testing.T) {
	s := newScene(t, Options{})
	for i := range 4 {
		must(s.phone.Send(fmt.Sprint("word ", i)))
	}
	all := s.updates(`{}`)
	if len(all) != 5 || len(s.updates(`{}`)) != 5 {
		t.Fatalf("%d updates; nothing was confirmed, so they stay", len(all))
	}
	for i, u := range all {
		if u.ID != all[0].ID+int64(i) || u.Message == nil {
			t.Errorf("update %d has id %d after %d", i, u.ID, all[0].ID)
		}
	}
	if got := s.updates(fmt.Sprintf(`{"offset":%d,"limit":2}`, all[2].ID)); len(got) != 2 || got[0].ID != all[2].ID {
		t.Errorf("after an offset: %v", got)
	}
	if got := s.updates(`{"offset":-1}`); len(got) != 1 || got[0].Message.Text != "word 3" || s.bot.Pending() != 1 {
		t.Errorf("negative offset: %v", got)
	}
	if got := s.updates(fmt.Sprintf(`{"offset":%d}`, all[4].ID+1)); len(got) != 0 || s.bot.Pending() != 0 {
		t.Errorf("after all were confirmed: %v", got)
	}
}

func TestPollKinds(t *testing.T) {
	s := newScene(t, Options{})
	s.updates(`{"offset":-1,"allowed_updates":["callback_query"]}`)
	must(s.phone.Send("not wanted"))
	s.done("sendMessage", s.fill(`{"chat_id":CHAT,"text":"x","reply_markup":{"inline_keyboard":[[{"text":"a","callback_data":"nav:back#1"}]]}}`, 0))
	must(s.phone.Press("nav:back"))
	got := s.updates(`{}`)
	if last := got[len(got)-1]; len(got) != 2 || last.Callback == nil || last.Callback.Data != "nav:back#1" || last.Callback.Message.Text != "x" {
		t.Errorf("updates %+v: the start from before, and the press", got)
	}
}

func TestPollWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, Options{})
		s.updates(`{"offset":-1}`)
		start := time.Now()
		next := s.updates(`{}`)[0].ID + 1
		if got := s.updates(fmt.Sprintf(`{"offset":%d,"timeout":59}`, next)); len(got) != 0 || time.Since(start) != longestPoll {
			t.Errorf("%d updates after %v", len(got), time.Since(start))
		}
		woken := make(chan []fetched)
		go func() { woken <- s.updates(fmt.Sprintf(`{"offset":%d,"timeout":50}`, next)) }()
		synctest.Wait()
		start = time.Now()
		must(s.phone.Send("here"))
		if got := <-woken; len(got) != 1 || got[0].Message.Text != "here" || time.Since(start) != 0 {
			t.Errorf("%v after %v", got, time.Since(start))
		}
	})
}

func TestPollConflicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, Options{WebhookTransport: roundTrip(noNetwork)})
		s.updates(fmt.Sprintf(`{"offset":%d}`, s.updates(`{}`)[0].ID+1))
		older := make(chan answer, 1)
		go func() { older <- s.call("getUpdates", `{"timeout":50}`) }()
		synctest.Wait()
		newer := make(chan answer, 1)
		go func() { newer <- s.call("getUpdates", `{"timeout":50}`) }()
		want := "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
		if a := <-older; a.Code != 409 || a.Description != want {
			t.Errorf("older poll: %+v", a)
		}
		synctest.Wait()
		s.done("setWebhook", `{"url":"https://line.example.org/x"}`)
		if a := <-newer; a.Code != 409 || a.Description != "Conflict: terminated by setWebhook request" {
			t.Errorf("poll when a webhook is set: %+v", a)
		}
		if a := s.call("getUpdates", `{}`); a.Code != 409 {
			t.Errorf("poll beside a webhook: %+v", a)
		}
	})
}

func TestPollerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, Options{})
		s.updates(`{"offset":-1}`)
		id := s.updates(`{}`)[0].ID
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			_, err := s.try(ctx, "getUpdates", fmt.Sprintf(`{"offset":%d,"timeout":50}`, id+1))
			gone <- err
		}()
		synctest.Wait()
		leave()
		if err := <-gone; err == nil {
			t.Error("the poll answered a caller that left")
		}
		synctest.Wait()
		must(s.phone.Send("kept"))
		if got := s.updates(`{"timeout":50}`); len(got) != 1 || got[0].Message.Text != "kept" {
			t.Errorf("updates %v", got)
		}
	})
}

func TestUpdatesExpire(t *testing.T) {
	c := newClock()
	s := newScene(t, Options{Now: c.Now})
	c.forward(23 * time.Hour)
	must(s.phone.Send("newer"))
	c.forward(2 * time.Hour)
	if got := s.updates(`{}`); len(got) != 1 || got[0].Message.Text != "newer" {
		t.Errorf("after a day: %v", got)
	}
}

// A press waits 150 seconds, as at the real server: whoever was away longer does not hear of it.
func TestPressesExpire(t *testing.T) {
	c := newClock()
	s := newScene(t, Options{Now: c.Now})
	s.done("sendMessage", s.fill(withButton, 0))
	s.updates(fmt.Sprintf(`{"offset":%d}`, s.updates(`{}`)[0].ID+1))
	must(s.phone.Press("safe:yes"))
	must(s.phone.Send("a word"))
	c.forward(150 * time.Second)
	if got := s.updates(`{}`); len(got) != 2 {
		t.Errorf("within its time: %v", got)
	}
	c.forward(time.Second)
	if got := s.updates(`{}`); len(got) != 1 || got[0].Message == nil {
		t.Errorf("after its time: %v", got)
	}
}

// Two pollers that fight hear of it at once only every three seconds.
func TestPollConflictsArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, Options{})
		s.updates(fmt.Sprintf(`{"offset":%d}`, s.updates(`{}`)[0].ID+1))
		waits := make(chan time.Duration, 3)
		poll := func() {
			start := time.Now()
			if a, err := s.try(t.Context(), "getUpdates", `{"timeout":50}`); err == nil && a.Code == 409 {
				waits <- time.Since(start)
			}
		}
		for range 4 {
			go poll()
			synctest.Wait()
		}
		if first, second, third := <-waits, <-waits, <-waits; first != 0 || second != 3*time.Second || third != 3*time.Second {
			t.Errorf("told after %v, %v, %v", first, second, third)
		}
		s.srv.Close()
		synctest.Wait()
	})
}

func TestOfferedRaw(t *testing.T) {
	s := newScene(t, Options{})
	first := s.updates(`{}`)[0].ID
	s.bot.OfferRaw(`5`)
	s.bot.OfferRaw(fmt.Sprintf(`{"update_id":%d,"message":{}}`, first))
	must(s.phone.Send("after it"))
	want := fmt.Sprintf(`,5,{"update_id":%d,"message":{}},{"update_id":%d,`, first, first+3)
	if got := string(s.done("getUpdates", `{}`)); !strings.Contains(got, want) {
		t.Errorf("updates %s", got)
	}
	if got := s.updates(fmt.Sprintf(`{"offset":%d}`, first+3)); len(got) != 1 {
		t.Errorf("confirmed with those after it: %v", got)
	}
}

func TestUpdateIDs(t *testing.T) {
	first := func(seed uint64) int64 { return newScene(t, Options{Seed: seed}).updates(`{}`)[0].ID }
	one, again, other := first(1), first(1), first(2)
	if one != again || one == other {
		t.Error("the first update id follows the seed, and only it")
	}
}

func TestOffered(t *testing.T) {
	s := newScene(t, Options{})
	s.updates(`{"offset":-1}`)
	s.bot.Offer("message", UnknownOrigin)
	s.bot.Offer("a_kind_of_tomorrow", `{"x":1}`)
	s.bot.Offer("", "")
	got := s.updates(`{}`)
	if len(got) != 4 || got[1].Message.Text != "x" || got[3].Message != nil {
		t.Errorf("offered updates %+v", got)
	}
	s.bot.Offer("message", BrokenMessage)
	if a := s.call("getUpdates", `{}`); !a.OK || len(a.Result) == 0 {
		t.Errorf("a broken message is still JSON: %+v", a)
	}
}
