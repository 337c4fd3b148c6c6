import type { QueueSpec, StoreSpec } from './config-schema.js';

/** A queue in a few words for a list; never a secret. */
export function describeQueue(queue: QueueSpec): string {
  switch (queue.kind) {
    case 'local':
      return 'of the local stack';
    case 'embedded':
      return `embedded ${queue.path}`;
    case 'kafka':
      return `kafka ${queue.brokers.join(',')}${queue.tls ? ' tls' : ''}${queue.sasl ? ` ${queue.sasl.mechanism}` : ''}`;
    case 'redis':
      return `redis ${new URL(queue.url).host}${queue.url.startsWith('rediss:') ? ' tls' : ''}${queue.username === undefined ? '' : ` as ${queue.username}`}`;
  }
}

/** A store in a few words for a list; never a secret. */
export function describeStore(store: StoreSpec): string {
  switch (store.kind) {
    case 'local':
      return 'of the local stack';
    case 'clickhouse':
      return `${store.shards.length} ${store.shards.length === 1 ? 'shard' : 'shards'} ${store.shards.map((url) => new URL(url).host).join(',')}`;
  }
}
