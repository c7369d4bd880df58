import { createHash } from 'node:crypto';

/** A Lua script that Redis runs as one step. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/**
 * The keys of an outbox, in the order in which scripts get them. An event's entry is
 * `<ms>-<number>`: when it was appended, by the server's clock, and a number that
 * distinguishes entries of one ms.
 *
 * - `events`: entry to record
 * - `waiting`: entries that may be claimed, by when they were appended
 * - `due`: entries that are claimed or delayed, by when that ends
 * - `claims`: entry to the token of the claim that holds it
 * - `failed-attempts`: entry to how many there were, if any
 * - `appended`: how many pending events each process appended, see `checkpoint()`
 * - `batches`: names of appended lists that are still in portions, each a list
 *   of records under `batches:<name>`
 * - `last-append`: only the start of keys, `last-append:<process>`: the number of the
 *   last append of a process or list, for an hour
 * - `outcomes`, `outcome-times`: outcomes of awaited events, and when
 * - `dead-letters`, `dead-letter-times`: entry to record, and when
 * - `meta`: format, numbers, sizes
 */
export const KEYS = [
  'events',
  'waiting',
  'due',
  'claims',
  'failed-attempts',
  'appended',
  'batches',
  'last-append',
  'outcomes',
  'outcome-times',
  'dead-letters',
  'dead-letter-times',
  'meta',
] as const;

/** The format of what is stored. */
export const FORMAT = 1;

const PRELUDE = `
local events, waiting, due, claims, failedAttempts, appended, batches, lastAppend, outcomes, outcomeTimes, dead, deadTimes, meta = unpack(KEYS)

local function serverTime()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- A number as a command takes it. What is handed over as a number is written as
-- a decimal fraction each time, which takes longer than most commands.
local function asText(number)
  return string.format('%.0f', number)
end

-- A Redis at maxmemory refuses commands that may allocate, unless the script has
-- written before. What lets events out must work then, too.
local function evenWhenFull()
  redis.call('HDEL', claims, '-')
end

-- Lua passes some thousand arguments at most.
local function inPortions(list, run)
  for from = 1, #list, 500 do
    run(unpack(list, from, math.min(from + 499, #list)))
  end
end

local function newEntries(now, count)
  local last, entries = redis.call('HINCRBY', meta, 'numbers', count), {}
  local ms = string.format('%013.0f-', now)
  for i = 1, count do
    entries[i] = ms .. string.format('%012d', last - count + i)
  end
  return entries
end

local function msOf(entry)
  return tonumber(string.match(entry, '^%d+'))
end

-- Its ms as a score.
local function scoreOf(entry)
  return string.match(entry, '^%d+')
end

-- A record is a line 'by, receipt, createdAt, id', tabs between, and the payload.
local function headerOf(record)
  return string.match(record, '^([^\\t]*)\\t([^\\t]*)\\t')
end

local function payloadSize(record)
  return #record - string.find(record, '\\n', 1, true)
end

local function countAppended(by, count)
  if by ~= '' and redis.call('HINCRBY', appended, by, count) <= 0 then
    redis.call('HDEL', appended, by)
  end
end

-- A client that has lost its connection sends again what was under way, though
-- Redis may have done it. What a process appends is numbered, one after the other.
local function isResent(process, number)
  return tonumber(redis.call('GET', lastAppend .. ':' .. process) or '0') >= number
end

local function remember(process, number)
  redis.call('SET', lastAppend .. ':' .. process, asText(number), 'PX', 3600000)
end

-- Each with its score, or all with the same.
local function add(set, entries, score)
  local scores = {}
  for i, entry in ipairs(entries) do
    scores[2 * i - 1] = score or scoreOf(entry)
    scores[2 * i] = entry
  end
  inPortions(scores, function(...) redis.call('ZADD', set, ...) end)
end

local function store(records, now)
  local entries, values = newEntries(now, #records), {}
  for i, entry in ipairs(entries) do
    values[2 * i - 1] = entry
    values[2 * i] = records[i]
  end
  inPortions(values, function(...) redis.call('HSET', events, ...) end)
  add(waiting, entries, asText(now))
  redis.call('HSET', meta, 'format', '${FORMAT}')
end

-- Of (entry, token)... those whose claim still holds, each once.
local function held(from)
  local asked, tokens = {}, {}
  for i = from, #ARGV, 2 do
    asked[#asked + 1] = ARGV[i]
    tokens[#tokens + 1] = ARGV[i + 1]
  end
  local entries, seen, at = {}, {}, 0
  inPortions(asked, function(...)
    for _, holder in ipairs(redis.call('HMGET', claims, ...)) do
      at = at + 1
      local entry = asked[at]
      if holder == tokens[at] and not seen[entry] then
        seen[entry] = true
        entries[#entries + 1] = entry
      end
    end
  end)
  return entries
end

-- Outcomes are kept for an hour. Each that comes takes along some that are older.
local function record(receipt, outcome, now)
  local old = redis.call('ZRANGEBYSCORE', outcomeTimes, '-inf', now - 3600000, 'LIMIT', 0, 10)
  if #old > 0 then
    redis.call('ZREM', outcomeTimes, unpack(old))
    redis.call('HDEL', outcomes, unpack(old))
  end
  redis.call('HSET', outcomes, receipt, outcome)
  redis.call('ZADD', outcomeTimes, now, receipt)
end

-- Removes pending events, and returns their records.
local function take(entries, outcome)
  local records, now = {}, serverTime()
  inPortions(entries, function(...)
    for _, found in ipairs(redis.call('HMGET', events, ...)) do
      records[#records + 1] = found
    end
    redis.call('HDEL', events, ...)
    redis.call('ZREM', waiting, ...)
    redis.call('ZREM', due, ...)
    redis.call('HDEL', claims, ...)
    redis.call('HDEL', failedAttempts, ...)
  end)
  local counts = {}
  for _, found in ipairs(records) do
    local by, receipt = headerOf(found or '\\t\\t')
    counts[by] = (counts[by] or 0) + 1
    if outcome and receipt ~= '' then record(receipt, outcome, now) end
  end
  for by, count in pairs(counts) do countAppended(by, -count) end
  return records
end
`;

/** A script with the keys by name and the functions that scripts share. */
export function script(body: string): Script {
  const source = PRELUDE + body;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
