package telegramsim

import (
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
)

// Bot is one bot account. Its methods are those of whoever runs the simulation; the bot's own program
// speaks to the server over HTTP.
type Bot struct {
	srv     *Server
	user    User
	token   string
	ids     atomic.Int64 // message ids of private chats
	pace    bucket
	sent    atomic.Int64 // messages sent and edited: those the limits count
	queue   queue
	presses presses
	profile profile

	mu    sync.RWMutex
	chats map[int64]*chat // private chats by person
}

// AddBot creates a bot. The token is any text without a slash or space; the number before its colon becomes
// the bot's id, if there is one. It is an error when the token or the username is taken.
func (s *Server) AddBot(token, username string) (*Bot, error) {
	if token == "" || username == "" || strings.ContainsAny(token, "/ \n") {
		return nil, errors.New("telegramsim: a bot needs a username and a token without slash or space")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.bots {
		if other.token == token || other.user.Username == username {
			return nil, errors.New("telegramsim: the token or the username is taken by another bot")
		}
	}
	b := &Bot{srv: s, token: token, chats: map[int64]*chat{}}
	b.user = User{ID: tokenID(token), IsBot: true, FirstName: username, Username: username}
	if b.user.ID == 0 {
		b.user.ID = s.freshID()
	}
	seed := rand.New(rand.NewPCG(s.options.Seed, uint64(b.user.ID)))
	b.queue.init(b, 1+seed.Int64N(1<<30))
	b.ids.Store(seed.Int64N(1000))
	s.bots[token] = b
	return b, nil
}

func tokenID(token string) int64 {
	digits, _, _ := strings.Cut(token, ":")
	var id int64
	for _, c := range digits {
		if c < '0' || c > '9' || id > 1<<50 {
			return 0
		}
		id = id*10 + int64(c-'0')
	}
	return id
}

// User gives the bot's account.
func (b *Bot) User() User { return b.user }

// Sent tells how many messages the bot sent or edited: those that Telegram's speed limits count.
func (b *Bot) Sent() int64 { return b.sent.Load() }

// Token gives the bot's token.
func (b *Bot) Token() string { return b.token }

// private gives the chat with a person, or nil when they never met.
func (b *Bot) private(person int64) *chat {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.chats[person]
}

// meet gives the chat with a person and creates it where there is none.
func (b *Bot) meet(p *Person) *chat {
	if t := b.private(p.user.ID); t != nil {
		return t
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.chats[p.user.ID]
	if t == nil {
		t = &chat{
			info: &ChatInfo{ID: p.user.ID, Type: "private", FirstName: p.user.FirstName, Username: p.user.Username},
			ids:  &b.ids,
			keep: b.srv.keep(),
			bots: []*Bot{b},
		}
		b.chats[p.user.ID] = t
	}
	return t
}

// me is the answer to getMe.
func (c *call) me() (any, *Error) {
	return struct {
		User
		CanJoinGroups bool `json:"can_join_groups"`
		ReadsAll      bool `json:"can_read_all_group_messages"`
		Inline        bool `json:"supports_inline_queries"`
		Business      bool `json:"can_connect_to_business"`
		MainWebApp    bool `json:"has_main_web_app"`
	}{User: c.bot.user, CanJoinGroups: true}, nil
}
