package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	tg "github.com/go-telegram/bot"

	"defenderline/flows"
	"defenderline/referrals"
)

// An officer's chat is remembered only while it is in the middle of something that takes words or a file. It begins with a
// button of a case, and it ends with what was sent, with Back, with any command, with the case leaving the desk, or half an hour
// after the last act. Nothing leaves the desk that was not shown to the officer and confirmed by a button of that very showing.

// deskTalk is what an officer's chat is in the middle of. It is sealed wherever it is kept.
type deskTalk struct {
	// Wants is what for: one of the talks.
	Wants string `json:"w"`
	// Desk and Code are the case at the desk that acts.
	Desk string `json:"d"`
	Code string `json:"c"`
	// To is the organisation that a sealed document is awaited for.
	To string `json:"to,omitempty"`
	// Bot and Chat are the officer's, to tell of its end.
	Bot  byte  `json:"b"`
	Chat int64 `json:"ch"`
	// At is when the officer last did something for it, in Unix milliseconds.
	At int64 `json:"at"`
	// Number counts what was shown to be confirmed, and Begun is the press that the talk began with. The buttons below it carry both, so
	// that they send what they were shown with, also where one of an earlier talk was not deleted.
	Number int    `json:"n,omitempty"`
	Begun  string `json:"bg,omitempty"`
	// What was written so far: one of words that the line has, words, a file; and the message that brought them.
	Ask     string         `json:"a,omitempty"`
	Words   string         `json:"t,omitempty"`
	File    *flows.File    `json:"f,omitempty"`
	Kind    flows.ItemKind `json:"k,omitempty"`
	Message int            `json:"m,omitempty"`
	// Only says that something else was written before it, which is not sent.
	Only bool `json:"on,omitempty"`
	// Earlier are the officer's messages that something newer took the place of. They are deleted with the end of the talk.
	Earlier []int `json:"e,omitempty"`
}

// talks are what an officer's chat can be in the middle of.
const (
	talkReply = "reply" // to a defender
	talkRefer = "refer" // a document that the officer seals for an organisation
)

// talkFor is for how long what was begun waits for the officer's next act.
const talkFor = 30 * time.Minute

// ends is when a talk is over if nothing more comes; zero when there is none.
func (t *deskTalk) ends() time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.UnixMilli(t.At).Add(talkFor)
}

// rewrites notes that the message of that id, or none, takes the place of what was written before.
func (t *deskTalk) rewrites(message int) {
	if t.Message != 0 && t.Message != message {
		t.Earlier = append(t.Earlier, t.Message)
		t.Earlier = t.Earlier[max(0, len(t.Earlier)-mostDeleted):]
	}
	t.Message = message
}

// takes says that a message to a group is for the talk: a document, also a readable one, which is refused while a sealed one is awaited.
// Words in a group are for its members.
func (t *deskTalk) takes(m *message) bool {
	return t != nil && t.Wants == talkRefer && m.Document != nil
}

// stands says that a talk about a case still has its sense.
func (t *deskTalk) stands(h referrals.Holding) bool {
	if t.Wants == talkRefer {
		return handsOn(h)
	}
	return h.Readable()
}

// begins starts a talk about a case, in the place of the one there was.
func (a *atDesk) begins(ctx context.Context, wants string, h referrals.Holding) (*deskTalk, error) {
	if err := a.endTalk(ctx); err != nil {
		return nil, err
	}
	a.state.Talk = &deskTalk{Wants: wants, Desk: h.Desk, Code: h.Code, Bot: a.bot, Chat: a.chat, At: a.at.UnixMilli(), Begun: a.id}
	return a.state.Talk, nil
}

// endTalk ends the talk that there is. What was written for it and not sent is deleted, and what was shown to be confirmed.
func (a *atDesk) endTalk(ctx context.Context) error {
	if a.state.Talk == nil {
		return nil
	}
	err := a.unshow(ctx, 0)
	a.unwrite(a.state.Talk.Message)
	a.state.Talk = nil
	return err
}

// talked takes a message as what the talk waits for. It reports false when the chat is in the middle of nothing.
func (a *atDesk) talked(ctx context.Context, m *message) (taken bool, err error) {
	t := a.state.Talk
	if t == nil {
		return false, nil
	}
	h, err := a.holding.Holding(ctx, t.Desk, t.Code)
	d := a.dir.Desk(t.Desk)
	if err != nil && !errors.Is(err, referrals.ErrUnknown) {
		return true, fmt.Errorf("look up a case: %w", err)
	}
	if _, sits := a.seat(t.Desk); err != nil || d == nil || !sits || !t.stands(h) {
		a.tell(a.text("desk.talk.gone", map[string]any{"Code": t.Code}), nil)
		return true, a.endTalk(ctx)
	}
	t.At = a.at.UnixMilli()
	switch t.Wants {
	case talkReply:
		return true, a.wroteReply(ctx, m, h, d)
	case talkRefer:
		return true, a.wroteRefer(ctx, m, h, d)
	default: // begun by another version
		return true, a.endTalk(ctx)
	}
}

// edited takes the change of a message that waits to be confirmed. Any other is of no consequence.
func (a *atDesk) edited(ctx context.Context, m *message) error {
	if t := a.state.Talk; t == nil || t.Message == 0 || t.Message != m.ID {
		return nil
	}
	_, err := a.talked(ctx, m)
	return err
}

// toConfirm shows what would be sent, with the buttons below it, in the place of what was shown before.
func (a *atDesk) toConfirm(ctx context.Context, text string, k *keyboard) error {
	if err := a.unshow(ctx, 0); err != nil {
		return err
	}
	c := a.message(text, k)
	c.Own, c.Made, c.Shows = true, a.at.UnixMilli(), a.state.Talk.sends() // found by unshow, if the talk is on by the time that it leaves
	a.send(c)
	return nil
}

// unshow deletes what was shown to be confirmed, which repeats what was written, but for one message.
func (tn *turn) unshow(ctx context.Context, but int) error {
	if tn.state.Chat != 0 { // a defender's, too: nobody knows which are which
		return nil
	}
	ids, err := tn.history.Messages(ctx, tn.work.Member)
	if err != nil {
		return fmt.Errorf("find what was shown: %w", err)
	}
	ids = slices.DeleteFunc(ids, func(id int) bool { return id == but })
	for _, c := range deletions(tn.state.Talk.Bot, tn.state.Talk.Chat, ids) {
		tn.send(c)
	}
	tn.out.Forget = true
	return nil
}

// unwrite deletes what an officer wrote for the talk and something newer took the place of, and one more message, if there is one.
func (tn *turn) unwrite(last int) {
	t := tn.state.Talk
	ids := t.Earlier
	if last != 0 {
		ids = append(slices.Clone(ids), last)
	}
	for _, c := range deletions(t.Bot, t.Chat, ids) {
		tn.send(c)
	}
}

// outlived ends a talk whose time is over. What was written and not sent is deleted from the officer's chat, and that is said.
func (tn *turn) outlived(ctx context.Context) error {
	t := tn.state.Talk
	if t == nil || tn.at.Before(t.ends()) {
		return nil
	}
	if err := tn.unshow(ctx, 0); err != nil {
		return err
	}
	tn.unwrite(t.Message)
	tn.state.Talk = nil
	seats := tn.dir.ByChat(t.Chat)
	if t.Number == 0 || len(seats) == 0 {
		return nil
	}
	lang := languageOf(tn.texts, seats[0].Desk)
	text := tn.texts.Text(lang, "desk.talk.over", map[string]any{"Code": t.Code})
	tn.send(call{Bot: t.Bot, Chat: t.Chat, Method: "sendMessage",
		Params: encode(tg.SendMessageParams{ChatID: t.Chat, Text: text, LinkPreviewOptions: noPreview})})
	return nil
}
