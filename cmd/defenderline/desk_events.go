package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// deskEvent is an event as it is printed.
type deskEvent struct {
	ID    string    `json:"id"`
	Code  string    `json:"code"`
	State string    `json:"state"`
	Lane  string    `json:"lane"`
	At    time.Time `json:"at"`
}

// longestEvent is more than any line of a stream has.
const longestEvent = 64 << 10

// silentFor is how long a stream may be silent before it counts as lost: its signs of life come every 15 seconds.
const silentFor = time.Minute

// follow hands on events until the context ends, which is no error. A stream that is cut goes on where it was, and
// a line that does not answer is waited for.
func (c *deskClient) follow(after string, each func(deskEvent) error) error {
	for n := 1; ; {
		headers := map[string]string{"Accept": "text/event-stream"}
		if after != "" {
			headers["Last-Event-ID"] = after
		}
		res, err := c.do(http.MethodGet, "/events", nil, headers)
		if err == nil {
			n, err = 1, c.stream(res, &after, each)
		}
		if c.ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, errCut) && !passing(err) {
			return err
		}
		if c.pause(res, n) != nil {
			return nil
		}
		n = min(n+1, mostTries)
	}
}

// errCut says that a stream ended that should have gone on.
var errCut = errors.New("the stream was cut")

// stream reads one stream to its end, and notes the last id.
func (c *deskClient) stream(res *http.Response, after *string, each func(deskEvent) error) error {
	defer res.Body.Close()
	silence := time.AfterFunc(silentFor, func() { _ = res.Body.Close() })
	defer silence.Stop()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, longestEvent)
	var e deskEvent
	told := false
	for lines.Scan() {
		silence.Reset(silentFor)
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if told {
				if err := each(e); err != nil {
					return err
				}
			}
			if e.ID != "" {
				*after = e.ID
			}
			e, told = deskEvent{ID: e.ID}, false
		case name == "id":
			e.ID = value
		case name == "data":
			id := e.ID
			if json.Unmarshal([]byte(value), &e) != nil {
				return errNotTheAPI
			}
			e.ID, told = id, true
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return errNotTheAPI
	}
	return errCut
}
