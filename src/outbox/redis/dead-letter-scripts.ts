import { script } from './script.js';

/** () -> [entry] of the newest dead letter, if there is one. */
export const newest = script(`
local newest = redis.call('XREVRANGE', dead, '+', '-', 'COUNT', 1)[1]
return { newest and newest[1] }
`);

/** (after, last, limit) -> [entry, fields][] of dead letters. */
export const page = script(`
return redis.call('XRANGE', dead, '(' .. ARGV[1], ARGV[2], 'COUNT', ARGV[3])
`);

/** (id...) -> [entry, fields][] of their dead letters, oldest first. */
export const ofIds = script(`
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
local now = string.format('%.0f', serverTime())
local count = 0
for _, entry in ipairs(ARGV) do
  local letter = takeLetter(entry)
  if letter then
    store(valueOf(letter, 'id'), valueOf(letter, 'payload'), now, '', '')
    count = count + 1
  end
end
return count
`);

/** (maxAge, maxCount, maxBytes, limit) -> how many of the oldest went; at most so many at once. */
export const trim = script(`
local maxAge, maxCount, maxBytes, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now, removed = serverTime(), 0
local function bytes() return tonumber(redis.call('HGET', meta, 'dead-letter-bytes') or '0') end
while removed < limit do
  local oldest = redis.call('XRANGE', dead, '-', '+', 'COUNT', 1)[1]
  if not oldest then break end
  local tooMany = redis.call('XLEN', dead) > maxCount or bytes() > maxBytes
  if not tooMany and ageOf(oldest[1], now) <= maxAge then break end
  takeLetter(oldest[1])
  removed = removed + 1
end
return removed
`);

/** (entry...) -> how many. */
export const purge = script(`
local count = 0
for _, entry in ipairs(ARGV) do
  if takeLetter(entry) then count = count + 1 end
end
return count
`);
