package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"defenderline/referrals"
)

// latecomers holds commands back, as a frozen server does: who sent one gives up and does something else, and it is carried out
// all the same when the server goes on.
type latecomers struct {
	lossy
	hold    bool
	waiting []func() // commands that their senders have given up
}

func (l *latecomers) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	whole := l.lossy.ProcessHook(next)
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !l.hold {
			return whole(ctx, cmd)
		}
		l.waits(func() { _ = next(ctx, redis.NewCmd(ctx, cmd.Args()...)) })
		cmd.SetErr(errLost)
		return errLost
	}
}

func (l *latecomers) waits(do func()) {
	l.waiting = append(l.waiting, do)
	l.hold = false
}

// wayward is one chat, its updates at Telegram, its poller and its workers. Any command of theirs may come late, or its answer be lost.
type wayward struct {
	backend
	late    *latecomers
	chat    referrals.Member
	written int64
	pending []int64 // not confirmed to Telegram
	hands   []inHands
}

// inHands is work that somebody has, and how much of it they do.
type inHands struct {
	w referrals.Work
	n int
}

// goes draws what becomes of the next command, and says whether its sender hears of it.
func (y *wayward) goes(r *rapid.T, act func() error) bool {
	fate := rapid.IntRange(0, 3).Draw(r, "fate")
	y.late.hold = fate == 3
	y.late.next.Store(fate == 2)
	err := act()
	y.late.hold = false
	y.late.next.Store(false)
	if err != nil && !errors.Is(err, errLost) && !errors.Is(err, referrals.ErrSuperseded) {
		r.Fatal(err)
	}
	return !errors.Is(err, errLost)
}

func (y *wayward) write(*rapid.T) {
	y.written++
	y.pending = append(y.pending, y.written)
}

// poll keeps what Telegram has, the oldest first, and confirms it when that is answered.
func (y *wayward) poll(r *rapid.T) {
	if len(y.pending) == 0 {
		return
	}
	n := rapid.IntRange(1, min(3, len(y.pending))).Draw(r, "n")
	var posts []referrals.Post
	for _, id := range y.pending[:n] {
		posts = append(posts, post(y.chat, id))
	}
	if y.goes(r, func() error { return y.gets(r, func() ([]referrals.Work, error) { return y.Keep(y.ctx, posts) }) }) {
		y.pending = y.pending[n:]
	}
}

func (y *wayward) take(r *rapid.T) {
	y.goes(r, func() error {
		return y.gets(r, func() ([]referrals.Work, error) {
			c := y.takeCall(y.chat)
			a := y.run(y.ctx, c)
			if a.err != nil || a.text(0) != "taken" {
				return nil, a.err
			}
			w, err := y.work(y.ctx, y.chat, a, 1)
			return []referrals.Work{w}, err
		})
	})
}

func (y *wayward) gets(r *rapid.T, from func() ([]referrals.Work, error)) error {
	got, err := from()
	for _, w := range got {
		y.hands = append(y.hands, inHands{w, rapid.IntRange(0, len(w.Inbox)).Draw(r, "done")})
	}
	return err
}

// commit writes into the record what was handled, in order. Who does not hear of it tries again, or not.
func (y *wayward) commit(r *rapid.T) {
	i, h := y.any(r)
	if i < 0 {
		return
	}
	state := strings.TrimSuffix(string(h.w.State), ".")
	for _, e := range h.w.Inbox[:h.n] {
		state += fmt.Sprint(e.Order, " ")
	}
	var again *referrals.Work
	heard := y.goes(r, func() (err error) {
		_, again, err = y.Commit(y.ctx, h.w, referrals.Commit{State: []byte(state + "."), Keep: 24 * time.Hour, Done: doneOf(h.w)[:h.n]})
		return err
	})
	if again != nil {
		y.hands = append(y.hands, inHands{*again, rapid.IntRange(0, len(again.Inbox)).Draw(r, "done")})
	}
	if heard || rapid.Bool().Draw(r, "gives up") {
		y.hands = slices.Delete(y.hands, i, i+1)
	}
}

func (y *wayward) release(r *rapid.T) {
	if i, h := y.any(r); i >= 0 {
		y.hands = slices.Delete(y.hands, i, i+1)
		y.goes(r, func() error { return y.Release(y.ctx, h.w, y.clock.now()) })
	}
}

func (y *wayward) extend(r *rapid.T) {
	if i, h := y.any(r); i >= 0 {
		y.goes(r, func() error { return y.Extend(y.ctx, h.w) })
	}
}

func (y *wayward) any(r *rapid.T) (int, inHands) {
	if len(y.hands) == 0 {
		return -1, inHands{}
	}
	i := rapid.IntRange(0, len(y.hands)-1).Draw(r, "which")
	return i, y.hands[i]
}

// comes lets a command come, however late. Of what is older than four seconds scripts believe nothing (apart.lua), where they are not given a
// clock; they need not.
func (y *wayward) comes(r *rapid.T) {
	if len(y.late.waiting) == 0 {
		return
	}
	i := rapid.IntRange(0, len(y.late.waiting)-1).Draw(r, "which")
	do := y.late.waiting[i]
	y.late.waiting = slices.Delete(y.late.waiting, i, i+1)
	do()
}

// handled is what was handled, in order.
func (y *wayward) handled(r *rapid.T) string {
	raw, err := y.Record(y.ctx, y.chat)
	if err != nil {
		r.Fatal(err)
	}
	return strings.TrimSuffix(string(raw), ".")
}

// check demands that what was handled is all updates from the first on, each once.
func (y *wayward) check(r *rapid.T) {
	if got := y.handled(r); !strings.HasPrefix(y.all(), got) {
		r.Fatalf("of %d updates were handled, in this order: %s", y.written, got)
	}
}

func (y *wayward) all() string {
	all := ""
	for n := range y.written {
		all += fmt.Sprint(n+1, " ")
	}
	return all
}

// TestCommandsThatComeLateKeepTheOrder lets commands be carried out when their senders have given them up and done something else. Each
// update of a chat is handled once all the same, in order, and none is forgotten.
func TestCommandsThatComeLateKeepTheOrder(t *testing.T) {
	drawn(t, func(r *rapid.T, b backend) {
		y := &wayward{backend: b, late: &latecomers{}, chat: b.Chat("line", 1)}
		b.db.AddHook(y.late)
		r.Repeat(map[string]func(*rapid.T){
			"write": y.write, "poll": y.poll, "poll again": y.poll, "take": y.take, "commit": y.commit, "commit another": y.commit,
			"release": y.release, "extend": y.extend, "one comes late": y.comes, "another comes late": y.comes,
			"a moment passes": func(r *rapid.T) {
				b.clock.move(time.Duration(rapid.IntRange(0, 3000).Draw(r, "ms")) * time.Millisecond)
			},
			"a lease passes": func(*rapid.T) { b.clock.move(16 * time.Second) },
			"":               y.check,
		})
		for range 3 { // what is left is done in peace
			b.clock.move(16 * time.Second)
			posts := []referrals.Post{}
			for _, id := range y.pending {
				posts = append(posts, post(y.chat, id))
			}
			y.pending = nil
			for work := append(b.mustKeep(t, posts...), b.mustTake(t, 10)...); len(work) > 0; work = work[1:] {
				state := strings.TrimSuffix(string(work[0].State), ".")
				for _, e := range work[0].Inbox {
					state += fmt.Sprint(e.Order, " ")
				}
				b.mustCommit(t, work[0], referrals.Commit{State: []byte(state + "."), Keep: 24 * time.Hour, Done: doneOf(work[0])})
			}
		}
		if got := y.handled(r); got != y.all() {
			r.Fatalf("of %d updates were handled in the end: %s", y.written, got)
		}
	})
}
