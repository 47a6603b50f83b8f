package store

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

//go:embed apart.lua
var apartLua string

//go:embed time.lua
var timeLua string

//go:embed counter.lua
var counterLua string

//go:embed lib.lua
var libLua string

//go:embed held.lua
var heldLua string

//go:embed keep.lua
var keepLua string

//go:embed take.lua
var takeLua string

//go:embed clock.lua
var clockLua string

//go:embed commit.lua
var commitLua string

//go:embed hold.lua
var holdLua string

//go:embed settle.lua
var settleLua string

//go:embed overdue.lua
var overdueLua string

//go:embed prolong.lua
var prolongLua string

//go:embed mend.lua
var mendLua string

//go:embed pull.lua
var pullLua string

//go:embed unmark.lua
var unmarkLua string

//go:embed move.lua
var moveLua string

//go:embed trail.lua
var trailLua string

//go:embed note.lua
var noteLua string

//go:embed refused.lua
var refusedLua string

//go:embed after.lua
var afterLua string

//go:embed lease.lua
var leaseLua string

//go:embed mark.lua
var markLua string

// scripts are everything that runs inside Redis. Each file says on top what it wants and
// what it answers.
type scripts struct {
	keep, take, clock, commit, hold, settle, overdue, prolong, mend, pull, unmark, move, note, refused, after, lease, mark, time *redis.Script
}

// anyTime is in the place of apart.lua where callers are given a clock.
const anyTime = "local function apart() return false end\n"

// newScripts makes the scripts; where their callers are given a clock, they are not held against the server's.
func newScripts(given bool) scripts {
	apart := apartLua
	if given {
		apart = anyTime
	}
	counter := apart + counterLua
	return scripts{
		keep:    redis.NewScript(counter + libLua + keepLua),
		take:    redis.NewScript(counter + libLua + takeLua),
		clock:   redis.NewScript(counter + heldLua + clockLua),
		commit:  redis.NewScript(counter + libLua + commitLua),
		hold:    redis.NewScript(counter + holdLua),
		settle:  redis.NewScript(settleLua),
		overdue: redis.NewScript(apart + overdueLua),
		prolong: redis.NewScript(apart + prolongLua),
		mend:    redis.NewScript(counter + mendLua),
		pull:    redis.NewScript(apart + heldLua + pullLua),
		unmark:  redis.NewScript(unmarkLua),
		move:    redis.NewScript(counter + heldLua + trailLua + moveLua),
		note:    redis.NewScript(trailLua + noteLua),
		refused: redis.NewScript(refusedLua),
		after:   redis.NewScript(afterLua),
		lease:   redis.NewScript(leaseLua),
		mark:    redis.NewScript(markLua),
		time:    redis.NewScript(timeLua),
	}
}

// call is one script to run; its keys are all of one slot.
type call struct {
	script *redis.Script
	keys   []string
	args   []any
}

// answer is what a script returned: its outcome and what follows it.
type answer struct {
	err  error
	rest []any
}

// run runs one script.
func (s *Store) run(ctx context.Context, c call) answer {
	a := read(c.script.Run(ctx, s.db, c.keys, c.args...))
	s.heed(ctx, []call{c}, []answer{a})
	return a
}

// runAll runs scripts in one round trip, and in a second those that a server had forgotten.
// Calls of different slots run in any order. Every call has its own answer.
func (s *Store) runAll(ctx context.Context, calls []call) []answer {
	switch len(calls) {
	case 0:
		return nil
	case 1:
		return []answer{s.run(ctx, calls[0])}
	}
	return s.pipeline(ctx, s.db, calls, nil)
}

// pipeline sends calls in one round trip, and after them the wait, if there is one.
func (s *Store) pipeline(ctx context.Context, db redis.Cmdable, calls []call, wait *waiting) []answer {
	pipe := db.Pipeline()
	sent := make([]*redis.Cmd, len(calls))
	for i, c := range calls {
		sent[i] = c.script.EvalSha(ctx, pipe, c.keys, c.args...)
	}
	wait.send(ctx, pipe)
	_, _ = pipe.Exec(ctx) // each command carries its own error
	var missing bool
	for i, c := range calls {
		if redis.HasErrorPrefix(sent[i].Err(), "NOSCRIPT") {
			sent[i], missing = c.script.Eval(ctx, pipe, c.keys, c.args...), true
		}
	}
	if missing {
		wait.send(ctx, pipe)
		_, _ = pipe.Exec(ctx)
	}
	answers := make([]answer, len(calls))
	for i := range sent {
		answers[i] = read(sent[i])
	}
	s.heed(ctx, calls, answers)
	return answers
}

func read(cmd *redis.Cmd) answer {
	rest, err := cmd.Slice()
	if err != nil {
		return answer{err: clean(err)}
	}
	a := answer{rest: rest}
	if len(rest) == 1 && a.text(0) == "apart" {
		return answer{err: errApart}
	}
	return a
}

// text returns the i-th value, "" when there is none.
func (a answer) text(i int) string {
	if i >= len(a.rest) {
		return ""
	}
	t, _ := a.rest[i].(string)
	return t
}

// blob returns the i-th value, nil when there is none.
func (a answer) blob(i int) []byte {
	if i >= len(a.rest) {
		return nil
	}
	if t, ok := a.rest[i].(string); ok {
		return []byte(t)
	}
	return nil
}

// errUnexpected is a script's answer that its contract does not know.
func errUnexpected(what string, a answer) error {
	return fmt.Errorf("%s: unexpected answer of the store, is another version writing to it?: %q", what, a.text(0))
}

// clean makes an error of Redis safe to log: what a server says about an unknown command
// repeats the arguments, so only the first words of such an answer are kept.
func clean(err error) error {
	if err == nil {
		return nil
	}
	if redis.HasErrorPrefix(err, "ERR unknown command") || redis.HasErrorPrefix(err, "NOPERM") {
		return errors.New("redis: the line's Redis user may not run a command it needs; allow it @scripting, @read, @write, @connection, TIME and INFO")
	}
	return err
}
