package telegramsim

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// told is a trace as one line a moment.
func told(t *Trace) string {
	var b strings.Builder
	moments, _ := t.Moments()
	for _, m := range moments {
		fmt.Fprintf(&b, "%d %s%s %s%s", m.Sent, m.Update, m.Method, m.Text, m.File)
		if m.Err != nil {
			fmt.Fprintf(&b, " %d", m.Err.Code)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestTrace(t *testing.T) {
	s := newScene(t, Options{Load: true})
	s.updates(`{"offset":-1}`)
	other := must(s.srv.AddPerson(User{ID: 77, FirstName: "Ben"}))
	must(other.With(s.bot).Start(""))
	trace, stop := s.srv.Trace(6, s.phone.ID())
	all, stopAll := s.srv.Trace(100)
	defer stopAll()
	s.done("sendMessage", s.fill(withButton, 0))
	s.done("sendMessage", `{"chat_id":77,"text":"to somebody else"}`)
	must(s.phone.Press("safe:yes"))
	s.updates(`{}`)
	s.srv.Inject(Fault{Kind: FaultTooMany, Times: 1})
	s.call("editMessageText", s.fill(`{"chat_id":CHAT,"message_id":MSG,"text":"y"}`, s.phone.View().Last().ID))
	s.done("sendMessage", s.fill(`{"chat_id":CHAT,"text":"z"}`, 0))
	s.done("sendChatAction", s.fill(`{"chat_id":CHAT,"action":"typing"}`, 0))
	question := s.phone.View().Messages[1].Text
	want := "0 sendMessage " + question + "\n2 message /start\n2 callback_query safe:yes#k1\n2 editMessageText y 429\n" +
		"2 sendMessage z\n3 sendChatAction \n"
	if got := told(trace); got != want {
		t.Errorf("the trace reads\n%swant\n%s", got, want)
	}
	s.done("sendMessage", s.fill(`{"chat_id":CHAT,"text":"no room"}`, 0))
	if _, missed := trace.Moments(); missed != 1 {
		t.Errorf("%d moments missed", missed)
	}
	stop()
	s.done("sendMessage", s.fill(`{"chat_id":CHAT,"text":"nobody writes"}`, 0))
	if _, missed := trace.Moments(); missed != 1 {
		t.Error("a trace that was stopped was written on")
	}
	if got := told(all); !strings.Contains(got, "1 sendMessage to somebody else\n") || !strings.Contains(got, "nobody writes") {
		t.Errorf("the trace of all chats reads\n%s", got)
	}
	moments, _ := all.Moments()
	var named []string
	var first int64
	for _, m := range moments {
		if m.ID != 0 || m.Of != "" {
			first = cmp.Or(first, m.ID)
			named = append(named, fmt.Sprint(max(0, m.ID-first), m.Update, m.Method, m.Of))
		}
	}
	want = fmt.Sprintf("[0message 1message 2callback_query 0editMessageText%d]", s.phone.View().Messages[1].ID)
	if fmt.Sprint(named) != want {
		t.Errorf("the trace names %q, want %s", named, want)
	}
	if s.bot.Sent() != 5 || fmt.Sprint(s.srv.TooMany()) != "map[editMessageText:1]" {
		t.Errorf("sent %d, too many %v", s.bot.Sent(), s.srv.TooMany())
	}
}

func TestTraceOfAWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := hooked(t, &hookSide{}, "")
		trace, stop := s.srv.Trace(10, s.phone.ID())
		defer stop()
		must(s.phone.Send("one"))
		synctest.Wait()
		if got := told(trace); got != "0 message one\n" {
			t.Errorf("the trace reads %q", got)
		}
	})
}

// What does not count against the limits is never refused by them; what does, is; and neither limit uses up the other.
func TestLimitsCountMessages(t *testing.T) {
	c := newClock()
	s := newScene(t, Options{Now: c.Now})
	m := s.sent("sendMessage", s.fill(withButton, 0))
	s.srv.Limit(&Limits{ChatBurst: 1})
	for _, call := range []struct {
		method, params string
		counts         bool
	}{
		{"sendMessage", `{"chat_id":CHAT,"text":"x"}`, true},
		{"editMessageText", `{"chat_id":CHAT,"message_id":MSG,"text":"y"}`, true},
		{"editMessageReplyMarkup", `{"chat_id":CHAT,"message_id":MSG,"reply_markup":{"inline_keyboard":[[{"text":"a","callback_data":"a:b"}]]}}`, true},
		{"copyMessage", `{"chat_id":CHAT,"from_chat_id":CHAT,"message_id":MSG}`, true},
		{"sendChatAction", `{"chat_id":CHAT,"action":"typing"}`, false},
		{"pinChatMessage", `{"chat_id":CHAT,"message_id":MSG}`, false},
		{"deleteMessages", `{"chat_id":CHAT,"message_ids":[1]}`, false},
		{"getChat", `{"chat_id":CHAT}`, false},
	} {
		c.forward(time.Second)
		for i, want := range []bool{true, !call.counts} {
			params := strings.Replace(call.params, `"y"`, fmt.Sprintf(`"y%d"`, i), 1)
			if a := s.call(call.method, s.fill(params, m.ID)); a.OK != want {
				t.Errorf("%s, time %d: %+v", call.method, i, a)
			}
		}
	}
	c.forward(time.Second)
	s.srv.Limit(&Limits{ChatBurst: 1, BotPerSecond: 1})
	other := must(s.srv.AddPerson(User{ID: 77, FirstName: "Ben"}))
	must(other.With(s.bot).Start(""))
	s.done("sendMessage", `{"chat_id":77,"text":"x"}`)
	if a := s.call("sendMessage", s.fill(`{"chat_id":CHAT,"text":"x"}`, 0)); a.OK {
		t.Error("the bot's own limit let a second message through")
	}
	s.srv.Limit(&Limits{ChatBurst: 1})
	s.done("sendMessage", s.fill(`{"chat_id":CHAT,"text":"the chat's own limit was not used up"}`, 0))
}

func TestLimitsStrict(t *testing.T) {
	c := newClock()
	var lenient, strict bucket
	for _, b := range []*bucket{&lenient, &strict} {
		for b.take(c.now, 30, 30, b == &strict) == 0 {
		}
	}
	c.forward(100 * time.Millisecond)
	if lenient.take(c.now, 30, 30, false) != 0 || strict.take(c.now, 30, 30, true) != 1 {
		t.Error("after a tenth of the second named, only the lenient one lets through")
	}
	c.forward(900 * time.Millisecond)
	if strict.take(c.now, 30, 30, true) != 0 {
		t.Error("a refusal lasts longer than it said")
	}
}

func TestLimitsScale(t *testing.T) {
	got := Limits{ChatBurst: 5}.Times(10)
	if got != (Limits{BotPerSecond: 300, ChatPerSecond: 10, ChatBurst: 50, GroupPerMinute: 200}) {
		t.Errorf("ten times the limits are %+v", got)
	}
}
