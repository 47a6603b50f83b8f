-- Makes moves at one desk, one after another: each leads a holding from one state to the next and keeps the
-- errands that follow from it. Every move has its own answer; one that is refused hinders no other.
-- The same move again is answered with the holding as it is now; it changes nothing but when the
-- errands that the mover still has are overdue. A holding that begins ended is one that the desk
-- never hears of: it keeps no errands and makes no event.
--
-- KEYS  1 queue  2 ended  3 due  4 outbox  5 errands  6 events  7 counter  8 trail
--       9.. holding of each move, none twice
-- ARGV  1 life of an ended holding, and of events (ms)  2 moves made before this are forgotten (base 36)  3 now (ms)
--       4 an ended holding is forgotten at (ms)  5 '1' to note the clock and make room, as once a second is enough
--       6 life of the trail (ms)
--       then of each move: itself; id, sealed of each of its errands. Columns, from ... to, of a move:
--         1 22 as the holding knows it: a comma, 11 letters of its id, now (base 36), '!' for a claim or a handing over, or '.'
--         23 35 its errands are overdue at (ms)  36 38 how many there are  39 40 score of the state it leads to
--         41 '1': it may begin a holding  42 53 states it may start from, '-' for each of the others
--         54 62 claim it needs (or how often handed over), or '-'  63 66 rung it needs, or '-'  67 70 rung
--         71 107 state it leads to, lane or '-', made at (ms, hexadecimal), due, how far away that is: as in a holding
--         108 113 how many the desk may have claimed or accepted, or '-': the move that would make it more is not made
--         114 115 by which way, as in a line of the trail: where there is a holding, where one begins
--         116 128 when its clock rings (ms), by this server's
--         129 code, a space, origin and order of the ladder or nothing, a space, reason (sealed) or nothing
-- Returns  two texts for each move: 'moved ', with mine as for commit behind it, and the holding; or 'elsewhere' or
--          'full' and the holding, 'unknown' or 'damaged' and '': nothing was changed; 'elsewhere' also for a claim made
--          again after another has claimed

if apart(ARGV[3]) then return {'apart'} end
local call, match, find, sub, byte = redis.call, string.match, string.find, string.sub, string.byte

-- What is written at the end, all at once: pairs, but for left, back and stops.
local open, ended, kept = {}, {}, {} -- key, holding
local places, left, gone, back, rings, stops = {}, {}, {}, {}, {}, {}
local overdue, errands, events, lines = {}, {}, {}, {}
local function add(pairs, a, b)
  local n = #pairs
  pairs[n + 1] = a
  pairs[n + 2] = b
end

local over = {c = true, h = true, i = true, j = true, k = true, l = true} -- a desk may no longer act
local dash, one, claims = 45, 49, 33 -- '-', '1', '!'

-- more is by how many a move changes what the desk has claimed or accepted, and full says that it has no room for it. What
-- this script has changed so far is written at its end only: it is counted apart.
local taken, since = nil, 0
local has = {f = 1, g = 1} -- claimed, accepted
local function more(from, to) return (has[to] or 0) - (has[from] or 0) end
local function full(move)
  if byte(move, 108) == dash then return false end
  taken = taken or call('ZCOUNT', KEYS[1], 5, 6)
  return taken + since >= tonumber(sub(move, 108, 113))
end

-- repeated is how many of the errands, from the first to the last, are still the mover's.
local function repeated(before, now, till, first, last)
  local mine, was = '', tonumber(before, 36) + till - tonumber(now, 36) -- what the mover was given
  for e = first, last, 2 do
    local score = call('ZSCORE', KEYS[4], ARGV[e])
    local is = score and tonumber(score) == was
    if is then add(overdue, till, ARGV[e]) end
    mine = mine .. (is and '1' or '0')
  end
  return mine
end

-- claimant is the id of a holding's last claim, as long as any move before it is known.
local function claimant(is)
  return match(is, '^.*,(' .. string.rep('.', 11) .. ')' .. string.rep('.', 9) .. '!')
end

-- recent is a holding's words without moves that were made too long ago.
local function recent(words)
  local others, moves = match(words, '^( %S* %S* )(%S*)$')
  while moves ~= '' and sub(moves, 13, 21) < ARGV[2] do
    moves = sub(moves, 23)
  end
  return others .. moves
end

-- told is a holding's words with another origin, another reason, or both, which are behind a move's code. A move that may begin
-- a holding brings an origin for that alone.
local function told(words, move, coded)
  local ends, origin = find(move, ' ', coded + 1, true), find(words, ' ', 2, true)
  local moves = find(words, ' ', origin + 1, true)
  return (ends > coded + 1 and byte(move, 41) ~= one and sub(move, coded, ends - 1) or sub(words, 1, origin - 1))
    .. (#move > ends and sub(move, ends) or sub(words, origin, moves - 1)) .. sub(words, moves)
end

-- why is what ends a line of the trail: the reason behind a move's code, with a space before it, if there is one.
local function why(move, coded)
  if #move == coded + 1 then return '\n' end
  local ends = find(move, ' ', coded + 1, true)
  return #move > ends and sub(move, ends) .. '\n' or '\n'
end

-- changed is a holding after a move; or nothing, when the move does not fit, and why if it is for want of room.
local function changed(code, coded, score, is, entry, move)
  local climbs = byte(move, 63) ~= dash
  if byte(move, byte(is) - 55) == dash or byte(move, 54) ~= dash and sub(move, 54, 62) ~= sub(is, 51, 59)
      or climbs and sub(move, 63, 66) ~= sub(is, 60, 63) then
    return
  end
  local grows = more(sub(is, 1, 1), sub(move, 71, 71))
  if grows > 0 and full(move) then return nil, 'full' end
  since = since + grows
  local place, due = sub(is, 2, 14), sub(move, 85, 97)
  if over[sub(is, 1, 1)] then back[#back + 1] = place .. code end
  if byte(move, 72) ~= dash and byte(move, 72) ~= byte(is, 2) then
    left[#left + 1] = place .. code
    place = sub(move, 72, 72) .. sub(place, 2)
  end
  add(places, score, place .. code)
  if due ~= '0000000000000' then
    add(rings, sub(move, 116, 128), 'h' .. code)
  elseif sub(is, 15, 27) ~= due then
    stops[#stops + 1] = 'h' .. code
  end
  local to = sub(move, 71, 71)
  events[#events + 1] = to .. sub(place, 1, 1) .. sub(move, 73, 84) .. code
  local number, words = sub(is, 51, 59), sub(is, 64)
  if byte(entry, 22) == claims then number = string.format('%09d', number + 1) end
  local rung = climbs and sub(move, 67, 70) or sub(is, 60, 63)
  if #move > coded + 1 then words = told(words, move, coded) end
  if #words > 300 then words = recent(words) end
  return to .. place .. sub(move, 85, 107) .. '0000000000000' .. number .. rung .. words .. entry
end

-- begun is a holding that begins. Where it begins ended, nobody hears of it.
local function begun(code, coded, score, entry, move)
  local due = sub(move, 85, 97)
  since = since + more('', sub(move, 71, 71))
  add(places, score, sub(move, 72, 84) .. code)
  if due ~= '0000000000000' then add(rings, sub(move, 116, 128), 'h' .. code) end
  if not over[sub(move, 71, 71)] then events[#events + 1] = sub(move, 71, 84) .. code end
  return sub(move, 71, 107) .. (byte(entry, 22) == claims and '0000000000000000000001' or '0000000000000000000000')
    .. sub(move, 67, 70) .. sub(move, coded) .. ' ' .. entry
end

local held, reply = call('MGET', unpack(KEYS, 9)), {}
local at = 7 -- the next move
for i = 1, #held do
  local key, is, move = KEYS[8 + i], held[i], ARGV[at]
  local coded = find(move, ' ', 129, true) -- where the code has ended
  local entry, n, score, code = sub(move, 1, 22), sub(move, 36, 38), sub(move, 39, 40), sub(move, 129, coded - 1)
  n = n == '000' and 0 or tonumber(n)
  local first, last, till = at + 1, at + 2 * n, n > 0 and sub(move, 23, 35)
  local again = is and find(is, sub(entry, 1, 12), 65, true)
  local becomes, outcome
  if is and not whole(is) then
    outcome = 'damaged'
  elseif again and byte(entry, 22) == claims and claimant(is) ~= sub(entry, 2, 12) then
    outcome = 'elsewhere' -- claimed by another since: not to be mistaken for this claim
  elseif again then
    local now, before = sub(entry, 13, 21), sub(is, again + 12, again + 20)
    is = put(is, again + 12, now)
    add(kept, key, is)
    outcome = 'moved ' .. (till and repeated(before, now, till, first, last) or '')
  elseif is then
    local why
    becomes, why = changed(code, coded, score, is, entry, move)
    outcome = not becomes and (why or 'elsewhere')
  elseif byte(move, 41) ~= one then
    outcome = 'unknown'
  else
    becomes = begun(code, coded, score, entry, move)
  end
  if becomes then
    local mine = '1'
    lines[#lines + 1] = sub(becomes, 1, 14) .. sub(move, 73, 84) .. sub(becomes, 60, 63)
      .. (is and sub(move, 114, 114) or sub(move, 115, 115)) .. code .. why(move, coded)
    if over[sub(becomes, 1, 1)] then
      add(ended, key, becomes)
      add(gone, ARGV[4], sub(becomes, 2, 14) .. code)
      mine = is and '1' or '0'
    else
      add(open, key, becomes)
    end
    if till and mine == '1' then
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
if #lines > 0 then
  write_lines(KEYS[8], table.concat(lines), ARGV[6])
end
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
