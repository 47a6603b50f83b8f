package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
)

// What a dump shows at most: it is for a page that people read.
const (
	dumpKeys    = 300
	dumpFields  = 8
	dumpPreview = 48
)

// DumpEntry is one key as it is stored.
type DumpEntry struct {
	Key  string
	Type string
	// TTL is how long it is kept; zero: until an act ends it.
	TTL time.Duration
	// Preview is the beginning of what it holds: text as it is, other bytes as hexadecimal.
	Preview string
}

// Dump shows what the store holds now, in the order of its keys, cut short. It opens nothing:
// it is what somebody sees who took the disk.
func (s *Store) Dump(ctx context.Context) ([]DumpEntry, error) {
	keys, err := s.someKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("dump: %w", clean(err))
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	var entries []DumpEntry
	for _, k := range keys[:min(dumpKeys, len(keys))] {
		e, err := s.dumpKey(ctx, k)
		if err != nil {
			return nil, fmt.Errorf("dump: %w", clean(err))
		}
		if e.Type != "none" { // it ended meanwhile
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (s *Store) someKeys(ctx context.Context) ([]string, error) {
	cluster, ok := s.db.(*redis.ClusterClient)
	if !ok {
		return scan(ctx, s.db)
	}
	var guard sync.Mutex
	var keys []string
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		some, err := scan(ctx, node)
		guard.Lock()
		defer guard.Unlock()
		keys = append(keys, some...)
		return err
	})
	return keys, err
}

func scan(ctx context.Context, node redis.Cmdable) ([]string, error) {
	var keys []string
	for cursor := uint64(0); ; {
		some, next, err := node.Scan(ctx, cursor, "*", 1000).Result()
		if err != nil {
			return nil, err
		}
		keys = append(keys, some...)
		if cursor = next; cursor == 0 || len(keys) > 20*dumpKeys {
			return keys, nil
		}
	}
}

func (s *Store) dumpKey(ctx context.Context, k string) (DumpEntry, error) {
	pipe := s.db.Pipeline()
	kind, ttl := pipe.Type(ctx, k), pipe.PTTL(ctx, k)
	if _, err := pipe.Exec(ctx); err != nil {
		return DumpEntry{}, err
	}
	e := DumpEntry{Key: k, Type: kind.Val(), TTL: max(0, ttl.Val())}
	var parts []string
	switch e.Type {
	case "string":
		value, err := s.db.GetRange(ctx, k, 0, dumpPreview).Result()
		if err != nil {
			return e, err
		}
		parts = []string{preview(value)}
	case "hash":
		fields, _, err := s.db.HScan(ctx, k, 0, "*", dumpFields).Result()
		if err != nil {
			return e, err
		}
		for i := 0; i+1 < len(fields) && i < 2*dumpFields; i += 2 {
			parts = append(parts, preview(fields[i])+"="+preview(fields[i+1]))
		}
	case "stream":
		last, err := s.db.XRevRangeN(ctx, k, "+", "-", dumpFields).Result()
		if err != nil {
			return e, err
		}
		for _, m := range last {
			parts = append(parts, preview(fmt.Sprint(m.ID, m.Values)))
		}
	case "zset":
		members, err := s.db.ZRangeWithScores(ctx, k, 0, dumpFields-1).Result()
		if err != nil {
			return e, err
		}
		for _, z := range members {
			parts = append(parts, fmt.Sprintf("%s@%.0f", preview(fmt.Sprint(z.Member)), z.Score))
		}
	}
	e.Preview = strings.Join(parts, " ")
	return e, nil
}

// preview cuts a value, and writes it as hexadecimal unless all of it is plain text.
func preview(value string) string {
	cut := value[:min(dumpPreview, len(value))]
	if !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		cut = hex.EncodeToString([]byte(cut[:min(dumpPreview/2, len(cut))]))
	}
	if len(cut) < len(value) && len(value) > dumpPreview {
		cut += "…"
	}
	return cut
}
