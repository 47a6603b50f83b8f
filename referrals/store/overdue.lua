-- Takes errands that nobody finished in time.
--
-- KEYS  1 outbox  2 errands
-- ARGV  1 now (ms)  2 the taker has them until (ms)  3 at most
-- Returns  {id, sealed, ...}

if apart(ARGV[1]) then return {'apart'} end
local reply = {}
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, tonumber(ARGV[3]))
for _, id in ipairs(ids) do
  local sealed = redis.call('HGET', KEYS[2], id)
  if sealed then
    redis.call('ZADD', KEYS[1], ARGV[2], id)
    reply[#reply + 1] = id
    reply[#reply + 1] = sealed
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return reply
