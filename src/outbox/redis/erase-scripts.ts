import { script } from './script.js';

/**
 * () -> where `cutSince` starts. A scan may miss an entry that is made of another one
 * meanwhile; from now on they are listed, until nobody has scanned for a minute.
 */
export const beginScan = script(`
evenWhenFull()
local position = redis.call('RPUSH', cuts, '')
redis.call('PEXPIRE', cuts, 60000)
return position
`);

/** (cursor) -> [cursor, (entry, chunk)...] of pending events. */
export const scan = script(`
redis.call('PEXPIRE', cuts, 60000)
return redis.call('HSCAN', events, ARGV[1], 'COUNT', 50)
`);

/** (position) -> [position, (entry, chunk)...] of what was made of others since. */
export const cutSince = script(`
local position, found = tonumber(ARGV[1]), {}
local entries = redis.call('LRANGE', cuts, position, position + 49)
for _, entry in ipairs(entries) do
  local chunk = redis.call('HGET', events, entry)
  if chunk then
    found[#found + 1] = entry
    found[#found + 1] = chunk
  end
end
return { asText(position + #entries), found }
`);

/** ((entry, ranges)...) -> how many events. */
export const erase = script(`
evenWhenFull()
-- Puts others where an entry waits, or into its claim.
local function replace(entry, others)
  if redis.call('ZREM', waiting, entry) == 1 then return add(waiting, others) end
  local due = redis.call('ZSCORE', delayed, entry)
  if due then
    redis.call('ZREM', delayed, entry)
    return add(delayed, others, due)
  end
  for _, token in ipairs(redis.call('HKEYS', claims)) do
    local entries, held = {}, false
    for _, one in ipairs(entriesOf(token)) do
      if one == entry then
        held = true
        for _, other in ipairs(others) do entries[#entries + 1] = other end
      else
        entries[#entries + 1] = one
      end
    end
    if held then return setEntries(token, entries) end
  end
end

local count = 0
for i = 1, #ARGV, 2 do
  local asked, named, others = numbersIn(ARGV[i + 1]), {}, {}
  local isAsked = function(number) return asked[number] == true end
  for _, run in ipairs(cut(ARGV[i], isAsked)) do
    local list = run.passed and named or others
    list[#list + 1] = run.entry
  end
  if #named > 0 then
    replace(ARGV[i], others)
    count = count + drop(named)
  end
end
return count
`);
