package mail

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serverName is on the certificate of every test's server.
const serverName = "mail.example.org"

// server is a real SMTP server (RFC 5321) on loopback that misbehaves on demand. What it is told is set before serve.
type server struct {
	t        *testing.T
	listener net.Listener
	tls      *tls.Config
	implicit bool   // TLS from the first byte
	noTLS    bool   // offers none
	auth     string // mechanisms offered under TLS
	user     string
	password string

	replies map[string]string // by verb: said instead of the right reply; GREETING and END are verbs here
	cut     string            // the verb at which the connection is cut

	running sync.WaitGroup
	mu      sync.Mutex
	mails   []received
	heard   bytes.Buffer // all lines of all clients, without TLS
}

// received is one mail that the server took over.
type received struct {
	hello, from, to string
	secure          bool
	login           string // user:password
	data            []byte
}

// serve starts the server, and ends it with the test.
func (s *server) serve(t *testing.T) *server {
	t.Helper()
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
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

// visit is one connection.
type visit struct {
	*server
	conn net.Conn
	text *textproto.Conn
	received
}

func (s *server) talk(conn net.Conn) {
	v := &visit{server: s}
	if s.implicit {
		conn = tls.Server(conn, s.tls)
		v.secure = true
	}
	v.on(conn)
	if !v.say("GREETING", "220 "+serverName+" ESMTP") {
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
	if v.cut == verb {
		return false
	}
	if instead, ok := v.replies[verb]; ok {
		reply = instead
	}
	return v.text.PrintfLine("%s", reply) == nil
}

func (v *visit) answer(verb, rest string) bool {
	switch verb {
	case "EHLO":
		v.hello = rest
		return v.say(verb, v.abilities())
	case "STARTTLS":
		if !v.say(verb, "220 go ahead") || v.replies[verb] != "" {
			return v.cut != verb
		}
		v.on(tls.Server(v.conn, v.tls))
		v.secure = true
	case "AUTH":
		return v.authenticate(rest)
	case "MAIL":
		v.from = rest
		return v.say(verb, "250 ok")
	case "RCPT":
		v.to = rest
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
	lines := []string{"250-" + serverName, "250-8BITMIME", "250-SMTPUTF8", "250-ENHANCEDSTATUSCODES"}
	if !v.secure && !v.noTLS {
		lines = append(lines, "250-STARTTLS")
	}
	if v.auth != "" && v.secure {
		lines = append(lines, "250-AUTH "+v.auth)
	}
	return strings.Join(append(lines, "250 SIZE 1000000"), "\r\n")
}

// authenticate takes PLAIN with its first line and LOGIN in two steps.
func (v *visit) authenticate(rest string) bool {
	way, first, _ := strings.Cut(rest, " ")
	if way == "PLAIN" {
		_, both, _ := strings.Cut(v.decode(first), "\x00")
		user, password, _ := strings.Cut(both, "\x00")
		v.login = user + ":" + password
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
		v.login = said[0] + ":" + said[1]
	}
	if v.login != v.user+":"+v.password {
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
	if !v.say("DATA", "354 go ahead") || v.replies["DATA"] != "" {
		return v.cut != "DATA"
	}
	data, err := dotted(v.text.R)
	if err != nil {
		return false
	}
	v.data = data
	v.hear(string(data))
	if v.cut != "END" && v.replies["END"] == "" {
		v.mu.Lock()
		v.mails = append(v.mails, v.received)
		v.mu.Unlock()
	}
	return v.say("END", "250 taken")
}

// dotted reads to the final dot and keeps every other byte as it came, line ends included.
func dotted(r *bufio.Reader) ([]byte, error) {
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

func (s *server) hear(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard.WriteString(line + "\n")
}

// got is what was taken over so far.
func (s *server) got() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.mails...)
}

// everything is what clients said so far.
func (s *server) everything() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard.String()
}

// dial leads every address to this server.
func (s *server) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, s.listener.Addr().String())
}

// certify makes a certificate for serverName, valid around now, and the pool that trusts it.
func certify(t *testing.T, now time.Time) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{serverName}, NotBefore: now.Add(-time.Hour),
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

// noon is the tests' now. It lies in the past so that nothing can pass by the machine's clock.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.FixedZone("", 5*3600))

// options are those of a client that trusts the server, by STARTTLS and with a login.
func (s *server) options(t *testing.T) Options {
	t.Helper()
	o := Options{Host: serverName, Port: 587, From: "line@example.org", Username: "line", Password: "canary-password",
		TLS: true, Now: func() time.Time { return noon }, Random: rand.Reader, Dial: s.dial}
	s.tls, o.Roots = certify(t, noon)
	s.user, s.password = o.Username, o.Password
	if s.auth == "" {
		s.auth = "PLAIN LOGIN"
	}
	return o
}

func sender(t *testing.T, o Options) *Sender {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// armored is a well-formed message that nobody sealed.
const armored = "-----BEGIN PGP MESSAGE-----\n\nwcBMA0000000000000\n=AAAA\n-----END PGP MESSAGE-----\n"

func alert() Alert {
	return Alert{To: "duty@example.org", Kind: Alerted, Lane: "emergency", Case: "K7QM-3XRP", Due: noon.Add(10 * time.Minute), Sealed: []byte(armored)}
}

var _ io.Reader = (*bounded)(nil)
