import { AtbdError } from '../../../engine/model/error.js';
import { userConfigPath } from '../atbd-home.js';
import { queueSpecSchema, type QueueSpec } from '../config/config-schema.js';
import { pathBeside } from '../config/secret.js';
import { chosenContext } from '../config/user-config.js';
import { contextSpec } from '../context.js';

/** Queues that `up` and stories run on; those but the first are there already. */
export const QUEUE_KINDS = ['embedded', 'kafka', 'redis'] as const;
export type BorrowedKind = 'kafka' | 'redis';

/** What the flags say of where the queue is. */
export interface QueueFlags {
  readonly brokers?: string | undefined;
  readonly redis?: string | undefined;
  readonly context?: string | undefined;
}

/** How a queue of each kind is called, and the flag that says where it is. */
export const BORROWED = {
  kafka: { name: 'Kafka', flag: 'brokers', example: '--brokers host:port' },
  redis: { name: 'Redis', flag: 'redis', example: '--redis redis://host:port' },
} as const;

/** What `--queue`, `--brokers` and `--redis` ask for; undefined when nothing is asked. */
export async function requestedQueue(
  kind: (typeof QUEUE_KINDS)[number] | undefined,
  flags: QueueFlags,
): Promise<QueueSpec | undefined> {
  if (kind === undefined) return undefined;
  for (const [other, { flag }] of Object.entries(BORROWED)) {
    if (other === kind || flags[flag] === undefined) continue;
    const words = kind === 'embedded' ? 'the embedded queue' : `a ${BORROWED[kind].name}`;
    throw usage(`cannot use --${flag} with ${words}`, 'Leave one of the two out.');
  }
  switch (kind) {
    case 'embedded':
      return { kind: 'local' };
    case 'kafka':
      return flags.brokers === undefined
        ? queueOfContext(kind, flags.context)
        : queueOfBrokers(flags.brokers);
    case 'redis':
      return flags.redis === undefined
        ? queueOfContext(kind, flags.context)
        : queueOfUrl(flags.redis);
  }
}

function queueOfBrokers(brokers: string): QueueSpec {
  const spec = { kind: 'kafka', brokers: brokers.split(',').map((broker) => broker.trim()) };
  const { data } = queueSpecSchema.safeParse(spec);
  if (data) return data;
  throw usage(
    `cannot use the brokers ${JSON.stringify(brokers)}`,
    'Name them as host:port,host:port.',
  );
}

function queueOfUrl(url: string): QueueSpec {
  const { data } = queueSpecSchema.safeParse({ kind: 'redis', url });
  if (data) return data;
  // Not repeated: somebody may have put a password into it.
  throw usage(
    'cannot use the address of --redis',
    'Write redis://host:port/database. User and password stand in a context: see docs/redis.md.',
  );
}

/** The queue of a context. Files it names keep their place when the stack's record takes it over. */
async function queueOfContext(
  kind: BorrowedKind,
  contextName: string | undefined,
): Promise<QueueSpec> {
  const chosen = await chosenContext(contextName);
  const { queue } = await contextSpec(chosen.name, chosen.from);
  if (queue.kind !== kind) {
    const { name, example } = BORROWED[kind];
    throw usage(
      `cannot use the queue of the context ${JSON.stringify(chosen.name)}: it is not ${name}`,
      `Add ${example}, or --context with one whose queue is ${name}.`,
    );
  }
  return absolutePaths(queue) as QueueSpec;
}

function absolutePaths(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, entry]: [string, unknown]) => [
    key,
    key.endsWith('File') ? pathBeside(String(entry), userConfigPath()) : absolutePaths(entry),
  ]);
  return Object.fromEntries(entries) as unknown;
}

function usage(message: string, hint: string): AtbdError {
  return new AtbdError({ code: 'USAGE_INVALID', message, hint });
}
