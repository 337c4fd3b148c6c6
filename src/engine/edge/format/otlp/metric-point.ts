import type { EventFields } from '../../line-format.js';
import { isObject } from '../common-names.js';
import { attributesOf, objectsIn, timeOf } from './any-value.js';
import { EventBuilder } from './event-builder.js';
import { keepOrigin, type Origin } from './origin.js';

const KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const;

const TEMPORALITIES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [1, 'delta'],
  [2, 'cumulative'],
  ['AGGREGATION_TEMPORALITY_DELTA', 'delta'],
  ['AGGREGATION_TEMPORALITY_CUMULATIVE', 'cumulative'],
]);

/** Every data point of a Metric of OTLP/JSON as a metric event. */
export function* eventsOfMetric(metric: EventFields, origin: Origin): Generator<EventFields> {
  for (const kind of KINDS) {
    const data = metric[kind];
    if (!isObject(data)) continue;
    for (const point of objectsIn(data, 'dataPoints')) {
      const builder = new EventBuilder({ kind: 'metric', type: 'metric' });
      builder.put('metric', metric['name']);
      builder.put('unit', metric['unit']);
      fillPoint(builder, point);
      builder.attr('metric.kind', kind);
      builder.attr('metric.temporality', TEMPORALITIES.get(data['aggregationTemporality']));
      builder.attr('metric.monotonic', data['isMonotonic']);
      keepOrigin(builder, origin);
      yield builder.build();
    }
  }
}

/** What was observed many times (a histogram, a summary) has the mean as its value; count, sum and buckets are attributes. */
function fillPoint(builder: EventBuilder, point: EventFields): void {
  const { timeUnixNano, attributes, asDouble, asInt, ...rest } = point;
  const ts = timeOf(timeUnixNano);
  builder.put('ts', ts);
  if (ts === undefined) builder.attr('timeUnixNano', timeUnixNano);
  builder.put('value', asDouble ?? asInt ?? meanOf(rest));
  builder.keep('attributes', attributesOf(attributes));
  for (const [name, value] of Object.entries(rest)) builder.attr(`metric.${name}`, value);
}

function meanOf({ count, sum }: EventFields): number | undefined {
  const mean = Number(sum ?? NaN) / Number(count ?? NaN);
  return Number.isFinite(mean) ? mean : undefined;
}
