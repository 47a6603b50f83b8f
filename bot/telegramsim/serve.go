package telegramsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxUpload is the largest file a bot may send, in bytes; requests may be a little larger.
const MaxUpload = 50 << 20

// call is one method call of a bot on its way through the server.
type call struct {
	srv    *Server
	bot    *Bot
	method string
	req    *request
	http   *http.Request // nil for a call in a webhook's answer
	about  int64         // the chat it concerns, 0: none
	number int64         // its place among the bot's messages, from 1; 0: no message
}

// concerns is the chat the call concerns, 0: none.
func (c *call) concerns() int64 {
	if c.about == 0 && c.req != nil {
		return c.int("chat_id")
	}
	return c.about
}

// ended notes everywhere that the call was performed or refused.
func (c *call) ended(body []byte, problem *Error) {
	if problem != nil && problem.Code == http.StatusTooManyRequests {
		c.srv.refusals[c.method].Add(1)
	}
	c.srv.record.add(c, body, problem)
	c.srv.trace.called(c, problem)
}

// handler executes one method. Its result goes through encoding/json.
type handler func(*call) (any, *Error)

// ServeHTTP answers /bot<TOKEN>/<method> and /file/bot<TOKEN>/<path>.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.ctx.Err() != nil {
		writeError(w, &Error{Code: http.StatusBadGateway, Description: "Bad Gateway"})
		return
	}
	path, isFile := strings.CutPrefix(r.URL.Path, "/file")
	rest, isBot := strings.CutPrefix(path, "/bot")
	token, name, _ := strings.Cut(rest, "/")
	if !isBot {
		writeError(w, &Error{Code: http.StatusNotFound, Description: "Not Found"})
		return
	}
	bot := s.botByToken(token)
	switch {
	case bot == nil:
		writeError(w, &Error{Code: http.StatusUnauthorized, Description: "Unauthorized"})
	case isFile:
		s.serveFile(w, r, name)
	case s.table.methods[name] == nil || r.Method != http.MethodGet && r.Method != http.MethodPost:
		writeError(w, &Error{Code: http.StatusNotFound, Description: "Not Found"})
	default:
		s.serveMethod(w, r, &call{srv: s, bot: bot, method: name, http: r})
	}
}

func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request, c *call) {
	s.counts[c.method].Add(1)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxUpload+1<<20))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		writeError(w, &Error{Code: http.StatusRequestEntityTooLarge, Description: "Request Entity Too Large"})
		return
	case err != nil:
		return // the caller is gone
	}
	var problem *Error
	c.req, problem = decodeRequest(r.Header.Get("Content-Type"), r.URL.RawQuery, body)
	f := s.faults.match(c)
	if f.ends() {
		c.ended(body, f.problem())
		f.refuse(w, r, s)
		return
	}
	if f != nil {
		s.sleep(r, f.Latency)
	}
	var result any
	if problem == nil {
		result, problem = c.execute()
	}
	c.ended(body, problem)
	s.emitCall(c, problem)
	if f != nil && f.Kind == FaultCutAfter || r.Context().Err() != nil || s.ctx.Err() != nil {
		panic(http.ErrAbortHandler)
	}
	writeResult(w, result, problem)
}

// execute validates and performs the call.
func (c *call) execute() (any, *Error) {
	if err := c.req.validate(c.srv.table, c.method); err != nil {
		return nil, err
	}
	h := c.srv.methods[c.method]
	if h == nil {
		return nil, badRequest("method not simulated: %s", c.method)
	}
	return h(c)
}

func writeResult(w http.ResponseWriter, result any, problem *Error) {
	if problem != nil {
		writeError(w, problem)
		return
	}
	var out bytes.Buffer
	out.WriteString(`{"ok":true,"result":`)
	if list, raw := result.([]byte); raw {
		out.Write(list)
	} else if err := json.NewEncoder(&out).Encode(result); err != nil {
		writeError(w, &Error{Code: http.StatusInternalServerError, Description: "Internal Server Error"})
		return
	}
	out.WriteByte('}')
	w.Header()["Content-Type"] = []string{"application/json"}
	_, _ = w.Write(out.Bytes()) // a caller that is gone is no concern of the server
}

func writeError(w http.ResponseWriter, e *Error) {
	answer := struct {
		OK          bool           `json:"ok"`
		Code        int            `json:"error_code"`
		Description string         `json:"description"`
		Parameters  map[string]int `json:"parameters,omitempty"`
	}{Code: e.Code, Description: e.Description}
	w.Header().Set("Content-Type", "application/json")
	if e.RetryAfter > 0 {
		answer.Parameters = map[string]int{"retry_after": e.RetryAfter}
		w.Header().Set("Retry-After", strconv.Itoa(e.RetryAfter))
	}
	w.WriteHeader(e.Code)
	_ = json.NewEncoder(w).Encode(answer) // as above
}

// Transport carries requests to the server without a network; a connection the server cuts is an error of
// the round trip. The host of the request does not matter.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

// Client is an http.Client on Transport.
func (s *Server) Client() *http.Client { return &http.Client{Transport: s.Transport()} }

// sleep waits, unless the caller leaves or the server ends.
func (s *Server) sleep(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
}

// str gives a parameter's text, or "".
func (c *call) str(name string) string {
	p, _ := c.req.get(name)
	return p.value
}

// int gives a number parameter; validation has seen it.
func (c *call) int(name string) int64 {
	n, err := strconv.ParseInt(c.str(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// flag gives a boolean parameter; absent is false.
func (c *call) flag(name string) bool {
	on, err := strconv.ParseBool(c.str(name))
	return err == nil && on
}
