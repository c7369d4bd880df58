import { createHash } from 'node:crypto';
import type { Script } from './script.js';

/**
 * What the scripts of pending events are given, in this order. An event's entry is
 * `<ms>-<number>`: when it was appended by the server's clock, and what tells
 * entries of one ms apart.
 *
 * - `events`: entry to record, which is a line `[id, createdAt, receipt?]` of JSON
 *   and then the payload
 * - `waiting`: entries that were never claimed, by when they were appended
 * - `due`: entries that are claimed or were released, by when the lease or the
 *   delay ends
 * - `claims`: entry to fencing token, while claimed
 * - `failures`: entry to failed attempts, if there were any
 * - `outcomes`, `outcomeTimes`: what became of awaited events, by receipt, and
 *   since when it is known
 * - `meta`: counters
 */
export const EVENT_KEYS = [
  'events',
  'waiting',
  'due',
  'claims',
  'failures',
  'outcomes',
  'outcomeTimes',
  'meta',
] as const;

const PRELUDE = `
local events, waiting, due, claims, failures, outcomes, outcomeTimes, meta = unpack(KEYS)
local OUTCOME_AGE = 3600000

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A Redis at maxmemory refuses commands that may allocate, unless the script has
-- written before. What lets events out must work then, too.
local function evenWhenFull()
  redis.call('HDEL', claims, '-')
end

-- Lua passes some thousand arguments at most.
local function inPortions(list, run)
  for from = 1, #list, 1000 do
    run(unpack(list, from, math.min(from + 999, #list)))
  end
end

-- Of (entry, token)... those whose claim still holds, each once.
local function held(from)
  local entries, seen = {}, {}
  for i = from, #ARGV, 2 do
    local entry = ARGV[i]
    if not seen[entry] and redis.call('HGET', claims, entry) == ARGV[i + 1] then
      seen[entry] = true
      entries[#entries + 1] = entry
    end
  end
  return entries
end

-- Forgets the oldest outcomes that nobody can be waiting for, a few at a time.
local function recordOutcome(receipt, outcome, now)
  local old = redis.call('ZRANGEBYSCORE', outcomeTimes, '-inf', now - OUTCOME_AGE, 'LIMIT', 0, 10)
  if #old > 0 then
    redis.call('ZREM', outcomeTimes, unpack(old))
    redis.call('HDEL', outcomes, unpack(old))
  end
  redis.call('HSET', outcomes, receipt, outcome)
  redis.call('ZADD', outcomeTimes, now, receipt)
end

local function receiptOf(record)
  return cjson.decode(string.match(record, '^[^\\n]*'))[3]
end

-- Frees before it stores outcomes.
local function forget(entries, outcome)
  local receipts = {}
  inPortions(entries, function(...)
    for _, record in ipairs(redis.call('HMGET', events, ...)) do
      local receipt = record and receiptOf(record)
      if receipt then receipts[#receipts + 1] = receipt end
    end
    redis.call('HDEL', events, ...)
    redis.call('ZREM', due, ...)
    redis.call('HDEL', claims, ...)
    redis.call('HDEL', failures, ...)
  end)
  local now = clock()
  for _, receipt in ipairs(receipts) do recordOutcome(receipt, outcome, now) end
end
`;

function eventScript(body: string): Script {
  const source = PRELUDE + body;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/** (record...) */
export const append = eventScript(`
local now = clock()
local last = redis.call('HINCRBY', meta, 'appended', #ARGV)
for from = 1, #ARGV, 500 do
  local records, scores = {}, {}
  for i = from, math.min(from + 499, #ARGV) do
    local entry = string.format('%.0f-%.0f', now, last - #ARGV + i)
    records[#records + 1] = entry
    records[#records + 1] = ARGV[i]
    scores[#scores + 1] = now
    scores[#scores + 1] = entry
  end
  redis.call('HSET', events, unpack(records))
  redis.call('ZADD', waiting, unpack(scores))
end
`);

/**
 * (limit, maxBytes, lease, minAge) -> [token, now, (entry, record, failed attempts)...].
 * First what was claimed or released before and is due, then what nobody had yet.
 */
export const claim = eventScript(`
local limit, maxBytes, lease, minAge = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
evenWhenFull()
local now = clock()
local token = string.format('%.0f', redis.call('HINCRBY', meta, 'claims', 1))
local claimed, bytes, full = { token, now }, 0, limit < 1

local function take(set, entries)
  local taken, scores, tokens = {}, {}, {}
  local records = #entries > 0 and redis.call('HMGET', events, unpack(entries)) or {}
  for i, entry in ipairs(entries) do
    local record = records[i]
    if not record then
      redis.call('ZREM', set, entry)
    elseif now - tonumber(string.match(entry, '^%d+')) >= minAge then
      local size = #record - #string.match(record, '^[^\\n]*\\n')
      full = #claimed >= 2 + 3 * limit or (#claimed > 2 and bytes + size > maxBytes)
      if full then break end
      bytes = bytes + size
      for _, value in ipairs({ entry, record, redis.call('HGET', failures, entry) or '0' }) do
        claimed[#claimed + 1] = value
      end
      taken[#taken + 1] = entry
      scores[#scores + 1] = now + lease
      scores[#scores + 1] = entry
      tokens[#tokens + 1] = entry
      tokens[#tokens + 1] = token
    end
  end
  if #taken == 0 then return end
  redis.call('ZREM', set, unpack(taken))
  redis.call('ZADD', due, unpack(scores))
  redis.call('HSET', claims, unpack(tokens))
end

local function takeFrom(set, upTo)
  local all = redis.call('ZRANGEBYSCORE', set, '-inf', upTo, 'LIMIT', 0, math.max(limit, 500))
  for from = 1, #all, 100 do
    if full then return end
    take(set, { unpack(all, from, math.min(from + 99, #all)) })
  end
end
takeFrom(due, now)
takeFrom(waiting, now - minAge)
return claimed
`);

/** ((entry, token)...) -> how many. */
export const acknowledge = eventScript(`
evenWhenFull()
local entries = held(1)
forget(entries, 'delivered')
return #entries
`);

/** (delay, failed, (entry, token)...) -> how many. */
export const release = eventScript(`
evenWhenFull()
local entries, dueAt = held(3), clock() + tonumber(ARGV[1])
for _, entry in ipairs(entries) do
  redis.call('HDEL', claims, entry)
  redis.call('ZADD', due, dueAt, entry)
  if ARGV[2] == '1' then redis.call('HINCRBY', failures, entry, 1) end
end
return #entries
`);

/** (receipt...) -> outcome or false of each. */
export const outcomesOf = eventScript(`
local found = {}
for i, receipt in ipairs(ARGV) do found[i] = redis.call('HGET', outcomes, receipt) end
return found
`);
