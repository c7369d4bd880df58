import { FORMAT, script } from './script.js';

/** () -> [format, INFO memory]. Stores nothing: a Redis that is full can be opened. */
export const open = script(`
local info = redis.pcall('INFO', 'memory')
return { redis.call('HGET', meta, 'format'), type(info) == 'string' and info or info.ok or '' }
`);

/** (process, number, by, record...). Nothing if it was here before. */
export const append = script(`
local process, number, by = ARGV[1], tonumber(ARGV[2]), ARGV[3]
if isResent(process, number) then return end
remember(process, number)
local records = {}
for i = 4, #ARGV do records[i - 3] = ARGV[i] end
store(records, serverTime())
countAppended(by, #records)
`);

/**
 * (name, staged before, record...): a portion of a list too long for one step.
 * Forgotten unless it is committed.
 */
export const stage = script(`
local list = batches .. ':' .. table.remove(ARGV, 1)
if redis.call('LLEN', list) ~= tonumber(table.remove(ARGV, 1)) then return end
inPortions(ARGV, function(...) redis.call('RPUSH', list, ...) end)
redis.call('PEXPIRE', list, 60000)
`);

/** (name, by, count) -> whether all of it was there. Appends what was staged, in a step that takes no time. */
export const commit = script(`
local name, by, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
if isResent(name, 1) then return 1 end
local list = batches .. ':' .. name
if redis.call('LLEN', list) ~= count then return 0 end
remember(name, 1)
redis.call('PERSIST', list)
redis.call('RPUSH', batches, string.format('%.0f', serverTime()) .. ':' .. name)
redis.call('HINCRBY', meta, 'in-batches', count)
redis.call('HSET', meta, 'format', '${FORMAT}')
countAppended(by, count)
return 1
`);

/** How much of a committed list is unpacked in one step. */
const MAX_UNPACKED_BYTES = 4 * 1024 * 1024;

const UNPACK = `
local function unpackBatch(count)
  local first = redis.call('LINDEX', batches, 0)
  if not first then return 0 end
  local ms, name = string.match(first, '^(%d+):(.*)$')
  local list = batches .. ':' .. name
  local records, bytes = {}, 0
  while #records < count and bytes < ${MAX_UNPACKED_BYTES} do
    local record = redis.call('LPOP', list)
    if not record then break end
    records[#records + 1] = record
    bytes = bytes + #record
  end
  if #records > 0 then
    redis.call('HINCRBY', meta, 'in-batches', -#records)
    store(records, tonumber(ms))
  end
  if redis.call('EXISTS', list) == 0 then redis.call('LPOP', batches) end
  return 1
end
`;

/** () -> whether there is more. Unpacks a portion of a committed list. */
export const unpackBatch = script(`${UNPACK}
evenWhenFull()
return unpackBatch(500)
`);

/**
 * (token, limit, maxBytes, lease, minAge) -> [now, (entry, record, failed attempts)...],
 * oldest first.
 */
export const claim = script(`${UNPACK}
local token, limit = ARGV[1], tonumber(ARGV[2])
local maxBytes, lease, minAge = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
evenWhenFull()
local now = serverTime()
if limit < 1 then return { now } end

-- A claim that has ended holds nobody up, but counts until the event is claimed again.
local ended = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, math.max(1000, limit))
inPortions(ended, function(...) redis.call('ZREM', due, ...) end)
add(waiting, ended)
if redis.call('ZCARD', waiting) < limit then unpackBatch(math.max(limit, 500)) end

local upTo = minAge > 0 and now - minAge or '+inf'
local claimed, taken, bytes, full = { now }, {}, 0, false
local all = redis.call('ZRANGEBYSCORE', waiting, '-inf', upTo, 'LIMIT', 0, limit)
-- No more is read than fits, by what the records before took.
local from, size = 1, 4
while from <= #all and not full do
  local portion = { unpack(all, from, math.min(from + size - 1, #all)) }
  from = from + #portion
  local records = redis.call('HMGET', events, unpack(portion))
  local failures = redis.call('HMGET', failedAttempts, unpack(portion))
  for i, entry in ipairs(portion) do
    if records[i] then
      bytes = bytes + payloadSize(records[i])
      full = bytes > maxBytes and #taken > 0
      if full then break end
      taken[#taken + 1] = entry
      local at = #claimed
      claimed[at + 1], claimed[at + 2], claimed[at + 3] = entry, records[i], failures[i] or '0'
    else
      redis.call('ZREM', waiting, entry)
    end
  end
  size = 100
  if bytes > 0 then
    size = math.max(1, math.min(size, math.ceil((maxBytes - bytes) * #taken / bytes)))
  end
end
inPortions(taken, function(...)
  local tokens = {}
  for i, entry in ipairs({ ... }) do
    tokens[2 * i - 1] = entry
    tokens[2 * i] = token
  end
  redis.call('ZREM', waiting, ...)
  redis.call('HSET', claims, unpack(tokens))
end)
add(due, taken, asText(now + lease))
return claimed
`);

/** ((entry, token)...) -> how many. */
export const acknowledge = script(`
evenWhenFull()
return #take(held(1), 'delivered')
`);

const RELEASE = `
local function release(entries, delay, failed)
  inPortions(entries, function(...)
    redis.call('HDEL', claims, ...)
    redis.call('ZREM', due, ...)
    redis.call('ZREM', waiting, ...)
  end)
  if delay > 0 then add(due, entries, asText(serverTime() + delay)) else add(waiting, entries) end
  if failed then
    for _, entry in ipairs(entries) do redis.call('HINCRBY', failedAttempts, entry, 1) end
  end
end
`;

/** (delay, failed, (entry, token)...) */
export const release = script(`${RELEASE}
evenWhenFull()
release(held(3), tonumber(ARGV[1]), ARGV[2] == '1')
`);

/** (token...): releases the events of claims whose answers got lost. */
export const giveBack = script(`${RELEASE}
evenWhenFull()
local lost, found = {}, {}
for _, token in ipairs(ARGV) do lost[token] = true end
inPortions(redis.call('HKEYS', claims), function(...)
  local tokens = redis.call('HMGET', claims, ...)
  for i, entry in ipairs({ ... }) do
    if lost[tokens[i]] then found[#found + 1] = entry end
  end
end)
release(found, 0, false)
return #found
`);

/** (receipt...) -> the outcome of each, if recorded. */
export const readOutcomes = script(`
local found = {}
for i, receipt in ipairs(ARGV) do found[i] = redis.call('HGET', outcomes, receipt) end
return found
`);

/** (by...) -> how many of the events appended under each are pending. */
export const pendingBy = script(`
local counts = {}
for i, by in ipairs(ARGV) do counts[i] = tonumber(redis.call('HGET', appended, by) or '0') end
return counts
`);

/** (cursor) -> [cursor, (entry, record)...] of pending events. */
export const scan = script(`
return redis.call('HSCAN', events, ARGV[1], 'COUNT', 50)
`);

/** (entry...) -> how many. */
export const erase = script(`
evenWhenFull()
local count = 0
for _, record in ipairs(take(ARGV)) do if record then count = count + 1 end end
return count
`);

/** () -> [pending, age of the oldest, dead letters]. */
export const counts = script(`
local now = serverTime()
local oldest = redis.call('ZRANGE', waiting, 0, 0)[1]
for _, entry in ipairs(redis.call('ZRANGE', due, 0, -1)) do
  if not oldest or entry < oldest then oldest = entry end
end
oldest = oldest or redis.call('LINDEX', batches, 0)
local pending = redis.call('HLEN', events) + tonumber(redis.call('HGET', meta, 'in-batches') or '0')
return { pending, oldest and math.max(0, now - msOf(oldest)) or 0, redis.call('HLEN', dead) }
`);
