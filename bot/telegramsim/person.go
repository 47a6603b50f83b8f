package telegramsim

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Person is a simulated human being with a Telegram account.
type Person struct {
	srv  *Server
	user User
}

// AddPerson creates a person. An ID of 0 is filled with a fresh one above 2^31; a first name is required.
func (s *Server) AddPerson(u User) (*Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.ID == 0 {
		u.ID = s.freshID()
	}
	if u.FirstName == "" || u.ID < 0 || s.persons[u.ID] != nil {
		return nil, errors.New("telegramsim: a person needs a first name and an id that nobody has")
	}
	u.IsBot = false
	p := &Person{srv: s, user: u}
	s.persons[u.ID] = p
	return p, nil
}

// User gives the person's account.
func (p *Person) User() User { return p.user }

// With gives the person's phone in the private chat with a bot.
func (p *Person) With(b *Bot) *Phone { return &Phone{srv: p.srv, person: p, chat: b.meet(p)} }

// In gives the person's phone in a group or channel.
func (p *Person) In(g *Group) *Phone { return &Phone{srv: p.srv, person: p, chat: g.chat} }

// Phone is one chat as one person sees it and acts in it. Several phones of a person, or one used
// by several goroutines, are several devices in the same chat.
type Phone struct {
	srv    *Server
	person *Person
	chat   *chat
}

// View is the chat as the phone shows it at one moment.
type View struct {
	Messages      []*Message      // what is there, oldest first
	Deleted       []int64         // ids of what was there, in the order it went
	ReplyKeyboard json.RawMessage // nil when none is shown
	Pinned        *Message
}

// Last gives the newest message, or nil.
func (v View) Last() *Message {
	if len(v.Messages) == 0 {
		return nil
	}
	return v.Messages[len(v.Messages)-1]
}

// Buttons lists the callback data of all buttons shown, newest message first.
func (v View) Buttons() []string {
	var data []string
	for _, m := range slices.Backward(v.Messages) {
		if m.Keyboard == nil {
			continue
		}
		for _, row := range m.Keyboard.Rows {
			for _, b := range row {
				data = append(data, b.CallbackData)
			}
		}
	}
	return data
}

// Shows says whether a button with this data, prefix of data, or label is on the screen.
func (v View) Shows(button string) bool {
	return slices.ContainsFunc(v.Messages, func(m *Message) bool { return m.Keyboard.find(button) != nil })
}

// ID gives the id of the chat.
func (p *Phone) ID() int64 { return p.chat.info.ID }

// View gives the chat as it is now.
func (p *Phone) View() View {
	p.chat.mu.Lock()
	defer p.chat.mu.Unlock()
	return p.chat.view()
}

// Wait blocks until the chat is as wanted, looking now and after every change. It gives the last view also
// when ctx ends first. Wanted must not act on the phone.
func (p *Phone) Wait(ctx context.Context, wanted func(View) bool) (View, error) {
	for {
		p.chat.mu.Lock()
		view := p.chat.view()
		changed := p.chat.watch()
		p.chat.mu.Unlock()
		if wanted(view) {
			return view, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return view, ctx.Err()
		}
	}
}

// Start presses the start button, or opens a t.me link with a payload of up to 64 of A-Za-z0-9_-.
func (p *Phone) Start(payload string) (*Message, error) {
	if len(payload) > 64 || strings.ContainsFunc(payload, func(r rune) bool { return !isTokenRune(r) }) {
		return nil, errors.New("telegramsim: a start payload has up to 64 of A-Za-z0-9_-")
	}
	return p.Send(strings.TrimSpace("/start " + payload))
}

// Send sends a text of 1 to 4096 UTF-16 units; phones split longer ones, the simulation refuses them.
func (p *Phone) Send(text string) (*Message, error) {
	if n := utf16Length(text); n < 1 || n > MaxText {
		return nil, errors.New("telegramsim: a text has 1 to 4096 UTF-16 units")
	}
	return p.post(&Message{Text: text, Entities: commandEntities(text)})
}

// Reply sends a text as a reply to a message.
func (p *Phone) Reply(to *Message, text string) (*Message, error) {
	return p.post(&Message{Text: text, Entities: commandEntities(text), ReplyTo: to.asReply()})
}

// SendLocation shares a point.
func (p *Phone) SendLocation(latitude, longitude float64) (*Message, error) {
	return p.post(&Message{Location: &Location{latitude, longitude}})
}

// SendContact shares a telephone contact.
func (p *Phone) SendContact(number, name string) (*Message, error) {
	return p.post(&Message{Contact: &Contact{PhoneNumber: number, FirstName: name}})
}

// Edit changes the text or caption of a message the person sent.
func (p *Phone) Edit(id int64, text string) (*Message, error) {
	p.chat.mu.Lock()
	defer p.chat.mu.Unlock()
	old := p.chat.find(id)
	if old == nil || old.From == nil || old.From.ID != p.person.user.ID {
		return nil, errors.New("telegramsim: the person sent no such message")
	}
	m := *old
	if m.Media() != nil {
		m.Caption = text
	} else {
		m.Text, m.Entities = text, commandEntities(text)
	}
	m.EditDate = p.srv.now().Unix()
	m.Edits++
	p.chat.replace(&m)
	return &m, p.tell("edited", &m)
}

// Delete deletes messages for both sides; bots are not told. Ids not there are passed over.
func (p *Phone) Delete(ids ...int64) {
	p.chat.mu.Lock()
	defer p.chat.mu.Unlock()
	for _, id := range ids {
		if p.chat.remove(id) {
			p.srv.emit(Event{Kind: "deleted", Chat: p.chat.info.ID, ID: id})
		}
	}
}

// Block blocks the bot of a private chat; the bot is told and can no longer write.
func (p *Phone) Block() { p.setBlocked(true) }

// Unblock takes Block back.
func (p *Phone) Unblock() { p.setBlocked(false) }

func (p *Phone) setBlocked(blocked bool) {
	p.chat.mu.Lock()
	defer p.chat.mu.Unlock()
	if p.chat.info.Type != "private" || p.chat.blocked == blocked {
		return
	}
	p.chat.blocked = blocked
	before, after, kind := "member", "kicked", "blocked"
	if !blocked {
		before, after, kind = after, before, "unblocked"
	}
	bot := p.chat.bots[0]
	bot.tellMembership(p.chat, &p.person.user, before, after)
	p.srv.emit(Event{Kind: kind, Bot: bot.user.Username, Chat: p.chat.info.ID})
}

// post puts a message of the person into the chat and tells the bots that hear it.
func (p *Phone) post(m *Message) (*Message, error) {
	p.chat.mu.Lock()
	defer p.chat.mu.Unlock()
	return m, p.postLocked(m)
}

func (p *Phone) postLocked(m *Message) error {
	if p.chat.blocked {
		return errors.New("telegramsim: the person blocked the bot; unblock it first")
	}
	m.Date = p.srv.now().Unix()
	if m.From = &p.person.user; p.chat.info.Type == "channel" {
		m.From, m.SenderChat = nil, p.chat.info
	}
	p.chat.started = true
	p.chat.add(m)
	return p.tell("sent", m)
}

// tell sends the update for a message sent or edited; the chat's lock is held.
func (p *Phone) tell(what string, m *Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	kind := "message"
	if p.chat.info.Type == "channel" {
		kind = "channel_post"
	}
	if what == "edited" {
		kind = "edited_" + kind
	}
	for _, b := range p.chat.bots {
		if p.chat.hears(b, m) {
			b.queue.push(update{kind: kind, line: "chat " + strconv.FormatInt(p.chat.info.ID, 10), chat: p.chat.info.ID, note: m.body(), body: body})
		}
	}
	p.srv.emit(Event{Kind: what, Chat: p.chat.info.ID, Message: m})
	return nil
}

// addresses says whether the text is a command, for nobody or for this bot, or mentions the bot.
func (m *Message) addresses(username string) bool {
	if strings.Contains(m.body(), "@"+username) {
		return true
	}
	first, _, _ := strings.Cut(m.body(), " ")
	return strings.HasPrefix(first, "/") && !strings.Contains(first, "@")
}
