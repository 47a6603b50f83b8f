-- Gives errands more time to whoever has them: those whose time ends when the caller says. Where answers
-- were lost, the caller knows several times of which one may be it.
--
-- KEYS  1 outbox
-- ARGV  1 now (ms)  2.. id, until when (ms) it is to have it, until when (ms) it may have it: ',a,b,'
-- Returns  {id, ...}: those that are the caller's, and now longer so; the others were not changed

if apart(ARGV[1]) then return {'apart'} end
local held = {}
for i = 2, #ARGV, 3 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if score and string.find(ARGV[i + 2], ',' .. string.format('%.0f', tonumber(score)) .. ',', 1, true) then
    redis.call('ZADD', KEYS[1], ARGV[i + 1], ARGV[i])
    held[#held + 1] = ARGV[i]
  end
end
return held
