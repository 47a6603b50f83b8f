-- Put before each script that takes a member. Declares functions, does nothing.
--
-- rise(counter, now): the slot's next number, as text. Never below the clock, so that a
-- failover that forgot the last numbers hands none of them out twice.
-- bring(reply, inbox, bodies, limit): appends id, order, body of the first entries.
-- seize(...): takes the member for the caller; returns its number and its sealed state.

local function rise(counter, now)
  local n = math.max((tonumber(redis.call('GET', counter)) or 0) + 1, tonumber(now))
  local text = string.format('%.0f', n)
  redis.call('SET', counter, text)
  return text
end

local function bring(reply, inbox, bodies, limit)
  local entries = redis.call('ZRANGE', inbox, 0, tonumber(limit) - 1, 'WITHSCORES')
  local ids = {}
  for i = 1, #entries, 2 do
    ids[#ids + 1] = entries[i]
  end
  if #ids == 0 then
    return reply
  end
  local sealed = redis.call('HMGET', bodies, unpack(ids))
  for i = 1, #ids do
    reply[#reply + 1] = ids[i]
    reply[#reply + 1] = entries[2 * i]
    reply[#reply + 1] = sealed[i]
  end
  return reply
end

local function seize(name, due, counter, record, now, till, spare)
  local number = rise(counter, now)
  local state = redis.call('HGET', record, 's')
  redis.call('HSET', record, 'n', number, 'l', till)
  if not state then
    redis.call('PEXPIRE', record, spare)
  end
  redis.call('ZADD', due, till, name)
  return number, state
end
