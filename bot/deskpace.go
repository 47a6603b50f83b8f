package bot

import (
	"strings"
	"sync"
	"time"
)

// deskPace bounds what one chat of a desk can make the line do in a minute: a taken phone that presses for more than any hand does
// must not fill the outbox with documents. It is kept in memory, by each process for itself, because officers' chats have no
// record. Acknowledging is never refused. A nil one refuses nothing.
type deskPace struct {
	mu     sync.Mutex
	minute int64
	acts   map[int64]int
}

// mostDeskActs is how many acts of a chat are done in a minute: ten a second, which is more than several people press in a group.
const mostDeskActs = 600

// admits counts an act of a chat. It says false beyond the limit, and tell while it is still answered.
func (p *deskPace) admits(chat int64, u update, now time.Time) (ok, tell bool) {
	if p == nil {
		return true, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if minute := now.Unix() / 60; minute != p.minute {
		p.minute, p.acts = minute, map[int64]int{}
	}
	p.acts[chat]++
	n := p.acts[chat]
	acknowledges := u.Callback != nil && strings.HasPrefix(u.Callback.Data, "ack:")
	return n <= mostDeskActs || acknowledges, n <= mostDeskActs+mostSlow
}
