package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// tap stands before the simulated Telegram and notes when calls arrive. It costs the line nothing.
type tap struct {
	next   http.Handler
	clocks sync.Map // *stopwatch by chat
	spans  gathered[span]
	sample gathered[exchange]
}

// stopwatch times one person's acts until their reply's call arrives.
type stopwatch struct {
	acted atomic.Int64 // nanoseconds since begin; 0: nothing is asked
	begin time.Time
	mu    sync.Mutex
	first bool // the act is the conversation's first
	took  []time.Duration
	began []time.Duration // of first acts
}

// span is the time one call was under way.
type span struct {
	method   string
	chat     int64
	from, to time.Time
}

// exchange is one call as it was sent and answered.
type exchange struct {
	Method, Kind string
	Body, Answer []byte
}

// gathered is a list that is filled only while it is wanted.
type gathered[T any] struct {
	on   atomic.Bool
	mu   sync.Mutex
	list []T
}

func (k *gathered[T]) add(v T) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = append(k.list, v)
}

// take ends the keeping and gives the list.
func (k *gathered[T]) take() []T {
	k.on.Store(false)
	k.mu.Lock()
	defer k.mu.Unlock()
	list := k.list
	k.list = nil
	return list
}

func (t *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	arrived, method := time.Now(), path.Base(r.URL.Path)
	reply := method == "sendMessage" || method == "editMessageText"
	sampling, timing := t.sample.on.Load(), t.spans.on.Load() && method != "getUpdates"
	if !reply && !sampling && !timing {
		t.next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	chat := chatOf(body)
	if c, known := t.clocks.Load(chat); reply && known {
		c.(*stopwatch).answered(arrived)
	}
	if timing {
		defer func() { t.spans.add(span{method, chat, arrived, time.Now()}) }()
	}
	if !sampling {
		t.next.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	t.next.ServeHTTP(answer, r)
	t.sample.add(exchange{method, r.Header.Get("Content-Type"), body, answer.Body.Bytes()})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // a caller that is gone is no concern
}

// chatOf finds the chat of a JSON or multipart body, 0 when there is none.
func chatOf(body []byte) int64 {
	for _, before := range []string{`"chat_id":`, "name=\"chat_id\"\r\n\r\n"} {
		_, rest, found := bytes.Cut(body, []byte(before))
		if !found {
			continue
		}
		rest = bytes.TrimLeft(rest, `" `)
		end := bytes.IndexFunc(rest, func(r rune) bool { return r != '-' && (r < '0' || r > '9') })
		id, err := strconv.ParseInt(string(rest[:max(end, 0)]), 10, 64)
		if err == nil {
			return id
		}
	}
	return 0
}

// started notes that the person acts now.
func (c *stopwatch) started(first bool) {
	c.mu.Lock()
	c.first = first
	c.mu.Unlock()
	c.acted.Store(int64(time.Since(c.begin)))
}

// answered notes that the reply's call arrived, once for each act.
func (c *stopwatch) answered(at time.Time) {
	from := c.acted.Swap(0)
	if from == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	took := at.Sub(c.begin) - time.Duration(from)
	if c.first {
		c.began = append(c.began, took)
		return
	}
	c.took = append(c.took, took)
}

// sideBySide says how many presses were answered by two calls or more, and how many of those were under way
// at once: an answer to a press names no chat, so that this is for one person alone.
func sideBySide(spans []span) (pairs, together int) {
	for _, s := range spans {
		if s.method != "answerCallbackQuery" {
			continue
		}
		nearest := time.Hour
		var other span
		for _, o := range spans {
			gap := o.from.Sub(s.from).Abs()
			if o.method != s.method && gap < nearest {
				nearest, other = gap, o
			}
		}
		pairs++
		if other.from.Before(s.to) && s.from.Before(other.to) {
			together++
		}
	}
	return pairs, together
}
