import { script } from './script.js';

const TAKE = `
-- Takes a dead letter out; returns its record, or nothing if it is gone already.
local function takeLetter(entry)
  local letter = redis.call('HGET', dead, entry)
  if not letter then return end
  redis.call('HDEL', dead, entry)
  redis.call('ZREM', deadTimes, entry)
  local event = string.match(letter, '^[^\\n]*\\n(.*)$')
  redis.call('HINCRBY', meta, 'dead-letter-bytes', -payloadSize(event))
  return event
end
`;

/**
 * (cause, (entry, token)...) -> how many. The cause is JSON, without a
 * line break; a letter is `<failed attempts>\t<cause>\n<record>`.
 */
export const deadLetter = script(`
evenWhenFull()
local entries = held(2)
local failures = {}
for i, entry in ipairs(entries) do failures[i] = redis.call('HGET', failedAttempts, entry) or '0' end
local now = serverTime()
local letters = newEntries(now, #entries)
for i, record in ipairs(take(entries, ARGV[1])) do
  if record then
    redis.call('HSET', dead, letters[i], failures[i] .. '\\t' .. ARGV[1] .. '\\n' .. record)
    redis.call('ZADD', deadTimes, now, letters[i])
    redis.call('HINCRBY', meta, 'dead-letter-bytes', payloadSize(record))
  end
end
return #entries
`);

/** A page ends where it is as large as this. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** () -> the newest dead letter's entry. */
export const newest = script(`
return redis.call('ZRANGE', deadTimes, -1, -1)
`);

/** (after, last, limit, id...) -> [looked at to, (entry, letter)...] of these ids, as JSON, or of all. */
export const page = script(`
local after, last, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local ids = {}
for i = 4, #ARGV do ids[ARGV[i]] = true end
local from = 0
if after ~= '' then
  -- The letter with this entry may be gone.
  local entries = redis.call('ZRANGEBYSCORE', deadTimes, msOf(after), msOf(after))
  from = redis.call('ZCOUNT', deadTimes, '-inf', '(' .. msOf(after))
  for _, entry in ipairs(entries) do
    if entry <= after then from = from + 1 end
  end
end
local found, bytes = { '' }, 0
for _, entry in ipairs(redis.call('ZRANGE', deadTimes, from, from + limit - 1)) do
  if entry > last or bytes > ${MAX_PAGE_BYTES} then break end
  found[1] = entry
  local letter = redis.call('HGET', dead, entry)
  local id = letter and string.match(letter, '^[^\\n]*\\n[^\\t]*\\t[^\\t]*\\t[^\\t]*\\t([^\\n]*)')
  if letter and (#ARGV == 3 or ids[id]) then
    found[#found + 1] = entry
    found[#found + 1] = letter
    bytes = bytes + #letter
  end
end
return found
`);

/** (entry...) -> how many. */
export const requeue = script(`${TAKE}
evenWhenFull()
local records, now = {}, serverTime()
local header = string.format('\\t\\t%.0f', now)
for _, entry in ipairs(ARGV) do
  local record = takeLetter(entry)
  -- As new, and of no process.
  if record then records[#records + 1] = string.gsub(record, '^[^\\t]*\\t[^\\t]*\\t[^\\t]*', header, 1) end
end
store(records, now)
return #records
`);

/** (entry...) -> how many. */
export const purge = script(`${TAKE}
evenWhenFull()
local count = 0
for _, entry in ipairs(ARGV) do
  if takeLetter(entry) then count = count + 1 end
end
return count
`);

/** (maxAge, maxCount, maxBytes, limit) -> how many of the oldest were removed. */
export const trim = script(`${TAKE}
evenWhenFull()
local maxAge, maxCount, maxBytes, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now, count = serverTime(), redis.call('HLEN', dead)
local removed = 0
for _, entry in ipairs(redis.call('ZRANGE', deadTimes, 0, limit - 1)) do
  local bytes = tonumber(redis.call('HGET', meta, 'dead-letter-bytes') or '0')
  if count - removed <= maxCount and bytes <= maxBytes and now - msOf(entry) < maxAge then break end
  takeLetter(entry)
  removed = removed + 1
end
return removed
`);
