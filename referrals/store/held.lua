-- Put before each script that reads or changes holdings. Declares functions, does nothing.
--
-- A holding is ten words, with a space between each two; a word may be empty: see holdingKey.
-- clockof(holding): its place, the number of its clock's taking, due, how far due was away, and the rest in
-- one; nothing when it is damaged.
-- again(key, word, ...): writes a holding of these words; it ends when it would have ended.

local function clockof(holding)
  return string.match(holding, '^(%S+) (%S*) (%d+) (%S*) (.*)$')
end

local function again(key, ...)
  redis.call('SET', key, table.concat({...}, ' '), 'KEEPTTL')
end
