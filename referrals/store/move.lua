-- Makes moves at one desk, one after another: each leads a holding from one state to the next and keeps the
-- errands that follow from it. Every move has its own answer; one that is refused hinders no other.
-- The same move again is answered with the holding as it is now; it changes nothing but when the
-- errands that the mover still has are overdue. A holding that begins ended is one that the desk
-- never hears of: it keeps no errands and makes no event.
--
-- KEYS  1 queue  2 ended  3 due  4 outbox  5 errands  6 events  7 counter
--       8.. holding of each move, none twice
-- ARGV  1 life of an ended holding, and of events (ms)  2 for how long a move is known (ms)  3 now (ms)
--       then of each move: its words; the holding as it begins; what it changes, in words; id, sealed of each of its
--       errands. Words have a space between each two, and may be empty. Those of a move: code; a comma, its id and
--       now (ms); letters of the states it may start from, '-' for none; when the holding, if it ends, is forgotten
--       (ms); when the errands are overdue (ms); how many there are. Those of a change: letter of the state it
--       leads to, lane's digit, made at (ms as 12 hexadecimal digits), due (ms, '0' never), how far away that
--       is (ms), claim it needs ('0' any), '1' when it is a claim, rung it needs ('-1' any), next rung, origin, reason
-- Returns  one text for each move: 'moved', mine as for commit, and the holding; or 'elsewhere' and the
--          holding, 'unknown' or 'damaged': nothing was changed; 'elsewhere' also for a claim made again after
--          another has claimed

local call, match, find, sub = redis.call, string.match, string.find, string.sub

-- What is written at the end, all at once: pairs, but for left, back and stops.
local open, ended, kept = {}, {}, {} -- key, holding
local places, left, gone, back, rings, stops = {}, {}, {}, {}, {}, {}
local overdue, errands, events = {}, {}, {}
local function add(pairs, a, b)
  pairs[#pairs + 1] = a
  pairs[#pairs + 1] = b
end

local function over(state)
  return find('chijkl', state, 1, true) -- the states in which a desk may no longer act
end

-- repeated is how many of the errands, from the first to the last, are still the mover's.
local function repeated(before, now, till, first, last)
  local mine, was = '', before + till - now -- what the mover was given
  for e = first, last, 2 do
    local score = call('ZSCORE', KEYS[4], ARGV[e])
    local is = score and tonumber(score) == was
    if is then add(overdue, till, ARGV[e]) end
    mine = mine .. (is and '1' or '0')
  end
  return mine
end

-- changed is a holding after a change, and its state; or nothing, and why.
local function changed(code, is, entry, starts, change)
  local place, due, away, claim, by, rung, facts, moves =
    match(is, '^(%l%d%x+) %S* (%d+) (%S*) (%d+) (%S*) (%d+) (%S* %S*) (%S*)$')
  if not place then
    return nil, 'damaged'
  end
  local to, lane, made, due2, away2, needs, claims, atrung, next, origin, reason =
    match(change, '^(%l) (%d?) (%x+) (%d+) (%S*) (%d+) ([01]) (%S+) (%d+) (%S*) (%S*)$')
  local state = sub(place, 1, 1)
  if not to or not find(starts, state, 1, true) or (needs ~= '0' and claim ~= needs) or (atrung ~= '-1' and rung ~= atrung) then
    return nil, 'elsewhere ' .. is
  end
  if over(state) then back[#back + 1] = place .. code end
  local new = to .. (lane ~= '' and lane or sub(place, 2, 2)) .. sub(place, 3)
  if new ~= place then
    left[#left + 1] = place .. code
    add(places, '0', new .. code)
  end
  if due2 ~= '0' then
    away = away2
    add(rings, due2, 'h' .. code)
  elseif due ~= '0' then
    stops[#stops + 1] = 'h' .. code
  end
  if claims == '1' then
    claim, by = claim + 1, sub(entry, 2, 17)
  end
  if atrung ~= '-1' then rung = next end
  if origin ~= '' or reason ~= '' then
    local before, why = match(facts, '^(%S*) (%S*)$')
    facts = (origin ~= '' and origin or before) .. ' ' .. (reason ~= '' and reason or why)
  end
  local when = match(moves, '^,' .. string.rep('.', 16) .. '(%d+)')
  while when and ARGV[3] - when > tonumber(ARGV[2]) do -- the first is known for long enough
    moves = sub(moves, 18 + #when)
    when = match(moves, '^,' .. string.rep('.', 16) .. '(%d+)')
  end
  events[#events + 1] = to .. sub(new, 2, 2) .. made .. code
  return new .. '  ' .. due2 .. ' ' .. away .. ' ' .. claim .. ' ' .. by .. ' ' .. rung .. ' ' .. facts .. ' ' .. moves .. entry
end

-- begun is a holding that begins. Where it begins ended, nobody hears of it.
local function begun(code, born)
  local place, due = match(born, '^(%S+) %S* (%d+)')
  add(places, '0', place .. code)
  if due ~= '0' then add(rings, due, 'h' .. code) end
  if not over(sub(place, 1, 1)) then events[#events + 1] = place .. code end
  return born
end

local held, reply = call('MGET', unpack(KEYS, 8)), {}
local at, written = 4, false -- the next move's words
for i = 1, #held do
  local key, is = KEYS[7 + i], held[i]
  local code, entry, starts, forget, till, n = match(ARGV[at], '^(%S+) (%S+) (%S*) (%d+) (%d+) (%d+)$')
  local first, last = at + 3, at + 2 + 2 * n
  local again = is and find(is, sub(entry, 1, 17), 1, true)
  local becomes, why
  if again and match(ARGV[at + 2], '^%l %d? %x+ %d+ %S* %d+ (%d)') == '1'
      and match(is, '^%S+ %S* %d+ %S* %d+ (%S*)') ~= sub(entry, 2, 17) then
    why = 'elsewhere ' .. is -- claimed by another since: not to be mistaken for this claim
  elseif again then
    local now, before = sub(entry, 18), match(is, '^%d+', again + 17)
    is = sub(is, 1, again + 16) .. now .. sub(is, again + 17 + #before)
    add(kept, key, is)
    why = 'moved ' .. repeated(before, now, till, first, last) .. ' ' .. is
  elseif is then
    becomes, why = changed(code, is, entry, starts, ARGV[at + 2])
  elseif ARGV[at + 1] == '' then
    why = 'unknown'
  else
    becomes = begun(code, ARGV[at + 1])
  end
  if becomes then
    local mine, ends = '1', over(sub(becomes, 1, 1))
    if ends then
      add(ended, key, becomes)
      add(gone, forget, sub(becomes, 1, 14) .. code)
    else
      add(open, key, becomes)
    end
    if ends and not is then
      mine = '0'
    else
      for e = first, last, 2 do
        add(overdue, till, ARGV[e])
        add(errands, ARGV[e], ARGV[e + 1])
      end
    end
    why = 'moved ' .. string.rep(mine, tonumber(n)) .. ' ' .. becomes
    written = true
  end
  reply[i] = why
  at = last + 1
end

local function all(command, key, list)
  for i = 1, #list, 1000 do
    call(command, key, unpack(list, i, math.min(i + 999, #list)))
  end
end
if #open > 0 then call('MSET', unpack(open)) end
for i = 1, #ended, 2 do
  call('SET', ended[i], ended[i + 1], 'PX', ARGV[1])
end
for i = 1, #kept, 2 do
  call('SET', kept[i], kept[i + 1], 'KEEPTTL')
end
all('ZREM', KEYS[1], left)
all('ZADD', KEYS[1], places)
all('ZREM', KEYS[2], back)
all('ZADD', KEYS[2], gone)
all('ZREM', KEYS[3], stops)
all('ZADD', KEYS[3], rings)
all('ZADD', KEYS[4], overdue)
all('HSET', KEYS[5], errands)
if #events > 0 then
  call('XADD', KEYS[6], 'MAXLEN', '~', '10000', '*', 'e', table.concat(events, ' '))
  if call('PTTL', KEYS[6]) < ARGV[1] * 0.99 then -- as long as its last event, but not written each time
    call('PEXPIRE', KEYS[6], ARGV[1])
  end
end
if written and note(KEYS[7], ARGV[3]) then -- about once a second: room is made
  local past = call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[3], 'LIMIT', 0, 1000)
  all('ZREM', KEYS[1], past)
  all('ZREM', KEYS[2], past)
end
return reply
