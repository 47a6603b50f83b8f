-- Reads a desk's queue from a place on, among those of one state.
--
-- KEYS  1 queue
-- ARGV  1 score of the state  2 after this place  3 at most
-- Returns  {place, ...}

-- less compares bytes, as Redis orders them; Lua's own comparison goes by the server's language.
local function less(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

local first = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[1])
local last = first + redis.call('ZCOUNT', KEYS[1], ARGV[1], ARGV[1])
local from, to = first, last -- the place is between them
while from < to do
  local middle = math.floor((from + to) / 2)
  if less(ARGV[2], redis.call('ZRANGE', KEYS[1], middle, middle)[1]) then
    to = middle
  else
    from = middle + 1
  end
end
to = math.min(from + ARGV[3], last)
if to <= from then
  return {}
end
return redis.call('ZRANGE', KEYS[1], from, to - 1)
