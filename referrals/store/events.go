package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
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

// actsAtOnce is the most acts whose events one call returns.
const actsAtOnce = 100

// eventReaders is how many calls of Events wait at a time, on connections of their own; more wait
// for one of those.
const eventReaders = 512

// ErrEvent is returned for an event id that cannot be one.
var ErrEvent = errors.New("that is not the id of an event; leave it out to begin with what comes next")

var eventForm = regexp.MustCompile(`^[0-9]{1,19}(-[0-9]{1,19}){0,2}$`)

// Events returns what a desk learned after an event, the oldest first, those of up to 100 acts of the store at a time; the
// ids are fit for Last-Event-ID. When there is nothing yet it waits for it, up to wait or 2 s, and returns
// none. "" or "$" is what comes from now on: between two such calls events are missed, so begin with
// LastEvent and go on with the last id returned. Events are kept for about the last 10,000 acts and for
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
	act, seen := actOf(after)
	if seen == 0 {
		return s.eventsAfter(ctx, desk, after, wait)
	}
	events, err := s.eventsAfter(ctx, desk, before(act), 0)
	for len(events) > 0 && seen > 0 && (events[0].ID == act || strings.HasPrefix(events[0].ID, act+"-")) {
		events, seen = events[1:], seen-1
	}
	if err != nil || len(events) > 0 {
		return events, err
	}
	return s.eventsAfter(ctx, desk, act, wait)
}

// An act of the store may bring several events, in one entry of the stream. The last has the entry's id, so that who
// goes on after it waits for what comes; the others have their number behind it: 7-0-0, 7-0-1, 7-0.

// actOf returns the entry of an event that is not its last, and how many of the entry's events were seen with it; 0 for
// all others.
func actOf(id string) (act string, seen int) {
	cut := strings.LastIndexByte(id, '-')
	if cut < 0 || strings.Count(id, "-") < 2 {
		return id, 0
	}
	seen, err := strconv.Atoi(id[cut+1:])
	if err != nil || seen >= movesAtOnce {
		return id[:cut], movesAtOnce
	}
	return id[:cut], seen + 1
}

// before is the highest id below an entry's.
func before(act string) string {
	first, second, _ := strings.Cut(act, "-")
	when, _ := strconv.ParseUint(first, 10, 64)
	n, _ := strconv.ParseUint(second, 10, 64)
	switch {
	case n > 0:
		n--
	case when > 0:
		when, n = when-1, math.MaxUint64
	}
	return strconv.FormatUint(when, 10) + "-" + strconv.FormatUint(n, 10)
}

// eventsAfter returns the events of the entries after an id.
func (s *Store) eventsAfter(ctx context.Context, desk, id string, wait time.Duration) ([]referrals.DeskEvent, error) {
	block := time.Duration(-1)
	if wait > 0 {
		block = max(time.Millisecond, min(wait, longestWait)) // zero would be for ever
	}
	streams, err := s.readers.XRead(ctx, &redis.XReadArgs{
		Streams: []string{s.eventsKey(desk), id}, Count: actsAtOnce, Block: block,
	}).Result()
	switch {
	case errors.Is(err, redis.Nil) || len(streams) == 0 && err == nil:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read events: %w", clean(err))
	}
	events := make([]referrals.DeskEvent, 0, len(streams[0].Messages))
	for _, m := range streams[0].Messages {
		events = appendEvents(events, m)
	}
	return events, nil
}

// LastEvent returns the id of a desk's last event: what Events returns after it came later. It is
// "0-0" when there was none.
func (s *Store) LastEvent(ctx context.Context, desk string) (string, error) {
	last, err := s.db.XRevRangeN(ctx, s.eventsKey(desk), "+", "-", 1).Result()
	if err != nil {
		return "", fmt.Errorf("read the last event: %w", clean(err))
	}
	if len(last) == 0 {
		return "0-0", nil
	}
	return last[0].ID, nil
}

// appendEvents reads an entry. What it cannot read is an event that says nothing.
func appendEvents(to []referrals.DeskEvent, m redis.XMessage) []referrals.DeskEvent {
	all, _ := m.Values["e"].(string)
	for i := 0; ; i++ {
		text, rest, more := strings.Cut(all, " ")
		e := referrals.DeskEvent{ID: m.ID}
		if more {
			e.ID += "-" + strconv.Itoa(i)
		}
		if is, ok := readPlace(text); ok {
			e.State, e.Lane, e.At, e.Code = is.state, is.lane, is.at, text[placeSize:]
		}
		to = append(to, e)
		if all = rest; !more {
			return to
		}
	}
}
