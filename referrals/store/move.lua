-- Makes moves at one desk, one after another: each leads a holding from one state to the next and keeps the
-- errands that follow from it. Every move has its own answer; one that is refused hinders no other.
-- The same move again is answered with the holding as it is now; it changes nothing but when the
-- errands that the mover still has are overdue. A holding that begins ended is one that the desk
-- never hears of: it keeps no errands and makes no event.
--
-- KEYS  1 queue  2 ended  3 due  4 outbox  5 errands  6 events  7 counter
--       8.. holding of each move, none twice
-- ARGV  1 life of an ended holding, and of events (ms)  2 for how long a move is known (ms)  3 now (ms)
--       4 an ended holding is forgotten at (ms)  5 '1' to note the clock and make room, as once a second is enough
--       then of each move: itself; the holding as it begins, '' when it may not; what it changes, '' when it may
--       only begin; id, sealed of each of its errands. Columns, from ... to, of a move:
--         1 30 as the holding knows it: a comma, 16 letters of its id, now (ms)  31 43 its errands are overdue at (ms)
--         44 46 how many there are  47 48 score of the state it leads to  49 code
--       and of a change:
--         1 state it leads to  2 lane or '-'  3 14 made at (ms, hexadecimal)  15 27 due (ms)  28 40 how far away that is
--         41 49 claim it needs, or '-'  50 53 rung it needs, or '-'  54 57 next rung  58 '1': it is a claim
--         59 70 states it may start from  71 a space, origin, a space, reason (sealed); or nothing
-- Returns  two texts for each move: 'moved ', with mine as for commit behind it, and the holding; or 'elsewhere' and
--          the holding, 'unknown' or 'damaged' and '': nothing was changed; 'elsewhere' also for a claim made again
--          after another has claimed

local call, match, find, sub = redis.call, string.match, string.find, string.sub

-- What is written at the end, all at once: pairs, but for left, back and stops.
local open, ended, kept = {}, {}, {} -- key, holding
local places, left, gone, back, rings, stops = {}, {}, {}, {}, {}, {}
local overdue, errands, events = {}, {}, {}
local function add(pairs, a, b)
  local n = #pairs
  pairs[n + 1] = a
  pairs[n + 2] = b
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

-- recent is a holding's words without moves that were made too long ago.
local function recent(words)
  local others, moves = match(words, '^( %S* %S* )(%S*)$')
  local first = '^,' .. string.rep('.', 16) .. '(%d+)'
  local when = match(moves, first)
  while when and ARGV[3] - when > tonumber(ARGV[2]) do
    moves = sub(moves, 31)
    when = match(moves, first)
  end
  return others .. moves
end

-- changed is a holding after a change; or nothing, when the change does not fit.
local function changed(code, score, is, entry, change)
  local state, to, claim, rung = sub(is, 1, 1), sub(change, 1, 1), sub(change, 41, 49), sub(change, 50, 53)
  if not find(sub(change, 59, 70), state, 1, true) or (claim ~= '---------' and claim ~= sub(is, 70, 78))
      or (rung ~= '----' and rung ~= sub(is, 79, 82)) then
    return
  end
  local lane, old = sub(change, 2, 2), sub(is, 2, 14)
  local place = old
  if lane ~= '-' and lane ~= sub(old, 1, 1) then
    place = lane .. sub(old, 2)
    left[#left + 1] = old .. code
  end
  if over(state) then back[#back + 1] = old .. code end
  add(places, score, place .. code)
  local due = sub(change, 15, 27)
  if due ~= '0000000000000' then
    add(rings, due, 'h' .. code)
  elseif sub(is, 15, 27) ~= due then
    stops[#stops + 1] = 'h' .. code
  end
  events[#events + 1] = to .. sub(place, 1, 1) .. sub(change, 3, 14) .. code
  local owned, words = sub(is, 54, 82), sub(is, 83)
  if sub(change, 58, 58) == '1' then
    owned = sub(entry, 2, 17) .. string.format('%09d', sub(is, 70, 78) + 1) .. sub(is, 79, 82)
  end
  if rung ~= '----' then owned = sub(owned, 1, 25) .. sub(change, 54, 57) end
  if #change > 70 then
    local origin, reason = find(words, ' ', 2, true), find(change, ' ', 72, true) -- where they end, and begin
    local moves = find(words, ' ', origin + 1, true)
    words = (reason > 72 and sub(change, 71, reason - 1) or sub(words, 1, origin - 1))
      .. (#change > reason and sub(change, reason) or sub(words, origin, moves - 1)) .. sub(words, moves)
  end
  if #words > 400 then words = recent(words) end
  return to .. place .. sub(change, 15, 40) .. '0000000000000' .. owned .. words .. entry
end

-- begun is a holding that begins. Where it begins ended, nobody hears of it.
local function begun(code, score, born)
  local due = sub(born, 15, 27)
  add(places, score, sub(born, 2, 14) .. code)
  if due ~= '0000000000000' then add(rings, due, 'h' .. code) end
  if not over(sub(born, 1, 1)) then events[#events + 1] = sub(born, 1, 14) .. code end
  return born
end

local held, reply = call('MGET', unpack(KEYS, 8)), {}
local at = 6 -- the next move
for i = 1, #held do
  local key, is, move, change = KEYS[7 + i], held[i], ARGV[at], ARGV[at + 2]
  local entry, n, score, code = sub(move, 1, 30), tonumber(sub(move, 44, 46)), sub(move, 47, 48), sub(move, 49)
  local first, last, till = at + 3, at + 2 + 2 * n, n > 0 and sub(move, 31, 43)
  local again = is and find(is, sub(entry, 1, 17), 84, true)
  local becomes, outcome, mine
  if is and not whole(is) then
    outcome = 'damaged'
  elseif again and sub(change, 58, 58) == '1' and sub(is, 54, 69) ~= sub(entry, 2, 17) then
    outcome = 'elsewhere' -- claimed by another since: not to be mistaken for this claim
  elseif again then
    local now, before = sub(entry, 18), sub(is, again + 17, again + 29)
    is = put(is, again + 17, now)
    add(kept, key, is)
    outcome = 'moved ' .. (till and repeated(before, now, till, first, last) or '')
  elseif is then
    becomes = changed(code, score, is, entry, change)
    outcome = not becomes and 'elsewhere'
  elseif ARGV[at + 1] == '' then
    outcome = 'unknown'
  else
    becomes = begun(code, score, ARGV[at + 1])
  end
  if becomes then
    local ends = over(sub(becomes, 1, 1))
    mine = '1'
    if ends then
      add(ended, key, becomes)
      add(gone, ARGV[4], sub(becomes, 2, 14) .. code)
    else
      add(open, key, becomes)
    end
    if ends and not is then
      mine = '0'
    elseif till then
      for e = first, last, 2 do
        add(overdue, till, ARGV[e])
        add(errands, ARGV[e], ARGV[e + 1])
      end
    end
    outcome, is = till and 'moved ' .. string.rep(mine, n) or 'moved ', becomes
  end
  add(reply, outcome, outcome ~= 'damaged' and is or '')
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
  again(kept[i], kept[i + 1])
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
end
if ARGV[5] == '1' then
  note(KEYS[7], ARGV[3])
  call('PEXPIRE', KEYS[6], ARGV[1]) -- events last as long as the last
  local past = call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[3], 'LIMIT', 0, 1000)
  all('ZREM', KEYS[1], past)
  all('ZREM', KEYS[2], past)
end
return reply
