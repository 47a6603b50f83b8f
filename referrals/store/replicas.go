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

// longestLag is after how many seconds without a sign of life a replica that its master still calls online is
// not waited for: it shows one every second.
const longestLag = 5

const (
	// askWithin is how long a master may take to say who follows it.
	askWithin = 500 * time.Millisecond
	// askEvery is how long it is believed when it said that nobody does, or after an act that failed.
	askEvery = 250 * time.Millisecond
	// giveUp is for how long on end waits must have been in vain before acts stand without a replica that is
	// online all the same.
	giveUp = 10 * time.Second
	// onEnd is the longest time without a wait within such a time: whoever repeats an act pauses.
	onEnd = 30 * time.Second
)

// replicas is what is known of the replicas of each master.
type replicas struct {
	// expected: there are or were some, or there is a sentinel; without any now, acts are unsynced.
	expected atomic.Bool
	// patience and giveUp are replicaWait and giveUp; less in tests.
	patience, giveUp time.Duration
	mu               sync.Mutex
	masters          map[string]*master // by address
}

// master is what is known of one master. Its times are of this process, which waits by them: Options.Now
// may be a clock that jumps, and these ten seconds must be ten seconds.
type master struct {
	node
	asked time.Time // when it was last
	doubt bool      // an act failed since
	vain  time.Time // when the first wait began of those that were in vain, none in between having been answered
	last  time.Time // when the last of these ended
}

// node is what a master says of itself: who it is, how many replicas follow it, and whether it can say what
// is on its disk and does not write it there at once anyway.
type node struct {
	id       string
	replicas int
	disk     bool
}

// learn asks every master for its replicas.
func (s *Store) learn(ctx context.Context) error {
	var err error
	if cluster, ok := s.db.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, db *redis.Client) error {
			_, err := s.ask(ctx, db, db.Options().Addr)
			return err
		})
	} else {
		_, err = s.ask(ctx, s.db, "")
	}
	return clean(err)
}

// ask asks one master. One that may not be asked is taken to have a replica where they are expected.
func (s *Store) ask(ctx context.Context, db redis.Cmdable, addr string) (node, error) {
	is, err := readNode(ctx, db)
	if err != nil {
		return node{replicas: 1}, unlessRefused(err)
	}
	if is.replicas > 0 {
		s.replicas.expected.Store(true)
	}
	s.replicas.mu.Lock()
	defer s.replicas.mu.Unlock()
	m := s.replicas.at(addr)
	if m.id != is.id { // after a failover: another's waits
		m.vain = time.Time{}
	}
	m.node, m.asked, m.doubt = is, time.Now(), false
	return is, nil
}

// at returns the master at an address; one that is new has followers until it says otherwise. The caller
// holds the lock.
func (r *replicas) at(addr string) *master {
	if r.masters[addr] == nil {
		r.masters[addr] = &master{node: node{replicas: 1}}
	}
	return r.masters[addr]
}

// of says what is believed of a master, and whether it is time to ask: one of many that act at once does.
func (r *replicas) of(addr string) (is node, ask bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.at(addr)
	if ask = (m.doubt || m.replicas == 0) && time.Since(m.asked) > askEvery; ask {
		m.asked = time.Now()
	}
	return m.node, ask
}

// followed is of, asked anew where it is time. When the master does not answer, the act itself will say so.
func (s *Store) followed(ctx context.Context, db redis.Cmdable, addr string) node {
	is, ask := s.replicas.of(addr)
	if !ask {
		return is
	}
	within, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if now, err := s.ask(within, db, addr); err == nil {
		return now
	}
	return is
}

// doubted notes that an act failed at a master: it may be another by now.
func (r *replicas) doubted(addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at(addr).doubt = true
}

// waited notes that a wait, which began at a time, was answered or in vain.
func (r *replicas) waited(addr string, began time.Time, answered bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.at(addr)
	switch {
	case answered:
		m.vain = time.Time{}
		return
	case m.vain.IsZero() || began.Sub(m.last) > onEnd:
		m.vain = began
	}
	m.last = time.Now()
}

// standsAlone says whether what a master did stands although no replica is known to have it: nobody follows it,
// or those who do could not be reached for so long that people would be left without an answer.
func (s *Store) standsAlone(ctx context.Context, db redis.Cmdable, addr string) bool {
	within, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	is, err := s.ask(within, db, addr)
	if err != nil {
		return false
	}
	s.replicas.mu.Lock()
	defer s.replicas.mu.Unlock()
	m := s.replicas.at(addr)
	return is.replicas == 0 || !m.vain.IsZero() && time.Since(m.vain) >= s.replicas.giveUp
}

// readNode reads what INFO says of a server.
func readNode(ctx context.Context, db redis.Cmdable) (node, error) {
	info, err := db.Info(ctx).Result()
	if err != nil {
		return node{}, err
	}
	is := node{id: infoField(info, "run_id")}
	for i := 0; infoField(info, "slave"+strconv.Itoa(i)) != ""; i++ {
		if follows(infoField(info, "slave"+strconv.Itoa(i))) {
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

// follows reads a line of INFO about a replica: "ip=…,state=online,offset=…,lag=0". One without a lag follows.
func follows(replica string) bool {
	_, after, _ := strings.Cut(replica, ",lag=")
	after, _, _ = strings.Cut(after, ",")
	lag, err := strconv.Atoi(after)
	return strings.Contains(replica, "state=online") && (err != nil || lag <= longestLag)
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
