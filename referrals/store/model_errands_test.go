package store

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"defenderline/referrals"
)

// modelTask is an errand that was not settled; whoever knows till has it.
type modelTask struct{ till time.Time }

func (m *model) grace() time.Time { return m.b.clock.now().Add(10 * time.Second) }

// keepTasks notes the errands of an act.
func (m *model) keepTasks(slot, prefix string, n int) {
	for i := range n {
		m.tasks[fmt.Sprintf("%s %s-%04d", slot, prefix, i+1)] = &modelTask{m.grace()}
	}
}

// stillMine counts the errands of an act that nobody has settled or taken since it gave them until a time,
// and gives them anew.
func (m *model) stillMine(slot, prefix string, n int, given time.Time) int {
	mine := 0
	for i := range n {
		if task := m.tasks[fmt.Sprintf("%s %s-%04d", slot, prefix, i+1)]; task != nil && task.till.Equal(given) {
			task.till = m.grace()
			mine++
		}
	}
	return mine
}

// inHand notes tasks that a worker was given, until when the model says.
func (m *model) inHand(r *rapid.T, tasks []referrals.Task) {
	for _, t := range tasks {
		is := m.tasks[t.Slot+" "+t.ID]
		if is == nil || !is.till.Equal(t.Till) || t.Errand.Notice == nil {
			r.Fatalf("given %+v, but the model has %+v", t, is)
		}
		m.hand = append(m.hand, t)
	}
}

func (m *model) anyTasks(r *rapid.T) []referrals.Task {
	var some []referrals.Task
	for range min(len(m.hand), rapid.IntRange(0, 3).Draw(r, "n")) {
		t := m.hand[rapid.IntRange(max(0, len(m.hand)-6), len(m.hand)-1).Draw(r, "task")]
		if !slices.ContainsFunc(some, func(o referrals.Task) bool { return sameTask(o, t) }) {
			some = append(some, t)
		}
	}
	return some
}

func (m *model) settle(r *rapid.T) {
	tasks := m.anyTasks(r)
	if len(tasks) == 0 {
		return
	}
	var settled []referrals.Settled
	for _, t := range tasks {
		m.next++
		sent := []referrals.Delivery{{To: m.members[0], Message: int(m.next), At: m.b.clock.now()}}
		settled = append(settled, referrals.Settled{Slot: t.Slot, IDs: []string{t.ID}, Sent: sent})
		m.messages[int(m.next)] = true
		delete(m.tasks, t.Slot+" "+t.ID)
	}
	lost := m.lost(r)
	m.answered(r, lost, m.b.Settle(m.b.ctx, settled))
}

func (m *model) hold(r *rapid.T) {
	tasks := m.anyTasks(r)
	if len(tasks) == 0 {
		return
	}
	lost := m.lost(r)
	held, err := m.b.Hold(m.b.ctx, tasks)
	m.answered(r, lost, err)
	var want []referrals.Task
	for _, t := range tasks {
		of, now := unheardOf(t), m.b.clock.now()
		tried, till := m.tried[of], now.Add(15*time.Second)
		if n := len(tried); n > 0 && tried[n-1].After(now.Add(7500*time.Millisecond)) && tried[n-1].Before(till) {
			till = tried[n-1]
		}
		is := m.tasks[t.Slot+" "+t.ID]
		if is != nil && (is.till.Equal(t.Till) || slices.ContainsFunc(tried, is.till.Equal)) {
			is.till = till
			want = append(want, t)
		}
		if m.tried[of] = append(tried, till); !lost {
			delete(m.tried, of)
		}
	}
	if !lost && !slices.EqualFunc(held, want, sameTask) {
		r.Fatalf("held %+v, not %+v", held, want)
	}
	m.inHand(r, held)
}

func (m *model) overdue(r *rapid.T) {
	lost := m.lost(r)
	got, err := m.b.Overdue(m.b.ctx, 100)
	now, want := m.b.clock.now(), 0
	for _, is := range m.tasks {
		if !is.till.After(now) {
			is.till = now.Add(15 * time.Second)
			want++
		}
	}
	m.answered(r, lost && want > 0, err)
	if err == nil && len(got) != want {
		r.Fatalf("%d are overdue, %d were taken", want, len(got))
	}
	m.inHand(r, got)
}

func (m *model) checkMessages(r *rapid.T) {
	got, err := m.b.Messages(m.b.ctx, m.members[0])
	if err != nil || len(got) != len(m.messages) {
		r.Fatalf("messages %v, not %v: %v", got, m.messages, err)
	}
	for _, id := range got {
		if !m.messages[id] {
			r.Fatalf("message %d was forgotten", id)
		}
	}
}
