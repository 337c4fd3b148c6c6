import { z } from 'zod';

/** Rises when an older atbd could no longer read the file. */
export const RESULT_VERSION = 1;

const chaosResultSchema = z.object({
  kind: z.string(),
  words: z.string(),
  /** Story time, from its start. */
  atMs: z.number(),
  /** Wall time, from the begin of the load. */
  beganMs: z.number(),
  endedMs: z.number(),
});
export type ChaosResult = z.infer<typeof chaosResultSchema>;

const faultResultSchema = z.object({
  kind: z.string(),
  words: z.string(),
  /** Story time, from its start. */
  fromMs: z.number(),
  toMs: z.number(),
});

/** What was seen of the pipe at one moment. */
const sampleSchema = z.object({
  /** Since the begin of the load. */
  wallMs: z.number(),
  storyMs: z.number(),
  sent: z.number(),
  /** Records that the workers have stored and confirmed; null when the queue did not say. */
  stored: z.number().nullable(),
});
export type Sample = z.infer<typeof sampleSchema>;

/** What the store tells of one stretch of event time (see Observation). */
const observationSchema = z.object({
  atMs: z.number(),
  events: z.number(),
  errors: z.number(),
  paymentsFailed: z.number(),
  requestP95Ms: z.number().nullable(),
});

const expectationResultSchema = z.object({
  kind: z.string(),
  title: z.string(),
  isMet: z.boolean(),
  expected: z.string(),
  seen: z.string(),
  command: z.string(),
  details: z.array(z.string()),
  figures: z.record(z.string(), z.number()),
  /** From the end of the load until it held, or was given up. */
  tookMs: z.number(),
});
export type ExpectationResult = z.infer<typeof expectationResultSchema>;

/** What became of a story: what `--json` prints, `report` reads and `--compare` compares with. An API. */
export const storyResultSchema = z.object({
  version: z.literal(RESULT_VERSION),
  story: z.object({
    name: z.string(),
    title: z.string(),
    description: z.string(),
    seed: z.number(),
    clock: z.enum(['virtual', 'real']),
    shards: z.number(),
    queue: z.string(),
    /** Of a simulated shop; null where the load is real services. */
    eventsPerSecond: z.number().nullable(),
    users: z.number().nullable(),
  }),
  verdict: z.enum(['passed', 'failed']),
  /** RFC 3339, by the wall clock. */
  startedAt: z.string(),
  tookMs: z.number(),
  load: z.object({
    /** Event time, [fromMs, toMs), since the epoch. */
    fromMs: z.number(),
    toMs: z.number(),
    sent: z.number(),
    duplicated: z.number(),
    late: z.number(),
    outOfOrder: z.number(),
    dead: z.number(),
    /** Wall time: of sending, and from then on until everything was stored (null: it was not). */
    sendMs: z.number(),
    settleMs: z.number().nullable(),
  }),
  faults: z.array(faultResultSchema),
  chaos: z.array(chaosResultSchema),
  samples: z.array(sampleSchema),
  /** Empty when the store did not answer in the end. */
  observations: z.object({ stepMs: z.number(), steps: z.array(observationSchema) }),
  expectations: z.array(expectationResultSchema),
  /** Where the logs of the stack's parts were kept; null when they were not. */
  logFolder: z.string().nullable(),
});
export type StoryResult = z.infer<typeof storyResultSchema>;

/** All that one call of `scenario run` has to say: what it prints with `--json`. An API. */
export const runAnswerSchema = z.object({
  verdict: z.enum(['passed', 'failed']),
  results: z.array(storyResultSchema).min(1),
});
export type RunAnswer = z.infer<typeof runAnswerSchema>;
