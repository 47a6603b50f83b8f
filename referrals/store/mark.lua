-- Notes a way by which an alert reached nobody.
--
-- KEYS  1 ways that failed
-- ARGV  1 the way  2 life (ms)  3.. all ways there are
-- Returns  {'all'}: every one of them has failed by now  or  {'some'}

redis.call('SADD', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
for i = 3, #ARGV do
  if redis.call('SISMEMBER', KEYS[1], ARGV[i]) == 0 then
    return {'some'}
  end
end
return {'all'}
