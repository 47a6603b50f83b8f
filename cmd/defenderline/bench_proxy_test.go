package main

import (
	"bufio"
	"crypto/sha1"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// counter stands between a line and its Redis and counts what the client sends. INFO commandstats cannot say
// it: there a script's own commands count as well.
type counter struct {
	addr     string
	names    map[string]string // of scripts, by SHA-1
	mu       sync.Mutex
	commands map[string]int64
	args     atomic.Int64
	sent     atomic.Int64 // bytes to the server
	received atomic.Int64 // bytes from the server
	trips    atomic.Int64 // bursts of bytes to the server: a pipeline is one
}

// newCounter listens until the benchmark ends and passes everything on to a server.
func newCounter(b testing.TB, server string) *counter {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	c := &counter{addr: l.Addr().String(), names: scriptNames(b), commands: map[string]int64{}}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go c.pass(from, server)
		}
	}()
	return c
}

// scriptNames knows the store's scripts by their SHA-1, alone and behind the library they share.
func scriptNames(b testing.TB) map[string]string {
	b.Helper()
	folder := filepath.Join("..", "..", "referrals", "store")
	files, err := filepath.Glob(filepath.Join(folder, "*.lua"))
	if err != nil || len(files) == 0 {
		b.Fatalf("no scripts in %s: %v", folder, err)
	}
	lib, err := os.ReadFile(filepath.Join(folder, "lib.lua"))
	if err != nil {
		b.Fatal(err)
	}
	names := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".lua")
		names[fmt.Sprintf("%x", sha1.Sum(text))] = name
		names[fmt.Sprintf("%x", sha1.Sum(append(lib[:len(lib):len(lib)], text...)))] = name
	}
	return names
}

func (c *counter) pass(from net.Conn, server string) {
	defer from.Close()
	to, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(from, bytesOf{to, &c.received, nil}) // ends with either side
		_ = from.Close()
	}()
	in := bufio.NewReaderSize(io.TeeReader(bytesOf{from, &c.sent, &c.trips}, to), 64<<10)
	for c.command(in) == nil {
	}
}

// command reads one command of the client: an array of bulk strings.
func (c *counter) command(in *bufio.Reader) error {
	n, err := length(in, '*')
	if err != nil {
		return err
	}
	var words [2]string
	for i := range n {
		size, err := length(in, '$')
		if err != nil {
			return err
		}
		if i < len(words) && size <= 40 {
			word := make([]byte, size)
			if _, err := io.ReadFull(in, word); err != nil {
				return err
			}
			words[i], size = string(word), 0
		}
		if _, err := in.Discard(size + 2); err != nil {
			return err
		}
	}
	c.args.Add(int64(n))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commands[c.name(words[0], words[1])]++
	return nil
}

func length(in *bufio.Reader, kind byte) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, fmt.Errorf("%q is no %q", line, kind)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

func (c *counter) name(command, first string) string {
	command = strings.ToLower(command)
	if command != "evalsha" {
		return command
	}
	if name, known := c.names[first]; known {
		return name + ".lua"
	}
	return command
}

// counted is what a counter has seen, at one moment or between two.
type counted struct {
	commands                    map[string]int64
	args, sent, received, trips int64
}

func (c *counter) now() counted {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := counted{map[string]int64{}, c.args.Load(), c.sent.Load(), c.received.Load(), c.trips.Load()}
	for name, n := range c.commands {
		s.commands[name] = n
	}
	return s
}

func (s counted) since(before counted) counted {
	d := counted{map[string]int64{}, s.args - before.args, s.sent - before.sent, s.received - before.received, s.trips - before.trips}
	for name, n := range s.commands {
		if n -= before.commands[name]; n > 0 {
			d.commands[name] = n
		}
	}
	return d
}

func (s counted) total() (n int64) {
	for _, of := range s.commands {
		n += of
	}
	return n
}

// bytesOf counts what is read.
type bytesOf struct {
	io.Reader
	bytes, bursts *atomic.Int64
}

func (r bytesOf) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.bytes.Add(int64(n))
	if r.bursts != nil && n > 0 {
		r.bursts.Add(1)
	}
	return n, err
}
