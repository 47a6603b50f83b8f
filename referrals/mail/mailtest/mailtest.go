// Package mailtest is a mail server for tests: a real one on loopback, which takes mails, remembers them byte for byte, and
// misbehaves on demand. It trusts nobody and delivers nothing.
package mailtest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"
)

// ServerName is on the certificate of every test's server.
const ServerName = "mail.example.org"

// Server is a real SMTP server (RFC 5321) on loopback that misbehaves on demand. What it is told is set before Serve.
type Server struct {
	t        testing.TB
	listener net.Listener
	Address  string // where to listen; empty: any port of loopback
	TLS      *tls.Config
	Implicit bool   // TLS from the first byte
	NoTLS    bool   // offers none
	Auth     string // mechanisms offered under TLS
	User     string
	Password string

	Replies map[string]string // by verb: said instead of the right reply; GREETING and END are verbs here
	Unknown string            // an address that is refused for good
	Cut     string            // the verb at which the connection is cut

	running sync.WaitGroup
	mu      sync.Mutex
	mails   []Received
	heard   bytes.Buffer // all lines of all clients, without TLS
}

// Received is one mail that the server took over.
type Received struct {
	Hello, From, To string
	Secure          bool
	Login           string // user:password
	Data            []byte
}

// Serve starts the server, and ends it with the test.
func (s *Server) Serve(t testing.TB) *Server {
	t.Helper()
	var err error
	if s.listener, err = net.Listen("tcp", cmp.Or(s.Address, "127.0.0.1:0")); err != nil {
		t.Fatal(err)
	}
	s.t = t
	s.running.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.running.Go(func() {
				defer conn.Close()
				s.talk(conn)
			})
		}
	})
	t.Cleanup(func() {
		s.listener.Close()
		s.running.Wait()
	})
	return s
}

// Addr is where it listens, once it serves.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close lets nobody in any more.
func (s *Server) Close() { s.listener.Close() }

// visit is one connection.
type visit struct {
	*Server
	conn net.Conn
	text *textproto.Conn
	Received
}

func (s *Server) talk(conn net.Conn) {
	v := &visit{Server: s}
	if s.Implicit {
		conn = tls.Server(conn, s.TLS)
		v.Secure = true
	}
	v.on(conn)
	if !v.say("GREETING", "220 "+ServerName+" ESMTP") {
		return
	}
	for {
		line, err := v.text.ReadLine()
		if err != nil {
			return
		}
		s.hear(line)
		verb, rest, _ := strings.Cut(line, " ")
		if !v.answer(strings.ToUpper(verb), rest) {
			return
		}
	}
}

func (v *visit) on(conn net.Conn) { v.conn, v.text = conn, textproto.NewConn(conn) }

// say writes the reply to a verb and reports whether the conversation goes on.
func (v *visit) say(verb, reply string) bool {
	if v.Cut == verb {
		return false
	}
	if instead, ok := v.Replies[verb]; ok {
		reply = instead
	}
	return v.text.PrintfLine("%s", reply) == nil
}

func (v *visit) answer(verb, rest string) bool {
	switch verb {
	case "EHLO":
		v.Hello = rest
		return v.say(verb, v.abilities())
	case "STARTTLS":
		if !v.say(verb, "220 go ahead") || v.Replies[verb] != "" {
			return v.Cut != verb
		}
		v.on(tls.Server(v.conn, v.TLS))
		v.Secure = true
	case "AUTH":
		return v.authenticate(rest)
	case "MAIL":
		v.From = rest
		return v.say(verb, "250 ok")
	case "RCPT":
		v.To = rest
		if v.Unknown != "" && strings.Contains(rest, v.Unknown) {
			return v.say(verb, "550 5.1.1 no such mailbox: "+v.Unknown)
		}
		return v.say(verb, "250 ok")
	case "DATA":
		return v.take()
	case "QUIT":
		v.say(verb, "221 bye")
		return false
	default:
		return v.say(verb, "502 what?")
	}
	return true
}

func (v *visit) abilities() string {
	lines := []string{"250-" + ServerName, "250-8BITMIME", "250-SMTPUTF8", "250-ENHANCEDSTATUSCODES"}
	if !v.Secure && !v.NoTLS {
		lines = append(lines, "250-STARTTLS")
	}
	if v.Auth != "" && v.Secure {
		lines = append(lines, "250-AUTH "+v.Auth)
	}
	return strings.Join(append(lines, "250 SIZE 1000000"), "\r\n")
}

// authenticate takes PLAIN with its first line and LOGIN in two steps.
func (v *visit) authenticate(rest string) bool {
	way, first, _ := strings.Cut(rest, " ")
	if way == "PLAIN" {
		_, both, _ := strings.Cut(v.decode(first), "\x00")
		user, password, _ := strings.Cut(both, "\x00")
		v.Login = user + ":" + password
	} else {
		var said [2]string
		for i, ask := range []string{"Username:", "Password:"} {
			if v.text.PrintfLine("334 %s", base64.StdEncoding.EncodeToString([]byte(ask))) != nil {
				return false
			}
			line, err := v.text.ReadLine()
			if err != nil {
				return false
			}
			said[i] = v.decode(line)
		}
		v.Login = said[0] + ":" + said[1]
	}
	if v.Login != v.User+":"+v.Password {
		return v.say("AUTH", "535 5.7.8 no")
	}
	return v.say("AUTH", "235 welcome")
}

func (v *visit) decode(s string) string {
	text, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		v.t.Errorf("a login that is not base64: %q", s)
	}
	return string(text)
}

func (v *visit) take() bool {
	if !v.say("DATA", "354 go ahead") || v.Replies["DATA"] != "" {
		return v.Cut != "DATA"
	}
	data, err := Dotted(v.text.R)
	if err != nil {
		return false
	}
	v.Data = data
	v.hear(string(data))
	if v.Cut != "END" && v.Replies["END"] == "" {
		v.mu.Lock()
		v.mails = append(v.mails, v.Received)
		v.mu.Unlock()
	}
	return v.say("END", "250 taken")
}

// Dotted reads to the final dot and keeps every other byte as it came, line ends included.
func Dotted(r *bufio.Reader) ([]byte, error) {
	var out []byte
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		if string(line) == ".\r\n" {
			return out, nil
		}
		out = append(out, bytes.TrimPrefix(line, []byte("."))...)
	}
}

func (s *Server) hear(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard.WriteString(line + "\n")
}

// Got is what was taken over so far.
func (s *Server) Got() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Received(nil), s.mails...)
}

// Everything is what clients said so far.
func (s *Server) Everything() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard.String()
}

// Dial leads every address to this server.
func (s *Server) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, s.listener.Addr().String())
}

// Certify makes a certificate for ServerName, valid around now, and the pool that trusts it.
func Certify(t testing.TB, now time.Time) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{ServerName}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	raw, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}, roots
}
