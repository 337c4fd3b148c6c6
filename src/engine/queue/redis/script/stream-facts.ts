import { offsetOfId } from '../entry-id.js';
import type { Reply } from '../link/redis-link.js';
import { defineScript } from './define-script.js';

/** Lua function that says of a stream: entries ever added, entries there, last ID given, first ID there. */
export const FACTS_OF_STREAM = `
local function factsOf(stream)
  if redis.call('EXISTS', stream) == 0 then return {0, 0, '0-0', ''} end
  local info = redis.call('XINFO', 'STREAM', stream)
  local facts = {false, 0, '0-0', ''}
  for i = 1, #info, 2 do
    local name, value = info[i], info[i + 1]
    if name == 'entries-added' then facts[1] = value
    elseif name == 'length' then facts[2] = value
    elseif name == 'last-generated-id' then facts[3] = value
    elseif name == 'first-entry' and value then facts[4] = value[1] end
  end
  return facts
end
`;

/** KEYS: streams. */
export const STREAM_FACTS = defineScript(`${FACTS_OF_STREAM}
local all = {}
for i, stream in ipairs(KEYS) do all[i] = factsOf(stream) end
return all
`);

/** A stream at one moment. */
export interface StreamFacts {
  /** Entries ever added: with those that are gone. */
  readonly addedCount: number;
  readonly heldCount: number;
  /** Offset that the next entry will not be before. */
  readonly end: bigint;
  /** Offset of the first entry that is there; `end` when none is. */
  readonly first: bigint;
}

export function toStreamFacts(reply: Reply): StreamFacts {
  const [added, held, lastId, firstId] = reply as readonly Reply[];
  const last = String(lastId);
  const end = last === '0-0' ? 0n : offsetOfId(last) + 1n;
  const first = String(firstId);
  return {
    addedCount: Number(added ?? NaN),
    heldCount: Number(held),
    end,
    first: first === '' ? end : offsetOfId(first),
  };
}

/** Entries that are gone: trimmed, by us or by others, or deleted. */
export function goneCount({ addedCount, heldCount }: StreamFacts): number {
  return addedCount - heldCount;
}

/** The first offset that a reader may ask for: 0 as long as nothing is gone, so that no reader's start depends on when it came. */
export function startOf(facts: StreamFacts): bigint {
  return goneCount(facts) === 0 ? 0n : facts.first;
}
