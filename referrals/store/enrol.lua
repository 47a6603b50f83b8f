-- Replaces the roll of those who were enrolled, if nobody else did meanwhile.
--
-- KEYS  1 roll
-- ARGV  1 what it was when it was read, '' for none  2 what it becomes
-- Returns  {'done'}  or  {'changed'}: it is another by now, and nothing was done

if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return {'changed'}
end
redis.call('SET', KEYS[1], ARGV[2])
return {'done'}
