package telegramsim

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync/atomic"
)

// Group is a group or a channel.
type Group struct {
	srv  *Server
	chat *chat
}

// AddGroup creates a supergroup. The username may be empty.
func (s *Server) AddGroup(title, username string) *Group {
	return s.addGroup("supergroup", title, username)
}

// AddChannel creates a channel. The username may be empty.
func (s *Server) AddChannel(title, username string) *Group {
	return s.addGroup("channel", title, username)
}

func (s *Server) addGroup(kind, title, username string) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := -1_000_000_000_000 - s.freshID()
	t := &chat{
		info:   &ChatInfo{ID: id, Type: kind, Title: title, Username: username},
		ids:    new(atomic.Int64),
		keep:   s.keep(),
		admins: map[int64]bool{},
	}
	s.groups[id] = t
	if username != "" {
		s.names[username] = t
	}
	return &Group{s, t}
}

func (s *Server) group(id int64) *chat {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.groups[id]
}

func (s *Server) groupByName(name string) (*chat, *Error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.names[name]; t != nil {
		return t, nil
	}
	return nil, badRequest("chat not found")
}

// ID gives the chat's id.
func (g *Group) ID() int64 { return g.chat.info.ID }

// AddBot makes the bot a member, or an administrator, who hears everything. It is told so.
func (g *Group) AddBot(b *Bot, admin bool) {
	g.chat.mu.Lock()
	defer g.chat.mu.Unlock()
	g.chat.admins[b.user.ID] = admin
	if !slices.Contains(g.chat.bots, b) {
		g.chat.bots = append(g.chat.bots, b)
	}
	status := "member"
	if admin {
		status = "administrator"
	}
	b.tellMembership(g.chat, &b.user, "left", status)
}

// tellMembership sends my_chat_member; the chat's lock is held.
func (b *Bot) tellMembership(t *chat, by *User, before, after string) {
	type member struct {
		User   *User  `json:"user"`
		Status string `json:"status"`
		Until  *int64 `json:"until_date,omitempty"`
	}
	state := func(status string) member {
		m := member{User: &b.user, Status: status}
		if status == "kicked" {
			m.Until = new(int64)
		}
		return m
	}
	body, err := json.Marshal(struct {
		Chat *ChatInfo `json:"chat"`
		From *User     `json:"from"`
		Date int64     `json:"date"`
		Old  member    `json:"old_chat_member"`
		New  member    `json:"new_chat_member"`
	}{t.info, by, b.srv.now().Unix(), state(before), state(after)})
	if err == nil {
		b.queue.push(update{kind: "my_chat_member", line: "member " + strconv.FormatInt(by.ID, 10), chat: t.info.ID, body: body})
	}
}

// hears says whether a bot gets a person's message: privacy mode lets through commands, mentions and replies.
func (t *chat) hears(b *Bot, m *Message) bool {
	if t.info.Type != "supergroup" || t.admins[b.user.ID] {
		return true
	}
	if m.ReplyTo != nil && m.ReplyTo.From != nil && m.ReplyTo.From.ID == b.user.ID {
		return true
	}
	return m.addresses(b.user.Username)
}

func (c *call) leaveChat() (any, *Error) {
	t, err := c.chat("chat_id")
	if err != nil {
		return nil, err
	}
	if t.info.Type == "private" {
		return nil, badRequest("chat member status can't be changed in private chats")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := c.writable(t); err != nil {
		return nil, err
	}
	t.bots = slices.DeleteFunc(slices.Clone(t.bots), func(b *Bot) bool { return b == c.bot })
	c.bot.tellMembership(t, &c.bot.user, "member", "left")
	return true, nil
}

func (c *call) getChat() (any, *Error) {
	t, err := c.chat("chat_id")
	if err != nil {
		return nil, err
	}
	return struct {
		*ChatInfo
		Accent    int             `json:"accent_color_id"`
		Reactions int             `json:"max_reaction_count"`
		Gifts     map[string]bool `json:"accepted_gift_types"`
	}{ChatInfo: t.info, Reactions: 11, Gifts: map[string]bool{}}, nil
}
