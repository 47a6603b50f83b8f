package store

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// connect makes a client of up to so many connections to a server, zero for the driver's own number. It
// does not dial.
func connect(o Options, connections int) (redis.UniversalClient, error) {
	named := 0
	for _, set := range []bool{o.URL != "", len(o.Cluster) > 0, o.Sentinel.Master != "" || len(o.Sentinel.Addresses) > 0} {
		if set {
			named++
		}
	}
	switch {
	case named != 1:
		return nil, errors.New("redis: give exactly one of url, cluster and sentinel")
	case len(o.Cluster) > 0:
		options := clusterOptions(o, connections)
		if o.TLS {
			options.TLSConfig = trusting(nil, o.CA)
		}
		return redis.NewClusterClient(options), nil
	case o.URL == "":
		if o.Sentinel.Master == "" || len(o.Sentinel.Addresses) == 0 {
			return nil, errors.New("redis.sentinel: give both master and addresses")
		}
		options := sentinelOptions(o, connections)
		if o.TLS {
			options.TLSConfig = trusting(nil, o.CA)
		}
		return redis.NewFailoverClient(options), nil
	}
	single, err := redis.ParseURL(o.URL)
	if err != nil { // the library's error repeats the URL with its password
		return nil, errors.New("redis.url cannot be read; write redis://host:port/number, rediss:// or unix:///path")
	}
	if single.TLSConfig != nil {
		single.TLSConfig = trusting(single.TLSConfig, o.CA)
	}
	return redis.NewClient(singleOptions(o, single, connections)), nil
}

// trusting is how a server must prove who it is: by certificates of these authorities, or without any by those that the
// system trusts. The name is that of the address dialled.
func trusting(base *tls.Config, authorities []byte) *tls.Config {
	if base == nil {
		base = &tls.Config{}
	}
	base.MinVersion = tls.VersionTLS12
	if authorities != nil {
		base.RootCAs = x509.NewCertPool()
		base.RootCAs.AppendCertsFromPEM(authorities)
	}
	return base
}

// All that is said of a password that does not fit: not which, and not what the server says of it.
var (
	errPassword = errors.New("redis refuses the password, or wants one; check redis.username and redis.password_file, and the user in the server's ACL")
	errSentinel = errors.New("redis: the sentinels refuse the password, or want one; check redis.sentinel.username and redis.sentinel.password_file")
)

// unanswered says why the first question to a server was not answered, and what to do.
func unanswered(err error) error {
	for _, word := range []string{"WRONGPASS", "NOAUTH", "ERR AUTH", "ERR invalid password"} {
		if !redis.HasErrorPrefix(err, word) {
			continue
		}
		if strings.Contains(err.Error(), "all sentinels") { // the driver's words around a sentinel's answer
			return errSentinel
		}
		return errPassword
	}
	return fmt.Errorf("redis does not answer; check that it runs, and the address under redis: %w", clean(err))
}

// answerWithin is how long a server may take to answer: one that is frozen must not keep the process from ending in time.
const answerWithin = 3 * time.Second

// buffers is what a connection reads and writes at once, in bytes: a script with what it seals is a few kilobytes, and
// there are dozens of connections. The driver's own are 32 KB, and 128 KB for those that pipelines take.
const buffers = 4 << 10

// No retries: a lost answer is repeated by the caller, who knows what it repeats. No
// handshake that Redis 7.0 refuses. A context's deadline ends a command.

func singleOptions(o Options, single *redis.Options, connections int) *redis.Options {
	if connections > 0 {
		single.PoolSize = connections
	}
	if o.Username != "" {
		single.Username = o.Username
	}
	if o.Password != "" {
		single.Password = o.Password
	}
	single.Protocol, single.MaxRetries, single.DialerRetries, single.ReadTimeout = 2, -1, 1, answerWithin
	single.ContextTimeoutEnabled, single.DisableIdentity = true, true
	single.ReadBufferSize, single.WriteBufferSize = buffers, buffers
	single.PipelineReadBufferSize, single.PipelineWriteBufferSize = buffers, buffers
	single.MaintNotificationsConfig = quiet()
	return single
}

func clusterOptions(o Options, connections int) *redis.ClusterOptions {
	return &redis.ClusterOptions{
		Addrs: o.Cluster, Username: o.Username, Password: o.Password,
		PoolSize: connections, Protocol: 2, MaxRetries: -1, DialerRetries: 1, ReadTimeout: answerWithin,
		ContextTimeoutEnabled: true, DisableIdentity: true, MaintNotificationsConfig: quiet(),
		ReadBufferSize: buffers, WriteBufferSize: buffers, PipelineReadBufferSize: buffers, PipelineWriteBufferSize: buffers,
	}
}

func sentinelOptions(o Options, connections int) *redis.FailoverOptions {
	return &redis.FailoverOptions{
		MasterName: o.Sentinel.Master, SentinelAddrs: o.Sentinel.Addresses,
		Username: o.Username, Password: o.Password, SentinelUsername: o.Sentinel.Username, SentinelPassword: o.Sentinel.Password,
		PoolSize: connections, Protocol: 2, MaxRetries: -1, DialerRetries: 1, ReadTimeout: answerWithin,
		ContextTimeoutEnabled: true, DisableIdentity: true,
		ReadBufferSize: buffers, WriteBufferSize: buffers, PipelineReadBufferSize: buffers, PipelineWriteBufferSize: buffers,
	}
}

func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// Quiet stops the driver's own lines on standard error, which are no JSON and say nothing that
// an error does not. It is for the whole process: call it once, before Open.
func Quiet() { logging.Disable() }
