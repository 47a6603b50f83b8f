-- Takes or renews a lease that one owner has at a time, or gives it up.
--
-- KEYS  1 lease
-- ARGV  1 owner  2 life (ms), '0' gives it up
-- Returns  {'held'}: the owner has it (or had it, and gave it up)  or  {'taken'}: another has it

local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return {'taken'}
end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return {'held'}
