package referrals

import (
	"slices"

	"pgregory.net/rapid"
)

// check is what holds at any moment.
func (w *world) check(t *rapid.T) {
	ngos := 0
	for id, h := range w.held {
		if h.Open() && id != "lima" && id != Headquarters && !w.revoked(id) {
			ngos++
		}
		if waits := h.State == Alerted || h.State == Offered || h.State == Claimed; waits == h.Due.IsZero() {
			t.Fatalf("a clock that should not be, or none: %+v", *h)
		}
	}
	if ngos > 1 {
		t.Fatalf("%d NGOs hold the case at once: %+v", ngos, w.c.Shares)
	}
	if w.pages > 1 || w.unanswered > 1 || (w.pages == 1) != w.c.Paged {
		t.Fatalf("%d pages, told %d times", w.pages, w.unanswered)
	}
	w.checkHeadquarters(t)
	if len(w.pending) == 0 && len(w.down) == 0 {
		w.checkRest(t)
	}
}

// checkHeadquarters: it is told only when there was no mission, after its silence, or after all NGOs.
func (w *world) checkHeadquarters(t *rapid.T) {
	if w.held[Headquarters] == nil || w.c.find(MissionDesk) < 0 || w.held["lima"] == nil || w.silent["lima"] || w.revoked("lima") || w.c.Ended {
		return
	}
	ngos := 0
	for _, s := range w.c.Shares {
		if s.Kind == NGODesk && s.Stage != Passed && s.Stage != Recalled && !w.waited {
			t.Fatalf("headquarters was told before its turn: %+v", w.c.Shares)
		}
		if s.Kind == NGODesk {
			ngos++
		}
	}
	if ngos == 0 {
		t.Fatalf("headquarters was told beside the mission: %+v", w.c.Shares)
	}
}

// revoked says that the consent for a desk was taken back.
func (w *world) revoked(desk string) bool {
	return slices.ContainsFunc(w.c.Shares, func(s Share) bool { return s.Desk == desk && s.Stage == Recalled })
}

// checkRest is what holds when every desk can be reached.
func (w *world) checkRest(t *rapid.T) {
	if w.c.Ended {
		for id, h := range w.held {
			if h.State != Withdrawn {
				passed := h.State == Declined || h.State == Expired || h.State == Returned
				if !passed || w.read[id] {
					t.Fatalf("%s has it after it was withdrawn: %+v", id, *h)
				}
			}
		}
		return
	}
	if len(w.inbox) > 0 {
		return
	}
	owned := w.c.Paged
	for _, s := range w.c.Shares {
		h := w.held[s.Desk]
		if h == nil {
			h = &Holding{}
		}
		if s.Stage == Recalled {
			if h.Open() || w.read[s.Desk] && h.State != Withdrawn {
				t.Fatalf("%s has it after consent was taken back: %+v", s.Desk, *h)
			}
			continue
		}
		if !slices.Contains(stagesOf(h.State), s.Stage) || s.readable() != h.Readable() || s.Kind == NGODesk && s.Stage != Finished && s.Read != w.read[s.Desk] {
			t.Fatalf("the case has %+v, the desk %+v", s, *h)
		}
		owned = owned || h.Open() && !h.Due.IsZero() || s.Stage == Taken || s.Stage == Finished
	}
	if !owned {
		t.Fatalf("nobody has it, no clock runs, nobody was paged: %+v", w.c.Shares)
	}
}

// stagesOf are the stages a share may be in when its desk is in a state and nothing is under way.
func stagesOf(s State) []Stage {
	switch s {
	case Alerted, Offered, Claimed:
		return []Stage{Released}
	case Acknowledged, Accepted:
		return []Stage{Taken}
	case Silent:
		return []Stage{Unheeded}
	case Closed, Completed:
		return []Stage{Finished}
	case Declined, Expired, Returned:
		return []Stage{Passed}
	default:
		return []Stage{Kept, Passed}
	}
}
