package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"defenderline/flows"
	"defenderline/referrals"
)

// A desk writes to a defender in three acts: it presses Reply below a case, writes words or sends a file or presses one of the
// questions that the line has words for, and confirms what it is shown. The first names the case, the last is for exactly what was
// shown: a reply that goes to another person can kill.
//
// Telegram reads what is written here and what the defender is sent. Each time that is said first, and questions are offered
// in its place that tell it nothing: to call, to come, where to be reached safely. The defender reads those in their own language.

// replyAsks are the questions that the line has words for.
var replyAsks = []string{"call", "come", "where"}

// Bounds of what is passed on: with what the line says around it, it fits into one message of Telegram's.
const (
	mostReplied   = 3000 // UTF-16 units
	mostCaptioned = 600
)

// replyTo says that a desk may write to the defender of a case that it holds: it has read it.
func replyTo(h referrals.Holding) bool {
	return h.State == referrals.Acknowledged || h.State == referrals.Claimed || h.State == referrals.Accepted
}

// reply is the button of a case, and those of what it asks.
func (a *atDesk) reply(ctx context.Context, p onCase) error {
	_, _, token := splitData(a.u.Callback.Data)
	switch {
	case !replyTo(p.h):
		a.meters.Refused.WithLabelValues("wrong_state").Inc()
		a.tooEarly(p.h)
		return nil
	case slices.Contains(replyAsks, token):
		return a.replyAsk(ctx, token, p)
	case strings.HasPrefix(token, sendToken):
		return a.replySend(ctx, token, p)
	}
	if _, err := a.begins(ctx, talkReply, p.h); err != nil {
		return err
	}
	k := &keyboard{}
	for _, ask := range replyAsks {
		k.Rows = append(k.Rows, []button{{Text: a.text("desk.button.reply_"+ask, nil), Data: "reply:" + p.h.Code + "#" + ask}})
	}
	k.Rows = append(k.Rows, a.backRow(p.h.Code))
	key := "desk.reply.ask"
	if a.inGroup() {
		key = "desk.reply.ask_group"
	}
	a.toast("desk.toast.ask", nil)
	a.tell(a.text(key, map[string]any{"Code": p.h.Code, "Lane": a.text("desk.lane."+string(p.h.Lane), nil)}), k)
	return nil
}

// tooEarly says why a case is not written about: it was not read yet, or is not the desk's any more.
func (a *atDesk) tooEarly(h referrals.Holding) {
	switch h.State {
	case referrals.Alerted, referrals.Silent:
		a.toast("desk.toast.read_first", nil)
	case referrals.Offered:
		a.toast("desk.toast.claim_first", nil)
	default:
		a.toast("desk.toast.not_there", map[string]any{"State": a.text("desk.state."+string(h.State), nil)})
	}
}

// inGroup says that the desk's chat is a group. Its members talk to one another, and none of that is a reply.
func (a *atDesk) inGroup() bool { return a.chat < 0 }

// replyAsk shows one of the line's questions to be confirmed.
func (a *atDesk) replyAsk(ctx context.Context, ask string, p onCase) error {
	t := a.state.Talk
	if t == nil || t.Wants != talkReply || t.Code != p.h.Code || t.Desk != p.h.Desk {
		var err error
		if t, err = a.begins(ctx, talkReply, p.h); err != nil {
			return err
		}
	}
	a.toast("desk.toast.ask", nil)
	t.At, t.Number = a.at.UnixMilli(), t.Number+1
	t.Only = t.Message != 0
	t.Ask, t.Words, t.File = ask, "", nil
	t.rewrites(0)
	return a.showReply(ctx, t, p.h, p.d)
}

// wroteReply shows words or a file to be confirmed. A newer message takes the place of the one before.
func (a *atDesk) wroteReply(ctx context.Context, m *message, h referrals.Holding, d *referrals.Desk) error {
	t := a.state.Talk
	in := readItem(m, a.lang, a.texts, a.at)
	refusal := refusesReply(in)
	if !passable(m) {
		refusal = "desk.reply.cannot"
	}
	if refusal != "" {
		a.tell(a.text(refusal, map[string]any{"Most": mostReplied, "MostBeside": mostCaptioned}), nil)
		return nil
	}
	t.Number++
	t.Only = t.Message != 0 && t.Message != m.ID
	t.Ask, t.Words, t.File, t.Kind = "", in.Item.Text, in.Item.File, in.Item.Kind
	t.rewrites(m.ID)
	return a.showReply(ctx, t, h, d)
}

// refusesReply is the key of the text that says why something is not passed on; empty when it is.
func refusesReply(in flows.Input) string {
	length := units(in.Item.Text)
	switch f := in.Item.File; {
	case in.Kind == flows.Words && length > mostReplied:
		return "desk.reply.too_long"
	case in.Kind == flows.Words:
		return ""
	case f == nil || f.Size > largestFile:
		return "desk.reply.cannot"
	case length > mostCaptioned:
		return "desk.reply.too_long"
	default:
		return ""
	}
}

// passable says that a message holds what can be passed on: words, or a photo, a document or a voice message. Of other files Telegram
// wants to be told more than is known of them here.
func passable(m *message) bool {
	return m.Audio == nil && m.Video == nil && m.VideoNote == nil && m.Animation == nil
}

// sendToken begins what stands behind the # of the button that sends; which showing it was of follows.
const sendToken = "send."

// sends is the token of the button that sends what was shown last.
func (t *deskTalk) sends() string { return fmt.Sprintf("%s%d.%s", sendToken, t.Number, t.Begun) }

// showReply shows what would be sent and to whom.
func (a *atDesk) showReply(ctx context.Context, t *deskTalk, h referrals.Holding, d *referrals.Desk) error {
	args := map[string]any{"Code": h.Code, "Lane": a.text("desk.lane."+string(h.Lane), nil), "Desk": d.Name}
	parts := []string{a.text("desk.reply.shown", args)}
	switch {
	case t.Ask != "":
		parts = append(parts, a.text("desk.reply.in_theirs", nil), replyQuestion(a.texts, a.lang, t.Ask, h.Code, d))
	case t.File != nil:
		parts = append(parts, a.text("desk.reply.file", map[string]any{"Kind": a.text("document.kind."+string(t.Kind), nil)}), t.Words)
		if t.File.Name != "" { // it is seen on the defender's phone as the officer's computer named it
			parts = append(parts, a.text("desk.reply.file_name", map[string]any{"Name": t.File.Name}))
		}
	default:
		parts = append(parts, t.Words)
	}
	if t.Only {
		parts = append(parts, a.text("desk.reply.only", nil))
	}
	parts = slices.DeleteFunc(append(parts, a.text("desk.reply.confirm", nil)), func(s string) bool { return s == "" })
	k := &keyboard{Rows: [][]button{
		{{Text: a.text("desk.button.send", nil), Data: "reply:" + h.Code + "#" + t.sends()}},
		a.backRow(h.Code)}}
	return a.toConfirm(ctx, strings.Join(parts, "\n\n"), k)
}

// replySend sends what was shown, if nothing else was written since.
func (a *atDesk) replySend(ctx context.Context, token string, p onCase) error {
	t := a.state.Talk
	if t == nil || t.Wants != talkReply || t.Code != p.h.Code || t.Desk != p.h.Desk || token != t.sends() {
		a.toast("desk.toast.not_sent", nil)
		return nil
	}
	if err := a.leaves(p, t); err != nil {
		return err
	}
	a.toast("desk.toast.sending", nil)
	shown := 0
	if m := a.u.Callback.Message; m != nil {
		shown = m.ID
		a.send(show(a.bot, a.chat, shown, flows.View{Text: a.text("desk.reply.on_its_way", map[string]any{"Code": p.h.Code})}))
	}
	err := a.unshow(ctx, shown)
	a.unwrite(0) // what was sent is deleted once it was taken
	a.state.Talk = nil
	return err
}

// leaves posts a reply to the case, in the commit that ends the talk.
func (a *atDesk) leaves(p onCase, t *deskTalk) error {
	code, ok := referrals.CaseOf(p.h.Code)
	if !ok {
		return errNotTaken
	}
	note := replyNote{Bot: a.bot, Chat: a.chat, Typed: t.Message, At: a.at.UnixMilli()}
	if m := a.u.Callback.Message; m != nil {
		note.Shown = m.ID
	}
	raw, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("note a reply: %w", err)
	}
	r := &referrals.Reply{ID: a.id, Ask: t.Ask, Words: t.Words, Sender: a.work.Member, Note: raw}
	if f := t.File; f != nil {
		r.File = &referrals.ReplyFile{Ref: f.ID, Kind: string(t.Kind), Name: f.Name, Size: f.Size}
	}
	post := referrals.EventPost(p.h.Origin, code, "reply:"+a.id, referrals.Event{Kind: referrals.WasReplied, Desk: p.h.Desk,
		Holding: p.h.Code, At: a.at, Reply: r})
	a.out.Errands = append(a.out.Errands, referrals.Errand{Post: &post})
	return nil
}
