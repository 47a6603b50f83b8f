package redistest

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// slotCount is the number of slots of every Redis Cluster.
const slotCount = 16384

// Cluster is a Redis Cluster of masters, each with a replica or none.
type Cluster struct {
	// Nodes are all servers, those that began as masters first.
	Nodes []*Server

	t       testing.TB
	masters int
}

// StartCluster runs a Redis Cluster of n masters without replicas and returns their addresses when all of
// them agree that every slot is served.
func StartCluster(t testing.TB, n int) []string {
	t.Helper()
	return StartMasters(t, n).Addresses()
}

// StartMasters is StartCluster, for what a test does to its servers: no other takes the place of one.
func StartMasters(t testing.TB, n int) *Cluster {
	t.Helper()
	return startCluster(t, n, false)
}

// StartReplicatedCluster runs a Redis Cluster of n masters with a replica each, and returns when all agree
// that every slot is served and every replica is in step.
func StartReplicatedCluster(t testing.TB, n int, flags ...string) *Cluster {
	t.Helper()
	return startCluster(t, n, true, flags...)
}

func startCluster(t testing.TB, n int, replicated bool, flags ...string) *Cluster {
	t.Helper()
	c := &Cluster{t: t, masters: n}
	nodes := n
	if replicated {
		nodes = 2 * n
	}
	flags = append([]string{"--cluster-enabled", "yes", "--cluster-node-timeout", silence, "--cluster-replica-validity-factor", "0"}, flags...)
	var clients []*redis.Client
	for i := range nodes {
		s := Start(t, flags...)
		c.Nodes, clients = append(c.Nodes, s), append(clients, s.Client())
		if i < n {
			must(t, clients[i].ClusterAddSlotsRange(t.Context(), i*slotCount/n, (i+1)*slotCount/n-1).Err())
			must(t, clients[i].Do(t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
		}
	}
	host, port, _ := net.SplitHostPort(c.Nodes[0].Addr)
	for _, node := range clients[1:] {
		must(t, node.ClusterMeet(t.Context(), host, port).Err())
	}
	for _, node := range clients {
		eventually(t, "a cluster's node to know the others", func(ctx context.Context) bool { return agrees(ctx, node, nodes) })
	}
	for i, node := range clients[n:] {
		c.follow(node, clients[i])
	}
	return c
}

// follow makes a node the replica of another and waits until it is in step.
func (c *Cluster) follow(replica, master *redis.Client) {
	c.t.Helper()
	id, err := master.Do(c.t.Context(), "CLUSTER", "MYID").Text()
	must(c.t, err)
	must(c.t, replica.ClusterReplicate(c.t.Context(), id).Err())
	eventually(c.t, "a replica to be in step", func(ctx context.Context) bool {
		return field(ctx, replica, "replication", "master_link_status") == "up"
	})
}

func agrees(ctx context.Context, node *redis.Client, n int) bool {
	info, err := node.ClusterInfo(ctx).Result()
	return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(n))
}

// Addresses are those of all nodes.
func (c *Cluster) Addresses() []string {
	var out []string
	for _, s := range c.Nodes {
		out = append(out, s.Addr)
	}
	return out
}

// Client connects to the cluster until the test ends.
func (c *Cluster) Client() redis.UniversalClient {
	db := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addresses(), Protocol: 2, DisableIdentity: true})
	c.t.Cleanup(func() { _ = db.Close() })
	return db
}

// Owner is the node that serves the slot of a key, and the slot.
func (c *Cluster) Owner(key string) (*Server, int) {
	c.t.Helper()
	slot := -1
	var owner *Server
	eventually(c.t, "an owner of a slot", func(ctx context.Context) bool {
		owner, slot = c.owner(ctx, key)
		return owner != nil
	})
	return owner, slot
}

// owner asks the nodes that answer; nil when none of them serves the slot.
func (c *Cluster) owner(ctx context.Context, key string) (owner *Server, slot int) {
	for _, s := range c.Nodes {
		if s.process == nil {
			continue
		}
		db := s.client()
		number, err := db.ClusterKeySlot(ctx, key).Result()
		shards, failed := db.ClusterShards(ctx).Result()
		_ = db.Close()
		if err == nil && failed == nil {
			if owner = c.at(master(shards, number)); owner != nil {
				return owner, int(number)
			}
		}
	}
	return nil, 0
}

// master is the address of who serves a slot; empty when nobody does.
func master(shards []redis.ClusterShard, slot int64) string {
	for _, shard := range shards {
		for _, r := range shard.Slots {
			if slot < r.Start || slot > r.End {
				continue
			}
			for _, n := range shard.Nodes {
				if n.Role == "master" && n.Health == "online" {
					return net.JoinHostPort(n.IP, strconv.FormatInt(n.Port, 10))
				}
			}
		}
	}
	return ""
}

func (c *Cluster) at(addr string) *Server {
	for _, s := range c.Nodes {
		if s.Addr == addr {
			return s
		}
	}
	return nil
}

// Failover kills the node that serves a key and recovers.
func (c *Cluster) Failover(key string) {
	c.t.Helper()
	lost, _ := c.Owner(key)
	lost.Kill()
	c.Recover(lost, key)
}

// Recover waits until a replica has taken the place of a killed node that served a key, everywhere, and starts
// the node again, which becomes the replica.
func (c *Cluster) Recover(lost *Server, key string) {
	c.t.Helper()
	eventually(c.t, "another node to serve what the lost one did", func(ctx context.Context) bool {
		now, _ := c.owner(ctx, key)
		return now != nil && now != lost && c.settled(ctx)
	})
	lost.Restart()
	db := lost.Client()
	eventually(c.t, "the lost node to follow", func(ctx context.Context) bool {
		return field(ctx, db, "replication", "role") == "slave" && field(ctx, db, "replication", "master_link_status") == "up" && c.settled(ctx)
	})
}

// settled says that every node that runs takes the cluster for whole.
func (c *Cluster) settled(ctx context.Context) bool {
	for _, s := range c.Nodes {
		if s.process == nil {
			continue
		}
		db := s.client()
		info, err := db.ClusterInfo(ctx).Result()
		_ = db.Close()
		if err != nil || !strings.Contains(info, "cluster_state:ok") {
			return false
		}
	}
	return true
}

// MoveSlot moves the slot of a key, with all that is in it, to the next master, while the cluster is used.
// Between two batches of keys it calls meanwhile, which may be nil.
func (c *Cluster) MoveSlot(key string, meanwhile func()) {
	c.t.Helper()
	from, slot := c.Owner(key)
	to := c.otherMaster(from)
	source, target := from.Client(), to.Client()
	ctx := c.t.Context()
	fromID, err := source.Do(ctx, "CLUSTER", "MYID").Text()
	must(c.t, err)
	toID, err := target.Do(ctx, "CLUSTER", "MYID").Text()
	must(c.t, err)
	must(c.t, target.Do(ctx, "CLUSTER", "SETSLOT", slot, "IMPORTING", fromID).Err())
	must(c.t, source.Do(ctx, "CLUSTER", "SETSLOT", slot, "MIGRATING", toID).Err())
	host, port, _ := net.SplitHostPort(to.Addr)
	for {
		keys, err := source.ClusterGetKeysInSlot(ctx, slot, 2).Result()
		must(c.t, err)
		if len(keys) == 0 {
			break
		}
		args := []any{"MIGRATE", host, port, "", 0, 5000, "KEYS"}
		for _, k := range keys {
			args = append(args, k)
		}
		must(c.t, source.Do(ctx, args...).Err())
		if meanwhile != nil {
			meanwhile()
		}
	}
	for _, s := range append([]*Server{to, from}, c.Nodes...) { // the target first: it must not lose the slot to nobody
		if field(ctx, s.Client(), "replication", "role") == "master" {
			must(c.t, s.Client().Do(ctx, "CLUSTER", "SETSLOT", slot, "NODE", toID).Err())
		}
	}
}

// otherMaster is a master that is not the given one.
func (c *Cluster) otherMaster(not *Server) *Server {
	c.t.Helper()
	for i := range slotCount {
		if s, _ := c.Owner(fmt.Sprintf("{p%02d}", i)); s != not {
			return s
		}
	}
	c.t.Fatal("the cluster has one master only")
	return nil
}
