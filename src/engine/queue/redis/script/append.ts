import { ID_MS_END, ID_SEQUENCE_END } from '../entry-id.js';
import { defineScript } from './define-script.js';

/** Most entries of one call: it holds up everybody else on the server for about a microsecond each. */
export const APPEND_COUNT_MAX = 1_000;

/** How long a batch that was sent again is known to be there already. */
const REMEMBERED_SECONDS = 3_600;

/** From here on a stream goes on with the next millisecond; the clock of a server that was set back stands still for long. */
const SEQUENCE_SAFE_END = ID_SEQUENCE_END - 2 * APPEND_COUNT_MAX;

export type AppendOutcome = 'added' | 'known' | 'gone';

/**
 * Adds a batch, once: a producer numbers its batches for each partition, and the last number is kept beside the stream, in the same step.
 * KEYS: topics, stream, meta, producer. ARGV: topic, its identity, batch number, '1' when entries bring their times, then per entry the
 * number of its fields and values, and these.
 */
export const APPEND = defineScript(`
local row = redis.call('HGET', KEYS[1], ARGV[1])
if not row or string.sub(row, 1, #ARGV[2]) ~= ARGV[2] then return 'gone' end
local before = redis.call('GET', KEYS[4])
if before and tonumber(before) >= tonumber(ARGV[3]) then return 'known' end
if ARGV[4] == '1' then redis.call('HSET', KEYS[3], 'times', '1') end
local at, id = 5, nil
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  id = redis.call('XADD', KEYS[2], '*', unpack(ARGV, at + 1, at + count))
  at = at + count + 1
end
local dash = string.find(id, '-', 1, true)
local ms, sequence = tonumber(string.sub(id, 1, dash - 1)), tonumber(string.sub(id, dash + 1))
if sequence >= ${SEQUENCE_SAFE_END} and ms + 1 < ${ID_MS_END} then
  redis.call('XSETID', KEYS[2], string.format('%.0f-0', ms + 1))
end
redis.call('SET', KEYS[4], ARGV[3], 'EX', ${REMEMBERED_SECONDS})
return 'added'
`);
