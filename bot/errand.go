package bot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"defenderline/referrals"
)

// relay is what running errands asks of the store.
type relay interface {
	Post(ctx context.Context, p referrals.Post) error
	Move(ctx context.Context, m referrals.Move) (referrals.Holding, []string, error)
	Settle(ctx context.Context, slot string, ids []string, sent []referrals.Delivery) error
}

// late is what the sweep for errands that nobody finished asks of the store.
type late interface {
	Overdue(ctx context.Context, n int) ([]referrals.Overdue, error)
	Retry(ctx context.Context, slot, id string, at time.Time) error
}

// runner runs the errands that commits leave. An errand stays in the store until it was done; what
// a restart left over is found by sweep.
type runner struct {
	store   relay
	late    late
	history history
	holding holdings
	out     *outbox
	desks   *post
	wake    func(slot string)
	now     func() time.Time
	log     *slog.Logger
	meters  *Meters

	mu   sync.Mutex
	mine map[string]bool // errands this process has in hand

	screens screens
}

// key names an errand among all slots.
func key(slot, id string) string { return slot + " " + id }

// start takes the errands of a commit in hand. ids are as the store answered, one for each.
func (r *runner) start(ctx context.Context, slot string, ids []string, errands []referrals.Errand) {
	for i, e := range errands {
		if i < len(ids) && ids[i] != "" { // an empty id: done since
			r.one(ctx, slot, ids[i], e)
		}
	}
}

// one starts an errand unless this process has it in hand already.
func (r *runner) one(ctx context.Context, slot, id string, e referrals.Errand) {
	r.mu.Lock()
	held := r.mine[key(slot, id)]
	r.mine[key(slot, id)] = true
	r.mu.Unlock()
	if held {
		return
	}
	switch {
	case e.Send != nil:
		r.send(slot, id, *e.Send)
	case e.Notice != nil:
		r.notices(ctx, slot, id, *e.Notice)
	case e.Move != nil:
		r.finish(ctx, slot, id, r.move(ctx, *e.Move))
	case e.Post != nil:
		err := r.store.Post(ctx, *e.Post)
		r.finish(ctx, slot, id, err)
		if err == nil {
			r.wake(e.Post.To.Slot)
		}
	default:
		r.finish(ctx, slot, id, nil)
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
	h, ids, err := r.store.Move(ctx, m)
	if err != nil {
		return h, err
	}
	r.count(h, m)
	r.start(ctx, deskSlot(m.Desk), ids, m.Errands)
	if len(m.From) > 0 { // else it has just begun: nothing shows it yet
		r.redraw(m.Desk, m.Code, h.Rung)
	}
	return h, nil
}

// deskSlot is the slot that keeps what a desk holds.
func deskSlot(desk string) string { return "desk:" + desk }

// count meters a move.
func (r *runner) count(h referrals.Holding, m referrals.Move) {
	switch m.To {
	case referrals.Alerted, referrals.Silent, referrals.Acknowledged, referrals.Closed:
		r.meters.Alerts.WithLabelValues(string(m.To), string(h.Lane)).Inc()
		if m.To == referrals.Acknowledged {
			r.meters.AckTime.WithLabelValues(string(h.Lane)).Observe(m.At.Sub(h.Since).Seconds())
		}
	default:
		r.meters.Referrals.WithLabelValues(string(m.To)).Inc()
	}
}

// finish settles an errand that was done, also when ctx has ended since, and leaves one that failed for
// the sweep.
func (r *runner) finish(ctx context.Context, slot, id string, err error, sent ...referrals.Delivery) {
	if err == nil {
		err = r.store.Settle(context.WithoutCancel(ctx), slot, []string{id}, sent)
	}
	if err != nil && ctx.Err() == nil {
		r.log.Warn("an errand is left for later", "err", err)
	}
	r.mu.Lock()
	delete(r.mine, key(slot, id))
	r.mu.Unlock()
}

// sweep finds errands that nobody finished, every so often until ctx ends.
func (r *runner) sweep(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		found, err := r.late.Overdue(ctx, 100)
		if err != nil && ctx.Err() == nil {
			r.log.Warn("looking for errands left over failed", "err", err)
		}
		inOrder(found)
		for _, o := range found {
			r.one(ctx, o.Slot, o.ID, o.Errand)
		}
	}
}

// inOrder sorts the errands of each commit by their number in it: "17-2" comes before "17-10".
func inOrder(found []referrals.Overdue) {
	for len(found) > 0 {
		commit, _ := place(found[0])
		n := 1
		for n < len(found) {
			if c, _ := place(found[n]); c != commit {
				break
			}
			n++
		}
		slices.SortStableFunc(found[:n], func(a, b referrals.Overdue) int {
			_, i := place(a)
			_, j := place(b)
			return i - j
		})
		found = found[n:]
	}
}

// place is the commit that left an errand, and the errand's number in it.
func place(o referrals.Overdue) (commit string, number int) {
	i := strings.LastIndexByte(o.ID, '-')
	number, err := strconv.Atoi(o.ID[i+1:])
	if err != nil {
		return o.Slot + " " + o.ID, 0
	}
	return o.Slot + " " + o.ID[:max(i, 0)], number
}
