package bot

import (
	"context"
	"fmt"
	"slices"

	"defenderline/flows"
	"defenderline/referrals"
)

// history is what the store knows of a chat: the ids of messages the bot sent to it, and its record.
type history interface {
	Messages(ctx context.Context, m referrals.Member) ([]int, error)
	Record(ctx context.Context, m referrals.Member) ([]byte, error)
}

// messagesOf are the ids of the messages that brought a draft's words and files.
func messagesOf(d flows.Draft) []int {
	var ids []int
	for _, i := range d.Items {
		if i.Message != 0 {
			ids = append(ids, i.Message)
		}
	}
	return ids
}

// erase deletes messages of the chat and forgets them.
func (tn *turn) erase(ids []int) {
	if len(ids) == 0 {
		return
	}
	tn.gone = append(tn.gone, ids...)
	tn.state.forget(ids)
}

// vanish deletes what was erased in a turn that shows no screen to do it with.
func (tn *turn) vanish() {
	if len(tn.gone) > 0 {
		tn.send(call{Bot: tn.state.Bot, Chat: tn.state.Chat, Gone: unique(tn.gone)})
	}
	tn.gone = nil
}

// mostTheirs is how many of a person's messages are remembered for a wipe.
const mostTheirs = 2000

// crowded deletes the oldest of a person's messages when there are too many to remember: a wipe could
// not find them later. What they say is in the draft or in a sealed case.
func (tn *turn) crowded() {
	if len(tn.state.Theirs) <= mostTheirs {
		return
	}
	var ids []int
	for _, m := range tn.state.Theirs[:mostDeleted] {
		ids = append(ids, m.ID)
	}
	tn.erase(ids)
}

// A message that stays when its conversation ends, because it is news, is kept under its number made negative.

// kept is the number under which a message is remembered.
func (c call) kept(message int) int {
	if c.Stays {
		return -message
	}
	return message
}

// everything are all messages that were remembered, those that stay among them, less than which a wipe would not do.
func everything(kept []int) []int {
	out := make([]int, len(kept))
	for i, id := range kept {
		out[i] = max(id, -id)
	}
	return out
}

// swept are the messages of a conversation that has ended: its screens, but for the one that is edited, and for the one
// that has just been sent, and all that is newer than the end.
func (c call) swept(kept []int, sent int) []int {
	return slices.DeleteFunc(slices.Clone(kept), func(id int) bool {
		return id < c.Sweep || c.Top != 0 && id > c.Top || sent != 0 && id >= sent || c.Method == "editMessageText" && id == c.Edits
	})
}

// over ends what was under way in the chat: what the person sent since it began is deleted, but for what still
// waits, and with the next screen the line's own messages, which repeat it.
func (tn *turn) over(files ...referrals.WaitingFile) {
	s := &tn.state
	if s.From == 0 {
		return
	}
	waits := map[int]bool{}
	for _, f := range files {
		waits[f.Message] = true
	}
	for _, d := range append(slices.Clip(s.Session.Parked), s.Session.Draft) {
		for _, id := range messagesOf(d) {
			waits[id] = true
		}
	}
	var ids []int
	for _, m := range s.Theirs {
		if m.ID >= s.From && !waits[m.ID] {
			ids = append(ids, m.ID)
		}
	}
	tn.erase(ids)
	tn.sweep, s.From = s.From, 0
}

// sweepNow deletes the line's own messages of a conversation that ended without a further screen.
func (tn *turn) sweepNow(ctx context.Context) error {
	if tn.sweep == 0 {
		return nil
	}
	ids, err := tn.history.Messages(ctx, tn.work.Member)
	if err != nil {
		return fmt.Errorf("find the screens to delete: %w", err)
	}
	tn.gone = append(tn.gone, call{Sweep: tn.sweep}.swept(ids, 0)...)
	tn.sweep, tn.state.Screen = 0, 0
	return nil
}

// repeated has every message deleted that is known to show the conversation that ended in this turn, also one that is newer than the
// button that was pressed: a screen is sent twice when who sent it was killed before that was noted.
func (tn *turn) repeated(ctx context.Context) error {
	if tn.sweep == 0 || tn.screen == nil {
		return nil
	}
	ids, err := tn.history.Messages(ctx, tn.work.Member)
	if err != nil {
		return fmt.Errorf("find the screens to delete: %w", err)
	}
	c := call{Sweep: tn.sweep, Method: "editMessageText", Edits: tn.edit}
	tn.gone = append(tn.gone, c.swept(append(ids, tn.state.Screen), 0)...)
	return nil
}

// wipe deletes every message of both sides that Telegram lets go, cuts the links to sent cases,
// forgets the conversation, and leaves one closing line. before is what was known until then.
func (tn *turn) wipe(ctx context.Context, before flows.Session) error {
	ids, err := tn.history.Messages(ctx, tn.work.Member)
	if err != nil {
		return fmt.Errorf("find the messages to wipe: %w", err)
	}
	ids = everything(ids)
	for _, m := range tn.state.Theirs {
		ids = append(ids, m.ID)
	}
	if tn.edit != 0 {
		ids = append(ids, tn.edit)
	}
	tn.out.Forget = true
	tn.unheld("", referrals.FateWiped)
	for _, c := range before.Cases { // the step has forgotten them already
		tn.happened(c.Code, referrals.WasWiped)
	}
	closing := flows.Screen{Ask: flows.Text{Key: "line.wiped"}}.View(tn.lang(), tn.texts)
	last := show(tn.state.Bot, tn.state.Chat, 0, closing)
	last.Rest, last.Gone = true, unique(append(ids, tn.gone...))
	tn.sendOwn(last) // so that the next wipe leaves one line, not two
	tn.state, tn.screen, tn.notes, tn.gone = chatState{}, nil, nil, nil
	return nil
}

func unique(ids []int) []int {
	seen := make(map[int]bool, len(ids))
	out := ids[:0]
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
