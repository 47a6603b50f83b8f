-- Forgets errands that were done, and remembers the messages that were sent.
--
-- KEYS  1 outbox  2 errands  3.. messages of each chat
-- ARGV  1 ids that follow  2 messages older than this (ms) are forgotten  3 life of messages (ms)
--       4.. ids; then sent at (ms), sealed ids of each chat
-- Returns  {'settled'}

local ids = tonumber(ARGV[1])
for i = 4, 3 + ids, 1000 do
  local last = math.min(i + 999, 3 + ids)
  redis.call('ZREM', KEYS[1], unpack(ARGV, i, last))
  redis.call('HDEL', KEYS[2], unpack(ARGV, i, last))
end
for i = 3, #KEYS do
  local a = 4 + ids + 2 * (i - 3)
  redis.call('ZADD', KEYS[i], ARGV[a], ARGV[a + 1])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', ARGV[2])
  redis.call('PEXPIRE', KEYS[i], ARGV[3])
end
return {'settled'}
