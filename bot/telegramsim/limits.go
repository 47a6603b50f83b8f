package telegramsim

import (
	"math"
	"sync"
	"time"
)

// Limits are Telegram's speed limits for messages a bot sends or edits, keyboards included; answers to presses,
// deletions and actions are free. Zero values take the documented ones: 30 a second for a bot, 1 a second for a chat
// after a burst of 3, 20 a minute for a group.
type Limits struct {
	BotPerSecond   float64
	ChatPerSecond  float64
	ChatBurst      float64
	GroupPerMinute float64
	// Strict makes a refusal last: until the seconds it named have passed the same chat, or bot, is refused
	// again, as Telegram's flood waits do. Without, a message goes as soon as the rate has room for it.
	Strict bool
}

// Times gives the limits with all rates and bursts multiplied: the simulated send capacity of a test that runs
// faster than real time.
func (l Limits) Times(factor float64) Limits {
	l = l.filled()
	l.BotPerSecond *= factor
	l.ChatPerSecond *= factor
	l.ChatBurst *= factor
	l.GroupPerMinute *= factor
	return l
}

func (l Limits) filled() Limits {
	fill := func(v *float64, usual float64) {
		if *v == 0 {
			*v = usual
		}
	}
	fill(&l.BotPerSecond, 30)
	fill(&l.ChatPerSecond, 1)
	fill(&l.ChatBurst, 3)
	fill(&l.GroupPerMinute, 20)
	return l
}

// bucket is a token bucket; its zero value is full.
type bucket struct {
	mu    sync.Mutex
	spent float64
	at    time.Time
	shut  time.Time // with Limits.Strict: refused until then
}

// give puts a token back that was not used.
func (b *bucket) give() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent = max(0, b.spent-1)
}

// shutFor says how many whole seconds a bucket that refused stays shut.
func (b *bucket) shutFor(now time.Time) int {
	return max(0, int(math.Ceil(b.shut.Sub(now).Seconds())))
}

// take takes one token, or says how many seconds to wait for it, one at least.
func (b *bucket) take(now time.Time, perSecond, burst float64, strict bool) (retryAfter int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wait := b.shutFor(now); strict && wait > 0 {
		return wait
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.spent = max(0, b.spent-passed*perSecond)
		b.at = now
	}
	if b.spent+1 > burst {
		wait := max(1, int(math.Ceil((b.spent+1-burst)/perSecond)))
		b.shut = now.Add(time.Duration(wait) * time.Second)
		return wait
	}
	b.spent++
	return 0
}

// throttle refuses a message that comes too fast. What one limit refuses does not use up the other.
func (c *call) throttle(t *chat) *Error {
	l := c.srv.limits.Load()
	if l == nil {
		return nil
	}
	now := c.srv.now()
	perSecond, burst := l.ChatPerSecond, l.ChatBurst
	if t.info.Type != "private" {
		perSecond, burst = l.GroupPerMinute/60, l.GroupPerMinute
	}
	if wait := t.pace.take(now, perSecond, burst, l.Strict); wait > 0 {
		return tooMany(wait)
	}
	if wait := c.bot.pace.take(now, l.BotPerSecond, l.BotPerSecond, l.Strict); wait > 0 {
		t.pace.give()
		return tooMany(wait)
	}
	return nil
}
