package bot

import (
	"context"
	"fmt"

	"defenderline/flows"
	"defenderline/referrals"
)

// history is what a wipe asks of the store: the ids of messages the bot sent to a chat.
type history interface {
	Messages(ctx context.Context, m referrals.Member) ([]int, error)
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
	for _, c := range deletions(tn.state.Bot, tn.state.Chat, ids) {
		tn.send(c)
	}
	tn.state.forget(ids)
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

// wipe deletes every message of both sides that Telegram lets go, cuts the links to sent cases,
// forgets the conversation, and leaves one closing line. before is what was known until then.
func (tn *turn) wipe(ctx context.Context, before flows.Session) error {
	ids, err := tn.history.Messages(ctx, tn.work.Member)
	if err != nil {
		return fmt.Errorf("find the messages to wipe: %w", err)
	}
	for _, m := range tn.state.Theirs {
		ids = append(ids, m.ID)
	}
	if tn.edit != 0 {
		ids = append(ids, tn.edit)
	}
	tn.out.Forget = true
	for _, c := range before.Cases { // the step has forgotten them already
		tn.happened(c.Code, referrals.WasWiped)
	}
	for _, c := range deletions(tn.state.Bot, tn.state.Chat, unique(ids)) {
		tn.send(c)
	}
	closing := flows.Screen{Ask: flows.Text{Key: "line.wiped"}}.View(tn.lang(), tn.texts)
	last := show(tn.state.Bot, tn.state.Chat, 0, closing)
	last.Rest = true
	tn.sendOwn(last) // so that the next wipe leaves one line, not two
	tn.state, tn.screen, tn.notes = chatState{}, nil, nil
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
