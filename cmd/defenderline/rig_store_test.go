package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals/store/redistest"
)

// storeKind is a way of running Redis.
type storeKind string

const (
	singleStore   storeKind = "single"   // one redis-server
	sentinelStore storeKind = "sentinel" // a master and a replica, watched by three sentinels
	clusterStore  storeKind = "cluster"  // three masters with a replica each
)

// vessel is the Redis of a rig, of any kind.
type vessel struct {
	config  string // of the field redis
	servers []*redistest.Server
	group   *redistest.Group   // of sentinelStore
	cluster *redistest.Cluster // of clusterStore
	proxy   *redistest.Proxy   // when asked for
	db      redis.UniversalClient
}

func newVessel(t testing.TB, o rigOptions) *vessel {
	t.Helper()
	switch o.store {
	case sentinelStore:
		g := redistest.StartGroup(t, 3, o.flags...)
		return &vessel{config: fmt.Sprintf("sentinel: {master: %s, addresses: [%s]}", g.Name, strings.Join(g.Addresses(), ", ")),
			servers: g.Servers[:], group: g, db: g.Client()}
	case clusterStore:
		c := redistest.StartReplicatedCluster(t, 3, o.flags...)
		return &vessel{config: fmt.Sprintf("cluster: [%s]", strings.Join(c.Addresses(), ", ")), servers: c.Nodes, cluster: c, db: c.Client()}
	}
	s := redistest.Start(t, o.flags...)
	k := &vessel{config: "url: " + s.URL(), servers: []*redistest.Server{s}, db: s.Client()}
	if o.proxy {
		k.proxy = redistest.StartProxy(t, s)
		k.config = "url: " + k.proxy.URL()
	}
	return k
}

// keys lists the keys that match a pattern, of all masters.
func (k *vessel) keys(ctx context.Context, pattern string) ([]string, error) {
	cluster, ok := k.db.(*redis.ClusterClient)
	if !ok {
		return k.db.Keys(ctx, pattern).Result()
	}
	var mu sync.Mutex
	var all []string
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		found, err := node.Keys(ctx, pattern).Result()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, found...)
		return err
	})
	return all, err
}

// follower is a replica of a master.
func (r *rig) follower(master *redistest.Server) *redistest.Server {
	r.t.Helper()
	for _, s := range r.vessel.servers {
		if s != master && s.Follows(master) {
			return s
		}
	}
	r.t.Fatal("the master has no replica")
	return nil
}
