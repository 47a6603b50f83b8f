package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"defenderline/referrals/mail/mailtest"
)

func TestSendsUnderTLSWithALogin(t *testing.T) {
	for _, tt := range []struct {
		name, auth string
		port       int
	}{
		{"STARTTLS and PLAIN", "PLAIN LOGIN", 587},
		{"STARTTLS and LOGIN", "login", 2525},
		{"implicit and PLAIN", "LOGIN PLAIN", 465},
		{"implicit and LOGIN", "CRAM-MD5 LOGIN", 465},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := &server{mailtest.Server{Auth: tt.auth, Implicit: tt.port == 465}}
			o := srv.options(t)
			o.Port = tt.port
			srv.Serve(t)
			if err := sender(t, o).Send(t.Context(), alert()); err != nil {
				t.Fatal(err)
			}
			got := srv.Got()
			if len(got) != 1 {
				t.Fatalf("%d mails", len(got))
			}
			m := got[0]
			if !m.Secure || m.Login != "line:canary-password" || m.Hello != "[127.0.0.1]" {
				t.Errorf("secure %v, login %q, hello %q", m.Secure, m.Login, m.Hello)
			}
			if m.From != "FROM:<line@example.org> BODY=8BITMIME" || m.To != "TO:<duty@example.org>" {
				t.Errorf("from %q to %q", m.From, m.To)
			}
		})
	}
}

func TestSendsWithoutTLSToThisMachineOnlyAndNoPassword(t *testing.T) {
	srv := &server{mailtest.Server{Auth: "PLAIN"}}
	o := srv.options(t)
	srv.NoTLS = true
	srv.Serve(t)
	o.TLS, o.Host, o.Dial = false, "127.0.0.1", nil
	_, port, err := net.SplitHostPort(srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if o.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	if err := sender(t, o).Send(t.Context(), alert()); err != nil {
		t.Fatal(err)
	}
	if m := srv.Got(); len(m) != 1 || m[0].Secure || m[0].Login != "" || strings.Contains(srv.Everything(), "AUTH") {
		t.Errorf("%+v", m)
	}
	o.Host = mailtest.ServerName
	if _, err := New(o); ReasonOf(err) != Settings {
		t.Errorf("without TLS to another machine: %v", err)
	}
}

// A server may say anything, at any step: it decides what is to be done, and none of it is repeated.
func TestJudgesRepliesByStepAndCode(t *testing.T) {
	const said = " canary-said by duty@example.org"
	for _, tt := range []struct {
		verb, reply string
		reason      Reason
		step        Step
		code        int
	}{
		{"GREETING", "554 no", Settings, StepGreet, 554},
		{"GREETING", "421 busy", Later, StepGreet, 421},
		{"EHLO", "550 no", Settings, StepGreet, 550},
		{"STARTTLS", "454 not now", Later, StepTLS, 454},
		{"STARTTLS", "501 no", Settings, StepTLS, 501},
		{"AUTH", "535 5.7.8 no", Settings, StepAuth, 535},
		{"AUTH", "454 4.7.0 not now", Later, StepAuth, 454},
		{"MAIL", "530 5.7.0 who?", Settings, StepAuth, 530},
		{"MAIL", "550 not yours", Settings, StepFrom, 550},
		{"MAIL", "451 not now", Later, StepFrom, 451},
		{"RCPT", "550 5.1.1 nobody", Refused, StepTo, 550},
		{"RCPT", "450 4.2.0 greylisted", Later, StepTo, 450},
		{"RCPT", "452-full\r\n452 full", Later, StepTo, 452},
		{"DATA", "554 5.7.1 no", Refused, StepMessage, 554},
		{"DATA", "421 bye", Later, StepMessage, 421},
		{"END", "552 5.3.4 too big", Refused, StepMessage, 552},
		{"END", "451 4.3.0 disk", Later, StepMessage, 451},
		{"END", "999 what", Later, StepMessage, 0},
		{"END", "HTTP/1.1 200 OK", Later, StepMessage, 0},
	} {
		t.Run(tt.verb+" "+tt.reply[:3], func(t *testing.T) {
			srv := &server{mailtest.Server{Replies: map[string]string{tt.verb: tt.reply + said}}}
			o := srv.options(t)
			srv.Serve(t)
			err := sender(t, o).Send(t.Context(), alert())
			wantError(t, err, tt.reason, tt.step, tt.code)
			if len(srv.Got()) != 0 {
				t.Error("the server took it over")
			}
		})
	}
}

func wantError(t *testing.T, err error, reason Reason, step Step, code int) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("%v is no *Error", err)
	}
	if e.Reason != reason || e.Step != step || e.Code != code {
		t.Errorf("%s at %s with %d, want %s at %s with %d: %v", e.Reason, e.Step, e.Code, reason, step, code, err)
	}
	for _, secret := range []string{"canary", "@", "K7QM", "127.0.0.1", mailtest.ServerName} {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			t.Errorf("the error holds %q: %v", secret, err)
		}
	}
	if e.Problem == "" || e.Remedy == "" {
		t.Errorf("the error does not say what to do: %v", err)
	}
}

func TestACutConnectionIsForLater(t *testing.T) {
	for verb, step := range map[string]Step{"GREETING": StepGreet, "EHLO": StepGreet, "STARTTLS": StepTLS, "AUTH": StepAuth,
		"MAIL": StepFrom, "RCPT": StepTo, "DATA": StepMessage, "END": StepMessage} {
		t.Run(verb, func(t *testing.T) {
			srv := &server{mailtest.Server{Cut: verb}}
			o := srv.options(t)
			srv.Serve(t)
			wantError(t, sender(t, o).Send(t.Context(), alert()), Later, step, 0)
		})
	}
}

// What is taken over is sent, whatever the server does at the farewell: a second mail would not help.
func TestAfterTakingOverNothingFails(t *testing.T) {
	for name, srv := range map[string]*server{
		"cut":     {mailtest.Server{Cut: "QUIT"}},
		"refused": {mailtest.Server{Replies: map[string]string{"QUIT": "554 no"}}},
	} {
		t.Run(name, func(t *testing.T) {
			o := srv.options(t)
			srv.Serve(t)
			if err := sender(t, o).Send(t.Context(), alert()); err != nil || len(srv.Got()) != 1 {
				t.Errorf("%v, %d mails", err, len(srv.Got()))
			}
		})
	}
}

func TestAServerThatCannotBeTrustedGetsNothing(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, srv *server, o *Options){
		"another authority": func(t *testing.T, _ *server, o *Options) { _, o.Roots = mailtest.Certify(t, noon) },
		"another name":      func(_ *testing.T, _ *server, o *Options) { o.Host = "other.example.org" },
		"expired":           func(_ *testing.T, _ *server, o *Options) { o.Now = func() time.Time { return noon.Add(2 * time.Hour) } },
		"no STARTTLS":       func(_ *testing.T, srv *server, _ *Options) { srv.NoTLS = true },
		"plain on 465":      func(_ *testing.T, _ *server, o *Options) { o.Port = 465 },
		"expired on 465": func(_ *testing.T, srv *server, o *Options) {
			srv.Implicit, o.Port, o.Now = true, 465, func() time.Time { return noon.Add(2 * time.Hour) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := &server{}
			o := srv.options(t)
			spoil(t, srv, &o)
			srv.Serve(t)
			wantError(t, sender(t, o).Send(t.Context(), alert()), Settings, StepTLS, 0)
			if said := srv.Everything(); strings.Contains(said, "AUTH") || strings.Contains(said, "MAIL") {
				t.Errorf("it heard %q", said)
			}
		})
	}
}

func TestALoginThatTheServerDoesNotOffer(t *testing.T) {
	srv := &server{mailtest.Server{Auth: "CRAM-MD5 XOAUTH2"}}
	o := srv.options(t)
	srv.Serve(t)
	wantError(t, sender(t, o).Send(t.Context(), alert()), Settings, StepAuth, 0)
}

// The library reads lines and continuations without end; the connection does not let it.
func TestAServerThatTalksWithoutEnd(t *testing.T) {
	for _, tt := range []struct {
		name, verb, reply string
		step              Step
	}{
		{"a long line", "GREETING", "220 " + strings.Repeat("a", 1<<20), StepGreet},
		{"a long ability", "EHLO", "250-STARTTLS\r\n250 " + strings.Repeat("a", 1<<20), StepTLS},
		{"many continuations", "EHLO", strings.Repeat("250-a\r\n", 1<<17), StepGreet},
		{"a long refusal", "RCPT", "550 " + strings.Repeat("a", 1<<20), StepTo},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := &server{mailtest.Server{Replies: map[string]string{tt.verb: tt.reply}}}
			o := srv.options(t)
			srv.Serve(t)
			wantError(t, sender(t, o).Send(t.Context(), alert()), Later, tt.step, 0)
		})
	}
}

func TestNobodyListens(t *testing.T) {
	srv := &server{}
	o := srv.options(t)
	srv.Serve(t)
	srv.Close()
	wantError(t, sender(t, o).Send(t.Context(), alert()), Later, StepConnect, 0)
}

func TestWhoStopsSendingIsToldSo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	srv := &server{}
	o := srv.options(t)
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		stop()
		return srv.Dial(context.WithoutCancel(ctx), network, address)
	}
	srv.Serve(t)
	err := sender(t, o).Send(ctx, alert())
	if !errors.Is(err, context.Canceled) || ReasonOf(err) != Later {
		t.Errorf("%v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	srv := &server{}
	o := srv.options(t)
	srv.Serve(t)
	s := sender(t, o)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := s.Send(t.Context(), alert()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	ids := map[string]bool{}
	for _, m := range srv.Got() {
		ids[headerOf(t, m.Data).Get("Message-ID")] = true
	}
	if len(ids) != 8 {
		t.Errorf("%d different Message-IDs of 8", len(ids))
	}
}

func TestOptionsThatCannotBeServed(t *testing.T) {
	good := (&server{}).options(t)
	for name, spoil := range map[string]func(o *Options){
		"no host":         func(o *Options) { o.Host = "" },
		"a broken host":   func(o *Options) { o.Host = "mail\r\n.example.org" },
		"no port":         func(o *Options) { o.Port = 0 },
		"a port too high": func(o *Options) { o.Port = 65536 },
		"no sender":       func(o *Options) { o.From = "" },
		"two senders":     func(o *Options) { o.From = "a@example.org, b@example.org" },
		"a named sender":  func(o *Options) { o.From = "Line <line@example.org>" },
		"a broken sender": func(o *Options) { o.From = "line@example.org\r\nBcc: x@example.org" },
		"no password":     func(o *Options) { o.Password = "" },
		"no user":         func(o *Options) { o.Username = "" },
		"a user with NUL": func(o *Options) { o.Username = "a\x00b" },
	} {
		o := good
		spoil(&o)
		if _, err := New(o); ReasonOf(err) != Settings {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := sender(t, good)
	if text := fmt.Sprintf("%v %+v %#v %s", s, s, s, s); strings.Contains(text, "canary") || strings.Contains(text, "example") {
		t.Errorf("a sender prints %q", text)
	}
}
