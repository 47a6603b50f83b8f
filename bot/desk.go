package bot

import (
	"cmp"
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
	lang, _ := tn.texts.Match(seats[0].Desk.Language(tn.texts.Languages()[0]))
	a := &atDesk{turn: tn, id: id, u: u, chat: chat, seats: seats, lang: lang}
	switch {
	case u.Callback != nil:
		return a.pressed(ctx)
	case u.Message != nil:
		return a.wrote(ctx)
	default:
		return nil
	}
}

// deskGroup answers a desk whose chat is a group: buttons and the desks' own commands, and nothing that
// its members say to one another.
func (tn *turn) deskGroup(ctx context.Context, id string, u update, chat int64) error {
	if u.Message != nil {
		if name, _, _ := command(u.Message.Text); !known(deskCommands, name) {
			return nil
		}
	}
	return tn.deskUpdate(ctx, id, u, chat)
}

// wrote answers a command; anything else gets the help.
func (a *atDesk) wrote(ctx context.Context) error {
	name, rest, _ := command(a.u.Message.Text)
	switch name {
	case "queue":
		return a.queue(ctx)
	case "case":
		return a.status(ctx, rest)
	case "duty":
		a.tell(a.duty(), nil)
	default:
		a.tell(a.text("desk.help", map[string]any{"Desk": a.deskNames()}), nil)
	}
	return nil
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
func (a *atDesk) tell(text string, k *keyboard) {
	p := tg.SendMessageParams{ChatID: a.chat, Text: text, LinkPreviewOptions: noPreview}
	if k != nil {
		p.ReplyMarkup = k
	}
	a.send(call{Bot: a.bot, Chat: a.chat, Method: "sendMessage", Params: encode(p)})
}

// toast answers the press.
func (a *atDesk) toast(key string, args map[string]any) {
	a.send(answer(a.bot, a.chat, a.u.Callback.ID, a.text(key, args), a.at))
}

// find is the holding a code names at one of the officer's desks.
func (a *atDesk) find(ctx context.Context, code string) (referrals.Holding, *referrals.Desk, error) {
	if c, n, ok := referrals.ParseReferralCode(code); ok {
		code = referrals.ReferralCode(c, n)
	} else if c, ok := referrals.ParseCode(code); ok {
		code = string(c)
	} else {
		return referrals.Holding{}, nil, referrals.ErrUnknown
	}
	for _, s := range a.seats {
		h, err := a.holding.Holding(ctx, s.Desk.ID, code)
		if errors.Is(err, referrals.ErrUnknown) {
			continue
		}
		return h, s.Desk, err
	}
	return referrals.Holding{}, nil, referrals.ErrUnknown
}

// pressed does what a button says. Codes of other desks are as unknown as those that never were.
func (a *atDesk) pressed(ctx context.Context) error {
	act, value, token := splitData(a.u.Callback.Data)
	code := value
	if act == "reason" || act == "outcome" {
		code, _, _ = strings.Cut(token, ".")
	}
	h, d, err := a.find(ctx, code)
	if errors.Is(err, referrals.ErrUnknown) {
		a.meters.Refused.WithLabelValues("unknown_code").Inc()
		a.toast("desk.toast.unknown", nil)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up a case: %w", err)
	}
	switch act {
	case "open":
		return a.open(h, d)
	case "decline", "return", "complete", "close":
		return a.ask(act, h, d)
	}
	m, ok := a.move(act, value, token, h, d)
	if !ok {
		a.toast("desk.toast.unknown", nil)
		return nil
	}
	return a.act(ctx, m, h, d)
}

// move is the move a button stands for.
func (a *atDesk) move(act, value, token string, h referrals.Holding, d *referrals.Desk) (referrals.Move, bool) {
	id := act + ":" + a.id
	_, asked, _ := strings.Cut(token, ".")
	switch {
	case act == "ack":
		return referrals.Acknowledge(h, id, a.at), true
	case act == "claim":
		return referrals.Claim(h, d, id, a.at), true
	case act == "accept":
		return referrals.Accept(h, id, a.at), true
	case act == "reason" && asked == "d" && known(reasonValues, value):
		return referrals.Decline(h, value, id, a.at), true
	case act == "reason" && asked == "r" && known(reasonValues, value):
		return referrals.Return(h, value, id, a.at), true
	case act == "outcome" && d.Kind == referrals.NGODesk && known(outcomeValues, value):
		return referrals.Complete(h, value, id, a.at), true
	case act == "outcome" && known(outcomeValues, value):
		return referrals.CloseCase(h, value, id, a.at), true
	default:
		return referrals.Move{}, false
	}
}

// The contract's reasons and outcomes, in the order they are shown.
var (
	reasonValues  = []string{"capacity", "mandate", "country", "language", "safety", "duplicate", "other"}
	outcomeValues = []string{"contacted", "met", "raised_private", "raised_public", "statement", "trial_attended", "visited",
		"uk_company_raised", "referred", "funded", "relocated", "supported", "no_action"}
)

func known(values []string, v string) bool {
	for _, k := range values {
		if k == v {
			return true
		}
	}
	return false
}

// act makes the move, answers the press and shows the case as it is now.
func (a *atDesk) act(ctx context.Context, m referrals.Move, h referrals.Holding, d *referrals.Desk) error {
	now, err := a.mover.Move(ctx, m)
	switch {
	case errors.Is(err, referrals.ErrNotThere):
		a.meters.Refused.WithLabelValues("wrong_state").Inc()
		a.toast("desk.toast.not_there", map[string]any{"State": a.text("desk.state."+string(now.State), nil)})
		a.restate(now, d)
		return nil
	case errors.Is(err, referrals.ErrUnknown):
		a.toast("desk.toast.unknown", nil)
		return nil
	case err != nil:
		return fmt.Errorf("act on a case: %w", err)
	}
	a.toast("desk.toast."+string(m.To), nil)
	a.restate(now, d)
	if m.To == referrals.Claimed {
		a.documents(now, d)
	}
	return nil
}

// open sends the documents of a case again.
func (a *atDesk) open(h referrals.Holding, d *referrals.Desk) error {
	if !h.Readable() {
		a.toast("desk.toast.not_there", map[string]any{"State": a.text("desk.state."+string(h.State), nil)})
		return nil
	}
	a.toast("desk.toast.open", nil)
	a.documents(h, d)
	return nil
}

// documents has every document of a case sent to the rung this officer is.
func (a *atDesk) documents(h referrals.Holding, d *referrals.Desk) {
	a.out.Errands = append(a.out.Errands, referrals.Errand{Notice: &referrals.Notice{Kind: referrals.NoticeOpened, Desk: d.ID,
		Rung: a.rung(d), Code: h.Code, Lane: h.Lane, Origin: h.Origin, At: a.at}})
}

func (a *atDesk) rung(d *referrals.Desk) int {
	for _, s := range a.seats {
		if s.Desk == d {
			return s.Rung
		}
	}
	return 0
}

// ask asks for the reason or the outcome that an act needs. The answer's buttons carry the case.
func (a *atDesk) ask(act string, h referrals.Holding, d *referrals.Desk) error {
	field, values, token := "reason", reasonValues, h.Code+".d"
	switch {
	case act == "return":
		token = h.Code + ".r"
	case act == "complete" || act == "close":
		field, values, token = "outcome", outcomeValues, h.Code
	}
	if !h.Open() {
		a.toast("desk.toast.not_there", map[string]any{"State": a.text("desk.state."+string(h.State), nil)})
		a.restate(h, d)
		return nil
	}
	k := &keyboard{}
	for _, v := range values {
		k.Rows = append(k.Rows, []button{{Text: a.text("desk.button."+field+"."+v, nil), Data: field + ":" + v + "#" + token}})
	}
	a.toast("desk.toast.ask", nil)
	a.tell(a.text("desk.ask."+act, map[string]any{"Code": h.Code}), k)
	return nil
}

// restate shows the case as it is now, in the message whose button was pressed.
func (a *atDesk) restate(h referrals.Holding, d *referrals.Desk) {
	m := a.u.Callback.Message
	if m == nil {
		return
	}
	text, k := a.describe(h, d), deskKeyboard(a.texts, a.lang, h.Code, h.State)
	if m.Document != nil {
		p := tg.EditMessageCaptionParams{ChatID: a.chat, MessageID: m.ID, Caption: text}
		if k != nil {
			p.ReplyMarkup = k
		}
		a.send(call{Bot: a.bot, Chat: a.chat, Method: "editMessageCaption", Params: encode(p)})
		return
	}
	p := tg.EditMessageTextParams{ChatID: a.chat, MessageID: m.ID, Text: text, LinkPreviewOptions: noPreview}
	if k != nil {
		p.ReplyMarkup = k
	}
	a.send(call{Bot: a.bot, Chat: a.chat, Method: "editMessageText", Params: encode(p)})
}

// describe is a case in a line or two: how urgent, which, how far, since and until when.
func (a *atDesk) describe(h referrals.Holding, d *referrals.Desk) string {
	args := map[string]any{"Code": h.Code, "Desk": d.Name, "Lane": a.text("desk.lane."+string(h.Lane), nil),
		"State": a.text("desk.state."+string(h.State), nil), "Since": a.texts.Time(a.lang, h.Since, d.Zone)}
	if h.Due.IsZero() {
		return a.text("desk.case", args)
	}
	args["Due"] = a.texts.Time(a.lang, h.Due, d.Zone)
	return a.text("desk.case_due", args)
}

// mostListed is how many cases one message of a queue shows.
const mostListed = 10

// waiting is a case at one of the officer's desks.
type waiting struct {
	referrals.Holding
	desk *referrals.Desk
}

// queue shows what waits at the officer's desks, the most urgent first, as much as fits into a message.
func (a *atDesk) queue(ctx context.Context) error {
	var found []waiting
	more := false
	for _, s := range a.seats {
		held, next, err := a.holding.Holdings(ctx, s.Desk.ID, nil, mostListed, "")
		if err != nil {
			return fmt.Errorf("list a desk's cases: %w", err)
		}
		more = more || next != ""
		for _, h := range held {
			found = append(found, waiting{h, s.Desk})
		}
	}
	if len(found) == 0 {
		a.tell(a.text("desk.queue_empty", nil), nil)
		return nil
	}
	slices.SortStableFunc(found, func(x, y waiting) int {
		return cmp.Or(cmp.Compare(x.Lane.Rank(), y.Lane.Rank()), x.Since.Compare(y.Since))
	})
	more = more || len(found) > mostListed
	a.list(found[:min(len(found), mostListed)], more)
	return nil
}

// list sends a message with cases and the first thing to do with each.
func (a *atDesk) list(found []waiting, more bool) {
	var lines []string
	k := &keyboard{}
	for _, h := range found {
		lines = append(lines, a.describe(h.Holding, h.desk))
		if acts := deskActs[h.State]; len(acts) > 0 {
			label := a.text("desk.button."+acts[0], nil) + " " + h.Code
			k.Rows = append(k.Rows, []button{{Text: label, Data: acts[0] + ":" + h.Code}})
		}
	}
	if more {
		lines = append(lines, a.text("desk.queue_more", nil))
	}
	a.tell(strings.Join(lines, "\n\n"), k)
}

// status shows one case with everything that may be done with it.
func (a *atDesk) status(ctx context.Context, code string) error {
	h, d, err := a.find(ctx, strings.ToUpper(code))
	if errors.Is(err, referrals.ErrUnknown) {
		a.tell(a.text("desk.unknown", nil), nil)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up a case: %w", err)
	}
	a.tell(a.describe(h, d), deskKeyboard(a.texts, a.lang, h.Code, h.State))
	return nil
}

// duty shows the ladders of the officer's desks and where in them they stand.
func (a *atDesk) duty() string {
	var out []string
	for _, s := range a.seats {
		out = append(out, a.text("desk.duty", map[string]any{"Desk": s.Desk.Name, "Rung": s.Rung + 1, "Rungs": len(s.Desk.Ladder)}))
	}
	return strings.Join(out, "\n")
}
