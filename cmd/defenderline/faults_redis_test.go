package main

import (
	"fmt"
	"net/http"
	"time"

	"defenderline/referrals/store"
	"defenderline/referrals/store/redistest"
)

// redisFaults are what happens to Redis and to the way to it.
func redisFaults() []fault {
	single := []storeKind{singleStore}
	everysec := rigOptions{flags: []string{"--appendfsync", "everysec"}}
	return []fault{
		{name: "redis killed", stores: single, strikes: 3, strike: (*trial).redisKilled},
		{name: "redis frozen", stores: everyStore, webhook: true, strikes: 1, strike: (*trial).redisFrozen},
		{name: "disk full", rig: everysec, stores: single, strikes: 2, strike: (*trial).diskFull},
		{name: "disk full, fsync always", stores: single, webhook: true, strikes: 2, strike: (*trial).diskFull},
		{name: "no replica to write to", stores: single, strikes: 2, strike: func(x *trial) {
			x.refusing(func(s *redistest.Server, on bool) { s.MinReplicas(map[bool]int{true: 3}[on]) })
		}},
		{name: "memory full", stores: everyStore, webhook: true, strikes: 2, strike: func(x *trial) {
			x.refusing(func(s *redistest.Server, on bool) { s.MaxMemory(map[bool]int{true: 1}[on]) })
		}},
		{name: "answers cut", rig: rigOptions{proxy: true}, stores: single, strikes: 2, strike: (*trial).answersCut},
		{name: "connections cut", rig: rigOptions{proxy: true}, stores: single, webhook: true, strikes: 3, strike: (*trial).cut},
		{name: "failover", stores: []storeKind{sentinelStore, clusterStore}, strikes: 1, mayRepeat: true, strike: (*trial).failover},
		{name: "node lost", stores: []storeKind{clusterStore}, webhook: true, strikes: 1, mayRepeat: true, strike: (*trial).failover},
		{name: "failover, replica behind", stores: []storeKind{sentinelStore}, strikes: 1, mayRepeat: true, strike: (*trial).behind},
		{name: "slot moved", stores: []storeKind{clusterStore}, strikes: 3, strike: (*trial).slotMoved},
	}
}

// redisKilled kills the server, as a power cut would, and starts it with its append-only file.
func (x *trial) redisKilled() {
	x.redis.Kill()
	x.redis.Restart()
}

// unready waits until every replica says that it is not ready: each has met the fault.
func (x *trial) unready() {
	for _, p := range x.replicas {
		if !x.eventually(func() bool { return p.status("/readyz") == http.StatusServiceUnavailable }) {
			x.t.Error("a replica says that it is ready without a store")
		}
	}
}

// redisFrozen stops a server until the line has noticed.
func (x *trial) redisFrozen() {
	s := x.serving()
	s.Freeze()
	defer s.Thaw()
	x.unready()
}

// serving is the server that holds a partition drawn at random.
func (x *trial) serving() *redistest.Server {
	switch {
	case x.vessel.group != nil:
		return x.vessel.group.Master()
	case x.vessel.cluster != nil:
		s, _ := x.vessel.cluster.Owner(x.partition())
		return s
	}
	return x.redis
}

// partition is the hash tag of one of the line's partitions.
func (x *trial) partition() string {
	return fmt.Sprintf("{%s}", store.Partition(x.random.IntN(store.Partitions)))
}

// diskFull fills the disk until the line has noticed. A server that ends over it is started again.
func (x *trial) diskFull() {
	x.redis.FillDisk()
	x.unready()
	x.redis.EmptyDisk()
	if x.redis.Ended() {
		x.redis.Restart()
	}
}

// refusing lets every master refuse writes until the line has noticed.
func (x *trial) refusing(set func(s *redistest.Server, on bool)) {
	for _, s := range x.vessel.servers {
		set(s, true)
	}
	x.unready()
	for _, s := range x.vessel.servers {
		set(s, false)
	}
}

// answersCut cuts connections between a command's execution and its answer, while people go on.
func (x *trial) answersCut() {
	before := x.vessel.proxy.Cuts()
	x.vessel.proxy.CutAnswers(5 + x.random.IntN(30))
	defer x.vessel.proxy.CutAnswers(0)
	within(patience, func() bool { return x.crowd.over() || x.vessel.proxy.Cuts() >= before+10 })
}

// cut ends every connection and refuses new ones until the line has noticed.
func (x *trial) cut() {
	x.vessel.proxy.Down(true)
	defer x.vessel.proxy.Down(false)
	x.unready()
}

// failover kills a master; its replica takes its place, and it comes back as a replica.
func (x *trial) failover() {
	if g := x.vessel.group; g != nil {
		g.Failover()
		return
	}
	x.vessel.cluster.Failover(x.partition())
}

// slotMoved moves the slot of a partition to another node while people use it.
func (x *trial) slotMoved() { x.vessel.cluster.MoveSlot(x.partition(), nil) }

// behind lets a replica lag before its master is lost: what the line has confirmed must be there all the same. The
// replica follows through a proxy for as long as sentinels let it, some eight seconds.
func (x *trial) behind() {
	lost := x.serving()
	late := x.follower(lost)
	way := redistest.StartProxy(x.t, lost)
	way.Delay(300 * time.Millisecond)
	late.Follow(way.Addr)
	x.crowd.after(2 * len(x.crowd.people))
	way.Down(true) // what is on its way is gone with the master
	lost.Kill()
	x.vessel.group.Recover(lost)
}
