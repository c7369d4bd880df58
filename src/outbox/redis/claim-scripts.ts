import { UNPACK } from './append-scripts.js';
import { script } from './script.js';

const END_CLAIM = `
-- Lets what a claim holds wait again. Returns how many entries that were.
local function endClaim(token)
  local entries = entriesOf(token)
  setEntries(token, {})
  add(waiting, entries)
  return #entries
end
`;

/**
 * (token, limit, maxBytes, lease, minAge) -> [now, (entry, chunk, failed attempts)...],
 * oldest first.
 */
export const claim = script(`${UNPACK}${END_CLAIM}
local token, limit = ARGV[1], tonumber(ARGV[2])
local maxBytes, lease, minAge = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
evenWhenFull()
local now = serverTime()
if limit < 1 then return { now } end

-- It may be resent: what it claimed the first time must not stay behind.
endClaim(token)
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 50)) do
  endClaim(ended)
end
local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, math.max(1000, limit))
inPortions(due, function(...) redis.call('ZREM', delayed, ...) end)
add(waiting, due)
-- Not as long as enough waits that is older than the list.
local list = redis.call('LINDEX', batches, 0)
if list and redis.call('ZCOUNT', waiting, '-inf', msOf(list)) < limit then unpackBatch() end

local count, bytes, full = 0, 0, false
local function fits(_, event)
  local size = payloadSize(event)
  full = full or count == limit or (count > 0 and bytes + size > maxBytes)
  if not full then count, bytes = count + 1, bytes + size end
  return not full
end

local upTo = minAge > 0 and now - minAge or '+inf'
local taken, rest, seen = {}, {}, 0
repeat
  local page = redis.call('ZRANGEBYSCORE', waiting, '-inf', upTo, 'LIMIT', seen, 100)
  for _, entry in ipairs(page) do
    local _, _, events, size = partsOf(entry)
    if count + events <= limit and bytes + size <= maxBytes then
      count, bytes = count + events, bytes + size
      taken[#taken + 1] = entry
    elseif count == limit then
      full = true
    else
      -- Only its first events fit, if any.
      local runs = cut(entry, fits)
      if #runs ~= 1 then redis.call('ZREM', waiting, entry) end
      for _, run in ipairs(runs) do
        local list = run.passed and taken or rest
        list[#list + 1] = run.entry
      end
      full = #runs > 0
    end
    if full then break end
  end
  seen = seen + #page
until full or #page < 100
add(waiting, rest)

local held, answer = {}, { now }
inPortions(taken, function(...)
  local chunks = redis.call('HMGET', events, ...)
  local failures = redis.call('HMGET', failedAttempts, ...)
  redis.call('ZREM', waiting, ...)
  for i, entry in ipairs({ ... }) do
    if chunks[i] then
      held[#held + 1] = entry
      local at = #answer
      answer[at + 1], answer[at + 2], answer[at + 3] = entry, chunks[i], failures[i] or '0'
    end
  end
end)
if #held > 0 then
  setEntries(token, held)
  redis.call('ZADD', leases, asText(now + lease), token)
end
return answer
`);

/** ((token, ranges)...) -> how many. */
export const acknowledge = script(`
evenWhenFull()
return drop(takeHeld(1), 'delivered')
`);

/** (delay, failed, (token, ranges)...) */
export const release = script(`
evenWhenFull()
local delay, failed, entries = tonumber(ARGV[1]), ARGV[2] == '1', takeHeld(3)
if delay > 0 then add(delayed, entries, asText(serverTime() + delay)) else add(waiting, entries) end
if failed then
  for _, entry in ipairs(entries) do redis.call('HINCRBY', failedAttempts, entry, 1) end
end
`);

/** (token...) -> how many entries. Ends claims whose answers got lost. */
export const giveBack = script(`${END_CLAIM}
evenWhenFull()
local count = 0
for _, token in ipairs(ARGV) do count = count + endClaim(token) end
return count
`);

/** (receipt...) -> the outcome of each, if recorded. */
export const readOutcomes = script(`
local found = {}
for i, receipt in ipairs(ARGV) do found[i] = redis.call('HGET', outcomes, receipt) end
return found
`);
