import { defineScript } from './define-script.js';

/** Most entries of one call: it holds up everybody else on the server for a few milliseconds. */
export const TRIM_COUNT_MAX = 10_000;

/**
 * Removes entries that every group has finished and that are older, or more, than asked. KEYS: groups of the topic, stream. ARGV: partition, partition count,
 * beginning of the names of the topic's streams, milliseconds before which entries are old, bytes the stream may take.
 *
 * Groups are those of atbd, where one counts as soon as it has committed anywhere in the topic, and those of others who read
 * with XREADGROUP, up to the oldest entry they have not acknowledged. Without any all is unread. The last entry that was
 * finished stays: as long as it is there, nothing beyond it can be gone. Whole nodes of the stream go, the rest waits for the next call.
 */
export const TRIM = defineScript(`
local function parts(id) return string.match(id, '^(%d+)-(%d+)$') end
local function isBefore(one, other)
  local ms, sequence = parts(one)
  local otherMs, otherSequence = parts(other)
  if ms ~= otherMs then return tonumber(ms) < tonumber(otherMs) end
  return tonumber(sequence) < tonumber(otherSequence)
end
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
local bound = nil
local function keepFrom(id) if not bound or isBefore(id, bound) then bound = id end end
for _, group in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local own, isReader = nil, false
  for partition = 0, tonumber(ARGV[2]) - 1 do
    local finished = redis.call('HGET', ARGV[3] .. partition .. ':group:' .. group, 'finished')
    if finished then isReader = true end
    if partition == tonumber(ARGV[1]) then own = finished end
  end
  if own then keepFrom(own) elseif isReader then return 0 end
end
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[2])) do
  local facts = {}
  for i = 1, #group, 2 do facts[group[i]] = group[i + 1] end
  keepFrom(facts['last-delivered-id'])
  if facts['pending'] > 0 then
    local oldest = redis.call('XPENDING', KEYS[2], facts['name'])[2]
    if oldest then keepFrom(oldest) end
  end
end
if not bound then return 0 end
local gone = 0
local old = ARGV[4] .. '-0'
if isBefore(bound, old) then old = bound end
gone = redis.call('XTRIM', KEYS[2], 'MINID', '~', old, 'LIMIT', ${TRIM_COUNT_MAX})
local bytes = redis.call('MEMORY', 'USAGE', KEYS[2])
local bytesMax = tonumber(ARGV[5])
if bytes and bytes > bytesMax and gone < ${TRIM_COUNT_MAX} then
  local surplus = math.floor(redis.call('XLEN', KEYS[2]) * (bytes - bytesMax) / bytes)
  if surplus > 0 then
    local most = math.min(surplus, ${TRIM_COUNT_MAX} - gone)
    gone = gone + redis.call('XTRIM', KEYS[2], 'MINID', '~', bound, 'LIMIT', most)
  end
end
return gone
`);
