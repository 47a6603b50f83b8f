package mail

import (
	"crypto/rand"
	"io"
	"testing"
	"time"

	"go.uber.org/goleak"

	"defenderline/referrals/mail/mailtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is the tests' mail server.
type server struct{ mailtest.Server }

// noon is the tests' now. It lies in the past so that nothing can pass by the machine's clock.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.FixedZone("", 5*3600))

// options are those of a client that trusts the server, by STARTTLS and with a login.
func (s *server) options(t *testing.T) Options {
	t.Helper()
	o := Options{Host: mailtest.ServerName, Port: 587, From: "line@example.org", Username: "line", Password: "canary-password",
		TLS: true, Now: func() time.Time { return noon }, Random: rand.Reader, Dial: s.Dial}
	s.TLS, o.Roots = mailtest.Certify(t, noon)
	s.User, s.Password = o.Username, o.Password
	if s.Auth == "" {
		s.Auth = "PLAIN LOGIN"
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
