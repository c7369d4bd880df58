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
