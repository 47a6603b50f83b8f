package bot

import (
	"context"
	"slices"

	"defenderline/flows"
	"defenderline/referrals"
)

// outlast notes which of the chat's cases the line keeps no longer. A case's record ends retention.sealed after something last happened to
// it; the chat, whose person came back meanwhile, may remember it for longer. Nothing of it would reach anybody: so that nobody
// believes that it did, they are told before what they do is taken. No case of less than that age is asked about.
func (tn *turn) outlast(ctx context.Context) error {
	if !slices.ContainsFunc(tn.work.Inbox, fromPerson) {
		return nil
	}
	for _, c := range tn.state.Session.Cases {
		code, ok := referrals.ParseCode(c.Code)
		if !ok || !c.Lasts() || tn.at.Before(c.SentAt.Add(tn.keep.Sealed)) {
			continue
		}
		raw, err := tn.history.Record(ctx, referrals.Member{Slot: tn.work.Slot, Name: code.Name()})
		if err != nil {
			return err
		}
		if raw == nil {
			var text flows.Text
			tn.state.Session, text = tn.engine.Over(tn.state.Session, c.Code, tn.at)
			tn.notes = append(tn.notes, text)
		}
	}
	return nil
}

// fromPerson says that an entry is an update, and not news from another member.
func fromPerson(e referrals.Entry) bool {
	return len(e.Body) > 0 && (e.Body[0] == lineBot || e.Body[0] == deskBot)
}
