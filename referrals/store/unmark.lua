-- Ends the mending of a slot, unless something more was found meanwhile.
--
-- KEYS  1 mark
-- ARGV  1 the mark that was found
-- Returns  {'ended'}  or  {'more'}

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return {'more'}
end
redis.call('DEL', KEYS[1])
return {'ended'}
