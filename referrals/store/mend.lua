-- Looks for what a clock that was ahead has left in a slot, and puts its errands right. It waits
-- until no script was called with such a clock for a while: whoever still has one finds what it
-- wrote in its own time, and this caller may be the one whose clock is wrong. And forgets ids.
--
-- KEYS  1 counter  2 mark  3 outbox  4 seen; of a desk  5 events  6 queue  7 ended
-- ARGV  1 now (ms)  2 how far ahead (ms) an errand may lie  3 how long (ms), by the server's clock,
--       no clock may have been ahead  4 errands to put right at most
--       5 ids seen before this (ms) are forgotten  6 life of seen (ms)  7 life of events (ms), by the server's
--       clock, which their ids are of
-- Returns  {'fine'}  or  {'waiting'}: something was found, and it is too early to act
--          {'ahead', ms} a clock was ahead by so much, or {'still', ms} it is so again
--          {'late', mark}: it is time to pull what is due too late; then the mark is to be deleted

if apart(ARGV[1]) then return {'apart'} end
local n, high = clocks(KEYS[1])
local now, ahead = tonumber(ARGV[1]), high - tonumber(ARGV[1])
local mark = redis.call('GET', KEYS[2])
local time = redis.call('TIME')
time = time[1] * 1000 + math.floor(time[2] / 1000)
local function found()
  redis.call('SET', KEYS[2], string.format('%.0f', time))
end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', ARGV[5])
redis.call('PEXPIRE', KEYS[4], ARGV[6])
if KEYS[5] then
  redis.call('XTRIM', KEYS[5], 'MINID', string.format('%.0f', time - ARGV[7]))
  for _, place in ipairs(redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', ARGV[1], 'LIMIT', 0, tonumber(ARGV[4]))) do
    redis.call('ZREM', KEYS[6], place)
    redis.call('ZREM', KEYS[7], place)
  end
end

if ahead > tonumber(ARGV[2]) then
  write(KEYS[1], n, now) -- whoever is still ahead raises it again
  found()
  return {mark and 'still' or 'ahead', string.format('%.0f', ahead)}
end
note(KEYS[1], ARGV[1])
local after = string.format('(%.0f', now + tonumber(ARGV[2]))
local late = redis.call('ZRANGEBYSCORE', KEYS[3], after, '+inf', 'LIMIT', 0, tonumber(ARGV[4]))
if not mark then
  if #late == 0 then
    return {'fine'}
  end
  found()
  return {'waiting'}
end
if time - tonumber(mark) < tonumber(ARGV[3]) then
  return {'waiting'}
end
for _, id in ipairs(late) do
  redis.call('ZADD', KEYS[3], ARGV[1], id)
end
return {'late', mark}
