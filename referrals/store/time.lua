-- Tells the clock of a slot's server.
--
-- KEYS  1 any of the slot
-- Returns  {seconds, microseconds}

return redis.call('TIME')
