package telegramsim

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"
)

// How long the server keeps an update that nobody fetched. A press is not worth more than its answer: the real
// server (Client.cpp, add_new_callback_query) forgets it after 150 seconds, where it waits a day for a message.
const (
	updateLife = 24 * time.Hour
	queryLife  = 150 * time.Second
)

// update is one update on its way to a bot; body is the JSON of the field named kind.
type update struct {
	id   int64
	kind string
	line string // the webhook sequence it belongs to
	chat int64  // the chat it concerns, 0: none
	note string // the text of a message, the data of a press: for traces
	body []byte
	raw  bool      // body is all of it
	ends time.Time // when it is given up
}

// life is how long an update of the kind waits for the bot.
func life(kind string) time.Duration {
	if kind == "callback_query" {
		return queryLife
	}
	return updateLife
}

// json gives the whole Update object.
func (u update) json() []byte {
	if u.raw {
		return u.body
	}
	out := make([]byte, 0, len(u.body)+len(u.kind)+40)
	out = append(out, `{"update_id":`...)
	out = strconv.AppendInt(out, u.id, 10)
	if u.kind != "" {
		out = append(out, `,"`...)
		out = append(out, u.kind...)
		out = append(out, `":`...)
		out = append(out, u.body...)
	}
	return append(out, '}')
}

// queue holds a bot's updates: in pending while it polls, in the webhook's lines while there is one.
type queue struct {
	bot *Bot

	mu      sync.Mutex
	next    int64
	pending []update
	allowed []string      // nil: the default set
	added   chan struct{} // closed when an update comes; nil while nobody waits
	poller  *poller
	hook    *webhook
	calm    time.Time // from then on a conflict is told at once
}

func (q *queue) init(b *Bot, first int64) { q.bot, q.next = b, first }

// push queues an update and gives it its number, unless the bot does not want its kind.
func (q *queue) push(u update) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if u.kind != "" && !q.wants(u.kind) {
		return
	}
	u.id, u.ends = q.next, q.bot.srv.now().Add(life(u.kind))
	q.next++
	if q.hook != nil {
		q.hook.push(u)
		return
	}
	q.expire()
	q.pending = append(q.pending, u)
	if q.added != nil {
		close(q.added)
		q.added = nil
	}
}

// wants tells whether the kind is delivered; by default three kinds are not.
func (q *queue) wants(kind string) bool {
	if len(q.allowed) > 0 {
		return slices.Contains(q.allowed, kind)
	}
	return kind != "chat_member" && kind != "message_reaction" && kind != "message_reaction_count"
}

// expire drops what has waited its time; the lock is held.
func (q *queue) expire() {
	now := q.bot.srv.now()
	gone := func(u update) bool { return u.ends.Before(now) }
	if slices.ContainsFunc(q.pending, gone) {
		q.pending = slices.DeleteFunc(slices.Clone(q.pending), gone)
	}
}

// allow takes a new set of kinds; absent leaves the set as it was.
func (q *queue) allow(c *call) *Error {
	raw := c.str("allowed_updates")
	if raw == "" {
		return nil
	}
	var kinds []string
	if err := json.Unmarshal([]byte(raw), &kinds); err != nil {
		return badRequest("can't parse allowed updates JSON object")
	}
	for _, k := range kinds {
		if c.srv.table.types["Update"].fields[k] == nil {
			return badRequest("unknown update type %q in allowed_updates", k)
		}
	}
	q.allowed = kinds
	return nil
}

// Pending tells how many updates wait for the bot.
func (b *Bot) Pending() int {
	b.queue.mu.Lock()
	defer b.queue.mu.Unlock()
	return b.queue.waiting()
}

func (q *queue) waiting() int {
	if q.hook != nil {
		return q.hook.waiting()
	}
	q.expire()
	return len(q.pending)
}

// Offer queues an update as it stands, for what no person can do: a kind unknown to libraries, a broken
// type. The body may be any JSON, or none at all for truly malformed answers; kind "" gives a bare update.
func (b *Bot) Offer(kind, body string) {
	b.queue.push(update{kind: kind, line: "offered", body: []byte(body)})
}

// OfferRaw queues what stands in the place of an update, to be delivered as it is: no object, one without an id, or
// with the id of another. The server counts it as one of its own, and confirms it with those that come after it.
func (b *Bot) OfferRaw(raw string) {
	b.queue.push(update{line: "offered", body: []byte(raw), raw: true})
}

// UnknownOrigin is the body of a message forwarded from an origin no library knows.
const UnknownOrigin = `{"message_id":1,"date":1,"chat":{"id":1,"type":"private"},"text":"x",` +
	`"forward_origin":{"type":"an_origin_of_tomorrow","date":1}}`

// BrokenMessage is the body of a message whose date is a text and whose chat is a number.
const BrokenMessage = `{"message_id":1,"date":"yesterday","chat":5,"text":{"a":"b"}}`
