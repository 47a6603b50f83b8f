package configs

import (
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"
)

func (l *loader) atLeastOne(field string, value *int, instead int) int {
	if value == nil {
		return instead
	}
	if *value < 1 {
		l.refuse(field, "is less than 1", "set it to 1 at least; the default is "+strconv.Itoa(instead))
	}
	return *value
}

func (l *loader) retention(p retentionPart) Retention {
	r := Retention{Draft: orTime(p.Draft, 24*time.Hour), Sealed: orTime(p.Sealed, 168*time.Hour), Audit: orTime(p.Audit, 8760*time.Hour)}
	if r.Draft > r.Sealed {
		l.refuse("retention.draft", "is longer than retention.sealed", "keep what is sent longer than what is not")
	}
	if r.Sealed > r.Audit {
		l.refuse("retention.sealed", "is longer than retention.audit", "keep audit lines at least as long as the cases they are about")
	}
	return r
}

func (l *loader) operator(p *operatorPart) *Operator {
	if p == nil {
		return nil
	}
	if p.Email == "" {
		l.missing("operator.email", "name the address that is paged")
	}
	l.address("operator.email", p.Email)
	return &Operator{Email: p.Email}
}

func (l *loader) smtp(p *smtpPart) *SMTP {
	if p == nil {
		return nil
	}
	if p.Host == "" {
		l.missing("smtp.host", "name the mail server")
	}
	if p.Port < 1 || p.Port > 65535 {
		l.missing("smtp.port", "give the mail server's port, 1 to 65535")
	}
	if p.From == "" {
		l.missing("smtp.from", "give the address that alerts come from")
	}
	l.address("smtp.from", p.From)
	s := &SMTP{Host: p.Host, Port: p.Port, From: p.From, Username: p.Username, TLS: true}
	s.Password = l.secret("smtp.password_file", p.PasswordFile, "put the mail server's password there")
	if (p.Username == "") != (p.PasswordFile == "") {
		l.refuse("smtp.username", "and smtp.password_file need each other", "give both or neither")
	}
	switch p.TLS {
	case "", "required":
	case "none":
		s.TLS = false
		if !loopback(p.Host) {
			l.refuse("smtp.tls", "none is allowed on loopback only", "set it to required")
		}
	default:
		l.refuse("smtp.tls", quote(p.TLS)+" is not known here", "set it to required, or to none on loopback")
	}
	return s
}

// address refuses what is not one plain mail address in ASCII: no mail could go there.
func (l *loader) address(field, value string) {
	if value == "" {
		return
	}
	foreign := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>()[]\,;:`, r) }
	if a, err := mail.ParseAddress(value); err != nil || a.Address != value || len(value) > 254 || strings.ContainsFunc(value, foreign) {
		l.refuse(field, quote(value)+" is not a mail address", "write it like duty@example.org")
	}
}

// listen checks host:port to listen at, and warns when others than this machine can reach it.
func (l *loader) listen(field, value string) {
	host, port, err := net.SplitHostPort(value)
	if err != nil || !isPort(port) {
		l.refuse(field, quote(value)+" is not host:port", "write it like 127.0.0.1:9470")
		return
	}
	if !loopback(host) {
		l.warn(field, "listens beyond this machine in plain HTTP", "listen on 127.0.0.1 behind a proxy that adds TLS, unless the network itself is private")
	}
}

// listenersApart refuses one address for two servers.
func (l *loader) listenersApart(c *Config) {
	w := c.Telegram.Webhook
	if w != nil && w.Listen == c.HTTP.Listen && !strings.HasSuffix(w.Listen, ":0") {
		l.refuse("telegram.webhook.listen", "is the address of http.listen too", "give each its own port")
	}
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n <= 65535
}

// loopback says whether a host is this machine, by its name or address alone; nothing is looked up.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

func orTime(value *time.Duration, instead time.Duration) time.Duration {
	if value == nil || *value == 0 {
		return instead
	}
	return *value
}
