package bot

import (
	"sync"

	"defenderline/referrals"
)

// recentActs knows from which chat a case was brought to the state it is in, of the acts that this process made lately. It is a courtesy,
// kept in memory only: somebody who comes second is told whether a colleague was faster or it was the same button pressed
// twice. A nil one knows nothing.
type recentActs struct {
	mu sync.Mutex
	by map[actedOn]int64
}

// actedOn is a case at a desk and the state it was brought to.
type actedOn struct {
	desk, code string
	to         referrals.State
}

// mostActs bounds the memory; beyond it everything is forgotten, and then it is only said how a case stands.
const mostActs = 10_000

// note remembers who acted.
func (r *recentActs) note(h referrals.Holding, chat int64) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil || len(r.by) >= mostActs {
		r.by = map[actedOn]int64{}
	}
	r.by[actedOn{h.Desk, h.Code, h.State}] = chat
}

// other says that the case was brought to its state from another chat than this one.
func (r *recentActs) other(h referrals.Holding, chat int64) bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	by, known := r.by[actedOn{h.Desk, h.Code, h.State}]
	return known && by != chat
}

// late answers a press that changed nothing. When the case is where the act leads to, it was done already: by this officer, who
// pressed twice, or by a colleague, if that is known. Answers to presses keep no order: each is true before the other.
func (a *atDesk) late(h referrals.Holding, to referrals.State) {
	key := "desk.toast.not_there"
	switch {
	case h.State == referrals.Expired:
		key = "desk.toast.expired"
	case h.State != to:
	case a.acts.other(h, a.chat):
		key = "desk.toast.colleague"
	default:
		key = "desk.toast.already"
	}
	a.toast(key, map[string]any{"State": a.text("desk.state."+string(h.State), nil)})
}
