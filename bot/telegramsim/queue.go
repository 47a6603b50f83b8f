package telegramsim

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"
)

// updateLife is how long the server keeps an update nobody fetched.
const updateLife = 24 * time.Hour

// update is one update on its way to a bot; body is the JSON of the field named kind.
type update struct {
	id   int64
	kind string
	line string // the webhook sequence it belongs to
	body []byte
	at   time.Time
}

// json gives the whole Update object.
func (u update) json() []byte {
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
}

func (q *queue) init(b *Bot, first int64) { q.bot, q.next = b, first }

// push queues an update of the kind, unless the bot does not want that kind.
func (q *queue) push(kind, line string, body []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if kind != "" && !q.wants(kind) {
		return
	}
	u := update{id: q.next, kind: kind, line: line, body: body, at: q.bot.srv.now()}
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

// expire drops what is older than a day; the lock is held.
func (q *queue) expire() {
	oldest := q.bot.srv.now().Add(-updateLife)
	n := 0
	for n < len(q.pending) && q.pending[n].at.Before(oldest) {
		n++
	}
	q.pending = q.pending[n:]
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
	b.queue.push(kind, "offered", []byte(body))
}

// UnknownOrigin is the body of a message forwarded from an origin no library knows.
const UnknownOrigin = `{"message_id":1,"date":1,"chat":{"id":1,"type":"private"},"text":"x",` +
	`"forward_origin":{"type":"an_origin_of_tomorrow","date":1}}`

// BrokenMessage is the body of a message whose date is a text and whose chat is a number.
const BrokenMessage = `{"message_id":1,"date":"yesterday","chat":5,"text":{"a":"b"}}`
