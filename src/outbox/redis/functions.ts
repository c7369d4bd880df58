/** The format of what is stored. */
export const FORMAT = 2;

/**
 * Lua functions that scripts share.
 *
 * A chunk is a line `<by>\t<events>\t<bytes>\t<awaited>`, where `awaited` is empty if
 * no event has a receipt, and its events, split by the character 30, which no JSON
 * contains. An event is a line `<receipt>\t<created at>\t<id>` and its payload.
 */
export const FUNCTIONS = `
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

-- A client that has lost its connection sends again what was under way, though
-- Redis may have done it. What a process appends is numbered, one after the other.
local function isResent(process, number)
  return tonumber(redis.call('GET', lastAppend .. ':' .. process) or '0') >= number
end

local function remember(process, number)
  redis.call('SET', lastAppend .. ':' .. process, asText(number), 'PX', 3600000)
end

local function nameOf(ms, number, count, bytes)
  return string.format('%s-%012d-%d-%d', ms, number, count, bytes)
end

-- The ms as text; number, count and bytes.
local function partsOf(entry)
  local ms, number, count, bytes = string.match(entry, '^(%d+)-(%d+)-(%d+)-(%d+)$')
  return ms, tonumber(number), tonumber(count), tonumber(bytes)
end

-- Of entries, and of whatever else starts with its ms.
local function msOf(entry)
  return string.match(entry, '^%d+')
end

local function eventsOf(chunk)
  local list, from = {}, string.find(chunk, '\\n', 1, true) + 1
  while true do
    local to = string.find(chunk, '\\30', from, true)
    list[#list + 1] = string.sub(chunk, from, (to or 0) - 1)
    if not to then return list end
    from = to + 1
  end
end

local function payloadSize(event)
  return #event - string.find(event, '\\n', 1, true)
end

local function countPending(by, count)
  if redis.call('HINCRBY', meta, 'pending', asText(count)) == count then
    redis.call('HSET', meta, 'format', '${FORMAT}')
  end
  if by ~= '' and redis.call('HINCRBY', appended, by, asText(count)) <= 0 then
    redis.call('HDEL', appended, by)
  end
end

-- Each with its ms as the score, or all with the same.
local function add(set, entries, score)
  local scores = {}
  for i, entry in ipairs(entries) do
    scores[2 * i - 1] = score or msOf(entry)
    scores[2 * i] = entry
  end
  inPortions(scores, function(...) redis.call('ZADD', set, ...) end)
end

-- Gives chunks their entries, and lets them wait. Returns how many events there are.
local function store(chunks, ms)
  local counts, bytes, total = {}, {}, 0
  for i, chunk in ipairs(chunks) do
    counts[i], bytes[i] = string.match(chunk, '^[^\\t]*\\t(%d+)\\t(%d+)')
    total = total + counts[i]
  end
  local number = redis.call('HINCRBY', meta, 'numbers', asText(total)) - total + 1
  local entries, values = {}, {}
  for i, chunk in ipairs(chunks) do
    entries[i] = nameOf(ms, number, counts[i], bytes[i])
    values[2 * i - 1], values[2 * i] = entries[i], chunk
    number = number + counts[i]
  end
  inPortions(values, function(...) redis.call('HSET', events, ...) end)
  add(waiting, entries, ms)
  return total
end

-- Replaces an entry by one for each run of events for which a test says the same.
-- Events keep their numbers. Returns (entry, passed) in order; where they wait is up
-- to the caller.
local function cut(entry, test)
  local chunk = redis.call('HGET', events, entry)
  if not chunk then return {} end
  local ms, number = partsOf(entry)
  local runs = {}
  for i, event in ipairs(eventsOf(chunk)) do
    local passed = test(number + i - 1, event)
    local run = runs[#runs]
    if not run or run.passed ~= passed then
      run = { passed = passed, number = number + i - 1, bytes = 0, list = {} }
      runs[#runs + 1] = run
    end
    run.bytes = run.bytes + payloadSize(event)
    run.list[#run.list + 1] = event
  end
  if #runs == 1 then return { { entry = entry, passed = runs[1].passed } } end
  local by, awaited = string.match(chunk, '^([^\\t]*)\\t%d+\\t%d+\\t(%d*)')
  local failures = redis.call('HGET', failedAttempts, entry)
  for _, run in ipairs(runs) do
    run.entry = nameOf(ms, run.number, #run.list, run.bytes)
    local header = string.format('%s\\t%d\\t%d\\t%s\\n', by, #run.list, run.bytes, awaited)
    redis.call('HSET', events, run.entry, header .. table.concat(run.list, '\\30'))
    if failures then redis.call('HSET', failedAttempts, run.entry, failures) end
    redis.call('RPUSHX', cuts, run.entry)
  end
  redis.call('HDEL', events, entry)
  redis.call('HDEL', failedAttempts, entry)
  return runs
end

-- Outcomes are kept for an hour. Each that comes takes along some that are older;
-- when none comes any more, all go.
local function record(receipt, outcome, now)
  local old = redis.call('ZRANGEBYSCORE', outcomeTimes, '-inf', now - 3600000, 'LIMIT', 0, 10)
  if #old > 0 then
    redis.call('ZREM', outcomeTimes, unpack(old))
    redis.call('HDEL', outcomes, unpack(old))
  end
  redis.call('HSET', outcomes, receipt, outcome)
  redis.call('ZADD', outcomeTimes, now, receipt)
  redis.call('PEXPIRE', outcomes, 3600000)
  redis.call('PEXPIRE', outcomeTimes, 3600000)
end

-- Forgets entries that neither wait nor are claimed any more. Returns how many events.
local function drop(entries, outcome)
  local counts, total, now = {}, 0, serverTime()
  inPortions(entries, function(...)
    for _, chunk in ipairs(redis.call('HMGET', events, ...)) do
      if chunk then
        local by, count, awaited = string.match(chunk, '^([^\\t]*)\\t(%d+)\\t%d+\\t(%d*)')
        counts[by] = (counts[by] or 0) + count
        if outcome and awaited ~= '' then
          for _, event in ipairs(eventsOf(chunk)) do
            local receipt = string.match(event, '^[^\\t]+')
            if receipt then record(receipt, outcome, now) end
          end
        end
      end
    end
    redis.call('HDEL', events, ...)
    redis.call('HDEL', failedAttempts, ...)
  end)
  for by, count in pairs(counts) do
    countPending(by, -count)
    total = total + count
  end
  return total
end

local function entriesOf(token)
  local entries = {}
  for entry in string.gmatch(redis.call('HGET', claims, token) or '', '%S+') do
    entries[#entries + 1] = entry
  end
  return entries
end

-- What a claim holds from now on. Nothing: the claim has ended.
local function setEntries(token, entries)
  if #entries > 0 then
    redis.call('HSET', claims, token, table.concat(entries, ' '))
  else
    redis.call('HDEL', claims, token)
    redis.call('ZREM', leases, token)
  end
end

-- The numbers of '<first>-<last>,...' as a set.
local function numbersIn(ranges)
  local numbers = {}
  for first, last in string.gmatch(ranges, '(%d+)-(%d+)') do
    for number = tonumber(first), tonumber(last) do numbers[number] = true end
  end
  return numbers
end

-- Takes the events of (token, ranges)... out of their claims, as far as these still hold them.
local function takeHeld(from)
  local taken = {}
  for i = from, #ARGV, 2 do
    local token, asked, kept = ARGV[i], numbersIn(ARGV[i + 1]), {}
    local isAsked = function(number) return asked[number] == true end
    for _, entry in ipairs(entriesOf(token)) do
      local _, number, count = partsOf(entry)
      local hits = 0
      for one = number, number + count - 1 do
        if asked[one] then hits = hits + 1 end
      end
      if hits == count then
        taken[#taken + 1] = entry
      elseif hits == 0 then
        kept[#kept + 1] = entry
      else
        for _, run in ipairs(cut(entry, isAsked)) do
          local list = run.passed and taken or kept
          list[#list + 1] = run.entry
        end
      end
    end
    setEntries(token, kept)
  end
  return taken
end
`;
