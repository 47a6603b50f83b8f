package bot

import (
	"time"

	"golang.org/x/time/rate"
)

// What Telegram allows a bot to send (Bot API FAQ, "My bot is hitting limits"): about 30 messages a second in all, one a
// second in a private chat with short bursts, 20 a minute in a group. The line stays a little below, because a
// refusal costs seconds.
const (
	perSecond      = 28
	botBurst       = 10
	chatPerSecond  = 1
	chatBurst      = 2
	groupPerMinute = 18
	groupBurst     = 5
)

// pace keeps messages to what Telegram allows each bot and each chat. A server that has no such limits, a Bot
// API server of one's own, is not held to them until it refuses for the first time.
type pace struct {
	limited bool
	bots    map[byte]*bucket
	chats   map[address]*bucket
	swept   int // how many chats there were when those at rest were last forgotten
}

// address is a chat as one bot sees it. The zero address is no chat: only its bot's limit counts.
type address struct {
	bot  byte
	chat int64
}

// bucket is a token bucket that may also be shut for a while.
type bucket struct {
	limiter *rate.Limiter
	shut    time.Time // Telegram asked for patience until then
	written uint64    // the number of the last message
}

func newPace(limited bool) pace {
	return pace{limited: limited, bots: map[byte]*bucket{}, chats: map[address]*bucket{}}
}

// chatWait is how long a chat cannot be written to, if so many messages to it shall be left to others.
func (p *pace) chatWait(a address, spare int, now time.Time) time.Duration {
	if !p.limited || a.chat == 0 {
		return 0
	}
	return p.chat(a).wait(spare, now)
}

// botWait is how long a bot cannot write to anybody.
func (p *pace) botWait(b byte, now time.Time) time.Duration {
	if !p.limited {
		return 0
	}
	return p.bot(b).wait(0, now)
}

// spend counts one message, the n-th.
func (p *pace) spend(a address, n uint64, now time.Time) {
	if !p.limited {
		return
	}
	p.bot(a.bot).limiter.AllowN(now, 1)
	if a.chat != 0 {
		c := p.chat(a)
		c.limiter.AllowN(now, 1)
		c.written = n
	}
}

// written is which message was the last to a chat; 0 when it is long ago.
func (p *pace) written(a address) uint64 {
	if c := p.chats[a]; c != nil {
		return c.written
	}
	return 0
}

// refused notes that Telegram asked for patience with a chat. The refusal does not say whether the chat or the bot wrote
// too much: the chat rests for as long as was asked, and the bot begins anew with what it may send a second.
func (p *pace) refused(a address, patience time.Duration, now time.Time) {
	p.limited = true
	if a.chat != 0 {
		c := p.chat(a)
		c.shut = now.Add(patience)
	}
	all := p.bot(a.bot).limiter
	all.AllowN(now, int(all.TokensAt(now)))
}

func (p *pace) bot(b byte) *bucket {
	if p.bots[b] == nil {
		p.bots[b] = &bucket{limiter: rate.NewLimiter(perSecond, botBurst)}
	}
	return p.bots[b]
}

// mostChats is how many chats are remembered before those at rest are forgotten.
const mostChats = 1000

func (p *pace) chat(a address) *bucket {
	if c := p.chats[a]; c != nil {
		return c
	}
	c := &bucket{limiter: rate.NewLimiter(chatPerSecond, chatBurst)}
	if a.chat < 0 { // Bot API: groups and channels have negative ids
		c.limiter = rate.NewLimiter(rate.Limit(groupPerMinute)/60, groupBurst)
	}
	p.chats[a] = c
	return c
}

// forget drops the chats that may be written to as if they were new, once in a while.
func (p *pace) forget(now time.Time) {
	if len(p.chats) < mostChats+2*p.swept {
		return
	}
	for a, c := range p.chats {
		if c.limiter.TokensAt(now) >= float64(c.limiter.Burst()) && !now.Before(c.shut) {
			delete(p.chats, a)
		}
	}
	p.swept = len(p.chats)
}

// wait is how long until there is a token beside those that are spared.
func (b *bucket) wait(spare int, now time.Time) time.Duration {
	shut := max(0, b.shut.Sub(now))
	missing := float64(1+spare) - b.limiter.TokensAt(now)
	if missing <= 0 {
		return shut
	}
	// Rounded up, so that the token is there when the wait is over.
	return max(shut, time.Duration(missing/float64(b.limiter.Limit())*float64(time.Second))+time.Microsecond)
}
