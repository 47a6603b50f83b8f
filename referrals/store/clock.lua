-- Takes the clock of one holding that is due, extends the lease of who has it, or gives it back. The clock of a
-- holding that is gone, or that has nothing to wait for, is stopped.
--
-- KEYS  1 due  2 counter  3 holding
-- ARGV  1 name in due  2 now (ms)  3 'take', 'extend' or 'release'
--       4 lease ends, or due again at (ms)  5 number, '' to take
-- Returns  {'taken', number, false}  or  {'none'}  or  {'damaged'}: it is due again when a lease would end
--          {'held'}  or  {'superseded'}: nothing was changed

if apart(ARGV[2]) then return {'apart'} end
local holding = redis.call('GET', KEYS[3])
if ARGV[3] == 'take' then
  local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
  if not score or tonumber(score) > tonumber(ARGV[2]) then
    return {'none'}
  end
  if holding and not whole(holding) then
    redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
    return {'damaged'}
  end
  if not holding or tonumber(string.sub(holding, 15, 27)) == 0 then
    redis.call('ZREM', KEYS[1], ARGV[1])
    return {'none'}
  end
  local number = rise(KEYS[2], ARGV[2])
  again(KEYS[3], put(holding, 38, string.rep('0', 13 - #number) .. number))
  redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
  return {'taken', number, false}
end
if not holding or tonumber(string.sub(holding, 38, 50)) ~= tonumber(ARGV[5]) then
  return {'superseded'}
end
if ARGV[3] == 'release' then
  again(KEYS[3], put(holding, 38, string.rep('0', 13)))
end
redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
note(KEYS[2], ARGV[2])
return {'held'}
