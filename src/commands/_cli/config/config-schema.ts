import { z } from 'zod';
import { checkTopicSpec } from '../../../engine/edge/topic/check-topic-spec.js';
import { TOPIC_FORMATS } from '../../../engine/edge/topic/topic-spec.js';
import { parseSize } from '../size-text.js';
import { LOCAL_CONTEXT } from './local-context.js';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/;
const BROKER = /^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):\d{1,5}$/;

const text = z.string().min(1);
const contextName = z
  .string()
  .regex(NAME, 'must be letters, digits, dots, dashes and underscores (at most 63)');

const secret = { passwordEnv: text.optional(), passwordFile: text.optional() };
type Secret = { passwordEnv?: string | undefined; passwordFile?: string | undefined };

const hasOneSecretAtMost = (at: Secret): boolean => !(at.passwordEnv && at.passwordFile);
const ONE_SECRET = 'has both passwordEnv and passwordFile: keep one';

/** `true` stands for TLS with the system's certificates. */
const tls = z.preprocess(
  (value) => (value === true ? {} : value === false ? undefined : value),
  z
    .strictObject({
      caFile: text.optional(),
      certFile: text.optional(),
      keyFile: text.optional(),
      serverName: text.optional(),
    })
    .optional(),
);

const sasl = z
  .strictObject({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
    username: text,
    ...secret,
  })
  .refine((at) => at.passwordEnv !== undefined || at.passwordFile !== undefined, {
    message: 'needs passwordEnv or passwordFile',
  })
  .refine(hasOneSecretAtMost, ONE_SECRET);

/** Where a context's queue is. `local`: the one of the stack in ATBD_HOME. */
export const queueSpecSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('local') }),
    z.strictObject({ kind: z.literal('embedded'), path: text }),
    z.strictObject({
      kind: z.literal('kafka'),
      brokers: z.array(z.string().regex(BROKER, 'must be host:port')).min(1),
      clientId: text.optional(),
      tls: tls.optional(),
      sasl: sasl.optional(),
    }),
    z
      .strictObject({
        kind: z.literal('redis'),
        url: z
          .string()
          .refine(
            isPlainRedisUrl,
            'must be redis(s)://host:port/database without a user or a password in it',
          ),
        username: text.optional(),
        ...secret,
        tls: tls.optional(),
      })
      .refine(hasOneSecretAtMost, ONE_SECRET)
      .refine(({ url, tls: options }) => options === undefined || url.startsWith('rediss:'), {
        path: ['tls'],
        message: 'needs a url that begins with rediss://',
      }),
  ],
  { error: 'must be local, embedded, kafka or redis' },
);
export type QueueSpec = z.infer<typeof queueSpecSchema>;

/** User info in a URL would put a password into process lists and logs. */
const shardUrl = z
  .string()
  .refine(isPlainHttpUrl, 'must be an http(s) URL without a user or a password in it');

const account = z
  .strictObject({ username: text, ...secret })
  .refine(hasOneSecretAtMost, ONE_SECRET);

/** Where a context's store is. `reader` is the user that questions are asked as. */
export const storeSpecSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('local') }),
    z
      .strictObject({
        kind: z.literal('clickhouse'),
        shards: z.array(shardUrl).min(1),
        database: z
          .string()
          .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'must be a plain name')
          .default('atbd'),
        username: text,
        ...secret,
        reader: account.optional(),
      })
      .refine(hasOneSecretAtMost, ONE_SECRET),
  ],
  { error: 'must be local or clickhouse' },
);
export type StoreSpec = z.infer<typeof storeSpecSchema>;

/** Where old events go: a folder or a bucket. Read by nothing yet; named so that files written today stay valid. */
const archiveSpecSchema = z.strictObject({ url: text });

/** How long events are kept. What is dropped must be in an archive first, and none is written yet. */
const retentionSchema = z.literal('off', {
  error: 'must be off: events are kept for ever until there is an archive for them',
});

/** A topic's name goes into tokens and paths of the store. */
const topicName = z
  .string()
  .regex(/^[a-zA-Z0-9._-]{1,249}$/, 'must be letters, digits, dots, dashes and underscores');

/** A topic that others fill (docs/topics.md). */
const topicSpecSchema = z
  .strictObject({
    name: topicName,
    format: z.enum(TOPIC_FORMATS, { error: `must be one of ${TOPIC_FORMATS.join(', ')}` }),
    pattern: text.optional(),
    service: text.optional(),
    serviceFromKey: z.boolean().optional(),
    types: z.record(text, text).optional(),
    columns: z.record(text, text).optional(),
  })
  .superRefine((spec, context) => {
    for (const { path, message } of checkTopicSpec(spec))
      context.addIssue({ code: 'custom', path: [path], message });
  });

const topicsSchema = z.array(topicSpecSchema).superRefine((topics, context) => {
  for (const [index, { name }] of topics.entries()) {
    if (topics.findIndex((topic) => topic.name === name) === index) continue;
    context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is there twice' });
  }
});

/** From half of the limit on, `status` and `dlq ls` warn; nothing is ever dropped because of it (docs/dead-letters.md). */
const deadLettersSchema = z.strictObject({
  limit: z.string().refine((value) => (parseSize(value) ?? 0) > 0, {
    message: 'must be a size with its unit, such as 10 GiB',
  }),
});

const contextSpecSchema = z.strictObject({
  queue: queueSpecSchema.default({ kind: 'local' }),
  store: storeSpecSchema.default({ kind: 'local' }),
  archive: archiveSpecSchema.optional(),
  retention: retentionSchema.optional(),
  /** A file that says what business numbers count (docs/journeys.md). */
  journeys: text.optional(),
  topics: topicsSchema.optional(),
  deadLetters: deadLettersSchema.optional(),
});
export type ContextSpec = z.infer<typeof contextSpecSchema>;

/** The user's file. */
export const userConfigSchema = z.strictObject({
  current: contextName.optional(),
  contexts: z
    .record(
      contextName.refine((name) => name !== LOCAL_CONTEXT, {
        message: '"local" is built in (the stack in ATBD_HOME): choose another name',
      }),
      contextSpecSchema,
    )
    .default({}),
});
export type UserConfig = z.infer<typeof userConfigSchema>;

/**
 * The project's file only chooses among the user's contexts: a file that comes with somebody's
 * repository must not be able to send the user's passwords to an address of its own.
 */
export const projectConfigSchema = z.strictObject({ current: contextName });
export type ProjectConfig = z.infer<typeof projectConfigSchema>;

function isPlainHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}

function isPlainRedisUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(value);
  if (!/^rediss?:$/.test(protocol) || hostname === '') return false;
  return username + password + search + hash === '' && /^\/?\d{0,4}$/.test(pathname);
}
