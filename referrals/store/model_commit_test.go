package store

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"defenderline/referrals"
)

// modelCommit is a commit that a worker may repeat.
type modelCommit struct {
	w referrals.Work
	c referrals.Commit
}

func isClock(w referrals.Work) bool { _, _, ok := clockCode(w.Member); return ok }

func (m *model) commit(r *rapid.T) {
	if w, is, counts := m.anyWork(r); is != nil && !isClock(w) && (counts || w.Number != is.last) {
		m.commitWork(r, modelCommit{w, m.drawCommit(r, w)})
	}
}

// wipe is a commit that forgets the member and the messages in its chat.
func (m *model) wipe(r *rapid.T) {
	if w, is, counts := m.anyWork(r); is != nil && !isClock(w) && counts {
		m.commitWork(r, modelCommit{w, referrals.Commit{Done: doneOf(w), Forget: true}})
	}
}

func (m *model) drawCommit(r *rapid.T, w referrals.Work) referrals.Commit {
	c := referrals.Commit{Done: doneOf(w)[:rapid.IntRange(0, len(w.Inbox)).Draw(r, "done")]}
	if rapid.Bool().Draw(r, "state") {
		c.State, c.Keep = fmt.Appendf(nil, "state %d", w.Number), 24*time.Hour
		if rapid.Bool().Draw(r, "again") {
			c.Again = m.b.clock.now().Add(time.Minute)
		}
	}
	c.Errands = drawErrands(r)
	return c
}

func drawErrands(r *rapid.T) []referrals.Errand {
	var errands []referrals.Errand
	for range rapid.IntRange(0, 2).Draw(r, "errands") {
		errands = append(errands, referrals.Errand{Notice: &referrals.Notice{Desk: "fld"}})
	}
	return errands
}

func (m *model) commitWork(r *rapid.T, mc modelCommit) {
	w, c, is := mc.w, mc.c, m.of[mc.w.Member]
	counts := is.taken && !is.unheard && is.number == w.Number
	lost := m.lost(r)
	tasks, again, err := m.b.Commit(m.b.ctx, w, c)
	if !counts {
		if m.loss.next.Store(false); err == nil || !lost && !errors.Is(err, referrals.ErrSuperseded) {
			r.Fatalf("a superseded commit: %v", err)
		}
		return
	}
	m.answered(r, lost, err)
	for i := range c.Done {
		is.handled[w.Inbox[i].Order]++
		is.inbox = slices.DeleteFunc(is.inbox, func(o int64) bool { return o == w.Inbox[i].Order })
	}
	if c.Forget && w.Member == m.members[0] {
		clear(m.messages)
	}
	is.state, is.due, is.lease, is.taken, is.last = string(c.State), c.Again, time.Time{}, false, w.Number
	if len(c.Errands) > 0 {
		is.given = m.grace()
	}
	m.keepTasks(w.Slot, prefixOf(w.Number), len(c.Errands))
	if len(is.inbox) > 0 {
		m.takenNow(is)
		is.handed = true
	}
	m.committed = append(m.committed, mc)
	if !lost {
		m.commitAnswered(r, is, tasks, len(c.Errands), again)
	}
}

// commitAnswered checks the answer of a commit that counted, or of its repetition.
func (m *model) commitAnswered(r *rapid.T, is *modelMember, tasks []referrals.Task, want int, again *referrals.Work) {
	if len(tasks) != want {
		r.Fatalf("%d of %d errands are the committer's: %+v", len(tasks), want, tasks)
	}
	m.inHand(r, tasks)
	if (again != nil) != (is.handed && is.taken) {
		r.Fatalf("again %+v, and the member is %+v", again, is)
	}
	if again == nil {
		return
	}
	if is.unheard {
		m.handOut(r, []referrals.Work{*again})
		return
	}
	if again.Number != is.number {
		r.Fatalf("handed out %d, and then %d", is.number, again.Number)
	}
}

// commitAgain repeats a commit, whose answer may have been lost, however late.
func (m *model) commitAgain(r *rapid.T) {
	if len(m.committed) == 0 {
		return
	}
	mc := m.committed[rapid.IntRange(max(0, len(m.committed)-3), len(m.committed)-1).Draw(r, "commit")]
	is := m.of[mc.w.Member]
	tasks, again, err := m.b.Commit(m.b.ctx, mc.w, mc.c)
	if is.last != mc.w.Number {
		if !errors.Is(err, referrals.ErrSuperseded) {
			r.Fatalf("a commit of before the last: %v", err)
		}
		return
	}
	if err != nil {
		r.Fatal(err)
	}
	mine := m.stillMine(mc.w.Slot, prefixOf(mc.w.Number), len(mc.c.Errands), is.given)
	if len(mc.c.Errands) > 0 {
		is.given = m.grace()
	}
	m.commitAnswered(r, is, tasks, mine, again)
}
