import { defineScript } from './define-script.js';

/**
 * Position and intent together ('stored'), if the lease still holds (else 'fenced'). KEYS: topics, group's hash, stream. ARGV: topic, its identity, member, fence, position,
 * '1' and an intent or '0' and '', count of what was read up to the position ('' when it is not known), ID before the position, group.
 *
 * A position beyond the end of the stream is one that the server has forgotten (it lost its last writes) and the store has
 * not: the stream's last ID is moved there, so that no later entry gets an ID that was stored already.
 * A consumer group of the same name is kept at the position, for tools that show the lag; nobody reads through it.
 */
export const COMMIT = defineScript(`
local function isBefore(one, other)
  local ms, sequence = string.match(one, '^(%d+)-(%d+)$')
  local otherMs, otherSequence = string.match(other, '^(%d+)-(%d+)$')
  if ms ~= otherMs then return tonumber(ms) < tonumber(otherMs) end
  return tonumber(sequence) < tonumber(otherSequence)
end
local row = redis.call('HGET', KEYS[1], ARGV[1])
if not row or string.sub(row, 1, #ARGV[2]) ~= ARGV[2] then return 'fenced' end
local lease = redis.call('HMGET', KEYS[2], 'owner', 'fence', 'position', 'read')
if lease[1] ~= ARGV[3] or lease[2] ~= ARGV[4] then return 'fenced' end
redis.call('HSET', KEYS[2], 'position', ARGV[5], 'finished', ARGV[9])
if ARGV[6] == '1' then redis.call('HSET', KEYS[2], 'intent', ARGV[7]) else redis.call('HDEL', KEYS[2], 'intent') end
if lease[3] == ARGV[5] and (lease[4] or '') == ARGV[8] then return 'stored' end
local last, added = '0-0', 0
if redis.call('EXISTS', KEYS[3]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[3])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = info[i + 1] end
    if info[i] == 'entries-added' then added = info[i + 1] end
  end
elseif ARGV[9] ~= '0-0' then
  redis.call('XGROUP', 'CREATE', KEYS[3], ARGV[10], '0-0', 'MKSTREAM')
end
local read = ARGV[8]
if not isBefore(ARGV[9], last) then
  read = tostring(added)
  if isBefore(last, ARGV[9]) then redis.call('XSETID', KEYS[3], ARGV[9]) end
end
if read == '' then redis.call('HDEL', KEYS[2], 'read') else redis.call('HSET', KEYS[2], 'read', read) end
if redis.call('EXISTS', KEYS[3]) == 1 then
  local set = {'XGROUP', 'SETID', KEYS[3], ARGV[10], ARGV[9]}
  if read ~= '' then set[6], set[7] = 'ENTRIESREAD', read end
  if redis.pcall(unpack(set)).err then
    redis.call('XGROUP', 'CREATE', KEYS[3], ARGV[10], ARGV[9])
    redis.call(unpack(set))
  end
end
return 'stored'
`);
