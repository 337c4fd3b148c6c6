import type { Answer, Buckets } from '../../../engine/model/question/answer.js';
import type { ResourceDimension } from '../../../engine/model/question/resources.js';
import { resourcesAnswer } from '../../../engine/resource/resources-answer.js';
import { readResources, type ResourcesQuestion } from '../../../store/metric/read-resources.js';
import type { QueryOptions } from '../../../store/clickhouse/define-query.js';
import type { Store } from '../../../store/clickhouse/store.js';
import { readWatermark } from '../../../store/query/watermark.js';

/** A question for load, and how its answer is to be. */
export interface ResourcesAsked extends Pick<ResourcesQuestion, 'range' | 'filter'> {
  readonly buckets: Buckets;
  readonly by: ResourceDimension;
  /** Cores of each node, pod or container. */
  readonly cores: number;
  readonly limit: number;
  /** Wall clock. */
  readonly nowMs: number;
}

/** Load beside its users, and where users do not explain it. */
export async function askResources(
  store: Store,
  { nowMs, ...asked }: ResourcesAsked,
  options: QueryOptions,
): Promise<Answer> {
  const [known, watermark] = await Promise.all([
    readResources(store, asked, options),
    readWatermark(store, { nowMs }, options),
  ]);
  const missing = new Set([...known.missingShards, ...watermark.missingShards]);
  return resourcesAnswer({
    ...known,
    ...asked,
    watermarkNs: watermark.ns,
    missingShards: [...missing].toSorted((a, b) => a - b),
  });
}
