package telegramsim

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"time"
)

// Call is one recorded method call.
type Call struct {
	At     time.Time
	Bot    string // username
	Method string
	Chat   int64  // the chat it concerns, 0: none
	Err    *Error // nil: done
	Raw    []byte // the body as it came

	req *request
}

// Param gives a parameter as text; what was no text is JSON.
func (c Call) Param(name string) string {
	if c.req == nil {
		return ""
	}
	p, _ := c.req.get(name)
	return p.value
}

// File gives the bytes of an uploaded file by its field, or nil.
func (c Call) File(field string) []byte {
	if c.req == nil {
		return nil
	}
	if u := c.req.file(field); u != nil {
		return u.data
	}
	return nil
}

// Contains says whether any parameter, file name or uploaded file of the call holds the word.
func (c Call) Contains(word string) bool {
	if bytes.Contains(c.Raw, []byte(word)) {
		return true
	}
	if c.req == nil {
		return false
	}
	return slices.ContainsFunc(c.req.params, func(p param) bool { return strings.Contains(p.value, word) })
}

type recorder struct {
	on    bool
	mu    sync.Mutex
	calls []Call
}

func (r *recorder) add(c *call, body []byte, problem *Error) {
	if !r.on {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, Call{
		At: c.srv.now(), Bot: c.bot.user.Username, Method: c.method, Chat: c.concerns(), Err: problem, Raw: body, req: c.req,
	})
}

// Calls gives the recorded calls in the order they ended, of the named methods or of all.
// It is empty with Options.Load.
func (s *Server) Calls(methods ...string) []Call {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	if len(methods) == 0 {
		return slices.Clone(s.record.calls)
	}
	var calls []Call
	for _, c := range s.record.calls {
		if slices.Contains(methods, c.Method) {
			calls = append(calls, c)
		}
	}
	return calls
}

// Leaks gives the recorded calls that hold one of the words and do not concern the chat.
func (s *Server) Leaks(chat int64, words ...string) []Call {
	return slices.DeleteFunc(s.Calls(), func(c Call) bool {
		return c.Chat == chat || !slices.ContainsFunc(words, c.Contains)
	})
}

// Params gives all parameters as text.
func (c Call) Params() map[string]string {
	params := map[string]string{}
	if c.req != nil {
		for _, p := range c.req.params {
			params[p.name] = p.value
		}
	}
	return params
}
