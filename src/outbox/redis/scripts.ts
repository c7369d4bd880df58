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

/** (id, payload, createdAt)... */
export const append = script(`
for i = 1, #ARGV, 3 do store(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
`);

/** (consumer, limit, lease) -> [entry, deliveries, failedAttempts, fields][], oldest first. */
export const claim = script(`
local consumer, limit, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local claimed = {}
if limit < 1 then return claimed end

-- First what was lent or given back and is due: these entries are the older ones.
local due = redis.pcall('XPENDING', events, GROUP, 'IDLE', DUE, '-', '+', limit)
if due.err and string.find(due.err, 'NOGROUP') then
  local failed = createGroup()
  if failed then return failed end
  due = {}
elseif due.err then
  return due
end
local entries, deliveries, failures = {}, {}, {}
for i, state in ipairs(due) do
  entries[i], deliveries[state[1]] = state[1], state[4] + 1
end
inPortions(entries, function(...)
  local counts = redis.call('HMGET', failedAttempts, ...)
  for i, entry in ipairs({ ... }) do failures[entry] = counts[i] end
  for _, found in ipairs(redis.call('XCLAIM', events, GROUP, consumer, '0', ...)) do
    local entry = found and found[1]
    if entry then
      claimed[#claimed + 1] = { entry, deliveries[entry], failures[entry] or '0', found[2] }
    end
  end
end)

-- Then what nobody had yet.
if #claimed < limit then
  local fresh = redis.call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', limit - #claimed, 'STREAMS', events, '>')
  for _, found in ipairs(fresh and fresh[1][2] or {}) do
    claimed[#claimed + 1] = { found[1], 1, '0', found[2] }
  end
end

local all = {}
for i, one in ipairs(claimed) do all[i] = one[1] end
giveTo(consumer, DUE - lease, all)
return claimed
`);

/** (consumer, (entry, deliveries, id)...) -> how many. */
export const acknowledge = script(`
local entries, idsOfEntries = held(ARGV[1], 2)
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
for _, entry in ipairs(entries) do
  local found = redis.call('XRANGE', events, entry, entry)[1]
  if found then
    local letter = { 'XADD', dead, '*', 'failedAttempts', redis.call('HGET', failedAttempts, entry) or '0',
      'reason', ARGV[2], 'status', ARGV[3], 'message', ARGV[4] }
    for _, field in ipairs(found[2]) do letter[#letter + 1] = field end
    local id = valueOf(found[2], 'id')
    local others = lettersOf(id)
    others[#others + 1] = redis.call(unpack(letter))
    redis.call('HSET', deadIds, id, table.concat(others, ' '))
  end
end
forget(entries, idsOfEntries)
return #entries
`);

/** (id...) -> those that are pending. */
export const stillPending = script(`
local pending = {}
inPortions(ARGV, function(...)
  local counts = redis.call('HMGET', ids, ...)
  for i, id in ipairs({ ... }) do
    if counts[i] then pending[#pending + 1] = id end
  end
end)
return pending
`);

/** () -> [pending, fields of the oldest, dead letters]. */
export const counts = script(`
local oldest = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
return { redis.call('XLEN', events), oldest and oldest[2] or {}, redis.call('XLEN', dead) }
`);

/** (consumer): signs off. Deleting a consumer would lose its claims, so they are handed over first. */
export const close = script(`
local summary = redis.call('XPENDING', events, GROUP)
for _, state in ipairs(redis.call('XPENDING', events, GROUP, '-', '+', summary[1], ARGV[1])) do
  giveTo(NOBODY, state[3], { state[1] })
end
redis.call('XGROUP', 'DELCONSUMER', events, GROUP, ARGV[1])
`);
