import { z } from 'zod';
import { faultSchema } from '../../generate/fault/fault.js';
import { chaosSchema } from './chaos.js';
import { expectationSchema } from '../expectation/registry.js';
import { durationMs, instantMs } from '../../time/time-schema.js';

/** Most events of one story: a run must come to its end, and the queue must hold them. */
const EVENTS_MAX = 20_000_000;

/** Most faults, chaos and expectations each: more is no story that anybody reads. */
const LIST_LENGTH_MAX = 50;

/** Real services take real time: an hour is a long story. */
const SERVICES_MS_MAX = 60 * 60 * 1000;

/** A Monday long past, so that a virtual day is the same day in every run. */
const DEFAULT_START = '2026-03-02T00:00:00Z';

const stackSchema = z
  .strictObject({
    shards: z.int().min(1).max(16).default(3),
    queue: z
      .enum(['embedded', 'kafka', 'redis'], { error: 'must be embedded, kafka or redis' })
      .default('embedded')
      .describe('kafka, redis: one that runs already, named by --brokers, --redis or a context.'),
  })
  .describe('The stack that is brought up for the story, in a folder of its own.');

const duration = durationMs
  .describe('How long the story is, in its own time.')
  .refine((ms) => ms > 0, 'must be longer than nothing');

const shopSchema = z
  .strictObject({
    kind: z.literal('shop').default('shop'),
    duration,
    eventsPerSecond: z
      .number()
      .positive()
      .max(200_000)
      .describe('Mean number of events a second of the story.'),
    users: z.int().min(1).max(1_000_000).default(500),
    diurnal: z.boolean().default(false).describe('More by day than by night.'),
    start: instantMs
      .prefault(DEFAULT_START)
      .describe('Event time at which it begins; with `clock: real` it begins now.'),
  })
  .describe('The simulated shop.')
  .refine((load) => (load.duration / 1000) * load.eventsPerSecond <= EVENTS_MAX, {
    path: ['eventsPerSecond'],
    message: `makes more than ${EVENTS_MAX} events: shorten the duration or lower the rate`,
  });

/** A file or folder below another, and no way out of it. */
const pathBelow = z
  .string()
  .regex(
    /^(?!.*\.\.)[\w.-]+(\/[\w.-]+)*$/u,
    'must be a path below the folder, such as driver/run.js',
  );

const servicesSchema = z
  .strictObject({
    kind: z.literal('services'),
    duration: durationMs
      .describe('How long the services are driven, by the wall clock.')
      .refine((ms) => ms > 0, 'must be longer than nothing')
      .refine((ms) => ms <= SERVICES_MS_MAX, 'must be at most 1h'),
    script: pathBelow.describe(
      "A Node script beside the story's file: it starts the services, drives them, ends them and writes down what is true.",
    ),
    logs: z
      .array(pathBelow)
      .min(1, 'must name a log file')
      .max(LIST_LENGTH_MAX)
      .describe('The log files that the services write, below the folder they are given.'),
  })
  .describe('Real processes whose log files are followed.');

const loadSchema = z.discriminatedUnion('kind', [shopSchema, servicesSchema], {
  error: 'must be shop or services',
});

/** What of a story says how the simulated shop is. */
export type ShopSpec = z.output<typeof shopSchema>;

/** What of a story says which services there are. */
export type ServicesSpec = z.output<typeof servicesSchema>;

/** A story as its file says it (scenarios/NAME/scenario.yaml); unknown keys are mistakes. */
export const storySchema = z
  .strictObject({
    $schema: z.string().optional().describe('Where editors find this schema.'),
    title: z.string().min(1).max(120).describe('One line that says what the story is about.'),
    description: z.string().max(4_000).default('').describe('What happens, and what must be seen.'),
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(1)
      .describe('The same seed gives the same story.'),
    clock: z
      .enum(['virtual', 'real'], { error: 'must be virtual or real' })
      .default('virtual')
      .describe('virtual: as fast as it goes; real: a second of the story takes a second.'),
    stack: stackSchema.prefault({}),
    load: loadSchema,
    faults: z
      .array(faultSchema)
      .max(LIST_LENGTH_MAX)
      .default([])
      .describe('What goes wrong in the shop, by story time.'),
    chaos: z
      .array(chaosSchema)
      .max(LIST_LENGTH_MAX)
      .default([])
      .describe('What is done to the pipe itself while the load runs.'),
    expect: z
      .array(expectationSchema)
      .min(1, 'must expect something')
      .max(LIST_LENGTH_MAX)
      .describe('What must hold in the end.'),
  })
  .superRefine((story, context) => {
    for (const [index, { fromMs }] of story.faults.entries()) {
      if (fromMs <= story.load.duration) continue;
      context.addIssue({ code: 'custom', path: ['faults', index, 'at'], message: LATER });
    }
    for (const [index, chaos] of story.chaos.entries()) {
      const at = ['chaos', index];
      if (chaos.at > story.load.duration)
        context.addIssue({ code: 'custom', path: [...at, 'at'], message: LATER });
      if ('shard' in chaos && chaos.shard >= story.stack.shards)
        context.addIssue({ code: 'custom', path: [...at, 'shard'], message: noShard(story) });
    }
    if (story.load.kind === 'services') {
      if (story.clock === 'virtual')
        context.addIssue({ code: 'custom', path: ['clock'], message: REAL_ONLY });
      if (story.faults.length > 0)
        context.addIssue({ code: 'custom', path: ['faults', 0, 'kind'], message: SHOP_ONLY });
    }
    for (const [index, { kind }] of story.expect.entries()) {
      if (kind !== 'freshness' || story.clock === 'real') continue;
      const path = ['expect', index, 'kind'];
      context.addIssue({ code: 'custom', path, message: 'needs `clock: real`' });
    }
  });
export type Story = z.output<typeof storySchema>;

const LATER = 'lies after the end of the load';

const REAL_ONLY = 'must be real: services live in real time';
const SHOP_ONLY = 'is for the simulated shop: what goes wrong in real services is up to them';

function noShard({ stack }: { readonly stack: { readonly shards: number } }): string {
  return `is not there: the stack has the shards 0 to ${stack.shards - 1}`;
}

/** The schema that editors and other tools check a story's file by. */
export function storyJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(storySchema, { io: 'input' });
  return { title: 'A story of atbd (scenario.yaml)', ...schema };
}
