package telegramsim

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"time"
)

// pressLife is how long a callback query can be answered.
const pressLife = 10 * time.Minute

const queryTooOld = "query is too old and response timeout expired or query ID is invalid"

// Toast is the bot's answer to a press; all zero when it only stopped the button from spinning.
type Toast struct {
	Text  string `json:"text,omitempty"`
	Alert bool   `json:"show_alert,omitempty"`
	URL   string `json:"url,omitempty"`
}

// Press is one press of a button. The button spins until the bot answers.
type Press struct {
	ID string `json:"callback_query_id"`

	chat     int64
	at       time.Time
	answered chan struct{}
	toast    Toast
}

// Wait blocks until the bot answered the press, or ctx ends.
func (p *Press) Wait(ctx context.Context) (Toast, error) {
	select {
	case <-p.answered:
		return p.toast, nil
	case <-ctx.Done():
		return Toast{}, ctx.Err()
	}
}

// presses are a bot's callback queries that were not answered yet.
type presses struct {
	mu   sync.Mutex
	last int64
	open map[string]*Press
	old  []*Press // in order of their times, answered ones included
}

func (s *presses) add(chat int64, now time.Time) *Press {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]*Press{}
	}
	for len(s.old) > 0 && s.settled(s.old[0], now) {
		delete(s.open, s.old[0].ID)
		s.old = s.old[1:]
	}
	s.last++
	p := &Press{ID: strconv.FormatInt(1<<60+s.last, 10), chat: chat, at: now, answered: make(chan struct{})}
	s.open[p.ID] = p
	s.old = append(s.old, p)
	return p
}

// settled says whether nothing can happen to the press any more; the lock is held.
func (s *presses) settled(p *Press, now time.Time) bool {
	return s.open[p.ID] == nil || now.Sub(p.at) > pressLife
}

// take gives the press to its first answer; nil when it is unknown, answered or too old.
func (s *presses) take(id string, now time.Time) *Press {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.open[id]
	delete(s.open, id)
	if p == nil || now.Sub(p.at) > pressLife {
		return nil
	}
	return p
}

func (c *call) answerCallbackQuery() (any, *Error) {
	if utf16Length(c.str("text")) > 200 {
		return nil, badRequest("MESSAGE_TOO_LONG")
	}
	p := c.bot.presses.take(c.str("callback_query_id"), c.srv.now())
	if p == nil {
		return nil, badRequest(queryTooOld)
	}
	c.about = p.chat
	p.toast = Toast{Text: c.str("text"), Alert: c.flag("show_alert"), URL: c.str("url")}
	close(p.answered)
	c.srv.emit(Event{Kind: "toast", Bot: c.bot.user.Username, Chat: p.chat, Text: p.toast.Text})
	return true, nil
}

// ErrNoButton says that no message on the phone shows the button.
var ErrNoButton = errors.New("telegramsim: no message shows such a button; look at View.Buttons")

// Press presses the newest button whose callback data is want, begins with it, or whose label it is.
// It is an error when no message still shows one.
func (p *Phone) Press(want string) (*Press, error) {
	p.chat.mu.Lock()
	defer p.chat.mu.Unlock()
	for i := len(p.chat.messages) - 1; i >= 0; i-- {
		m := p.chat.messages[i]
		if b := m.Keyboard.find(want); b != nil && b.CallbackData != "" {
			return p.press(m, b.CallbackData)
		}
	}
	return nil, ErrNoButton
}

// PressStale presses a button with this data as if the phone still showed it on the message, as a phone
// does whose connection lags behind an edit or a deletion.
func (p *Phone) PressStale(m *Message, data string) (*Press, error) {
	p.chat.mu.Lock()
	defer p.chat.mu.Unlock()
	return p.press(m, data)
}

// press sends the callback query to the bot that sent the message; the chat's lock is held.
func (p *Phone) press(m *Message, data string) (*Press, error) {
	bot := p.sender(m)
	if bot == nil || p.chat.blocked {
		return nil, errors.New("telegramsim: the bot of this message hears no presses here")
	}
	if current := p.chat.find(m.ID); current != nil {
		m = current
	}
	press := bot.presses.add(p.chat.info.ID, p.srv.now())
	body, err := json.Marshal(struct {
		ID       string   `json:"id"`
		From     *User    `json:"from"`
		Message  *Message `json:"message"`
		Instance string   `json:"chat_instance"`
		Data     string   `json:"data"`
	}{press.ID, &p.person.user, m, strconv.FormatInt(p.chat.info.ID, 10), data})
	if err != nil {
		return nil, err
	}
	bot.queue.push(update{kind: "callback_query", line: "press " + strconv.FormatInt(p.person.user.ID, 10), chat: p.chat.info.ID,
		note: data, body: body})
	p.srv.emit(Event{Kind: "pressed", Bot: bot.user.Username, Chat: p.chat.info.ID, ID: m.ID, Text: data})
	return press, nil
}

// sender finds the bot that sent the message.
func (p *Phone) sender(m *Message) *Bot {
	for _, b := range p.chat.bots {
		if m.From == nil || m.From.ID == b.user.ID {
			return b
		}
	}
	return nil
}
