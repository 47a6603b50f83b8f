package store

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// How long an act waits for a replica to have it, and how long after one that did not come in time: a
// replica that is frozen must not make every act of the line slow until Redis drops it.
const (
	replicaWait = 500 * time.Millisecond
	shortWait   = 100 * time.Millisecond
)

// diskWait is how long an act waits for the disk where it can: `appendfsync everysec` writes once a second.
const diskWait = 1500 * time.Millisecond

// replicas is what is known of the replicas of each master.
type replicas struct {
	// expected: there are or were some, or there is a sentinel; without any now, acts are unsynced.
	expected atomic.Bool
	// stale: an act failed or was not synced; ask anew before the next one.
	stale atomic.Bool
	// late: the last wait was in vain.
	late atomic.Bool
	// failed is the second in which an act asked in vain: no other asks in it, because a master that does not answer must
	// not slow the acts at others.
	failed atomic.Int64
	mu     sync.Mutex
	nodes  map[string]node // by address
}

// node is one master: the replicas that follow it, and whether it can say what is on its disk and does
// not write it there at once anyway.
type node struct {
	replicas int
	disk     bool
}

// learn asks every master for its replicas. One that may not be asked is taken to have some where they are
// expected, and none elsewhere.
func (s *Store) learn(ctx context.Context) error {
	nodes := make(map[string]node)
	var guard sync.Mutex
	note := func(ctx context.Context, addr string, db redis.Cmdable) error {
		is, err := readNode(ctx, db)
		guard.Lock()
		defer guard.Unlock()
		if err == nil {
			nodes[addr] = is
		}
		return unlessRefused(err)
	}
	var err error
	if cluster, ok := s.db.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, db *redis.Client) error {
			return note(ctx, db.Options().Addr, db)
		})
	} else {
		err = note(ctx, "", s.db)
	}
	if err != nil {
		s.replicas.stale.Store(true)
		return clean(err)
	}
	for _, is := range nodes {
		if is.replicas > 0 {
			s.replicas.expected.Store(true)
		}
	}
	s.replicas.mu.Lock()
	defer s.replicas.mu.Unlock()
	s.replicas.nodes = nodes
	return nil
}

// readNode reads what INFO says of a server.
func readNode(ctx context.Context, db redis.Cmdable) (node, error) {
	info, err := db.Info(ctx).Result()
	if err != nil {
		return node{}, err
	}
	var is node
	for i := 0; infoField(info, "slave"+strconv.Itoa(i)) != ""; i++ {
		if strings.Contains(infoField(info, "slave"+strconv.Itoa(i)), "state=online") {
			is.replicas++
		}
	}
	if is.replicas == 0 || infoField(info, "aof_enabled") != "1" || !knowsItsDisk(infoField(info, "redis_version")) {
		return is, nil
	}
	fsync, err := db.ConfigGet(ctx, "appendfsync").Result()
	is.disk = fsync["appendfsync"] != "always" // also when it may not be asked
	return is, unlessRefused(err)
}

// knowsItsDisk says that a version has WAITAOF: 7.2 and later.
func knowsItsDisk(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err == nil && err2 == nil && (major > 7 || major == 7 && minor >= 2)
}

// of returns what is known of the master at an address; one that is new has followers until it says
// otherwise.
func (r *replicas) of(addr string) node {
	r.mu.Lock()
	defer r.mu.Unlock()
	if is, ok := r.nodes[addr]; ok {
		return is
	}
	return node{replicas: 1}
}

// runSynced is runAll for acts that somebody will be told are received: where there are replicas, one of
// them has the act before it returns, or Options.Unsynced is called. The wait travels with the act, on
// its connection, which is the only one whose writes it waits for.
func (s *Store) runSynced(ctx context.Context, calls []call) []answer {
	if !s.replicas.expected.Load() {
		return s.runAll(ctx, calls)
	}
	if now := s.now().Unix(); s.replicas.failed.Load() != now && s.replicas.stale.Swap(false) {
		within, cancel := context.WithTimeout(ctx, replicaWait)
		if s.learn(within) != nil { // stale again; the act itself will say what is wrong
			s.replicas.failed.Store(now)
		}
		cancel()
	}
	answers, synced := s.runOnMasters(ctx, calls)
	stands := false
	for _, a := range answers {
		stands = stands || a.err == nil
		synced = synced && a.err == nil
	}
	if !synced {
		s.replicas.stale.Store(true)
		if stands && s.unsynced != nil {
			s.unsynced()
		}
	}
	return answers
}

// runOnMasters sends calls to the masters of their keys, all at once, each with its wait.
func (s *Store) runOnMasters(ctx context.Context, calls []call) (answers []answer, synced bool) {
	cluster, ok := s.db.(*redis.ClusterClient)
	if !ok {
		return s.runWaiting(ctx, s.db, s.replicas.of(""), calls)
	}
	var masters []*redis.Client
	of := make(map[*redis.Client][]int)
	for i, c := range calls {
		master, err := cluster.MasterForKey(ctx, c.keys[0])
		if err != nil {
			return s.runAll(ctx, calls), false
		}
		if of[master] == nil {
			masters = append(masters, master)
		}
		of[master] = append(of[master], i)
	}
	answers = make([]answer, len(calls))
	done := make([]bool, len(masters))
	var wg sync.WaitGroup
	for m, master := range masters {
		wg.Go(func() {
			part := make([]call, len(of[master]))
			for j, i := range of[master] {
				part[j] = calls[i]
			}
			var got []answer
			got, done[m] = s.runWaiting(ctx, master, s.replicas.of(master.Options().Addr), part)
			for j, i := range of[master] {
				answers[i] = s.unlessMoved(ctx, cluster, calls[i], got[j])
			}
		})
	}
	wg.Wait()
	synced = true
	for _, ok := range done {
		synced = synced && ok
	}
	return answers, synced
}

// unlessMoved runs a call once more, where its slot is now, if the master it was sent to has it no longer.
func (s *Store) unlessMoved(ctx context.Context, cluster *redis.ClusterClient, c call, a answer) answer {
	if a.err == nil {
		return a
	}
	cluster.ReloadState(ctx)
	if redis.HasErrorPrefix(a.err, "MOVED") || redis.HasErrorPrefix(a.err, "ASK") || redis.HasErrorPrefix(a.err, "READONLY") {
		return s.run(ctx, c)
	}
	return a
}

// pipeliner is what a pipeline is sent through: a client, or one node's.
type pipeliner interface{ Pipeline() redis.Pipeliner }

// runWaiting runs calls on one connection, and after them, in the same round trip, the wait.
func (s *Store) runWaiting(ctx context.Context, db pipeliner, is node, calls []call) (answers []answer, synced bool) {
	if is.replicas == 0 {
		return s.pipeline(ctx, db, calls, nil), false
	}
	wait := &waiting{disk: is.disk, patience: replicaWait}
	if s.replicas.late.Load() {
		wait.patience = shortWait
	}
	answers = s.pipeline(ctx, db, calls, wait)
	synced = wait.synced()
	s.replicas.late.Store(!synced)
	return answers, synced
}

// waiting is the wait at the end of a pipeline.
type waiting struct {
	disk     bool
	patience time.Duration
	replica  *redis.IntCmd
	local    *redis.IntSliceCmd
}

// send appends the wait to a pipeline; sent again, the last one counts.
func (w *waiting) send(ctx context.Context, pipe redis.Pipeliner) {
	if w == nil {
		return
	}
	w.replica = redis.NewIntCmd(ctx, "wait", 1, w.patience.Milliseconds())
	_ = pipe.Process(ctx, w.replica) // of a pipeline: it only joins the others
	if w.disk {
		w.local = redis.NewIntSliceCmd(ctx, "waitaof", 1, 0, diskWait.Milliseconds())
		_ = pipe.Process(ctx, w.local)
	}
}

// synced checks the counts: both commands answer, too, when their time is up.
func (w *waiting) synced() bool {
	if w.replica.Err() != nil || w.replica.Val() < 1 {
		return false
	}
	return w.local == nil || w.local.Err() == nil && len(w.local.Val()) > 0 && w.local.Val()[0] >= 1
}
