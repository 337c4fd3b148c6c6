import type { Filter } from '../../engine/model/filter.js';
import type { AnswerRange, AnswerSource } from '../../engine/model/question/answer.js';
import type { JourneysSpec } from '../../engine/model/question/journeys.js';
import { keepsApart } from '../metric/rollup.js';
import { filterToSql } from '../query/filter-sql.js';
import type { SqlParams } from '../query/sql-params.js';
import { IS_SIGN, SIGN_KEY, SIGN_OWNER } from './session-key.js';

/** Which signs of life are read, and what makes sessions of them. */
export interface SignsOfLife {
  /** Whole minutes: what is outside is not read. */
  readonly read: AnswerRange;
  readonly filter: Filter;
  readonly sessions: JourneysSpec['sessions'];
  /** From this moment on the roll-up knows all signs; null: it does not. */
  readonly rolledUpFromNs: bigint | null;
}

/** Signs of life, drawn together as far as that changes nothing. */
export interface SessionSlots {
  readonly source: AnswerSource;
  /**
   * Rows of one key and one slot of time: key, first, last (ns), buying (0 or 1), and who was seen last in it. Shards send them half made, so that what
   * comes to the initiator grows with sessions and not with events.
   */
  readonly sql: string;
}

const NS_PER_SECOND = 1_000_000_000n;
const MS_PER_MINUTE = 60_000;

/**
 * Within a slot no pause is as long as the gap, since the slot is not: of all signs of a key in it, the first and the last tell the
 * same as all of them.
 */
export function sessionSlots(signs: SignsOfLife, params: SqlParams): SessionSlots {
  return isRolledUp(signs) ? overRollup(signs, params) : overEvents(signs, params);
}

/** The roll-up that has the signs of a minute: their first and their last, by user, session and operation. */
export const SESSIONS_ROLLUP = 'sessions_1m';

/** Whether the roll-up can tell which signs a filter lets pass. */
export function isKeptApart(filter: Filter): boolean {
  return keepsApart(SESSIONS_ROLLUP, { fields: [], filter });
}

/** A minute must not be longer than a pause that parts sessions. */
function isRolledUp({ read, filter, sessions, rolledUpFromNs }: SignsOfLife): boolean {
  if (rolledUpFromNs === null || read.fromNs < rolledUpFromNs) return false;
  return sessions.gapMs >= MS_PER_MINUTE && isKeptApart(filter);
}

function overEvents({ read, filter, sessions }: SignsOfLife, params: SqlParams): SessionSlots {
  const slotNs = params.add('Int64', String(BigInt(sessions.gapMs) * 1_000_000n));
  return {
    source: 'events',
    sql: slotsSql({
      table: 'events',
      slot: `intDiv(toUnixTimestamp64Nano(ts), ${slotNs})`,
      first: 'ts',
      last: 'ts',
      buying: params.add('Array(String)', sessions.buyingOperations),
      conditions: [
        `ts >= fromUnixTimestamp64Nano(${params.add('Int64', String(read.fromNs))}, 'UTC')`,
        `ts < fromUnixTimestamp64Nano(${params.add('Int64', String(read.toNs))}, 'UTC')`,
        filterToSql(filter, params),
      ],
    }),
  };
}

function overRollup({ read, filter, sessions }: SignsOfLife, params: SqlParams): SessionSlots {
  // Whole minutes, so that one is never in two slots.
  const slotS = Math.floor(sessions.gapMs / MS_PER_MINUTE) * 60;
  return {
    source: 'rollups',
    sql: slotsSql({
      table: SESSIONS_ROLLUP,
      slot: `intDiv(toUnixTimestamp(minute), ${params.add('UInt32', slotS)})`,
      first: 'first',
      last: 'last',
      buying: params.add('Array(String)', sessions.buyingOperations),
      conditions: [
        `minute >= toDateTime(${params.add('Int64', String(read.fromNs / NS_PER_SECOND))}, 'UTC')`,
        `minute < toDateTime(${params.add('Int64', String(read.toNs / NS_PER_SECOND))}, 'UTC')`,
        filterToSql(filter, params),
      ],
    }),
  };
}

interface SlotParts {
  readonly table: string;
  readonly slot: string;
  readonly first: string;
  readonly last: string;
  readonly buying: string;
  readonly conditions: readonly string[];
}

function slotsSql({ table, slot, first, last, buying, conditions }: SlotParts): string {
  return `
      SELECT
        ${SIGN_KEY} AS sign_key,
        ${slot} AS slot,
        toUnixTimestamp64Nano(min(${first})) AS first_ns,
        toUnixTimestamp64Nano(max(${last})) AS last_ns,
        max(operation IN ${buying}) AS is_buying,
        maxIf((toUnixTimestamp64Nano(${last}), ${SIGN_OWNER}), user_id != '') AS owner_seen
      FROM ${table}
      WHERE ${[...conditions, IS_SIGN].map((condition) => `(${condition})`).join('\n        AND ')}
      GROUP BY sign_key, slot`;
}
