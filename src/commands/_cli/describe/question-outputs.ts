import { z } from 'zod';
import { compileJourneys, SHOP_JOURNEYS } from '../../../engine/journey/journeys.js';
import type { FigureName } from '../../../engine/model/question/question-asked.js';
import { RESOURCES_SHAPE } from '../../../engine/resource/resources-answer.js';
import { FIELDS_SHAPE } from '../../../store/discovery/fields.js';
import { SERVICES_SHAPE } from '../../../store/discovery/services.js';
import { VALUES_SHAPE } from '../../../store/discovery/field-values.js';
import { FUNNEL_SHAPE } from '../../../store/funnel/funnel-rows.js';
import { CHAINS_SHAPE } from '../../../store/journey/read-chains.js';
import { RETRIES_SHAPE } from '../../../store/journey/read-retries.js';
import { measureColumn } from '../../../store/metric/metric.js';
import { metricOf } from '../../../store/metric/metrics.js';
import { USERS_SHAPE } from '../../../store/presence/read-users.js';
import { HISTOGRAM_SHAPE } from '../../../store/search/histogram.js';
import { ANOMALIES_SHAPE, EXPLANATION_SHAPE } from '../../query/_anomalies/anomaly-answer.js';
import { EXPLAIN_SHAPE } from '../../query/_logs/explain-search.js';
import { FACETS_SHAPE } from '../../query/_logs/summary/ask-facets.js';
import { answerOutput } from './output/answer-output.js';
import { logsContext, logsPage, logsStatement } from './output/event-output.js';
import { foundActions, traceOutput } from './output/trace-output.js';

/** What `--json` prints of each question, by the command's id. */
export const QUESTION_OUTPUTS: Readonly<Record<string, z.ZodType>> = {
  'query:anomalies': z.union([
    answerOutput('anomalies', ANOMALIES_SHAPE),
    answerOutput('anomalies', EXPLANATION_SHAPE).describe('With --explain.'),
  ]),
  'query:fields': answerOutput('fields', FIELDS_SHAPE),
  'query:funnel': answerOutput('funnel', FUNNEL_SHAPE),
  'query:latency': figuresOutput('latency'),
  'query:logs': z.union([
    logsPage,
    logsContext.describe('With -A, -B or -C.'),
    answerOutput('histogram', HISTOGRAM_SHAPE).describe('With --histogram.'),
    answerOutput('facets', FACETS_SHAPE).describe('With --facets.'),
    answerOutput('explain', EXPLAIN_SHAPE).describe('With --explain.'),
    logsStatement.describe('With --show-sql.'),
  ]),
  'query:page-views': figuresOutput('page-views'),
  'query:resources': answerOutput('resources', RESOURCES_SHAPE),
  'query:retries': z.union([
    answerOutput('retries', RETRIES_SHAPE),
    answerOutput('retries', CHAINS_SHAPE).describe('With --chains.'),
  ]),
  'query:services': answerOutput('services', SERVICES_SHAPE),
  'query:trace': traceOutput,
  'query:trace:find': foundActions,
  'query:transactions': figuresOutput('transactions'),
  'query:users': answerOutput('users', USERS_SHAPE),
  'query:values': answerOutput('values', VALUES_SHAPE),
};

/** Names, kinds and meanings of the figures are the same whatever the journeys count. */
function figuresOutput(name: FigureName): z.ZodType {
  const { measures } = metricOf(name, compileJourneys(SHOP_JOURNEYS));
  return answerOutput(name, { columns: measures.map(measureColumn), facts: [] });
}
