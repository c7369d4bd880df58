import { createHash } from 'node:crypto';

/** A Lua script that Redis runs as one step. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/** The keys of an outbox, in the order in which the scripts are given them. */
export const KEYS = [
  'events',
  'ids',
  'tries',
  'dead-letters',
  'dead-letter-ids',
  'meta',
] as const;

/** Of what is stored. A greater one was written by a newer version of this package. */
export const FORMAT = 1;

/**
 * The consumer group is the list of claims: who has an event (the consumer), and
 * with which fencing token (how often it was delivered). Redis counts how long an
 * entry is idle; an entry is due once it has been idle for DUE, so that a lease
 * of 60 s is an entry that was idle for DUE - 60 s at its claim. Leases and
 * delays thereby run on the server's clock and last as long as each claim asked
 * for, which XAUTOCLAIM could not do: it goes by what the next claimer asks for.
 */
const PRELUDE = `
local events, ids, tries, dead, deadIds, meta = unpack(KEYS)
local GROUP, NOBODY, DUE = 'odp', 'nobody', 31536000000

-- Lua passes at most some thousand arguments at once.
local function inPortions(list, run)
  for from = 1, #list, 1000 do
    run(unpack(list, from, math.min(from + 999, #list)))
  end
end

-- Whoever flushed Redis also took the group: start it again, with every event that is there.
local function createGroup()
  local made = redis.pcall('XGROUP', 'CREATE', events, GROUP, '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP') then return made end
  redis.call('HSET', meta, 'format', '${FORMAT}')
end

local function store(id, payload, createdAt)
  redis.call('XADD', events, '*', 'id', id, 'payload', payload, 'createdAt', createdAt)
  redis.call('HINCRBY', ids, id, 1)
end

local function valueOf(fields, name)
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
end

-- Which entries are the dead letters of an id: mostly one.
local function lettersOf(id)
  local entries = {}
  for entry in string.gmatch(redis.call('HGET', deadIds, id) or '', '%S+') do
    entries[#entries + 1] = entry
  end
  return entries
end

-- Takes a dead letter out; returns its fields, or nil when it is gone already.
local function takeLetter(entry)
  local letter = redis.call('XRANGE', dead, entry, entry)[1]
  if not letter then return end
  redis.call('XDEL', dead, entry)
  local id, others = valueOf(letter[2], 'id'), {}
  for _, other in ipairs(lettersOf(id)) do
    if other ~= entry then others[#others + 1] = other end
  end
  if #others == 0 then
    redis.call('HDEL', deadIds, id)
  else
    redis.call('HSET', deadIds, id, table.concat(others, ' '))
  end
  return letter[2]
end

-- Of claims (entry, deliveries, id)... those that the consumer still holds.
local function held(consumer, from)
  local entries, idsOfEntries, seen = {}, {}, {}
  for i = from, #ARGV, 3 do
    local state = redis.pcall('XPENDING', events, GROUP, ARGV[i], ARGV[i], 1, consumer)
    if state[1] and state[1][4] == tonumber(ARGV[i + 1]) and not seen[ARGV[i]] then
      seen[ARGV[i]] = true
      entries[#entries + 1] = ARGV[i]
      idsOfEntries[#idsOfEntries + 1] = ARGV[i + 2]
    end
  end
  return entries, idsOfEntries
end

local function giveTo(consumer, idle, entries)
  inPortions(entries, function(...)
    local command = { 'XCLAIM', events, GROUP, consumer, '0', ... }
    for _, option in ipairs({ 'IDLE', math.max(0, idle), 'JUSTID' }) do
      command[#command + 1] = option
    end
    redis.call(unpack(command))
  end)
end

local function forget(entries, idsOfEntries)
  inPortions(entries, function(...)
    redis.call('XACK', events, GROUP, ...)
    redis.call('XDEL', events, ...)
    redis.call('HDEL', tries, ...)
  end)
  for _, id in ipairs(idsOfEntries) do
    if redis.call('HINCRBY', ids, id, -1) <= 0 then redis.call('HDEL', ids, id) end
  end
end
`;

function script(body: string): Script {
  const source = PRELUDE + body;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

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

/** (consumer, limit, lease) -> [entry, deliveries, tries, fields][], oldest first. */
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
  local counts = redis.call('HMGET', tries, ...)
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
  for _, entry in ipairs(entries) do redis.call('HINCRBY', tries, entry, 1) end
end
`);

/** (consumer, reason, status, message, (entry, deliveries, id)...) -> how many. */
export const bury = script(`
local entries, idsOfEntries = held(ARGV[1], 5)
for _, entry in ipairs(entries) do
  local found = redis.call('XRANGE', events, entry, entry)[1]
  if found then
    local letter = { 'XADD', dead, '*', 'tries', redis.call('HGET', tries, entry) or '0',
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

/** () -> [entry] of the newest dead letter, if there is one. */
export const newestDeadLetter = script(`
local newest = redis.call('XREVRANGE', dead, '+', '-', 'COUNT', 1)[1]
return { newest and newest[1] }
`);

/** (after, last, limit) -> [entry, fields][] of dead letters. */
export const deadLetters = script(`
return redis.call('XRANGE', dead, '(' .. ARGV[1], ARGV[2], 'COUNT', ARGV[3])
`);

/** (id...) -> [entry, fields][] of their dead letters, oldest first. */
export const deadLettersOf = script(`
local letters, seen = {}, {}
for _, id in ipairs(ARGV) do
  for _, entry in ipairs(seen[id] and {} or lettersOf(id)) do
    letters[#letters + 1] = redis.call('XRANGE', dead, entry, entry)[1]
  end
  seen[id] = true
end
local function key(letter)
  local ms, number = string.match(letter[1], '(%d+)-(%d+)')
  return tonumber(ms), tonumber(number)
end
table.sort(letters, function(left, right)
  local leftMs, leftNumber = key(left)
  local rightMs, rightNumber = key(right)
  if leftMs ~= rightMs then return leftMs < rightMs end
  return leftNumber < rightNumber
end)
return letters
`);

/** (entry...) -> how many. */
export const requeue = script(`
local time = redis.call('TIME')
local now = string.format('%d%03d', time[1], math.floor(time[2] / 1000))
local count = 0
for _, entry in ipairs(ARGV) do
  local letter = takeLetter(entry)
  if letter then
    store(valueOf(letter, 'id'), valueOf(letter, 'payload'), now)
    count = count + 1
  end
end
return count
`);

/** (entry...) -> how many. */
export const purge = script(`
local count = 0
for _, entry in ipairs(ARGV) do
  if takeLetter(entry) then count = count + 1 end
end
return count
`);

/** (consumer): signs off. Deleting a consumer would lose its claims, so they are handed over first. */
export const close = script(`
local summary = redis.call('XPENDING', events, GROUP)
for _, state in ipairs(redis.call('XPENDING', events, GROUP, '-', '+', summary[1], ARGV[1])) do
  giveTo(NOBODY, state[3], { state[1] })
end
redis.call('XGROUP', 'DELCONSUMER', events, GROUP, ARGV[1])
`);
