package bot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"defenderline/referrals"
)

// relay is what running errands asks of the store.
type relay interface {
	Post(ctx context.Context, p referrals.Post) error
	Move(ctx context.Context, m referrals.Move) (referrals.Holding, []referrals.Task, error)
	Missed(ctx context.Context, n referrals.Notice, way string, ways []string) (all bool, err error)
	Note(ctx context.Context, l referrals.Line) error
}

// late is what the sweep for errands that nobody finished asks of the store.
type late interface {
	Overdue(ctx context.Context, n int) ([]referrals.Task, error)
}

// runner runs the errands that commits leave. An errand stays in the store until it was done; what
// a restart left over is found by sweep.
type runner struct {
	store   relay
	late    late
	history history
	holding holdings
	hands   *hands
	out     *outbox
	desks   *post
	mails   *mailer // nil: no mail
	wake    func(slot string)
	now     func() time.Time
	log     *slog.Logger
	meters  *Meters

	screens screens
}

// start takes the errands of a commit or a move in hand.
func (r *runner) start(ctx context.Context, tasks []referrals.Task) {
	for _, t := range tasks {
		r.one(ctx, t)
	}
}

// one starts an errand unless this process has it in hand already.
func (r *runner) one(ctx context.Context, t referrals.Task) {
	if !r.hands.take(t) {
		return
	}
	id := errandID{t.Slot, t.ID}
	switch e := t.Errand; {
	case e.Send != nil:
		r.send(id, *e.Send)
	case e.Notice != nil && e.Notice.Kind == referrals.NoticeHandedOver:
		r.handedOver(id, *e.Notice)
	case e.Notice != nil:
		r.notices(ctx, id, *e.Notice)
	case e.Move != nil:
		r.done(ctx, id, r.move(ctx, *e.Move))
	case e.Post != nil:
		err := r.store.Post(ctx, *e.Post)
		r.done(ctx, id, err)
		if err == nil {
			r.wake(e.Post.To.Slot)
		}
	case e.Line != nil:
		r.done(ctx, id, r.store.Note(ctx, *e.Line))
	default:
		r.done(ctx, id, nil)
	}
}

// move makes a move and starts the errands it leaves. A move that no longer fits is done.
func (r *runner) move(ctx context.Context, m referrals.Move) error {
	_, err := r.Move(ctx, m)
	if errors.Is(err, referrals.ErrNotThere) || errors.Is(err, referrals.ErrUnknown) {
		return nil
	}
	return err
}

// Move makes a move and starts the errands it leaves.
func (r *runner) Move(ctx context.Context, m referrals.Move) (referrals.Holding, error) {
	m.Errands = r.mails.also(m.Errands)
	h, tasks, err := r.store.Move(ctx, m)
	if err != nil {
		return h, err
	}
	r.count(h, m)
	r.start(ctx, tasks)
	if len(m.From) > 0 { // else it has just begun: nothing shows it yet
		r.redraw(m.Desk, m.Code, h.Reached())
	}
	return h, nil
}

// deskSlot is the slot that keeps what a desk holds.
func deskSlot(desk string) string { return "desk:" + desk }

// count meters a move.
func (r *runner) count(h referrals.Holding, m referrals.Move) {
	if m.Renews() {
		return
	}
	if !slices.Contains(deskStates[:], m.To) {
		r.meters.Referrals.WithLabelValues(string(m.To)).Inc()
		return
	}
	r.meters.Alerts.WithLabelValues(string(m.To), string(h.Lane)).Inc()
}

// finish notes an errand that was done, and leaves one that failed for the sweep.
func (r *runner) finish(ctx context.Context, id errandID, err error, sent ...referrals.Delivery) {
	if err == nil {
		r.hands.finish(id, false, sent...)
		return
	}
	r.failed(ctx, id, err)
}

// done notes an errand that was done and that does no harm when it is done again, and leaves one that failed for the sweep.
func (r *runner) done(ctx context.Context, id errandID, err error) {
	if err == nil {
		r.hands.finish(id, true)
		return
	}
	r.failed(ctx, id, err)
}

// failed leaves an errand for the sweep.
func (r *runner) failed(ctx context.Context, id errandID, err error) {
	r.hands.leave(id)
	if ctx.Err() == nil {
		r.log.Warn("an errand is left for later", "err", err)
	}
}

// mine says whether a message may leave now: 0, and when to ask again when the store does not answer. gone says that
// another replica has it.
func (r *runner) mine(ctx context.Context, id errandID, e *effort) (again time.Duration, gone bool) {
	mine, err := r.hands.mine(ctx, id)
	if err != nil {
		e.tries++
		return min(pause(err, e.tries), longestGap), false
	}
	return 0, !mine
}

// mostSwept is how many errands are looked for in one round trip.
const mostSwept = 500

// sweep finds errands that nobody finished, every so often until ctx ends, and at once again while there are many.
func (r *runner) sweep(ctx context.Context) {
	every(ctx, sweepEvery, func() {
		for ctx.Err() == nil && r.swept(ctx) >= mostSwept/2 {
		}
	})
}

// swept takes errands that nobody finished in hand, and says how many.
func (r *runner) swept(ctx context.Context) int {
	found, err := r.late.Overdue(ctx, mostSwept)
	if err != nil && ctx.Err() == nil {
		r.log.Warn("looking for errands left over failed", "err", err)
	}
	inOrder(found)
	for _, o := range found {
		r.one(ctx, o)
	}
	return len(found)
}

// inOrder sorts the errands of each commit by their number in it: "17-2" comes before "17-10".
func inOrder(found []referrals.Task) {
	for len(found) > 0 {
		commit, _ := place(found[0])
		n := 1
		for n < len(found) {
			if c, _ := place(found[n]); c != commit {
				break
			}
			n++
		}
		slices.SortStableFunc(found[:n], func(a, b referrals.Task) int {
			_, i := place(a)
			_, j := place(b)
			return i - j
		})
		found = found[n:]
	}
}

// place is the commit that left an errand, and the errand's number in it.
func place(o referrals.Task) (commit string, number int) {
	i := strings.LastIndexByte(o.ID, '-')
	number, err := strconv.Atoi(o.ID[i+1:])
	if err != nil {
		return o.Slot + " " + o.ID, 0
	}
	return o.Slot + " " + o.ID[:max(i, 0)], number
}

// before says that an errand was left by an earlier commit than another of the same slot: their numbers only rise.
func (id errandID) before(other errandID) bool {
	a, _, _ := strings.Cut(id.id, "-")
	b, _, _ := strings.Cut(other.id, "-")
	return id.slot == other.slot && (len(a) < len(b) || len(a) == len(b) && a < b)
}
