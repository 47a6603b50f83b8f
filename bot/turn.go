package bot

import (
	"context"
	"encoding/json"
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
	Seal(desk string, plaintext []byte) ([]byte, error)
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
	mover   mover
	history history
	now     func() time.Time
	random  io.Reader
	limits  Limits
	keep    Retention
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
	screen *flows.Screen
	edit   int  // the message that the screen replaces; 0: a new one
	sweep  int  // the first of the line's messages that are deleted with the screen; 0: none
	told   bool // a group or a stranger was answered: once for all that they sent
}

// take handles everything in the inbox of a chat, in order.
func (t *turner) take(ctx context.Context, w referrals.Work) (referrals.Commit, error) {
	state, err := openState(w.State)
	if err != nil {
		return referrals.Commit{}, err
	}
	tn := &turn{turner: t, work: w, state: state, bot: state.Bot, at: t.now()}
	for _, e := range w.Inbox {
		tn.out.Done = append(tn.out.Done, e.ID)
		if err := tn.entry(ctx, e); err != nil {
			return referrals.Commit{}, err
		}
	}
	if len(w.Inbox) == 0 {
		if err := tn.silence(ctx); err != nil {
			return referrals.Commit{}, err
		}
	}
	tn.present()
	if tn.out.State, err = tn.state.record(tn.at); err != nil {
		return referrals.Commit{}, fmt.Errorf("write a chat's record: %w", err)
	}
	tn.out.Keep, tn.out.Again = t.keepFor(tn.state)
	if tn.state.Chat == 0 { // nothing to remember: a group, or a chat that was wiped
		tn.out.State, tn.out.Again = nil, time.Time{}
	}
	return tn.out, nil
}

// keepFor is how long a chat's record stays: as long as a draft, or as long as a case it sent may bring
// news. While there is a draft, again is when its time is over.
func (t *turner) keepFor(s chatState) (keep time.Duration, again time.Time) {
	// Longer than a draft, whose end must still find it, and than the messages that a wipe may delete.
	keep = max(t.keep.Draft+time.Hour, deletable)
	if len(s.Session.Cases) > 0 {
		keep = max(t.keep.Sealed, keep)
	}
	if d := s.Session.Draft; len(s.Session.Parked) > 0 || len(d.Items) > 0 || d.Flow != "" && d.Flow != flows.FlowHome {
		again = time.Unix(s.Last, 0).Add(t.keep.Draft)
		if now := t.now(); !again.After(now) { // its answers could not be sealed for their case: they wait
			again = now.Add(time.Hour)
		}
	}
	if t.engine.Waiting(s.Session) {
		again = time.Unix(s.Last, 0).Add(breath)
		if now := t.now(); !again.After(now) { // it could not be sealed: it is tried again
			again = now.Add(time.Minute)
		}
	}
	return keep, again
}

// breath is how long the line waits, after an emergency was sent, for more before it passes on what was
// answered: the desk hears soon, and not of every word by itself.
const breath = 30 * time.Second

// silence passes on what was answered after an emergency, and says so. Later it ends what a person began and
// left, when its time is over: everything not sent is thrown away and its messages are deleted. Of that nothing
// is said: the line does not write first.
func (tn *turn) silence(ctx context.Context) error {
	s := &tn.state
	last := time.Unix(s.Last, 0)
	if s.Chat != 0 && tn.engine.Waiting(s.Session) && !tn.at.Before(last.Add(breath)) {
		return tn.flush(ctx)
	}
	if s.Chat == 0 || tn.at.Before(last.Add(tn.keep.Draft)) {
		return nil
	}
	before := s.Session
	out := tn.engine.Expire(before)
	s.Session = out.Session
	for _, e := range out.Effects {
		if err := tn.effect(ctx, e, before); err != nil {
			return err
		}
	}
	tn.screen, tn.notes = nil, nil
	return tn.sweepNow(ctx)
}

// flush passes on what was answered after an emergency.
func (tn *turn) flush(ctx context.Context) error {
	before := tn.state.Session
	out := tn.engine.Flush(before)
	tn.state.Session = out.Session
	tn.show(out.Screen)
	tn.edit = 0
	for _, e := range out.Effects {
		if err := tn.effect(ctx, e, before); err != nil {
			return err
		}
	}
	if len(tn.out.Documents) == 0 { // it could not be sealed: it waits, and nothing is said again and again
		tn.state.Session, tn.screen, tn.notes = before, nil, nil
	}
	return nil
}

// errNotTaken is what an input is that would fail again for ever. The person is asked to send it once more.
var errNotTaken = errors.New("an input could not be taken")

// entry handles one entry of the inbox. What cannot be read is counted and passed over. A panic in
// handling is an entry that cannot be taken: the person is asked to send it again.
func (tn *turn) entry(ctx context.Context, e referrals.Entry) (err error) {
	if len(e.Body) == 0 {
		return nil
	}
	before := *tn
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
	u, err := decode(e.Body[1:])
	if err != nil {
		tn.meters.Unread.Inc()
		return nil
	}
	tn.bot = e.Body[0]
	return tn.update(ctx, e.ID, u)
}

// update handles one update of a person, an officer or a caseworker.
func (tn *turn) update(ctx context.Context, id string, u update) error {
	from := u.chat()
	switch {
	case from.Type != "private" && tn.isDesk(from.ID):
		return tn.deskGroup(ctx, id, u, from.ID)
	case from.Type != "private":
		tn.group(u, from)
		return nil
	case u.Member != nil:
		tn.state.Blocked = u.Member.New.Status == "kicked"
		return nil
	case tn.isDesk(from.ID):
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
	s.Chat, s.Bot, s.Blocked, s.Last = chat, tn.bot, false, tn.at.Unix()
	if u.Message != nil {
		s.Theirs = append(s.Theirs, stamp{ID: u.Message.ID, At: u.Message.Date})
		s.Newest = max(s.Newest, u.Message.ID)
		tn.crowded()
	}
	if s.Session.Language == "" {
		lang, sure := tn.texts.Match(u.language())
		s.Session.Language, s.Session.Chosen = lang, sure
	}
	in := read(u, s.Session.Language, tn.texts, tn.at)
	if !tn.admitted(in) {
		tn.press(u, flows.Text{Key: "toast.slow"})
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
	tn.press(u, out.Toast)
	tn.mark = len(tn.notes)
	tn.show(out.Screen)
	tn.edit = 0
	if u.Message != nil {
		tn.state.begin(u.Message.ID)
	}
	if u.Callback != nil && u.Callback.Message != nil && !out.Stale {
		tn.state.begin(u.Callback.Message.ID)
		tn.state.Screen = u.Callback.Message.ID
		if tn.state.Screen > tn.state.Newest { // nothing was written below it
			tn.edit = tn.state.Screen
		}
	}
	for _, e := range out.Effects {
		if err := tn.effect(ctx, e, before); err != nil {
			return err
		}
	}
	return nil
}

// effect does one effect of a step.
func (tn *turn) effect(ctx context.Context, e flows.Effect, before flows.Session) error {
	switch e.Kind {
	case flows.Submit:
		return tn.submit(e.Draft, before)
	case flows.Append:
		return tn.add(e.Draft, before)
	case flows.Discard:
		tn.erase(messagesOf(e.Draft))
		tn.over()
	case flows.Withdraw:
		tn.happened(e.Case, referrals.WasWithdrawn)
		tn.drop(e.Case)
	case flows.Close:
		tn.happened(e.Case, referrals.WasEnded)
	case flows.Wipe:
		return tn.wipe(ctx, before)
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

// news brings what a desk did with a case to the chat that sent it.
func (tn *turn) news(raw []byte) {
	var n referrals.News
	if json.Unmarshal(raw, &n) != nil || tn.state.Chat == 0 {
		return
	}
	if _, known := caseOf(tn.state.Session.Cases, string(n.Code)); !known {
		return // the chat was wiped since: it has nothing to do with the case
	}
	if n.Message != 0 {
		tn.fileNews(n)
		return
	}
	by := ""
	if d := tn.dir.Desk(n.Desk); d != nil {
		by = d.Name
	}
	next, text, ok := tn.engine.News(tn.state.Session, string(n.Code), n.State, by, n.At)
	if !ok {
		return
	}
	if n.Held { // one desk is done with it, others are not: the case stays the person's to add to and take back
		next.Cases = stayOpen(next.Cases, tn.state.Session.Cases, string(n.Code))
	}
	tn.state.Session = next
	if !tn.state.Blocked {
		tn.say(text)
	}
}

// stayOpen leaves one case in the state it had before, when the news would close it.
func stayOpen(next, before []flows.Case, code string) []flows.Case {
	out := slices.Clone(next)
	for i, c := range out {
		if c.Code != code || c.Open() {
			continue
		}
		for _, b := range before {
			if b.Code == code {
				out[i] = b
			}
		}
	}
	return out
}

// fileNews erases the message of a file that is sealed now, or says that a file did not arrive.
func (tn *turn) fileNews(n referrals.News) {
	if n.State == referrals.FileSealed {
		tn.erase([]int{n.Message})
		return
	}
	tn.say(flows.Text{Key: "line.file_failed", Args: map[string]any{"Code": string(n.Code)}})
}

// say sends a text on its own, outside of any screen.
func (tn *turn) say(text flows.Text) {
	v := flows.Screen{Ask: text}.View(tn.lang(), tn.texts)
	c := show(tn.state.Bot, tn.state.Chat, 0, v)
	c.Stays = true
	tn.sendOwn(c)
}

// show makes a screen the one to be presented at the end of the turn, with the notes of those before.
func (tn *turn) show(s flows.Screen) {
	tn.notes = append(tn.notes, s.Notes...)
	tn.screen = &s
}

// again presents the current screen once more.
func (tn *turn) again() {
	tn.edit = 0
	s := tn.engine.Show(tn.state.Session)
	tn.state.Session = s.Session
	tn.show(s.Screen)
}

// present sends what the turn has to show: one screen, however many updates it took.
func (tn *turn) present() {
	if tn.screen == nil || tn.state.Chat == 0 || tn.state.Blocked {
		return
	}
	tn.screen.Notes = distinct(tn.notes)
	s := &tn.state
	c := show(s.Bot, s.Chat, tn.edit, tn.screen.View(tn.lang(), tn.texts))
	c.Screen, c.Edits, c.Plain = true, s.Screen, plain(tn.screen.Notes)
	c.Turn, c.Sweep = tn.screen.Turn, tn.sweep
	if tn.edit == 0 {
		s.Screen = 0
	}
	tn.sendOwn(c)
}

// plain says that notes tell no more than how many messages were kept, which the next screen tells too.
func plain(notes []flows.Text) bool {
	return !slices.ContainsFunc(notes, func(n flows.Text) bool { return n.Key != "note.kept" })
}

// sendOwn sends to a defender's chat and remembers the message for a wipe.
func (tn *turn) sendOwn(c call) {
	c.Own = true
	tn.send(c)
}

func (tn *turn) send(c call) {
	tn.out.Errands = append(tn.out.Errands, c.errand(tn.work.Member))
}

// press answers the press of a button, if the update is one: a press hangs until it is answered.
func (tn *turn) press(u update, toast flows.Text) {
	if u.Callback == nil {
		return
	}
	text := ""
	if toast.Key != "" {
		text = tn.texts.Text(tn.lang(), toast.Key, toast.Args)
	}
	tn.send(answer(tn.bot, u.chat().ID, u.Callback.ID, text, tn.at))
}

// lang is the language the chat is answered in.
func (tn *turn) lang() string {
	if l := tn.state.Session.Language; l != "" {
		return l
	}
	return tn.texts.Languages()[0]
}

// distinct drops notes that say the same key twice.
func distinct(notes []flows.Text) []flows.Text {
	seen := map[string]bool{}
	var out []flows.Text
	for _, n := range notes {
		if !seen[n.Key] {
			seen[n.Key] = true
			out = append(out, n)
		}
	}
	return out
}
