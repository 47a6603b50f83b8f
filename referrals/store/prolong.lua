-- Gives errands more time to whoever has them: those whose time ends exactly when the caller says.
--
-- KEYS  1 outbox
-- ARGV  1 their time ends (ms)  2.. id, until when (ms) the caller has it
-- Returns  {id, ...}: those that are the caller's, and now longer so; the others were not changed

local held = {}
for i = 2, #ARGV, 2 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if score and tonumber(score) == tonumber(ARGV[i + 1]) then
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[i])
    held[#held + 1] = ARGV[i]
  end
end
return held
