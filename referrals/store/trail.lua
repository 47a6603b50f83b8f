-- Put before each script that writes lines of the audit trail. Declares a function, does nothing.
--
-- write_lines(key, text, life): appends lines to those of a day. All of a day end together, life (ms) after the first was
-- written: none is kept longer.

local function write_lines(key, text, life)
  if redis.call('APPEND', key, text) == #text then
    redis.call('PEXPIRE', key, life)
  end
end
