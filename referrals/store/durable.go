package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// The remedies for a server that may forget.
var (
	errVolatile = errors.New("redis forgets everything when it stops: set `appendonly yes` (and `appendfsync always`) " +
		"in redis.conf and restart it, or set redis.require_durable: false if you accept the loss")
	errEvicts = errors.New("redis may delete keys when its memory is full: set `maxmemory-policy noeviction` in redis.conf")
	errHidden = errors.New("redis hides whether it is durable: allow the line's Redis user CONFIG GET or INFO, " +
		"or set redis.require_durable: false if you know that it is")
)

// settings are what decides whether a server forgets.
type settings struct{ appendonly, appendfsync, policy string }

// checkDurable asks every master.
func (s *Store) checkDurable(ctx context.Context) error {
	cluster, ok := s.db.(*redis.ClusterClient)
	if !ok {
		warning, err := durable(ctx, s.db)
		if warning != "" {
			s.warnings = append(s.warnings, warning)
		}
		return err
	}
	var guard sync.Mutex
	return cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		warning, err := durable(ctx, node)
		guard.Lock()
		defer guard.Unlock()
		if warning != "" && len(s.warnings) == 0 {
			s.warnings = append(s.warnings, warning)
		}
		return err
	})
}

func durable(ctx context.Context, node redis.Cmdable) (warning string, err error) {
	is, err := readSettings(ctx, node)
	switch {
	case err != nil:
		return "", err
	case is.appendonly != "yes":
		return "", errVolatile
	case is.policy != "noeviction":
		return "", errEvicts
	case is.appendfsync != "always":
		return "redis may lose the last second at a power cut; set `appendfsync always` in redis.conf", nil
	}
	return "", nil
}

// readSettings asks CONFIG, and INFO where CONFIG is forbidden or has another name.
func readSettings(ctx context.Context, node redis.Cmdable) (settings, error) {
	var is settings
	for name, field := range map[string]*string{"appendonly": &is.appendonly, "appendfsync": &is.appendfsync, "maxmemory-policy": &is.policy} {
		values, err := node.ConfigGet(ctx, name).Result()
		if err != nil {
			return infoSettings(ctx, node, err)
		}
		*field = values[name]
	}
	return is, nil
}

func infoSettings(ctx context.Context, node redis.Cmdable, refused error) (settings, error) {
	if err := unlessRefused(refused); err != nil {
		return settings{}, fmt.Errorf("ask redis whether it is durable: %w", err)
	}
	persistence, err := node.Info(ctx, "persistence").Result()
	if err != nil {
		return settings{}, errHidden
	}
	memory, err := node.Info(ctx, "memory").Result()
	if err != nil {
		return settings{}, errHidden
	}
	is := settings{policy: infoField(memory, "maxmemory_policy")}
	switch infoField(persistence, "aof_enabled") {
	case "1":
		is.appendonly = "yes"
	case "":
		return settings{}, errHidden
	}
	return is, nil
}

// unlessRefused is the error of a question, or nothing when a server answered that it may not be asked.
func unlessRefused(err error) error {
	var answered redis.Error
	if errors.As(err, &answered) {
		return nil
	}
	return err
}

func infoField(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
