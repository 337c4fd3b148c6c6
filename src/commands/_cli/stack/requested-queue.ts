import { AtbdError } from '../../../engine/model/error.js';
import { userConfigPath } from '../atbd-home.js';
import { queueSpecSchema, type QueueSpec } from '../config/config-schema.js';
import { pathBeside } from '../config/secret.js';
import { chosenContext } from '../config/user-config.js';
import { contextSpec } from '../context.js';

/** What `--queue` and `--brokers` ask for; undefined when nothing is asked. */
export async function requestedQueue(
  kind: 'embedded' | 'kafka' | undefined,
  brokers: string | undefined,
  contextName: string | undefined,
): Promise<QueueSpec | undefined> {
  if (kind === undefined) return undefined;
  if (kind === 'embedded') {
    if (brokers === undefined) return { kind: 'local' };
    throw usage('cannot use --brokers with the embedded queue', 'Leave one of the two out.');
  }
  if (brokers === undefined) return queueOfContext(contextName);
  const spec = { kind, brokers: brokers.split(',').map((broker) => broker.trim()) };
  const { data } = queueSpecSchema.safeParse(spec);
  if (data) return data;
  throw usage(
    `cannot use the brokers ${JSON.stringify(brokers)}`,
    'Name them as host:port,host:port.',
  );
}

/** The context's Kafka. Files it names keep their place when the stack's record takes it over. */
async function queueOfContext(contextName: string | undefined): Promise<QueueSpec> {
  const chosen = await chosenContext(contextName);
  const { queue } = await contextSpec(chosen.name, chosen.from);
  if (queue.kind !== 'kafka') {
    throw usage(
      `cannot use the queue of the context ${JSON.stringify(chosen.name)}: it is not Kafka`,
      'Add --brokers host:port, or --context with one whose queue is Kafka.',
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
