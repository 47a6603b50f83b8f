package configs

import (
	"crypto/x509"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var lineForm = regexp.MustCompile(`^[a-z0-9-]{0,32}$`)

const (
	redisForms  = "write redis://host:port/0, rediss://host:port/0 or unix:///path?db=0"
	redisInline = "put the password into a file named by redis.password_file and the name into redis.username"
)

func (l *loader) redis(p redisPart) Redis {
	r := Redis{
		URL: p.URL, Cluster: p.Cluster, Username: p.Username,
		Password:       l.secret("redis.password_file", p.PasswordFile, "put the password of Redis there"),
		RequireDurable: p.RequireDurable == nil || *p.RequireDurable,
	}
	if r.Line = p.Line; !lineForm.MatchString(p.Line) {
		l.refuse("redis.line", quote(p.Line)+" is no name", "write up to 32 small letters, digits and hyphens, or leave it out")
	}
	l.tls = p.TLS
	r.TLS, r.CA = p.TLS, l.authorities(p)
	given := 0
	if p.URL != "" {
		given++
		l.redisURL(p.URL)
	}
	if p.Cluster != nil {
		given++
		l.addresses("redis.cluster", p.Cluster)
	}
	if p.Sentinel != nil {
		given++
		l.sentinel(*p.Sentinel)
		r.Sentinel = &Sentinel{Master: p.Sentinel.Master, Addresses: p.Sentinel.Addresses, Username: p.Sentinel.Username,
			Password: l.secret("redis.sentinel.password_file", p.Sentinel.PasswordFile, "put the password of the sentinels there")}
	}
	switch {
	case given == 0:
		l.missing("redis", "give one of redis.url, redis.cluster and redis.sentinel")
	case given > 1:
		l.refuse("redis", "names more than one of url, cluster and sentinel", "keep one of them")
	}
	if p.Username != "" && p.PasswordFile == "" {
		l.refuse("redis.username", "is given without a password", "add redis.password_file")
	}
	return r
}

func (l *loader) sentinel(p sentinelPart) {
	if p.Master == "" {
		l.missing("redis.sentinel.master", "name the master that the sentinels watch")
	}
	l.addresses("redis.sentinel.addresses", p.Addresses)
	if p.Username != "" && p.PasswordFile == "" {
		l.refuse("redis.sentinel.username", "is given without a password", "add redis.sentinel.password_file")
	}
}

// authorities are the certificates of redis.ca_file, and what does not fit together about TLS is refused.
func (l *loader) authorities(p redisPart) []byte {
	secure := p.TLS || strings.HasPrefix(p.URL, "rediss:")
	if p.TLS && p.URL != "" {
		l.refuse("redis.tls", "is for cluster and sentinel", "write rediss:// in redis.url instead")
	}
	if p.CAFile == "" {
		return nil
	}
	if !secure {
		l.refuse("redis.ca_file", "is given without TLS", "write rediss:// in redis.url, or redis.tls: true beside cluster or sentinel")
	}
	const remedy = "name a file with the certificates, in PEM, that sign those of the servers"
	content, err := readFile(l.resolve(p.CAFile), false)
	if err != nil {
		l.refuse("redis.ca_file", "names a file that "+err.Error(), remedy)
		return nil
	}
	if !x509.NewCertPool().AppendCertsFromPEM(content) {
		l.refuse("redis.ca_file", "names a file without a certificate", remedy)
		return nil
	}
	return content
}

// redisURL checks an address; what stands in it is never quoted, because it may hold a password.
func (l *loader) redisURL(value string) {
	const field = "redis.url"
	u, err := url.Parse(value)
	if err != nil {
		l.refuse(field, "is not a URL", redisForms)
		return
	}
	if u.User != nil {
		l.refuse(field, "holds a name or a password", redisInline)
	}
	db := strings.TrimPrefix(u.Path, "/")
	switch u.Scheme {
	case "redis", "rediss":
		if u.RawQuery != "" || u.Fragment != "" {
			l.refuse(field, "has more than a host, a port and a database", redisForms)
		}
		if u.Scheme == "redis" {
			l.warnPlain(field, or(u.Hostname(), "localhost"), "use rediss://")
		}
	case "unix":
		db = u.Query().Get("db")
		l.redisSocket(field, u)
	default:
		l.refuse(field, "does not begin with redis://, rediss:// or unix://", redisForms)
		return
	}
	if n, err := strconv.Atoi(or(db, "0")); err != nil || n < 0 {
		l.refuse(field, "has a database that is not a number", redisForms)
	}
}

func (l *loader) redisSocket(field string, u *url.URL) {
	if u.Path == "" || u.Host != "" {
		l.refuse(field, "does not name a socket by its full path", redisForms)
	}
	for option := range u.Query() {
		if option != "db" {
			l.refuse(field, "has an option other than db", redisForms)
		}
	}
}

func (l *loader) addresses(field string, list []string) {
	if len(list) == 0 {
		l.missing(field, "name at least one host:port")
	}
	for i, a := range list {
		if strings.Contains(a, "@") {
			l.refuse(indexed(field, i), "holds a name or a password", redisInline)
			continue
		}
		host, port, err := net.SplitHostPort(a)
		if err != nil || host == "" || !isPort(port) {
			l.refuse(indexed(field, i), quote(a)+" is not host:port", "write it like 127.0.0.1:7001")
			continue
		}
		if !l.tls {
			l.warnPlain(indexed(field, i), host, "set redis.tls: true")
		}
	}
	l.unique(field, list)
}

// warnPlain tells of a server reached over a network without TLS.
func (l *loader) warnPlain(field, host, remedy string) {
	if !loopback(host) {
		l.warn(field, "is reached in the clear beyond this machine", remedy+", or use a network that is private; what waits in Redis is sealed, its password is not")
	}
}
