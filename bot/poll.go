package bot

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"defenderline/referrals"
)

// inbox is where updates are kept before they are confirmed.
type inbox interface {
	Chat(bot string, chat int64) referrals.Member
	Keep(ctx context.Context, posts []referrals.Post) ([]referrals.Work, error)
}

// turns decides which process reads: one at a time.
type turns interface {
	Lease(ctx context.Context, name, owner string, ttl time.Duration) (bool, error)
	Unlease(ctx context.Context, name, owner string) error
}

// receiver keeps raw updates. Both ways of receiving use it.
type receiver struct {
	bot    byte
	store  inbox
	hand   func([]referrals.Work)
	away   *away
	log    *slog.Logger
	meters *Meters
}

// keep puts updates into the inboxes of their chats. Only when it returns nil may they be confirmed.
// One that cannot be decoded, or comes from no chat, is set aside and counted: it would come again
// for ever.
func (r *receiver) keep(ctx context.Context, raws []jsontext.Value) (last int64, err error) {
	posts := make([]referrals.Post, 0, len(raws))
	for _, raw := range raws {
		id, from, live, err := seen(raw)
		last = max(last, id)
		if err != nil || from.ID == 0 {
			r.meters.Unread.Inc()
			r.log.Warn("an update was set aside: it could not be read")
			last = max(last, updateID(raw))
			continue
		}
		body := make([]byte, 0, len(raw)+1)
		body = append(append(body, r.bot), raw...)
		posts = append(posts, referrals.Post{To: r.store.Chat(string(r.bot), from.ID), ID: string(r.bot) + formatID(id), Order: id, Body: body, Live: live})
	}
	if len(posts) == 0 {
		return last, nil
	}
	work, err := r.store.Keep(ctx, posts)
	if len(work) > 0 {
		r.hand(work)
	}
	if err != nil {
		r.away.failed(err, r.bot, posts)
		return 0, err
	}
	r.away.back()
	r.meters.Updates.WithLabelValues(botName(r.bot)).Add(float64(len(posts)))
	return last, nil
}

// updateID is the id of an update that could not be decoded otherwise; zero when even that is not there.
func updateID(raw []byte) int64 {
	var u struct {
		ID int64 `json:"update_id"`
	}
	if parse(raw, &u) != nil {
		return 0
	}
	return u.ID
}

func botName(b byte) string {
	if b == deskBot {
		return "desk"
	}
	return "line"
}

// poller is a getUpdates loop of our own: the library's confirms updates to Telegram as soon as they
// are in memory. Here the offset moves only after everything before it was kept.
type poller struct {
	*receiver
	client *Client
	lease  turns
	owner  string
	heard  func(error) // told how each call of Telegram ended
}

const (
	pollSeconds = 50
	// leaseFor is how long nobody reads after the reader was killed.
	leaseFor  = 5 * time.Second
	pollPause = time.Second
	// longestGap is the longest pause after a failure: people wait.
	longestGap = 3 * time.Second
)

func (p *poller) leaseName() string { return "poll:" + botName(p.bot) }

// run polls whenever it is this process's turn, until ctx ends.
func (p *poller) run(ctx context.Context) {
	for ctx.Err() == nil {
		mine, err := p.lease.Lease(ctx, p.leaseName(), p.owner, leaseFor)
		if err != nil || !mine {
			wait(ctx, pollPause)
			continue
		}
		p.read(ctx)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if p.lease.Unlease(end, p.leaseName(), p.owner) != nil {
		p.log.Warn("the reader's lease could not be given back; another replica takes over when it ends")
	}
}

// read polls for as long as the lease is held.
func (p *poller) read(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { defer cancel(); p.renew(ctx) })
	defer renewing.Wait()
	defer cancel()
	var offset int64
	var held unconfirmed
	tries := 0
	for ctx.Err() == nil {
		next, rest, err := p.once(ctx, offset, held)
		if held = rest; err == nil {
			offset, tries = next, 0
			continue
		}
		tries++
		if ctx.Err() == nil {
			p.log.Warn("receiving failed; it is tried again", "bot", botName(p.bot), "err", err)
		}
		wait(ctx, min(pause(err, tries), longestGap))
	}
}

// renew keeps the lease until ctx ends or somebody else has it. While the store does not answer, the
// lease is taken to be held: nothing can be kept without the store either.
func (p *poller) renew(ctx context.Context) {
	ctx, lost := context.WithCancel(ctx)
	defer lost()
	every(ctx, leaseFor/4, func() {
		if mine, err := p.lease.Lease(ctx, p.leaseName(), p.owner, leaseFor); err == nil && !mine {
			lost()
		}
	})
}

// once asks for a batch and keeps it, with what could not be kept before. The offset it returns confirms the batch with the
// next call; what it could not keep, it returns.
func (p *poller) once(ctx context.Context, offset int64, held unconfirmed) (int64, unconfirmed, error) {
	timeout := pollSeconds
	if len(held) > 0 {
		timeout = 0
	}
	params := encode(struct {
		Offset  int64    `json:"offset,omitempty"`
		Limit   int      `json:"limit"`
		Timeout int      `json:"timeout"`
		Allowed []string `json:"allowed_updates"`
	}{offset, 100, timeout, allowedUpdates})
	within, cancel := context.WithTimeout(ctx, (pollSeconds+15)*time.Second)
	defer cancel()
	raws, err := p.client.Updates(within, params)
	p.meters.called("getUpdates", err)
	p.heard(err)
	if err != nil && len(held) == 0 {
		return offset, nil, err
	}
	if len(held) > 0 {
		raws = held.with(raws)
	}
	last, err := p.keep(ctx, raws)
	if err != nil {
		return offset, unconfirmed(raws), err
	}
	return max(offset, last+1), nil, nil
}
