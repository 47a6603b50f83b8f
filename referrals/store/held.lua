-- Put before each script that reads or changes holdings. Declares functions, does nothing.
--
-- A holding is columns of fixed width, then words: see holdingKey. From ... to
--   1 state  2 lane  3 14 since (hexadecimal)  15 27 due  28 40 how far away that was  41 53 number of its clock's
--   taking  54 69 the last claim  70 78 claim  79 82 rung  83 a space, and the words
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
  return #holding > 84 and string.find(holding, '^%l%d%x') and string.sub(holding, 83, 83) == ' '
end
