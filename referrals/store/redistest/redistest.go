// Package redistest runs real Redis servers for tests, of any package. A test that needs one
// fails when redis-server is missing: what is promised about Redis is proved on Redis.
package redistest

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a redis-server of a test. It keeps what it is given in a folder of the test, in an
// append-only file, so that it can be killed and started again.
type Server struct {
	// Addr is host:port; it stays the same over Restart.
	Addr string

	t       testing.TB
	dir     string
	flags   []string
	process *exec.Cmd
	// sentinel is the file of a sentinel; empty for a server.
	sentinel string
}

// Start runs a server until the test ends. Flags are redis-server's, such as "--maxmemory",
// "64mb", and override those set here.
func Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	s := &Server{t: t, dir: t.TempDir(), flags: flags}
	for range 5 { // the free port may be taken before redis has it
		s.Addr = freeAddr(t)
		if s.run() {
			t.Cleanup(s.Kill)
			return s
		}
	}
	t.Fatal("redis-server did not start on five free ports")
	return nil
}

// URL is the server's redis:// address.
func (s *Server) URL() string { return "redis://" + s.Addr + "/0" }

// Kill ends the server as a power cut would, without a chance to save.
func (s *Server) Kill() {
	if s.process != nil {
		_ = s.process.Process.Kill() // it may have ended already
		_ = s.process.Wait()
		s.process = nil
	}
}

// Restart starts a killed server again, with what it had kept.
func (s *Server) Restart() {
	s.t.Helper()
	if !s.run() {
		s.t.Fatal("redis-server did not start again")
	}
}

// Client connects to the server until the test ends, for what a test wants to see itself.
func (s *Server) Client() *redis.Client {
	db := redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2, DisableIdentity: true})
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}

// run starts the process and reports whether it accepts connections.
func (s *Server) run() bool {
	s.t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		s.t.Fatal("redis-server is not installed; `make test` installs it")
	}
	host, port, _ := net.SplitHostPort(s.Addr)
	args := []string{"--bind", host, "--port", port, "--dir", s.dir}
	if s.sentinel != "" {
		args = append([]string{s.sentinel, "--sentinel"}, args...)
	} else {
		args = append(args, "--save", "", "--appendonly", "yes", "--appendfsync", "everysec")
	}
	s.process = exec.Command(path, append(args, s.flags...)...)
	out, err := s.process.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "eady to accept connections") || strings.Contains(lines.Text(), "+monitor master") {
			go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
			return true
		}
	}
	s.Kill()
	return false
}

func freeAddr(t testing.TB) string {
	t.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		_ = l.Close()
		if _, port, _ := net.SplitHostPort(addr); len(port) == 5 {
			if n, _ := strconv.Atoi(port); n < 55000 { // a cluster node also listens 10000 above
				return addr
			}
		}
	}
}

// StartSentinel runs a sentinel that watches a server under a name, and returns its address.
func StartSentinel(t testing.TB, name string, watched *Server) string {
	t.Helper()
	host, port, _ := net.SplitHostPort(watched.Addr)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	text := "sentinel monitor " + name + " " + host + " " + port + " 1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, dir: t.TempDir(), sentinel: file}
	for range 5 {
		s.Addr = freeAddr(t)
		if s.run() {
			t.Cleanup(s.Kill)
			return s.Addr
		}
	}
	t.Fatal("the sentinel did not start on five free ports")
	return ""
}

// StartCluster runs a Redis Cluster of n masters and returns their addresses when all of
// them agree that every slot is served.
func StartCluster(t testing.TB, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	const slots = 16384
	var addrs []string
	var nodes []*redis.Client
	for i := range n {
		s := Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "5000")
		addrs, nodes = append(addrs, s.Addr), append(nodes, s.Client())
		must(t, nodes[i].ClusterAddSlotsRange(ctx, i*slots/n, (i+1)*slots/n-1).Err())
		must(t, nodes[i].Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
	}
	host, port, _ := net.SplitHostPort(addrs[0])
	for _, node := range nodes[1:] {
		must(t, node.ClusterMeet(ctx, host, port).Err())
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for _, node := range nodes {
		for !agrees(ctx, node, n) {
			select {
			case <-ctx.Done():
				t.Fatal("the cluster's nodes did not find each other")
			case <-tick.C:
			}
		}
	}
	return addrs
}

func agrees(ctx context.Context, node *redis.Client, n int) bool {
	info, err := node.ClusterInfo(ctx).Result()
	return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(n))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Dir is the folder the server keeps its files in.
func (s *Server) Dir() string { return s.dir }
