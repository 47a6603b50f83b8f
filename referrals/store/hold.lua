-- Extends the lease of a member, or gives it back.
--
-- KEYS  1 due  2 record  3 counter
-- ARGV  1 name  2 number  3 'extend' or 'release'  4 lease ends, or due again at (ms)  5 now (ms)
-- Returns  {'held'}  or  {'superseded'}: nothing was changed

if apart(ARGV[5]) then return {'apart'} end
local known = redis.call('HMGET', KEYS[2], 'n', 'c')
if known[1] ~= ARGV[2] or known[2] == ARGV[2] then
  return {'superseded'}
end
if ARGV[3] == 'release' then
  redis.call('HSET', KEYS[2], 'w', string.format('%.0f', ARGV[4] - ARGV[5])) -- for how long it was put off
  redis.call('HDEL', KEYS[2], 'n', 'l') -- last, so that the record keeps its end
else
  redis.call('HSET', KEYS[2], 'l', ARGV[4])
end
redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
note(KEYS[3], ARGV[5])
return {'held'}
