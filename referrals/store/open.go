package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

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
	// Line names the line where several share a server or a cluster: it stands in every key. Up to 32 of a-z, 0-9 and
	// '-'; empty when nobody shares. It cannot change while anything is stored.
	Line string
	// TLS is for Cluster and Sentinel, the sentinels included; a URL says it itself. CA are the certificates, PEM,
	// that servers must be signed by; nil: those that the system trusts.
	TLS bool
	CA  []byte
	// RequireDurable refuses a server that keeps nothing on disk or may evict keys.
	RequireDurable bool
	// Vault is required.
	Vault *Vault
	// Now is required: the clock of this machine, with a monotonic reading. By it is reckoned what Redis's own says, which decides.
	Now func() time.Time
	// Clock is for tests, which move it: it is used in the place of Redis's. Nil otherwise.
	Clock func() time.Time
	// Desks are the ids whose slots Take and Overdue look into when they are given none.
	Desks []string
	// Unsynced is called, when it is not nil, after each Keep and each Commit with births or documents
	// that stands although no replica is known to have it, because none is online or none could be reached for ten
	// seconds: see the package comment. It must return at once.
	Unsynced func()
	// Lease is how long a worker may keep what it took; 15 s when zero.
	Lease time.Duration
	// Grace is how long an errand may take before another worker tries it; 10 s when zero.
	Grace time.Duration
	// EndedFor is how long a holding is known after it ended; 168 h when zero.
	EndedFor time.Duration
	// AuditFor is how long a line of the audit trail is kept at most; 8760 h when zero.
	AuditFor time.Duration
	// Quiet is how long nobody may have used a clock that is ahead before Mend puts right what it left: longer
	// than the time between two calls of Mend; 90 s when zero.
	Quiet time.Duration
}

// Sentinel names a group of replicas and who watches it.
type Sentinel struct {
	Master    string
	Addresses []string
	// Username and Password are the sentinels' own, empty when they ask for none.
	Username, Password string
}

// Ids of posts, moves and messages are known for 48 h: Telegram repeats an update for 24 h
// and deletes messages up to 48 h old.
const known = 48 * time.Hour

// inboxLimit is the most entries that one taking brings; the rest comes after the commit.
const inboxLimit = 200

// Store keeps members, holdings, documents and errands in Redis. It is safe for concurrent
// use. Every method that talks to Redis makes one round trip unless it says otherwise, and is
// never repeated by the store itself, but for a Move that was refused for the time: each may be repeated by its caller.
type Store struct {
	space
	db       redis.UniversalClient
	readers  redis.UniversalClient // of events: nothing else waits on these connections
	scripts  scripts
	vault    *Vault
	now      func() time.Time
	lease    time.Duration
	grace    time.Duration
	endedFor time.Duration
	auditFor time.Duration
	quiet    time.Duration
	slots    []string
	warnings []string
	unsynced func()
	replicas *replicas
	clocks   *clocks
	unheard  *unheard
	gather   *gather
	refusals *refusals
	desks    []string
}

var lineForm = regexp.MustCompile(`^[a-z0-9-]{0,32}$`)

// Open connects to Redis, checks that it can be written, that what it holds was sealed with the keys of
// the Vault and, when RequireDurable is set, that it keeps what it is given. Its errors name what to do and never hold a password.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Vault == nil || o.Now == nil {
		return nil, errors.New("store: Options.Vault and Options.Now are required")
	}
	if !lineForm.MatchString(o.Line) {
		return nil, errors.New("redis.line has up to 32 of a-z, 0-9 and '-'")
	}
	db, err := connect(o, 0)
	if err != nil {
		return nil, err
	}
	readers, err := connect(o, eventReaders)
	if err != nil {
		return nil, err
	}
	s := &Store{
		space: spaceOf(o.Line), db: db, readers: readers, scripts: newScripts(o.Clock != nil), vault: o.Vault, now: o.Now,
		lease: orElse(o.Lease, 15*time.Second), grace: orElse(o.Grace, 10*time.Second),
		endedFor: orElse(o.EndedFor, 168*time.Hour), auditFor: orElse(o.AuditFor, 8760*time.Hour), quiet: orElse(o.Quiet, 90*time.Second),
		unsynced: o.Unsynced, replicas: &replicas{patience: replicaWait, giveUp: giveUp, masters: map[string]*master{}},
		clocks:  &clocks{given: o.Clock, mine: o.Now, each: eachHas(db), asking: map[string]chan struct{}{}, read: map[string]reading{}},
		unheard: &unheard{tried: map[unheardHold][]time.Time{}}, gather: &gather{desks: map[string]*gathering{}},
		refusals: &refusals{n: map[refused]int64{}}, desks: o.Desks,
	}
	s.replicas.expected.Store(o.Sentinel.Master != "")
	for i := range Partitions {
		s.slots = append(s.slots, Partition(i))
	}
	for _, desk := range o.Desks {
		s.slots = append(s.slots, DeskSlot(desk))
	}
	s.clocks.known = slices.Clone(s.slots)
	if err := s.check(ctx, o.RequireDurable); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// check proves that the server answers, is durable if it must be, can be written, and holds nothing that
// was sealed with other state keys.
func (s *Store) check(ctx context.Context, durable bool) error {
	if err := s.db.Ping(ctx).Err(); err != nil {
		return unanswered(err)
	}
	if durable {
		if err := s.checkDurable(ctx); err != nil {
			return err
		}
	}
	if err := s.Ping(ctx); err != nil {
		return err
	}
	if err := s.mark(ctx); err != nil {
		return err
	}
	if err := s.learn(ctx); err != nil {
		return fmt.Errorf("ask redis for its replicas: %w", err)
	}
	return s.reckon(ctx)
}

// Close ends all connections.
func (s *Store) Close() error { return errors.Join(s.readers.Close(), s.db.Close()) }

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
		pipe.Set(ctx, s.pingKey(slot), 1, pingLifetime)
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
