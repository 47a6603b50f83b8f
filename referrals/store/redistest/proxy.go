package redistest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy passes bytes between clients and a server, and disturbs them on command. Its one trick is to cut a
// client's connection after the server has carried out a request and answered, without passing the answer on:
// the client cannot know whether its commit happened. Ready-made proxies (Toxiproxy) cut by time or by bytes, not
// between the act and its answer, and are larger than this.
//
// It serves a single server: clients of Sentinel or of a Cluster learn addresses from the servers themselves.
type Proxy struct {
	// Addr is host:port.
	Addr string

	t      testing.TB
	listen net.Listener
	to     string

	mu    sync.Mutex
	every int // each n-th request loses its answer; 0: none
	seen  int
	cuts  int
	delay time.Duration
	down  bool
	pairs map[*pair]bool
	wg    sync.WaitGroup
}

// pair is one client's connection and the one to the server.
type pair struct {
	client, server net.Conn
	cut            bool // the next bytes of the server are not passed on
}

// StartProxy listens until the test ends and passes everything on to a server.
func StartProxy(t testing.TB, to *Server) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &Proxy{Addr: l.Addr().String(), t: t, listen: l, to: to.Addr, pairs: map[*pair]bool{}}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close() // ends accept
		p.Down(true)
		p.wg.Wait()
	})
	return p
}

// URL is the redis:// address of the server behind the proxy.
func (p *Proxy) URL() string { return "redis://" + p.Addr + "/0" }

// CutAnswers cuts the connection of each n-th request, counted over all connections, after the server has
// answered it; 0 ends it. A request is what a client writes at once: a command or a pipeline.
func (p *Proxy) CutAnswers(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.every, p.seen = n, 0
}

// Cuts is how many answers were cut so far.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// Delay holds everything that is written back for so long, in both directions.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Down cuts all connections and every new one, until it is called with false.
func (p *Proxy) Down(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
	for c := range p.pairs {
		if down {
			c.close()
		}
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listen.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		c := &pair{client: client, server: server}
		if !p.join(c) {
			c.close()
			continue
		}
		p.wg.Go(func() { p.requests(c) })
		p.wg.Go(func() { p.answers(c) })
	}
}

func (p *Proxy) join(c *pair) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.down {
		p.pairs[c] = true
	}
	return !p.down
}

func (p *Proxy) leave(c *pair) {
	c.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pairs, c)
}

// requests passes what the client writes to the server.
func (p *Proxy) requests(c *pair) {
	defer p.leave(c)
	buf := make([]byte, 64<<10)
	for {
		n, err := c.client.Read(buf)
		if err != nil {
			return
		}
		time.Sleep(p.request(c))
		if _, err := c.server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// request counts one and says how long it is held back.
func (p *Proxy) request(c *pair) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
	c.cut = c.cut || p.every > 0 && p.seen%p.every == 0
	return p.delay
}

// answers passes what the server writes to the client, until an answer is cut.
func (p *Proxy) answers(c *pair) {
	defer p.leave(c)
	buf := make([]byte, 64<<10)
	for {
		n, err := c.server.Read(buf)
		if err != nil {
			return
		}
		wait, cut := p.answer(c)
		if cut {
			return
		}
		time.Sleep(wait)
		if _, err := c.client.Write(buf[:n]); err != nil {
			return
		}
	}
}

// answer says how long the answer that came is held back, and whether it is cut.
func (p *Proxy) answer(c *pair) (wait time.Duration, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.cut {
		p.cuts++
	}
	return p.delay, c.cut
}

func (c *pair) close() {
	_ = c.client.Close() // either may be closed already
	_ = c.server.Close()
}
