-- Moves a holding from one state to the next and keeps the errands that follow from it.
-- The same move again is answered with the holding as it is now; it changes nothing but when the
-- errands that the mover still has are overdue. A holding that begins ended is one that the desk
-- never hears of: it keeps no errands and makes no event.
--
-- KEYS  1 holding  2 queue  3 ended  4 moves made  5 due  6 outbox  7 errands  8 events  9 counter
-- ARGV  1 id of the move  2 now (ms)  3 moves made before this (ms) are forgotten
--       4 life of moves made (ms)  5 code  6 states it may start from, ',a,b,'; '' is none, and ',,'
--       among others is none too  7 state it leads to  8 that state's letter
--       9 '1': the desk may still act in it  10 claim it needs, '0' any  11 '1': it is a claim
--       12 rung it needs, '-1' any  13 next rung  14 due (ms), '0' never  15 made at (ms): since, for
--       a new one  16 since as 12 hexadecimal digits  17 lane or ''  18 lane's digit  19 origin or ''
--       20 reason, sealed, or ''  21 life of an ended holding, and of events (ms)
--       22 it is forgotten at (ms)  23 errands overdue at (ms)  24.. id, sealed of each errand
-- Returns  {'moved', mine, field, value, ...}: mine as for commit
--          {'elsewhere', '', field, value, ...} or {'unknown', ''}: nothing was changed; also for
--          a claim made again after another has claimed

local function answer(outcome, mine)
  local reply = {outcome, mine}
  for _, v in ipairs(redis.call('HGETALL', KEYS[1])) do
    reply[#reply + 1] = v
  end
  return reply
end

local code, starts = ARGV[5], ARGV[6]
local made = redis.call('ZSCORE', KEYS[4], ARGV[1])
if made and ARGV[11] == '1' and redis.call('HGET', KEYS[1], 'by') ~= ARGV[1] then
  return answer('elsewhere', '') -- claimed by another since: not to be mistaken for this claim
end
if made then -- the same again
  local mine = ''
  local till = tonumber(made) + tonumber(ARGV[23]) - tonumber(ARGV[2]) -- what the mover was given
  for i = 24, #ARGV, 2 do
    local score = redis.call('ZSCORE', KEYS[6], ARGV[i])
    local is = score and tonumber(score) == till
    if is then redis.call('ZADD', KEYS[6], ARGV[23], ARGV[i]) end
    mine = mine .. (is and '1' or '0')
  end
  redis.call('ZADD', KEYS[4], ARGV[2], ARGV[1])
  return answer('moved', mine)
end
local held = redis.call('HMGET', KEYS[1], 'st', 'cl', 'rg', 'q', 'ln')
local state = held[1]
if not state and starts ~= '' and not string.find(starts, ',,', 1, true) then
  return {'unknown', ''}
end
if state and (not string.find(starts, ',' .. state .. ',', 1, true)
    or (ARGV[10] ~= '0' and held[2] ~= ARGV[10])
    or (tonumber(ARGV[12]) >= 0 and held[3] ~= ARGV[12])) then
  return answer('elsewhere', '')
end

local lane = ARGV[17] ~= '' and ARGV[17] or held[5]
local place = ARGV[8] .. ARGV[18] .. ARGV[16] .. code
local set = {'st', ARGV[7], 'du', ARGV[14], 'ln', lane}
local function put(field, value)
  set[#set + 1] = field
  set[#set + 1] = value
end
if state then
  redis.call('ZREM', KEYS[2], held[4])
  redis.call('ZREM', KEYS[3], held[4])
  place = ARGV[8] .. (ARGV[17] ~= '' and ARGV[18] or string.sub(held[4], 2, 2)) .. string.sub(held[4], 3)
  redis.call('HDEL', KEYS[1], 'n')
else
  put('si', ARGV[15])
  put('cl', '0')
end
put('q', place)
if not state or tonumber(ARGV[12]) >= 0 then put('rg', ARGV[13]) end
if ARGV[14] ~= '0' then put('w', string.format('%.0f', ARGV[14] - ARGV[2])) end
if ARGV[19] ~= '' then put('or', ARGV[19]) end
if ARGV[20] ~= '' then put('re', ARGV[20]) end
if ARGV[11] == '1' then 
  put('cl', string.format('%.0f', (tonumber(held[2]) or 0) + 1))
  put('by', ARGV[1])
end
redis.call('HSET', KEYS[1], unpack(set))

redis.call('ZADD', KEYS[2], 0, place)
if ARGV[9] == '1' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[21])
  redis.call('ZADD', KEYS[3], ARGV[22], place)
end
if ARGV[14] == '0' then
  redis.call('ZREM', KEYS[5], 'h' .. code)
else
  redis.call('ZADD', KEYS[5], ARGV[14], 'h' .. code)
end
redis.call('ZADD', KEYS[4], ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[4], ARGV[4])
if not state then -- what begins makes room
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', ARGV[3])
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[2], 'LIMIT', 0, 20)) do
    redis.call('ZREM', KEYS[2], old)
    redis.call('ZREM', KEYS[3], old)
  end
end
note(KEYS[9], ARGV[2])
if not state and ARGV[9] ~= '1' then
  return answer('moved', string.rep('0', (#ARGV - 23) / 2))
end
redis.call('XADD', KEYS[8], 'MAXLEN', '~', 10000, '*', 'c', code, 's', ARGV[7], 'l', lane, 'a', ARGV[15])
if redis.call('PTTL', KEYS[8]) < tonumber(ARGV[21]) * 0.99 then -- as long as its last event, but not written each time
  redis.call('PEXPIRE', KEYS[8], ARGV[21])
end
local mine = ''
for i = 24, #ARGV, 2 do
  redis.call('ZADD', KEYS[6], ARGV[23], ARGV[i])
  redis.call('HSET', KEYS[7], ARGV[i], ARGV[i + 1])
  mine = mine .. '1'
end
return answer('moved', mine)
