package bot

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"defenderline/referrals"
)

// send queues a message to a chat.
func (r *runner) send(id errandID, s referrals.Send) {
	c, ok := callOf(s)
	if !ok {
		r.log.Error("a message that waited cannot be read and is dropped; was it written by another version?")
		r.finish(context.Background(), id, nil)
		return
	}
	l := &leaving{call: c, id: id, order: s.Order, from: s.From}
	for _, old := range r.screens.comes(l) {
		r.finish(context.Background(), old.id, nil)
	}
	r.out.add(parcel{lane: c.lane(), order: s.Order, to: address{c.Bot, c.Chat}, free: c.free(), over: l.over,
		do: func(ctx context.Context) time.Duration { return r.leave(ctx, l) }})
}

// leaving is a message to a chat on its way, and how far it has come.
type leaving struct {
	call
	id      errandID
	order   string
	from    referrals.Member
	stage   stage
	effort  effort
	arrived bool
	// unwanted says of a reply that its person took the case back from who wrote it, while it waited to leave.
	unwanted bool
	// needless says that nothing had to be sent.
	needless bool
	message  int // as which it arrived
	// late says that it left late; looked, that its chat was looked at again after it arrived; displaced, that it had lost its place by
	// then.
	late, looked, displaced bool
	sought                  bool
	found                   []int   // what is deleted with it
	rest                    [][]int // what of that is still to be deleted, as it is tried together
}

// leave makes the calls of a message: what a wipe deletes goes before it, what ended goes after it and beside what follows,
// because a person is waiting. It returns how long to wait when it must be tried again.
func (r *runner) leave(ctx context.Context, l *leaving) (again time.Duration) {
	if again, gone := r.stillMine(ctx, l); again > 0 || gone {
		r.screens.leaves(l)
		return again
	}
	if again := r.current(ctx, l); again > 0 {
		return again
	}
	if l.Rest {
		if again := r.clear(ctx, l); again > 0 {
			return again
		}
	}
	if again := r.arrive(ctx, l); again > 0 {
		return again
	}
	if again := r.receipt(ctx, l); again > 0 {
		return again
	}
	if again := r.stays(ctx, l); again > 0 {
		return again
	}
	r.bareOld(l) // in the order in which screens are sent: what is deleted beside them may take longer
	if !l.Rest && (l.Sweep > 0 || len(l.Gone) > 0) {
		r.out.add(parcel{lane: l.lane(), free: true, do: func(ctx context.Context) time.Duration {
			if again := r.clear(ctx, l); again > 0 {
				return again
			}
			r.left(ctx, l)
			return 0
		}})
		return 0
	}
	r.left(ctx, l)
	if l.needless {
		return needless
	}
	return 0
}

// stillMine says whether a message may leave now, as mine does. What has arrived is done here, whoever has it meanwhile.
func (r *runner) stillMine(ctx context.Context, l *leaving) (again time.Duration, gone bool) {
	if l.arrived {
		return 0, false
	}
	return r.mine(ctx, l.id, &l.effort)
}

// sent is as which message one arrived that a wipe must find, if it did.
func (r *runner) sent(l *leaving) []referrals.Delivery {
	if !l.Own || l.message == 0 {
		return nil
	}
	return []referrals.Delivery{{To: l.from, Message: l.kept(l.message), At: r.now()}}
}

// left notes that everything of a message is done.
func (r *runner) left(ctx context.Context, l *leaving) {
	if l.message == 0 && says(nil, l.Notes) { // an answer to a press, deletions, an edit that would tell nothing if it came late
		r.done(ctx, l.id, nil)
	} else {
		r.finish(ctx, l.id, nil, r.sent(l)...)
	}
}

// arrive delivers a message once, unless a newer screen says all that it says. From then on a wipe finds it, whatever is still to be done.
func (r *runner) arrive(ctx context.Context, l *leaving) (again time.Duration) {
	if l.arrived {
		return 0
	}
	if l.Anew && r.screens.below(l) {
		if fresh, ok := l.anew(); ok {
			l.call = fresh
		}
	}
	if l.Method != "" && r.screens.leaves(l) && !l.over() {
		if l.message, again = r.desks.deliver(ctx, l.call, &l.effort); again > 0 {
			return again
		}
		l.needless = again == needless
	}
	l.arrived = true
	r.hands.arrived(l.id, r.sent(l)...)
	return 0
}

// receipt tells the desk whether its reply was taken, before the reply is settled: who runs it again tells the same once.
func (r *runner) receipt(ctx context.Context, l *leaving) (again time.Duration) {
	if l.Receipt == nil {
		return 0
	}
	told := referrals.Told{Fate: referrals.FateDelivered, Desk: l.Receipt.Desk, Code: l.Receipt.Code, At: r.now()}
	switch {
	case l.unwanted:
		told.Fate = referrals.FateEnded
	case l.over():
		told.Fate = referrals.FateWiped
	case l.message == 0 && isReason(l.effort.refusal, "blocked"):
		told.Fate = referrals.FateBlocked
	case l.message == 0:
		told.Fate = referrals.FateFailed
	}
	p := l.Receipt.Reply.Tells(told).Post
	if err := r.store.Post(ctx, *p); err != nil {
		l.effort.tries++
		return min(pause(err, l.effort.tries), longestGap)
	}
	r.wake(p.To.Slot)
	return 0
}

// clear deletes what goes with a message, and goes on where it was interrupted. Of messages that cannot be deleted together
// each half is tried by itself.
func (r *runner) clear(ctx context.Context, l *leaving) (again time.Duration) {
	if again := r.seek(ctx, l); again > 0 {
		return again
	}
	for len(l.rest) > 0 {
		ids := l.rest[0]
		_, again, err := r.desks.attempt(ctx, address{l.Bot, l.Chat}, "deleteMessages", &l.effort, deleting(l.Chat, ids))
		if again > 0 {
			return again
		}
		l.rest = l.rest[1:]
		if middle := len(ids) / 2; refused(err) && !isReason(err, "blocked") && middle > 0 {
			l.rest = append(l.rest, ids[:middle], ids[middle:])
		}
	}
	return 0
}

// seek finds what goes with a message: for a wipe all that was sent to the chat until now, also what had waited its turn
// before it, and again after each rest; for a conversation that has ended, its screens and what the person wrote.
func (r *runner) seek(ctx context.Context, l *leaving) (again time.Duration) {
	if l.sought && !r.onlyWiped(ctx, l) {
		return 0
	}
	var ids []int
	if l.Rest || l.Sweep > 0 {
		known, err := r.messages(ctx, l.from)
		if err != nil && l.sought { // what is known is deleted at once
			return 0
		}
		if err != nil {
			l.effort.tries++
			return pause(err, l.effort.tries)
		}
		if ids = l.swept(known, l.message); l.Rest {
			ids = everything(known)
		}
	}
	ids = slices.DeleteFunc(unique(append(ids, l.Gone...)), func(id int) bool { return slices.Contains(l.found, id) })
	l.sought, l.found, l.rest = true, append(l.found, ids...), append(l.rest, slices.Collect(slices.Chunk(ids, mostDeleted))...)
	return 0
}

// onlyWiped says of a wipe which had to rest that nothing has begun in its chat since, so that all that is known of it by now, as another
// replica's message is that arrived just before, was sent before the wipe.
func (r *runner) onlyWiped(ctx context.Context, l *leaving) bool {
	if !l.Rest || l.arrived {
		return false
	}
	raw, err := r.history.Record(ctx, l.from)
	return err == nil && raw == nil
}

// bareOld takes the buttons off the screen that one sent anew has replaced, or deletes it when it was a question that is asked
// again or answered, and said nothing else. It is done beside everything else and not repeated: a button that stays is
// answered politely. A screen that was not sent, or was and had lost its place, replaces none.
func (r *runner) bareOld(l *leaving) {
	if l.over() || l.displaced {
		return
	}
	old, same := r.screens.shown(l.order, l.call, l.message)
	if old == 0 || l.Sweep > 0 { // swept away
		return
	}
	replaced, in := bare(l.Bot, l.Chat, old), laneCourtesy
	if same {
		replaced, in = deletions(l.Bot, l.Chat, []int{old})[0], l.lane()
	}
	r.out.add(parcel{lane: in, free: replaced.free(), to: address{l.Bot, l.Chat}, do: func(ctx context.Context) time.Duration {
		r.desks.deliver(ctx, replaced, &effort{})
		return 0
	}})
}

// messages are the ids of what was sent to a chat, also of what the store has not heard yet.
func (r *runner) messages(ctx context.Context, m referrals.Member) ([]int, error) {
	unheard := r.hands.sent(m) // first: what is settled meanwhile is in the store then
	ids, err := r.history.Messages(ctx, m)
	ids = append(ids, unheard...)
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// notices queues a notice to a rung, or to everybody at the desk who was told of the case so far.
func (r *runner) notices(ctx context.Context, id errandID, n referrals.Notice) {
	rungs := []int{n.Rung}
	if n.Rung == referrals.EveryRung {
		h, err := r.holding.Holding(ctx, n.Desk, n.Code)
		if err != nil {
			if errors.Is(err, referrals.ErrUnknown) && !early(n, r.now()) {
				err = nil
			}
			r.finish(ctx, id, err)
			return
		}
		rungs = r.hearing(h, n.Kind)
	}
	var left atomic.Int32
	left.Store(int32(len(rungs)))
	for _, n.Rung = range rungs {
		r.notice(id, n, func(ctx context.Context, sent ...referrals.Delivery) { // to more than one rung only what leaves no card
			if left.Add(-1) == 0 {
				r.finish(ctx, id, nil, sent...)
			}
		})
	}
}

// hearing are the rungs that hear of what happens to a case; one at least. Those that were told of it, but what is added goes to
// the chat of an organisation that claimed, or to its first if that was revoked since.
func (r *runner) hearing(h referrals.Holding, kind referrals.NoticeKind) []int {
	d := r.desks.dir.Desk(h.Desk)
	if d == nil || d.Kind != referrals.NGODesk || kind != referrals.NoticeAddition {
		return r.reached(h)
	}
	if h.Rung < len(d.Ladder) && d.Ladder[h.Rung].Chat != 0 {
		return []int{h.Rung}
	}
	return []int{0}
}

// reached are the rungs that were told of a case; one at least.
func (r *runner) reached(h referrals.Holding) (out []int) {
	rungs := h.Rung + 1
	if d := r.desks.dir.Desk(h.Desk); d != nil {
		rungs = max(rungs, len(d.Ladder))
	}
	for rung := range rungs {
		if rung == h.Rung || h.Reached().Has(rung) {
			out = append(out, rung)
		}
	}
	return out
}

// laneOfNotice is the lane of a notice: alerts and offers of emergencies go before everything else.
func laneOfNotice(n referrals.Notice) lane {
	if n.Lane == referrals.Emergency && (n.Kind == referrals.NoticeAlert || n.Kind == referrals.NoticeOffer) {
		return laneEmergency
	}
	return laneDesk
}

// lineOf is the line in which a notice waits. A chat that cannot be reached must not hold up the next rung's alert, nor one
// who sends many cases the one of somebody else: lines of one chat take turns. What an officer has asked for has a
// line of its own.
func lineOf(n referrals.Notice) string {
	kind := n.Origin
	if n.Kind == referrals.NoticeOpened {
		kind = string(n.Kind)
	}
	return "desk:" + n.Desk + ":" + strconv.Itoa(n.Rung) + ":" + kind
}

// notice queues a notice to one rung. done is told of the card that was sent, if one was.
func (r *runner) notice(id errandID, n referrals.Notice, done func(context.Context, ...referrals.Delivery)) {
	if n.Via == referrals.ByMail {
		r.byMail(id, n, done)
		return
	}
	e := &effort{}
	to := address{r.desks.deskBot, r.desks.chat(n)}
	r.out.add(parcel{lane: laneOfNotice(n), order: lineOf(n), to: to, free: to.chat == 0, loose: true, do: func(ctx context.Context) time.Duration {
		if again, gone := r.mine(ctx, id, e); again > 0 || gone {
			return max(again, needless)
		}
		again := r.desks.notify(ctx, n, e)
		if again <= 0 {
			again = cmp.Or(r.unreached(ctx, n, byChat, e.lost, e), again)
		}
		if again <= 0 {
			r.told(ctx, n, e.card, done)
		}
		return again
	}})
}

// told notes that a rung was told, and keeps the card that it was sent.
func (r *runner) told(ctx context.Context, n referrals.Notice, c card, done func(context.Context, ...referrals.Delivery)) {
	if c.message == 0 {
		done(ctx)
		return
	}
	r.meters.AlertTime.WithLabelValues(string(n.Lane)).Observe(r.now().Sub(n.At).Seconds())
	done(ctx, referrals.Delivery{To: cards(n.Desk, n.Code, n.Rung), Message: c.mark(), At: r.now()})
	if d := r.desks.dir.Desk(n.Desk); d != nil && n.Rung != d.First() && n.Kind == referrals.NoticeAlert { // the rung before may have taken it while this was on its way
		r.redraw(n.Desk, n.Code, referrals.UpTo(len(d.Ladder)))
	}
}
