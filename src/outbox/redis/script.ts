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
  'failedAttempts',
  'dead-letters',
  'dead-letter-ids',
  'meta',
  'appended',
  'outcomes',
  'outcome-times',
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
local events, ids, failedAttempts, dead, deadIds, meta, appended, outcomes, outcomeTimes = unpack(KEYS)
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

-- By whom: which process appended it, and before which of its checkpoints.
local function store(id, payload, createdAt, receipt, by)
  redis.call('XADD', events, '*', 'id', id, 'payload', payload, 'createdAt', createdAt, 'receipt', receipt, 'by', by)
  redis.call('HINCRBY', ids, id, 1)
  if by ~= '' then redis.call('HINCRBY', appended, by, 1) end
end

-- In ms; an entry is named by the ms at which it was added.
local function serverTime()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function ageOf(entry, now)
  return now - tonumber(string.match(entry, '^%d+'))
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
  redis.call('HINCRBY', meta, 'dead-letter-bytes', -#(valueOf(letter[2], 'payload') or ''))
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

-- What became of events whose callers wait, for an hour.
local function record(receipt, outcome)
  if not receipt or receipt == '' then return end
  local now = serverTime()
  redis.call('HSET', outcomes, receipt, outcome)
  redis.call('ZADD', outcomeTimes, now, receipt)
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', outcomeTimes, '-inf', now - 3600000, 'LIMIT', 0, 100)) do
    redis.call('HDEL', outcomes, old)
    redis.call('ZREM', outcomeTimes, old)
  end
end

-- Before the entries are deleted.
local function conclude(entries, outcome)
  for _, entry in ipairs(entries) do
    local found = redis.call('XRANGE', events, entry, entry)[1]
    if found then
      local by = valueOf(found[2], 'by')
      if by and by ~= '' and redis.call('HINCRBY', appended, by, -1) <= 0 then
        redis.call('HDEL', appended, by)
      end
      record(valueOf(found[2], 'receipt'), outcome)
    end
  end
end

local function forget(entries, idsOfEntries)
  inPortions(entries, function(...)
    redis.call('XACK', events, GROUP, ...)
    redis.call('XDEL', events, ...)
    redis.call('HDEL', failedAttempts, ...)
  end)
  for _, id in ipairs(idsOfEntries) do
    if redis.call('HINCRBY', ids, id, -1) <= 0 then redis.call('HDEL', ids, id) end
  end
end
`;

/** A script that finds the keys by name, and knows what the scripts share. */
export function script(body: string): Script {
  const source = PRELUDE + body;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
