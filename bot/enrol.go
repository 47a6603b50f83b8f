package bot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// rolls is what enrolment asks of the store.
type rolls interface {
	Roll(ctx context.Context) (referrals.Roll, error)
	Enlist(ctx context.Context, change func(referrals.Roll) (referrals.Roll, error)) (referrals.Roll, error)
}

// roster keeps the directory at what the store's roll says, which any replica and the enrol command change. The turns of
// defenders ask nothing of the store for it.
type roster struct {
	store  rolls
	counts counts
	dir    *referrals.Directory
	log    *slog.Logger

	mu     sync.Mutex // around reading and seating: what was read first is never seated last
	seated referrals.Roll
}

// rosterEvery is how often the roll is read: so much later a replica knows whom another enrolled, and who was revoked.
const rosterEvery = time.Second

// watch reads the roll again and again until ctx ends.
func (r *roster) watch(ctx context.Context) {
	every(ctx, rosterEvery, func() {
		if err := errors.Join(r.read(ctx), r.load(ctx)); err != nil && ctx.Err() == nil {
			r.log.Warn("who is enrolled, and who has room, could not be read; it stays as it was", "err", err)
		}
	})
}

// load tells the directory how many referrals the organisations have that take so many at a time: who has room is asked for first.
func (r *roster) load(ctx context.Context) error {
	var limited []string
	for _, d := range r.dir.NGOs() {
		if d.Capacity > 0 {
			limited = append(limited, d.ID)
		}
	}
	if len(limited) == 0 {
		return nil
	}
	open, err := r.counts.CountsOpen(ctx, limited)
	if err != nil {
		return err
	}
	r.dir.Loaded(open)
	return nil
}

// read seats whom the roll names.
func (r *roster) read(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	roll, err := r.store.Roll(ctx)
	if err != nil {
		return err
	}
	r.seat(roll)
	return nil
}

// seat gives the directory the people of a roll, who is on duty and who has paused, if they are others. The caller holds the lock.
func (r *roster) seat(roll referrals.Roll) {
	if !slices.Equal(r.seated.People, roll.People) || !slices.Equal(r.seated.Duty, roll.Duty) || !slices.Equal(r.seated.Paused, roll.Paused) {
		r.seated = roll
		r.dir.Follow(roll)
	}
}

// putOnDuty puts whoever is at a rung on duty at a desk.
func (r *roster) putOnDuty(ctx context.Context, d *referrals.Desk, rung int, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	roll, err := r.store.Enlist(ctx, func(now referrals.Roll) (referrals.Roll, error) {
		return now.PutOnDuty(d.ID, d.Ladder[rung], at), nil
	})
	if err != nil {
		return err
	}
	r.seat(roll)
	return nil
}

// enrol binds a chat to the desk of a link, once. referrals.ErrNoLink and ErrSeated say that nothing was changed.
func (r *roster) enrol(ctx context.Context, hash []byte, chat int64, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	roll, err := r.store.Roll(ctx) // whoever guesses makes no script run
	if err != nil {
		return err
	}
	r.seat(roll)
	l, ok := roll.Link(hash, at)
	switch {
	case !ok || r.dir.Desk(l.Desk) == nil:
		return referrals.ErrNoLink
	case slices.ContainsFunc(r.dir.ByChat(chat), func(s referrals.Seat) bool { return s.Desk.ID == l.Desk }):
		return referrals.ErrSeated
	}
	roll, err = r.store.Enlist(ctx, func(now referrals.Roll) (referrals.Roll, error) { return now.Enrol(hash, chat, at) })
	if err != nil {
		return err
	}
	r.seat(roll)
	return nil
}

// enrol binds the chat to a desk when what came is an enrolment link that is valid. Otherwise nothing comes of it, and
// whoever tried is answered as if they had just pressed Start.
func (tn *turn) enrol(ctx context.Context, u update, from chat) error {
	hash, ok := linkOf(u)
	if !ok || from.Type != "private" || tn.roster == nil {
		return nil
	}
	err := referrals.ErrNoLink
	if (tn.bot == deskBot || !tn.ownDeskBot) && !tn.busy() && !tn.hasty() {
		err = tn.roster.enrol(ctx, hash, from.ID, tn.at)
	}
	switch {
	case errors.Is(err, referrals.ErrNoLink):
		tn.refuse("enrol", referrals.RefusedLink, "")
		return nil
	case errors.Is(err, referrals.ErrSeated):
		return nil
	case err != nil:
		return err
	}
	tn.state, tn.screen, tn.notes, tn.gone, tn.sweep, tn.edit = chatState{}, nil, nil, nil, 0, 0
	tn.out.Forget = true
	if !tn.ownDeskBot {
		tn.deskMenu(from.ID)
	}
	return nil
}

// linkOf is the hash of the token behind /start, if it has the form of an enrolment link's.
func linkOf(u update) ([]byte, bool) {
	if u.Message == nil {
		return nil, false
	}
	name, rest, ok := command(u.Message.Text)
	if !ok || name != "start" {
		return nil, false
	}
	return referrals.HashToken(rest)
}

// busy says that the chat is a defender's with something to lose: a case, or words that were not sent. It must be wiped
// before it can be a desk's.
func (tn *turn) busy() bool {
	s := tn.state.Session
	return len(s.Cases) > 0 || slices.ContainsFunc(append(slices.Clip(s.Parked), s.Draft), func(d flows.Draft) bool {
		return len(d.Items) > 0 || len(d.Answers) > 0
	})
}

// hasty says that the chat has had its updates of this minute: it does not get to guess more often.
func (tn *turn) hasty() bool {
	most, s := tn.limits.UpdatesPerMinute, tn.state
	return most > 0 && s.Minute == tn.at.Unix()/60 && s.Count >= most
}

// deskMenu publishes the desks' commands in a chat, where the line's bot shows everybody else those of defenders.
func (tn *turn) deskMenu(id int64) {
	lang := languageOf(tn.texts, tn.dir.ByChat(id)[0].Desk)
	type named struct {
		Command     string `json:"command"`
		Description string `json:"description"`
	}
	commands := make([]named, len(deskCommands))
	for i, n := range deskCommands {
		commands[i] = named{n, tn.texts.Text(lang, "desk.command."+n, nil)}
	}
	tn.send(call{Bot: tn.bot, Chat: id, Method: "setMyCommands", Params: encode(map[string]any{
		"commands": commands, "scope": map[string]any{"type": "chat", "chat_id": id}})})
}

// UserName is the name under which a bot is found, as t.me/NAME.
func (c *Client) UserName(ctx context.Context) (string, error) {
	raw, err := c.Call(ctx, "getMe", []byte("{}"))
	if err != nil {
		return "", err
	}
	var me struct {
		Name string `json:"username"`
	}
	if parse(raw, &me) != nil || me.Name == "" {
		return "", errors.New("telegram: the bot did not tell its user name")
	}
	return me.Name, nil
}
