package store

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"defenderline/referrals"
)

// modelHolding is a case at the desk, and the moves that were made with it.
type modelHolding struct {
	h    referrals.Holding
	by   string               // the move that was the last claim
	made map[string]time.Time // until when each move gave its errands
}

// anyMove draws a move that fits, or does not: with a claim of now, of before, or with none.
func (m *model) anyMove(r *rapid.T) referrals.Move {
	m.next++
	code := fmt.Sprintf("ABCD-EFGH-%d", rapid.IntRange(1, 2).Draw(r, "code"))
	mv := referrals.Move{ID: fmt.Sprint(m.next), Desk: "fld", Code: code, AtRung: -1, At: m.b.clock.now(), Errands: drawErrands(r)}
	claim := int64(0)
	if is := m.held[code]; is != nil {
		claim = is.h.Claim
	}
	later := m.b.clock.now().Add(20 * time.Second)
	switch rapid.SampledFrom([]string{"offer", "claim", "claim", "accept", "expire", "rung"}).Draw(r, "move") {
	case "offer":
		mv.To, mv.Due, mv.Lane = referrals.Offered, later, referrals.Urgent
	case "claim":
		mv.From, mv.To, mv.Claims, mv.Due = []referrals.State{referrals.Offered}, referrals.Claimed, true, later
		mv.Most = rapid.IntRange(0, 2).Draw(r, "most")
	case "accept":
		mv.From, mv.To, mv.Claim = []referrals.State{referrals.Claimed}, referrals.Accepted, claim-int64(rapid.IntRange(0, 1).Draw(r, "old"))
	case "expire":
		mv.From, mv.To, mv.Claim = []referrals.State{referrals.Claimed, referrals.Accepted}, referrals.Offered, claim
	case "rung":
		mv.From, mv.To, mv.Due = []referrals.State{referrals.Offered}, referrals.Offered, later
		mv.AtRung = rapid.IntRange(0, 1).Draw(r, "rung")
		mv.Rung = mv.AtRung + 1
	}
	return mv
}

func (m *model) move(r *rapid.T) { m.makeMove(r, m.anyMove(r)) }

// withdraw takes a case back from the desk, or forestalls its offer.
func (m *model) withdraw(r *rapid.T) {
	if rapid.IntRange(0, 5).Draw(r, "dice") < 5 { // rare, because nothing comes after it
		return
	}
	mv := m.anyMove(r)
	mv.From = []referrals.State{"", referrals.Offered, referrals.Claimed, referrals.Accepted}
	mv.To, mv.Lane, mv.Due, mv.Claim, mv.Claims, mv.AtRung = referrals.Withdrawn, referrals.Urgent, time.Time{}, 0, false, -1
	m.makeMove(r, mv)
}

// moveAgain repeats a move that was tried before, whatever came of it.
func (m *model) moveAgain(r *rapid.T) {
	if len(m.made) > 0 {
		m.makeMove(r, m.made[rapid.IntRange(max(0, len(m.made)-3), len(m.made)-1).Draw(r, "old")])
	}
}

func (m *model) makeMove(r *rapid.T, mv referrals.Move) {
	lost := m.lost(r)
	got, tasks, err := m.b.Move(m.b.ctx, mv)
	m.loss.next.Store(false)
	m.made = append(m.made, mv)
	mine, want := m.moved(mv)
	if lost {
		if err == nil {
			r.Fatal("an answer that was lost arrived")
		}
		return
	}
	if !errors.Is(err, want) {
		r.Fatalf("%+v: %v, not %v", mv, err, want)
	}
	if is := m.held[mv.Code]; is != nil && !sameHolding(got, is.h) {
		r.Fatalf("%+v led to %+v, not %+v", mv, got, is.h)
	}
	if len(tasks) != mine {
		r.Fatalf("%+v gave %d errands, not %d", mv, len(tasks), mine)
	}
	m.inHand(r, tasks)
}

// moved makes a move in the model, and says how many of its errands are the mover's, and what it is answered.
func (m *model) moved(mv referrals.Move) (mine int, answer error) {
	is := m.held[mv.Code]
	prefix := fmt.Sprintf("%d-%s-%s", ms(mv.At), mv.Code, mv.ID)
	if is != nil {
		if given, again := is.made[mv.ID]; again {
			if mv.Claims && is.by != mv.ID {
				return 0, referrals.ErrNotThere
			}
			is.made[mv.ID] = m.grace()
			return m.stillMine("desk:fld", prefix, len(mv.Errands), given), nil
		}
	}
	begins := is == nil
	switch {
	case begins && !mv.Begins():
		return 0, referrals.ErrUnknown
	case begins:
		is = &modelHolding{h: referrals.Holding{Desk: mv.Desk, Code: mv.Code, Since: mv.At, Rung: mv.Rung}, made: map[string]time.Time{}}
		m.held[mv.Code] = is
		m.of[clockOf(mv.Code)] = &modelMember{}
	case !slices.Contains(mv.From, is.h.State) || mv.Claim != 0 && mv.Claim != is.h.Claim || mv.AtRung >= 0 && mv.AtRung != is.h.Rung:
		return 0, referrals.ErrNotThere
	case mv.Most > 0 && hasTaken(mv.To) && !hasTaken(is.h.State) && m.taken() >= mv.Most:
		return 0, referrals.ErrNoRoom
	}
	is.h.State, is.h.Due = mv.To, mv.Due
	is.made[mv.ID] = m.grace()
	if mv.Claims {
		is.h.Claim++
		is.by = mv.ID
	}
	if mv.AtRung >= 0 {
		is.h.Rung = mv.Rung
	}
	if mv.Lane != "" {
		is.h.Lane = mv.Lane
	}
	clock := m.of[clockOf(mv.Code)]
	clock.due, clock.taken, clock.lease = mv.Due, false, time.Time{}
	if begins && !is.h.Open() {
		return 0, nil
	}
	m.keepTasks("desk:fld", prefix, len(mv.Errands))
	return len(mv.Errands), nil
}

func hasTaken(s referrals.State) bool { return s == referrals.Claimed || s == referrals.Accepted }

// taken is how many the desk has claimed or accepted.
func (m *model) taken() (n int) {
	for _, is := range m.held {
		if hasTaken(is.h.State) {
			n++
		}
	}
	return n
}

func clockOf(code string) referrals.Member {
	return referrals.Member{Slot: "desk:fld", Name: "h" + code}
}

func sameHolding(a, b referrals.Holding) bool {
	return a.State == b.State && a.Claim == b.Claim && a.Rung == b.Rung && a.Lane == b.Lane && a.Due.Equal(b.Due) && a.Since.Equal(b.Since)
}

// checkHeld compares every holding, and what the desk's list and its count say.
func (m *model) checkHeld(r *rapid.T) {
	list, _, err := m.b.Holdings(m.b.ctx, "fld", nil, 10, "")
	if err != nil {
		r.Fatal(err)
	}
	opened := 0
	for code, is := range m.held {
		got, err := m.b.Holding(m.b.ctx, "fld", code)
		if err != nil || !sameHolding(got, is.h) {
			r.Fatalf("%s is %+v, not %+v: %v", code, got, is.h, err)
		}
		if is.h.Open() {
			opened++
		}
	}
	if len(list) != opened {
		r.Fatalf("%d are open, listed are %+v", opened, list)
	}
}
