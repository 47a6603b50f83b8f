package configs

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

const (
	redisForms  = "write redis://host:port/0, rediss://host:port/0 or unix:///path?db=0"
	redisInline = "put the password into a file named by redis.password_file and the name into redis.username"
)

func (l *loader) redis(p redisPart) Redis {
	r := Redis{
		Network: "tcp", Username: p.Username, RequireDurable: p.RequireDurable == nil || *p.RequireDurable,
		Password: l.secret("redis.password_file", p.PasswordFile, "put the password of Redis there"),
	}
	given := 0
	if p.URL != "" {
		given++
		l.redisURL(&r, p.URL)
	}
	if p.Cluster != nil {
		given++
		r.Cluster, r.Addresses = true, l.addresses("redis.cluster", p.Cluster)
	}
	if p.Sentinel != nil {
		given++
		r.Master, r.Addresses = p.Sentinel.Master, l.addresses("redis.sentinel.addresses", p.Sentinel.Addresses)
		if r.Master == "" {
			l.missing("redis.sentinel.master", "name the master that the sentinels watch")
		}
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
	l.warnPlain(r)
	return r
}

// redisURL reads an address; what stands in it is never quoted, because it may hold a password.
func (l *loader) redisURL(r *Redis, value string) {
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
		r.TLS = u.Scheme == "rediss"
		r.Addresses = []string{net.JoinHostPort(or(u.Hostname(), "127.0.0.1"), or(u.Port(), "6379"))}
		if u.RawQuery != "" || u.Fragment != "" {
			l.refuse(field, "has more than a host, a port and a database", redisForms)
		}
	case "unix":
		r.Network, r.Addresses, db = "unix", []string{u.Path}, u.Query().Get("db")
		if u.Path == "" || u.Host != "" {
			l.refuse(field, "does not name a socket by its full path", redisForms)
		}
		for option := range u.Query() {
			if option != "db" {
				l.refuse(field, "has an option other than db", redisForms)
			}
		}
	default:
		l.refuse(field, "does not begin with redis://, rediss:// or unix://", redisForms)
		return
	}
	if r.DB, err = strconv.Atoi(or(db, "0")); err != nil || r.DB < 0 {
		l.refuse(field, "has a database that is not a number", redisForms)
	}
}

func (l *loader) addresses(field string, list []string) []string {
	if len(list) == 0 {
		l.missing(field, "name at least one host:port")
	}
	for i, a := range list {
		if host, port, err := net.SplitHostPort(a); err != nil || host == "" || !isPort(port) {
			l.refuse(indexed(field, i), quote(a)+" is not host:port", "write it like 127.0.0.1:7001")
		}
	}
	l.unique(field, list)
	return list
}

// warnPlain tells of a store reached over a network without TLS.
func (l *loader) warnPlain(r Redis) {
	if r.TLS || r.Network == "unix" {
		return
	}
	for _, a := range r.Addresses {
		if host, _, err := net.SplitHostPort(a); err == nil && !loopback(host) {
			l.warn("redis", "is reached in the clear beyond this machine", "use rediss://, or a network that is private; what waits there is sealed, its password is not")
			return
		}
	}
}
