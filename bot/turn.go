package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"defenderline/flows"
	"defenderline/i18n"
	"defenderline/referrals"
)

// sealer is what sending a case asks of OpenPGP.
type sealer interface {
	Usable(desk string) error
	SealNamed(desk, name string, plaintext []byte) ([]byte, error)
}

// Limits bound what one chat may do.
type Limits struct {
	// UpdatesPerMinute is how many updates of a chat are handled a minute; zero: any number. What
	// belongs to an emergency is always handled.
	UpdatesPerMinute int
}

// Retention says how long what was kept stays when nothing more happens.
type Retention struct {
	Draft, Sealed time.Duration
}

// turner takes the turns of chats: it holds what every turn needs and changes nothing itself.
type turner struct {
	engine  *flows.Engine
	texts   *i18n.Catalogue
	dir     *referrals.Directory
	seal    sealer
	holding holdings
	counts  counts
	mover   mover
	trail   refuser
	roster  *roster // nil: nobody is enrolled here
	history history
	now     func() time.Time
	clock   *telegramClock
	random  io.Reader
	limits  Limits
	keep    Retention
	acts    *recentActs
	paced   *deskPace
	// entity makes of a document the body of a mail; nil: there is no mail.
	entity func(document []byte) []byte
	// ownDeskBot says that officers and NGOs have a bot of their own.
	ownDeskBot bool
	log        *slog.Logger
	meters     *Meters
}

// turn is one turn of one chat: from what is known and what came to what is committed.
type turn struct {
	*turner
	work   referrals.Work
	state  chatState
	bot    byte
	at     time.Time
	out    referrals.Commit
	notes  []flows.Text
	mark   int // how many notes are of earlier steps
	first  int // the session's turn before this one
	screen *flows.Screen
	edit   int   // the message that the screen replaces; 0: a new one
	gone   []int // messages that are deleted with the screen
	sweep  int   // the first of the line's messages that are deleted with it; 0: none
	told   bool  // a group or a stranger was answered: once for all that they sent
	desk   bool  // an officer or a caseworker is answered
	here   bool  // the person has done something
	typed  bool  // words were kept that answer nothing that was asked
	fresh  bool  // a question about a case is asked in this turn
	undone bool  // a yes could not be followed: its question stays
	// emergency says that there is news of an emergency.
	emergency bool
}

// take handles everything in the inbox of a chat, in order. Where one entry cannot be handled for now, those before it are
// committed: a long inbox would never be done if each attempt had to go through all of it without one answer of the store lost.
func (t *turner) take(ctx context.Context, w referrals.Work) (referrals.Commit, error) {
	state, err := openState(w.State)
	if err != nil {
		return referrals.Commit{}, err
	}
	tn := &turn{turner: t, work: w, state: state, bot: state.Bot, at: t.now(), first: state.Session.Turn}
	// Where the line's clock went back, nothing waits for it to come again.
	tn.state.Last = min(tn.state.Last, tn.at.Unix())
	if w.Damaged { // nobody can open it again: the person is told, instead of waiting for ever
		t.meters.Damaged.Inc()
		tn.notes = append(tn.notes, flows.Text{Key: "line.begin_again"})
	}
	if err := tn.outlived(ctx); err != nil {
		return referrals.Commit{}, err
	}
	if err := tn.outlast(ctx); err != nil {
		return referrals.Commit{}, err
	}
	for i, e := range w.Inbox {
		before := tn.copied()
		tn.out.Done = append(tn.out.Done, e.ID)
		if err := tn.entry(ctx, e); err != nil {
			if i == 0 {
				return referrals.Commit{}, err
			}
			*tn = before // it comes again, as the first
			break
		}
	}
	if len(w.Inbox) == 0 {
		if err := tn.silence(ctx); err != nil {
			return referrals.Commit{}, err
		}
	}
	tn.asked()
	if err := tn.repeated(ctx); err != nil {
		return referrals.Commit{}, err
	}
	open := tn.noAnswer()
	tn.present()
	tn.askAgain(open)
	tn.release()
	if tn.out.State, err = tn.state.record(tn.at); err != nil {
		return referrals.Commit{}, fmt.Errorf("write a chat's record: %w", err)
	}
	tn.out.Keep, tn.out.Again = t.keepFor(tn.state)
	if tn.state.Chat == 0 && tn.state.Talk == nil { // nothing to remember: a group, or a chat that was wiped
		tn.out.State, tn.out.Again = nil, time.Time{}
	}
	return tn.out, nil
}

// errNotTaken is what an input is that would fail again for ever. The person is asked to send it once more.
var errNotTaken = errors.New("an input could not be taken")

// copied is the turn as it stands, to go back to. Nothing that it points to is changed in place but for what an officer's chat is in the middle
// of.
func (tn *turn) copied() turn {
	now := *tn
	if now.state.Talk != nil {
		talk := *now.state.Talk
		now.state.Talk = &talk
	}
	return now
}

// entry handles one entry of the inbox. What cannot be read is counted and passed over. A panic in
// handling is an entry that cannot be taken: the person is asked to send it again.
func (tn *turn) entry(ctx context.Context, e referrals.Entry) (err error) {
	if len(e.Body) == 0 { // nobody can open it: dropped, and said
		tn.meters.Damaged.Inc()
		tn.notes = append(tn.notes, flows.Text{Key: "line.not_taken"})
		tn.again()
		return nil
	}
	before := tn.copied()
	defer func() {
		if recover() != nil {
			tn.meters.Panics.Inc()
			err = errNotTaken
		}
		if errors.Is(err, errNotTaken) {
			tn.log.Error("an update could not be handled; its sender is asked to send it again")
			*tn = before // nothing of it stays
			tn.notes, err = append(tn.notes, flows.Text{Key: "line.not_taken"}), nil
			tn.again()
		}
	}()
	if e.Body[0] == referrals.NewsMark {
		tn.news(e.Body[1:])
		return nil
	}
	if e.Body[0] == referrals.ToldMark {
		tn.toldFate(e.Body[1:])
		return nil
	}
	u, live := e.Live.(update)
	if !live {
		if u, err = decode(e.Body[1:]); err != nil {
			tn.meters.Unread.Inc()
			return nil
		}
	}
	tn.bot = e.Body[0]
	return tn.update(ctx, e.ID, u)
}

// update handles one update of a person, an officer or a caseworker.
func (tn *turn) update(ctx context.Context, id string, u update) error {
	from := u.chat()
	if err := tn.enrol(ctx, u, from); err != nil {
		return err
	}
	switch {
	case from.Type != "private" && tn.isDesk(from.ID):
		tn.desk = true
		return tn.deskGroup(ctx, id, u, from.ID)
	case from.Type != "private":
		tn.group(u, from)
		return nil
	case u.Member != nil:
		if tn.state.Blocked = u.Member.New.Status == "kicked"; tn.state.Blocked {
			tn.holdAsked()
		}
		return nil
	case tn.isDesk(from.ID):
		tn.desk = true
		return tn.deskUpdate(ctx, id, u, from.ID)
	case tn.bot == deskBot:
		tn.stranger(u, from.ID)
		return nil
	}
	return tn.defender(ctx, u, from.ID)
}

// defender steps the conversation of a defender.
func (tn *turn) defender(ctx context.Context, u update, chat int64) error {
	s := &tn.state
	if u.Edited != nil && (s.Chat == 0 || u.Edited.Location != nil) {
		return nil // a live location edits itself for hours, also after a wipe: the line does not write first
	}
	if tn.closed(u) {
		return nil
	}
	unknown := s.Chat == 0
	if unknown {
		s.Born = tn.at.UnixMilli()
	}
	s.Chat, s.Bot, s.Blocked, s.Last = chat, tn.bot, false, tn.at.Unix()
	tn.here = true
	if u.Message != nil {
		s.Theirs = append(s.Theirs, stamp{ID: u.Message.ID, At: u.Message.Date})
		s.Newest = max(s.Newest, u.Message.ID)
		tn.crowded()
	}
	if s.Session.Language == "" {
		lang, sure := tn.texts.Match(u.language())
		s.Session.Language, s.Session.Chosen = lang, sure
	}
	in := tn.input(u, unknown)
	if !tn.admitted(in) {
		if tn.state.Count <= tn.limits.UpdatesPerMinute+mostSlow { // and then no more: answers are calls, too
			tn.press(u, flows.Text{Key: "toast.slow"})
		}
		return nil
	}
	if refusal := tn.refusesFile(in.Item.File); refusal != "" {
		tn.notes = append(tn.notes, flows.Text{Key: refusal})
		tn.again()
		return nil
	}
	if err := tn.step(ctx, u, in); err != nil {
		return err
	}
	if more, ok := following(u, tn.lang(), tn.texts, tn.at); ok { // words behind a command are words
		more.Unseen = tn.unseen(u.Message)
		return tn.step(ctx, update{Message: u.Message}, more)
	}
	return nil
}

// step lets the engine answer one input and does what follows from it.
func (tn *turn) step(ctx context.Context, u update, in flows.Input) error {
	before := tn.state.Session
	out, err := tn.engine.Step(before, in)
	if err != nil {
		return errNotTaken
	}
	tn.state.Session = out.Session
	if out.Beside {
		return tn.beside(ctx, u, out, before)
	}
	if tn.twice(u, out) {
		if out.Toast.Key == "toast.stale" {
			out.Toast.Key = "toast.answered"
		}
		tn.press(u, out.Toast)
		return nil
	}
	tn.press(u, out.Toast)
	tn.mark = tn.show(out.Screen)
	tn.typed = tn.typed || out.Aside
	tn.edit = 0
	if u.Message != nil {
		tn.state.begin(u.Message.ID)
	}
	if u.Callback != nil && u.Callback.Message != nil && !out.Stale && !out.Apart {
		tn.state.begin(u.Callback.Message.ID)
		tn.state.Screen, tn.state.Pressed = u.Callback.Message.ID, u.Callback.Message.ID
		if tn.state.Screen > tn.state.Newest { // nothing was written below it
			tn.edit = tn.state.Screen
		}
	}
	for _, e := range out.Effects {
		if err := tn.effect(ctx, e, before); err != nil {
			return err
		}
	}
	if out.Apart {
		tn.says(u, out)
	}
	return nil
}

// effect does one effect of a step.
func (tn *turn) effect(ctx context.Context, e flows.Effect, before flows.Session) error {
	switch e.Kind {
	case flows.Submit:
		return tn.submit(ctx, e.Draft, before)
	case flows.Append:
		return tn.add(e.Draft, before)
	case flows.Discard:
		tn.erase(messagesOf(e.Draft))
		tn.over()
	case flows.Withdraw:
		tn.happened(e.Case, referrals.WasWithdrawn)
		tn.drop(e.Case)
		tn.unheld(e.Case, referrals.FateEnded)
	case flows.Revoke:
		tn.revoke(e.Case, e.Value)
	case flows.Close:
		tn.unheld(e.Case, referrals.FateEnded)
		tn.happened(e.Case, referrals.WasEnded)
	case flows.Wipe:
		return tn.wipe(ctx, before)
	case flows.Answered:
		tn.answered(e, before)
	}
	return nil
}

// drop deletes the sealed copies of a case, also those of this very turn.
func (tn *turn) drop(name string) {
	code, ok := referrals.ParseCode(name)
	if !ok {
		return
	}
	tn.out.Drops = append(tn.out.Drops, referrals.Drop{Case: code})
	tn.out.Documents = slices.DeleteFunc(slices.Clone(tn.out.Documents), func(d referrals.Document) bool { return d.Case == code })
}

// happened tells one of the chat's cases what its defender did.
func (tn *turn) happened(code string, k referrals.EventKind) {
	c, ok := referrals.ParseCode(code)
	if !ok {
		return
	}
	// Each happens to a case once, and the id says nothing of the chat: ids stand in the store in the clear.
	id := string(k) + ":" + string(c)
	p := referrals.EventPost(tn.work.Slot, c, id, referrals.Event{Kind: k, At: tn.at})
	tn.out.Errands = append(tn.out.Errands, referrals.Errand{Post: &p})
}
