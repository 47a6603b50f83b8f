package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tg "github.com/go-telegram/bot"

	"defenderline/referrals"
)

// holdings is what officers' and caseworkers' acts ask of the store.
type holdings interface {
	Holding(ctx context.Context, desk, code string) (referrals.Holding, error)
	Holdings(ctx context.Context, desk string, states []referrals.State, limit int, cursor string) ([]referrals.Holding, string, error)
}

// mover makes moves and starts what they leave to be done.
type mover interface {
	Move(ctx context.Context, m referrals.Move) (referrals.Holding, error)
}

// isDesk says whether a chat belongs to an officer or a caseworker at this bot.
func (tn *turn) isDesk(chat int64) bool {
	return (tn.bot == deskBot || !tn.ownDeskBot) && len(tn.dir.ByChat(chat)) > 0
}

// atDesk is one act of an officer or caseworker.
type atDesk struct {
	*turn
	id    string // of the update: makes the act count once
	u     update
	chat  int64
	seats []referrals.Seat
	lang  string
}

// deskUpdate answers an officer or caseworker. A store that cannot be reached is an error: the update stays
// in the inbox and is tried again.
func (tn *turn) deskUpdate(ctx context.Context, id string, u update, chat int64) error {
	seats := tn.dir.ByChat(chat)
	a := &atDesk{turn: tn, id: id, u: u, chat: chat, seats: seats, lang: languageOf(tn.texts, seats[0].Desk)}
	if ok, tell := tn.paced.admits(chat, u, tn.at); !ok {
		tn.meters.Refused.WithLabelValues("rate").Inc()
		if tell && u.Callback != nil {
			a.toast("toast.slow", nil)
		}
		return nil
	}
	switch {
	case u.Callback != nil:
		return a.pressed(ctx)
	case u.Message != nil:
		return a.wrote(ctx)
	case u.Edited != nil:
		return a.edited(ctx, u.Edited)
	default:
		return nil
	}
}

// deskGroup answers a desk whose chat is a group: buttons and the desks' own commands, and nothing that
// its members say to one another.
func (tn *turn) deskGroup(ctx context.Context, id string, u update, chat int64) error {
	if u.Message != nil && !tn.state.Talk.takes(u.Message) {
		if name, _, _ := command(u.Message.Text); !slices.Contains(deskCommands, name) {
			return nil
		}
	}
	return tn.deskUpdate(ctx, id, u, chat)
}

// wrote answers a command or a code; anything else gets the help.
func (a *atDesk) wrote(ctx context.Context) error {
	name, rest, _ := command(a.u.Message.Text)
	if _, ok := referrals.CaseOf(a.u.Message.Text); ok {
		name, rest = "case", a.u.Message.Text
	}
	if name == "" {
		if taken, err := a.talked(ctx, a.u.Message); taken {
			return err
		}
	} else if err := a.endTalk(ctx); err != nil {
		return err
	}
	switch name {
	case "queue":
		return a.queue(ctx)
	case "case":
		return a.status(ctx, rest)
	case "duty":
		return a.duty(ctx)
	default:
		a.tell(a.help(), nil)
	}
	return nil
}

// help is what a chat of a desk can do. Organisations have no ladder and are not told of one.
func (a *atDesk) help() string {
	key := "desk.help_ngo"
	for _, s := range a.seats {
		if s.Desk.Kind != referrals.NGODesk {
			key = "desk.help"
		}
	}
	return a.text(key, map[string]any{"Desk": a.deskNames()})
}

func (a *atDesk) text(key string, args map[string]any) string { return a.texts.Text(a.lang, key, args) }

func (a *atDesk) deskNames() string {
	var names []string
	for _, s := range a.seats {
		names = append(names, s.Desk.Name)
	}
	return a.texts.List(a.lang, names)
}

// tell sends a message to the officer's chat.
func (a *atDesk) tell(text string, k *keyboard) { a.send(a.message(text, k)) }

func (a *atDesk) message(text string, k *keyboard) call {
	p := tg.SendMessageParams{ChatID: a.chat, Text: text, LinkPreviewOptions: noPreview}
	if k != nil {
		p.ReplyMarkup = k
	}
	return call{Bot: a.bot, Chat: a.chat, Method: "sendMessage", Params: encode(p)}
}

// toast answers the press.
func (a *atDesk) toast(key string, args map[string]any) {
	a.send(answer(a.bot, a.chat, a.u.Callback.ID, a.text(key, args), a.at))
}

// backRow is the row of a keyboard whose button takes a question away, and ends the talk about a case if it names one.
func (a *atDesk) backRow(code string) []button {
	data := "nav:back"
	if code != "" {
		data += "#" + code
	}
	return []button{{Text: a.text("desk.button.back", nil), Data: data}}
}

// back takes a question away that was asked by mistake.
func (a *atDesk) back() {
	a.send(answer(a.bot, a.chat, a.u.Callback.ID, "", a.at))
	if m := a.u.Callback.Message; m != nil {
		for _, c := range deletions(a.bot, a.chat, []int{m.ID}) {
			a.send(c)
		}
	}
}

// find is the holding a code names at one of the officer's desks, for a button.
func (a *atDesk) find(ctx context.Context, code, button string) (referrals.Holding, *referrals.Desk, error) {
	if c, n, ok := referrals.ParseReferralCode(code); ok {
		code = referrals.ReferralCode(c, n)
	} else if c, ok := referrals.ParseCode(code); ok {
		code = string(c)
	} else {
		return referrals.Holding{}, nil, referrals.ErrUnknown
	}
	var found referrals.Holding
	var desk *referrals.Desk
	for _, s := range a.seats {
		h, err := a.holding.Holding(ctx, s.Desk.ID, code)
		if errors.Is(err, referrals.ErrUnknown) {
			continue
		}
		if err != nil {
			return h, s.Desk, err
		}
		if desk == nil || better(h, found, button) {
			found, desk = h, s.Desk
		}
	}
	if desk == nil {
		return found, nil, referrals.ErrUnknown
	}
	return found, desk, nil
}

// better chooses between two desks of one officer that know the same case: the one where the act can be done, and
// of two the one that was told last, so that each is reached by pressing again.
func better(h, than referrals.Holding, button string) bool {
	can, could := slices.Contains(deskActs[h.State], button), slices.Contains(deskActs[than.State], button)
	return can && (!could || h.Since.After(than.Since))
}

// pressed does what a button says. Codes of other desks are as unknown as those that never were.
func (a *atDesk) pressed(ctx context.Context) error {
	field, value, token := splitData(a.u.Callback.Data)
	if field == "nav" && value == "back" {
		a.back()
		if t := a.state.Talk; t != nil && t.Code == token {
			return a.endTalk(ctx)
		}
		return nil
	}
	switch field {
	case "duty":
		return a.dutyPressed(ctx, value, token)
	case "accepting":
		return a.accept(ctx, value, token)
	}
	code, act, claim := value, actOf(field), claimIn(token)
	if field == "reason" || field == "outcome" {
		code, act, claim = askedIn(field, token)
	}
	h, d, err := a.find(ctx, code, buttonOf(act))
	if errors.Is(err, referrals.ErrUnknown) {
		a.unknown()
		a.toast("desk.toast.unknown", nil)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up a case: %w", err)
	}
	return a.does(ctx, onCase{button: field, value: value, token: token, act: act, claim: claim, h: h, d: d})
}

// act makes the move, answers the press and shows the case, or the list it was pressed in, as it is now.
func (a *atDesk) act(ctx context.Context, m referrals.Move, p onCase) error {
	now, err := a.mover.Move(ctx, m)
	for errors.Is(err, referrals.ErrNotThere) && m.AtRung >= 0 && now.Rung != m.AtRung && slices.Contains(m.From, now.State) {
		m = m.By(now, m.Rung) // the ladder moved on meanwhile, and the act is as good as before
		now, err = a.mover.Move(ctx, m)
	}
	switch {
	case errors.Is(err, referrals.ErrNotThere):
		a.tooLate(now, m.To, p.claim)
		a.missed(now, p, m.To)
		return a.again(ctx, now, p.d)
	case errors.Is(err, referrals.ErrNoRoom):
		return a.full(ctx, now, p.d)
	case errors.Is(err, referrals.ErrUnknown):
		a.toast("desk.toast.unknown", nil)
		return nil
	case err != nil:
		return fmt.Errorf("act on a case: %w", err)
	}
	if m.Renews() {
		a.renewed(now, p.d)
		return a.again(ctx, now, p.d)
	}
	a.acts.note(now, a.chat)
	a.toast("desk.toast."+string(m.To), nil)
	if m.To == referrals.Claimed {
		a.documents(now, p.d)
	}
	return a.again(ctx, now, p.d)
}

// again shows what was pressed as it is now: the list of cases, or the case.
func (a *atDesk) again(ctx context.Context, h referrals.Holding, d *referrals.Desk) error {
	if _, _, token := splitData(a.u.Callback.Data); strings.HasPrefix(token, fromQueue) {
		return a.requeue(ctx)
	}
	a.restate(h, d)
	return nil
}

// documents has every document of a case sent to the rung this officer is.
func (a *atDesk) documents(h referrals.Holding, d *referrals.Desk) {
	a.out.Errands = append(a.out.Errands, referrals.Errand{Notice: &referrals.Notice{Kind: referrals.NoticeOpened, Desk: d.ID,
		Rung: a.rung(d), Code: h.Code, Lane: h.Lane, Origin: h.Origin, At: a.at}})
}

// seat is the officer's seat at a desk, and whether they have one. Its desk is of the moment of the act, and may differ from one
// that was looked up since.
func (a *atDesk) seat(desk string) (referrals.Seat, bool) {
	for _, s := range a.seats {
		if s.Desk.ID == desk {
			return s, true
		}
	}
	return referrals.Seat{}, false
}

func (a *atDesk) rung(d *referrals.Desk) int {
	s, _ := a.seat(d.ID)
	return s.Rung
}

// restate shows the case as it is now, in the message whose button was pressed.
func (a *atDesk) restate(h referrals.Holding, d *referrals.Desk) {
	lang := languageOf(a.texts, d) // that of the alert
	a.replaces(describe(a.texts, lang, h, d), deskKeyboard(a.texts, lang, h, d))
}

// replaces puts words and buttons into the message whose button was pressed. It reports false when Telegram does not say which that was.
func (a *atDesk) replaces(text string, k *keyboard) bool {
	m := a.u.Callback.Message
	if m == nil {
		return false
	}
	a.send(card{message: m.ID, caption: m.Document != nil}.edit(a.bot, a.chat, text, k))
	return true
}
