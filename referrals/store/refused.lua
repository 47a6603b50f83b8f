-- Counts acts that were refused, of one slot and day. A flood fills the store no further than the cap: beyond it acts are
-- counted without their minute.
--
-- KEYS  1 refused
-- ARGV  1 life (ms), from the first of the day on  2 most fields with a minute  3.. of each: kind and way; minute; how many
-- Returns  {'counted'}

local begins = redis.call('EXISTS', KEYS[1]) == 0
local room = tonumber(ARGV[2]) - redis.call('HLEN', KEYS[1])
for i = 3, #ARGV, 3 do
  local field = ARGV[i] .. ' ' .. ARGV[i + 1]
  if redis.call('HEXISTS', KEYS[1], field) == 0 then
    room = room - 1
    if room < 0 then field = ARGV[i] end
  end
  redis.call('HINCRBY', KEYS[1], field, ARGV[i + 2])
end
if begins then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return {'counted'}
