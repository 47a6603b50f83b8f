package desk

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"defenderline/referrals"
)

// told are the states that a desk is told of: what it did not do itself. To a mission each rung that is alerted is one.
func told(k referrals.Kind) []referrals.State {
	if k == referrals.NGODesk {
		return []referrals.State{referrals.Offered, referrals.Withdrawn, referrals.Expired}
	}
	return []referrals.State{referrals.Alerted, referrals.Silent, referrals.Withdrawn}
}

// news is the data of an event.
type news struct {
	Code  string          `json:"code"`
	State referrals.State `json:"state"`
	Lane  referrals.Lane  `json:"lane"`
	At    time.Time       `json:"at"`
}

// lookEvery is how long one look for events waits for them. A process that ends waits for it.
const lookEvery = time.Second

// stream answers with server-sent events (WHATWG HTML, section 9.2) until the caller leaves or the server ends. Each has an
// id; with the last one as Last-Event-ID it goes on behind it, and without one with what comes from now on. The id is
// told at once, so that nothing is missed from the first moment. An outage of the store is waited for.
func stream(c *call) error {
	select {
	case c.guest.streams <- struct{}{}:
		defer func() { <-c.guest.streams }()
	default:
		return c.later(lookEvery)
	}
	after, err := c.begin()
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy that gathers answers would keep them
	if c.req.Method == http.MethodHead {
		return nil
	}
	s := &streaming{call: c, after: after, to: http.NewResponseController(c.w)}
	s.write("retry: 2000\nid: " + after + "\n\n")
	s.run()
	return nil
}

// begin is the id to go on behind.
func (c *call) begin() (string, error) {
	switch ids := c.req.Header.Values("Last-Event-ID"); {
	case len(ids) == 1 && ids[0] != "" && ids[0] != "$":
		_, err := c.Events.Events(c.ctx(), c.guest.ID, ids[0], 0)
		if errors.Is(err, ErrEvent) {
			return "", because(unreadable, "Last-Event-ID is not the id of an event: leave it out to begin with what comes next.")
		}
		return ids[0], err
	case len(ids) > 0:
		return "", because(unreadable, "Last-Event-ID is given once, with the id of an event.")
	default:
		return c.Events.LastEvent(c.ctx(), c.guest.ID)
	}
}

// streaming is a stream of events that is open.
type streaming struct {
	*call
	to    *http.ResponseController
	after string    // id of the last event looked at
	at    time.Time // when something was written last
	over  bool      // the caller is gone
}

func (s *streaming) run() {
	for !s.ended() {
		events, err := s.Events.Events(s.ctx(), s.guest.ID, s.after, lookEvery)
		if err != nil && s.ctx().Err() == nil {
			s.Log.Warn("a desk's events cannot be read; it is tried again", "err", err)
			s.pause()
		}
		text := ""
		for _, e := range events {
			text += s.event(e)
		}
		if s.silent() && text == "" {
			text = ": still here\nid: " + s.after + "\n\n"
		}
		if text != "" {
			s.write(text)
		}
	}
}

// ended says whether the caller or the server has ended.
func (s *streaming) ended() bool {
	select {
	case <-s.ctx().Done():
		return true
	case <-s.Ends:
		return true
	default:
		return s.over
	}
}

// pause waits a moment, or until the stream ends.
func (s *streaming) pause() {
	t := time.NewTimer(lookEvery)
	defer t.Stop()
	select {
	case <-s.ctx().Done():
	case <-s.Ends:
	case <-t.C:
	}
}

// silent says whether it is time for a sign of life.
func (s *streaming) silent() bool { return s.Now().Sub(s.at) >= s.Limits.Heartbeat }

// event is an event as it is written; nothing for one that the desk is not told of.
func (s *streaming) event(e referrals.DeskEvent) string {
	s.after = e.ID
	if !slices.Contains(told(s.guest.Kind), e.State) {
		return ""
	}
	data, err := json.Marshal(news{Code: e.Code, State: e.State, Lane: e.Lane, At: e.At.UTC()})
	if err != nil { // strings and a time only: cannot fail
		return ""
	}
	return "id: " + e.ID + "\nevent: " + string(e.State) + "\ndata: " + string(data) + "\n\n"
}

// write writes and sends at once. Who takes too long has left.
func (s *streaming) write(text string) {
	s.at = s.Now()
	s.within(s.Limits.Answer)
	_, err := s.w.Write([]byte(text))
	s.over = err != nil || s.to.Flush() != nil
}
