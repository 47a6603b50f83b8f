package redistest

import (
	"context"
	"net"
	"os/exec"
	"strconv"
	"syscall"
)

// Freeze stops the server's process without ending it (SIGSTOP): connections stay open and nothing answers,
// as with a machine that is swapped out or a disk that hangs.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	must(s.t, s.process.Process.Signal(sig))
}

// FillDisk lets no file of the server grow any further, until EmptyDisk: every write to the append-only
// file fails as on a full disk. The server refuses writes then, or ends, when it fsyncs always. (It is a
// limit of the process and no full file system, because that takes no right to mount; a read-only disk or
// one full for others looks the same from inside.)
func (s *Server) FillDisk() {
	s.t.Helper()
	s.limit("0")
}

// EmptyDisk takes FillDisk back. A server that ended meanwhile stays so until Restart.
func (s *Server) EmptyDisk() {
	s.t.Helper()
	if s.Ended() {
		return
	}
	s.limit("unlimited")
}

func (s *Server) limit(bytes string) {
	s.t.Helper()
	pid := strconv.Itoa(s.process.Process.Pid)
	if out, err := exec.Command("prlimit", "--pid", pid, "--fsize="+bytes+":unlimited").CombinedOutput(); err != nil {
		s.t.Fatalf("prlimit (util-linux): %v\n%s", err, out)
	}
}

// Ended says whether the process has ended by itself. A killed one counts as ended.
func (s *Server) Ended() bool {
	if s.process == nil {
		return true
	}
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(s.process.Process.Pid, &status, syscall.WNOHANG, nil)
	if err == nil && pid == 0 {
		return false
	}
	s.process = nil
	return true
}

// MaxMemory lets the server refuse every write that takes more memory than bytes, without evicting
// anything; 0 takes it back.
func (s *Server) MaxMemory(bytes int) { s.set("maxmemory", strconv.Itoa(bytes)) }

// MinReplicas lets the server refuse writes while fewer than n replicas follow it; 0 takes it back.
func (s *Server) MinReplicas(n int) { s.set("min-replicas-to-write", strconv.Itoa(n)) }

func (s *Server) set(name, value string) {
	s.t.Helper()
	db := s.client()
	defer db.Close()
	must(s.t, db.ConfigSet(context.Background(), name, value).Err())
}

// Follow makes the server a replica of the one behind an address, which may be a Proxy's.
func (s *Server) Follow(addr string) {
	s.t.Helper()
	db := s.client()
	defer db.Close()
	host, port, _ := net.SplitHostPort(addr)
	must(s.t, db.ReplicaOf(context.Background(), host, port).Err())
	eventually(s.t, "a replica to follow", func(ctx context.Context) bool {
		return field(ctx, db, "replication", "role") == "slave" && field(ctx, db, "replication", "master_link_status") == "up"
	})
}

// Follows says whether the server is a replica of another.
func (s *Server) Follows(master *Server) bool {
	db := s.client()
	defer db.Close()
	_, port, _ := net.SplitHostPort(master.Addr)
	return field(context.Background(), db, "replication", "master_port") == port
}
