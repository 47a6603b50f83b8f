-- Put before each script that decides by the time. Declares a function, does nothing.
--
-- apart(now): the caller's reckoning of this server's clock is not to be decided by; the script returns {'apart'}, and
-- has changed nothing. It is ahead by more than a second, which no delay on the way explains; or it is behind by more than
-- four, when the caller has long given up waiting, or takes this clock for another.

local function apart(now)
  local time = redis.call('TIME')
  local ahead = tonumber(now) - time[1] * 1000 - math.floor(time[2] / 1000)
  return ahead > 1000 or ahead < -4000
end
