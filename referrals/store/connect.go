package store

import (
	"errors"
	"fmt"
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
		return redis.NewClusterClient(clusterOptions(o, connections)), nil
	case o.URL == "":
		if o.Sentinel.Master == "" || len(o.Sentinel.Addresses) == 0 {
			return nil, errors.New("redis.sentinel: give both master and addresses")
		}
		return redis.NewFailoverClient(sentinelOptions(o, connections)), nil
	}
	single, err := redis.ParseURL(o.URL)
	if err != nil { // the library's error repeats the URL with its password
		return nil, errors.New("redis.url cannot be read; write redis://host:port/number, rediss:// or unix:///path")
	}
	return redis.NewClient(singleOptions(o, single, connections)), nil
}

// errPassword is all that is said of a password that does not fit: not which, and not what the server says of it.
var errPassword = errors.New("redis refuses the password, or wants one; check redis.username and redis.password_file, and the user in the server's ACL")

// unanswered says why the first question to a server was not answered, and what to do.
func unanswered(err error) error {
	for _, word := range []string{"WRONGPASS", "NOAUTH", "ERR AUTH", "ERR invalid password"} {
		if redis.HasErrorPrefix(err, word) {
			return errPassword
		}
	}
	return fmt.Errorf("redis does not answer; check that it runs, and the address under redis: %w", clean(err))
}

// answerWithin is how long a server may take to answer: one that is frozen must not keep the process from ending in time.
const answerWithin = 3 * time.Second

// buffers is what a connection reads and writes at once, in bytes: a script with what it seals is a few kilobytes, and
// there are dozens of connections.
const buffers = 8 << 10

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
	single.MaintNotificationsConfig = quiet()
	return single
}

func clusterOptions(o Options, connections int) *redis.ClusterOptions {
	return &redis.ClusterOptions{
		Addrs: o.Cluster, Username: o.Username, Password: o.Password,
		PoolSize: connections, Protocol: 2, MaxRetries: -1, DialerRetries: 1, ReadTimeout: answerWithin,
		ContextTimeoutEnabled: true, DisableIdentity: true, MaintNotificationsConfig: quiet(),
		ReadBufferSize: buffers, WriteBufferSize: buffers,
	}
}

func sentinelOptions(o Options, connections int) *redis.FailoverOptions {
	return &redis.FailoverOptions{
		MasterName: o.Sentinel.Master, SentinelAddrs: o.Sentinel.Addresses,
		Username: o.Username, Password: o.Password,
		PoolSize: connections, Protocol: 2, MaxRetries: -1, DialerRetries: 1, ReadTimeout: answerWithin,
		ContextTimeoutEnabled: true, DisableIdentity: true, ReadBufferSize: buffers, WriteBufferSize: buffers,
	}
}

func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// Quiet stops the driver's own lines on standard error, which are no JSON and say nothing that
// an error does not. It is for the whole process: call it once, before Open.
func Quiet() { logging.Disable() }
