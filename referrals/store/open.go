package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"defenderline/referrals"
)

// Options say which Redis to use and how. Exactly one of URL, Cluster and Sentinel is set.
type Options struct {
	// URL is redis://, rediss:// or unix://.
	URL string
	// Cluster lists addresses of nodes of a Redis Cluster; one is enough to find the others.
	Cluster []string
	// Sentinel finds the server of a group of replicas.
	Sentinel Sentinel
	// Username and Password, when not empty, replace those of the URL.
	Username, Password string
	// RequireDurable refuses a server that keeps nothing on disk or may evict keys.
	RequireDurable bool
	// Vault is required.
	Vault *Vault
	// Now is required: the clock of every decision.
	Now func() time.Time
	// Desks are the ids whose slots Take and Overdue look into when they are given none.
	Desks []string
	// Lease is how long a worker may keep what it took; 15 s when zero.
	Lease time.Duration
	// Grace is how long an errand may take before another worker tries it; 10 s when zero.
	Grace time.Duration
	// EndedFor is how long a holding is known after it ended; 168 h when zero.
	EndedFor time.Duration
}

// Sentinel names a group of replicas and who watches it.
type Sentinel struct {
	Master    string
	Addresses []string
}

// Ids of posts, moves and messages are known for 48 h: Telegram repeats an update for 24 h
// and deletes messages up to 48 h old.
const known = 48 * time.Hour

// inboxLimit is the most entries that one taking brings; the rest comes after the commit.
const inboxLimit = 200

// Store keeps members, holdings, documents and errands in Redis. It is safe for concurrent
// use. Every method that talks to Redis makes one round trip unless it says otherwise, and is
// never repeated by the store itself: each may be repeated by its caller.
type Store struct {
	db       redis.UniversalClient
	scripts  scripts
	vault    *Vault
	now      func() time.Time
	lease    time.Duration
	grace    time.Duration
	endedFor time.Duration
	slots    []string
	warnings []string
}

// Open connects to Redis, checks that it can be written and, when RequireDurable is set, that
// it keeps what it is given. Its errors name what to do and never hold a password.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Vault == nil || o.Now == nil {
		return nil, errors.New("store: Options.Vault and Options.Now are required")
	}
	db, err := connect(o)
	if err != nil {
		return nil, err
	}
	s := &Store{
		db: db, scripts: newScripts(), vault: o.Vault, now: o.Now,
		lease: orElse(o.Lease, 15*time.Second), grace: orElse(o.Grace, 10*time.Second),
		endedFor: orElse(o.EndedFor, 168*time.Hour),
	}
	for i := range Partitions {
		s.slots = append(s.slots, Partition(i))
	}
	for _, desk := range o.Desks {
		s.slots = append(s.slots, DeskSlot(desk))
	}
	if err := s.check(ctx, o.RequireDurable); err != nil {
		_ = db.Close()
		return nil, err
	}
	return s, nil
}

// check proves that the server answers, is durable if it must be, and can be written.
func (s *Store) check(ctx context.Context, durable bool) error {
	if err := s.db.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redis does not answer; check that it runs and redis.url, username and password_file: %w", clean(err))
	}
	if durable {
		if err := s.checkDurable(ctx); err != nil {
			return err
		}
	}
	return s.Ping(ctx)
}

// Close ends all connections.
func (s *Store) Close() error { return s.db.Close() }

// Warnings are what Open found that does not forbid serving but should be known.
func (s *Store) Warnings() []string { return s.warnings }

// Ping proves that Redis can be written: a full disk, a full memory or a replica that was
// mistaken for a master fails it. In a cluster it writes to every partition.
func (s *Store) Ping(ctx context.Context) error {
	slots := s.slots[:1]
	if _, ok := s.db.(*redis.ClusterClient); ok {
		slots = s.slots[:Partitions]
	}
	pipe := s.db.Pipeline()
	for _, slot := range slots {
		pipe.Set(ctx, pingKey(slot), 1, time.Minute)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("redis cannot be written; look at its log, its disk and its memory: %w", clean(err))
	}
	return nil
}

func orElse(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}

// connect makes the client. It does not dial.
func connect(o Options) (redis.UniversalClient, error) {
	named := 0
	for _, set := range []bool{o.URL != "", len(o.Cluster) > 0, o.Sentinel.Master != "" || len(o.Sentinel.Addresses) > 0} {
		if set {
			named++
		}
	}
	switch {
	case named != 1:
		return nil, errors.New("redis: give exactly one of url, cluster and sentinel")
	case len(o.Cluster) > 0:
		return redis.NewClusterClient(clusterOptions(o)), nil
	case o.URL == "":
		if o.Sentinel.Master == "" || len(o.Sentinel.Addresses) == 0 {
			return nil, errors.New("redis.sentinel: give both master and addresses")
		}
		return redis.NewFailoverClient(sentinelOptions(o)), nil
	}
	single, err := redis.ParseURL(o.URL)
	if err != nil { // the library's error repeats the URL with its password
		return nil, errors.New("redis.url cannot be read; write redis://host:port/number, rediss:// or unix:///path")
	}
	return redis.NewClient(singleOptions(o, single)), nil
}

// No retries: a lost answer is repeated by the caller, who knows what it repeats. No
// handshake that Redis 7.0 refuses. A context's deadline ends a command.

func singleOptions(o Options, single *redis.Options) *redis.Options {
	if o.Username != "" {
		single.Username = o.Username
	}
	if o.Password != "" {
		single.Password = o.Password
	}
	single.Protocol, single.MaxRetries, single.DialerRetries = 2, -1, 1
	single.ContextTimeoutEnabled, single.DisableIdentity = true, true
	single.MaintNotificationsConfig = quiet()
	return single
}

func clusterOptions(o Options) *redis.ClusterOptions {
	return &redis.ClusterOptions{
		Addrs: o.Cluster, Username: o.Username, Password: o.Password,
		Protocol: 2, MaxRetries: -1, DialerRetries: 1,
		ContextTimeoutEnabled: true, DisableIdentity: true, MaintNotificationsConfig: quiet(),
	}
}

func sentinelOptions(o Options) *redis.FailoverOptions {
	return &redis.FailoverOptions{
		MasterName: o.Sentinel.Master, SentinelAddrs: o.Sentinel.Addresses,
		Username: o.Username, Password: o.Password,
		Protocol: 2, MaxRetries: -1, DialerRetries: 1,
		ContextTimeoutEnabled: true, DisableIdentity: true,
	}
}

func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// Quiet stops the driver's own lines on standard error, which are no JSON and say nothing that
// an error does not. It is for the whole process: call it once, before Open.
func Quiet() { logging.Disable() }

// ms is a time as Redis keeps it; the zero time is "0": never.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// at is a time read from Redis.
func at(milliseconds int64) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds).UTC()
}

// Chat names a bot's chat by a keyed hash.
func (s *Store) Chat(bot string, chat int64) referrals.Member { return s.vault.chat(bot, chat) }

// Case names a case that lives beside a chat, in its slot.
func (s *Store) Case(beside referrals.Member, code referrals.Code) referrals.Member {
	return referrals.Member{Slot: beside.Slot, Name: "k" + string(code)}
}
