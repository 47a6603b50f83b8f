package store

import (
	"context"
	"fmt"
	"strconv"

	"defenderline/referrals"
)

// Missed notes that a notice reached nobody by one way, and says whether it has now failed by all of ways. Of two processes
// whose ways fail at the same time one is told so. The same way again changes nothing. What is noted counts for this notice alone: its
// rung may be alerted of the case again.
func (s *Store) Missed(ctx context.Context, n referrals.Notice, way string, ways []string) (all bool, err error) {
	alert := strconv.Itoa(n.Rung) + "." + strconv.FormatInt(ms(n.Due), 10) + "."
	args := []any{alert + way, s.endedFor.Milliseconds()}
	for _, w := range ways {
		args = append(args, alert+w)
	}
	a := s.run(ctx, call{s.scripts.mark, []string{s.missedKey(n.Desk, n.Code)}, args})
	if a.err != nil {
		return false, fmt.Errorf("note an alert that reached nobody: %w", a.err)
	}
	return a.text(0) == "all", nil
}
