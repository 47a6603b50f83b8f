package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

var errMessages = errors.New("a list of messages cannot be read; another version may have written it")

// Messages returns the ids of a chat's messages of the last 48 hours, ascending, each once.
func (s *Store) Messages(ctx context.Context, m referrals.Member) ([]int, error) {
	from := strconv.FormatInt(ms(s.Now().Add(-known)), 10)
	lists, err := s.db.ZRangeByScore(ctx, s.messagesKey(m), &redis.ZRangeBy{Min: from, Max: "+inf"}).Result()
	if err != nil {
		return nil, fmt.Errorf("read a chat's messages: %w", clean(err))
	}
	var all []int
	for _, sealed := range lists {
		text, err := s.vault.open(s.messagesKey(m), "", []byte(sealed))
		if err != nil {
			return nil, err
		}
		var ids []int
		if json.Unmarshal(text, &ids) != nil {
			return nil, errMessages
		}
		all = append(all, ids...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func (s *Store) sealMessages(sent *sentMessages) ([]byte, error) {
	text, err := json.Marshal(sent.ids)
	if err != nil {
		return nil, errMessages
	}
	return s.vault.seal(s.messagesKey(sent.to), "", text)
}
