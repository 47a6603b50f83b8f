package main

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// repeatEvery is how often a warning is told that goes on.
	repeatEvery = time.Minute
	// mostWarnings bounds what is remembered of warnings.
	mostWarnings = 256
)

// calm is a log that tells a warning or an error when it comes first, and then at most once a minute while it goes on, with how
// long it has and how many times it came: many workers and retries say the same of one server that is away. What
// differs in any attribute is another warning. Lines below a warning pass.
type calm struct {
	slog.Handler
	under string // attributes and groups of this handler
	*streaks
}

// streaks are the warnings that go on, by what they say.
type streaks struct {
	mu sync.Mutex
	of map[string]*streak
}

type streak struct {
	began, told time.Time
	last        time.Time // when it came last
	times       int       // since it was told
}

// newCalm wraps a handler.
func newCalm(h slog.Handler) *calm { return &calm{h, "", &streaks{of: map[string]*streak{}}} }

// Handle implements slog.Handler.
func (c *calm) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn {
		return c.Handler.Handle(ctx, r)
	}
	lasted, times, tell := c.came(c.key(r), r.Time)
	if !tell {
		return nil
	}
	if lasted > 0 {
		r = r.Clone()
		r.AddAttrs(slog.String("for", lasted.Round(time.Second).String()), slog.Int("times", times))
	}
	return c.Handler.Handle(ctx, r)
}

// key is what a record says, without its time and the numbers in its error: those of ports differ with each connection.
func (c *calm) key(r slog.Record) string {
	var b strings.Builder
	b.WriteString(c.under + r.Message)
	r.Attrs(func(a slog.Attr) bool {
		said := a.String()
		if a.Key == "err" {
			said = strings.Map(func(c rune) rune {
				if c >= '0' && c <= '9' {
					return -1
				}
				return c
			}, said)
		}
		b.WriteString("\x00" + said)
		return true
	})
	return b.String()
}

// came notes a warning and says whether to tell it: for how long it has come, and how many times since it was told.
func (s *streaks) came(key string, at time.Time) (lasted time.Duration, times int, tell bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.of[key]
	if is == nil || at.Sub(is.last) >= repeatEvery {
		s.forget(at)
		s.of[key] = &streak{began: at, told: at, last: at}
		return 0, 1, true
	}
	is.last, is.times = at, is.times+1
	if at.Sub(is.told) < repeatEvery {
		return 0, 0, false
	}
	lasted, times = at.Sub(is.began), is.times
	is.told, is.times = at, 0
	return lasted, times, true
}

// forget makes room: of what has ended, and of everything when that is not enough.
func (s *streaks) forget(at time.Time) {
	if len(s.of) < mostWarnings {
		return
	}
	for key, is := range s.of {
		if at.Sub(is.last) >= repeatEvery {
			delete(s.of, key)
		}
	}
	if len(s.of) >= mostWarnings {
		clear(s.of)
	}
}

// WithAttrs implements slog.Handler.
func (c *calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	under := c.under
	for _, a := range attrs {
		under += a.String() + "\x00"
	}
	return &calm{c.Handler.WithAttrs(attrs), under, c.streaks}
}

// WithGroup implements slog.Handler.
func (c *calm) WithGroup(name string) slog.Handler {
	return &calm{c.Handler.WithGroup(name), c.under + name + "\x00", c.streaks}
}
