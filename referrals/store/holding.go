package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// Move changes a holding and keeps the move's errands, in one script, and returns the holding
// and the errands as tasks, in their order, to run until Till, the grace from now, and to Settle
// then. Rung is set when the holding begins and when AtRung names the rung that the move starts
// from; First and Told, where Origin is given, unless the move may begin a holding and finds one. Since is the At of the move that began the holding. A holding that begins ended is never told of: the move's
// errands are not kept, and Events has nothing of it.
//
// The same move again (ID and code) within 48 hours changes nothing but the time of its errands, which
// begins anew, and returns the holding as it is now; errands that were settled meanwhile, or taken by
// another, are not among the tasks. ErrNotThere when the holding is not where the move starts from, or
// is a claim made again after another has claimed, beside the holding as it is; ErrNoRoom, beside it too, when the desk has
// as many as Most claimed or accepted; ErrUnknown when there is no holding. After any other error the move may have been made, or be made and not known to the replica that is
// online: make it again. One that the desk's server refuses for the time is made again by the store itself, once, unless Due may be wrong as well.
func (s *Store) Move(ctx context.Context, m referrals.Move) (referrals.Holding, []referrals.Task, error) {
	line := s.Now().Sub(s.now())
	held, tasks, err := s.move(ctx, m)
	if errors.Is(err, errApart) && (m.Due.IsZero() || (s.Now().Sub(s.now())-line).Abs() <= jump) {
		return s.move(ctx, m) // nothing was done, the clock of the desk's slot was asked anew, and that which it is due by is as it was
	}
	return held, tasks, err
}

// move makes a move once.
func (s *Store) move(ctx context.Context, m referrals.Move) (referrals.Holding, []referrals.Task, error) {
	one, tasks, err := s.making(m)
	if err != nil {
		return referrals.Holding{}, nil, err
	}
	if err := s.gather.run(ctx, s, one); err != nil {
		return referrals.Holding{}, nil, fmt.Errorf("move: %w", err)
	}
	outcome, mine, _ := strings.Cut(one.outcome, " ")
	switch outcome {
	case "unknown":
		return referrals.Holding{}, nil, referrals.ErrUnknown
	case "damaged":
		return referrals.Holding{}, nil, errDamaged(m.Desk, m.Code)
	case "moved", "elsewhere", "full":
	default:
		return referrals.Holding{}, nil, errUnexpected("move", answer{rest: []any{one.outcome}})
	}
	held, err := s.heldAfter(m, one)
	switch {
	case err != nil:
	case outcome == "elsewhere":
		err = referrals.ErrNotThere
	case outcome == "full":
		err = referrals.ErrNoRoom
	}
	if err != nil {
		return held, nil, err
	}
	tasks, err = stillMine(tasks, mine)
	return held, tasks, err
}

// heldAfter reads the holding that a move was answered with. What the mover has just sealed need not be opened.
func (s *Store) heldAfter(m referrals.Move, one *making) (referrals.Holding, error) {
	held, sealed, err := parseHolding(m.Desk, m.Code, one.held)
	switch {
	case err != nil:
	case sealed == one.reason:
		held.Reason = m.Reason
	default:
		held.Reason, err = s.openReason(m.Desk, m.Code, sealed)
	}
	return held, err
}

// making lays out a move's words and errands as move.lua wants them.
func (s *Store) making(m referrals.Move) (*making, []referrals.Task, error) {
	if err := checkMove(m); err != nil {
		return nil, nil, err
	}
	slot := DeskSlot(m.Desk)
	mine, line, now, begun := s.now(), s.Now(), s.clocks.at(slot), m.At
	if begun.IsZero() {
		begun = line
	}
	till := now.Add(s.grace)
	var errands []any
	var tasks []referrals.Task
	var err error
	if len(m.Errands) > 0 {
		prefix := strconv.FormatInt(ms(begun), 10) + "-" + m.Code + "-" + m.ID
		if errands, tasks, err = s.sealErrands(slot, prefix, m.Errands, mine.Add(s.grace), ms(till)); err != nil {
			return nil, nil, err
		}
	}
	reason, err := s.sealReason(m.Desk, m.Code, m.Reason)
	if err != nil {
		return nil, nil, err
	}
	w := wording{m: m, now: now, begun: begun, till: till, line: line, rings: s.clocks.shift(slot, m.Due), reason: reason}
	one := &making{desk: m.Desk, code: m.Code, text: w.all(), reason: reason, errands: errands}
	return one, tasks, nil
}

// checkMove refuses what cannot be kept as words.
func checkMove(m referrals.Move) error {
	if stateIndex(m.To) < 0 || m.ID == "" || m.Desk == "" || m.Code == "" {
		return errors.New("move: it needs an id, a desk, a code and a known state")
	}
	if !word(m.Code) || !word(m.Origin) || m.Rung < 0 || max(m.Rung, m.AtRung, m.First) > mostRung || m.First < 0 || len(m.Errands) > mostErrands {
		return errors.New("move: its code or its origin is no word, or it has more rungs or errands than there can be")
	}
	if m.Lane == "" && len(m.From) > 0 && m.Begins() { // its holding may exist, in a lane of its own
		return errors.New("move: one that may begin a holding or change one needs a lane")
	}
	return nil
}

// Holding returns what a desk holds under a code, or ErrUnknown.
func (s *Store) Holding(ctx context.Context, desk, code string) (referrals.Holding, error) {
	words, err := s.db.Get(ctx, s.holdingKey(desk, code)).Result()
	if errors.Is(err, redis.Nil) {
		return referrals.Holding{}, referrals.ErrUnknown
	}
	if err != nil {
		return referrals.Holding{}, fmt.Errorf("read a holding: %w", clean(err))
	}
	return s.readHolding(desk, code, words)
}

// readHolding reads what is stored: see holdingKey.
func (s *Store) readHolding(desk, code, text string) (referrals.Holding, error) {
	h, sealed, err := parseHolding(desk, code, text)
	if err != nil {
		return h, err
	}
	h.Reason, err = s.openReason(desk, code, sealed)
	return h, err
}

// parseHolding reads what is stored but for the reason, which it returns sealed.
func parseHolding(desk, code, text string) (h referrals.Holding, reason string, err error) {
	const due, claim, rung, words = 14, 50, 59, 63 // where the columns begin
	place, ok := readPlace(text)
	if !ok || len(text) <= words {
		return h, "", errDamaged(desk, code)
	}
	h = referrals.Holding{Desk: desk, Code: code, State: place.state, Lane: place.lane, Since: place.at}
	ends, err1 := strconv.ParseInt(text[due:due+timeWidth], 10, 64)
	number, err2 := strconv.ParseInt(text[claim:claim+claimWidth], 10, 64)
	last, err3 := strconv.Atoi(text[rung : rung+rungWidth])
	facts, ok := strings.CutPrefix(text[words:], " ")
	if !ok || err1 != nil || err2 != nil || err3 != nil {
		return h, "", errDamaged(desk, code)
	}
	h.Due, h.Rung = at(ends), last
	if _, own := referrals.ParseCode(code); own { // a mission's or headquarters': nobody claims it
		h.Handed = number
	} else {
		h.Claim = number
	}
	origin, facts, _ := strings.Cut(facts, " ")
	reason, _, _ = strings.Cut(facts, " ")
	if !readOrigin(origin, &h) {
		return h, "", errDamaged(desk, code)
	}
	return h, reason, nil
}

func errDamaged(desk, code string) error {
	return fmt.Errorf("the holding of %s at %s is damaged, or of another version of the line: it cannot be read", code, desk)
}
