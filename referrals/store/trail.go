package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// The audit trail is text: a string for each desk and day, to which the script that makes a move appends the move's line, so
// that a move and its line are one. A string costs nothing beside its text, and a day ends as a whole, by Redis's clock,
// Options.AuditFor after its first line was written. A line is columns of fixed width, from ... to
//
//	1 state, as in a holding, or 'P' paged, 'R' reached, 'S' asked, 'Y' agreed, 'N' refused  2 lane  3 14 since  15 26 made at (both in milliseconds, hexadecimal)
//	27 30 rung  31 way, a capital letter where the holding began  32 code; a space and the reason, sealed as in a holding
//
// and a line feed. What stands there in the clear is what a holding has in the clear, and by which way an act came; desks read
// it in no other form.
const (
	lineAt, lineRung, lineWay, lineCode = 14, 26, 30, 31
)

// lettered is a way, and its letters in a line: of a holding that there is, and of one that begins.
type lettered struct {
	way          referrals.Way
	there, begun byte
}

// ways are all there are. Never give one's letters to another.
func ways() [6]lettered {
	return [...]lettered{{"", '-', '+'}, {referrals.ByChat, 'c', 'C'}, {referrals.ByAPI, 'a', 'A'}, {referrals.ByClock, 't', 'T'},
		{referrals.ByDefender, 'd', 'D'}, {referrals.ByLine, 'l', 'L'}}
}

// wayLetter is a way's letter.
func wayLetter(way referrals.Way, begins bool) byte {
	for _, w := range ways() {
		switch {
		case w.way == way && begins:
			return w.begun
		case w.way == way:
			return w.there
		}
	}
	return wayLetter("", begins)
}

// letterWay is the way of a letter.
func letterWay(letter byte) (way referrals.Way, begins, ok bool) {
	for _, w := range ways() {
		if w.there == letter || w.begun == letter {
			return w.way, w.begun == letter, true
		}
	}
	return "", false, false
}

// lineKinds are the kinds of line that are about no move, by their letter.
func lineKinds() map[byte]referrals.LineKind {
	return map[byte]referrals.LineKind{'P': referrals.LinePaged, 'R': referrals.LineReached,
		'S': referrals.LineAsked, 'Y': referrals.LineAgreed, 'N': referrals.LineRefused}
}

// trailSlot is where the lines of a desk are, "" being those about none.
func trailSlot(desk string) string {
	if desk == "" {
		return auditSlot
	}
	return DeskSlot(desk)
}

// Note writes a line of the audit trail that is about no move; those about moves are written by the moves. Written again, it
// stands there twice and means the same. Where there are replicas, one of them has it when Note returns.
func (s *Store) Note(ctx context.Context, l referrals.Line) error {
	var letter byte
	for is, kind := range lineKinds() {
		if kind == l.Kind {
			letter = is
		}
	}
	if letter == 0 || l.Code == "" || !word(l.Code) {
		return fmt.Errorf("note: a line of the kind %q is not written so, or has no code", l.Kind)
	}
	why, err := s.sealReason(l.Desk, l.Code, l.Why)
	if err != nil {
		return err
	}
	text := appendTime(appendTime([]byte{letter, byte('0' + l.Lane.Rank())}, l.At), l.At)
	text = append(append(text, "0000"...), wayLetter(l.Way, true))
	text = append(text, l.Code...)
	if why != "" {
		text = append(append(text, ' '), why...)
	}
	key := s.trailKey(trailSlot(l.Desk), s.Now())
	a := s.runSynced(ctx, []call{{s.scripts.note, []string{key}, []any{append(text, '\n'), s.auditFor.Milliseconds()}}})[0]
	if a.err != nil {
		return fmt.Errorf("note: %w", a.err)
	}
	return nil
}

// late and early are how far from its own day a line may stand: a move that failed is made again until it succeeds, and
// clocks are apart.
const (
	trailLate  = 7 * 24 * time.Hour
	trailEarly = 24 * time.Hour
	daysAtOnce = 8
)

// Trail reads the lines that a desk has of the time from one until before another, "" those that are about none, in the
// order in which they were written, and returns how many it could not read: of a newer version, or sealed with keys that this process
// does not have. A reason that cannot be opened leaves its line without one, and counts. A round trip for eight days.
func (s *Store) Trail(ctx context.Context, desk string, from, to time.Time, each func(referrals.Line)) (unread int, err error) {
	days := s.trailDays(desk, from, to, s.trailKey)
	for len(days) > 0 {
		n := min(daysAtOnce, len(days))
		texts, err := s.getAll(ctx, days[:n])
		if err != nil {
			return unread, fmt.Errorf("read the audit trail: %w", err)
		}
		for _, text := range texts {
			unread += s.readLines(desk, text, func(l referrals.Line) {
				if !l.At.Before(from) && l.At.Before(to) {
					each(l)
				}
			})
		}
		days = days[n:]
	}
	return unread, nil
}

// trailDays are the keys of the days on which lines of a time may stand.
func (s *Store) trailDays(desk string, from, to time.Time, key func(string, time.Time) string) []string {
	var keys []string
	day, last := from.Add(-trailEarly).UTC().Truncate(24*time.Hour), to.Add(trailLate)
	if ahead := s.Now().Add(trailEarly); last.After(ahead) {
		last = ahead
	}
	for ; !day.After(last); day = day.AddDate(0, 0, 1) {
		keys = append(keys, key(trailSlot(desk), day))
	}
	return keys
}

// getAll reads strings of one slot, without those that are not there.
func (s *Store) getAll(ctx context.Context, keys []string) ([]string, error) {
	values, err := s.db.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, clean(err)
	}
	var texts []string
	for _, v := range values {
		if text, ok := v.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts, nil
}

// readLines reads the lines of a day.
func (s *Store) readLines(desk, text string, each func(referrals.Line)) (unread int) {
	for line := range strings.Lines(text) {
		l, sealed, ok := parseLine(strings.TrimSuffix(line, "\n"))
		if !ok {
			unread++
			continue
		}
		l.Desk = desk
		var err error
		if l.Why, err = s.openReason(desk, l.Code, sealed); err != nil {
			unread++
		}
		each(l)
	}
	return unread
}

// parseLine reads a line but for its desk and its reason, which it returns sealed.
func parseLine(text string) (l referrals.Line, sealed string, ok bool) {
	if len(text) <= lineCode {
		return l, "", false
	}
	kind, other := lineKinds()[text[0]]
	if other {
		text = "a" + text[1:] // no state: the rest is read as of any
	}
	is, ok1 := readPlace(text)
	way, begins, ok2 := letterWay(text[lineWay])
	made, err1 := strconv.ParseInt(text[lineAt:lineRung], 16, 64)
	rung, err2 := strconv.Atoi(text[lineRung:lineWay])
	if !ok1 || !ok2 || err1 != nil || err2 != nil {
		return l, "", false
	}
	code, sealed, _ := strings.Cut(text[lineCode:], " ")
	l = referrals.Line{Kind: kind, Code: strings.Clone(code), Lane: is.lane, At: at(made), Way: way} // not the whole day with it
	if !other {
		l.State, l.Rung, l.Since, l.Begins = is.state, rung, is.at, begins
	}
	return l, sealed, true
}

// TrailDesks are the desks that may have lines: those of every configuration that served in the last Options.AuditFor.
func (s *Store) TrailDesks(ctx context.Context) ([]string, error) {
	desks, err := s.db.ZRange(ctx, s.knownKey(), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("list whose audit trail there is: %w", clean(err))
	}
	return desks, nil
}

// know notes which desks there are, so that their lines are found when the configuration has them no longer.
func (s *Store) know(ctx context.Context, now time.Time) error {
	if len(s.desks) == 0 {
		return nil
	}
	members := make([]redis.Z, len(s.desks))
	for i, desk := range s.desks {
		members[i] = redis.Z{Score: float64(ms(now)), Member: desk}
	}
	key, pipe := s.knownKey(), s.db.Pipeline()
	pipe.ZAdd(ctx, key, members...)
	pipe.ZRemRangeByScore(ctx, key, "-inf", strconv.FormatInt(ms(now.Add(-s.auditFor)), 10))
	pipe.PExpire(ctx, key, s.auditFor)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("note which desks there are: %w", clean(err))
	}
	return nil
}
