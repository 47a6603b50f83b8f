package bot

import "time"

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

// bucket is a token bucket that may also be shut for a while. A token can be given back, which x/time/rate cannot do: what is
// found to be needless only when its turn has come must not cost the next its turn.
type bucket struct {
	perSecond, most float64
	tokens          float64
	at              time.Time // when tokens was right
	shut            time.Time // Telegram asked for patience until then
	written         uint64    // the number of the last message
	inRow           int       // alerts in a row
	yields          time.Time // until when alerts let others pass; zero: they do not
}

func newBucket(perSecond, most float64) *bucket {
	return &bucket{perSecond: perSecond, most: most, tokens: most}
}

// fill brings the tokens up to date.
func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.tokens = min(b.most, b.tokens+passed*b.perSecond)
		b.at = now
	}
}

// wait is how long until there is a token beside those that are spared.
func (b *bucket) wait(spare int, now time.Time) time.Duration {
	b.fill(now)
	shut := max(0, b.shut.Sub(now))
	missing := float64(1+spare) - b.tokens
	if missing <= 0 {
		return shut
	}
	// Rounded up, so that the token is there when the wait is over.
	return max(shut, time.Duration(missing/b.perSecond*float64(time.Second))+time.Microsecond)
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

// spend counts one message of a lane, the n-th.
func (p *pace) spend(a address, at lane, n uint64) {
	if !p.limited {
		return
	}
	p.bot(a.bot).tokens--
	if a.chat == 0 {
		return
	}
	c := p.chat(a)
	c.tokens--
	c.written = n
	if c.inRow++; at != laneEmergency || !c.yields.IsZero() { // others came, or had their moment
		c.inRow, c.yields = 0, time.Time{}
	}
}

// back gives back what was spent on a message that was not sent.
func (p *pace) back(a address) {
	if !p.limited {
		return
	}
	p.bot(a.bot).tokens++
	if a.chat != 0 {
		c := p.chat(a)
		c.tokens++
		c.inRow = max(0, c.inRow-1)
	}
}

// A chat lets what is no alert pass after so many alerts in a row, if something comes within a moment: an officer whom
// alerts flood still gets the documents of the case that they opened.
const (
	alertsInRow = 4
	moment      = 100 * time.Millisecond
)

// alertWait is how long a chat cannot be sent an alert: alerts let others pass once in a while, all of them together.
func (p *pace) alertWait(a address, now time.Time) time.Duration {
	wait := p.chatWait(a, 0, now)
	c := p.chats[a]
	if c == nil || c.inRow < alertsInRow {
		return wait
	}
	if c.yields.IsZero() {
		c.yields = now.Add(wait + moment)
	}
	return max(wait, c.yields.Sub(now))
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
		p.chat(a).shut = now.Add(patience)
	}
	all := p.bot(a.bot)
	all.fill(now)
	all.tokens = min(all.tokens, 0)
}

// rest lets a bot write to nobody for a while: it was refused in every chat that it wrote to. Every call that is made
// nevertheless makes Telegram's patience shorter. It is not known how long an alert would have to wait, so it is tried again
// after a moment, one message at a time.
func (p *pace) rest(b byte, patience time.Duration, now time.Time) {
	all := p.bot(b)
	all.shut = now.Add(patience)
}

func (p *pace) bot(b byte) *bucket {
	if p.bots[b] == nil {
		p.bots[b] = newBucket(perSecond, botBurst)
	}
	return p.bots[b]
}

// mostChats is how many chats are remembered before those at rest are forgotten.
const mostChats = 1000

func (p *pace) chat(a address) *bucket {
	if c := p.chats[a]; c != nil {
		return c
	}
	c := newBucket(chatPerSecond, chatBurst)
	if a.chat < 0 { // Bot API: groups and channels have negative ids
		c = newBucket(groupPerMinute/60., groupBurst)
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
		if c.fill(now); c.tokens >= c.most && !now.Before(c.shut) {
			delete(p.chats, a)
		}
	}
	p.swept = len(p.chats)
}
