-- Takes one member that is due. One that has no record and no inbox is forgotten.
--
-- KEYS  1 due  2 counter  3 record  4 inbox  5 bodies
-- ARGV  1 name  2 now (ms)  3 lease ends (ms)  4 entries to bring at most
--       5 life (ms) of a record without state  6 tail of the number
-- Returns  {'none'}: not due any more, or forgotten
--          {'taken', number, state or false, id, order, body, ...}

if apart(ARGV[2]) then return {'apart'} end
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) > tonumber(ARGV[2]) then
  return {'none'}
end
local state, entries = redis.call('HGET', KEYS[3], 's'), first(KEYS[4], ARGV[4])
if not state and #entries == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return {'none'}
end
local number = seize(ARGV[1], KEYS[1], KEYS[2], KEYS[3], ARGV[2], ARGV[6], ARGV[3], state, ARGV[5])
return bring({'taken', number, state}, entries, KEYS[5])
