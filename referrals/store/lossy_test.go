package store

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// errLost is what a caller sees of an act that was done and whose answer never arrived.
var errLost = errors.New("the connection was cut before the answer")

// lossy loses answers of scripts on command: the script ran, and its caller gets errLost.
type lossy struct {
	next  atomic.Bool  // the next one
	every atomic.Int64 // each so manieth; zero: none
	seen  atomic.Int64
}

func (l *lossy) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *lossy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		cmd.SetErr(err) // as the driver would, later
		if l.loses(cmd) {
			cmd.SetErr(errLost)
			return errLost
		}
		return err
	}
}

func (l *lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if !l.loses(cmds...) {
			return err
		}
		for _, cmd := range cmds {
			cmd.SetErr(errLost)
		}
		return errLost
	}
}

// loses says that the answer of scripts that ran is to be lost. One that the server did not know has not run.
func (l *lossy) loses(cmds ...redis.Cmder) bool {
	for _, cmd := range cmds {
		if !strings.HasPrefix(strings.ToLower(cmd.Name()), "eval") || redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
			return false
		}
	}
	every := l.every.Load()
	return l.next.Swap(false) || every > 0 && l.seen.Add(1)%every == 0
}
