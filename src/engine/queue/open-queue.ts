import type { QueueConnection } from '../model/connection.js';
import type { Queue } from '../model/queue.js';

/** Opens the queue that a context names. The client library is loaded here, so only where a queue is used. */
export async function openQueue(connection: QueueConnection): Promise<Queue> {
  switch (connection.kind) {
    case 'embedded': {
      const { EmbeddedQueue } = await import('./embedded/embedded-queue.js');
      return EmbeddedQueue.open({ path: connection.path });
    }
    case 'kafka': {
      const { openKafkaQueue } = await import('./kafka/kafka-queue.js');
      return openKafkaQueue(connection);
    }
    case 'redis': {
      const { openRedisQueue } = await import('./redis/redis-queue.js');
      return openRedisQueue(connection);
    }
  }
}
