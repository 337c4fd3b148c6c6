import type { z } from 'zod';
import { describeOutput } from './output/describe-output.js';
import { tailLine } from './output/event-output.js';
import { dropOutput, lettersOutput, letterOutput, replayOutput } from './output/letter-output.js';
import {
  contextOutput,
  contextSetOutput,
  contextsOutput,
  contextUseOutput,
  journeysOutput,
  removedSearchOutput,
  savedSearchesOutput,
  validJourneysOutput,
} from './output/settings-output.js';
import { sqlOutput } from './output/sql-output.js';
import {
  downOutput,
  migrateOutput,
  statusOutput,
  upOutput,
  verifyOutput,
} from './output/stack-output.js';
import { storiesOutput, storyRunOutput, validStoriesOutput } from './output/story-output.js';
import {
  genEventsOutput,
  genLogsOutput,
  genRequestsOutput,
  ingestOutput,
} from './output/traffic-output.js';
import { QUESTION_OUTPUTS } from './question-outputs.js';

/** What `--json` prints of each command, by its id: the published shape of one document. A new member may come with any release. */
export const OUTPUTS: Readonly<Record<string, z.ZodType>> = {
  ...QUESTION_OUTPUTS,
  'context:ls': contextsOutput,
  'context:set': contextSetOutput,
  'context:show': contextOutput,
  'context:use': contextUseOutput,
  describe: describeOutput,
  'dlq:drop': dropOutput,
  'dlq:ls': lettersOutput,
  'dlq:replay': replayOutput,
  'dlq:show': letterOutput,
  down: downOutput,
  'gen:events': genEventsOutput,
  'gen:logs': genLogsOutput,
  'gen:requests': genRequestsOutput,
  ingest: ingestOutput,
  'journeys:show': journeysOutput,
  'journeys:validate': validJourneysOutput,
  migrate: migrateOutput,
  'query:saved:ls': savedSearchesOutput,
  'query:saved:rm': removedSearchOutput,
  'scenario:ls': storiesOutput,
  'scenario:report': storyRunOutput,
  'scenario:run': storyRunOutput,
  'scenario:validate': validStoriesOutput,
  sql: sqlOutput,
  status: statusOutput,
  up: upOutput,
  verify: verifyOutput,
};

/** Commands that print a document a line, for as long as they run. */
export const LINE_OUTPUTS: Readonly<Record<string, z.ZodType>> = { tail: tailLine };
