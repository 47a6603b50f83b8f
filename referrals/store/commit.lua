-- Commits what one worker changed for one member: all of it or nothing. The number is
-- checked first. The same commit again is answered as before; it changes nothing but when the
-- errands that the committer still has are overdue.
--
-- KEYS  1 due  2 counter  3 record  4 inbox  5 bodies  6 outbox  7 errands
--       then the record of each birth, the documents of each document's case, and the
--       documents and files of each drop's case; last, ids of messages when they are forgotten
-- ARGV  1 name  2 number  3 now (ms)  4 lease ends (ms)  5 entries to bring at most
--       6 life (ms) of a record without state  7 sealed state, '' deletes the record
--       8 life of the record (ms)  9 due again (ms), '0' never  10 errands overdue at (ms)
--       11 done  12 errands  13 births  14 documents  15 drops: how many of each follow
--       16 tail of a number  17.. ids done; id, sealed of each errand; name, state, life, due of each birth;
--       field, body, life of each document; desk (or '') of each drop; last, '1' to forget
--       the ids of messages
-- Returns  {'superseded'}  or  {'born', name} of a birth that exists: nothing was changed
--          {'done', mine, number, id, order, body, ...}: mine has a '1' or '0' for each errand,
--          '0' when it was finished since, or another has it; number is '' unless more came
--          meanwhile and the member was taken anew

if apart(ARGV[3]) then return {'apart'} end
local name, number = ARGV[1], ARGV[2]
local done, errands, births, documents, drops =
  tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local known = redis.call('HMGET', KEYS[3], 'n', 'c', 'g', 't')
local at = 17 + done -- the first errand

if known[2] == number then -- the same again
  local mine = ''
  for i = 0, errands - 1 do
    local score = redis.call('ZSCORE', KEYS[6], ARGV[at + 2 * i])
    local is = score and known[4] and tonumber(score) == tonumber(known[4])
    if is then redis.call('ZADD', KEYS[6], ARGV[10], ARGV[at + 2 * i]) end
    mine = mine .. (is and '1' or '0')
  end
  if errands > 0 then redis.call('HSET', KEYS[3], 't', ARGV[10]) end
  if known[3] and known[3] == known[1] then
    return bring({'done', mine, known[1]}, first(KEYS[4], ARGV[5]), KEYS[5])
  end
  return {'done', mine, ''}
end
if known[1] ~= number then
  return {'superseded'}
end
local born = at + 2 * errands
for i = 0, births - 1 do
  if redis.call('HEXISTS', KEYS[8 + i], 's') == 1 then
    return {'born', ARGV[born + 4 * i]}
  end
end

for i = 17, 16 + done, 1000 do
  local last = math.min(i + 999, 16 + done)
  redis.call('ZREM', KEYS[4], unpack(ARGV, i, last))
  redis.call('HDEL', KEYS[5], unpack(ARGV, i, last))
end
for i = 0, errands - 1, 1000 do
  local due, last = {}, math.min(i + 999, errands - 1)
  for j = i, last do
    due[#due + 1] = ARGV[10]
    due[#due + 1] = ARGV[at + 2 * j]
  end
  redis.call('ZADD', KEYS[6], unpack(due))
  redis.call('HSET', KEYS[7], unpack(ARGV, at + 2 * i, at + 2 * last + 1))
end
for i = 0, births - 1 do
  local b = born + 4 * i
  redis.call('HSET', KEYS[8 + i], 's', ARGV[b + 1])
  redis.call('PEXPIRE', KEYS[8 + i], ARGV[b + 2])
  if ARGV[b + 3] ~= '0' then
    redis.call('HSET', KEYS[8 + i], 'w', string.format('%.0f', ARGV[b + 3] - ARGV[3]))
    redis.call('ZADD', KEYS[1], ARGV[b + 3], ARGV[b])
  end
end

local paper = born + 4 * births
for i = 0, drops - 1 do
  local key = 8 + births + documents + 2 * i
  local desk = ARGV[paper + 3 * documents + i]
  if desk == '' then
    redis.call('DEL', KEYS[key])
  else
    for _, field in ipairs(redis.call('HKEYS', KEYS[key])) do
      if string.sub(field, 1, #desk + 1) == desk .. '/' then
        redis.call('HDEL', KEYS[key], field)
      end
    end
  end
end
for i = 0, documents - 1 do
  local key, d = KEYS[8 + births + i], paper + 3 * i
  redis.call('HSET', key, ARGV[d], ARGV[d + 1])
  if redis.call('PTTL', key) < tonumber(ARGV[d + 2]) then
    redis.call('PEXPIRE', key, ARGV[d + 2])
  end
end

for i = 0, drops - 1 do
  local key = 8 + births + documents + 2 * i
  if redis.call('EXISTS', KEYS[key]) == 0 then -- no header is left that opens the files
    redis.call('UNLINK', KEYS[key + 1])
  end
end

if ARGV[#ARGV] == '1' then
  redis.call('DEL', KEYS[#KEYS])
end

local life = ARGV[8]
local set = {'c', number, 'l', '0', 'g', ''}
local function put(field, value)
  set[#set + 1] = field
  set[#set + 1] = value
end
if errands > 0 then put('t', ARGV[10]) end
if ARGV[9] ~= '0' then put('w', string.format('%.0f', ARGV[9] - ARGV[3])) end
if ARGV[7] == '' then
  redis.call('DEL', KEYS[3])
  put('n', number)
  life = ARGV[6]
else
  put('s', ARGV[7])
end
redis.call('HSET', KEYS[3], unpack(set))
redis.call('PEXPIRE', KEYS[3], life)
local mine = string.rep('1', errands)
local entries = first(KEYS[4], ARGV[5])
if #entries == 0 then
  if ARGV[9] == '0' then
    redis.call('ZREM', KEYS[1], name)
  else
    redis.call('ZADD', KEYS[1], ARGV[9], name)
  end
  if ARGV[9] ~= '0' or births > 0 then
    note(KEYS[2], ARGV[3])
  end
  return {'done', mine, ''}
end
local again = seize(name, KEYS[1], KEYS[2], KEYS[3], ARGV[3], ARGV[16], ARGV[4], ARGV[7] ~= '', ARGV[6])
redis.call('HSET', KEYS[3], 'g', again)
return bring({'done', mine, again}, entries, KEYS[5])
