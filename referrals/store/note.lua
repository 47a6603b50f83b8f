-- Writes lines of the audit trail that are about no move.
--
-- KEYS  1 trail
-- ARGV  1 lines  2 life of the trail (ms)
-- Returns  {'written'}

write_lines(KEYS[1], ARGV[1], ARGV[2])
return {'written'}
