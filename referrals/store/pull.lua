-- Pulls what is due too late to when it can be due at the latest: what has a lease that is too long, or an
-- inbox, to now; the rest to now and the time it was put off for.
--
-- KEYS  1 due  2.. record or holding, inbox of each name
-- ARGV  1 now (ms)  2 how far ahead (ms) a lease may lie  3 '1': they are clocks of holdings
--       4 now (ms) by the line's clock, by which holdings are due  5.. names
-- Returns  {how many were pulled}

if apart(ARGV[1]) then return {'apart'} end
local now = tonumber(ARGV[1])
local limit, line = now + tonumber(ARGV[2]), tonumber(ARGV[4])

-- clock is when the clock of a holding rings, which it also keeps itself.
local function clock(key)
  local holding = redis.call('GET', key)
  if not holding or not whole(holding) then
    return now
  end
  local due, away = tonumber(string.sub(holding, 15, 27)), tonumber(string.sub(holding, 28, 37))
  if away > 0 and due > line + away then
    due = line + away
    again(key, put(holding, 15, string.format('%013.0f', due)))
  end
  return math.max(due - line + now, now)
end

-- turn is when a member's turn comes.
local function turn(record, inbox, score)
  local known = redis.call('HMGET', record, 'l', 'w')
  if tonumber(known[1] or 0) > limit or redis.call('EXISTS', inbox) == 1 then
    return now
  end
  return known[2] and now + tonumber(known[2]) or score
end

local pulled = 0
for i = 5, #ARGV do
  local score = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or 0)
  if score > limit then
    local holder, inbox = KEYS[2 * (i - 4)], KEYS[2 * (i - 4) + 1]
    local at = ARGV[3] == '1' and clock(holder) or turn(holder, inbox, score)
    if at < score then
      redis.call('ZADD', KEYS[1], string.format('%.0f', at), ARGV[i])
      pulled = pulled + 1
    end
  end
end
return {pulled}
