import { script } from './script.js';

/** () -> [format, INFO memory]. Stores nothing: a Redis that is full can be opened. */
export const open = script(`
local info = redis.pcall('INFO', 'memory')
return { redis.call('HGET', meta, 'format'), type(info) == 'string' and info or info.ok or '' }
`);

/** (process, number, by, chunk...). Nothing if it was here before. */
export const append = script(`
local process, number, by = ARGV[1], tonumber(ARGV[2]), ARGV[3]
if isResent(process, number) then return end
remember(process, number)
local chunks = {}
for i = 4, #ARGV do chunks[i - 3] = ARGV[i] end
countPending(by, store(chunks, asText(serverTime())))
`);

/**
 * (name, staged before, chunk...): a portion of a list too long for one step.
 * Forgotten unless it is committed.
 */
export const stage = script(`
local list = batches .. ':' .. table.remove(ARGV, 1)
if redis.call('LLEN', list) ~= tonumber(table.remove(ARGV, 1)) then return end
inPortions(ARGV, function(...) redis.call('RPUSH', list, ...) end)
redis.call('PEXPIRE', list, 60000)
`);

/** (name, by, chunks, events) -> whether all of it was there. Appends what was staged, in a step that takes no time. */
export const commit = script(`
local name, by, chunks, count = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if isResent(name, 1) then return 1 end
local list = batches .. ':' .. name
if redis.call('LLEN', list) ~= chunks then return 0 end
remember(name, 1)
redis.call('PERSIST', list)
redis.call('RPUSH', batches, asText(serverTime()) .. ':' .. name)
countPending(by, count)
return 1
`);

/** How much of a committed list is unpacked in one step. */
const MAX_UNPACKED_BYTES = 4 * 1024 * 1024;

export const UNPACK = `
local function unpackBatch()
  local first = redis.call('LINDEX', batches, 0)
  if not first then return 0 end
  local ms, name = string.match(first, '^(%d+):(.*)$')
  local list = batches .. ':' .. name
  local chunks, bytes = {}, 0
  while bytes < ${MAX_UNPACKED_BYTES} do
    local chunk = redis.call('LPOP', list)
    if not chunk then break end
    chunks[#chunks + 1] = chunk
    bytes = bytes + #chunk
  end
  if #chunks > 0 then store(chunks, ms) end
  if redis.call('EXISTS', list) == 0 then redis.call('LPOP', batches) end
  return 1
end
`;

/** () -> whether there is more. Unpacks a portion of a committed list. */
export const unpackBatch = script(`${UNPACK}
evenWhenFull()
return unpackBatch()
`);

/** (by...) -> how many of the events appended under each are pending. */
export const pendingBy = script(`
local counts = {}
for i, by in ipairs(ARGV) do counts[i] = tonumber(redis.call('HGET', appended, by) or '0') end
return counts
`);

/** () -> [pending, age of the oldest, dead letters]. */
export const counts = script(`
local oldest
-- All start with their ms.
local function consider(list)
  for _, entry in ipairs(list) do
    if not oldest or entry < oldest then oldest = entry end
  end
end
consider(redis.call('ZRANGE', waiting, 0, 0))
consider(redis.call('LRANGE', batches, 0, 0))
consider(redis.call('ZRANGE', delayed, 0, -1))
-- The entries of a claim start with its oldest.
consider(redis.call('HVALS', claims))
local pending = tonumber(redis.call('HGET', meta, 'pending') or '0')
return { pending, oldest and math.max(0, serverTime() - msOf(oldest)) or 0, redis.call('HLEN', dead) }
`);
