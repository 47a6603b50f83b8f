// Package redistest runs real Redis servers for tests, of any package. A test that needs one
// fails when redis-server is missing: what is promised about Redis is proved on Redis.
package redistest

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

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
	tls      bool // Addr is reached by TLS only
}

// Start runs a server until the test ends. Flags are redis-server's, such as "--maxmemory",
// "64mb", and override those set here.
func Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	return start(t, &Server{t: t, dir: t.TempDir(), flags: flags})
}

// start runs a server or a sentinel on a free port until the test ends.
func start(t testing.TB, s *Server) *Server {
	t.Helper()
	for range 5 { // the free port may be taken before redis has it
		s.Addr = FreeAddr(t)
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
	db := s.client()
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}

// client connects to the server; the caller closes it.
func (s *Server) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2, DisableIdentity: true})
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
	if s.tls {
		args = append(args, "--port", "0", "--tls-port", port)
	}
	if s.sentinel != "" {
		args = append([]string{s.sentinel, "--sentinel"}, args...)
	} else {
		args = append(args, "--save", "", "--appendonly", "yes", "--appendfsync", "everysec")
	}
	// A full disk is a file-size limit (FillDisk): its signal must not end the server.
	shell := []string{"-c", `trap "" XFSZ; exec "$0" "$@"`, path}
	s.process = exec.Command("sh", slices.Concat(shell, args, s.flags)...)
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

// Ports for what tests start: below those that the system gives to outgoing connections (from 32768 on, by
// default), so that none is taken between being found and being used. A cluster node also listens 10000 above.
const (
	firstPort = 11000
	ports     = 11000
)

// handedOut counts the ports that this process has handed out: none is handed out twice while others last.
var handedOut atomic.Uint32

// FreeAddr is an address on this machine on which nothing listens. Processes begin at different ports.
func FreeAddr(t testing.TB) string {
	t.Helper()
	for range ports {
		n := (uint32(os.Getpid())*97 + handedOut.Add(1)) % ports
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+int(n)))
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Dir is the folder the server keeps its files in.
func (s *Server) Dir() string { return s.dir }
