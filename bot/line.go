package bot

import (
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"defenderline/flows"
	"defenderline/i18n"
	"defenderline/referrals"
)

// Store is everything the line asks of where it keeps things, part by part.
type Store interface {
	inbox
	turns
	bench
	leases
	relay
	late
	ledger
	holdings
	counts
	history
	archive
	shelf
	rolls
	refuser
}

// Sealer is everything the line asks of OpenPGP.
type Sealer interface {
	sealer
	fileSealer
	keys
}

// Options are what a line is made of. All fields are needed but those said to be optional.
type Options struct {
	API       string // address of the Bot API server
	Token     string
	DeskToken string // optional: a bot of its own for desks
	// WebhookURL and WebhookSecret: optional, long polling without.
	WebhookURL, WebhookSecret string
	// WebhookDeskURL is where the desk bot's updates are delivered; needed with both.
	WebhookDeskURL string

	Store     Store
	Sealer    Sealer
	Directory *referrals.Directory
	Texts     *i18n.Catalogue
	// Fallback are other ways to help, by language, told to people when the line has trouble; optional.
	Fallback map[string]string
	// Facts are arguments of the line's own pages: flows.FactNames.
	Facts     map[string]any
	Limits    Limits
	OpenCases int
	Retention Retention
	// Lease is how long the store leaves work with a worker.
	Lease time.Duration
	// Owner names this process among replicas.
	Owner string

	// Now is the time of the line, the same for all its processes. Own is this machine's, by which it measures for how long
	// something has lasted here: it never goes back by its monotonic reading. Nil: Now.
	Now, Own func() time.Time

	Random io.Reader
	Log    *slog.Logger
	Meters *Meters

	Mail *Mail // optional: desks are told by mail too
}

// Numbers of goroutines, and how often what others left is looked for.
const (
	workerCount   = 8
	urgentWorkers = 2 // further workers that take nothing but emergencies
	senderCount   = 32
	urgentCount   = 4 // further senders that take nothing but emergencies
	queueLength   = 256
	lookEvery     = 500 * time.Millisecond
	sweepEvery    = 2 * time.Second
	lastWords     = 5 * time.Second // at the end: for what is still to be sent
	lastCalls     = 2 * time.Second // and for what is being sent then
)

// Line is one replica's bot.
type Line struct {
	o       Options
	clients map[byte]*Client
	setups  map[byte]*setup
	workers *workers
	runner  *runner
	out     *outbox
	pollers []*poller
	hooks   map[string]http.Handler // by bot
	reaches map[byte]*reach
	clock   *telegramClock
	roster  *roster
}

// New assembles a line. Nothing runs and nothing is called until Run.
func New(o Options) (*Line, error) {
	engine, err := flows.New(&guide{dir: o.Directory, seal: o.Sealer, texts: o.Texts})
	if err != nil {
		return nil, err
	}
	engine.Facts, engine.OpenCases = o.Facts, o.OpenCases
	if o.Own == nil {
		o.Own = o.Now
	}
	o.Meters.expect(o.Directory)
	l := &Line{o: o, clients: map[byte]*Client{}, setups: map[byte]*setup{}, hooks: map[string]http.Handler{}, reaches: map[byte]*reach{},
		clock: &telegramClock{now: o.Own}, roster: &roster{store: o.Store, counts: o.Store, dir: o.Directory, log: o.Log}}
	if err := l.bots(); err != nil {
		return nil, err
	}
	l.out = newOutbox(!ownServer(o.API), o.Own)
	l.assemble(engine)
	return l, nil
}

// ownServer says whether a Bot API server is on this machine: it may allow more than Telegram's own, and what it does allow
// is learned from its refusals.
func ownServer(api string) bool {
	for _, own := range []string{"http://127.", "http://localhost", "http://[::1]"} {
		if strings.HasPrefix(api, own) {
			return true
		}
	}
	return false
}

// bots makes a client for each of the bots.
func (l *Line) bots() error {
	tokens := map[byte]string{lineBot: l.o.Token}
	if l.o.DeskToken != "" {
		tokens[deskBot] = l.o.DeskToken
	}
	for b, token := range tokens {
		l.clients[b] = NewClient(l.o.API, token, senderCount+urgentCount+2)
		l.clients[b].dated = l.clock.heard
		l.reaches[b] = &reach{bot: b, now: l.o.Own, log: l.o.Log}
		s, err := newSetup(b, token, strings.TrimRight(l.o.API, "/"), l.clients[b], l.o.Texts, l.o.Log)
		if err != nil {
			return err
		}
		l.setups[b] = s
	}
	return nil
}

// assemble joins the parts.
func (l *Line) assemble(engine *flows.Engine) {
	o := l.o
	own := o.DeskToken != ""
	p := &post{clients: l.clients, archive: o.Store, keys: o.Sealer, holding: o.Store, dir: o.Directory, texts: o.Texts, deskBot: lineBot, refused: l.out.refused, awake: l.out.awake, now: o.Now,
		log: o.Log, meters: o.Meters}
	if own {
		p.deskBot = deskBot
	}
	l.workers = &workers{bench: o.Store, leases: o.Store, queue: make(chan referrals.Work, queueLength),
		urgent: make(chan referrals.Work, queueLength),
		poke:   make(chan string, queueLength), lease: o.Lease, log: o.Log, nothing: lookEvery}
	l.runner = &runner{store: o.Store, late: o.Store, history: o.Store, holding: o.Store, out: l.out, desks: p, wake: l.workers.wake, now: o.Now, log: o.Log,
		meters: o.Meters, hands: newHands(o.Store, o.Own, o.Now, o.Log)}
	l.workers.runner = l.runner
	l.workers.turner = &turner{engine: engine, texts: o.Texts, dir: o.Directory, seal: o.Sealer, holding: o.Store, counts: o.Store, mover: l.runner, trail: o.Store,
		roster: l.roster, clock: l.clock, acts: &recentActs{}, paced: &deskPace{}, history: o.Store, now: o.Now, random: o.Random, limits: o.Limits, keep: o.Retention, ownDeskBot: own, log: o.Log, meters: o.Meters}
	l.workers.cases = &caseworker{dir: o.Directory, counts: o.Store, now: o.Now, keep: o.Retention, meters: o.Meters}
	l.workers.files = &fileworker{seal: o.Sealer, shelf: o.Store, copies: o.Store, dir: o.Directory, deskBot: p.deskBot, clients: l.clients, now: o.Now, keep: o.Retention, log: o.Log,
		sealing: make(chan struct{}, mostSealing)}
	l.withMail(p)
	gone := &away{texts: o.Texts, fallback: o.Fallback, dir: o.Directory, ownDeskBot: own, out: l.out, desks: p, hands: l.runner.hands, now: o.Now}
	for b := range l.clients {
		r := &receiver{bot: b, store: o.Store, hand: l.workers.hand, away: gone, log: o.Log, meters: o.Meters}
		if o.WebhookURL == "" {
			l.pollers = append(l.pollers, &poller{receiver: r, client: l.clients[b], lease: o.Store, owner: o.Owner, heard: l.reaches[b].note})
			continue
		}
		l.hooks[botName(b)] = &webhook{receiver: r, secret: sha256.Sum256([]byte(o.WebhookSecret))}
	}
}

// Webhook is the handler of deliveries for the line's bot, DeskWebhook that for the desk bot; nil when polling
// or when there is no such bot.
func (l *Line) Webhook() http.Handler { return l.hooks[botName(lineBot)] }

// DeskWebhook is described at [Line.Webhook].
func (l *Line) DeskWebhook() http.Handler { return l.hooks[botName(deskBot)] }

// Problems are what keeps the line's bots from being reached, each with its remedy; none when all answered in the last
// minute.
func (l *Line) Problems() []string {
	var out []string
	for _, b := range []byte{lineBot, deskBot} {
		if r := l.reaches[b]; r != nil && r.problem() != "" {
			out = append(out, r.problem())
		}
	}
	return out
}

// Move makes a move and starts what it leaves to be done, for acts of desks that come by another way than a chat. A move
// that is made once it has ended is kept, and what it leaves is done by whoever runs next.
func (l *Line) Move(ctx context.Context, m referrals.Move) (referrals.Holding, error) {
	return l.runner.Move(ctx, m)
}

// Depth is how many messages wait to leave this process.
func (l *Line) Depth() int { return l.out.depth() + l.runner.mails.depth() }

// Start reads who was enrolled and tells Telegram how updates are received. It fails when the store does not answer or
// Telegram refuses.
func (l *Line) Start(ctx context.Context) error {
	if err := l.roster.read(ctx); err != nil {
		return err
	}
	for b, s := range l.setups {
		url := l.o.WebhookURL
		if url != "" && b == deskBot {
			url = l.o.WebhookDeskURL
		}
		if err := s.receiveBy(ctx, url, l.o.WebhookSecret); err != nil {
			return err
		}
		l.reaches[b].note(nil)
	}
	return nil
}

// Run receives, answers and sends until ctx ends; then it receives nothing more, finishes what it
// holds, for seven seconds at most, and returns. What it could not finish, the next start does.
func (l *Line) Run(ctx context.Context) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	keeping, kept := context.WithCancel(context.WithoutCancel(ctx))
	defer kept()
	var receivers, finishers, senders, keepers sync.WaitGroup
	keepers.Go(func() { l.ends(ctx, keeping, stop) })
	keepers.Go(func() { l.runner.hands.holding(keeping) })
	keepers.Go(func() { l.runner.hands.settling(keeping) })
	for range senderCount {
		senders.Go(func() { l.out.run(working, laneCourtesy) })
	}
	for range urgentCount {
		senders.Go(func() { l.out.run(working, laneEmergency) })
	}
	l.mailing(working, &senders)
	received := make(chan struct{})
	for range workerCount {
		finishers.Go(func() { l.workers.work(working, received, false) })
	}
	for range urgentWorkers {
		finishers.Go(func() { l.workers.work(working, received, true) })
	}
	for _, receive := range l.receivers() {
		receivers.Go(func() { receive(ctx) })
	}
	receivers.Wait()
	l.workers.stop()
	close(received)
	finishers.Wait()
	l.runner.mails.close()
	l.out.drain(working)
	senders.Wait()
	kept()
	keepers.Wait()
	for _, c := range l.clients {
		c.Close()
	}
	return nil
}

// receivers are what runs until nothing more is received.
func (l *Line) receivers() []func(context.Context) {
	all := []func(context.Context){l.publish, l.workers.look, l.runner.sweep, l.roster.watch}
	for _, p := range l.pollers {
		all = append(all, p.run)
	}
	for b := range l.clients {
		all = append(all, func(ctx context.Context) { l.listen(ctx, b) })
	}
	return all
}

// ends bounds the end: after five seconds nothing more is sent, and two seconds later calls that hang are cut off.
func (l *Line) ends(ctx, over context.Context, stop func()) {
	select {
	case <-ctx.Done():
	case <-over.Done():
		return
	}
	wait(over, lastWords)
	l.out.close()
	wait(over, lastCalls)
	stop()
}

// publish sets commands and descriptions.
func (l *Line) publish(ctx context.Context) {
	_, own := l.setups[deskBot]
	for b, s := range l.setups {
		s.publish(ctx, b == deskBot)
		if b == deskBot || !own {
			s.deskScopes(ctx, l.deskChats())
		}
	}
}

// deskChats are the chats of officers and caseworkers with the language of their desk.
func (l *Line) deskChats() map[int64]string {
	out := map[int64]string{}
	for _, d := range l.o.Directory.Desks() {
		lang := languageOf(l.o.Texts, d)
		for _, r := range d.Ladder {
			if r.Chat != 0 {
				out[r.Chat] = lang
			}
		}
	}
	return out
}
