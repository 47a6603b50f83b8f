package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"defenderline/bot"
	"defenderline/configs"
	"defenderline/i18n"
	"defenderline/referrals"
	"defenderline/referrals/seal"
	"defenderline/referrals/store"
)

// parts are a line put together from its configuration, not yet running.
type parts struct {
	config   *configs.Config
	store    *store.Store
	sealer   *seal.Sealer
	desks    *referrals.Directory
	line     *bot.Line
	keys     *keyring
	signing  string // fingerprint of the line's own key
	registry *prometheus.Registry
	log      *slog.Logger
}

// lease is how long a worker may keep a chat, and a process a message that waits, without a sign of life: what a process held
// that was killed goes on so much later.
const lease = 9 * time.Second

// assemble puts a line together. It talks to Redis, because a store that cannot be written is no line.
func assemble(ctx context.Context, c *configs.Config, log *slog.Logger) (*parts, error) {
	p := &parts{config: c, desks: c.Directory(), registry: prometheus.NewRegistry(), log: log}
	var err error
	if err = p.openSealer(); err != nil {
		return nil, err
	}
	if err := p.sealer.Usable(referrals.Headquarters); err != nil {
		return nil, fmt.Errorf("headquarters: %w", err)
	}
	unsynced := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "defenderline", Name: "unsynced_total",
		Help: "Acts that stand although no replica of Redis was known to have them in time."})
	p.registry.MustRegister(unsynced)
	if p.store, err = openStore(ctx, c, unsynced.Inc); err != nil {
		return nil, err
	}
	for _, w := range p.store.Warnings() {
		log.Warn(w)
	}
	if p.line, err = p.newLine(); err != nil {
		return nil, errors.Join(err, p.store.Close())
	}
	return p, nil
}

// openSealer reads every key. One that cannot be used is named: without another its desk's cases are
// offered to headquarters until it is mended.
func (p *parts) openSealer() error {
	signing, err := seal.ParseSigningKey([]byte(p.config.SigningKey.Reveal()))
	if err != nil {
		return fmt.Errorf("signing_key_file: %w", err)
	}
	p.signing = signing.Fingerprint()
	p.keys = newKeyring(p.config, time.Now())
	for _, f := range p.keys.findings() {
		p.log.Warn("a key needs care", "field", f.Field, "problem", f.Problem, "remedy", f.Remedy)
	}
	p.sealer, err = seal.New(signing, p.keys.sealDesks(), time.Now)
	return err
}

// openStore connects to the Redis of a configuration. unsynced is told of each act that no replica is known to have.
func openStore(ctx context.Context, c *configs.Config, unsynced func()) (*store.Store, error) {
	vault, err := store.ParseStateKeys([]byte(c.StateKeys.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("state_keys_file: %w", err)
	}
	o := storeOptions(c, vault)
	o.Lease, o.Grace, o.Unsynced = lease, lease, unsynced
	return store.Open(ctx, o)
}

// mend puts right, every minute until ctx ends, what clocks left behind that jumped.
func (p *parts) mend(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		if err := p.store.Mend(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("mending what clocks left behind failed; it is tried again in a minute", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// refusedEvery is how often acts that were refused are written to the audit trail: what a killed process does not know of
// them any more.
const refusedEvery = 5 * time.Second

// countRefused writes acts that were refused to the audit trail, until ctx ends and once more then.
func (p *parts) countRefused(ctx context.Context) error {
	tick := time.NewTicker(refusedEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = p.store.WriteRefused(last) // best effort: they were answered and metered
			return nil
		case <-tick.C:
			if err := p.store.WriteRefused(ctx); err != nil && ctx.Err() == nil {
				p.log.Warn("refused acts are not in the audit trail yet; it is tried again", "err", err)
			}
		}
	}
}

// newLine joins the bot with everything it needs.
func (p *parts) newLine() (*bot.Line, error) {
	c := p.config
	texts, err := i18n.Load(c.Languages)
	if err != nil {
		return nil, err
	}
	o := bot.Options{API: c.Telegram.APIURL, Token: c.Telegram.Token.Reveal(), Store: keeper{p.store}, Sealer: p.sealer,
		Directory: p.desks, Texts: texts, Fallback: c.Fallback, Facts: facts(c, p.signing),
		Limits: bot.Limits{UpdatesPerMinute: c.Limits.UpdatesPerChatPerMinute}, OpenCases: c.Limits.OpenCasesPerChat,
		Retention: bot.Retention{Draft: c.Retention.Draft, Sealed: c.Retention.Sealed}, Lease: lease, Owner: owner(),
		Now: p.store.Now, Own: time.Now, Random: rand.Reader, Log: p.log, Meters: bot.NewMeters(p.registry)}
	if o.Mail, err = newMail(c); err != nil {
		return nil, err
	}
	if c.Telegram.DeskToken.Set() {
		o.DeskToken = c.Telegram.DeskToken.Reveal()
	}
	if w := c.Telegram.Webhook; w != nil {
		o.WebhookURL, o.WebhookDeskURL, o.WebhookSecret = w.URL, w.DeskURL, w.Secret.Reveal()
	}
	return bot.New(o)
}

// facts are what the line's own pages say of this installation.
func facts(c *configs.Config, fingerprint string) map[string]any {
	out := map[string]any{"Fingerprint": fingerprint, "DraftKept": c.Retention.Draft, "SealedKept": c.Retention.Sealed}
	if c.Operator != nil {
		out["Operator"] = c.Operator.Email
	}
	return out
}

// owner names this process among replicas.
func owner() string {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return hex.EncodeToString(raw[:])
}

// keeper is the store in the bot's own words.
type keeper struct{ *store.Store }

// FileWriter opens a sealed file for writing.
func (k keeper) FileWriter(ctx context.Context, origin string, code referrals.Code, name string, keep time.Duration) (bot.Shelved, error) {
	return k.Store.FileWriter(ctx, origin, code, name, keep)
}
