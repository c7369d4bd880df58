import { FORMAT, script } from './script.js';

/** () -> format. Prepares the keys, and clears away consumers that hold nothing. */
export const open = script(`
local format = redis.call('HGET', meta, 'format')
if format and tonumber(format) > ${FORMAT} then return tonumber(format) end
local failed = createGroup()
if failed then return failed end
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', events, GROUP)) do
  local name = valueOf(info, 'name')
  if valueOf(info, 'pending') == 0 and name ~= NOBODY then
    redis.call('XGROUP', 'DELCONSUMER', events, GROUP, name)
  end
end
return ${FORMAT}
`);

/** (by, (id, payload, createdAt, receipt)...) */
export const append = script(`
for i = 2, #ARGV, 4 do store(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[1]) end
`);

/** (consumer, limit, lease, maxBytes, minAge) -> [entry, deliveries, failedAttempts, age, fields][], oldest first. */
export const claim = script(`
local consumer, limit, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local maxBytes, minAge = tonumber(ARGV[4]), tonumber(ARGV[5])
local claimed, excess, bytes = {}, {}, 0
if limit < 1 then return claimed end
local now = serverTime()
local full = false

-- What no longer fits is given back. The first comes however large it is.
local function take(entry, deliveries, failures, fields)
  bytes = bytes + #(valueOf(fields, 'payload') or '')
  if full or (bytes > maxBytes and #claimed > 0) then
    full = true
    excess[#excess + 1] = entry
  else
    claimed[#claimed + 1] = { entry, deliveries, failures or '0', ageOf(entry, now), fields }
  end
end

-- First what was claimed or given back and is due: these entries are the older ones.
local due = redis.pcall('XPENDING', events, GROUP, 'IDLE', DUE, '-', '+', limit)
if due.err and string.find(due.err, 'NOGROUP') then
  local failed = createGroup()
  if failed then return failed end
  due = {}
elseif due.err then
  return due
end
for _, state in ipairs(due) do
  if full or ageOf(state[1], now) < minAge then break end
  local found = redis.call('XCLAIM', events, GROUP, consumer, '0', state[1])[1]
  if found and found[1] then
    take(found[1], state[4] + 1, redis.call('HGET', failedAttempts, found[1]), found[2])
  end
end

-- Then what nobody had yet, as long as it fits.
local function readFresh(count)
  local fresh = redis.call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', events, '>')
  local entries = fresh and fresh[1][2] or {}
  for _, found in ipairs(entries) do take(found[1], 1, '0', found[2]) end
  return #entries
end
local wanted = limit - #claimed
if minAge > 0 and wanted > 0 and not full then
  local last = '0-0'
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', events)) do
    if valueOf(info, 'name') == GROUP then last = valueOf(info, 'last-delivered-id') end
  end
  local old = redis.call('XRANGE', events, '(' .. last, string.format('%.0f', now - minAge), 'COUNT', wanted)
  wanted = #old
end
while wanted > 0 and not full do
  local count = math.min(wanted, 50)
  if readFresh(count) < count then break end
  wanted = wanted - count
end

local all = {}
for i, one in ipairs(claimed) do all[i] = one[1] end
giveTo(consumer, DUE - lease, all)
giveTo(NOBODY, DUE, excess)
return claimed
`);

/** (consumer, (entry, deliveries, id)...) -> how many. */
export const acknowledge = script(`
local entries, idsOfEntries = held(ARGV[1], 2)
conclude(entries, 'delivered')
forget(entries, idsOfEntries)
return #entries
`);

/** (consumer, delay, failed, (entry, deliveries, id)...) */
export const release = script(`
local entries = held(ARGV[1], 4)
giveTo(NOBODY, DUE - tonumber(ARGV[2]), entries)
if ARGV[3] == '1' then
  for _, entry in ipairs(entries) do redis.call('HINCRBY', failedAttempts, entry, 1) end
end
`);

/** (consumer, reason, status, message, (entry, deliveries, id)...) -> how many. */
export const deadLetter = script(`
local entries, idsOfEntries = held(ARGV[1], 5)
conclude(entries, cjson.encode({ reason = ARGV[2], status = ARGV[3], message = ARGV[4] }))
for _, entry in ipairs(entries) do
  local found = redis.call('XRANGE', events, entry, entry)[1]
  if found then
    local letter = { 'XADD', dead, '*', 'failedAttempts', redis.call('HGET', failedAttempts, entry) or '0',
      'reason', ARGV[2], 'status', ARGV[3], 'message', ARGV[4] }
    for _, field in ipairs(found[2]) do letter[#letter + 1] = field end
    local id = valueOf(found[2], 'id')
    redis.call('HINCRBY', meta, 'dead-letter-bytes', #(valueOf(found[2], 'payload') or ''))
    local others = lettersOf(id)
    others[#others + 1] = redis.call(unpack(letter))
    redis.call('HSET', deadIds, id, table.concat(others, ' '))
  end
end
forget(entries, idsOfEntries)
return #entries
`);

/** (receipt...) -> what became of each; nothing for those of which nothing is recorded. */
export const readOutcomes = script(`
if #ARGV == 0 then return {} end
return redis.call('HMGET', outcomes, unpack(ARGV))
`);

/** (by...) -> how many events that were appended so are pending. */
export const pendingBy = script(`
local sum = 0
for _, by in ipairs(ARGV) do sum = sum + tonumber(redis.call('HGET', appended, by) or '0') end
return sum
`);

/** (after, limit) -> [entry, fields][] of events, oldest first. */
export const eventsAfter = script(`
return redis.call('XRANGE', events, '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
`);

/** (entry, id)... -> how many. */
export const erase = script(`
local entries, idsOfEntries = {}, {}
for i = 1, #ARGV, 2 do
  if redis.call('XRANGE', events, ARGV[i], ARGV[i])[1] then
    entries[#entries + 1] = ARGV[i]
    idsOfEntries[#idsOfEntries + 1] = ARGV[i + 1]
  end
end
conclude(entries, 'erased')
forget(entries, idsOfEntries)
return #entries
`);

/** () -> [pending, age of the oldest, dead letters]. */
export const counts = script(`
local oldest = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
return { redis.call('XLEN', events), oldest and ageOf(oldest[1], serverTime()) or 0, redis.call('XLEN', dead) }
`);

/** (consumer): signs off. Deleting a consumer would lose its claims, so they are handed over first. */
export const close = script(`
local summary = redis.call('XPENDING', events, GROUP)
for _, state in ipairs(redis.call('XPENDING', events, GROUP, '-', '+', summary[1], ARGV[1])) do
  giveTo(NOBODY, state[3], { state[1] })
end
redis.call('XGROUP', 'DELCONSUMER', events, GROUP, ARGV[1])
`);
