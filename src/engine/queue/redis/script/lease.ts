import { defineScript } from './define-script.js';
import { FACTS_OF_STREAM } from './stream-facts.js';

/**
 * A member's sign of life, and the group as it is now. Sessions are counted by the server's clock.
 * KEYS: topics, members. ARGV: topic, member, session in ms, beginning and end of the names of the group's hashes (the partition stands between).
 * Gives the topic's row, the living members, and per partition its owner and fence; null when there is no such topic.
 */
export const KEEP_SESSION = defineScript(`
local row = redis.call('HGET', KEYS[1], ARGV[1])
if not row then return false end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[3]), ARGV[2])
local leases = {}
local count = tonumber(string.match(row, ' (%d+)$'))
for partition = 0, count - 1 do
  local lease = redis.call('HMGET', ARGV[4] .. partition .. ARGV[5], 'owner', 'fence')
  leases[partition + 1] = {lease[1] or '', lease[2] or '0'}
end
return {row, redis.call('ZRANGE', KEYS[2], 0, -1), leases}
`);

/**
 * Takes a partition that is free or whose owner's session is over; its fence rises. KEYS: topics, members, group's hash, stream, groups.
 * ARGV: topic, its identity, member, group. Gives fence, position, intent, count of what was read, and the stream; null when it is not to be had.
 */
export const CLAIM = defineScript(`${FACTS_OF_STREAM}
local row = redis.call('HGET', KEYS[1], ARGV[1])
if not row or string.sub(row, 1, #ARGV[2]) ~= ARGV[2] then return false end
local owner = redis.call('HGET', KEYS[3], 'owner')
if owner and owner ~= ARGV[3] and redis.call('ZSCORE', KEYS[2], owner) then return false end
local fence = redis.call('HINCRBY', KEYS[3], 'fence', 1)
redis.call('HSET', KEYS[3], 'owner', ARGV[3])
redis.call('SADD', KEYS[5], ARGV[4])
local at = redis.call('HMGET', KEYS[3], 'position', 'intent', 'read')
return {tostring(fence), at[1], at[2], at[3], factsOf(KEYS[4])}
`);

/** Lets a partition go if it is still held. KEYS: group's hash. ARGV: member, fence. */
export const RELEASE = defineScript(`
local lease = redis.call('HMGET', KEYS[1], 'owner', 'fence')
if lease[1] == ARGV[1] and lease[2] == ARGV[2] then redis.call('HDEL', KEYS[1], 'owner') end
return 0
`);
