package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// A desk's events are a stream that anybody may read from any place, any number of times: nobody
// consumes them, so that cutting off the oldest loses no work. What a desk holds is in Holdings; an
// event only says that it is worth looking.

// longestWait is how long one call of Events waits at most: a cancelled context does not end a read
// that waits, so that a stopping process waits for it.
const longestWait = 2 * time.Second

// eventsAtOnce is the most events that one call returns.
const eventsAtOnce = 100

// eventReaders is how many calls of Events wait at a time, on connections of their own; more wait
// for one of those.
const eventReaders = 512

// ErrEvent is returned for an event id that cannot be one.
var ErrEvent = errors.New("that is not the id of an event; leave it out to begin with what comes next")

var eventForm = regexp.MustCompile(`^[0-9]{1,19}(-[0-9]{1,19})?$`)

// Events returns what a desk learned after an event, the oldest first, up to 100 at a time; the ids are
// fit for Last-Event-ID. When there is nothing yet it waits for it, up to wait or 2 s, and returns
// none. "" or "$" is what comes from now on: between two such calls events are missed, so begin with
// LastEvent and go on with the last id returned. Events are kept for about the last 10,000 and for
// Options.EndedFor; an id older than that reads from the oldest. ErrEvent for what is no id.
//
// It waits on connections that nothing else uses, so that readers never keep workers waiting.
func (s *Store) Events(ctx context.Context, desk, after string, wait time.Duration) ([]referrals.DeskEvent, error) {
	switch {
	case after == "":
		after = "$"
	case after != "$" && !eventForm.MatchString(after):
		return nil, ErrEvent
	}
	block := time.Duration(-1)
	if wait > 0 {
		block = max(time.Millisecond, min(wait, longestWait)) // zero would be for ever
	}
	streams, err := s.readers.XRead(ctx, &redis.XReadArgs{
		Streams: []string{eventsKey(desk), after}, Count: eventsAtOnce, Block: block,
	}).Result()
	switch {
	case errors.Is(err, redis.Nil) || len(streams) == 0 && err == nil:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read events: %w", clean(err))
	}
	events := make([]referrals.DeskEvent, len(streams[0].Messages))
	for i, m := range streams[0].Messages {
		events[i] = deskEvent(m)
	}
	return events, nil
}

// LastEvent returns the id of a desk's last event: what Events returns after it came later. It is
// "0-0" when there was none.
func (s *Store) LastEvent(ctx context.Context, desk string) (string, error) {
	last, err := s.db.XRevRangeN(ctx, eventsKey(desk), "+", "-", 1).Result()
	if err != nil {
		return "", fmt.Errorf("read the last event: %w", clean(err))
	}
	if len(last) == 0 {
		return "0-0", nil
	}
	return last[0].ID, nil
}

// deskEvent reads an entry; a field that is not there is empty.
func deskEvent(m redis.XMessage) referrals.DeskEvent {
	field := func(name string) string {
		text, _ := m.Values[name].(string)
		return text
	}
	made, _ := strconv.ParseInt(field("a"), 10, 64)
	return referrals.DeskEvent{ID: m.ID, Code: field("c"), State: referrals.State(field("s")), Lane: referrals.Lane(field("l")), At: at(made)}
}
