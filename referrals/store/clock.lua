-- Takes the clock of one holding that is due. The clock of a holding that is gone, or that
-- has nothing to wait for, is stopped.
--
-- KEYS  1 due  2 counter  3 holding
-- ARGV  1 name in due  2 now (ms)  3 lease ends (ms)
-- Returns  {'none'}  or  {'taken', number, false}

local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) > tonumber(ARGV[2]) then
  return {'none'}
end
local due = redis.call('HGET', KEYS[3], 'du')
if not due or due == '0' then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return {'none'}
end
local number = rise(KEYS[2], ARGV[2])
redis.call('HSET', KEYS[3], 'n', number)
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return {'taken', number, false}
