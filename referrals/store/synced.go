package store

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// How long an act waits for a replica to have it, and, where its master can say so, for the disk as well:
// `appendfsync everysec` writes once a second. Both together are less than answerWithin, after which the
// connection would be given up.
const (
	replicaWait  = 2 * time.Second
	besideDisk   = 1300 * time.Millisecond
	diskWait     = 1500 * time.Millisecond
	pingLifetime = time.Minute
)

// errUnsynced is the answer of an act that is done, and that a failover now would undo.
var errUnsynced = errors.New("redis: a replica is online and does not have this yet; it is not confirmed, " +
	"and counts once when it is tried again: look at the replica and the network to it")

// runSynced is runAll for acts that somebody will be told are received: where there are replicas, one of
// them has the act before it returns, or its answer has errUnsynced, or it stands alone and Options.Unsynced is
// called. The wait travels with the act, on its connection, which is the only one whose writes it waits for.
func (s *Store) runSynced(ctx context.Context, calls []call) []answer {
	if !s.replicas.expected.Load() {
		return s.runAll(ctx, calls)
	}
	var answers []answer
	var alone bool
	if cluster, ok := s.db.(*redis.ClusterClient); ok {
		answers, alone = s.runOnMasters(ctx, cluster, calls)
	} else {
		answers, alone = s.runAt(ctx, s.db, "", calls)
	}
	if alone && s.unsynced != nil {
		s.unsynced()
	}
	return answers
}

// runOnMasters sends calls to the masters of their keys, all at once, each with its wait.
func (s *Store) runOnMasters(ctx context.Context, cluster *redis.ClusterClient, calls []call) (answers []answer, alone bool) {
	answers = make([]answer, len(calls))
	var masters []*redis.Client
	of := make(map[*redis.Client][]int)
	for i, c := range calls {
		master, err := cluster.MasterForKey(ctx, c.keys[0])
		if err != nil {
			answers[i].err = clean(err)
			continue
		}
		if of[master] == nil {
			masters = append(masters, master)
		}
		of[master] = append(of[master], i)
	}
	stand := make([]bool, len(masters))
	var wg sync.WaitGroup
	for m, master := range masters {
		wg.Go(func() {
			part := make([]call, len(of[master]))
			for j, i := range of[master] {
				part[j] = calls[i]
			}
			var got []answer
			got, stand[m] = s.runAt(ctx, master, master.Options().Addr, part)
			for j, i := range of[master] {
				var moved bool
				answers[i], moved = s.unlessMoved(ctx, cluster, part[j], got[j])
				stand[m] = stand[m] || moved
			}
		})
	}
	wg.Wait()
	for _, is := range stand {
		alone = alone || is
	}
	return answers, alone
}

// unlessMoved runs a call once more, with its wait, where its slot is now, if the master it was sent to has it no
// longer. What is on its way between two masters is left to the caller's next try.
func (s *Store) unlessMoved(ctx context.Context, cluster *redis.ClusterClient, c call, a answer) (answer, bool) {
	if a.err == nil || errors.Is(a.err, errUnsynced) {
		return a, false
	}
	cluster.ReloadState(ctx)
	if !redis.HasErrorPrefix(a.err, "MOVED") {
		return a, false
	}
	words := strings.Fields(a.err.Error()) // MOVED slot host:port
	to := words[len(words)-1]
	var guard sync.Mutex
	var now *redis.Client
	err := cluster.ForEachMaster(ctx, func(_ context.Context, db *redis.Client) error {
		guard.Lock()
		defer guard.Unlock()
		if db.Options().Addr == to {
			now = db
		}
		return nil
	})
	if err != nil || now == nil {
		return a, false
	}
	again, alone := s.runAt(ctx, now, to, []call{c})
	return again[0], alone
}

// runAt runs calls at one master, on one connection, and after them, in the same round trip, the wait. It says
// whether some of them stand although no replica is known to have them, or the disk.
func (s *Store) runAt(ctx context.Context, db redis.Cmdable, addr string, calls []call) (answers []answer, alone bool) {
	var wait *waiting
	if is := s.followed(ctx, db, addr); is.replicas > 0 {
		wait = newWaiting(calls[0], s.replicas.patience, is.disk)
	}
	began := time.Now()
	answers = s.pipeline(ctx, db, calls, wait)
	done := false
	for _, a := range answers {
		if a.err != nil {
			s.replicas.doubted(addr)
		}
		done = done || a.err == nil
	}
	if !done {
		return answers, false
	}
	if wait.synced() {
		s.replicas.waited(addr, began, true)
		return answers, !wait.onDisk()
	}
	if wait == nil {
		return answers, true
	}
	s.replicas.waited(addr, began, false)
	if s.standsAlone(ctx, db, addr) {
		return answers, true
	}
	for i := range answers {
		if answers[i].err == nil {
			answers[i].err = errUnsynced
		}
	}
	return answers, false
}

// waiting is the wait at the end of a pipeline. Before it something is written: an act that is repeated may write
// nothing, and WAIT waits for the last write of its connection only.
type waiting struct {
	key      string
	disk     bool
	patience time.Duration
	write    *redis.StatusCmd
	replica  *redis.IntCmd
	local    *redis.IntSliceCmd
}

// newWaiting is a wait behind a call, for something written beside its keys.
func newWaiting(c call, patience time.Duration, disk bool) *waiting {
	tag, _, _ := strings.Cut(strings.TrimPrefix(c.keys[0], "{"), "}")
	w := &waiting{key: space("").pingKey(tag), disk: disk, patience: patience}
	if disk {
		w.patience = min(patience, besideDisk)
	}
	return w
}

// send appends the wait to a pipeline; sent again, the last one counts.
func (w *waiting) send(ctx context.Context, pipe redis.Pipeliner) {
	if w == nil {
		return
	}
	w.write = pipe.Set(ctx, w.key, 1, pingLifetime)
	w.replica = redis.NewIntCmd(ctx, "wait", 1, w.patience.Milliseconds())
	_ = pipe.Process(ctx, w.replica) // of a pipeline: it only joins the others
	if w.disk {
		w.local = redis.NewIntSliceCmd(ctx, "waitaof", 1, 0, diskWait.Milliseconds())
		_ = pipe.Process(ctx, w.local)
	}
}

// synced checks the count of replicas: the command answers, too, when its time is up.
func (w *waiting) synced() bool {
	return w != nil && w.write.Err() == nil && w.replica.Err() == nil && w.replica.Val() >= 1
}

// onDisk checks the count of disks, where it was asked for.
func (w *waiting) onDisk() bool {
	return w.local == nil || w.local.Err() == nil && len(w.local.Val()) > 0 && w.local.Val()[0] >= 1
}
