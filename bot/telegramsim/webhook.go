package telegramsim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// webhook delivers a bot's updates: each line in its order, the next after a 2xx; lines side by side, up to
// max at once. A line is one chat's messages, or one person's presses. A failed delivery is repeated for as long as
// the update lives, and holds back its own line only: once at once, then after waits that double, or after what the
// answer's Retry-After says (WebhookActor.cpp of the real server).
type webhook struct {
	bot         *Bot
	url, secret string
	max         int
	since       time.Time
	ctx         context.Context
	cancel      context.CancelFunc

	mu        sync.Mutex
	lines     map[string]*line
	ready     []*line
	busy      int
	fault     WebhookFault
	taken     int // deliveries that were answered 2xx
	lastError string
	lastAt    time.Time
}

type line struct {
	name    string
	updates []update
	fails   int
}

// WebhookFault disturbs deliveries until it is replaced; the zero value disturbs nothing. Durations are nanoseconds
// in JSON.
type WebhookFault struct {
	Delay   time.Duration `json:"delay"`   // before each delivery
	Repeat  int           `json:"repeat"`  // how often each update is delivered again after a 2xx
	Reverse bool          `json:"reverse"` // the newest of a line goes first
	Echo    time.Duration `json:"echo"`    // each update comes once more so long after a 2xx, whatever came meanwhile
	Lose    int           `json:"lose"`    // each n-th 2xx is lost on its way: what was taken is delivered again
}

// DisturbWebhook applies a fault to the webhook that is set; false when there is none.
func (b *Bot) DisturbWebhook(f WebhookFault) bool {
	b.queue.mu.Lock()
	defer b.queue.mu.Unlock()
	h := b.queue.hook
	if h == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fault = f
	return true
}

func newWebhook(b *Bot, url, secret string, most int, since time.Time) *webhook {
	ctx, cancel := context.WithCancel(b.srv.ctx)
	return &webhook{bot: b, url: url, secret: secret, max: most, since: since, ctx: ctx, cancel: cancel, lines: map[string]*line{}}
}

func (h *webhook) push(u update) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lines[u.line]
	if l == nil {
		l = &line{name: u.line}
		h.lines[u.line] = l
		h.ready = append(h.ready, l)
	}
	l.updates = append(l.updates, u)
	h.start()
}

// start gives ready lines to workers; the lock is held.
func (h *webhook) start() {
	for h.busy < h.max && len(h.ready) > 0 && h.ctx.Err() == nil {
		l := h.ready[0]
		h.ready = h.ready[1:]
		h.busy++
		h.bot.srv.work.Go(func() { h.run(l) })
	}
}

// run delivers one update of the line and then hands the line on.
func (h *webhook) run(l *line) {
	u, f := h.head(l)
	err := h.send(u, f)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy--
	now := h.bot.srv.now()
	if err != nil {
		l.fails++
		h.lastError, h.lastAt = err.Error(), now
	}
	switch wait := h.pause(l, err); {
	case err != nil && !now.Add(wait).After(u.ends):
		h.again(l, wait)
	case h.finish(l, u):
		delete(h.lines, l.name)
	default:
		h.ready = append(h.ready, l)
	}
	h.start()
}

// failure is a delivery that was not taken.
type failure struct {
	what       string
	retryAfter time.Duration // as the bot asked; 0: it did not
}

// Error says what went wrong, in the words of getWebhookInfo.
func (f *failure) Error() string { return f.what }

// longestRetryAfter is the longest wait a bot may ask for.
const longestRetryAfter = time.Hour

// pause is how long a line waits after a failure.
func (h *webhook) pause(l *line, err error) time.Duration {
	var f *failure
	switch {
	case errors.As(err, &f) && f.retryAfter > 0:
		return min(f.retryAfter, longestRetryAfter)
	case l.fails <= 1:
		return 0
	}
	return h.bot.srv.options.WebhookBackoff << min(l.fails-1, 6)
}

func (h *webhook) head(l *line) (update, WebhookFault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fault.Reverse {
		return l.updates[len(l.updates)-1], h.fault
	}
	return l.updates[0], h.fault
}

// finish takes an update that was delivered, or is too old, off its line and tells whether the line is empty; the lock is held.
func (h *webhook) finish(l *line, u update) bool {
	l.fails = 0
	l.updates = slices.DeleteFunc(l.updates, func(other update) bool { return other.id == u.id })
	return len(l.updates) == 0
}

// again makes the line ready after a wait; the lock is held.
func (h *webhook) again(l *line, wait time.Duration) {
	h.bot.srv.work.Go(func() {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-h.ctx.Done():
			return
		case <-timer.C:
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ready = append(h.ready, l)
		h.start()
	})
}

func (h *webhook) send(u update, f WebhookFault) error {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-h.ctx.Done():
			return h.ctx.Err()
		case <-timer.C:
		}
	}
	for range f.Repeat + 1 {
		h.bot.srv.trace.handed(h.bot, u)
		if err := h.post(u.json()); err != nil {
			return err
		}
	}
	if h.lost(f) {
		return &failure{what: "read timeout expired"}
	}
	if f.Echo > 0 {
		h.bot.srv.work.Go(func() { h.echo(u, f.Echo) })
	}
	return nil
}

// lost says that the answer to a delivery that was taken does not arrive.
func (h *webhook) lost(f WebhookFault) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken++
	return f.Lose > 0 && h.taken%f.Lose == 0
}

// echo delivers an update again after a wait. Nobody looks at the answer.
func (h *webhook) echo(u update, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-h.ctx.Done():
	case <-timer.C:
		h.bot.srv.trace.handed(h.bot, u)
		_ = h.post(u.json())
	}
}

// post delivers once and executes a method call in the answer.
func (h *webhook) post(body []byte) error {
	r, err := http.NewRequestWithContext(h.ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return &failure{what: "wrong webhook URL"}
	}
	r.Header.Set("Content-Type", "application/json")
	if h.secret != "" {
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	}
	answer, err := h.bot.srv.hooks.Do(r)
	if err != nil {
		return &failure{what: "connection failed"}
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // no number: none
		return &failure{"Wrong response from the webhook: " + answer.Status, time.Duration(max(0, seconds)) * time.Second}
	}
	content, err := io.ReadAll(io.LimitReader(answer.Body, MaxUpload))
	if err != nil {
		return &failure{what: "read timeout expired"}
	}
	h.bot.act(answer.Header.Get("Content-Type"), content)
	return nil
}

// act executes the method call in a webhook's answer. Its result is told to nobody, as with the real server;
// it is recorded.
func (b *Bot) act(contentType string, body []byte) {
	req, err := decodeRequest(contentType, "", body)
	if err != nil {
		return
	}
	method, named := req.get("method")
	if !named || b.srv.table.methods[method.value] == nil || !inAnswer(method.value) {
		return
	}
	req.params = slices.DeleteFunc(req.params, func(p param) bool { return p.name == "method" })
	b.srv.counts[method.value].Add(1)
	c := &call{srv: b.srv, bot: b, method: method.value, req: req}
	_, err = c.execute()
	c.ended(body, err)
	b.srv.emitCall(c, err)
}

// inAnswer says whether the server executes the method from a webhook's answer.
func inAnswer(method string) bool {
	switch method {
	case "deleteWebhook", "setWebhook", "close", "logOut":
		return false
	}
	return !strings.HasPrefix(method, "get")
}

func (h *webhook) waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, l := range h.lines {
		n += len(l.updates)
	}
	return n
}

// end stops delivering and gives back what was not delivered, oldest first.
func (h *webhook) end() []update {
	h.cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	var left []update
	for _, l := range h.lines {
		left = append(left, l.updates...)
	}
	h.ready = nil
	slices.SortFunc(left, func(a, b update) int { return int(a.id - b.id) })
	return left
}
