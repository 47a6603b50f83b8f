-- Put before each script that takes a member or moves a holding. Declares functions, does nothing.
--
-- clocks(counter): the last number handed out, and the highest clock that any script was called
-- with. The counter holds the number, and after a slash how far the clock is below it.
-- rise(counter, now): the slot's next number, as text. Never below the clock, so that a failover that forgot
-- the last numbers hands none of them out twice, unless its clock is behind: for this seize (lib.lua) adds a tail.
-- note(counter, now): remembers the clock, to about a second, without handing out a number.

local function clocks(counter)
  local text = redis.call('GET', counter) or '0'
  local n = tonumber(text)
  if n then
    return n, n
  end
  local last, below = string.match(text, '^(%d+)/(%d+)$')
  return tonumber(last) or 0, (tonumber(last) or 0) - (tonumber(below) or 0)
end

local function write(counter, n, high)
  local text = string.format('%.0f', n)
  redis.call('SET', counter, n == high and text or text .. string.format('/%.0f', n - high))
end

-- fitting is a clock as far as there is room for it in a number: until the year 2255.
local function fitting(now) return math.min(tonumber(now), 9e12) end

local function rise(counter, now)
  local n, high = clocks(counter)
  now = fitting(now)
  n = math.max(n + 1, now)
  write(counter, n, math.max(high, now))
  return string.format('%.0f', n)
end

local function note(counter, now)
  local n, high = clocks(counter)
  now = fitting(now)
  if now > high + 1000 then
    write(counter, math.max(n, now), now)
  end
end
