-- Keeps posts for one member, each id once, and takes the member when it is free. A lease that ends
-- more than two leases from now was written by a clock that is wrong, and counts as ended.
--
-- KEYS  1 seen  2 due  3 counter  4 record  5 inbox  6 bodies
-- ARGV  1 name  2 now (ms)  3 ids seen before this (ms) are forgotten  4 life of seen (ms)
--       5 lease ends (ms)  6 '1': take it when it is free  7 entries to bring at most
--       8 life (ms) of a record without state  9 tail of the number
--       10.. id, order, sealed body of each post
-- Returns  {'kept'}: kept; somebody has the member, or it is due now, or nothing was new
--          {'only', number, state or false, new}: taken, and the inbox holds those of the posts that
--          have a '1' in new and nothing else, so that their bodies need not travel back
--          {'taken', number, state or false, id, order, body, ...}

if apart(ARGV[2]) then return {'apart'} end
local new, count = '', 0
for i = 10, #ARGV, 3 do
  local added = redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[i])
  if added == 1 then
    redis.call('ZADD', KEYS[5], ARGV[i + 1], ARGV[i])
    redis.call('HSET', KEYS[6], ARGV[i], ARGV[i + 2])
    count = count + 1
  end
  new = new .. added
end
local record = redis.call('HMGET', KEYS[4], 'l', 's')
local state = record[2]
if not state then -- a conversation begins: often enough, with Mend, that none is kept for ever
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end

local now, lease = tonumber(ARGV[2]), tonumber(record[1] or 0)
if lease > now and lease <= 2 * tonumber(ARGV[5]) - now then
  return {'kept'}
end
local all = redis.call('ZCARD', KEYS[5])
if all == 0 then
  return {'kept'}
end
if ARGV[6] ~= '1' then
  local score = redis.call('ZSCORE', KEYS[2], ARGV[1])
  if not score or tonumber(score) > now then
    note(KEYS[3], ARGV[2])
    redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
  end
  return {'kept'}
end
local number = seize(ARGV[1], KEYS[2], KEYS[3], KEYS[4], ARGV[2], ARGV[9], ARGV[5], state, ARGV[8])
if all == count and count <= tonumber(ARGV[7]) then
  return {'only', number, state, new}
end
return bring({'taken', number, state}, first(KEYS[5], ARGV[7]), KEYS[6])
