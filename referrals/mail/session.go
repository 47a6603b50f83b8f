package mail

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

const (
	// helloName is an address literal of loopback (RFC 5321, section 4.1.3): well formed for servers that look,
	// and the same on every machine.
	helloName = "[127.0.0.1]"
	// maxHeard is how many bytes of a server are read for one mail, its certificates included. An
	// honest one needs less than a tenth.
	maxHeard = 256 << 10
)

// errTooMuch ends a conversation with a server that does not stop talking.
var errTooMuch = errors.New("the server says too much")

// bounded is a connection that ends after so many bytes read. The library reads lines and
// continuations without a limit of its own.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// converse gives the mail to the server at the other end. What was said before TLS counts for nothing after it.
func (s *Sender) converse(ctx context.Context, conn, raw net.Conn, to string, message []byte) *Error {
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return failed(StepGreet, err)
	}
	client.SkipSMTPUTF8(true) // all of it is ASCII
	for _, step := range []struct {
		name Step
		do   func() error
	}{
		{StepGreet, func() error { return client.Hello(helloName) }},
		{StepTLS, func() error { return s.secure(client) }},
		{StepAuth, func() error { return s.login(client) }},
		{StepFrom, func() error { return client.Mail("<" + s.from + ">") }},
		{StepTo, func() error { return client.Rcpt("<" + to + ">") }},
		{StepMessage, func() error { return give(client, message) }},
	} {
		if err := step.do(); err != nil {
			return failed(step.name, err)
		}
	}
	farewell(ctx, client, raw)
	return nil
}

// secure turns to TLS where it is required and not there yet.
func (s *Sender) secure(client *smtp.Client) error {
	if s.tls == nil || s.implicit {
		return nil
	}
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return misset(StepTLS, "the server offers no TLS", "use a server that does, or port 465; somebody in between may have taken the offer out")
	}
	return client.StartTLS(s.tls)
}

// login proves who we are, under TLS only. Without TLS a password would be readable to every
// program that can listen in on this machine.
func (s *Sender) login(client *smtp.Client) error {
	if s.user == "" || s.tls == nil {
		return nil
	}
	_, offered := client.Extension("AUTH")
	ways := strings.Fields(strings.ToUpper(offered))
	switch {
	case slices.Contains(ways, "PLAIN"):
		return client.Auth(smtp.PlainAuth("", s.user, s.password, s.host, false))
	case slices.Contains(ways, "LOGIN"):
		return client.Auth(smtp.LoginAuth(s.user, s.password, s.host, false))
	}
	return misset(StepAuth, "the server offers no login with a password", "use the port for submission, 465 or 587, or leave username and password out")
}

// give sends the mail. After Close without error the server has it.
func give(client *smtp.Client, message []byte) error {
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	return w.Close()
}

// farewell is a courtesy: the server has the mail, and nothing that it says now changes that.
func farewell(ctx context.Context, client *smtp.Client, raw net.Conn) {
	ctx, cancel := context.WithTimeout(ctx, quitWithin)
	defer cancel()
	if deadline, ok := ctx.Deadline(); ok && raw.SetDeadline(deadline) == nil {
		_ = client.Quit()
	}
}
