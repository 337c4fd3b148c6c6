import { z } from 'zod';
import { FAILED_STATUS_PATTERN } from '../../../engine/model/failed-status.js';
import { ALL_FIELDS, type StoredEvent } from '../../../engine/model/stored-event.js';
import type {
  PlaceFigures,
  RepeatedProblem,
  Surroundings,
} from '../../../engine/model/surroundings.js';
import { defineQuery } from '../../clickhouse/define-query.js';
import type { Store } from '../../clickhouse/store.js';
import { selectColumns } from '../event-columns.js';
import { instantSql, SqlParams } from '../sql-params.js';
import { streamEvents, type EventQuery, type StreamOptions } from '../stream-events.js';

/** Where and when to look, and what is known already. */
export interface SurroundingsQuestion {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly services: readonly string[];
  /** Containers as `PLACE` names them. */
  readonly places: readonly string[];
  readonly providers: readonly string[];
  /** Whose events are left out. */
  readonly opIds: readonly string[];
}

/** A service with more containers than this is told by the sum of the others anyway. */
const PLACES_MAX = 200;

const PROBLEMS_MAX = 10;
const CHANGES_MAX = 10;

/** Asks what else happened, three questions at once. */
export async function readSurroundings(
  store: Store,
  question: SurroundingsQuestion,
  options: StreamOptions,
): Promise<Surroundings> {
  const { fromNs, toNs } = question;
  const params = {
    ...question,
    fromNs: String(fromNs),
    toNs: String(toNs),
    failed: FAILED_STATUS_PATTERN,
  };
  const [places, problems, changes] = await Promise.all([
    figuresOfPlaces(store, params, options),
    problemsAround(store, params, options),
    readChanges(store, question, options),
  ]);
  options.onMissing?.([...places.missingShards, ...problems.missingShards]);
  return {
    fromNs,
    toNs,
    places: places.rows.map(({ serviceName, ...rest }): PlaceFigures => ({
      service: serviceName,
      ...rest,
    })),
    problems: problems.rows.map(
      ({ serviceName, levelName, firstMessage, fileName, ...rest }): RepeatedProblem => ({
        service: serviceName,
        level: levelName,
        message: firstMessage,
        file: fileName,
        ...rest,
      }),
    ),
    changes,
  };
}

/** What a container is called, from the most telling name to the least. */
const PLACE = `if(pod != '', pod, if(container != '', container, host))`;

const AROUND = `
      ts >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
      AND ts < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
      AND service IN {services:Array(String)}
      AND op_id NOT IN {opIds:Array(String)}`;

const IS_ERROR = `level IN ('error', 'fatal')`;

const aroundParams = z.object({
  fromNs: z.string(),
  toNs: z.string(),
  services: z.array(z.string()).readonly(),
  places: z.array(z.string()).readonly(),
  opIds: z.array(z.string()).readonly(),
  failed: z.string(),
});

/** Aliases differ from the columns' names: one of the same name would replace the column in WHERE. */
const figuresOfPlaces = defineQuery({
  name: 'around_figures',
  params: aroundParams,
  row: z.object({
    serviceName: z.string(),
    place: z.string(),
    placeCount: z.coerce.number(),
    eventCount: z.coerce.number(),
    errorCount: z.coerce.number(),
    failureCount: z.coerce.number(),
    warnCount: z.coerce.number(),
    infoCount: z.coerce.number(),
    debugCount: z.coerce.number(),
  }),
  sql: `
    SELECT
      toString(service) AS serviceName,
      if(${PLACE} IN {places:Array(String)}, ${PLACE}, '') AS place,
      uniqExact(${PLACE}) AS placeCount,
      count() AS eventCount,
      countIf(${IS_ERROR}) AS errorCount,
      countIf(NOT (${IS_ERROR}) AND match(status, concat('(?i)', {failed:String}))) AS failureCount,
      countIf(level = 'warn') AS warnCount,
      countIf(level = 'info') AS infoCount,
      countIf(level IN ('debug', 'trace')) AS debugCount
    FROM events
    WHERE ${AROUND}
    GROUP BY serviceName, place
    ORDER BY indexOf({services:Array(String)}, serviceName), place = '', place
    LIMIT ${PLACES_MAX}`,
});

const problemsAround = defineQuery({
  name: 'around_problems',
  params: aroundParams,
  row: z.object({
    serviceName: z.string(),
    levelName: z.string(),
    firstMessage: z.string(),
    fileName: z.string(),
    line: z.number().nullable(),
    count: z.coerce.number(),
    ownCount: z.coerce.number(),
    actionCount: z.coerce.number(),
    firstNs: z.coerce.bigint(),
    lastNs: z.coerce.bigint(),
  }),
  sql: `
    SELECT
      toString(service) AS serviceName,
      toString(level) AS levelName,
      argMin(message, (ts, topic, epoch, partition, offset, item)) AS firstMessage,
      toString(file) AS fileName,
      line,
      count() AS count,
      countIf(${PLACE} IN {places:Array(String)}) AS ownCount,
      uniqExactIf(op_id, op_id != '') AS actionCount,
      toUnixTimestamp64Nano(min(ts)) AS firstNs,
      toUnixTimestamp64Nano(max(ts)) AS lastNs
    FROM events
    WHERE ${AROUND}
      AND level IN ('fatal', 'error', 'warn')
    GROUP BY service, level, file, line, replaceRegexpAll(message, '[0-9]+', '#')
    ORDER BY level = 'warn', count DESC, firstNs, service, file, line
    LIMIT ${PROBLEMS_MAX}`,
});

async function readChanges(
  store: Store,
  question: SurroundingsQuestion,
  options: StreamOptions,
): Promise<StoredEvent[]> {
  const changes: StoredEvent[] = [];
  const query = buildChanges(question);
  for await (const stored of streamEvents(store, query, options)) changes.push(stored);
  return changes;
}

function buildChanges({ fromNs, toNs, services, providers }: SurroundingsQuestion): EventQuery {
  const params = new SqlParams();
  const columns = selectColumns(ALL_FIELDS, params);
  return {
    name: 'around_changes',
    sql: `
    SELECT ${columns.sql}
    FROM events
    WHERE ts >= ${instantSql(fromNs, params)} AND ts < ${instantSql(toNs, params)}
      AND ((type = 'deploy' AND service IN ${params.add('Array(String)', services)})
        OR (type = 'provider.maintenance' AND provider IN ${params.add('Array(String)', providers)}))
    ORDER BY ts DESC, topic, epoch, partition, offset, item
    LIMIT ${CHANGES_MAX}`,
    params,
    decode: (row) => columns.decode(row),
  };
}
