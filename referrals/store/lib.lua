-- Put, behind counter.lua, before each script that takes a member. Declares functions, does nothing.
--
-- first(inbox, limit): id and order of the first entries.
-- bring(reply, entries, bodies): appends id, order, body of entries.
-- seize(...): takes the member for the caller; returns its number, whose last digits are the caller's tail. Whether the
-- record has a state is known to the caller: one that has none gets a short life.

local function first(inbox, limit)
  return redis.call('ZRANGE', inbox, 0, tonumber(limit) - 1, 'WITHSCORES')
end

local function bring(reply, entries, bodies)
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

local function seize(name, due, counter, record, now, tail, till, state, spare)
  local number = rise(counter, now) .. tail
  redis.call('HSET', record, 'n', number, 'l', till)
  if not state then
    redis.call('PEXPIRE', record, spare)
  end
  redis.call('ZADD', due, till, name)
  return number
end
