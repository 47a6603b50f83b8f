package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

const (
	dialWithin = 10 * time.Second // until there is a connection
	sendWithin = 30 * time.Second // for all of a mail, dialling included
	quitWithin = time.Second      // for the farewell of a server that has the mail already

	implicitPort = 465 // TLS from the first byte (RFC 8314, section 3.3)
)

// Options are what a Sender needs. They are not kept beyond it.
type Options struct {
	Host string // name or address; the certificate must be good for it
	Port int    // 465: TLS from the first byte; any other: STARTTLS
	From string // one plain address, ASCII
	// Username and Password log in (AUTH PLAIN or LOGIN), never without TLS. Both or neither.
	Username, Password string
	TLS                bool           // false is for this machine only, by name or address
	Roots              *x509.CertPool // who may sign the certificate; nil: whom the system trusts
	Now                func() time.Time
	Random             io.Reader
	// Dial replaces the network; nil: the system's. Its context ends after ten seconds.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Sender sends mails through one server, each on a connection of its own: alerts are few, and an old
// connection may be dead in the moment that counts. It is safe for concurrent use.
type Sender struct {
	host, address  string
	from           string
	user, password string
	tls            *tls.Config // nil: none
	implicit       bool
	now            func() time.Time
	random         io.Reader
	dial           func(ctx context.Context, network, address string) (net.Conn, error)
}

// New makes a Sender. It dials nothing. Options that could not be served safely are refused with
// reason [Settings].
func New(o Options) (*Sender, error) {
	switch {
	case o.Host == "" || strings.ContainsAny(o.Host, "\r\n \x00"):
		return nil, misset(StepConnect, "smtp.host is no host", "name the mail server")
	case o.Port < 1 || o.Port > 65535:
		return nil, misset(StepConnect, "smtp.port is no port", "give one from 1 to 65535")
	case !plainAddress(o.From):
		return nil, misset(StepFrom, "smtp.from is not one plain mail address", "give one address alone, in ASCII")
	case (o.Username == "") != (o.Password == "") || strings.ContainsRune(o.Username+o.Password, 0):
		return nil, misset(StepAuth, "smtp.username and smtp.password_file need each other", "give both or neither")
	case !o.TLS && !loopback(o.Host):
		return nil, misset(StepTLS, "without TLS only this machine may be the mail server", "set smtp.tls to required")
	}
	s := &Sender{host: o.Host, address: net.JoinHostPort(o.Host, strconv.Itoa(o.Port)), from: o.From,
		user: o.Username, password: o.Password, now: o.Now, random: o.Random, dial: o.Dial}
	if s.dial == nil {
		s.dial = new(net.Dialer).DialContext
	}
	if o.TLS {
		s.tls = &tls.Config{ServerName: o.Host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12, Time: o.Now}
		s.implicit = o.Port == implicitPort
	}
	return s, nil
}

// String says nothing of server, address or password.
func (s *Sender) String() string { return "mail sender" }

// GoString is String: %#v would print the password.
func (s *Sender) GoString() string { return s.String() }

// Send sends one mail and returns when the server has taken it over, after 30 seconds, or when ctx
// ends, whichever is first. It tries once: the caller decides by [ReasonOf] whether and when again.
// Every error is an [*Error].
func (s *Sender) Send(ctx context.Context, a Alert) error {
	l, err := newLetter(a, s.from, s.now(), s.random)
	if err != nil {
		return err
	}
	message, err := l.bytes()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	if err := s.deliver(ctx, a.To, message); err != nil {
		if ctx.Err() != nil && err.Reason == Later && err.Code == 0 { // what broke then is our own doing
			err = &Error{Reason: Later, Step: err.Step, Problem: "it took too long or was stopped", Remedy: "try again", cause: context.Cause(ctx)}
		}
		return err
	}
	return nil
}

// deliver dials and converses. The connection is closed when it returns, and when ctx ends.
func (s *Sender) deliver(ctx context.Context, to string, message []byte) *Error {
	raw, err := s.connect(ctx)
	if err != nil {
		return failed(StepConnect, err)
	}
	defer raw.Close()
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	if deadline, ok := ctx.Deadline(); ok {
		if err := raw.SetDeadline(deadline); err != nil {
			return failed(StepConnect, err)
		}
	}
	heard := &bounded{Conn: raw, left: maxHeard}
	broke := s.speak(ctx, heard, to, message)
	if broke != nil && heard.left <= 0 { // a line that was cut off means nothing
		return failed(broke.Step, errTooMuch)
	}
	return broke
}

// speak turns to TLS, where it is there from the first byte, and converses.
func (s *Sender) speak(ctx context.Context, conn net.Conn, to string, message []byte) *Error {
	if !s.implicit {
		return s.converse(ctx, conn, conn, to, message)
	}
	secure := tls.Client(conn, s.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		return failed(StepTLS, err)
	}
	return s.converse(ctx, secure, conn, to, message)
}

func (s *Sender) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	return s.dial(ctx, "tcp", s.address)
}

// loopback says whether a host is this machine, by its name or address alone; nothing is looked up.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
