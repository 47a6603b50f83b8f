-- Put before each script that reads or changes holdings. Declares functions, does nothing.
--
-- A holding is columns of fixed width, then words: see holdingKey. From ... to
--   1 state  2 lane  3 14 since (hexadecimal)  15 27 due  28 37 how far away that was  38 50 number of its clock's
--   taking  51 59 claim, or how often it was handed over  60 63 rung  64 a space, and the words
-- Numbers have leading zeros; nothing but zeros is none.

-- put is a text with another in the place of what began at a column.
local function put(text, column, other)
  return string.sub(text, 1, column - 1) .. other .. string.sub(text, column + #other)
end

-- again writes a holding; it ends when it would have ended.
local function again(key, holding)
  redis.call('SET', key, holding, 'KEEPTTL')
end

-- whole says that a holding is not damaged.
local function whole(holding)
  return #holding > 65 and string.byte(holding, 64) == 32 and string.find(holding, '^[a-l][0-2]%x')
end
