package telegramsim

import (
	"math"
	"sync"
	"time"
)

// Limits are Telegram's speed limits for messages a bot sends or edits. Zero values take the documented
// ones: 30 a second for a bot, 1 a second for a chat after a burst of 3, 20 a minute for a group.
type Limits struct {
	BotPerSecond   float64
	ChatPerSecond  float64
	ChatBurst      float64
	GroupPerMinute float64
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
}

// take takes one token, or says how many seconds to wait for it, one at least.
func (b *bucket) take(now time.Time, perSecond, burst float64) (retryAfter int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.spent = max(0, b.spent-passed*perSecond)
		b.at = now
	}
	if b.spent+1 > burst {
		return max(1, int(math.Ceil((b.spent+1-burst)/perSecond)))
	}
	b.spent++
	return 0
}

// throttle refuses a message that comes too fast. The bot's own limit is asked last, so that a refused
// chat does not use it up.
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
	if wait := t.pace.take(now, perSecond, burst); wait > 0 {
		return tooMany(wait)
	}
	if wait := c.bot.pace.take(now, l.BotPerSecond, l.BotPerSecond); wait > 0 {
		return tooMany(wait)
	}
	return nil
}
