package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"defenderline/referrals"
)

// Move changes a holding and keeps the move's errands, in one script, and returns the holding
// and the errands as tasks, in their order, to run until Till, the grace from now, and to Settle
// then. Rung is set when the holding begins and when AtRung names the rung that the move starts
// from. Since is the At of the move that began the holding. A holding that begins ended is never told of: the move's
// errands are not kept, and Events has nothing of it.
//
// The same move again (ID and code) within 48 hours changes nothing but the time of its errands, which
// begins anew, and returns the holding as it is now; errands that were settled meanwhile, or taken by
// another, are not among the tasks. ErrNotThere when the holding is not where the move starts from, or
// is a claim made again after another has claimed, beside the holding as it is; ErrUnknown when there
// is none.
func (s *Store) Move(ctx context.Context, m referrals.Move) (referrals.Holding, []referrals.Task, error) {
	c, tasks, err := s.moveCall(m)
	if err != nil {
		return referrals.Holding{}, nil, err
	}
	a := s.run(ctx, c)
	if a.err != nil {
		return referrals.Holding{}, nil, fmt.Errorf("move: %w", a.err)
	}
	if a.text(0) == "unknown" || len(a.rest) == 2 { // 2: made before, and forgotten since
		return referrals.Holding{}, nil, referrals.ErrUnknown
	}
	held, err := s.readHolding(m.Desk, m.Code, pairs(a, 2))
	if err != nil {
		return held, nil, err
	}
	switch a.text(0) {
	case "elsewhere":
		return held, nil, referrals.ErrNotThere
	case "moved":
		tasks, err = stillMine(tasks, a.text(1))
		return held, tasks, err
	}
	return held, nil, errUnexpected("move", a)
}

func pairs(a answer, i int) map[string]string {
	fields := make(map[string]string)
	for ; i+1 < len(a.rest); i += 2 {
		fields[a.text(i)] = a.text(i + 1)
	}
	return fields
}

// moveCall lays out keys and values as move.lua wants them.
func (s *Store) moveCall(m referrals.Move) (call, []referrals.Task, error) {
	letter, ok := stateLetter(m.To)
	if !ok || m.ID == "" || m.Desk == "" || m.Code == "" {
		return call{}, nil, errors.New("move: it needs an id, a desk, a code and a known state")
	}
	now, lane := s.now(), m.Lane
	begun := m.At
	if begun.IsZero() {
		begun = now
	}
	if m.Begins() && lane == "" {
		if len(m.From) > 0 { // its holding may exist, in a lane of its own
			return call{}, nil, errors.New("move: one that may begin a holding or change one needs a lane")
		}
		lane = referrals.Routine
	}
	slot := DeskSlot(m.Desk)
	prefix := fmt.Sprintf("%d-%s-%s", ms(begun), m.Code, m.ID)
	till := now.Add(s.grace)
	errands, tasks, err := s.sealErrands(slot, prefix, m.Errands, till)
	if err != nil {
		return call{}, nil, err
	}
	reason, err := s.sealReason(m.Desk, m.Code, m.Reason)
	if err != nil {
		return call{}, nil, err
	}
	args := []any{
		m.Code + "/" + m.ID, ms(now), ms(now.Add(-known)), known.Milliseconds(), m.Code, startStates(m.From),
		string(m.To), letter, bit(referrals.Holding{State: m.To}.Open()),
		m.Claim, bit(m.Claims), m.AtRung, m.Rung, ms(m.Due), ms(begun), fmt.Sprintf("%012x", max(0, ms(begun))),
		string(lane), lane.Rank(), m.Origin, reason,
		s.endedFor.Milliseconds(), ms(now.Add(s.endedFor)), ms(till),
	}
	keys := []string{
		holdingKey(m.Desk, m.Code), queueKey(m.Desk), endedKey(m.Desk), opsKey(m.Desk),
		dueKey(slot), outboxKey(slot), errandsKey(slot), eventsKey(m.Desk), counterKey(slot),
	}
	return call{s.scripts.move, keys, append(args, errands...)}, tasks, nil
}

// startStates is ",a,b," or "".
func startStates(from []referrals.State) string {
	if len(from) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteByte(',')
	for _, state := range from {
		b.WriteString(string(state))
		b.WriteByte(',')
	}
	return b.String()
}

func bit(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

// Holding returns what a desk holds under a code, or ErrUnknown.
func (s *Store) Holding(ctx context.Context, desk, code string) (referrals.Holding, error) {
	fields, err := s.db.HGetAll(ctx, holdingKey(desk, code)).Result()
	if err != nil {
		return referrals.Holding{}, fmt.Errorf("read a holding: %w", clean(err))
	}
	if len(fields) == 0 {
		return referrals.Holding{}, referrals.ErrUnknown
	}
	return s.readHolding(desk, code, fields)
}

func (s *Store) readHolding(desk, code string, fields map[string]string) (referrals.Holding, error) {
	h := referrals.Holding{
		Desk: desk, Code: code, State: referrals.State(fields["st"]), Lane: referrals.Lane(fields["ln"]),
		Origin: fields["or"],
	}
	var numbers [4]int64
	for i, name := range []string{"cl", "rg", "si", "du"} {
		n, err := strconv.ParseInt(fields[name], 10, 64)
		if err != nil {
			return h, fmt.Errorf("the holding of %s at %s is damaged: field %s is not a number", code, desk, name)
		}
		numbers[i] = n
	}
	h.Claim, h.Rung, h.Since, h.Due = numbers[0], int(numbers[1]), at(numbers[2]), at(numbers[3])
	var err error
	h.Reason, err = s.openReason(desk, code, fields[reasonField])
	return h, err
}
