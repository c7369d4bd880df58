import { script } from './script.js';

const TAKE = `
-- Takes a dead letter out; returns its event, or nothing if it is gone already.
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
 * (cause, (token, ranges)...) -> how many. The cause is JSON, without a line break; a
 * letter is `<failed attempts>\t<cause>\n<event>`, its entry `<ms>-<number>`.
 */
export const deadLetter = script(`
evenWhenFull()
local entries, now = takeHeld(2), serverTime()
for _, entry in ipairs(entries) do
  local failures = redis.call('HGET', failedAttempts, entry) or '0'
  for _, event in ipairs(eventsOf(redis.call('HGET', events, entry))) do
    local letter = string.format('%013.0f-%012d', now, redis.call('HINCRBY', meta, 'numbers', 1))
    redis.call('HSET', dead, letter, failures .. '\\t' .. ARGV[1] .. '\\n' .. event)
    redis.call('ZADD', deadTimes, now, letter)
    redis.call('HINCRBY', meta, 'dead-letter-bytes', payloadSize(event))
  end
end
return drop(entries, ARGV[1])
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
  local id = letter and string.match(letter, '^[^\\n]*\\n[^\\t]*\\t[^\\t]*\\t([^\\n]*)')
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
local chunks, now = {}, asText(serverTime())
for _, entry in ipairs(ARGV) do
  local event = takeLetter(entry)
  if event then
    -- As new, of no process, and awaited by nobody.
    local header = string.format('\\t1\\t%d\\t\\n', payloadSize(event))
    chunks[#chunks + 1] = header .. string.gsub(event, '^[^\\t]*\\t[^\\t]*', '\\t' .. now, 1)
  end
end
countPending('', store(chunks, now))
return #chunks
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
